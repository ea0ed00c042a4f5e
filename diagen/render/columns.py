"""Encoder and decoder: two upright stacks side by side, and one edge out of the top of the first into the second.

Each has steps of its own: in ranks that both share, every gap would be as wide as either stack needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from diagen.diagram import Diagram, Edge
from diagen.render.frames import framed
from diagen.render.graph import LAYERS, Arrangement, Figure
from diagen.render.kinds import Rect
from diagen.render.labels import FONT, LEADING, lines_of
from diagen.render.scene import OUTLINES, Box, Line, Shape, Text, bounds, extent, shifted
from diagen.render.text import measure
from diagen.render.theme import Theme

APART = 96  # between the stacks
ENDS = frozenset("input output data text".split())


def draw(diagram: Diagram, theme: Theme) -> Figure | None:
    """The figure, or None for a diagram that is no such pair."""
    found = _pair(diagram)
    if not found:
        return None
    cross, sides = found
    parts = [_part(diagram, nodes) for nodes in sides]
    laid = [Arrangement(part, theme, "up") for part in parts]
    columns = [max((look.w for look in one.looks if look.shape == "box"), default=0.0) for one in laid]
    if max(columns) <= 1.6 * min(columns):  # one width for both
        for one, width in zip(laid, columns, strict=True):
            for look in one.looks:
                look.w = max(columns) if look.w == width else look.w
    first, second = (_stack(diagram, nodes, one.figure()) for nodes, one in zip(sides, laid, strict=True))
    told = diagram.flow()[cross].label
    words = lines_of(told) if told else ()
    room = max((measure(word, *FONT) for word in words), default=0.0) + 24
    # Their frames stand on one line where what is below them is alike, else the stacks end on one line.
    low = [max(s.bottom for s in stack.frames) for stack in (first, second)]
    below = [stack.bottom - frame for stack, frame in zip((first, second), low, strict=True)]
    drop = low[0] - low[1] if abs(below[0] - below[1]) < 24 else first.bottom - second.bottom
    second = second.moved(first.right + max(APART, room) - second.left, drop)
    line = _cross(diagram.flow()[cross], cross, first, second, theme)
    if not line:
        return None
    label = _label(line, words, theme)
    return Figure([*first.shapes, *second.shapes, line, *label], [*first.full, *second.full])


def _pair(diagram: Diagram) -> tuple[int, tuple[list[int], list[int]]] | None:
    """The edge between two stacks of layers, and the nodes of each."""
    groups = framed(diagram)
    style = diagram.style
    if len(groups) != 2 or style.direction not in ("", "up") or style.routing == "straight":
        return None
    one, two = groups
    kinds = [node.kind for node in diagram.nodes]
    if one.stop > two.start or min(one.stop - one.start, two.stop - two.start) < 3 or not (one.title and two.title):
        return None
    if not all(kind in LAYERS | ENDS for kind in kinds):
        return None
    flow = diagram.flow()
    between = [k for k, e in enumerate(flow) if one.start <= e.source < one.stop and two.start <= e.target < two.stop]
    if len(between) != 1 or kinds[flow[between[0]].target] != "attention" or not flow[between[0]].style == "arrow":
        return None
    (cross,) = between
    home = list(range(len(kinds)))  # of each node, one that stands for all it is joined to

    def root(i: int) -> int:
        while home[i] != i:
            i = home[i]
        return i

    for k, e in enumerate(flow):
        if k != cross:
            home[root(e.source)] = root(e.target)
    roots = [root(i) for i in range(len(kinds))]
    sides = (
        [i for i in range(len(kinds)) if roots[i] == roots[one.start]],
        [i for i in range(len(kinds)) if roots[i] == roots[two.start]],
    )
    ends_there = not any(e.source == flow[cross].source for k, e in enumerate(flow) if k != cross)
    return (cross, sides) if ends_there and len(set(roots)) == 2 and not set(sides[0]) & set(sides[1]) else None


@dataclass(frozen=True)
class _Stack:
    """The shapes of one stack, by the numbers that its nodes, edges and groups have in the diagram."""

    shapes: list[Shape]
    full: list

    @property
    def frames(self) -> list[Rect]:
        return [Rect(s.x, s.y, s.w, s.h) for s in self.shapes if isinstance(s, Box) and s.role == "frame"]

    @property
    def left(self) -> float:
        return extent(self.shapes)[0]

    @property
    def right(self) -> float:
        return extent(self.shapes)[2]

    @property
    def bottom(self) -> float:
        return extent(self.shapes)[3]

    def moved(self, dx: float, dy: float) -> _Stack:
        return replace(self, shapes=[shifted(s, dx, dy) for s in self.shapes])

    def rect(self, node: int) -> Rect:
        """Where a node stands."""
        outline = next(s for s in self.shapes if s.owner == ("node", node) and s.role in OUTLINES)
        left, top, right, low = bounds(outline)
        return Rect(left, top, right - left, low - top)


def _part(diagram: Diagram, nodes: list[int]) -> Diagram:
    """One stack as a diagram of its own."""
    number = {node: k for k, node in enumerate(nodes)}
    groups = tuple(
        replace(g, start=number[g.start], stop=number[g.stop - 1] + 1)
        for g in diagram.groups if g.start < g.stop and g.start in number
    )  # fmt: skip
    edges = tuple(
        replace(e, source=number[e.source], target=number[e.target])
        for e in diagram.edges if e.source in number and e.target in number
    )  # fmt: skip
    return Diagram(tuple(diagram.nodes[i] for i in nodes), edges, groups, style=diagram.style)


def _stack(diagram: Diagram, nodes: list[int], figure: Figure) -> _Stack:
    """A stack's figure, with the numbers of the whole diagram."""
    numbers = {
        "node": nodes,
        "edge": [k for k, e in enumerate(diagram.flow()) if e.source in nodes and e.target in nodes],
        "group": [k for k, g in enumerate(framed(diagram)) if g.start in nodes],
    }

    def named(s: Shape) -> Shape:
        kind, index = s.owner
        owner = (kind, numbers[kind][index]) if kind in numbers else s.owner
        if isinstance(s, Line):
            return replace(s, owner=owner, ends=tuple(nodes[i] if i >= 0 else i for i in s.ends))
        return replace(s, owner=owner)

    full = [((kind, numbers[kind][index]), words) for (kind, index), words in figure.full]
    return _Stack([named(s) for s in figure.shapes], full)


def _cross(edge: Edge, index: int, first: _Stack, second: _Stack, theme: Theme) -> Line | None:
    """Out of the top of the first stack, along the middle between them, and into the side of a node of the second."""
    start, end = first.rect(edge.source), second.rect(edge.target)
    top = min(frame.y for frame in first.frames)
    titles = [bounds(s)[2] for s in first.shapes if isinstance(s, Text) and s.role == "group-title"]
    badges = [bounds(s)[0] for s in first.shapes if s.role == "badge"]
    x = max([start.cx, *(right + 12 for right in titles)])  # beside the title, else from the middle
    if x > min([start.right - 12, *(left - 12 for left in badges)]):
        return None
    if any(min(x for x, _ in s.points) < end.x and s.ends != (-1, -1) for s in second.shapes if isinstance(s, Line)):
        return None  # other lines run on that side
    ahead = end.x - theme.stroke / 2 - 1
    if end.cy <= top - 16:
        points = [(x, start.y), (x, end.cy), (ahead, end.cy)]
    else:
        middle, above = (first.right + second.left) / 2, top - 24
        points = [(x, start.y), (x, above), (middle, above), (middle, end.cy), (ahead, end.cy)]
    radius = 0.0 if any(s.radius == 0 for s in second.shapes if isinstance(s, Line)) else 8.0
    ends = (edge.source, edge.target)
    return Line(tuple(points), theme.edge, 1.5, head=True, radius=radius, owner=("edge", index), ends=ends)


def _label(line: Line, words: tuple[str, ...], theme: Theme) -> list[Shape]:
    """The words in the gap between the stacks, on the longest piece that has room for them."""
    if not words:
        return []
    high = LEADING * len(words)
    wide = max(measure(word, *FONT) for word in words)

    def room(a: tuple[float, float], b: tuple[float, float]) -> float:
        return abs(a[0] - b[0]) - wide if a[1] == b[1] else abs(a[1] - b[1]) - high

    pieces = list(zip(line.points[1:], line.points[2:], strict=False))
    a, b = max(pieces, key=lambda piece: room(*piece))
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - high / 2
    return [
        Text(x, y + LEADING * (i + 0.5) + 0.36 * FONT[0], word, *FONT, theme.muted, halo=theme.ground,
             owner=line.owner, role="edge-label")
        for i, word in enumerate(words)
    ]  # fmt: skip
