"""Labels of edges: on the longest free piece of their line, else beside it; and the gaps where lines cross."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from diagen.render.frames import Frame, badge_rect, ground_at, title_rect
from diagen.render.kinds import Rect
from diagen.render.scene import Box, Line, Owner, Point, Shape, Text
from diagen.render.text import measure, wrap
from diagen.render.theme import Theme

FONT = (12, 400)
LEADING = 16
WIDEST = 150
MANY = 100  # labels: in a figure with more, only the usual places of each are tried
FEW = 4  # places of a label that are tried in any figure
MOST_TESTS = 10_000_000  # of a place against a piece of a line, in one figure; a second or so


def _wrapped(label: str) -> tuple[tuple[str, ...], bool]:
    return wrap(label, *FONT, WIDEST, 3)


def lines_of(label: str) -> tuple[str, ...]:
    """A label in one to three lines."""
    return _wrapped(label)[0]


def place(
    lines: list[Line],
    told: dict[int, str],
    rects: list[Rect],
    shapes: list[str],
    frames: list[Frame],
    theme: Theme,
    shared: dict[int, tuple[int | None, set[int]]],
) -> tuple[list[Shape], list[tuple[Owner, str]]]:
    """A place for every label, those with the least choice first; shapes, and whole words of labels cut.

    `shared`: labels told once for several edges: edge -> (the piece of its line that they share, if any, those edges).
    """
    if not told:
        return [], []
    pieces = [(line.owner[1], a, b) for line in lines for a, b in zip(line.points, line.points[1:], strict=False)]
    parts = [_slabs(r) if shape == "diamond" else [r] for r, shape in zip(rects, shapes, strict=True)]
    blocks = [part.grown(5) for found in parts for part in found]
    for frame in frames:
        blocks += [title_rect(frame).grown(4)] if frame.title else []
        badge = badge_rect(frame)
        blocks += [badge.grown(4)] if badge else []
    every = _Pieces(pieces)
    most = max(FEW, MOST_TESTS // max(1, len(told) * len(pieces)))  # places tried for each label
    done: list[Rect] = []
    found: list[Shape] = []
    full: list[tuple[Owner, str]] = []
    by_index = {line.owner[1]: line for line in lines}
    for index in sorted(told, key=lambda k: (_length(by_index[k]), k)):
        line = by_index[index]
        texts, cut = _wrapped(told[index])
        level = max(abs(a[0] - b[0]) * (a[1] == b[1]) for a, b in zip(line.points, line.points[1:], strict=False))
        if len(texts) > 1 and measure(told[index], *FONT) + 64 <= level:
            texts, cut = (told[index],), False  # a long lane has room for all of it
        if cut:
            full.append((("edge", index), told[index]))
        width, height = max(measure(t, *FONT) for t in texts) + 8, LEADING * len(texts)
        from_decision = line.ends[0] >= 0 and shapes[line.ends[0]] == "diamond"
        best = (1e9, rects[0] if rects else Rect(0, 0, width, height), True)
        for fine in (False, True)[: 1 + (len(told) <= MANY)]:  # more places only where the usual ones are all taken
            piece, fellows = shared.get(index, (None, set()))
            part = line
            if piece is not None:
                ends = line.points[:2] if piece == 0 else line.points[-2:]
                part = replace(line, points=ends, head=line.head and piece != 0)
            others = every
            if piece is not None:
                others = _Pieces([p for p in pieces if p[0] not in fellows or p[0] == index])
            places = _candidates(part, width, height, from_decision, fine)
            if len(places) > most or len(told) > MANY:
                places = sorted(places, key=lambda place: place[0])[: most if len(told) <= MANY else FEW]
            for cost, rect, on_line in places:
                if cost < best[0]:
                    cost += _trouble(rect, on_line, index, others, blocks, done, frames)
                best = min(best, (cost, rect, on_line), key=lambda c: c[0])
            if best[0] < 90:
                break
        _, rect, on_line = best
        done.append(rect)
        role = "trunk-label" if index in shared else "edge-label"
        for i, text in enumerate(texts):
            y = rect.y + LEADING * (i + 0.5) + 0.36 * FONT[0]
            halo = ground_at(rect.cx, rect.cy, frames, theme) if on_line else ""
            found.append(Text(rect.cx, y, text, *FONT, theme.muted, halo=halo, owner=("edge", index), role=role))
    return found, full


def _slabs(r: Rect) -> list[Rect]:
    """A diamond as five rectangles, since words may stand beside its tips."""
    found = []
    for k in range(5):
        near = max(0.0, abs(k - 2) - 0.5) / 2.5  # how far the slab begins from the middle, as a share of the half
        wide = r.w * (1 - near)
        found.append(Rect(r.cx - wide / 2, r.y + r.h * k / 5, wide, r.h / 5))
    return found


def _length(line: Line) -> float:
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(line.points, line.points[1:], strict=False))


def _candidates(
    line: Line, width: float, height: float, near_start: bool, fine: bool
) -> list[tuple[float, Rect, bool]]:
    """(cost, place, whether it interrupts the line) of the places a label may take; many more of them where fine."""
    found = []
    segments = list(zip(line.points, line.points[1:], strict=False))
    longest = max(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in segments)
    around = line.ends[0] == line.ends[1] >= 0  # a loop is too narrow for words: they stand beside it
    for number, (a, b) in enumerate(segments):
        level = abs(a[1] - b[1]) <= abs(a[0] - b[0])
        size = abs(a[0] - b[0]) + abs(a[1] - b[1])
        last = number == len(segments) - 1 and line.head
        extent = width if level else height
        base = 4.0 * (longest - size) / (longest + 1)
        head = 9 if last else 0
        shares = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]
        if fine:
            step = min(0.2, max(10 / (size + 1), 1 / 40))
            shares = sorted((step * i for i in range(1, int(1 / step))), key=lambda share: abs(share - 0.5))
        if near_start and number < 2 and size > 0:
            shares.insert(0, min(0.5, (extent / 2 + 8 * (number + 1)) / size))
        for rank, share in enumerate(shares):
            usable = max(0.0, 1 - head / size) if size else 1.0
            x, y = a[0] + (b[0] - a[0]) * share * usable, a[1] + (b[1] - a[1]) * share * usable
            room = 2 * min(share, 1 - share) * size * usable - extent
            slant = a[0] != b[0] and a[1] != b[1]
            cost = base + 0.3 * min(rank, 8)
            if near_start and number < 2:  # on the piece that leaves a decision, else where the next begins
                cost = 0.3 * min(rank, 8) - 3 + number
            if room < 12 and not around:
                cost += 30 if room < 4 else 6
            if room < 12 + 8 * ((number > 0) + (number < len(segments) - 1)) and not around:
                cost += 3  # it would reach into the round of a bend
            if not around:
                found.append((cost, Rect(x - width / 2, y - height / 2, width, height), True))
            beside = cost + 8
            if slant:  # far enough from the line that no corner touches it
                slope = abs((b[1] - a[1]) / (b[0] - a[0]))
                away = min(slope * width / 2, height / 2 + width / 2)
                found.append((beside + 4, Rect(x - width / 2, y - 5 - height - away, width, height), False))
                found.append((beside + 4.5, Rect(x - width / 2, y + 5 + away, width, height), False))
            elif level:
                found.append((beside, Rect(x - width / 2, y - 5 - height, width, height), False))
                found.append((beside + 0.5, Rect(x - width / 2, y + 5, width, height), False))
            if slant or not level:
                away = min(height / 2 / slope, height / 2 + width / 2) if slant else 0.0
                found.append((beside, Rect(x - 3 - width - away, y - height / 2, width, height), False))
                found.append((beside + 0.5, Rect(x + 3 + away, y - height / 2, width, height), False))
    return found


def _trouble(
    rect: Rect,
    on_line: bool,
    index: int,
    pieces: _Pieces,
    blocks: list[Rect],
    done: list[Rect],
    frames: list[Frame],
) -> float:
    trouble = 120.0 * sum(_overlap(rect, other) for other in blocks)
    near = rect.grown(3)
    trouble += 150.0 * sum(_overlap(near, other) for other in done)
    trouble += 100.0 * pieces.count(rect.grown(4), without=index)
    if not on_line:
        trouble += 100.0 * pieces.count(rect, only=index)
    for frame in frames:
        r = frame.rect
        for a, b in (((r.x, r.y), (r.right, r.y)), ((r.x, r.bottom), (r.right, r.bottom)),
                     ((r.x, r.y), (r.x, r.bottom)), ((r.right, r.y), (r.right, r.bottom))):  # fmt: skip
            trouble += 25.0 * touches(rect, a, b)
    return trouble


def _overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def touches(r: Rect, a: Point, b: Point) -> bool:
    """Whether a straight piece enters a rectangle."""
    (x0, y0), (x1, y1) = a, b
    low, high = 0.0, 1.0
    for start, delta, least, most in ((x0, x1 - x0, r.x, r.right), (y0, y1 - y0, r.y, r.bottom)):
        if abs(delta) < 1e-9:
            if not least < start < most:
                return False
            continue
        s, t = (least - start) / delta, (most - start) / delta
        if s > t:
            s, t = t, s
        low, high = s if s > low else low, t if t < high else high
    return low < high - 1e-9


class _Pieces:
    """Pieces of lines, each (edge, start, end): how many of them enter a rectangle, as touches() has it."""

    def __init__(self, pieces: list[tuple[int, Point, Point]]) -> None:
        self.owners = np.array([owner for owner, _, _ in pieces], dtype=np.int64)
        self.starts = np.array([a for _, a, _ in pieces], dtype=np.float64).reshape(-1, 2).T
        self.deltas = np.array([b for _, _, b in pieces], dtype=np.float64).reshape(-1, 2).T - self.starts
        self.still = np.abs(self.deltas) < 1e-9
        self.steps = np.where(self.still, 1.0, self.deltas)

    def count(self, r: Rect, without: int | None = None, only: int | None = None) -> int:
        low, high = np.zeros(len(self.owners)), np.ones(len(self.owners))
        inside = self.owners == only if only is not None else self.owners != without
        for axis, least, most in ((0, r.x, r.right), (1, r.y, r.bottom)):
            start, step, still = self.starts[axis], self.steps[axis], self.still[axis]
            s, t = (least - start) / step, (most - start) / step
            low = np.where(still, low, np.maximum(low, np.minimum(s, t)))
            high = np.where(still, high, np.minimum(high, np.maximum(s, t)))
            inside &= ~still | (least < start) & (start < most)
        return int(np.count_nonzero(inside & (low < high - 1e-9)))


def crossings(lines: list[Line], frames: list[Frame], theme: Theme) -> list[Shape]:
    """Where an upright piece crosses a level one it is interrupted; lines that share an end are left alone."""
    level, upright = [], []
    for line in lines:
        for a, b in zip(line.points, line.points[1:], strict=False):
            if abs(a[1] - b[1]) < 0.01:
                level.append((line, min(a[0], b[0]), max(a[0], b[0]), a[1]))
            elif abs(a[0] - b[0]) < 0.01:
                upright.append((line, a[0], min(a[1], b[1]), max(a[1], b[1])))
    if len(level) * len(upright) > 200_000:
        return []
    shapes: list[Shape] = []
    for h, x0, x1, y in level:
        for v, x, y0, y1 in upright:
            if not (x0 + 6 < x < x1 - 6 and y0 + 6 < y < y1 - 6) or h is v or h.bus == v.bus >= 0:
                continue
            ground = ground_at(x, y, frames, theme)
            shapes.append(Box(x - 2, y - 4.75, 4, 9.5, 0, ground, owner=v.owner, role="gap"))
            bridge = ((x - 3, y), (x + 3, y))
            shapes.append(Line(bridge, h.colour, h.width, radius=0, owner=h.owner, role="bridge"))
    return shapes
