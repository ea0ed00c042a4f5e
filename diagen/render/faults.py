"""Counts what is wrong with a scene, from its shapes alone: section 6 of the style guide, F1 to F20.

python -m diagen.render.faults FILE.jsonl [--styles N]     rows with a "text"; exit status 1 where one has an error

With --styles each diagram is also drawn in N combinations of style words, chosen at random but always the same.
An error must not occur; a warning is counted, since it may be the lesser evil.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from dataclasses import dataclass

from diagen.render.kinds import Rect
from diagen.render.labels import touches
from diagen.render.scene import OUTLINES, TERSE, Box, Ellipse, Line, Path, Point, Scene, Shape, Text
from diagen.render.text import measure
from diagen.render.theme import contrast

NAMES = {
    "F1": "outside the canvas or in its margin",
    "F2": "nodes overlap or stand too close",
    "F3": "a node without words",
    "F4": "a label that does not fit its node",
    "F5": "texts overlap",
    "F6": "a text crossed by an edge",
    "F7": "an edge through a foreign node",
    "F8": "an edge that does not end at its node's border",
    "F9": "a slanted piece of an orthogonal edge",
    "F10": "an edge with more than four bends",
    "F11": "edges that cross at less than 60 degrees",
    "F12": "edges on top of each other",
    "F13": "a piece of an edge that is too short",
    "F14": "arrow heads too close to each other",
    "F15": "a node too close to the border or title of a frame",
    "F16": "joined nodes that are almost aligned",
    "F17": "type that is too small",
    "F18": "words or lines too pale for their ground",
}
WARNINGS = {
    "F2": "neighbours less than 20 apart",
    "F7": "an edge less than 12 from a foreign node",
    "F11": "many crossings",
    "F17": "type under 9 px in a page of 880 px, with more than 40 nodes",
    "F19": "a ribbon, a tower or a large empty corner",
    "F20": "too many colours, sizes, strokes or widths",
}


# A straight piece of a line: its left, right, top and bottom, the line, and its two ends.
Piece = tuple[float, float, float, float, Line, Point, Point]


@dataclass
class Body:
    """An outline of a node: what it is, its rectangle and its corners."""

    node: int
    role: str
    rect: Rect
    corners: list[Point]


def count(scene: Scene) -> dict[str, int]:
    """How often each fault occurs; every name is there, zero or not."""
    found: Counter[str] = Counter()
    unit = scene.scale
    bodies, texts, lines = _parts(scene)
    frames = [Rect(s.x, s.y, s.w, s.h) for s in scene.shapes if s.role == "frame" and isinstance(s, Box)]
    _margins(scene, bodies, texts, frames, found)
    _distances(bodies, unit, found)
    _labels(bodies, texts, unit, found)
    _ways(scene, bodies, texts, lines, found)
    _ends(bodies, lines, unit, found)
    _frames(bodies, texts, frames, unit, found)
    found["F17"] += sum(s.size < 11.99 * unit for s, _ in texts)
    found["F18"] = len(pale(scene))
    return {name: found[name] for name in NAMES}


def errors_of_ways(scene: Scene) -> tuple[int, int]:
    """The faults that depend on how the lines run and how wide all is, which a layout can do otherwise: how many lines
    run through words or nodes (F6, F7), which are the worst, and how many faults there are in all."""
    found: Counter[str] = Counter()
    _ways(scene, *_parts(scene), found)
    return found["F6"] + found["F7"], sum(found.values())


def _parts(scene: Scene) -> tuple[list[Body], list, list[Line]]:
    bodies = [body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    texts = [(s, text_rect(s)) for s in scene.shapes if isinstance(s, Text)]
    lines = [s for s in scene.shapes if isinstance(s, Line) and s.role in ("edge", "terminal", "neuron-line")]
    return bodies, texts, lines


def _ways(scene: Scene, bodies: list[Body], texts: list, lines: list[Line], found: Counter[str]) -> None:
    unit = scene.scale
    edges = [line for line in lines if line.role == "edge"]
    pieces = _pieces(lines)
    of_edges = pieces if len(edges) == len(lines) else [piece for piece in pieces if piece[4].role == "edge"]
    _words(bodies, texts, lines, pieces, unit, found)
    _passages(bodies, pieces, unit, found)
    _shapes_of_edges(edges, scene.orthogonal, unit, found)
    _overlaps(of_edges, unit, found)
    _alignment(bodies, edges, unit, found)
    if len({b.node for b in bodies}) <= 40:
        found["F17"] += _too_small_in_a_page(scene, texts)
    if scene.orthogonal:
        found["F11"] = sum(angle < 60 for angle in _angles(of_edges))


def warnings(scene: Scene) -> dict[str, int]:
    """How often each warning applies; every name is there, zero or not."""
    found: Counter[str] = Counter()
    unit = scene.scale
    bodies = [body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    texts = [(s, text_rect(s)) for s in scene.shapes if isinstance(s, Text)]
    edges = [s for s in scene.shapes if isinstance(s, Line) and s.role == "edge"]
    apart = [b for b in bodies if b.role not in ("neuron", "op", "bar", "sheet")]
    for i, a in enumerate(apart):
        found["F2"] += sum(15.9 * unit <= _gap(a.rect, b.rect) < 19.9 * unit for b in apart[i + 1 :])
    near: Counter[str] = Counter()
    pieces = _pieces(edges)
    _passages(bodies, pieces, unit, near, margin=11.9)
    exact: Counter[str] = Counter()
    _passages(bodies, pieces, unit, exact)
    found["F7"] = near["F7"] - exact["F7"]
    nodes, crossed = len({b.node for b in bodies}), len(_angles(pieces))
    found["F11"] = int(crossed > (3 if nodes <= 20 else 0.15 * len(edges)))
    if nodes > 40:
        found["F17"] = int(_too_small_in_a_page(scene, texts))
    aspect = scene.width / scene.height
    found["F19"] = int(not 0.4 <= aspect <= 3.4) + int(largest_gap(scene, bodies, texts, edges) > 0.3)
    found["F20"] = int(_too_various(scene))
    return {name: found[name] for name in WARNINGS}


def errors(scene: Scene) -> int:
    """The number of all faults together."""
    return sum(count(scene).values())


def body_of(s: Shape) -> Body:
    """The outline of a node that a shape is."""
    if isinstance(s, Path):
        corners = s.points()
    elif isinstance(s, Ellipse):
        turns = [i * math.pi / 12 for i in range(24)]
        corners = [(s.x + s.rx * math.cos(t), s.y + s.ry * math.sin(t)) for t in turns]
    else:
        assert isinstance(s, Box)
        corners = [(s.x, s.y), (s.x + s.w, s.y), (s.x + s.w, s.y + s.h), (s.x, s.y + s.h)]
    xs, ys = zip(*corners, strict=True)
    left, top = min(xs), min(ys)
    return Body(s.owner[1], s.role, Rect(left, top, max(xs) - left, max(ys) - top), corners)


def text_rect(s: Text) -> Rect:
    """What the letters of a text cover."""
    width = measure(s.text, s.size, s.weight)
    left = s.x - {"start": 0.0, "middle": width / 2, "end": width}[s.anchor]
    return Rect(left, s.y - 0.73 * s.size, width, 0.92 * s.size)


def _gap(a: Rect, b: Rect) -> float:
    return max(a.x - b.right, b.x - a.right, a.y - b.bottom, b.y - a.bottom)


def _margins(scene: Scene, bodies: list[Body], texts: list, frames: list[Rect], found: Counter[str]) -> None:
    pad = 32 * scene.scale - 1
    for r in [*(b.rect for b in bodies), *(rect for _, rect in texts), *frames]:
        inside = r.x >= pad and r.y >= pad and r.right <= scene.width - pad and r.bottom <= scene.height - pad
        found["F1"] += not inside


def _distances(bodies: list[Body], unit: float, found: Counter[str]) -> None:
    ordered = sorted(bodies, key=lambda b: b.rect.x)
    for i, a in enumerate(ordered):
        for b in ordered[i + 1 :]:
            if b.rect.x > a.rect.right + 16 * unit:
                break
            least = 11.9 if a.role == b.role == "neuron" else 15.9
            found["F2"] += _gap(a.rect, b.rect) < least * unit


def _labels(bodies: list[Body], texts: list, unit: float, found: Counter[str]) -> None:
    by_node: dict[int, list[Rect]] = {}
    for s, r in texts:
        if s.owner[0] == "node":
            by_node.setdefault(s.owner[1], []).append(r)
    for body in bodies:
        mine = by_node.get(body.node, [])
        if not mine:
            found["F3"] += body.role not in TERSE
            continue
        if body.role in TERSE - {"circle"} or body.role in ("user", "bare"):
            continue
        left, right = min(r.x for r in mine), max(r.right for r in mine)
        top, low = min(r.y for r in mine), max(r.bottom for r in mine)
        if body.role in ("diamond", "trapezoid", "circle"):
            corners = [(left, top), (right, top), (right, low), (left, low)]
            found["F4"] += not all(holds(body.corners, p) for p in corners)
        else:
            wide = right - left > body.rect.w - 23.5 * unit
            found["F4"] += wide or low - top > body.rect.h - 11 * unit


def _words(
    bodies: list[Body], texts: list, lines: list[Line], pieces: list[Piece], unit: float, found: Counter[str]
) -> None:
    ordered = sorted(texts, key=lambda t: t[1].x)
    for i, (s, a) in enumerate(ordered):
        far = a.right + 4 * unit
        for t, b in ordered[i + 1 :]:
            if b.x > far:
                break
            if s.owner != t.owner and _gap(a, b) < 3.5 * unit:
                found["F5"] += 1
    trunks = {line.owner: set(line.ends) for line in lines} if any(s.role == "trunk-label" for s, _ in texts) else {}
    for s, r in texts:
        near = r.grown(3.9 * unit)
        x0, x1, y0, y1 = near.x, near.right, near.y, near.bottom
        struck: set[tuple[str, int]] = set()
        for left, right, top, low, line, p, q in pieces:
            if left > x1 or right < x0 or top > y1 or low < y0:  # most are far away
                continue
            own = s.owner == line.owner or (s.owner[0] == "node" and s.owner[1] in line.ends)
            if s.role == "trunk-label":  # told once for all the edges of its trunk
                own |= not trunks[s.owner].isdisjoint(line.ends)
            if not own and line.owner not in struck and touches(near, p, q):
                struck.add(line.owner)
        found["F6"] += len(struck)


def _pieces(lines: list[Line]) -> list[Piece]:
    found = []
    for line in lines:
        for p, q in zip(line.points, line.points[1:], strict=False):
            left, right = (p[0], q[0]) if p[0] < q[0] else (q[0], p[0])
            top, low = (p[1], q[1]) if p[1] < q[1] else (q[1], p[1])
            found.append((left, right, top, low, line, p, q))
    return found


def _passages(bodies: list[Body], pieces: list[Piece], unit: float, found: Counter[str], margin: float = 7.9) -> None:
    around = []
    for body in bodies:
        least = (1.9 if body.role == "neuron" else margin) * unit
        r = body.rect.grown(least)
        around.append((r.x, r.right, r.y, r.bottom, body, r, least))
    struck: set[tuple[int, int]] = set()
    for left, right, top, low, line, p, q in pieces:
        for x0, x1, y0, y1, body, r, least in around:
            if x0 > right or x1 < left or y0 > low or y1 < top:  # most are far away
                continue
            if body.node not in line.ends and touches(r, p, q) and _meets(body, p, q, least):
                struck.add((id(line), body.node))
    found["F7"] += len(struck)


def _ends(bodies: list[Body], lines: list[Line], unit: float, found: Counter[str]) -> None:
    if any(line.role == "neuron-line" for line in lines):
        return
    by_node: dict[int, list[Body]] = {}
    for body in bodies:
        by_node.setdefault(body.node, []).append(body)
    for line in lines:
        if line.role != "edge":
            continue
        for node, point in ((line.ends[0], line.points[0]), (line.ends[1], line.points[-1])):
            for body in by_node.get(node, [])[:1]:
                away = _away(body.corners, point)
                if body.role == "user":
                    wrong = _gap(body.rect, Rect(*point, 0, 0)) > 4 * unit
                elif body.role in ("sheet", "bar"):
                    wrong = False
                else:
                    wrong = away > (4 if body.role in ("bare", "diamond", "trapezoid") else 2.6) * unit or (
                        away > 1 * unit and holds(body.corners, point) and body.role not in ("pill", "documents")
                    )
                    if body.role in ("pill", "documents"):
                        wrong = away > 10.5 * unit
                found["F8"] += wrong


def _meets(body: Body, p: Point, q: Point, least: float) -> bool:
    if body.role not in ("diamond", "circle", "op", "trapezoid", "neuron"):
        return True
    if holds(body.corners, p) or holds(body.corners, q):
        return True
    steps = max(2, int(math.dist(p, q) / 4))
    return any(
        holds(body.corners, at) or _away(body.corners, at) < least
        for at in ((p[0] + (q[0] - p[0]) * i / steps, p[1] + (q[1] - p[1]) * i / steps) for i in range(steps + 1))
    )


def _shapes_of_edges(edges: list[Line], orthogonal: bool, unit: float, found: Counter[str]) -> None:
    tips: list[tuple[Point, Line]] = []
    slant = math.tan(math.radians(0.5))
    for line in edges:
        pieces = list(zip(line.points, line.points[1:], strict=False))
        if orthogonal:
            for (x0, y0), (x1, y1) in pieces:
                wide, tall = abs(x1 - x0), abs(y1 - y0)
                if min(wide, tall) > slant * max(wide, tall):
                    found["F9"] += 1
        if len(pieces) - 1 > 4:
            found["F10"] += 1
        lengths = [math.dist(p, q) for p, q in pieces]
        if min(lengths, default=math.inf) < 7.9 * unit or (line.head and lengths[-1] < 14 * unit):
            found["F13"] += 1
        if line.head:
            tips.append((line.points[-1], line))
    near = 11.9 * unit
    for i, (p, line) in enumerate(tips):
        for q, other in tips[i + 1 :]:
            if (
                abs(p[0] - q[0]) < near
                and abs(p[1] - q[1]) < near
                and (0.5 < math.dist(p, q) < near or (p == q and line.ends[1] != other.ends[1]))
            ):
                found["F14"] += 1


def _overlaps(of_edges: list[Piece], unit: float, found: Counter[str]) -> None:
    level: list[tuple[float, float, float, Line]] = []
    upright: list[tuple[float, float, float, Line]] = []
    for left, right, top, low, line, (x0, y0), _ in of_edges:
        if low - top < 0.01:
            level.append((y0, left, right, line))
        elif right - left < 0.01:
            upright.append((x0, top, low, line))
    for pieces in (level, upright):
        pieces.sort(key=lambda p: p[0])
        struck: set[tuple[int, int]] = set()
        for i, (at, low, high, line) in enumerate(pieces):
            for other_at, a, b, other in pieces[i + 1 :]:
                if other_at - at > 11.9 * unit:
                    break
                if line is other or (line.owner[1], other.owner[1]) in struck:
                    continue
                shared = line.ends[0] == other.ends[0] or line.ends[1] == other.ends[1] or line.bus == other.bus >= 0
                length = min(high, b) - max(low, a)
                if (length > 1 and other_at - at < 1 and not shared) or (
                    length > 24 * unit and other_at - at >= 1 and line.ends != other.ends[::-1]
                ):
                    struck.add((line.owner[1], other.owner[1]))
        found["F12"] += len(struck)


def _frames(bodies: list[Body], texts: list, frames: list[Rect], unit: float, found: Counter[str]) -> None:
    for body in bodies:
        r = body.rect
        for f in frames:
            inside = f.x < r.cx < f.right and f.y < r.cy < f.bottom
            room = min(r.x - f.x, r.y - f.y, f.right - r.right, f.bottom - r.bottom)
            found["F15"] += room < 15.9 * unit if inside else _gap(f, r) < 8 * unit
        for s, t in texts:
            if s.role == "group-title":
                found["F15"] += _gap(t, r) < 2 * unit


def _alignment(bodies: list[Body], edges: list[Line], unit: float, found: Counter[str]) -> None:
    at = {b.node: b for b in bodies}
    for line in edges:
        a, b = (at.get(n) for n in line.ends)
        if a is None or b is None or {"documents", "sheet"} & {a.role, b.role}:  # stacks are centred as a whole
            continue
        if len(line.points) == 6:  # from the end of one row to the beginning of the next
            continue
        off = min(abs(a.rect.cx - b.rect.cx), abs(a.rect.cy - b.rect.cy))
        if 0.6 * unit < off < 7.9 * unit:
            found["F16"] += 1


def holds(corners: list[Point], p: Point) -> bool:
    """Whether a point lies in a polygon."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < (x1 - x0) * (p[1] - y0) / (y1 - y0) + x0:
            inside = not inside
    return inside


def _away(corners: list[Point], p: Point) -> float:
    """The distance of a point from an outline."""
    best = math.inf
    for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
        length = math.dist(a, b) ** 2
        t = 0.0 if not length else ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length
        t = min(1.0, max(0.0, t))
        best = min(best, math.dist(p, (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)))
    return best


def crossings(edges: list[Line]) -> list[float]:
    """The angle, in degrees up to 90, of every point where two edges cross that do not share an end."""
    return _angles(_pieces(edges))


def _angles(pieces: list[Piece]) -> list[float]:
    angles = []
    for i, (left, right, top, low, line, a, b) in enumerate(pieces):
        for x0, x1, y0, y1, other, c, d in pieces[i + 1 :]:
            if x0 > right or x1 < left or y0 > low or y1 < top or line is other:
                continue
            if set(line.ends) & set(other.ends) - {-1} or line.bus == other.bus >= 0:
                continue
            sides = [(q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
                     for p, q, r in ((a, b, c), (a, b, d), (c, d, a), (c, d, b))]  # fmt: skip
            if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
                turn = math.atan2(b[1] - a[1], b[0] - a[0]) - math.atan2(d[1] - c[1], d[0] - c[0])
                angle = abs(math.degrees(turn)) % 180
                angles.append(min(angle, 180 - angle))
    return angles


def _too_small_in_a_page(scene: Scene, texts: list) -> bool:
    smallest = min((s.size for s, _ in texts), default=12.0)
    return scene.scale == 1 and smallest * min(1.0, 880 / scene.width) < 9 - 0.05


def pale(scene: Scene) -> list[Shape]:
    """Words of less than 4.5 : 1, and lines and borders of nodes of less than 3 : 1, on what lies below them."""
    below: list[tuple[Rect, Shape]] = []  # what was drawn so far, with its extent

    def ground(x: float, y: float) -> str:
        for rect, shape in reversed(below):
            if rect.x <= x <= rect.right and rect.y <= y <= rect.bottom:
                if isinstance(shape, Path) and not holds(shape.points(), (x, y)):
                    continue
                if isinstance(shape, Ellipse) and ((x - shape.x) / shape.rx) ** 2 + ((y - shape.y) / shape.ry) ** 2 > 1:
                    continue
                return shape.fill  # type: ignore[union-attr]
        return scene.ground

    found: list[Shape] = []
    for s in scene.shapes:
        if isinstance(s, Text):
            rect = text_rect(s)
            found += [s] * (contrast(s.colour, s.halo or ground(rect.cx, rect.cy)) < 4.5)
        elif isinstance(s, Line):
            if s.role in ("edge", "terminal"):
                (x0, y0), (x1, y1) = s.points[-2:]
                found += [s] * (contrast(s.colour, ground((x0 + x1) / 2, (y0 + y1) / 2)) < 3)
        elif s.fill:
            body = body_of(s)
            border = s.stroke or s.fill
            if s.role in OUTLINES - {"sheet"} and s.owner[0] == "node":  # sheets of a stack lie on each other
                found += [s] * (contrast(border, ground(body.rect.cx, body.rect.y - 1)) < 3)
            below.append((body.rect, s))
    return found


def largest_gap(scene: Scene, bodies: list[Body], texts: list, edges: list[Line]) -> float:
    """The largest empty rectangle as a share of the content's area, on a grid of 8 px, or more where it is huge."""
    cell, pad = max(8 * scene.scale, math.sqrt(scene.width * scene.height / 200_000)), 32 * scene.scale
    columns = max(1, int((scene.width - 2 * pad) / cell))
    rows = max(1, int((scene.height - 2 * pad) / cell))
    full = [[False] * columns for _ in range(rows)]
    rects = [b.rect for b in bodies] + [r for _, r in texts]
    for line in edges:
        for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
            rects.append(Rect(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)))
    for r in rects:
        for j in range(max(0, int((r.y - pad) / cell)), min(rows, int((r.bottom - pad) / cell) + 1)):
            first, last = min(columns, max(0, int((r.x - pad) / cell))), min(columns, int((r.right - pad) / cell) + 1)
            full[j][first : max(first, last)] = [True] * max(0, min(columns, last) - first)
    best, heights = 0, [0] * columns
    for row in full:
        heights = [0 if taken else h + 1 for taken, h in zip(row, heights, strict=True)]
        stack: list[tuple[int, int]] = []  # (first column, height), growing heights
        for x, h in enumerate([*heights, 0]):
            start = x
            while stack and stack[-1][1] >= h:
                start, height = stack.pop()
                best = max(best, height * (x - start))
            stack.append((start, h))
    return best / (rows * columns)


def _too_various(scene: Scene) -> bool:
    fills, sizes, strokes, widths = set(), set(), set(), set()
    for s in scene.shapes:
        if isinstance(s, Text):
            sizes.add(s.size)
        elif s.role == "edge" or (s.role in OUTLINES and s.owner[0] == "node"):
            strokes.add(s.width)
            if s.role in ("box", "pill", "cylinder", "document", "documents", "trapezoid") and not isinstance(s, Line):
                fills.add((s.fill, s.stroke))
                widths.add(round(body_of(s).rect.w))
    return len(fills) > 5 or len(sizes) > 4 or len(strokes) > 3 or len(widths) > 3


def _some_style(chance: random.Random) -> dict[str, str]:
    from diagen.diagram import STYLE_WORDS

    return {name: chance.choice(words) for name, words in STYLE_WORDS.items() if chance.random() < 0.7}


def main() -> int:
    """Print how often each fault occurs in the diagrams of a file, and the worst of them."""
    from diagen.diagram import DiagramError, parse
    from diagen.render.layout import layout

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--styles", type=int, default=0)
    args = parser.parse_args()
    total: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    worst: list[tuple[int, str, str]] = []
    drawn = failed = 0
    with open(args.file, encoding="utf-8") as rows:
        for number, row in enumerate(rows, 1):
            if not row.strip():
                continue
            try:
                data = json.loads(row)
                diagram, name = parse(data["text"]), str(data.get("id", f"row {number}"))
            except (DiagramError, ValueError, KeyError, TypeError) as error:
                failed += 1
                print(f"row {number}: no diagram: {error}", file=sys.stderr)
                continue
            chance = random.Random(name)
            for words in [{}] + [_some_style(chance) for _ in range(args.styles)]:
                scene = layout(diagram, **words)
                drawn += 1
                faults = count(scene)
                total.update(faults)
                warned.update(warnings(scene))
                if any(faults.values()):
                    told = " ".join(f"{fault}:{n}" for fault, n in faults.items() if n)
                    worst.append((sum(faults.values()), " ".join([name, *words.values()]), told))
    for name, what in NAMES.items():
        print(f"{name:4} {total[name]:6}  {what}")
    for name, what in WARNINGS.items():
        print(f"{name:4} {warned[name]:6}  warning: {what}")
    for _, name, told in sorted(worst, reverse=True)[:10]:
        print(f"worst: {name}: {told}")
    print(f"{sum(total.values())} errors in {len(worst)} of {drawn} drawings; {failed} rows without a diagram")
    return 1 if worst or not drawn else 0


if __name__ == "__main__":
    sys.exit(main())
