"""Scenes made worse on purpose, and bare node lists: they show a net what bad drawings look like."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from diagen.diagram import Diagram, Node
from diagen.render import nodelist
from diagen.render.scene import Box, Line, Scene, Shape, Text, bounds, shifted
from diagen.render.theme import mix


def damaged(scene: Scene, r: random.Random) -> Scene:
    """The scene after one to three kinds of damage, each of random strength."""
    for damage in r.sample(DAMAGES, r.choice((1, 1, 2, 3))):
        scene = damage(scene, r)
    return scene


def overlap(scene: Scene, r: random.Random) -> Scene:
    """Some nodes moved away from their places, while lines stay."""
    nodes = sorted({s.owner[1] for s in scene.shapes if s.owner[0] == "node"})
    if not nodes:
        return scene
    far = r.uniform(20, 160)
    chosen = r.sample(nodes, max(1, round(len(nodes) * r.uniform(0.1, 0.6))))
    moved = {i: (r.uniform(-far, far), r.uniform(-far, far)) for i in chosen}
    return _moved(scene, moved)


def squeeze(scene: Scene, r: random.Random) -> Scene:
    """The middles of everything pulled together, at the size that everything has."""
    share = r.uniform(0.4, 0.9)

    def pulled(s: Shape) -> Shape:
        if isinstance(s, Line):
            return replace(s, points=tuple((x * share, y * share) for x, y in s.points))
        left, top, right, low = bounds(s)
        return shifted(s, (left + right) / 2 * (share - 1), (top + low) / 2 * (share - 1))

    width, height = scene.width * share, scene.height * share
    return replace(scene, shapes=tuple(map(pulled, scene.shapes)), width=width, height=height)


def small_type(scene: Scene, r: random.Random) -> Scene:
    """Letters of a third to two thirds of their size."""
    return _resized(scene, r.uniform(0.33, 0.67))


def large_type(scene: Scene, r: random.Random) -> Scene:
    """Letters larger than their boxes."""
    return _resized(scene, r.uniform(1.4, 2.2))


def pale(scene: Scene, r: random.Random) -> Scene:
    """Words and lines near the colour of the ground."""
    share = r.uniform(0.08, 0.4)

    def faded(s: Shape) -> Shape:
        return replace(s, colour=mix(s.colour, scene.ground, share)) if isinstance(s, Text | Line) else s

    return replace(scene, shapes=tuple(map(faded, scene.shapes)))


def tangle(scene: Scene, r: random.Random) -> Scene:
    """Some nodes change places, and straight lines run between their middles."""
    boxes = {s.owner[1]: s for s in scene.shapes if isinstance(s, Box) and s.owner[0] == "node"}
    if len(boxes) < 3:
        return overlap(scene, r)
    order = r.sample(sorted(boxes), max(2, round(len(boxes) * r.uniform(0.3, 1))))
    other = dict(zip(order, order[1:] + order[:1], strict=True))
    centre = {i: (b.x + b.w / 2, b.y + b.h / 2) for i, b in boxes.items()}
    moves = {i: (centre[j][0] - centre[i][0], centre[j][1] - centre[i][1]) for i, j in other.items()}

    def straight(s: Shape) -> Shape:
        if isinstance(s, Line) and set(s.ends) <= set(centre) and set(s.ends) & set(other):
            return replace(s, points=tuple(centre[other.get(i, i)] for i in s.ends))
        return s

    # Lines last: what ran unseen behind a box would be a fault that no picture shows.
    shapes = sorted(map(straight, _moved(scene, moves).shapes), key=lambda s: isinstance(s, Line))
    return replace(scene, shapes=tuple(shapes))


def off_canvas(scene: Scene, r: random.Random) -> Scene:
    """A part of the figure beyond the border."""
    return replace(scene, width=scene.width * r.uniform(0.55, 0.95), height=scene.height * r.uniform(0.7, 1.0))


def cut(scene: Scene, r: random.Random) -> Scene:
    """Labels of which only the first letters are left."""
    share = r.uniform(0.2, 0.9)
    lost = []

    def short(s: Shape) -> Shape:
        if isinstance(s, Text) and len(s.text) > 4 and r.random() < share:
            lost.append((s.owner, s.text))
            return replace(s, text=s.text[: r.randint(1, 3)] + "…")
        return s

    shapes = tuple(map(short, scene.shapes))
    return replace(scene, shapes=shapes, full_labels=(*scene.full_labels, *lost))


def clutter(scene: Scene, r: random.Random) -> Scene:
    """Lines across the figure that join nothing."""

    def somewhere() -> tuple[float, float]:
        return (r.uniform(0, scene.width), r.uniform(0, scene.height))

    lines = tuple(
        Line((somewhere(), somewhere()), "#475569", 1.5, head=r.random() < 0.5, owner=("edge", 900 + i))
        for i in range(r.randint(2, 10))
    )
    return replace(scene, shapes=(*scene.shapes, *lines))


def emptiness(scene: Scene, r: random.Random) -> Scene:
    """A figure lost in a large page."""
    return replace(scene, width=scene.width * r.uniform(1.3, 3), height=scene.height * r.uniform(1.1, 2))


DAMAGES: tuple[Callable[[Scene, random.Random], Scene], ...] = (
    overlap,
    squeeze,
    small_type,
    large_type,
    pale,
    tangle,
    off_canvas,
    cut,
    clutter,
    emptiness,
)


def _moved(scene: Scene, moves: dict[int, tuple[float, float]]) -> Scene:
    def moved(s: Shape) -> Shape:
        return shifted(s, *moves[s.owner[1]]) if s.owner[0] == "node" and s.owner[1] in moves else s

    return replace(scene, shapes=tuple(map(moved, scene.shapes)))


def _resized(scene: Scene, share: float) -> Scene:
    shapes = tuple(replace(s, size=s.size * share) if isinstance(s, Text) else s for s in scene.shapes)
    return replace(scene, shapes=shapes)


COLOURS = ("#ffffff", "#c8c8c8", "#a0dca0", "#a0a0ff", "#ffc8c8", "#ffe696", "#808080", "#dcc8ff")


def bare(diagram: Diagram, r: random.Random) -> Scene:
    """The diagram as a node list: shapes without words at places that a model without eyes might have written."""
    mess = r.random() ** 1.3
    count = min(len(diagram.nodes), r.randint(3, 16))
    width, height = r.uniform(50, 160), r.uniform(40, 120)
    in_rows = r.random() < 0.6
    across = max(1, round(count ** r.uniform(0.35, 0.9)))
    step = (r.uniform(0.7, 1.1) * 1000 / (across + 1), r.uniform(0.5, 1.1) * 600 / (-(-count // across) + 1))
    step = tuple(max(s, (w + 20) * (1 - mess)) for s, w in zip(step, (width, height), strict=True))
    alike, kinds, colours = r.random() < 0.6, r.sample(("box", "process", "circle"), 3), r.sample(COLOURS, 3)
    nodes: list[Node] = []
    for i in range(count):
        column, row = (i % across, i // across) if in_rows else (i // across, i % across)
        x, y = step[0] * (column + 1), step[1] * (row + 1)
        if r.random() < 0.8 * mess:
            x, y = x + r.gauss(0, 130 * mess), y + r.gauss(0, 90 * mess)
        if r.random() < 0.15 * mess:
            x, y = r.uniform(-100, 1200), r.uniform(-80, 720)
        w, h = (width, height) if alike else (width * r.uniform(0.5, 1.6), height * r.uniform(0.5, 1.6))
        kind = kinds[0] if r.random() < 0.8 else kinds[1]
        if r.random() < 0.1 * mess and nodes:
            x, y = nodes[-1].at or (0, 0)
        fill, line = r.choice(colours), r.choice(("#000000", "#000000", "#404040", "#ff0000"))
        place, extent = (round(x), round(y)), (max(4, round(w)), max(4, round(h)))
        nodes.append(Node(f"n{i}", kind, at=place, extent=extent, fill=fill, line=line))
    kept = [e for e in diagram.edges if max(e.source, e.target) < count]
    lone = 0.35 * mess if r.random() < 0.5 else 0.0
    edges = tuple(replace(e, label="") for e in kept if r.random() >= lone)
    return nodelist.draw(Diagram(nodes=tuple(nodes), edges=edges))
