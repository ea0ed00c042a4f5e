"""Where everything stands across the flow: one linear programme over nodes, the lanes of long edges, and frames.

Items are what a rank holds side by side: nodes, and for every edge that passes a rank a lane. Their order is given;
the programme finds places that keep all distances, hold each frame around its members, and leave edges straight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagen.diagram import Edge, Group
from diagen.render.ranks import Order, home_of, parents_of

if TYPE_CHECKING:
    from highspy import Highs

# The sides of a node, as (along, across) the flow.
MOST_STEPS = 200_000  # of the simplex method; the largest figures take some thousands
OUT, IN, BEFORE, AFTER = (1, 0), (-1, 0), (0, -1), (0, 1)


@dataclass
class Item:
    """A node or a lane in one rank; `ref` gives the order, `half` is half its extent across, `at` its solved place."""

    rank: int
    ref: float
    half: float
    node: int = -1
    wire: int = -1
    at: float = 0.0
    label: float = 0.0  # half the extent across of a label on this lane


@dataclass
class Wire:
    """An edge on its way: sides and offsets of its two ports, and the lanes it passes, from low rank to high.

    `low` and `high` are its ends in the order of ranks; `turned` says that the edge runs from high to low.
    """

    index: int
    edge: Edge
    low: int
    high: int
    turned: bool = False
    low_side: tuple[int, int] = OUT
    high_side: tuple[int, int] = IN
    low_offset: float = 0.0
    high_offset: float = 0.0
    lanes: list[int] = field(default_factory=list)  # items
    shape: str = "flow"  # flow, lane, flat, side, loop
    feedback: bool = False
    fork: bool = False  # a skip that leaves the main line between two nodes
    inside: set[int] = field(default_factory=set)  # groups whose frames hold all of its lanes
    trunk: tuple = ()  # wires with the same trunk share their line at one end


@dataclass(frozen=True)
class Spacing:
    """The distances that the spacing words stand for."""

    sibling: float = 32
    lane: float = 20
    rank: float = 48
    frame: float = 36


SPACINGS = {"compact": Spacing(24, 16, 36, 28), "normal": Spacing(), "wide": Spacing(48, 24, 72, 48)}


@dataclass
class Plan:
    """Everything that is known before coordinates: items, wires, their ranks and frames."""

    items: list[Item]
    wires: list[Wire]
    order: Order
    groups: tuple[Group, ...]
    home: list[int]
    parents: list[int]
    spacing: Spacing
    span: dict[int, tuple[int, int]] = field(default_factory=dict)  # first and last rank of each group
    frames: dict[int, tuple[float, float]] = field(default_factory=dict)  # solved extents across

    def ranks(self) -> list[list[int]]:
        """The items of each rank, in order."""
        ranks: list[list[int]] = [[] for _ in range(max(i.rank for i in self.items) + 1)]
        for k, item in enumerate(self.items):
            ranks[item.rank].append(k)
        for members in ranks:
            members.sort(key=lambda k: (self.items[k].ref, k))
        return ranks

    def holders(self, node: int) -> list[int]:
        """The groups around a node, from the inside out."""
        chain, k = [], self.home[node]
        while k >= 0:
            chain.append(k)
            k = self.parents[k]
        return chain


def plan(
    order: Order,
    skips: set[int],
    edges: list[Edge],
    groups: tuple[Group, ...],
    halves: list[float],
    shapes: list[str],
    spacing: Spacing,
    skip_side: tuple[int, int],
    forks: bool,
) -> Plan:
    """Decide by which sides and past which neighbours every edge travels."""
    items = [Item(order.rank[i], order.ref[i], half, node=i) for i, half in enumerate(halves)]
    made = Plan(items, [], order, groups, home_of(groups, len(halves)), parents_of(groups), spacing)
    for k, g in enumerate(groups):
        if g.start < g.stop:
            inside = order.rank[g.start : g.stop]
            made.span[k] = (min(inside), max(inside))
    pairs = {(e.source, e.target) for k, e in enumerate(edges) if k not in order.feedback}
    pointed = {i for i, s in enumerate(shapes) if s in ("op", "diamond", "circle")}  # one port on a side
    lanes: list[Wire] = []
    for k, e in enumerate(edges):
        ru, rv = order.rank[e.source], order.rank[e.target]
        turned = ru > rv or (ru == rv and order.ref[e.source] > order.ref[e.target])
        low, high = (e.target, e.source) if turned else (e.source, e.target)
        wire = Wire(k, e, low, high, turned, feedback=k in order.feedback)
        made.wires.append(wire)
        if e.source == e.target:
            wire.shape = "loop"
            lanes.append(wire)
        elif ru == rv:
            wire.shape = "flat"
        elif abs(ru - rv) == 1 and (
            not wire.feedback or ((e.target, e.source) in pairs and not pointed & {e.source, e.target})
        ):
            pass  # neighbours, or the way back between neighbours
        elif wire.feedback or k in skips:
            wire.shape = "lane"
            lanes.append(wire)
        else:
            _follow_spline(made, wire)
    for wire in made.wires:
        wire.inside = set(made.holders(wire.low)) & set(made.holders(wire.high))
    _flat(made, shapes)
    _side_entries(made, shapes)
    for wire in sorted(lanes, key=lambda w: (order.rank[w.high] - order.rank[w.low], w.feedback, w.index)):
        if forks:
            _try_fork(made, wire)
        _lane(made, wire, skip_side, pointed)
    return made


def _follow_spline(made: Plan, wire: Wire) -> None:
    """A lane in every rank between the ends of a long edge, where Graphviz had room for it."""
    order = made.order
    low, high = order.rank[wire.low], order.rank[wire.high]
    spline = order.splines.get(wire.index, [])
    for r in range(low + 1, high):
        share = (r - low) / (high - low)
        ref = order.ref[wire.low] * (1 - share) + order.ref[wire.high] * share
        for (a0, c0), (a1, c1) in zip(spline, spline[1:], strict=False):
            (a0, c0), (a1, c1) = sorted(((a0, c0), (a1, c1)))
            if a0 <= order.along[r] <= a1 and a1 > a0:
                ref = c0 + (c1 - c0) * (order.along[r] - a0) / (a1 - a0)
        wire.lanes.append(_add(made, r, ref, wire.index))


def _add(made: Plan, rank: int, ref: float, wire: int) -> int:
    made.items.append(Item(rank, ref, 0.0, wire=wire))
    return len(made.items) - 1


def _between(made: Plan, rank: int, low: float, high: float) -> list[Item]:
    low, high = sorted((low, high))
    return [i for i in made.items if i.rank == rank and low + 1e-6 < i.ref < high - 1e-6]


def _flat(made: Plan, shapes: list[str]) -> None:
    """Edges between nodes of one rank: straight across to a neighbour, else around through the gap that follows.

    Into an operator, which has one port on a side, through the gap before it: with what else comes in there.
    """
    for wire in made.wires:
        if wire.shape != "flat":
            continue
        item, other = made.items[wire.low], made.items[wire.high]
        if _between(made, item.rank, item.ref, other.ref):
            wire.low_side = wire.high_side = IN if shapes[wire.edge.target] == "op" else OUT
        else:
            wire.low_side, wire.high_side = AFTER, BEFORE


def _side_entries(made: Plan, shapes: list[str]) -> None:
    """Second edges leave a decision by its side tips and enter an operator from the side."""
    order = made.order
    taken: set[tuple[int, tuple[int, int]]] = set()
    for wire in made.wires:
        if wire.shape == "flat":
            taken |= {(wire.low, wire.low_side), (wire.high, wire.high_side)}
    for node, shape in enumerate(shapes):
        if shape not in ("diamond", "op"):
            continue
        leaving = shape == "diamond"
        wires = [w for w in made.wires if w.shape == "flow" and not w.feedback and not w.turned]
        wires = [w for w in wires if (w.low if leaving else w.high) == node]
        arriving = sum(w.high == node if not w.turned else w.low == node for w in made.wires)
        if len(wires) < 2 or (not leaving and arriving > 3):  # more than it has sides come as one line
            continue

        def straightness(w: Wire) -> tuple[bool, float, int]:
            pull = order.heavy.get((w.low, w.high), 0.0)
            return (pull == 0, abs(order.ref[w.low] - order.ref[w.high]), w.index)

        ordered = sorted(wires, key=straightness)
        if leaving and len(wires) > 2:  # exits that say the same leave together
            told = [w.edge.label for w in wires]
            most = max(told, key=told.count)
            together = [w for w in ordered if w.edge.label == most and told.count(most) > 1]
            ordered = [*together[:1], *(w for w in ordered if w not in together)] if together else ordered
        for wire in ordered[1:]:
            far = wire.high if leaving else wire.low
            first = wire.lanes[0 if leaving else -1] if wire.lanes else far
            ref = made.items[first].ref
            sides = [AFTER, BEFORE] if ref >= order.ref[node] else [BEFORE, AFTER]
            side = next((s for s in sides if (node, s) not in taken), None)
            if side is None:
                continue
            ranked = [i.ref for i in made.items if i.rank == order.rank[node] and i.node != node]
            here = order.ref[node]
            if side == AFTER:
                limit = min((r for r in ranked if r > here), default=here + 40)
                corner = min(max(ref, here + 0.01), (here + limit) / 2)
            else:
                limit = max((r for r in ranked if r < here), default=here - 40)
                corner = max(min(ref, here - 0.01), (here + limit) / 2)
            taken.add((node, side))
            item = _add(made, order.rank[node], corner, wire.index)
            wire.shape = "side"
            if leaving:
                wire.low_side = side
                wire.lanes.insert(0, item)
            else:
                wire.high_side = side
                wire.lanes.append(item)


def _lane(made: Plan, wire: Wire, skip_side: tuple[int, int], pointed: set[int]) -> None:
    """A skip or a feedback edge runs in a lane beside its row, on the side where it meets least.

    `pointed` nodes have one port on a side, which must not be taken.
    """
    taken = set()
    for w in made.wires:
        if w.shape in ("flat", "side"):
            taken |= {(w.low, w.low_side), (w.high, w.high_side)}
    first = skip_side if not wire.feedback else (0, -skip_side[1])
    if wire.shape == "loop":
        first = (0, -1)
    steps = []  # of the other lines, from rank to rank
    for other in made.wires:
        if other is not wire and other.shape != "loop":
            chain = [made.items[k] for k in (other.low, *other.lanes, other.high)]
            steps += zip(chain, chain[1:], strict=False)
    options = []
    for preference, side in enumerate((first, (0, -first[1]))):
        full = sum(node in pointed and (node, side) in taken for node in (wire.low, wire.high))
        for around in (False, True):
            ref = _lane_ref(made, wire, side[1], around)
            cost = _lane_cost(made, wire, ref, steps) + 0.6 * preference + 0.7 * around + 5.0 * full
            options.append((cost, preference, around, side, ref))
    *_, side, ref = min(options)
    low, high = made.order.rank[wire.low], made.order.rank[wire.high]
    blocked_low = _blocked(made, wire.low, ref)
    blocked_high = wire.low != wire.high and _blocked(made, wire.high, ref)
    wire.low_side = wire.high_side = side
    first_rank, last_rank = low, high
    if blocked_low or wire.fork:
        wire.low_side = IN if wire.feedback else OUT
        first_rank = low if wire.feedback else low + 1
    if blocked_high:
        wire.high_side = OUT if wire.feedback else IN
        last_rank = high if wire.feedback else high - 1
    for r in range(first_rank, last_rank + 1):
        wire.lanes.append(_add(made, r, ref, wire.index))


def _try_fork(made: Plan, wire: Wire) -> None:
    """A residual without a label leaves the main line behind its source, so it can stay inside the next frame."""
    if wire.feedback or wire.edge.label or wire.shape != "lane":
        return
    beside = [
        w for w in made.wires
        if w.shape == "flow" and w.low == wire.low and w.low_side == OUT and w.edge.style == wire.edge.style
        and not w.turned and (w.low, w.high) in made.order.heavy
    ]  # fmt: skip
    if beside:
        wire.fork = True
        start = made.order.rank[wire.low] + 1
        wire.inside |= {k for k in made.holders(wire.high) if made.span.get(k, (0, 0))[0] >= start}


def _lane_ref(made: Plan, wire: Wire, sign: int, around: bool) -> float:
    """Just beside the row, or `around` everything that stands between the ends."""
    order = made.order
    low, high = order.rank[wire.low], order.rank[wire.high]
    ends = (order.ref[wire.low], order.ref[wire.high])
    base = min(ends) if sign < 0 else max(ends)
    passed = [i for i in made.items if low <= i.rank <= high]
    # Everything within a few pixels of the row counts as the row, so the lane runs beside all of it.
    near = [i.ref for i in passed if around or abs(i.ref - base) < 12]
    ref = (min(near) - 0.01) if sign < 0 else (max(near) + 0.01)
    holders = wire.inside
    low += wire.fork
    for _ in range(3):
        for k, (box_low, box_high) in order.boxes.items():
            span = made.span.get(k)
            if span is None or k in holders or span[1] < low or span[0] > high:
                continue
            if box_low - 0.02 < ref < box_high + 0.02:
                ref = box_low - 0.05 if sign < 0 else box_high + 0.05
    taken = {round(i.ref, 4) for i in passed}
    while round(ref, 4) in taken:
        ref += sign * 0.003
    return ref


def _blocked(made: Plan, node: int, ref: float) -> bool:
    item = made.items[node]
    return any(i.node >= 0 for i in _between(made, item.rank, item.ref, ref))


def _lane_cost(made: Plan, wire: Wire, ref: float, steps: list[tuple[Item, Item]]) -> float:
    """How much a lane crosses, and whether its ends must go around neighbours."""
    order, items = made.order, made.items
    low, high = order.rank[wire.low], order.rank[wire.high]
    cost = 3.0 * (_blocked(made, wire.low, ref) and not wire.fork) + 3.0 * _blocked(made, wire.high, ref)
    for p, q in steps:
        if (p.rank <= low and q.rank <= low) or (p.rank >= high and q.rank >= high):
            continue
        if (p.ref - ref) * (q.ref - ref) < 0:
            cost += 1.0
    for node in (wire.low, wire.high):
        item = items[node]
        for i in _between(made, item.rank, item.ref, ref):
            if i.node < 0:  # at the corner of a line that comes from the other side, both would lie on each other
                cost += 4.0 if _turns_at(made, made.wires[i.wire], item.rank) else 0.5
    return cost


def _turns_at(made: Plan, wire: Wire, rank: int) -> bool:
    """Whether a wire leaves or enters a node of this rank by a side across the flow, and so has its corner there."""
    ends = ((wire.low, wire.low_side), (wire.high, wire.high_side))
    return wire.shape == "side" and any(
        side in (BEFORE, AFTER) and made.order.rank[node] == rank for node, side in ends
    )


# -- the linear programme ----------------------------------------------------------------------------------------


class _Programme:
    """Rows of a linear programme, collected one by one. Variables are numbered in the order of `new`."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        # The rows that the solver has not yet seen, one after the other: sum of share * variable <= bound.
        self.bounds: list[float] = []
        self.starts: list[int] = []
        self.variables: list[int] = []
        self.shares: list[float] = []
        self.highs: Highs | None = None

    def new(self, cost: float = 0.0) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1

    def apart(self, low: int, high: int, distance: float) -> None:
        self._row((low, high), (1.0, -1.0), -distance)

    def pull(self, weight: float, shares: dict[int, float], constant: float = 0.0) -> None:
        """Make |sum of shares + constant| small."""
        size = self.new(weight)
        self._row((*shares, size), (*shares.values(), -1.0), -constant)
        self._row((*shares, size), (*(-v for v in shares.values()), -1.0), constant)

    def _row(self, variables: tuple[int, ...], shares: tuple[float, ...], bound: float) -> None:
        self.starts.append(len(self.variables))
        self.variables += variables
        self.shares += shares
        self.bounds.append(bound)

    def solve(self) -> list[float] | None:
        """The values of the variables; what came in since the last time is added to what was solved then."""
        import numpy as np
        from highspy import Highs, HighsModelStatus, kHighsInf

        if self.highs is None:
            self.highs = Highs()
            self.highs.setOptionValue("output_flag", False)
            self.highs.setOptionValue("threads", 1)
            self.highs.setOptionValue("solver", "simplex")  # what it would choose, in two thirds of the time
            self.highs.setOptionValue("simplex_iteration_limit", MOST_STEPS)  # not seconds: same input, same pixels
            self.highs.setOptionValue("presolve", "off")  # takes longer than the rest for so small a programme
        highs, none = self.highs, np.zeros(0, dtype=np.int32)
        costs, rows = self.costs[highs.getNumCol() :], len(self.bounds)
        free = np.full(len(costs), kHighsInf)
        highs.addCols(len(costs), np.array(costs), np.zeros(len(costs)), free, 0, none, none, np.zeros(0))
        highs.addRows(
            rows, np.full(rows, -kHighsInf), np.array(self.bounds), len(self.variables),
            np.array(self.starts), np.array(self.variables), np.array(self.shares),
        )  # fmt: skip
        self.bounds, self.starts, self.variables, self.shares = [], [], [], []
        highs.run()
        solved = highs.getModelStatus() == HighsModelStatus.kOptimal
        return list(highs.getSolution().col_value) if solved else None


def solve(
    made: Plan,
    pads: tuple[float, float],
    needs: dict[int, float],
    flat_room: dict[int, float],
    titles: dict[int, float],
    title_end: int,
) -> None:
    """Give every item its place and every frame its extent.

    `pads`: room in a frame before and after its members; `needs`: the least extent of a frame (its title);
    `flat_room`: what the label of an edge inside a rank needs between its ends; `titles`: what a title covers at the
    low corner of a frame's end `title_end` (0: first rank, 1: last), which edges through that end keep away from.
    """
    lp = _Programme()
    items, order = made.items, made.order
    at = [lp.new() for _ in items]
    frame = {k: (lp.new(), lp.new()) for k in made.span}
    low, high = lp.new(), lp.new()
    for members in made.ranks():
        for a, b in zip(members, members[1:], strict=False):
            lp.apart(at[a], at[b], _distance(made, items[a], items[b]))
    for k, item in enumerate(items):
        lp.apart(low, at[k], item.half)
        lp.apart(at[k], high, item.half)
    _frames(made, lp, at, frame, pads, needs)
    for a, b in frame.values():
        lp.pull(0.3, {b: 1.0, a: -1.0})
        lp.apart(low, a, 0)
        lp.apart(b, high, 0)
    lp.pull(0.05, {high: 1.0, low: -1.0})
    for wire in made.wires:
        if wire.shape in ("flat", "loop"):
            if wire.lanes:  # a loop keeps close to its node
                lp.pull(0.2, {at[wire.lanes[0]]: 1.0, at[wire.low]: -1.0})
            if wire.shape == "flat" and wire.low_side == AFTER:
                room = flat_room.get(wire.index, 32.0) + items[wire.low].half + items[wire.high].half
                lp.apart(at[wire.low], at[wire.high], room)
                lp.pull(0.5, {at[wire.high]: 1.0, at[wire.low]: -1.0})
            continue
        ends = [*wire.lanes]
        for a, b in zip(ends, ends[1:], strict=False):
            lp.pull(16.0, {at[a]: 1.0, at[b]: -1.0})
        if wire.shape == "lane":
            for node in (wire.low, wire.high):  # a lane keeps close to its ends
                lp.pull(0.2, {at[wire.lanes[0]]: 1.0, at[node]: -1.0}) if wire.lanes else None
            continue
        chain = [wire.low, *wire.lanes, wire.high]
        if wire.low_side in (BEFORE, AFTER):
            lp.pull(0.2, {at[chain[0]]: 1.0, at[chain[1]]: -1.0})
            chain = chain[1:]
        if wire.high_side in (BEFORE, AFTER):
            lp.pull(0.2, {at[chain[-1]]: 1.0, at[chain[-2]]: -1.0})
            chain = chain[:-1]
        weight = order.heavy.get((wire.low, wire.high), 2.0) if not wire.turned else 2.0
        for j in {0, len(chain) - 2} if len(chain) > 1 else ():
            a, b = chain[j], chain[j + 1]
            shift = (wire.low_offset if a == wire.low else 0.0) - (wire.high_offset if b == wire.high else 0.0)
            corner = wire.shape == "side"
            # It rather bends where it leaves or joins others than at its other end.
            joint = len(chain) > 2 and wire.trunk[:1] == (("out",) if j == 0 else ("in",))
            lp.pull(8.0 if corner else weight * (0.9 if joint else 1.0), {at[a]: 1.0, at[b]: -1.0}, shift)
    _keep_off_titles(made, lp, at, frame, titles, title_end)
    for node, near in order.centred:
        near = sorted(near, key=lambda v: order.ref[v])
        lp.pull(4.0, {at[node]: 1.0, at[near[0]]: -0.5, at[near[-1]]: -0.5})
    places = lp.solve()
    for _ in range(3):
        if places is None or not _align(made, lp, at, places):
            break
        places = lp.solve()
    else:
        if places is not None and _hold(made, lp, at, places):
            places = lp.solve()
    if places is None:  # no order that Graphviz drew is known to do this; but never fail
        places = _stacked(made)
        made.span.clear()
    places = [2 * round(round(place, 4) / 2) for place in places]  # what is equal but for the last digits stays so
    for k, item in enumerate(items):
        item.at = places[k]
    for k, (a, b) in frame.items():
        if k in made.span:
            made.frames[k] = (places[a], places[b])


def _distance(made: Plan, a: Item, b: Item) -> float:
    spacing = made.spacing
    if a.node >= 0 and b.node >= 0:
        return a.half + b.half + spacing.sibling
    if a.node < 0 and b.node < 0:
        return 16 + a.label + b.label
    return a.half + b.half + a.label + b.label + max(spacing.lane, 12)


def _frames(
    made: Plan,
    lp: _Programme,
    at: list[int],
    frame: dict[int, tuple[int, int]],
    pads: tuple[float, float],
    needs: dict[int, float],
) -> None:
    items, order = made.items, made.order
    members: dict[int, set[int]] = {k: set() for k in frame}
    for node in range(len(made.home)):
        for k in made.holders(node):
            if k in members:
                members[k].add(node)
    for number, item in enumerate(items):
        if item.node < 0:
            wire = made.wires[item.wire]
            both = wire.inside
            for k in frame:
                inside_span = made.span[k][0] <= item.rank <= made.span[k][1]
                box = order.boxes.get(k, (0.0, 0.0))
                if k in both or (inside_span and box[0] < item.ref < box[1]):
                    members[k].add(number)
    nth = {number: n for rank in made.ranks() for n, number in enumerate(rank)}
    ends: dict[tuple[int, int], tuple[int, int]] = {}  # the first and the last of what a frame holds in a rank
    for k in frame:
        for number in members[k]:
            first, last = ends.get((k, items[number].rank), (nth[number], nth[number]))
            ends[k, items[number].rank] = (min(first, nth[number]), max(last, nth[number]))

    def beside(number: int, k: int) -> tuple[bool, bool]:
        """Whether something of a frame stands before, and behind, an item in its rank."""
        first, last = ends.get((k, items[number].rank), (nth[number], nth[number]))
        return first < nth[number], last > nth[number]

    for k in frame:  # a lane between what a frame holds runs through it
        members[k] |= {n for n, item in enumerate(items) if item.node < 0 and all(beside(n, k))}
    for k, (a, b) in frame.items():
        for number in members[k]:
            item = items[number]
            lane = item.node < 0
            lp.apart(a, at[number], item.half + pads[0] - (4 if lane else 0))
            lp.apart(at[number], b, item.half + pads[1] - (4 if lane else 0))
        lp.apart(a, b, needs.get(k, 0.0))
        parent = made.parents[k]
        if parent in frame:
            lp.apart(frame[parent][0], a, pads[0])
            lp.apart(b, frame[parent][1], pads[1])
        middle = sum(order.boxes.get(k, (0.0, 0.0))) / 2
        first, last = made.span[k]
        for number, item in enumerate(items):
            if number in members[k] or not first <= item.rank <= last:
                continue
            gap = item.half + (24 if item.node >= 0 else 16)
            before, behind = beside(number, k)
            if behind or (not before and item.ref < middle):
                lp.apart(at[number], a, gap)
            else:
                lp.apart(b, at[number], gap)
    for k in frame:
        for j in frame:
            if k >= j or _nested(made, k, j):
                continue
            overlap = made.span[k][0] <= made.span[j][1] and made.span[j][0] <= made.span[k][1]
            if overlap:
                one, two = sorted((k, j), key=lambda g: order.boxes.get(g, (0.0, 0.0)))
                lp.apart(frame[one][1], frame[two][0], made.spacing.frame)


def _align(made: Plan, lp: _Programme, at: list[int], places: list[float]) -> bool:
    """Ask for a straight line wherever one is missed by a few pixels; whether there was such a place."""
    missed = False
    for wire in made.wires:
        if wire.shape == "lane" or wire.lanes:  # its lanes do not hold its ends in line, nor may they miss it by a hair
            if 0.5 < abs(places[at[wire.low]] - places[at[wire.high]]) < 9:
                lp.pull(100.0, {at[wire.low]: 1.0, at[wire.high]: -1.0})
                missed = True
        if wire.shape not in ("flow", "side"):
            continue
        chain = [k for k in (wire.low, *wire.lanes, wire.high)]
        for a, b in zip(chain, chain[1:], strict=False):
            if made.items[a].rank == made.items[b].rank or (wire.shape == "side" and {a, b} & {wire.low, wire.high}):
                continue
            shift = (wire.low_offset if a == wire.low else 0.0) - (wire.high_offset if b == wire.high else 0.0)
            if a == wire.low and b == wire.high and 0 < abs(shift) < 8:
                shift = 0.0  # the nodes are to be in line; their ports can give way
            off = places[at[a]] - places[at[b]]
            if 0.5 < abs(off + shift) < 12:
                lp.pull(100.0, {at[a]: 1.0, at[b]: -1.0}, shift)
                missed = True
            elif a == wire.low and b == wire.high and 0.5 < abs(off) < 9:
                lp.pull(100.0, {at[a]: 1.0, at[b]: -1.0})
                missed = True
    return missed


def _hold(made: Plan, lp: _Programme, at: list[int], places: list[float]) -> bool:
    """Where joined nodes still miss each other's line by a hair, ask for it, and that those in line stay so: else to
    mend one place moves the fault to the next. Whether there was such a place."""
    wires = [w for w in made.wires if w.shape not in ("flat", "loop")]
    near = [w for w in wires if abs(places[at[w.low]] - places[at[w.high]]) < 8]
    if all(abs(places[at[w.low]] - places[at[w.high]]) <= 0.5 for w in near):
        return False
    for w in near:
        lp.pull(100.0, {at[w.low]: 1.0, at[w.high]: -1.0})
    return True


def _keep_off_titles(
    made: Plan, lp: _Programme, at: list[int], frame: dict[int, tuple[int, int]], titles: dict[int, float], end: int
) -> None:
    rank = made.order.rank
    for k, width in titles.items():
        if k not in frame:
            continue
        edge = made.span[k][end]
        for w in made.wires:
            inner, outer = (w.high, w.low) if end == 0 else (w.low, w.high)
            beyond = rank[outer] < edge if end == 0 else rank[outer] > edge
            enters = k in made.holders(inner) and k not in made.holders(outer)
            if w.shape not in ("flow", "side", "lane") or not beyond or not enters:
                continue
            box = made.order.boxes.get(k, (0.0, 0.0))
            chain = [i for i in w.lanes if made.items[i].rank == edge]
            if chain and not box[0] < made.items[chain[0]].ref < box[1]:
                continue  # passes beside the frame
            item = chain[0] if chain else (inner if rank[inner] == edge else None)
            if item is not None:
                lp.apart(frame[k][0], at[item], width)


def _nested(made: Plan, k: int, j: int) -> bool:
    while j >= 0:
        if j == k:
            return True
        j = made.parents[j]
    return False


def _stacked(made: Plan) -> list[float]:
    """Each rank on its own, one item after the other."""
    places = [0.0] * (len(made.items) + 2 * len(made.span))
    for members in made.ranks():
        x = 0.0
        for a, b in zip([members[0], *members], members, strict=False):
            x += _distance(made, made.items[a], made.items[b]) if a != b else 0.0
            places[b] = x
        for k in members:
            places[k] -= x / 2
    return places
