"""U shapes: a chain whose early nodes are each joined to a late one, the first to the last and so on inwards.

The chain steps down to its middle and up again, so that every copy runs level.
"""

from __future__ import annotations

from diagen.diagram import Diagram
from diagen.render.graph import Figure, compose, edge_lines, look_all
from diagen.render.kinds import Rect, port
from diagen.render.place import SPACINGS, Wire
from diagen.render.scene import Point
from diagen.render.theme import Theme

RIGHT, LEFT, UP, DOWN = (1, 0), (-1, 0), (0, -1), (0, 1)
TURN = 32.0  # from the middle of a box, where a line leaves it downward, to the next box
WIDEST = 1106  # of a page, without the margin


def draw(diagram: Diagram, theme: Theme) -> Figure | None:
    """The figure, or None where the diagram is not such a chain."""
    chain = _chain(diagram)
    if not chain:
        return None
    edges = list(diagram.edges)
    at = {node: i for i, node in enumerate(chain)}
    copies = sorted((at[e.source], at[e.target], k) for k, e in enumerate(edges) if at[e.target] != at[e.source] + 1)
    ends = [b for _, b, _ in copies]
    nested = len(copies) > 1 and ends == sorted(ends, reverse=True) and copies[-1][0] < ends[-1]
    if not nested or len({a for a, *_ in copies}) < len(copies) or len(set(ends)) < len(ends):
        return None
    spots = _spots(len(chain), [(a, b) for a, b, _ in copies])
    if not spots:
        return None
    spacing = SPACINGS[diagram.style.spacing or "normal"]
    looks = look_all(diagram, theme, upright=False)
    heights = [0.0] * (max(level for _, level in spots) + 1)
    for node, (_, level) in zip(chain, spots, strict=True):
        heights[level] = max(heights[level], looks[node].h)
    middles = [sum(heights[:n]) + heights[n] / 2 + n * spacing.rank * 0.75 for n in range(len(heights))]
    rects: dict[int, Rect] = {}
    for i, (node, (column, level)) in enumerate(zip(chain, spots, strict=True)):
        w, h = looks[node].w, looks[node].h
        centre = w / 2
        if i:
            before, (last_column, last_level) = rects[chain[i - 1]], spots[i - 1]
            if column == last_column:
                centre = before.cx
            elif level == last_level:
                centre = before.right + spacing.rank + w / 2
            else:  # the next box may stand below or above the outer half of the last one
                centre = before.cx + TURN + w / 2 if level > last_level else before.right + TURN
        rects[node] = Rect(2 * round((centre - w / 2) / 2), 2 * round((middles[level] - h / 2) / 2), w, h)
    if max(r.right for r in rects.values()) > WIDEST:
        return None
    wires, routes = [], {}
    for k, e in enumerate(edges):
        i, j = at[e.source], at[e.target]
        (column, level), (far_column, far_level) = spots[i], spots[j]
        leave, enter = RIGHT, LEFT
        if column == far_column:
            leave, enter = (DOWN, UP) if far_level > level else (UP, DOWN)
        elif j == i + 1 and far_level > level:
            leave = DOWN
        elif j == i + 1 and far_level < level:
            enter = DOWN
        a, b = (
            port(looks[node], diagram.nodes[node].kind, rects[node], RIGHT, side, 0.0)
            for node, side in ((e.source, leave), (e.target, enter))
        )
        corner: list[Point] = []
        if (leave, enter) == (DOWN, LEFT):
            corner = [(a[0], b[1])]
        elif (leave, enter) == (RIGHT, DOWN):
            corner = [(b[0], a[1])]
        routes[k] = [a, *corner, b]
        wires.append(Wire(k, e, e.source, e.target))
    lines = edge_lines(wires, routes, theme)
    return compose(diagram, theme, [rects[i] for i in range(len(chain))], looks, [], lines, RIGHT)


def _spots(count: int, copies: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(column, level) of each node of the chain: what follows the start of a copy stands below it, up to the next one.

    Empty where the innermost copy has nothing inside.
    """
    spots = [(0, 0)] * count
    first, last = copies[0]
    for i in range(first + 1):
        spots[i] = (i, 0)
    column, level = first, 0
    ends: dict[int, int] = {last: 0}  # level of the end of each copy
    for (a, b), (next_a, next_b) in zip(copies, copies[1:], strict=False):
        for i in range(a + 1, next_a):
            spots[i] = (column, level + i - a)
        column, level = column + 1, level + max(next_a - a, b - next_b)
        spots[next_a], ends[next_b] = (column, level), level
    a, b = copies[-1]
    inner = b - a - 1
    if inner < 1:
        return []
    beside = (inner - 1) // 2
    for i in range(a + 1, a + 1 + beside):
        spots[i] = (column, level + i - a)
    for i in range(a + 1 + beside, b - beside):
        column += 1
        spots[i] = (column, level + beside + 1)
    start = b - beside  # of what stands below the end of a copy, the lowest first
    for _, b in reversed(copies):
        column += 1
        for i in range(start, b + 1):
            spots[i] = (column, ends[b] + b - i)
        start = b + 1
    for i in range(last + 1, count):
        spots[i] = (column + i - last, 0)
    return spots


def _chain(diagram: Diagram) -> list[int]:
    """All nodes in the order of the one chain that runs through them; none where there is no such chain."""
    count = len(diagram.nodes)
    framed = any(g.start < g.stop for g in diagram.groups)
    if diagram.style.direction not in ("", "right") or framed or not 5 <= count <= 40:
        return []
    into = [0] * count
    for e in diagram.edges:
        into[e.target] += 1
    pairs = {(e.source, e.target) for e in diagram.edges}
    if len(pairs) < len(diagram.edges) or diagram.style.routing == "straight":
        return []
    chain: list[int] = []
    ready = [i for i in range(count) if not into[i]]
    while len(ready) == 1:  # two nodes without a predecessor left: no single chain
        node = ready.pop()
        chain.append(node)
        for source, target in pairs:
            if source == node:
                into[target] -= 1
                if not into[target]:
                    ready.append(target)
    joined = all(pair in pairs for pair in zip(chain, chain[1:], strict=False))
    plain = all(not e.label for e in diagram.edges if (e.source, e.target) in set(zip(chain, chain[1:], strict=False)))
    return chain if len(chain) == count and joined and plain else []
