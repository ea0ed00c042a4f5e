"""Where a scene reads badly: coarse maps of what is drawn and of what is wrong, for a net to learn from."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from diagen.render import faults
from diagen.render.faults import Body
from diagen.render.kinds import Rect
from diagen.render.labels import touches
from diagen.render.scene import OUTLINES, TERSE, Line, Point, Scene, Text

# What there is, then what is wrong with it.
MAPS = ("nodes", "words", "lines", "overlap", "passages", "crossings", "words struck", "pale", "small", "cut off")


def maps(scene: Scene, cells: int) -> np.ndarray:
    """(len(MAPS), cells, cells) from 0 to 1: the share of each cell in which there is such a thing.

    The cells lie over the drawing as pixels() lays it out: the longer side fills the square, the other is centred.
    """
    grid = _Grid(scene, cells)
    bodies = [faults.body_of(s) for s in scene.shapes if s.role in OUTLINES and s.owner[0] == "node"]
    texts = [(s, faults.text_rect(s)) for s in scene.shapes if isinstance(s, Text)]
    edges = [s for s in scene.shapes if isinstance(s, Line) and len(s.points) > 1]
    grid.rects("nodes", (b.rect for b in bodies))
    grid.rects("words", (r for _, r in texts))
    for line in edges:
        grid.line("lines", line.points)
    for i, a in enumerate(bodies):
        grid.rects("overlap", (_shared(a.rect, b.rect) for b in bodies[i + 1 :] if a.node != b.node))
    _passages(grid, bodies, edges)
    for x, y in _crossings(edges):
        grid.rects("crossings", (Rect(x, y, 0, 0).grown(grid.cell / 2),))
    grid.rects("words struck", _struck(scene, bodies, texts, edges))
    for s in faults.pale(scene):
        if isinstance(s, Line):
            grid.line("pale", s.points)
        else:
            grid.rects("pale", (faults.text_rect(s) if isinstance(s, Text) else faults.body_of(s).rect,))
    page = min(1.0, 880 / scene.width)
    for s, r in texts:
        grid.rects("small", (r,), min(1.0, max(0.0, (12 - s.size * page) / 7)))  # as the term "type" has it
    canvas = Rect(0, 0, scene.width, scene.height)
    for r in [b.rect for b in bodies] + [r for _, r in texts]:
        inside = _shared(r, canvas)
        if inside.w * inside.h < 0.99 * r.w * r.h:
            grid.rects("cut off", (inside.grown(grid.cell / 2),))
    return grid.values


class _Grid:
    """Cells over a scene, and what is painted into them."""

    def __init__(self, scene: Scene, cells: int) -> None:
        self.cell = max(scene.width, scene.height) / cells  # logical pixels
        self.left = (scene.width - cells * self.cell) / 2
        self.top = (scene.height - cells * self.cell) / 2
        self.edges = np.arange(cells + 1) * self.cell
        self.values = np.zeros((len(MAPS), cells, cells), np.float32)

    def rects(self, name: str, rects: Iterable[Rect], value: float = 1.0) -> None:
        painted = self.values[MAPS.index(name)]
        for r in rects:
            if r.w > 0 and r.h > 0 and value > 0:
                across = self._covered(r.x - self.left, r.right - self.left)
                down = self._covered(r.y - self.top, r.bottom - self.top)
                np.maximum(painted, value * down[:, None] * across, out=painted)

    def line(self, name: str, points: Iterable[Point]) -> None:
        painted, points = self.values[MAPS.index(name)], list(points)
        for p, q in zip(points, points[1:], strict=False):
            steps = np.linspace(0, 1, 2 + int(3 * math.dist(p, q) / self.cell))
            columns = ((p[0] + (q[0] - p[0]) * steps - self.left) / self.cell).astype(int)
            rows = ((p[1] + (q[1] - p[1]) * steps - self.top) / self.cell).astype(int)
            inside = (columns >= 0) & (columns < len(painted)) & (rows >= 0) & (rows < len(painted))
            painted[rows[inside], columns[inside]] = 1.0

    def _covered(self, low: float, high: float) -> np.ndarray:
        shared = np.minimum(self.edges[1:], high) - np.maximum(self.edges[:-1], low)
        return shared.clip(0, self.cell) / self.cell


def _shared(a: Rect, b: Rect) -> Rect:
    """What two rectangles have in common; of no width or height where that is nothing."""
    x, y = max(a.x, b.x), max(a.y, b.y)
    return Rect(x, y, max(0.0, min(a.right, b.right) - x), max(0.0, min(a.bottom, b.bottom) - y))


def _passages(grid: _Grid, bodies: list[Body], edges: list[Line]) -> None:
    for body in bodies:
        for line in edges:
            if line.role != "edge" or body.node in line.ends:
                continue
            if any(touches(body.rect, p, q) for p, q in zip(line.points, line.points[1:], strict=False)):
                grid.rects("passages", (body.rect,))


def _crossings(edges: list[Line]) -> Iterable[Point]:
    pieces = [(s, p, q) for s in edges if s.role == "edge" for p, q in zip(s.points, s.points[1:], strict=False)]
    for i, (line, a, b) in enumerate(pieces):
        for other, c, d in pieces[i + 1 :]:
            if line is other or set(line.ends) & set(other.ends) - {-1} or line.bus == other.bus >= 0:
                continue
            turn = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
            if abs(turn) < 1e-9:
                continue
            t = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / turn
            u = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / turn
            if 0 < t < 1 and 0 < u < 1:
                yield (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))


def _struck(scene: Scene, bodies: list[Body], texts: list[tuple[Text, Rect]], edges: list[Line]) -> Iterable[Rect]:
    """Words that meet others or lines, that their node does not hold, or that are cut."""
    at = {b.node: b for b in bodies if b.role not in TERSE}
    cut = {owner for owner, _ in scene.full_labels}
    for i, (s, a) in enumerate(texts):
        for t, b in texts[i + 1 :]:
            if s.owner != t.owner and _shared(a.grown(1), b.grown(1)).w * _shared(a.grown(1), b.grown(1)).h > 0:
                yield a
                yield b
        body = at.get(s.owner[1]) if s.owner[0] == "node" else None
        wide = body is not None and (a.x < body.rect.x or a.right > body.rect.right)
        near = a.grown(2)
        if (
            wide
            or s.owner in cut
            or any(
                touches(near, p, q)
                for line in edges
                if s.owner != line.owner and not (s.owner[0] == "node" and s.owner[1] in line.ends)
                for p, q in zip(line.points, line.points[1:], strict=False)
            )
        ):
            yield a
