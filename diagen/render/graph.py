"""Processes and other graphs: ranks along the flow, straight main rows, orthogonal edges in lanes of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from diagen.diagram import ACTIVATIONS, LAYER_KINDS, Diagram
from diagen.render import labels
from diagen.render.fold import Fold, fold
from diagen.render.frames import Frame, clear_title, draw_frames, frame_width, framed, ground_at, is_cut, title_width
from diagen.render.kinds import DOTS, LINE, Look, Rect, look, port, words
from diagen.render.kinds import draw as draw_node
from diagen.render.place import SPACINGS, Plan, Wire, plan, solve
from diagen.render.ranks import Order, arrange, feedback_edges, ring_of
from diagen.render.route import Course, assign_ports, assign_trunks, complete_joins, course, one_label, straighten
from diagen.render.scene import Line, Owner, Point, Shape, extent
from diagen.render.text import measure
from diagen.render.theme import Theme

FLOWS: dict[str, Point] = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
TITLE_PAD, PAD = 44, 20

# From places along and across the flow to x and y.
_TURNED: dict[str, Callable[[float, float], Point]] = {
    "right": lambda along, across: (along, across),
    "left": lambda along, across: (-along, across),
    "down": lambda along, across: (across, along),
    "up": lambda along, across: (across, -along),
}


@dataclass(frozen=True)
class Figure:
    """What a family of figures hands over: shapes without margin, the whole words of labels that were cut, and whether
    its lines are slanted though nobody asked for that."""

    shapes: list[Shape]
    full: list[tuple[Owner, str]]
    slanted: bool = False

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what the shapes cover."""
        return extent(self.shapes)


LAYERS = frozenset(LAYER_KINDS) - {"input", "output"}
CELLS = ("rnn", "lstm", "gru")  # kinds that are chained where a network is unrolled


def _cells(diagram: Diagram) -> set[int]:
    """The nodes that may be cells of an unrolled network, the dots between two of them too."""
    return {i for i, node in enumerate(diagram.nodes) if node.kind in CELLS or node.label in DOTS}


class Arrangement:
    """A graph in ranks along one direction; places and lines are found when they are asked for."""

    def __init__(
        self, diagram: Diagram, theme: Theme, direction: str, spacing_word: str = "", line: float = LINE
    ) -> None:
        self.diagram, self.theme, self.direction = diagram, theme, direction
        # A shortcut alone needs no frame; the edge that it stands for is in the flow already.
        self.groups = tuple(framed(diagram))
        self.upright = direction in ("down", "up")
        self.spacing = SPACINGS[spacing_word or diagram.style.spacing or "normal"]
        self.looks = look_all(diagram, theme, self.upright, line)
        self.shapes = [seen.shape for seen in self.looks]

    @cached_property
    def _arranged(self) -> tuple[Order, set[int]]:
        """Ranks and order of the nodes, and the edges that are skips."""
        edges = list(self.diagram.flow())
        # One exit of a decision goes straight on, unless several say the same: then it stands in their middle.
        exits = Counter((e.source, e.label) for e in edges)
        forks = {source for (source, _), count in exits.items() if count > 1}
        # So does one input of an operator, unless there are more than two.
        joined = Counter(e.target for e in edges)
        straight_on = {
            i for i, s in enumerate(self.shapes)
            if (s == "op" and joined[i] < 3) or (s == "diamond" and i not in forks)
        }  # fmt: skip
        operators = {i for i, s in enumerate(self.shapes) if s == "op"}
        cells = _cells(self.diagram)
        side_by_side = _side_by_side(self.diagram, edges, self.groups)
        return arrange(
            self._sizes(), edges, self.groups, straight_on, self.spacing.sibling, side_by_side, operators, cells,
            rings=not self.upright,
        )  # fmt: skip

    def _sizes(self) -> list[tuple[float, float]]:
        """(along, across) the flow, of each node."""
        return [(seen.h, seen.w) if self.upright else (seen.w, seen.h) for seen in self.looks]

    @property
    def least(self) -> float:
        """A length along the flow, in px, that no spacing goes below: that of the longest way, its boxes and gaps.

        0 where the figure may be folded into a loop.
        """
        edges, count = list(self.diagram.flow()), len(self.shapes)
        feedback = feedback_edges(edges, count)
        if feedback and ring_of(edges, feedback, count):
            return 0.0
        apart = _side_by_side(self.diagram, edges, self.groups)
        ahead: dict[int, list[int]] = {}
        waiting = [0] * count
        cells = _cells(self.diagram)
        for k, e in enumerate(edges):
            # What feeds an operator or a cell may stand beside it.
            beside = self.shapes[e.target] == "op" or (e.source in cells) != (e.target in cells)
            if k not in feedback and k not in apart and e.source != e.target and not beside:
                ahead.setdefault(e.source, []).append(e.target)
                waiting[e.target] += 1
        sizes = [along for along, _ in self._sizes()]
        reach = list(sizes)
        ready = [i for i in range(count) if not waiting[i]]
        while ready:
            i = ready.pop()
            for j in ahead.get(i, ()):
                close = 24.0 if self.shapes[i] == "op" else SPACINGS["compact"].rank
                reach[j] = max(reach[j], reach[i] + close + sizes[j])
                waiting[j] -= 1
                if not waiting[j]:
                    ready.append(j)
        return max(reach, default=0.0)

    def figure(self) -> Figure:
        """The shapes, in one row."""
        return _picture(self, *self._placed, None)

    def folded(self, rows: int) -> Figure | None:
        """The shapes in at most `rows` rows; None where that cannot be done."""
        made, laid = self._placed
        folded = fold(made, laid, rows)
        return _picture(self, made, laid, folded) if folded else None

    @cached_property
    def _placed(self) -> tuple[Plan, Course]:
        looks, shapes, upright = self.looks, self.shapes, self.upright
        straight = self.diagram.style.routing == "straight"
        made = plan(
            *self._arranged, list(self.diagram.flow()), self.groups, [c / 2 for _, c in self._sizes()], shapes,
            self.spacing, (0, 1) if upright else (0, -1), not straight,
        )  # fmt: skip
        assign_trunks(made, not straight, shapes)

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
                seen.w = max(seen.w, 2 * room)
            else:
                seen.h = max(seen.h, 2 * room)
        sizes = self._sizes()
        for i, (_, across) in enumerate(sizes):
            made.items[i].half = across / 2
        _label_room(made, upright)
        pads_across = (PAD, PAD) if upright else (TITLE_PAD, PAD)
        pads_along = {"down": (TITLE_PAD, PAD), "up": (PAD, TITLE_PAD)}.get(self.direction, (PAD, PAD))
        widths = {k: frame_width(g) for k, g in enumerate(self.groups)}
        flat_room = {}
        for w in made.wires:
            if w.shape == "flat" and w.edge.label:
                lines = labels.lines_of(w.edge.label)
                extent = max(measure(t, *labels.FONT) for t in lines) if upright else 16 * len(lines)
                # Words on a level line stand between the walls of the frames that it goes through.
                walls = len(set(made.holders(w.low)) ^ set(made.holders(w.high))) * upright
                flat_room[w.index] = extent + 48 + walls * (PAD + 8)
        titles = {k: title_width(g) + 26 for k, g in enumerate(self.groups) if g.title and upright}
        solve(made, pads_across, widths if upright else {}, flat_room, titles, int(self.direction == "up"))
        straighten(made, [c / 2 for _, c in sizes], shapes)

        def label_along(w: Wire) -> float:
            lines = labels.lines_of(w.edge.label)
            return labels.LEADING * len(lines) if upright else max(measure(t, *labels.FONT) for t in lines)

        extents = [a / 2 for a, _ in sizes]
        beside = {} if upright else widths
        stack = {i for i, node in enumerate(self.diagram.nodes) if upright and node.kind in LAYERS}
        tight = _tight(made, shapes, extents, upright, stack)
        return made, course(made, extents, label_along, pads_along, beside, tight, straight)


def look_all(diagram: Diagram, theme: Theme, upright: bool, line: float = LINE) -> list[Look]:
    """How each node looks, with widths that are alike where they differ little; `line` as in look()."""
    fed, feeds = neighbours(diagram)
    bare = upright and _is_stack(diagram, fed, feeds)
    looks = [
        look(node, told, theme, not fed[i] or not feeds[i], upright, line, bare)
        for i, (node, told) in enumerate(zip(diagram.nodes, words(diagram), strict=True))
    ]
    for i in ellipses(diagram):
        across = "…" if upright else "⋮"  # as the branches stand, unless the sign itself says how
        sign = looks[i].sign if looks[i].sign in ("⋯", "⋮") else across
        looks[i] = replace(looks[i], shape="dots", sign=sign, w=24, h=24)
    looks = [_own_size(seen, node.extent) for seen, node in zip(looks, diagram.nodes, strict=True)]
    fixed = [node.extent is not None for node in diagram.nodes]
    shapes = [seen.shape for seen in looks]
    # What only joins a column by an operator stands beside it.
    beside = {
        i for i in range(len(looks)) if upright and not fed[i] and feeds[i] and all(shapes[j] == "op" for j in feeds[i])
    }
    alike = [
        i for i, s in enumerate(looks)
        if s.shape in ("box", "pill", "cylinder", "document", "documents", "trapezoid") and not fixed[i]
        and (upright or s.h >= 40) and i not in beside
    ]  # fmt: skip
    widths = sorted({looks[i].w for i in alike})
    if widths:
        # One width for all where they differ little, else two classes; a column looks best with one, above all a stack.
        limits = [widths[-1]]
        stack = upright and all(diagram.nodes[i].kind in LAYERS for i in alike)
        if widths[-1] > (3.0 if stack else 2.0 if upright else 1.6) * widths[0]:
            lower = [w for w in widths if w * 1.3 <= widths[-1]]
            limits = [lower[-1], widths[-1]] if lower else limits
        for i in alike:
            looks[i].w = next(limit for limit in limits if looks[i].w <= limit)
        _twins(diagram, looks, alike)
    return looks


def _is_stack(diagram: Diagram, fed: list[set[int]], feeds: list[set[int]]) -> bool:
    """Whether all that goes in and comes out of a figure does so by layers, and is no layer itself."""
    nodes = diagram.nodes
    ends = [i for i, n in enumerate(nodes) if n.kind in ("input", "output", "data") and not (fed[i] and feeds[i])]
    return all(
        fed[i] | feeds[i]
        and all(nodes[j].kind in LAYERS for j in fed[i] | feeds[i])
        and nodes[i].units is None and not nodes[i].fill and not nodes[i].line
        and nodes[i].label.casefold() not in ACTIVATIONS
        for i in ends
    )  # fmt: skip


def neighbours(diagram: Diagram) -> tuple[list[set[int]], list[set[int]]]:
    """What each node is fed by, and what it feeds."""
    fed: list[set[int]] = [set() for _ in diagram.nodes]
    feeds: list[set[int]] = [set() for _ in diagram.nodes]
    for e in diagram.flow():
        fed[e.target].add(e.source)
        feeds[e.source].add(e.target)
    return fed, feeds


def ellipses(diagram: Diagram) -> set[int]:
    """The dots that stand for more of the branches beside them. No arrows lead to them, nor away."""
    dots = [i for i, node in enumerate(diagram.nodes) if node.label in DOTS]
    if not dots:
        return set()
    fed, feeds = neighbours(diagram)
    ends = [(frozenset(a), frozenset(b)) for a, b in zip(fed, feeds, strict=True)]
    return {i for i in dots if ends.count(ends[i]) > 2 and any(ends[i])}


def _twins(diagram: Diagram, looks: list[Look], alike: list[int]) -> None:
    """Makes what is alike look alike: one width for a kind (but plain steps), one size for what one node feeds."""
    kinds: dict[tuple[str, str], list[int]] = {}
    fed: dict[tuple[int, str], list[int]] = {}
    sources: dict[int, set[int]] = {}
    for e in diagram.flow():
        sources.setdefault(e.target, set()).add(e.source)
    for i in alike:
        kind = diagram.nodes[i].kind
        if kind != "process":
            kinds.setdefault((kind, looks[i].shape), []).append(i)
        for source in sources.get(i, ()) if looks[i].shape == "box" else ():
            fed.setdefault((source, kind), []).append(i)
    for members in kinds.values():
        w = max(looks[i].w for i in members)
        for i in members:
            if looks[i].w < w <= 2 * looks[i].w:
                looks[i].w = w
    for members in fed.values():
        h, w = max(looks[i].h for i in members), max(looks[i].w for i in members)
        for i in members:
            alone = looks[i].h == h and looks[i].w == w
            if not alone and h <= 1.5 * looks[i].h and w <= 2.2 * looks[i].w:
                looks[i].h, looks[i].w = h, w


def _own_size(seen: Look, extent: tuple[int, int] | None) -> Look:
    return replace(seen, w=max(seen.w, extent[0]), h=max(seen.h, extent[1])) if extent else seen


def _side_by_side(diagram: Diagram, edges: list, groups: tuple) -> set[int]:
    """Edges that need not be a step forward.

    They join two outer groups, and their target has a row of its own; or they have no head, or are dashed and join
    two of a kind, and both ends are as far from where the figure begins (two branches that share their weights).
    """
    outer = [-1] * len(diagram.nodes)
    for k, g in enumerate(groups):
        for i in range(g.start, g.stop):
            if outer[i] < 0:
                outer[i] = k
    fed = {e.target for e in edges if outer[e.source] == outer[e.target] and e.source < e.target}
    apart = {
        k for k, e in enumerate(edges)
        if -1 != outer[e.source] != outer[e.target] != -1 and e.target in fed and outer[e.source] < outer[e.target]
    }  # fmt: skip
    twins = [(n.kind, n.variant) for n in diagram.nodes]
    plain = {
        k for k, e in enumerate(edges)
        if not e.style.endswith("arrow")
        or (e.style.startswith("dashed") and twins[e.source] == twins[e.target] and twins[e.source][0] != "process")
    }  # fmt: skip
    if not plain:
        return apart
    back = feedback_edges(edges, len(diagram.nodes))
    ahead = [e for k, e in enumerate(edges) if k not in plain | back | apart]
    joined = {i for e in ahead for i in (e.source, e.target)}
    depth = [0] * len(diagram.nodes)
    for _ in joined:
        for e in ahead:
            depth[e.target] = max(depth[e.target], depth[e.source] + 1)
    return apart | {
        k for k in plain
        if {edges[k].source, edges[k].target} <= joined and depth[edges[k].source] == depth[edges[k].target]
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


def _tight(made: Plan, shapes: list[str], extents: list[float], upright: bool, stack: set[int]) -> dict[int, float]:
    """Gaps that are smaller than usual: beside operators, and within a frame between two layers of a `stack`, which
    holds the layers of an upright figure. `extents`: half extents of the nodes along the flow."""
    rank, scale = made.order.rank, made.spacing.rank / 48
    by_rank: dict[int, list[int]] = {}
    for i, r in enumerate(rank):
        by_rank.setdefault(r, []).append(i)
    ends: dict[int, list[tuple[int, int]]] = {}  # of the edges that pass each gap, but for those in a lane beside it
    for w in made.wires:
        for g in range(rank[w.low] + 1, rank[w.high] + 1):
            if w.shape != "lane":
                ends.setdefault(g, []).append((w.low, w.high))
    tight = {}
    for g in range(1, max(rank) + 1):
        before, behind = by_rank[g - 1], by_rank[g]
        tight[g] = (32.0 if upright else 48.0) * scale
        passing = ends.get(g, [])
        short = all(
            rank[low] == g - 1 and rank[high] == g and made.home[low] == made.home[high] for low, high in passing
        )
        if short and all(i in stack and made.home[i] >= 0 for i in (*before, *behind)):
            tight[g] = max(20.0, 20.0 * scale)
        for members, near in ((before, 0), (behind, 1)):
            joined = {pair[near] for pair in passing}
            if joined and all(shapes[i] == "op" for i in joined & set(members)) and joined <= set(members):
                # What else stands in the rank may come as near to the next one as two boxes may.
                tallest = max(extents[i] for i in members)
                tight[g] = max(16.0, 24.0 - tallest + min(extents[i] for i in joined))
    return tight


def _picture(of: Arrangement, made: Plan, laid: Course, folded: Fold | None) -> Figure:
    diagram, theme, direction, looks = of.diagram, of.theme, of.direction, of.looks

    turned = _TURNED[direction]

    def real(along: float, across: float, rank: int = -1) -> Point:
        if folded and rank >= 0:
            along, across = folded.moved(rank, (along, across))
        return turned(along, across)

    flow = FLOWS[direction]
    rects = []
    for i, seen in enumerate(looks):
        rank = made.order.rank[i]
        x, y = real(laid.along[rank], made.items[i].at, rank)
        rects.append(Rect(x - seen.w / 2, y - seen.h / 2, seen.w, seen.h))
    frames = []
    for k, group in enumerate(of.groups):
        if k in made.frames and k in laid.frames:
            rank = made.span[k][0]
            (x0, y0), (x1, y1) = (real(laid.frames[k][e], made.frames[k][e], rank) for e in (0, 1))
            level = len(_above(made.parents, k))
            rect = Rect(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
            frames.append(Frame(k, group.title, group.repeat, rect, level))
    if not folded and direction in ("right", "left"):
        _flush(frames, made, direction)
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
    unsaid = ellipses(diagram)
    lines = [line for line in edge_lines(made.wires, routes, theme, normals) if not unsaid & set(line.ends)]
    shared = _told_once(made, diagram.style.routing == "straight")
    return compose(diagram, theme, rects, looks, frames, lines, flow, shared)


def _told_once(made: Plan, straight: bool) -> dict[int, tuple[int | None, set[int]]]:
    """Labels that several edges share, as labels.place takes them."""
    joins = {trunk: {w.index for w in wires} for trunk, wires in complete_joins(made).items()} if straight else {}
    shared: dict[int, tuple[int | None, set[int]]] = {}
    for trunk, fellows in (joins or ({} if straight else one_label(made))).items():
        index, piece = min(fellows), 0 if trunk[0] == "out" else -1
        if trunk[0] == "all":  # two joins, there and back, are told at the two ends of a rank
            mine = [w for w in made.wires if w.index in fellows]
            turned = mine[0].turned
            outermost = (min if turned else max)(mine, key=lambda w: made.items[w.low].ref + made.items[w.high].ref)
            index, piece = outermost.index, -1 if turned else 0
        shared[index] = (None if straight else piece, fellows)
    return shared


def _flush(frames: list[Frame], made: Plan, direction: str) -> None:
    """Outer frames that begin, or end, with the same rank do so on one line."""
    for end in (0, 1):
        together: dict[int, list[int]] = {}
        for j, frame in enumerate(frames):
            if frame.level == 0:
                together.setdefault(made.span[frame.group][end], []).append(j)
        for members in together.values():
            left = min(frames[j].rect.x for j in members)
            right = max(frames[j].rect.right for j in members)
            for j in members:
                r = frames[j].rect
                x0, x1 = (left, r.right) if (end == 0) == (direction == "right") else (r.x, right)
                frames[j] = replace(frames[j], rect=Rect(x0, r.y, x1 - x0, r.h))


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
    buses: dict[tuple, int] = {}
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
        bus = buses.setdefault(w.trunk, len(buses)) if w.trunk[:1] == ("all",) else -1
        lines.append(Line(tuple(points), colour, 1.5, dash, head, owner=("edge", w.index), ends=ends, bus=bus))
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
    shared: dict[int, tuple[int | None, set[int]]] | None = None,
) -> Figure:
    """All shapes in drawing order: frames, edges, nodes, labels of edges (`shared` as in labels.place)."""
    square = diagram.style.shapes == "square"
    frames = [clear_title(frame, lines) for frame in frames]
    shapes: list[Shape] = draw_frames(frames, theme, square)
    if square:
        lines = [replace(line, radius=0.0) for line in lines]
    lines = [
        replace(line, casing=ground_at(*line.points[0], frames, theme)) if line.dash and line.bus >= 0 else line
        for line in lines
    ]
    shapes += lines
    shapes += labels.crossings(lines, frames, theme)
    full: list[tuple[Owner, str]] = [(("group", f.group), f.title) for f in frames if is_cut(f)]
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


__all__ = ["Arrangement", "Figure", "compose", "edge_lines", "look_all", "simplified"]
