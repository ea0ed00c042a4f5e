"""The parts of a scene that a person edits: nodes, groups, links and blocks of text, for the editable formats.

A scene is a list of shapes; here they are put together again by what they belong to, so that one box with its words
becomes one object and a line knows the two nodes that it joins.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from diagen.diagram import Diagram, Group
from diagen.render import placed
from diagen.render.drawn import as_drawn
from diagen.render.frames import framed
from diagen.render.scene import OUTLINES, Box, Ellipse, Line, Owner, Path, Point, Scene, Shape, Text, bounds

Sides = tuple[float, float, float, float]  # left, top, right and bottom in logical pixels


@dataclass(frozen=True)
class Block:
    """Lines of text that belong together, from the top; `middle` is that of the whole block."""

    lines: tuple[Text, ...]
    leadings: tuple[float, ...]  # height of each line, pixels
    middle: float

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


@dataclass
class Part:
    """What is drawn for one node: its outlines (a layer has one for each neuron), details and words."""

    outlines: list[Box | Ellipse | Path] = field(default_factory=list)
    details: list[Box | Ellipse | Path] = field(default_factory=list)
    words: list[Block] = field(default_factory=list)

    @property
    def main(self) -> Box | Ellipse | Path:
        return self.outlines[0]


@dataclass(frozen=True)
class Parts:
    """A scene taken apart. Figures, funnels and gaps that nobody would edit are left in `rest`."""

    nodes: dict[int, Part]
    frames: dict[int, tuple[Box, Group]]  # by the index of the frame in the scene, outer ones first
    badges: dict[int, list[Shape]]  # titles and badges of the frames
    links: list[Line]  # every line that joins two nodes, or a node and nothing
    labels: list[tuple[Owner, str, Block]]  # words of edges and of the figure, with owner and role
    rest: list[Shape]
    home: dict[int, int]  # the innermost frame around a node, -1 for none
    parent: dict[int, int]  # the frame around a frame

    def home_of(self, link: Line) -> int:
        """The innermost frame around both ends of a link."""
        chains = []
        for node in link.ends:
            chain, at = [], self.home.get(node, -1)
            while at >= 0:
                chain.append(at)
                at = self.parent[at]
            chains.append(chain)
        return next((k for k in chains[0] if k in chains[1]), -1)


def take_apart(scene: Scene, diagram: Diagram) -> Parts:
    """The parts of the scene of a diagram."""
    diagram = as_drawn(diagram)  # as the scene was laid out
    nodes: dict[int, Part] = {}
    frames: dict[int, tuple[Box, Group]] = {}
    badges: dict[int, list[Shape]] = defaultdict(list)
    links: list[Line] = []
    words: dict[tuple[Owner, str], list[Text]] = defaultdict(list)
    rest: list[Shape] = []
    groups = _drawn_groups(diagram)
    for s in scene.shapes:
        kind, index = s.owner
        if isinstance(s, Line):
            if s.role != "bridge":
                links.append(s)
        elif s.role == "frame" and isinstance(s, Box):
            frames[index] = (s, groups[index])
        elif kind == "group":
            badges[index].append(s)
        elif isinstance(s, Text):
            words[s.owner, "" if kind == "node" else s.role].append(s)
        elif kind == "node":
            part = nodes.setdefault(index, Part())
            (part.outlines if s.role in OUTLINES else part.details).append(s)
        else:
            rest.append(s)
    for (owner, _), texts in words.items():
        if owner[0] == "node":
            nodes.setdefault(owner[1], Part()).words += blocks(texts)
    strokes = [s for s in rest if _is_stroke(s)]
    links += [_as_link(s, diagram, nodes) for s in strokes if isinstance(s, Path)]
    rest = [s for s in rest if not _is_stroke(s) and s.role != "gap"]
    labels = [
        (owner, role, block) for (owner, role), texts in words.items() if owner[0] != "node" for block in blocks(texts)
    ]
    home, parent = _homes(frames)
    home |= {i: -1 for i in nodes if i not in home}
    return Parts(nodes, frames, badges, links, labels, rest, home, parent)


def _drawn_groups(diagram: Diagram) -> list[Group]:
    """The groups by the index under which their frames are drawn."""
    if placed.applies(diagram):
        return list(diagram.groups)
    return framed(diagram)


def _homes(frames: dict[int, tuple[Box, Group]]) -> tuple[dict[int, int], dict[int, int]]:
    home: dict[int, int] = {}
    parent: dict[int, int] = {}
    stack: list[int] = []
    for k in sorted(frames):
        group = frames[k][1]
        while stack and frames[stack[-1]][1].stop <= group.start:
            stack.pop()
        parent[k] = stack[-1] if stack else -1
        stack.append(k)
        home |= dict.fromkeys(range(group.start, group.stop), k)
    return home, parent


def _is_stroke(s: Shape) -> bool:
    """Whether a shape of an edge is a plain line from one node to another: the rims of funnels, lines of kernels."""
    return isinstance(s, Path) and s.owner[0] == "edge" and not s.fill and len(s.pieces) == 2


def _as_link(s: Path, diagram: Diagram, nodes: dict[int, Part]) -> Line:
    target = diagram.flow()[s.owner[1]].target
    drawn = sorted(i for i, part in nodes.items() if part.outlines)
    source = max((i for i in drawn if i < target), default=-1)
    points = tuple(piece[1] for piece in s.pieces)
    return Line(points, s.stroke, s.width, radius=0, owner=s.owner, role=s.role, ends=(source, target))


def blocks(texts: list[Text]) -> list[Block]:
    """Texts put together where they stand below each other, with the same anchor, as lines of one label."""
    found: list[list[Text]] = []
    for text in texts:
        last = found[-1][-1] if found else None
        if last and text.anchor == last.anchor and abs(text.x - last.x) < 0.01 and 0 < text.y - last.y < 2 * last.size:
            found[-1].append(text)
        else:
            found.append([text])
    return [_block(lines) for lines in found]


def _block(lines: list[Text]) -> Block:
    middles = [line.y - 0.36 * line.size for line in lines]  # as the layout places baselines
    heights = [1.33 * line.size for line in lines]
    if len(lines) > 1:
        # Slots meet half-way between lines of one size; that of a smaller line below begins where the last one ends.
        steps = [b - a for a, b in zip(middles, middles[1:], strict=False)]
        heights[0] = steps[0] if lines[1].size == lines[0].size else heights[0]
        for i, step in enumerate(steps, 1):
            heights[i] = max(1.0, 2 * step - heights[i - 1])
    top = middles[0] - heights[0] / 2
    return Block(tuple(lines), tuple(heights), top + sum(heights) / 2)


def reached(link: Line, parts: Parts, end: int, unit: float) -> tuple[int, Point]:
    """Which of the target's outlines a link ends at (its index among them), and the point on its border.

    `end`: 0 for the start, 1 for the tip. Tips are drawn a little off the border; the link itself goes up to it.
    """
    part = parts.nodes[link.ends[end]]
    x, y = link.points[-end]
    index = min(range(len(part.outlines)), key=lambda i: _off(part.outlines[i], (x, y)))
    outline = part.outlines[index]
    if link.role == "neuron-line":  # from middle to middle, below the circles: so it points well after any move
        left, top, right, low = bounds(outline)
        return index, ((left + right) / 2, (top + low) / 2)
    if not (end and link.head):
        return index, (x, y)
    x0, y0 = link.points[-2]
    length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5 or 1.0
    gap = outline.width / 2 + unit
    return index, (x + (x - x0) / length * gap, y + (y - y0) / length * gap)


def _off(outline: Box | Ellipse | Path, point: Point) -> float:
    left, top, right, low = bounds(outline)
    x, y = point
    if isinstance(outline, Ellipse):
        return abs(((x - outline.x) ** 2 + (y - outline.y) ** 2) ** 0.5 - outline.rx)
    return max(left - x, x - right, top - y, y - low, 0.0)


def with_ends(link: Line, start: Point, end: Point) -> tuple[Point, ...]:
    """The points of a link between other ends that differ by little; level and upright pieces stay so."""
    points = [start, *link.points[1:-1], end]
    old = link.points
    if len(points) > 2:
        for i, j in ((0, 1), (-1, -2)):
            x, y = points[j]
            if abs(old[i][1] - old[j][1]) < 0.01:
                y = points[i][1]
            elif abs(old[i][0] - old[j][0]) < 0.01:
                x = points[i][0]
            points[j] = (x, y)
    return tuple(points)


def tree(scene: Scene, parts: Parts) -> dict[int, list[tuple[str, int]]]:
    """What stands in each frame (-1: in none), in drawing order: ("node" | "group" | "link" | "label" | "rest", index).

    A link stands in the innermost frame around both its ends, and its label with it, so that they move together.
    """
    children: dict[int, list[tuple[str, int]]] = {-1: [], **{k: [] for k in parts.frames}}
    homes = {link.owner: parts.home_of(link) for link in parts.links}
    firsts = {id(block.lines[0]): n for n, (_, _, block) in enumerate(parts.labels)}
    rest = {id(s): n for n, s in enumerate(parts.rest)}
    strokes = sum(isinstance(s, Line) and s.role != "bridge" for s in scene.shapes)
    lines, strokes = iter(range(strokes)), iter(range(strokes, len(parts.links)))
    seen: set[int] = set()
    for s in scene.shapes:
        kind, index = s.owner
        if _is_stroke(s) or isinstance(s, Line) and s.role != "bridge":
            n = next(lines if isinstance(s, Line) else strokes)
            children[parts.home_of(parts.links[n])].append(("link", n))
        elif kind == "node" and index not in seen:
            seen.add(index)
            children[parts.home[index]].append(("node", index))
        elif s.role == "frame":
            children[parts.parent[index]].append(("group", index))
        elif id(s) in firsts:
            children[homes.get(s.owner, -1)].append(("label", firsts[id(s)]))
        elif id(s) in rest and s.role != "kernel":  # a kernel stands with the layer that it looks at
            children[-1].append(("rest", rest[id(s)]))
    return children


def kernels_of(index: int, parts: Parts) -> list[Box | Ellipse]:
    """The kernel's field that lies on a node, and the dot on it that another one feeds."""
    found: list[Box | Ellipse] = []
    for s in parts.rest:
        if s.role == "kernel" and isinstance(s, (Box, Ellipse)):
            link = next(link for link in parts.links if link.owner == s.owner)
            if link.ends[0 if isinstance(s, Box) else 1] == index:
                found.append(s)
    return found


def is_many(part: Part) -> bool:
    """Whether a node is drawn as several shapes, with its words beside them."""
    return len(part.outlines) > 1 or bool(part.outlines) and part.main.role in ("neuron", "sheet", "bar")


def extent(part: Part) -> Sides:
    """What the shapes and words of a node cover."""
    return union([bounds(s) for s in (*part.outlines, *part.details, *(t for b in part.words for t in b.lines))])


def union(rects: list[Sides]) -> Sides:
    """The least rectangle around all."""
    lefts, tops, rights, lows = zip(*rects, strict=True)
    return min(lefts), min(tops), max(rights), max(lows)


def true_corners(outline: Path) -> Sides:
    """The box of a polygon whose corners are drawn rounded: its cubics aim 0.55 of the way at the corners."""
    found = []
    for before, piece in zip(outline.pieces, outline.pieces[1:], strict=False):
        if piece[0] == "C":
            (x0, y0), (x1, y1) = before[-1], piece[1]
            found.append((x0 + (x1 - x0) / 0.55, y0 + (y1 - y0) / 0.55))
    xs, ys = zip(*found, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def is_orthogonal(points: tuple[Point, ...]) -> bool:
    """Whether level and upright pieces take turns."""
    pieces = list(zip(points, points[1:], strict=False))
    level, upright = [abs(a[1] - b[1]) < 0.01 for a, b in pieces], [abs(a[0] - b[0]) < 0.01 for a, b in pieces]
    turns = all(a != b for a, b in zip(level, level[1:], strict=False))
    return turns and all(a or b for a, b in zip(level, upright, strict=True))
