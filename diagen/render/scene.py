"""The scene: what a laid-out diagram looks like, as plain shapes in logical pixels. Every format is drawn from it.

A scene holds no decision that a renderer could take differently: each shape carries its numbers and colours, who it
belongs to (`owner`) and what part it plays (`role`), so that faults can be counted from the scene alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

from diagen.render.text import measure

Point = tuple[float, float]
Owner = tuple[str, int]  # ("node" | "edge" | "group" | "figure", index)

# The roles of the one shape that stands for a node; everything else a node owns lies on or beside it.
OUTLINES = frozenset(
    "box pill cylinder diamond document documents user trapezoid op circle neuron sheet bar bare".split()
)
TERSE = frozenset("op neuron sheet bar circle".split())  # outlines that may stand without words


@dataclass(frozen=True)
class Box:
    """A rectangle with rounded corners; the stroke is centred on its border."""

    x: float
    y: float
    w: float
    h: float
    radius: float = 0.0
    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    dash: bool = False
    owner: Owner = ("figure", 0)
    role: str = "box"


@dataclass(frozen=True)
class Ellipse:
    """An ellipse by its centre and half axes."""

    x: float
    y: float
    rx: float
    ry: float
    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    owner: Owner = ("figure", 0)
    role: str = "detail"


@dataclass(frozen=True)
class Path:
    """An outline of straight and cubic pieces: ("M", p), ("L", p), ("C", p, q, r); closed when it has a fill."""

    pieces: tuple[tuple, ...]
    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    closed: bool = True
    owner: Owner = ("figure", 0)
    role: str = "detail"

    def points(self, steps: int = 8) -> list[Point]:
        """The outline as a polygon, each curve cut into so many straight pieces."""
        return flattened(self.pieces, steps)


def flattened(pieces: tuple[tuple, ...], steps: int) -> list[Point]:
    """The points of pieces of an outline or a line, each curve cut into so many straight ones."""
    points: list[Point] = []
    for piece in pieces:
        if piece[0] != "C":
            points.append(piece[1])
            continue
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[-1], *piece[1:]
        points += [
            (a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3) for a, b, c, d in _bernstein(steps)
        ]
    return points


@cache
def _bernstein(steps: int) -> list[tuple[float, float, float, float]]:
    """The weights of a cubic's four points, at so many steps along it."""
    ways = [i / steps for i in range(1, steps + 1)]
    return [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in ways]


@dataclass(frozen=True)
class Line:
    """A polyline with rounded bends; `head` puts an arrow head at its last point (the tip).

    `ends` are the nodes that it joins, -1 for the open end of a line that comes from or goes to nowhere. Lines of one
    `bus` run together where all of some nodes lead to all of others; -1 for none.
    """

    points: tuple[Point, ...]
    colour: str
    width: float
    dash: bool = False
    head: bool = False
    radius: float = 8.0
    casing: str = ""  # drawn below a dashed line whose way others share, so that their dashes don't fill its gaps
    owner: Owner = ("figure", 0)
    role: str = "edge"
    ends: tuple[int, int] = (-1, -1)
    bus: int = -1


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is its baseline, `halo` the colour of a box that sets it off from the line below it."""

    x: float
    y: float
    text: str
    size: float
    weight: int
    colour: str
    anchor: str = "middle"  # start, middle, end
    halo: str = ""
    owner: Owner = ("figure", 0)
    role: str = "label"


Shape = Box | Ellipse | Path | Line | Text


@dataclass(frozen=True)
class Scene:
    """Shapes on a ground, in drawing order, with the words that a screen reader says."""

    width: float
    height: float
    ground: str
    shapes: tuple[Shape, ...] = field(default=())
    title: str = ""
    description: str = ""
    full_labels: tuple[tuple[Owner, str], ...] = ()  # the words of labels that had to be cut
    scale: float = 1.0
    orthogonal: bool = True
    dropped: tuple[str, ...] = ()  # words of the style with which the figure would be wrong, or wider than a page


def shifted(shape: Shape, dx: float, dy: float) -> Shape:
    """The same shape, moved."""
    moved: Shape = object.__new__(type(shape))  # a fifth of the time of dataclasses.replace, and every shape is moved
    if isinstance(shape, Path):
        pieces = tuple((p[0], *((x + dx, y + dy) for x, y in p[1:])) for p in shape.pieces)
        vars(moved).update(vars(shape), pieces=pieces)
    elif isinstance(shape, Line):
        vars(moved).update(vars(shape), points=tuple((x + dx, y + dy) for x, y in shape.points))
    else:
        vars(moved).update(vars(shape), x=shape.x + dx, y=shape.y + dy)
    return moved


def on_ground(scene: Scene, colour: str) -> Scene:
    """The same scene on another ground; what only hides a line below it takes the new colour too."""

    def changed(s: Shape) -> Shape:
        if isinstance(s, Text) and s.halo == scene.ground:
            return replace(s, halo=colour)
        if isinstance(s, Box) and s.role == "gap" and s.fill == scene.ground:
            return replace(s, fill=colour)
        if isinstance(s, Line) and s.casing == scene.ground:
            return replace(s, casing=colour)
        return s

    return replace(scene, ground=colour, shapes=tuple(changed(s) for s in scene.shapes))


def scaled(shape: Shape, factor: float) -> Shape:
    """The same shape, every length multiplied."""
    if isinstance(shape, Path):
        pieces = tuple((p[0], *((x * factor, y * factor) for x, y in p[1:])) for p in shape.pieces)
        return replace(shape, pieces=pieces, width=shape.width * factor)
    if isinstance(shape, Line):
        points = tuple((x * factor, y * factor) for x, y in shape.points)
        return replace(shape, points=points, width=shape.width * factor, radius=shape.radius * factor)
    names = [n for n in ("x", "y", "w", "h", "rx", "ry", "radius", "width", "size") if hasattr(shape, n)]
    return replace(shape, **{name: getattr(shape, name) * factor for name in names})


def rounded(points: list[Point], radius: float) -> tuple[tuple, ...]:
    """The pieces of a closed polygon whose corners are rounded."""
    pieces: list[tuple] = []
    for i, corner in enumerate(points):
        before, after = points[i - 1], points[(i + 1) % len(points)]
        a, b = _towards(corner, before, radius), _towards(corner, after, radius)
        pieces.append(("L" if pieces else "M", a))
        # 0.55 of the way to the corner makes a cubic that is close to a circle's arc.
        pieces.append(("C", _mix(a, corner, 0.55), _mix(b, corner, 0.55), b))
    return tuple(pieces)


def bent(points: tuple[Point, ...], radius: float) -> tuple[tuple, ...]:
    """The pieces of an open polyline whose bends are rounded."""
    pieces: list[tuple] = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        room = min(radius, _distance(before, corner) / 2, _distance(corner, after) / 2)
        a, b = _towards(corner, before, room), _towards(corner, after, room)
        pieces += [("L", a), ("C", _mix(a, corner, 0.55), _mix(b, corner, 0.55), b)]
    if len(points) > 1:
        pieces.append(("L", points[-1]))
    return tuple(pieces)


def head_points(line: Line, unit: float = 1.0) -> list[Point]:
    """The four points of a line's arrow head: tip, barb, notch, barb."""
    (x0, y0), (x, y) = line.points[-2], line.points[-1]
    length = _distance((x0, y0), (x, y)) or 1.0
    ux, uy = (x - x0) / length, (y - y0) / length
    back, half, notch = 9 * unit, 4 * unit, 7 * unit
    return [
        (x, y),
        (x - ux * back - uy * half, y - uy * back + ux * half),
        (x - ux * notch, y - uy * notch),
        (x - ux * back + uy * half, y - uy * back - ux * half),
    ]


def shaft(line: Line, unit: float = 1.0) -> tuple[Point, ...]:
    """The points of a line without its head: it ends 7 before the tip."""
    if not line.head:
        return line.points
    return (*line.points[:-1], _towards(line.points[-1], line.points[-2], 7 * unit))


def start_of(text: Text) -> float:
    """Where a line of text begins."""
    width = measure(text.text, text.size, text.weight)
    return text.x - {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]


def halo(text: Text, unit: float) -> tuple[float, float, float, float]:
    """Left, top, width and height of the box that sets a label off from its line."""
    width = measure(text.text, text.size, text.weight) + 8 * unit
    return start_of(text) - 4 * unit, text.y - 0.36 * text.size - 8 * unit, width, 16 * unit


def _distance(a: Point, b: Point) -> float:
    return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5


def _mix(a: Point, b: Point, t: float) -> Point:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)


def _towards(a: Point, b: Point, length: float) -> Point:
    whole = _distance(a, b)
    return _mix(a, b, min(1.0, length / whole)) if whole else a


def extent(shapes: list[Shape]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what the shapes cover."""
    boxes = [bounds(shape) for shape in shapes] or [(0.0, 0.0, 0.0, 0.0)]
    lefts, tops, rights, lows = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(lows)


def bounds(shape: Shape) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of one shape, without its stroke."""
    match shape:
        case Box():
            return shape.x, shape.y, shape.x + shape.w, shape.y + shape.h
        case Ellipse():
            return shape.x - shape.rx, shape.y - shape.ry, shape.x + shape.rx, shape.y + shape.ry
        case Text():
            width = measure(shape.text, shape.size, shape.weight)
            left = shape.x - {"start": 0.0, "middle": width / 2, "end": width}[shape.anchor]
            return left, shape.y - 0.75 * shape.size, left + width, shape.y + 0.2 * shape.size
        case Path() | Line():
            points = shape.points() if isinstance(shape, Path) else shape.points
            xs, ys = zip(*points, strict=True)
            return min(xs), min(ys), max(xs), max(ys)
