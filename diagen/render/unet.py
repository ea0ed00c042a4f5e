"""U shapes: a chain whose early nodes are each joined to a late one, the first to the last and so on inwards.

The chain steps down to its middle and up again, so that every copy runs level. Where all of its nodes are layers of
images, they are slabs, as high as the image and as wide as its channels are many; else they are boxes.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from diagen.diagram import Diagram
from diagen.render import labels
from diagen.render.graph import Figure, compose, edge_lines, look_all
from diagen.render.kinds import LABEL, SUB, WIDEST, Rect, Words, family, port, same_stage, stage_name, step_name, words
from diagen.render.place import SPACINGS, Wire
from diagen.render.scene import Box, Owner, Point, Shape, Text
from diagen.render.text import measure
from diagen.render.theme import Theme

RIGHT, LEFT, UP, DOWN = (1, 0), (-1, 0), (0, -1), (0, 1)
TURN = 32.0  # from the middle of a box, where a line leaves it downward, to the next box
NEXT = (24.0, 18.0)  # between slabs of one level, where the page has room and where it has not
DROP = 44.0  # between levels


def draw(diagram: Diagram, theme: Theme) -> Figure | None:
    """The figure, or None where the diagram is not such a chain."""
    chain = _chain(diagram)
    if not chain:
        return None
    edges = list(diagram.edges)
    at = {node: i for i, node in enumerate(chain)}
    copies = sorted((at[e.source], at[e.target], k) for k, e in enumerate(edges) if at[e.target] != at[e.source] + 1)
    ends = [b for _, b, _ in copies]
    nested = bool(copies) and ends == sorted(ends, reverse=True) and copies[-1][0] < ends[-1]
    if not nested or len({a for a, *_ in copies}) < len(copies) or len(set(ends)) < len(ends):
        return None
    slabs = _slabs(diagram, theme, chain, copies)
    if slabs or len(copies) < 2:  # one shortcut over boxes is a residual block
        return slabs
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


# -- slabs -------------------------------------------------------------------------------------------------------


@dataclass
class _Run:
    """The layers of one level on one side of the U, in stages of like ones; the step that led there comes before."""

    level: int
    stages: list[list[int]]
    steps: list[int]  # the pool, or the upsampling and what joins the copy to it; not drawn but in words


def _slabs(diagram: Diagram, theme: Theme, chain: list[int], copies: list[tuple[int, int, int]]) -> Figure | None:
    """The U of slabs, or None where a level holds more than one stage or a copy does not run level."""
    runs = _runs(diagram, chain)
    if not runs:
        return None
    told = tuple(
        # A short name without its number, since the words of two steps stand side by side.
        replace(said, label="Up-conv") if re.fullmatch(r"deconv \d+", node.label) else said
        for said, node in zip(words(diagram), diagram.nodes, strict=True)
    )
    depth = len(runs) // 2
    edges = list(diagram.edges)
    leaves = {run.stages[-1][-1]: n for n, run in enumerate(runs[:depth])}
    enters = {i: n for n, run in enumerate(runs) if n > depth for i in [*run.steps, run.stages[0][0]]}
    if any(leaves.get(chain[a], -1) + enters.get(chain[b], -1) != 2 * depth for a, b, _ in copies):
        return None
    captions = {stage[0]: _caption(stage, told) for run in runs for stage in run.stages}
    for next_ in NEXT:
        rects, turns = _places(diagram, runs, captions, told, next_)
        ends = [(rects[i].cx, caption.width / 2) for i, caption in captions.items()]
        if max(x + half for x, half in ends) - min(x - half for x, half in ends) <= WIDEST:
            break
    else:
        return None

    square = diagram.style.shapes == "square"
    shapes: list[Shape] = []
    routes: dict[int, list[Point]] = {}
    wires: list[Wire] = []

    def join(index: int, source: int, target: int, points: list[Point]) -> None:
        routes[index] = points
        wires.append(Wire(index, replace(edges[index], source=source, target=target), source, target))

    copied = {k for _, _, k in copies}
    into = {e.target: k for k, e in enumerate(edges) if k not in copied}
    before: int | None = None
    for n, run in enumerate(runs):
        for node in (i for stage in run.stages for i in stage):
            if before is not None:
                a, b = rects[before], rects[node]
                points = [(a.right, a.cy), (b.x, b.cy)]
                if node == run.stages[0][0]:
                    points = [(a.cx, a.bottom), (a.cx, b.cy), (b.x, b.cy)]
                    if n > depth:
                        points = [(a.right, a.cy), (b.cx, a.cy), (b.cx, b.bottom)]
                join(into[node], before, node, points)
            before = node
    for a, b, k in copies:
        target = runs[enters[chain[b]]].stages[0][0]
        start, end = rects[chain[a]], rects[target]
        join(k, chain[a], target, [(start.right, start.cy), (end.x, end.cy)])
    lines = edge_lines(wires, routes, theme)
    if square:
        lines = [replace(line, radius=0.0) for line in lines]
    shapes += lines
    for node, r in rects.items():
        colours = family(diagram.nodes[node], theme)
        radius = 0 if square else 2
        shapes.append(Box(r.x, r.y, r.w, r.h, radius, colours.fill, colours.stroke, 1.25, owner=("node", node),
                          role="bar"))  # fmt: skip
    for n, run in enumerate(runs):
        for k, stage in enumerate(run.stages):
            middle = (rects[stage[0]].x + rects[stage[-1]].right) / 2
            low = rects[stage[0]].bottom
            beside = k == (len(run.stages) - 1 if n < depth else 0)  # the stage that a step leaves or enters
            if not beside or n == depth:
                shapes += _told(captions[stage[0]], middle, low + 22, "middle", stage[0], theme)
            elif run.level == 0:
                shapes += _told(captions[stage[0]], middle, rects[stage[0]].y - 34, "middle", stage[0], theme)
            elif n < depth:
                shapes += _told(captions[stage[0]], rects[stage[-1]].cx - 10, low + 18, "end", stage[0], theme)
            else:
                shapes += _told(captions[stage[0]], rects[stage[0]].cx + 10, low + 18, "start", stage[0], theme)
        if run.steps:
            x, y = turns[n]
            x, anchor = (x + 10, "start") if n <= depth else (x - 10, "end")
            owner: Owner = ("node", run.steps[0])
            shapes.append(Text(x, y, _step(run, told), *SUB, theme.muted, anchor, owner=owner, role="operator"))
    labelled = {k: edges[k].label for k in routes if edges[k].label}
    order = list(rects)
    placed, cut = labels.place(lines, labelled, [rects[i] for i in order], ["box"] * len(order), [], theme, {})
    return Figure(shapes + placed, cut)


def _runs(diagram: Diagram, chain: list[int]) -> list[_Run]:
    """The chain cut at what changes the size of the image; none where it is no U of such steps."""
    runs = [_Run(0, [], [])]
    for node in chain:
        kind = diagram.nodes[node].kind
        if kind == "pool":
            runs.append(_Run(runs[-1].level + 1, [], [node]))
        elif kind in ("upsample", "deconv"):
            runs.append(_Run(runs[-1].level - 1, [], [node]))
        elif kind in ("concat", "add") and not runs[-1].stages and runs[-1].steps:
            runs[-1].steps.append(node)
        elif kind not in ("input", "conv", "output"):
            return []
        elif runs[-1].stages and same_stage(diagram.nodes[runs[-1].stages[-1][-1]], diagram.nodes[node]):
            runs[-1].stages[-1].append(node)
        else:
            runs[-1].stages.append([node])
    depth = len(runs) // 2
    levels = [run.level for run in runs]
    wanted = [*range(depth), *range(depth, -1, -1)]
    plain = all(len(run.stages) == 1 or run.level == 0 and run.stages for run in runs)
    return runs if depth and levels == wanted and plain else []


def _caption(stage: list[int], told: tuple[Words, ...]) -> Words:
    return Words(stage_name([told[i].label for i in stage]), told[stage[0]].sub)


def _step(run: _Run, told: tuple[Words, ...]) -> str:
    return step_name(told[run.steps[0]])


def _told(caption: Words, x: float, y: float, anchor: str, node: int, theme: Theme) -> list[Shape]:
    """The name with its upper edge some 10 px above y, and what is known of it below."""
    owner: Owner = ("node", node)
    shapes: list[Shape] = [Text(x, y + 5, caption.label, *LABEL, theme.text, anchor, owner=owner, role="caption")]
    if caption.sub:
        shapes.append(Text(x, y + 23, caption.sub, *SUB, theme.muted, anchor, owner=owner, role="sublabel"))
    return shapes


def _places(
    diagram: Diagram, runs: list[_Run], captions: dict[int, Words], told: tuple[Words, ...], next_: float
) -> tuple[dict[int, Rect], dict[int, Point]]:
    """Where the slabs stand, and where the words of the step into each run begin."""
    depth = len(runs) // 2
    high = [2 * round((120 - min(32.0, 80 / depth) * level) / 2) for level in range(depth + 1)]
    middles = [0.0]
    for upper, lower in zip(high, high[1:], strict=False):
        middles.append(middles[-1] + upper / 2 + DROP + lower / 2)
    units = [n.units for n in diagram.nodes if n.kind == "conv" and n.units]
    least = min(units, default=1)
    wide: dict[int, float] = {}
    channels = 0
    for run in runs:
        for i in (i for stage in run.stages for i in stage):
            node = diagram.nodes[i]
            channels = node.units or (node.size[2] if len(node.size) > 2 else 0) or (0 if node.size else channels)
            wide[i] = 16 + 8 * min(6, max(0, round(math.log2(channels / least)))) if channels else 16
    rects: dict[int, Rect] = {}
    turns: dict[int, Point] = {}
    at = 0.0
    for n, run in enumerate(runs):
        h, middle = high[run.level], middles[run.level]
        if n:  # from the last slab of the run before, around one corner
            last = rects[runs[n - 1].stages[-1][-1]]
            first = run.stages[0][0]
            turn = TURN
            if n in (depth, depth + 1):  # the words of both steps stand side by side above the lowest slabs
                inner = runs[depth].stages[0]
                across = sum(wide[i] for i in inner) + next_ * (len(inner) - 1)
                apart = sum(measure(_step(runs[k], told), *SUB) for k in (depth, depth + 1)) + 44
                turn = max(TURN, 2 * math.ceil((apart - across) / 4))
            if n <= depth:
                at = last.cx + turn
                turns[n] = (last.cx, last.bottom + 26)
            else:
                at = last.right + turn - wide[first] / 2
                turns[n] = (last.right + turn, middle + h / 2 + 26)
        for k, stage in enumerate(run.stages):
            if k:
                above = len(run.stages) - 1 if n < depth else 0  # whose caption is not below
                below = [run.stages[j] for j in (k - 1, k) if j != above]
                at += max(48.0, 20 + sum(_overhang(s, captions, wide, next_) for s in below)) - next_
            for i in stage:
                rects[i] = Rect(at, middle - h / 2, wide[i], h)
                at += wide[i] + next_
    return rects, turns


def _overhang(stage: list[int], captions: dict[int, Words], wide: dict[int, float], next_: float) -> float:
    """How far the caption of a stage reaches over either end of its slabs."""
    return max(0.0, (captions[stage[0]].width - sum(wide[i] for i in stage) - next_ * (len(stage) - 1)) / 2)


# -- boxes -------------------------------------------------------------------------------------------------------


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
