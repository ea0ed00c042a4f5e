"""Figures whose every node was given a place: nothing is moved, edges find their way around the boxes."""

from __future__ import annotations

import math
from dataclasses import replace

from diagen.diagram import Diagram, Edge
from diagen.render.finder import Finder
from diagen.render.frames import Frame, frame_width
from diagen.render.graph import Figure, compose, edge_lines, simplified
from diagen.render.kinds import Rect, look, words
from diagen.render.place import Wire
from diagen.render.ranks import feedback_edges, parents_of
from diagen.render.scene import Point
from diagen.render.theme import Theme

MOST_SEARCHED = 60  # nodes; in a larger figure lines go straight


def applies(diagram: Diagram) -> bool:
    """Whether every node has a place."""
    return all(node.at for node in diagram.nodes)


def in_a_grid(diagram: Diagram) -> Diagram:
    """The diagram with its nodes placed row by row: for those that are too large for anything better."""
    across = math.ceil(math.sqrt(len(diagram.nodes) * 0.6))
    nodes = tuple(
        replace(node, at=(260 * (i % across), 140 * (i // across)), extent=None) for i, node in enumerate(diagram.nodes)
    )
    return replace(diagram, nodes=nodes, groups=(), edges=diagram.flow())


def draw(diagram: Diagram, theme: Theme) -> Figure:
    """The figure as its author placed it."""
    edges = list(diagram.flow())
    flow = _flow(diagram, edges)
    looks, rects = [], []
    ins, outs = {e.target for e in edges}, {e.source for e in edges}
    for i, (node, told) in enumerate(zip(diagram.nodes, words(diagram), strict=True)):
        seen = look(node, told, theme, i not in ins or i not in outs, bool(flow[1]))
        if node.extent and seen.shape != "op":
            seen = replace(seen, w=max(seen.w if seen.lines else 8, node.extent[0]), h=max(seen.h, node.extent[1]))
        x, y = node.at or (0, 0)
        looks.append(seen)
        rects.append(Rect(x - seen.w / 2, y - seen.h / 2, seen.w, seen.h))
    frames = _frames(diagram, rects)
    feedback = feedback_edges(edges, len(rects))
    wires = [Wire(k, e, e.source, e.target, feedback=k in feedback) for k, e in enumerate(edges)]
    finder = Finder(rects, looks, [n.kind for n in diagram.nodes], flow)
    straight = diagram.style.routing == "straight" or len(rects) > MOST_SEARCHED or len(edges) > 2 * MOST_SEARCHED
    routes = {}
    for k in sorted(range(len(edges)), key=lambda k: (_distance(rects, edges[k]), k)):
        points = finder.straight(edges[k]) if straight else finder.find(edges[k])
        routes[k] = simplified(points)
    figure = compose(diagram, theme, rects, looks, frames, edge_lines(wires, routes, theme), flow)
    return replace(figure, slanted=straight)


def _flow(diagram: Diagram, edges: list[Edge]) -> Point:
    named: dict[str, Point] = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
    if diagram.style.direction:
        return named[diagram.style.direction]
    dx = dy = 0
    for e in edges:
        (x0, y0), (x1, y1) = diagram.nodes[e.source].at or (0, 0), diagram.nodes[e.target].at or (0, 0)
        dx, dy = dx + x1 - x0, dy + y1 - y0
    if abs(dx) >= abs(dy):
        return (1, 0) if dx >= 0 else (-1, 0)
    return (0, 1) if dy >= 0 else (0, -1)


def _distance(rects: list[Rect], e: Edge) -> float:
    a, b = rects[e.source], rects[e.target]
    return abs(a.cx - b.cx) + abs(a.cy - b.cy)


def _frames(diagram: Diagram, rects: list[Rect]) -> list[Frame]:
    parents = parents_of(diagram.groups)
    found: dict[int, Frame] = {}
    for k in range(len(diagram.groups) - 1, -1, -1):
        g = diagram.groups[k]
        if g.start == g.stop or not (g.title or g.repeat > 1):
            continue
        held = [*rects[g.start : g.stop], *(f.rect for j, f in found.items() if parents[j] == k)]
        x, y = min(r.x for r in held) - 20, min(r.y for r in held) - (44 if g.title or g.repeat > 1 else 20)
        right, bottom = max(r.right for r in held) + 20, max(r.bottom for r in held) + 20
        level, above = 0, parents[k]
        while above >= 0:
            level, above = level + 1, parents[above]
        width = max(right - x, frame_width(g))
        found[k] = Frame(k, g.title, g.repeat, Rect(x, y, width, bottom - y), level)
    return [found[k] for k in sorted(found)]
