"""Processes and other graphs: ranks along the flow, straight main rows, orthogonal edges in lanes of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from diagen.diagram import Diagram
from diagen.render import labels
from diagen.render.fold import Fold, fold
from diagen.render.frames import Frame, clear_title, draw_frames, frame_width, title_width
from diagen.render.kinds import Look, Rect, look, port, words
from diagen.render.kinds import draw as draw_node
from diagen.render.place import IN, SPACINGS, Plan, Wire, plan, solve
from diagen.render.ranks import arrange, home_of
from diagen.render.route import Course, assign_ports, assign_trunks, course, one_label, straighten
from diagen.render.scene import Line, Owner, Point, Shape
from diagen.render.text import measure
from diagen.render.theme import Theme

FLOWS: dict[str, Point] = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
TITLE_PAD, PAD = 44, 20


@dataclass(frozen=True)
class Figure:
    """What a family of figures hands over: shapes without margin, and the whole words of labels that were cut."""

    shapes: list[Shape]
    full: list[tuple[Owner, str]]


def draw(diagram: Diagram, theme: Theme, direction: str, rows: int = 1, spacing_word: str = "") -> Figure:
    """Lay a graph out in one direction, folded into at most `rows` rows where that can be done."""
    edges = list(diagram.flow())
    # A shortcut alone needs no frame; the edge that it stands for is in the flow already.
    groups = tuple(g for g in diagram.groups if (g.title or g.repeat > 1) and g.start < g.stop)
    upright = direction in ("down", "up")
    spacing = SPACINGS[spacing_word or diagram.style.spacing or "normal"]
    looks = look_all(diagram, theme, upright)
    shapes = [seen.shape for seen in looks]

    def flow_size(seen: Look) -> tuple[float, float]:
        return (seen.h, seen.w) if upright else (seen.w, seen.h)

    sizes = [flow_size(seen) for seen in looks]
    straight_on = {i for i, s in enumerate(shapes) if s in ("diamond", "op")}
    operators = {i for i, s in enumerate(shapes) if s == "op"}
    cells = {i for i, node in enumerate(diagram.nodes) if node.kind in ("rnn", "lstm", "gru")}
    side_by_side = _side_by_side(diagram, edges, groups)
    order, skips = arrange(
        sizes, edges, groups, straight_on, spacing.sibling, side_by_side, operators, cells, rings=not upright
    )
    straight = diagram.style.routing == "straight"
    skip_side = (0, 1) if upright else (0, -1)
    made = plan(order, skips, edges, groups, [c / 2 for _, c in sizes], shapes, spacing, skip_side, not straight)
    assign_trunks(made, merge=not straight)

    def label_across(w: Wire) -> float:
        lines = labels.lines_of(w.edge.label)
        if not upright:
            return labels.LEADING * len(lines)
        widest = max(measure(t, *labels.FONT) for t in lines)
        return widest + 8 if widest < 72 else 0.0  # a wide one stands beside its line

    rooms = assign_ports(made, shapes, label_across)
    for (node, side), room in rooms.items():
        seen = looks[node]
        if shapes[node] in ("op", "diamond", "user", "circle") or not room:
            continue
        # Widen a node whose side has not room enough for its ports.
        if (side[0] != 0) == upright:
            looks[node] = replace(seen, w=max(seen.w, 2 * room))
        else:
            looks[node] = replace(seen, h=max(seen.h, 2 * room))
    sizes = [flow_size(seen) for seen in looks]
    for i, (_, across) in enumerate(sizes):
        made.items[i].half = across / 2
    _label_room(made, upright)
    pads_across = (PAD, PAD) if upright else (TITLE_PAD, PAD)
    pads_along = {"down": (TITLE_PAD, PAD), "up": (PAD, TITLE_PAD)}.get(direction, (PAD, PAD))
    widths = {k: frame_width(g) for k, g in enumerate(groups)}
    flat_room = {}
    for w in made.wires:
        if w.shape == "flat" and w.edge.label:
            lines = labels.lines_of(w.edge.label)
            flat_room[w.index] = (max(measure(t, *labels.FONT) for t in lines) if upright else 16 * len(lines)) + 48
    titles = {k: title_width(g) + 26 for k, g in enumerate(groups) if g.title and upright}
    solve(made, pads_across, widths if upright else {}, flat_room, titles, int(direction == "up"))
    straighten(made, [c / 2 for _, c in sizes], shapes)

    def label_along(w: Wire) -> float:
        lines = labels.lines_of(w.edge.label)
        return labels.LEADING * len(lines) if upright else max(measure(t, *labels.FONT) for t in lines)

    extents = [a / 2 for a, _ in sizes]
    laid = course(
        made, extents, label_along, pads_along, {} if upright else widths, _tight(made, shapes, upright), straight
    )
    folded = fold(made, laid, rows) if rows > 1 else None
    return _picture(diagram, theme, direction, made, laid, looks, groups, folded)


def look_all(diagram: Diagram, theme: Theme, upright: bool) -> list[Look]:
    """How each node looks, with widths that are alike where they differ little."""
    edges = diagram.flow()
    ins, outs = {e.target for e in edges}, {e.source for e in edges}
    looks = [
        look(node, told, theme, i not in ins or i not in outs, upright)
        for i, (node, told) in enumerate(zip(diagram.nodes, words(diagram), strict=True))
    ]
    looks = [_own_size(seen, node.extent) for seen, node in zip(looks, diagram.nodes, strict=True)]
    fixed = [node.extent is not None for node in diagram.nodes]
    alike = [
        i for i, s in enumerate(looks)
        if s.shape in ("box", "pill", "cylinder", "document", "documents", "trapezoid") and not fixed[i]
        and (upright or s.h >= 40)
    ]  # fmt: skip
    widths = sorted({looks[i].w for i in alike})
    if widths:
        # One width for all where they differ little, else two classes; a column looks best with one.
        limits = [widths[-1]]
        if widths[-1] > (2.0 if upright else 1.6) * widths[0]:
            lower = [w for w in widths if w * 1.3 <= widths[-1]]
            limits = [lower[-1], widths[-1]] if lower else limits
        for i in alike:
            looks[i] = replace(looks[i], w=next(limit for limit in limits if looks[i].w <= limit))
    return looks


def _own_size(seen: Look, extent: tuple[int, int] | None) -> Look:
    return replace(seen, w=max(seen.w, extent[0]), h=max(seen.h, extent[1])) if extent else seen


def _side_by_side(diagram: Diagram, edges: list, groups: tuple) -> set[int]:
    """Edges that join two outer groups and need not be a step forward, for their target has a row of its own."""
    outer = [-1] * len(diagram.nodes)
    for k, g in enumerate(groups):
        for i in range(g.start, g.stop):
            if outer[i] < 0:
                outer[i] = k
    fed = {e.target for e in edges if outer[e.source] == outer[e.target] and e.source < e.target}
    return {
        k for k, e in enumerate(edges)
        if -1 != outer[e.source] != outer[e.target] != -1 and e.target in fed and outer[e.source] < outer[e.target]
    }  # fmt: skip


def _label_room(made: Plan, upright: bool) -> None:
    """Lanes that carry a label need room beside them."""
    for w in made.wires:
        if not w.edge.label or not w.lanes:
            continue
        lines = labels.lines_of(w.edge.label)
        if not upright:
            for k in w.lanes:
                made.items[k].label = max(4.0, labels.LEADING * len(lines) / 2 - 4)
        else:
            widest = max(measure(t, *labels.FONT) for t in lines)
            made.items[w.lanes[len(w.lanes) // 2]].label = max(0.0, widest / 2 - 6)


def _tight(made: Plan, shapes: list[str], upright: bool) -> dict[int, float]:
    """Smaller gaps where nothing but short steps are joined: beside operators, and in upright stacks."""
    ranks = max(made.order.rank) + 1
    tight = {g: (32.0 if upright else 48.0) * made.spacing.rank / 48 for g in range(1, ranks)}
    by_rank: dict[int, list[int]] = {}
    for i, r in enumerate(made.order.rank):
        by_rank.setdefault(r, []).append(i)
    for g in tight:
        for members in (by_rank[g - 1], by_rank[g]):
            if all(shapes[i] == "op" for i in members):
                tight[g] = 24.0
    return tight


def _picture(
    diagram: Diagram,
    theme: Theme,
    direction: str,
    made: Plan,
    laid: Course,
    looks: list[Look],
    groups: tuple,
    folded: Fold | None,
) -> Figure:
    def real(along: float, across: float, rank: int = -1) -> Point:
        if folded and rank >= 0:
            along, across = folded.moved(rank, (along, across))
        return {
            "right": (along, across), "left": (-along, across), "down": (across, along), "up": (across, -along),
        }[direction]  # fmt: skip

    flow = FLOWS[direction]
    rects = []
    for i, seen in enumerate(looks):
        rank = made.order.rank[i]
        x, y = real(laid.along[rank], made.items[i].at, rank)
        rects.append(Rect(x - seen.w / 2, y - seen.h / 2, seen.w, seen.h))
    frames = []
    for k, group in enumerate(groups):
        if k in made.frames and k in laid.frames:
            rank = made.span[k][0]
            (x0, y0), (x1, y1) = (real(laid.frames[k][e], made.frames[k][e], rank) for e in (0, 1))
            level = len(_above(made.parents, k))
            rect = Rect(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
            frames.append(Frame(k, group.title, group.repeat, rect, level))
    routes: dict[int, list[Point]] = {}
    normals: dict[int, Point] = {}
    for w in made.wires:
        normals[w.index] = real(*(w.low_side if w.turned else w.high_side))
        ends = []
        for node, side, offset in ((w.low, w.low_side, w.low_offset), (w.high, w.high_side, w.high_offset)):
            vector = real(*side)
            shift = real(0, offset) if side[0] else real(offset, 0)
            ends.append(port(looks[node], diagram.nodes[node].kind, rects[node], flow, vector, sum(shift)))
        if folded and w.index in folded.joints:
            inner = [real(a, c) for a, c in folded.joint(made, laid, w)]
        else:
            inner = [real(a, c, made.order.rank[w.low]) for a, c in laid.points[w.index]]
        points = [ends[0], *inner, ends[1]]
        routes[w.index] = simplified(points[::-1] if w.turned else points)
    lines = edge_lines(made.wires, routes, theme, normals)
    shared = {}
    for trunk, fellows in one_label(made).items() if diagram.style.routing != "straight" else ():
        shared[min(fellows)] = (0 if trunk[0] == "out" else -1, fellows)
    return compose(diagram, theme, rects, looks, frames, lines, flow, shared)


def _above(parents: list[int], k: int) -> list[int]:
    chain = []
    while parents[k] >= 0:
        k = parents[k]
        chain.append(k)
    return chain


def simplified(points: list[Point]) -> list[Point]:
    """Without repeated points and those in the middle of a straight piece; ports off by a hair are levelled."""
    kept = [points[0]]
    for p in points[1:]:
        if abs(p[0] - kept[-1][0]) > 0.01 or abs(p[1] - kept[-1][1]) > 0.01:
            kept.append(p)
    out = kept[:1]
    for before, p, after in zip(kept, kept[1:], kept[2:], strict=False):
        cross = (p[0] - before[0]) * (after[1] - p[1]) - (p[1] - before[1]) * (after[0] - p[0])
        if abs(cross) > 0.01:
            out.append(p)
    return [*out, kept[-1]] if len(kept) > 1 else kept


def edge_lines(
    wires: list[Wire], routes: dict[int, list[Point]], theme: Theme, normals: dict[int, Point] | None = None
) -> list[Line]:
    """The lines of all edges; a tip stands one pixel off the border that it points at.

    `normals`: for an edge the way out of its target's side, so that slanted lines to one port have one tip.
    """
    lines = []
    for w in sorted(wires, key=lambda w: w.index):
        points = routes[w.index]
        if len(points) < 2:
            continue
        head = "arrow" in w.edge.style
        dash = w.edge.style.startswith("dashed")
        if head:
            short, (x, y) = theme.stroke / 2 + 1, points[-1]
            nx, ny = (normals or {}).get(w.index, (0.0, 0.0))
            tip = (x + nx * short, y + ny * short) if normals else _short_of(points[-2], (x, y), short)
            points = [*points[:-1], tip]
        colour = theme.accent if dash and w.feedback else theme.edge
        ends = (w.edge.source, w.edge.target)
        lines.append(Line(tuple(points), colour, 1.5, dash, head, owner=("edge", w.index), role="edge", ends=ends))
    return lines


def _short_of(a: Point, b: Point, by: float) -> Point:
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    t = max(0.0, 1 - by / length) if length else 0.0
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)


def compose(
    diagram: Diagram,
    theme: Theme,
    rects: list[Rect],
    looks: list[Look],
    frames: list[Frame],
    lines: list[Line],
    flow: Point,
    shared: dict[int, tuple[int, set[int]]] | None = None,
) -> Figure:
    """All shapes in drawing order: frames, edges, nodes, labels of edges (`shared` as in labels.place)."""
    square = diagram.style.shapes == "square"
    frames = [clear_title(frame, lines) for frame in frames]
    shapes: list[Shape] = draw_frames(frames, theme, square)
    if square:
        lines = [replace(line, radius=0.0) for line in lines]
    shapes += lines
    shapes += labels.crossings(lines, frames, theme)
    full: list[tuple[Owner, str]] = []
    for i, (node, seen, rect) in enumerate(zip(diagram.nodes, looks, rects, strict=True)):
        shapes += draw_node(i, node.kind, seen, rect, theme, flow, square)
        if seen.cut:
            full.append((("node", i), seen.cut))
    edges = diagram.flow()
    told = {line.owner[1]: edges[line.owner[1]].label for line in lines if edges[line.owner[1]].label}
    for index, (_, fellows) in (shared or {}).items():
        told = {k: label for k, label in told.items() if k == index or k not in fellows}
    kinds = [seen.shape for seen in looks]
    placed, cut = labels.place(lines, told, rects, kinds, frames, theme, shared or {})
    return Figure(shapes + placed, full + cut)


__all__ = ["IN", "Figure", "compose", "draw", "edge_lines", "home_of", "look_all", "simplified"]
