"""DrawioRenderer()(scene, diagram, source) -> text of a .drawio file: vertices, bound edges and containers.

Every edge is bound to its two vertices at fixed points, with a way point at each bend, so that it is drawn as in the
scene and follows when a box is moved; the label is the edge's own. The frame of a group is a container: what stands in
it has places relative to it. The file is XML as it is, not compressed, so that it can be compared and searched.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from diagen.diagram import Diagram, display_labels
from diagen.render.drawn import as_drawn
from diagen.render.parts import (
    Block,
    Part,
    Sides,
    blocks,
    extent,
    is_many,
    is_orthogonal,
    kernels_of,
    reached,
    take_apart,
    tree,
    true_corners,
    union,
    with_ends,
)
from diagen.render.scene import Box, Ellipse, Path, Point, Scene, Shape, Text, bounds
from diagen.render.source import DATA, Source, clean
from diagen.render.text import measure

SIGNS = {"add": "+", "multiply": "×", "concat": "‖"}


@dataclass(frozen=True)
class DrawioRenderer:
    """A page as large as the figure. font: as in CSS, the first one that a machine has."""

    font: str = "Inter, Arial, sans-serif"

    def __call__(self, scene: Scene, diagram: Diagram, source: Source | None = None) -> str:
        diagram = as_drawn(diagram)  # as the scene was laid out
        cells = _Page(scene, diagram, self.font).draw()
        data = f" {source.attributes(DATA)}" if source else ""
        page = f'pageWidth="{_number(scene.width)}" pageHeight="{_number(scene.height)}" background="{scene.ground}"'
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<mxfile host="diagen">\n'
            f'<diagram id="diagen" name={_attribute(scene.title or "Diagram")}>\n'
            f'<mxGraphModel grid="0" gridSize="8" guides="1" page="1" pageScale="1" {page}>\n<root>\n'
            f'<mxCell id="0"/>\n<UserObject id="1" label=""{data}><mxCell parent="0"/></UserObject>\n'
            f"{cells}</root>\n</mxGraphModel>\n</diagram>\n</mxfile>\n"
        )


class _Page:
    """State of drawing one page: the origin of each container, and the last number given away."""

    def __init__(self, scene: Scene, diagram: Diagram, font: str) -> None:
        self.scene, self.diagram, self.font, self.unit = scene, diagram, font, scene.scale
        self.parts = take_apart(scene, diagram)
        self.names = display_labels(diagram)
        self.origins: dict[str, Point] = {"1": (0.0, 0.0)}
        self.lines: list[str] = []
        self.last = 0
        told = [(owner, block) for owner, _, block in self.parts.labels if owner[0] == "edge"]
        self.told = dict(told)

    def draw(self) -> str:
        self.children = tree(self.scene, self.parts)
        for child in self.children[-1]:
            self.item(child, "1")
        return "\n".join(self.lines) + "\n"

    def item(self, child: tuple[str, int], parent: str) -> None:
        kind, index = child
        if kind == "node":
            self.node(index, parent)
        elif kind == "link":
            self.link(index, parent)
        elif kind == "rest":
            self.free(self.parts.rest[index], parent)
        elif kind == "label":
            owner, _, block = self.parts.labels[index]
            if not self.is_on_a_link(owner):
                self.words(block, parent)
        else:
            self.frame(index, parent)

    def is_on_a_link(self, owner: tuple[str, int]) -> bool:
        return any(link.owner == owner for link in self.parts.links)

    # -- vertices --------------------------------------------------------------------------------------------------

    def number(self) -> str:
        self.last += 1
        return f"s{self.last}"

    def vertex(self, id: str, parent: str, rect: Sides, style: dict[str, object], value: str = "") -> None:
        x0, y0 = self.origins[parent]
        left, top, right, low = rect
        self.origins[id] = (left, top)
        place = f'x="{_number(left - x0)}" y="{_number(top - y0)}"'
        size = f'width="{_number(right - left)}" height="{_number(low - top)}"'
        self.lines.append(
            f'<mxCell id="{id}" value={_attribute(value)} style={_style(style)} vertex="1" parent="{parent}">'
            f'<mxGeometry {place} {size} as="geometry"/></mxCell>'
        )

    def node(self, index: int, parent: str) -> None:
        part, id = self.parts.nodes[index], f"n{index}"
        if not part.outlines:
            for block in part.words:
                self.words(block, parent)
            return
        if not is_many(part) and part.main.role != "documents":
            rect, style = self.look(index, part)
            block = part.words[0] if part.words else None
            value = self.value(block) if block else SIGNS.get(self.diagram.nodes[index].kind, "")
            if block:
                style |= self.type(block) | self.shifted(block, rect, part.main.role)
            elif part.main.role == "op":
                style |= {"fontSize": _number(18 * self.unit), "fontColor": part.main.stroke}
            self.vertex(id, parent, rect, style, value)
            return
        group = f"{id}-all"
        self.vertex(group, parent, extent(part), {"group": None}, "")
        for s in part.details:
            if part.main.role in ("sheet", "documents"):
                self.free(s, group)
        for n, outline in enumerate(part.outlines, 1):
            own = id if n == 1 else f"{id}-{n}"
            style = _shape(outline) | _paint(outline)
            value = ""
            if part.main.role == "documents" and part.words:
                value = self.value(part.words[0])
                style |= self.type(part.words[0])
            self.vertex(own, group, bounds(outline), style, value)
        for s in part.details:
            if part.main.role not in ("sheet", "documents"):
                self.free(s, group)
        for s in kernels_of(index, self.parts):
            self.free(s, group)
        if part.main.role != "documents":
            for block in part.words:
                self.words(block, group)

    def look(self, index: int, part: Part) -> tuple[Sides, dict[str, object]]:
        """Where the one shape of a node stands, and what it looks like."""
        outline = part.main
        rect = bounds(outline)
        style: dict[str, object] = _shape(outline) | _paint(outline)
        match outline.role:
            case "cylinder":
                style = {"shape": "cylinder3", "size": _number(7 * self.unit)} | _paint(outline)
            case "document":
                style = {"shape": "note", "size": _number(12 * self.unit)} | _paint(outline)
            case "diamond" | "trapezoid":
                assert isinstance(outline, Path)
                rect = true_corners(outline)
                style = {"rhombus": None} if outline.role == "diamond" else _trapezoid(outline, rect)
                style |= _paint(outline)
            case "user":
                rect = union([bounds(s) for s in part.details])
                style = {"shape": "actor"} | _paint(part.details[0])
                style |= {"verticalLabelPosition": "bottom", "verticalAlign": "top"}
        return rect, style

    def shifted(self, block: Block, rect: Sides, role: str) -> dict[str, object]:
        """Words that are not in the middle of their shape."""
        down = block.middle - (rect[1] + rect[3]) / 2
        if role == "user" or abs(down) < 1:
            return {}
        return {"spacingTop": _number(2 * down)} if down > 0 else {"spacingBottom": _number(-2 * down)}

    def type(self, block: Block) -> dict[str, object]:
        first = block.lines[0]
        return {
            "html": 1, "fontFamily": self.font, "fontSize": _number(first.size), "fontColor": first.colour,
            "fontStyle": int(first.weight >= 600),
        }  # fmt: skip

    def value(self, block: Block) -> str:
        """The words as HTML: lines of one look together, smaller ones in a block of their own."""
        first = block.lines[0]
        parts, lines = [], []
        for i, line in enumerate(block.lines):
            lines.append(escape(clean(line.text)))
            after = block.lines[i + 1] if i + 1 < len(block.lines) else None
            if after and after.size == line.size:
                continue
            text = "<br>".join(lines)
            same = (line.size, line.colour) == (first.size, first.colour)
            look = f"font-size:{_number(line.size)}px;color:{line.colour}"
            parts.append(text if same else f'<div style="{look}">{text}</div>')
            lines = []
        return "".join(parts)

    def words(self, block: Block, parent: str) -> None:
        first = block.lines[0]
        width = max(measure(line.text, line.size, line.weight) for line in block.lines)
        left = first.x - {"start": 0.0, "middle": width / 2, "end": width}[first.anchor]
        height = sum(block.leadings)
        align = {"start": "left", "middle": "center", "end": "right"}[first.anchor]
        style: dict[str, object] = {"text": None, "align": align, "verticalAlign": "middle", "spacing": 0}
        rect = (left, block.middle - height / 2, left + width, block.middle + height / 2)
        self.vertex(self.number(), parent, rect, style | self.type(block), self.value(block))

    def free(self, s: Shape, parent: str) -> None:
        """A shape that nothing is bound to."""
        if isinstance(s, (Box, Ellipse, Path)):
            rect = bounds(s)
            style = _polygon(s, rect) if isinstance(s, Path) else _shape(s)
            self.vertex(self.number(), parent, rect, style | _paint(s))

    def frame(self, index: int, parent: str) -> None:
        box, group = self.parts.frames[index]
        id = f"g{index}"
        owned = self.parts.badges[index]
        titles = blocks([s for s in owned if isinstance(s, Text) and s.role == "group-title"])
        counts = blocks([s for s in owned if isinstance(s, Text) and s.role == "badge-text"])
        style = _shape(box) | _paint(box) | {"container": 1, "collapsible": 0, "recursiveResize": 0}
        if titles:
            first = titles[0].lines[0]
            top = titles[0].middle - 0.6 * first.size - box.y
            style |= self.type(titles[0]) | {
                "align": "left", "verticalAlign": "top", "spacing": 0, "spacingLeft": _number(first.x - box.x),
                "spacingTop": _number(top),
            }  # fmt: skip
        self.vertex(id, parent, bounds(box), style, self.value(titles[0]) if titles else "")
        for badge in (s for s in owned if isinstance(s, Box)):
            look = _shape(badge) | _paint(badge) | (self.type(counts[0]) if counts else {})
            self.vertex(f"{id}-badge", id, bounds(badge), look, self.value(counts[0]) if counts else "")
        for child in self.children[index]:
            self.item(child, id)

    # -- edges -----------------------------------------------------------------------------------------------------

    def link(self, number: int, parent: str) -> None:
        link = self.parts.links[number]
        ends: list[Point] = [link.points[0], link.points[-1]]
        bound, where = "", ""
        style: dict[str, object] = {}
        for end, node in enumerate(link.ends):
            part = self.parts.nodes.get(node)
            x0, y0 = self.origins[parent]
            if not part or not part.outlines:
                name, (x, y) = ("sourcePoint", "targetPoint")[end], ends[end]
                where += f'<mxPoint x="{_number(x - x0)}" y="{_number(y - y0)}" as="{name}"/>'
                continue
            outline, ends[end] = reached(link, self.parts, end, self.unit)
            id = f"n{node}" if outline == 0 else f"n{node}-{outline + 1}"
            bound += f' {("source", "target")[end]}="{id}"'
            if link.role != "neuron-line":  # those run from middle to middle, and stop at the circles by themselves
                rect = self.rect(node, outline)
                style |= _port(("exit", "entry")[end], ends[end], rect)
        points = with_ends(link, *ends)
        x0, y0 = self.origins[parent]
        if len(points) > 2:
            ways = "".join(f'<mxPoint x="{_number(x - x0)}" y="{_number(y - y0)}"/>' for x, y in points[1:-1])
            where += f'<Array as="points">{ways}</Array>'
        square = is_orthogonal(points) and len(link.points) > 2
        style = {
            "edgeStyle": "orthogonalEdgeStyle" if square else "none", "rounded": int(link.radius > 0),
            "arcSize": _number(2 * link.radius), **style, "html": 1, "jumpStyle": "gap", "jumpSize": 6,
            "strokeColor": link.colour, "strokeWidth": _number(link.width),
            "endArrow": "classic" if link.head else "none", "endSize": _number(6 * self.unit),
        }  # fmt: skip
        if link.dash:
            style |= {"dashed": 1, "dashPattern": f"{_number(5 * self.unit)} {_number(4 * self.unit)}"}
        value, place = "", 'relative="1"'
        block = self.told.pop(link.owner, None)
        if block:
            value = self.value(block)
            share, (dx, dy) = _along(points, (block.lines[0].x, block.middle))
            style |= self.type(block) | {"labelBackgroundColor": block.lines[0].halo or "none"}
            place = f'x="{_number(2 * share - 1, 4)}" {place}'
            where += f'<mxPoint x="{_number(dx)}" y="{_number(dy)}" as="offset"/>'
        self.lines.append(
            f'<mxCell id="e{number}" value={_attribute(value)} style={_style(style)} edge="1" parent="{parent}"{bound}>'
            f'<mxGeometry {place} as="geometry">{where}</mxGeometry></mxCell>'
        )

    def rect(self, node: int, outline: int) -> Sides:
        """Where the vertex of an outline stands."""
        part = self.parts.nodes[node]
        if is_many(part) or part.main.role == "documents":
            return bounds(part.outlines[outline])
        return self.look(node, part)[0]


def _shape(s: Box | Ellipse | Path) -> dict[str, object]:
    if isinstance(s, Ellipse):
        return {"ellipse": None}
    if isinstance(s, Box) and s.radius:
        return {"rounded": 1, "absoluteArcSize": 1, "arcSize": _number(2 * s.radius)}
    return {"rounded": 0}


def _trapezoid(s: Path, rect: Sides) -> dict[str, object]:
    """draw.io's trapezoid is narrow at the top; its direction turns it, not its words."""
    left, top, right, low = rect
    near = 0.1 * min(right - left, low - top)
    points = s.points()
    top_side, bottom = [x for x, y in points if y < top + near], [x for x, y in points if y > low - near]
    left_side, right_side = [y for x, y in points if x < left + near], [y for x, y in points if x > right - near]
    ways = {"east": top_side, "west": bottom, "north": left_side, "south": right_side}
    spans = {
        name: (max(side) - min(side)) / (right - left if name in ("east", "west") else low - top)
        for name, side in ways.items()
    }
    # The side that is opposite to a whole one, and shorter than it.
    narrow = min((n for n in spans if spans[_OPPOSITE[n]] > 0.85), key=lambda n: spans[n])
    look: dict[str, object] = {"shape": "trapezoid", "perimeter": "trapezoidPerimeter", "size": 0.18, "fixedSize": 0}
    return look | ({"direction": narrow, "anchorPointDirection": 0} if narrow != "east" else {})


_OPPOSITE = {"east": "west", "west": "east", "north": "south", "south": "north"}


def _polygon(s: Path, rect: Sides) -> dict[str, object]:
    left, top, right, low = rect
    w, h = (right - left) or 1.0, (low - top) or 1.0
    corners = ",".join(f"[{_number((x - left) / w, 4)},{_number((y - top) / h, 4)}]" for x, y in s.points())
    return {"shape": "mxgraph.basic.polygon", "polyCoords": f"[{corners}]", "polyline": int(not s.closed)}


def _paint(s: Box | Ellipse | Path) -> dict[str, object]:
    stroke: dict[str, object] = {"strokeColor": s.stroke or "none"}
    if s.stroke:
        stroke["strokeWidth"] = _number(s.width)
    if isinstance(s, Box) and s.dash:
        stroke["dashed"] = 1
    return {"fillColor": s.fill or "none", **stroke}


def _port(name: str, point: Point, rect: Sides) -> dict[str, object]:
    """The end of an edge at a fixed share of its vertex's box."""
    left, top, right, low = rect
    x, y = (point[0] - left) / (right - left), (point[1] - top) / (low - top)
    return {f"{name}X": _number(x, 4), f"{name}Y": _number(y, 4), f"{name}Dx": 0, f"{name}Dy": 0, f"{name}Perimeter": 0}


def _along(points: tuple[Point, ...], at: Point) -> tuple[float, Point]:
    """The share of a route at which it is nearest to a point, and the way from there to the point."""
    lengths = [((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in zip(points, points[1:], strict=False)]
    whole, done, best = sum(lengths) or 1.0, 0.0, (float("inf"), 0.5, (0.0, 0.0))
    for (x0, y0), (x1, y1), length in zip(points, points[1:], lengths, strict=False):
        if length:
            t = ((at[0] - x0) * (x1 - x0) + (at[1] - y0) * (y1 - y0)) / length**2
            t = min(1.0, max(0.0, t))
            away = (at[0] - x0 - t * (x1 - x0), at[1] - y0 - t * (y1 - y0))
            best = min(best, (away[0] ** 2 + away[1] ** 2, (done + t * length) / whole, away))
        done += length
    return best[1], best[2]


def _style(style: dict[str, object]) -> str:
    return quoteattr("".join(f"{name};" if value is None else f"{name}={value};" for name, value in style.items()))


def _attribute(text: str) -> str:
    return quoteattr(clean(text))


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if abs(value) >= 10**-digits / 2 else "0"
