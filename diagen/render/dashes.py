"""Where the dashes of a line lie: whole ones at its ends and beside what hides a part of it, so no speck is left."""

from __future__ import annotations

import math
from itertools import pairwise

from diagen.render.scene import Box, Line, Owner, Point, Scene, Text, flattened, halo, rounded

ON, OFF = 5.0, 4.0  # of a dash and a gap, which are stretched or shrunk a little

Area = tuple[float, float, float, float]  # left, top, right, bottom


def hidden(scene: Scene) -> dict[Owner, list[Area]]:
    """What hides a part of each dashed line: labels, and the gaps where other lines cross it."""
    dashed = {s.owner: [] for s in scene.shapes if isinstance(s, Line) and s.dash}
    if not dashed:
        return dashed
    for s in scene.shapes:
        if isinstance(s, Text) and s.halo:
            left, top, width, height = halo(s, scene.scale)
            for areas in dashed.values():
                areas.append((left, top, left + width, top + height))
        elif isinstance(s, Box) and s.role == "gap" and s.owner in dashed:
            dashed[s.owner].append((s.x, s.y, s.x + s.w, s.y + s.h))
    return dashed


def dashes(points: list[Point], areas: list[Area], unit: float) -> tuple[float, float]:
    """The length of a dash and of a gap with which a line ends with a whole dash, as it begins.

    Of the numbers of dashes that look alike it is one with which what hides the line cuts no dash to a speck.
    """
    length = sum(math.dist(a, b) for a, b in pairwise(points)) or 1.0
    cuts = covered(points, areas)
    usual = max(1.0, (length / unit + OFF) / (ON + OFF))

    def cost(count: int) -> tuple[float, float]:
        return round(_cut(*_lengths(length, count), cuts), 1), abs(count - usual)

    return _lengths(length, min(range(max(1, math.floor(0.85 * usual)), math.ceil(1.15 * usual) + 1), key=cost))


def around(points: list[Point], unit: float) -> tuple[float, float]:
    """The dash and the gap of a closed outline, which go round it without a seam."""
    length = sum(math.dist(a, b) for a, b in pairwise(points))
    share = length / max(1, round(length / (ON + OFF) / unit)) / (ON + OFF)
    return ON * share, OFF * share


def border(box: Box) -> list[Point]:
    """The outline of a rectangle with rounded corners, back to where it begins."""
    corners = [(box.x, box.y), (box.x + box.w, box.y), (box.x + box.w, box.y + box.h), (box.x, box.y + box.h)]
    points = flattened(rounded(corners, min(box.radius, box.w / 2, box.h / 2)), 8)
    return [*points, points[0]]


def _lengths(length: float, count: int) -> tuple[float, float]:
    """Dash and gap of a line with so many dashes, and one gap less."""
    share = length / (count * (ON + OFF) - OFF)
    return ON * share, OFF * share


def _cut(on: float, off: float, cuts: list[tuple[float, float]]) -> float:
    """How much is missing of all the dashes that are cut, in dashes."""
    left = [low % (on + off) / on for low, _ in cuts] + [1 - high % (on + off) / on for _, high in cuts]
    return sum(1 - share for share in left if 0.02 < share < 1)


def covered(points: list[Point], areas: list[Area]) -> list[tuple[float, float]]:
    """From where to where, along a line, something lies on it; in order and apart."""
    found: list[tuple[float, float]] = []
    start = 0.0
    xs, ys = zip(*points, strict=True)
    whole = min(xs), min(ys), max(xs), max(ys)
    areas = [a for a in areas if a[0] <= whole[2] and whole[0] <= a[2] and a[1] <= whole[3] and whole[1] <= a[3]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.dist((x0, y0), (x1, y1))
        for left, top, right, bottom in areas:
            low, high = 0.0, 1.0
            for at, step, least, most in ((x0, x1 - x0, left, right), (y0, y1 - y0, top, bottom)):
                if abs(step) < 1e-9:
                    low = low if least <= at <= most else 2.0
                    continue
                near, far = sorted(((least - at) / step, (most - at) / step))
                low, high = max(low, near), min(high, far)
            if low < high:
                found.append((start + low * length, start + high * length))
        start += length
    apart: list[tuple[float, float]] = []
    for low, high in sorted(found):
        if apart and low <= apart[-1][1] + 0.01:
            apart[-1] = (apart[-1][0], max(apart[-1][1], high))
        else:
            apart.append((low, high))
    return apart
