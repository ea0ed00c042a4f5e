"""Finds orthogonal lines around boxes that stand anywhere: a search over the few levels where lines make sense."""

from __future__ import annotations

import heapq
import math

from diagen.diagram import Edge
from diagen.render.kinds import Look, Rect, port
from diagen.render.scene import Point

CLEAR = 16.0  # between a line and a box that it passes
BEND, CROSS, ALONG = 60.0, 30.0, 400.0  # what they cost, in pixels of length
SIDES: tuple[Point, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1))
MOST_STEPS = 30_000  # of the search for all lines of a figure together, some seconds; the others go straight

_Piece = tuple[float, float, float, Edge]  # level, from, to, whose


class Finder:
    """Finds lines one after the other; each keeps off the boxes and off the lines found before."""

    def __init__(self, rects: list[Rect], looks: list[Look], kinds: list[str], flow: Point) -> None:
        self.rects, self.looks, self.kinds, self.flow = rects, looks, kinds, flow
        shifts = (-16.0, 0.0, 16.0) if len(rects) <= 24 else (0.0,)
        xs: set[float] = set()
        ys: set[float] = set()
        for r in rects:
            xs |= {r.x - CLEAR, r.right + CLEAR, *(r.cx + s for s in shifts)}
            ys |= {r.y - CLEAR, r.bottom + CLEAR, *(r.cy + s for s in shifts)}
        self.xs, self.ys = sorted(xs), sorted(ys)
        self.shifts = shifts
        self.level: list[_Piece] = []
        self.upright: list[_Piece] = []
        self.steps = 0
        self.blocked: dict[tuple[float, float, float, float], bool] = {}

    def find(self, e: Edge) -> list[Point]:
        """A line with few bends; a straight one where there is no way."""
        if e.source == e.target:
            return self.loop(e.source)
        points = self.direct(e) or self.search(e) or self.straight(e)
        for p, q in zip(points, points[1:], strict=False):
            if p[1] == q[1]:
                self.level.append((p[1], min(p[0], q[0]), max(p[0], q[0]), e))
            else:
                self.upright.append((p[0], min(p[1], q[1]), max(p[1], q[1]), e))
        return points

    def straight(self, e: Edge) -> list[Point]:
        """From border to border on the line between the centres."""
        if e.source == e.target:
            return self.loop(e.source)
        a, b = self.rects[e.source], self.rects[e.target]
        start = _border(a, (b.cx, b.cy), self.looks[e.source].shape)
        end = _border(b, (a.cx, a.cy), self.looks[e.target].shape)
        return [start, end] if start != end else [(a.cx, a.cy), (b.cx, b.cy + 1)]

    def loop(self, node: int) -> list[Point]:
        """A small loop over the top of a node."""
        r = self.rects[node]
        reach = min(16.0, r.w / 4)
        a, b = self.port(node, (0, -1), reach), self.port(node, (0, -1), -reach)
        return [a, (a[0], r.y - 28), (b[0], r.y - 28), b]

    def port(self, node: int, side: Point, offset: float = 0.0) -> Point:
        """A point of a node's border."""
        return port(self.looks[node], self.kinds[node], self.rects[node], self.flow, side, offset)

    def direct(self, e: Edge) -> list[Point]:
        """One straight piece, where the two boxes face each other and nothing is in its way."""
        a, b = self.rects[e.source], self.rects[e.target]
        for side in SIDES:
            upright = side[0] == 0
            gaps: dict[Point, float] = {
                (1, 0): b.x - a.right, (-1, 0): a.x - b.right, (0, 1): b.y - a.bottom, (0, -1): a.y - b.bottom,
            }  # fmt: skip
            gap = gaps[side]
            if gap < 12:
                continue
            one, two = (a.cx, b.cx) if upright else (a.cy, b.cy)
            low = max(a.x, b.x) if upright else max(a.y, b.y)
            high = min(a.right, b.right) if upright else min(a.bottom, b.bottom)
            for at in (one, two, one - 16, one + 16, one - 8, one + 8):
                if not low + 12 <= at <= high - 12 and not one == two == at:
                    continue
                if any(self.pointed(n) and at != c for n, c in ((e.source, one), (e.target, two))):
                    continue
                p = self.port(e.source, side, at - one)
                q = self.port(e.target, (-side[0], -side[1]), at - two)
                if not self.hits(p, q, {e.source, e.target}) and self.price(p, q, e) < ALONG:
                    return [p, q]
        return []

    def pointed(self, node: int) -> bool:
        """Whether a node has only one port on a side."""
        return self.looks[node].shape in ("op", "circle", "diamond", "user", "trapezoid")

    def hits(self, p: Point, q: Point, but: set[int]) -> bool:
        """Whether a piece comes too close to a box."""
        x0, x1, y0, y1 = min(p[0], q[0]), max(p[0], q[0]), min(p[1], q[1]), max(p[1], q[1])
        gap = CLEAR - 4
        return any(
            x0 < r.right + gap and x1 > r.x - gap and y0 < r.bottom + gap and y1 > r.y - gap
            for i, r in enumerate(self.rects) if i not in but
        )  # fmt: skip

    def price(self, p: Point, q: Point, e: Edge) -> float:
        """What a piece costs for the lines that it crosses or runs along."""
        flat = p[1] == q[1]
        at = p[1] if flat else p[0]
        low, high = sorted((p[0], q[0]) if flat else (p[1], q[1]))
        price = 0.0
        for level, a, b, other in self.level if flat else self.upright:
            if abs(level - at) < 11 and min(b, high) - max(a, low) > 0.5:
                shared = (other.source == e.source or other.target == e.target) and level == at
                price += 0.0 if shared and other.style == e.style else ALONG
        for level, a, b, _ in self.upright if flat else self.level:
            if low < level < high and a < at < b:
                price += CROSS
        return price

    def search(self, e: Edge) -> list[Point]:
        """The cheapest way over the levels, from any side of the source to any side of the target."""
        b = self.rects[e.target]
        goals: dict[Point, tuple[Point, Point, float]] = {}
        for side in SIDES:
            for p, out in self.exits(e.target, side):
                if not self.hits(p, out, {e.source, e.target}):
                    goals.setdefault(out, (p, (-side[0], -side[1]), self.price(p, out, e)))
        queue: list[tuple[float, int, float, Point, Point]] = []
        came: dict[tuple[Point, Point], tuple[Point, Point] | None] = {}
        best: dict[tuple[Point, Point], float] = {}
        starts: dict[Point, Point] = {}
        number = 0
        for side in SIDES:
            for p, out in self.exits(e.source, side):
                if self.hits(p, out, {e.source, e.target}):
                    continue
                starts.setdefault(out, p)
                # Along the flow is the expected way out; the other sides cost a little.
                aside = abs(sum(p) - sum(self.port(e.source, side)))
                cost = self.price(p, out, e) + (0 if side == self.flow else 10) + aside
                best[out, side] = cost
                came[out, side] = None
                heapq.heappush(queue, (cost, number, cost, out, side))
                number += 1
        while queue and self.steps < MOST_STEPS:
            _, _, cost, at, way = heapq.heappop(queue)
            if cost > best[at, way]:
                continue
            self.steps += 1
            if at in goals and goals[at][1] == way:
                points = [goals[at][0]]
                state: tuple[Point, Point] | None = (at, way)
                while state:
                    points.append(state[0])
                    state = came[state]
                points.append(starts[points[-1]])
                return points[::-1]
            for side in SIDES:
                if side == (-way[0], -way[1]):
                    continue
                follow = self.neighbour(at, side)
                if follow is None or self.wall(at, follow):
                    continue
                length = abs(follow[0] - at[0]) + abs(follow[1] - at[1])
                price = cost + length + (0 if side == way else BEND) + self.price(at, follow, e)
                if follow in goals and goals[follow][1] == side:
                    price += goals[follow][2]
                if price < best.get((follow, side), 1e12):
                    best[follow, side] = price
                    came[follow, side] = (at, way)
                    rest = abs(follow[0] - b.cx) + abs(follow[1] - b.cy)
                    number += 1
                    heapq.heappush(queue, (price + max(0.0, rest - b.w / 2 - b.h / 2), number, price, follow, side))
        return []

    def exits(self, node: int, side: Point) -> list[tuple[Point, Point]]:
        """The ports of a side, each with the first point of the levels outside."""
        r = self.rects[node]
        found = []
        half = (r.h if side[0] else r.w) / 2
        for shift in sorted(self.shifts, key=abs):
            if shift and (self.pointed(node) or abs(shift) > half - 10):
                continue
            p = self.port(node, side, shift)
            outside: dict[Point, Point] = {
                (1, 0): (r.right + CLEAR, p[1]), (-1, 0): (r.x - CLEAR, p[1]),
                (0, 1): (p[0], r.bottom + CLEAR), (0, -1): (p[0], r.y - CLEAR),
            }  # fmt: skip
            found.append((p, outside[side]))
        return found

    def neighbour(self, at: Point, side: Point) -> Point | None:
        """The next point of the levels in a direction."""
        values, here = (self.xs, at[0]) if side[0] else (self.ys, at[1])
        forward = side[0] + side[1] > 0
        low, high = 0, len(values)
        while low < high:
            middle = (low + high) // 2
            if values[middle] < here or (forward and values[middle] == here):
                low = middle + 1
            else:
                high = middle
        index = low if forward else low - 1
        if not 0 <= index < len(values):
            return None
        return (values[index], at[1]) if side[0] else (at[0], values[index])

    def wall(self, p: Point, q: Point) -> bool:
        """Whether a step over the levels is barred by a box."""
        key = (*p, *q)
        if key not in self.blocked:
            self.blocked[key] = self.hits(p, q, set())
        return self.blocked[key]


def _border(r: Rect, towards: Point, shape: str) -> Point:
    """Where the line from the middle of a node's shape to a point leaves it."""
    dx, dy = towards[0] - r.cx, towards[1] - r.cy
    if not dx and not dy:
        return (r.cx, r.cy)
    if shape in ("circle", "op"):
        t = 1 / math.hypot(2 * dx / r.w, 2 * dy / r.h)
    elif shape == "diamond":
        t = 1 / (abs(2 * dx / r.w) + abs(2 * dy / r.h))
    else:
        t = min(r.w / 2 / abs(dx) if dx else 1e9, r.h / 2 / abs(dy) if dy else 1e9)
    return (r.cx + dx * t, r.cy + dy * t)
