"""The predecessor's way of drawing its node lists: bare shapes on 1000 x 600 pixels, lines from centre to border.

Only for scoring: people rated such drawings, and nets learn from them what bad ones look like.
"""

from __future__ import annotations

from diagen.diagram import Diagram
from diagen.render.scene import Box, Ellipse, Line, Point, Scene, Shape

WIDTH, HEIGHT = 1000, 600
BORDER = 3.0


def draw(diagram: Diagram) -> Scene:
    """The scene of a node list; what its author put off the canvas stays there."""
    shapes: list[Shape] = []
    boxes = []
    for node in diagram.nodes:
        (x, y), (w, h) = node.at or (0, 0), node.extent or (1, 1)
        boxes.append((x, y, w, h))
    for k, edge in enumerate(diagram.edges):
        a, b = boxes[edge.source], boxes[edge.target]
        start, end = (a[0], a[1]), _border(b, (a[0], a[1]))
        if start == end:
            continue
        colour = diagram.nodes[edge.source].line or "#000000"
        dash, head = edge.style.startswith("dashed"), "arrow" in edge.style
        shapes.append(
            Line((start, end), colour, 2.0, dash, head, 0.0, owner=("edge", k), ends=(edge.source, edge.target))
        )
    for i, (node, (x, y, w, h)) in enumerate(zip(diagram.nodes, boxes, strict=True)):
        fill, owner = node.fill or "#FFFFFF", ("node", i)
        if node.kind == "circle":
            shapes.append(Ellipse(x, y, w / 2, h / 2, fill, "#000000", BORDER, owner, "circle"))
        else:
            radius = 0.0 if node.kind == "box" else min(w, h) * 0.2
            shapes.append(Box(x - w / 2, y - h / 2, w, h, radius, fill, "#000000", BORDER, owner=owner, role="box"))
    return Scene(WIDTH, HEIGHT, "#FFFFFF", tuple(shapes), orthogonal=False)


def _border(box: tuple[float, float, float, float], origin: Point) -> Point:
    """Where the line from a point to the centre of a box meets its border."""
    x, y, w, h = box
    dx, dy = origin[0] - x, origin[1] - y
    share = min(w / 2 / abs(dx) if dx else 1e9, h / 2 / abs(dy) if dy else 1e9, 1.0)
    return (x + dx * share, y + dy * share)
