"""Ports, the lanes of bends in the gaps between ranks, places along the flow, and the polyline of every edge.

Works in flow coordinates on a solved plan; every wire is laid from its low end to its high end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from diagen.render.place import AFTER, BEFORE, IN, OUT, Plan, Wire
from diagen.render.scene import Point

PORT = 16.0  # between two ports on a side, and between two lanes in a gap


def assign_trunks(made: Plan, merge: bool, shapes: list[str]) -> None:
    """Edges that leave one node together share a trunk, and so do those that meet in one (where `merge`).

    Two that meet in a trapezoid stay apart: its side is long, and what a discriminator compares are two things.
    """
    if merge:
        _assign_buses(made)
    leaving: dict[tuple, list[Wire]] = {}
    for w in made.wires:
        if w.trunk:
            continue
        if (w.shape == "flow" or w.fork) and not w.turned and not w.feedback and w.low_side == OUT:
            leaving.setdefault(("out", w.low, w.edge.style), []).append(w)
    for key, wires in leaving.items():
        if len(wires) > 1 and len({w.high for w in wires}) == len(wires):
            for w in wires:
                w.trunk = key
    arriving: dict[tuple, list[Wire]] = {}
    for w in made.wires:
        if merge and w.shape == "flow" and not w.turned and not w.feedback and not w.trunk and w.high_side == IN:
            arriving.setdefault(("in", w.high, w.edge.style), []).append(w)
    for key, wires in arriving.items():
        if len(wires) == 2 and shapes[key[1]] == "trapezoid" and not any(w.lanes for w in wires):
            continue
        if len(wires) > 1 and len({w.low for w in wires}) == len(wires):
            for w in wires:
                w.trunk = key


def _assign_buses(made: Plan) -> None:
    """The lines of a complete join share one line across the flow."""
    for key, wires in complete_joins(made).items():
        for w in wires:
            w.trunk = key


def complete_joins(made: Plan) -> dict[tuple, list[Wire]]:
    """The wires by which each of some nodes leads to each of others in the next rank, all of one style and label."""
    targets: dict[tuple, set[int]] = {}
    wires: dict[tuple, list[Wire]] = {}
    for w in made.wires:
        if w.shape == "flow" and not w.lanes and w.low_side == OUT and w.feedback == w.turned:
            kind = (w.turned, w.edge.style, w.edge.label)
            targets.setdefault((w.low, kind), set()).add(w.high)
            wires.setdefault((w.low, kind), []).append(w)
    alike: dict[tuple, list[Wire]] = {}
    sources: Counter[tuple] = Counter()
    for (low, kind), found in targets.items():
        key = ("all", *kind, *sorted(found))
        if len(found) > 1 and len(wires[low, kind]) == len(found):
            alike.setdefault(key, []).extend(wires[low, kind])
            sources[key] += 1
    return {key: found for key, found in alike.items() if sources[key] > 1}


def one_label(made: Plan) -> dict[tuple, set[int]]:
    """Trunk -> its edges, for trunks whose edges all say the same: that is told once, on the piece they share."""
    bundles: dict[tuple, list[Wire]] = {}
    for w in made.wires:
        if w.trunk:
            bundles.setdefault(w.trunk, []).append(w)
    return {
        trunk: {w.index for w in wires}
        for trunk, wires in bundles.items()
        if wires[0].edge.label and len({w.edge.label for w in wires}) == 1 and not any(w.lanes for w in wires)
    }


def assign_ports(
    made: Plan, shapes: list[str], label_across: Callable[[Wire], float]
) -> dict[tuple[int, tuple[int, int]], float]:
    """Spread the edges of each side of each node; returns the room that each side needs, middle to corner.

    `label_across`: the extent across the flow of an edge's label.
    """
    sides: dict[tuple[int, tuple[int, int]], list[tuple[Wire, bool]]] = {}
    for w in made.wires:
        sides.setdefault((w.low, w.low_side), []).append((w, True))
        sides.setdefault((w.high, w.high_side), []).append((w, False))
    rooms = {}
    # Sides that lines leave by come first, for those that they arrive at keep the order of two parallel lines.
    for (node, side), ends in sorted(sides.items(), key=lambda item: item[0][1] != OUT):
        if len(ends) == 1:  # in the middle, as most are
            rooms[node, side] = 0.0
            continue
        bundles: dict[tuple, list[tuple[Wire, bool]]] = {}
        for w, low in ends:
            shared = w.trunk if w.trunk and w.trunk[0] in ("all", "out" if low else "in") else (w.index, low)
            if shapes[node] in ("op", "diamond", "circle") and side in (OUT, IN) and w.shape != "loop":
                shared = ("one", node)  # they have only one point on a side
            bundles.setdefault(shared, []).append((w, low))
        single = {w.high if low else w.low for b in bundles.values() if len(b) == 1 for w, low in b}
        order = sorted(bundles.values(), key=lambda b: _port_key(made, node, side, b, single))
        middle = (len(order) - 1) / 2
        for i, bundle in enumerate(order):
            if side in (OUT, IN) and any(_heavy(made, w) for w, _ in bundle):
                middle = i
        if side in (BEFORE, AFTER):
            middle = next((i for i, b in enumerate(order) if b[0][0].shape in ("flat", "side")), middle)
        places = [0.0]
        for one, two in zip(order, order[1:], strict=False):
            high = [label_across(b[0][0]) if _told(b) else 0.0 for b in (one, two)]
            apart = 2 * PORT if shapes[node] == "trapezoid" and side == IN and len(order) == 2 else PORT
            places.append(places[-1] + max(apart, (sum(high) / 2 + 8) if side in (OUT, IN) and sum(high) else 0.0))
        zero = (places[math.floor(middle)] + places[math.ceil(middle)]) / 2 if middle % 1 else places[int(middle)]
        if middle == (len(order) - 1) / 2:
            zero = (places[0] + places[-1]) / 2
        widest = max(zero, places[-1] - zero)
        # All lines that meet a side of an operator, a circle or a user, which is not widened, must end on it.
        most = made.items[node].half * (2 / 3 if shapes[node] != "user" else 3 / 4)
        share = min(1.0, most / widest) if shapes[node] in ("op", "circle", "user") and widest else 1.0
        for bundle, place in zip(order, places, strict=True):
            offset = (place - zero) * share
            for w, low in bundle:
                if low:
                    w.low_offset = offset
                else:
                    w.high_offset = offset
        reach = max(zero, places[-1] - zero)
        rooms[node, side] = reach + 12 if reach else 0.0
    return rooms


def _told(bundle: list[tuple[Wire, bool]]) -> bool:
    """Whether the line of a port carries a label between neighbours."""
    w = bundle[0][0]
    return len(bundle) == 1 and bool(w.edge.label) and not w.lanes


def _heavy(made: Plan, w: Wire) -> bool:
    return not w.turned and w.shape == "flow" and (w.low, w.high) in made.order.heavy


def _port_key(made: Plan, node: int, side: tuple[int, int], bundle: list[tuple[Wire, bool]], single: set[int]) -> tuple:
    """What the ports of a side are ordered by. A trunk stands to a line back to one of its ends as that one does."""
    keys = []
    partner = [(w, low) for w, low in bundle if (w.high if low else w.low) in single]
    for w, low in partner or bundle:
        far = w.high if low else w.low
        if side in (OUT, IN):
            near = (w.lanes[0] if low else w.lanes[-1]) if w.lanes else far
            # Two-way traffic: the way back lies on the far side of the way out.
            order = w.low_offset if not low else (0.0 if not w.turned else -0.5)
            if low and partner and len(bundle) > 1:  # the other lines of the trunk must not cross the way back
                others = [made.items[x.high].ref for x, _ in bundle if x is not w]
                order = -0.75 if sum(others) / len(others) < made.items[far].ref else 0.0
            keys.append((made.items[near].ref, made.items[far].ref, order))
            continue
        here = made.order.rank[node]
        there = made.order.rank[far]
        forward = 0 if w.shape in ("flat", "side") else (there > here) - (there < here)
        if w.shape == "loop":  # its ends are neighbours, between the lines that come from behind and those ahead
            keys.append((-0.5, 0.0, w.index + (0.5 if low else 0.0)))
            continue
        lane = made.items[w.lanes[0]].ref if w.lanes else made.items[far].ref
        outer = -lane if side == BEFORE else lane
        keys.append((forward, -outer * (forward or 1), w.index))
    return tuple(sum(values) / len(keys) for values in zip(*keys, strict=True))


def straighten(made: Plan, halves: list[float], shapes: list[str]) -> None:
    """Move ports so that edges which are almost straight become so."""
    taken: dict[tuple[int, tuple[int, int]], list[float]] = {}
    trunks = Counter(w.trunk for w in made.wires if w.trunk)
    for w in made.wires:
        taken.setdefault((w.low, w.low_side), []).append(w.low_offset)
        taken.setdefault((w.high, w.high_side), []).append(w.high_offset)
    for w in made.wires:
        if w.shape not in ("flow", "side"):
            continue
        chain = [w.low, *w.lanes, w.high]
        for low in (False, True):
            if w.trunk and w.trunk[0] in ("all", "out" if low else "in"):
                continue  # the port is the trunk's
            a, b = (chain[0], chain[1]) if low else (chain[-2], chain[-1])
            s = made.items[a].at + (w.low_offset if a == w.low else 0)
            t = made.items[b].at + (w.high_offset if b == w.high else 0)
            node, side = (w.low, w.low_side) if low else (w.high, w.high_side)
            if s == t or side not in (OUT, IN) or shapes[node] in ("op", "diamond", "circle"):
                continue
            most = 12 if shapes[node] == "user" else halves[node] - 12
            old = w.low_offset if low else w.high_offset
            new = old + (t - s if low else s - t)
            if trunks[w.trunk] > 2 and abs(new - old) > 12:
                continue  # each of many branches meets the middle of its box
            ports = list(taken[node, side])
            ports.remove(old)
            if abs(new) <= most and all(abs(new - p) >= 12 for p in ports):
                if low:
                    w.low_offset = new
                else:
                    w.high_offset = new
                taken[node, side] = [*ports, new]


@dataclass
class Net:
    """Bends in one gap that share a line across the flow; levels at which lines come in and go out."""

    gap: int
    ins: list[float] = field(default_factory=list)
    outs: list[float] = field(default_factory=list)
    lane: int = 0
    at: float = 0.0
    turn: str = ""  # "out" or "in": both lines are on the same side of the bend
    late: bool = False  # turns near the rank behind, to leave room for the words of another
    into: bool = False  # a fork that lies inside the frame that begins behind it

    def hull(self) -> tuple[float, float]:
        levels = self.ins + self.outs
        return min(levels), max(levels)


@dataclass
class Course:
    """The result: places along the flow, and points of every wire, in flow coordinates."""

    along: list[float]
    halves: list[float]
    points: dict[int, list[Point]]
    frames: dict[int, tuple[float, float]]


def levels_of(made: Plan, w: Wire) -> list[tuple[int, float]]:
    """(rank, level) of the pieces along the flow that a wire consists of, from low to high."""
    items = made.items
    steps = [(items[k].rank, items[k].at) for k in w.lanes]
    if w.low_side in (OUT, IN):
        steps.insert(0, (items[w.low].rank, items[w.low].at + w.low_offset))
    if w.high_side in (OUT, IN):
        steps.append((items[w.high].rank, items[w.high].at + w.high_offset))
    return steps


def course(
    made: Plan,
    extents: list[float],
    label_along: Callable[[Wire], float],
    frame_pads: tuple[float, float],
    frame_needs: dict[int, float],
    tight: dict[int, float],
    straight: bool,
) -> Course:
    """Lay all wires. `extents`: half extents of the nodes along the flow; `tight`: least gaps after a rank."""
    ranks = max(made.order.rank) + 1
    halves = [0.0] * ranks
    for i, r in enumerate(made.order.rank):
        halves[r] = max(halves[r], extents[i])
    nets, keys = _nets(made)
    widest = [0.0] * (ranks + 1)
    lanes = [0] * (ranks + 1)
    turns = {"in": [0] * (ranks + 1), "out": [0] * (ranks + 1)}
    by_gap: dict[int, list[Net]] = {}
    for net in nets:
        by_gap.setdefault(net.gap, []).append(net)
    for gap, group in by_gap.items():
        lanes[gap] = _assign_lanes([n for n in group if not n.turn])
        for name in ("in", "out"):
            count = 0
            for net in sorted((n for n in group if n.turn == name), key=lambda n: n.hull()[1] - n.hull()[0]):
                net.lane = count
                count += 1
            turns[name][gap] = count
    early = [False] * (ranks + 1)  # gaps whose bends stand near the rank before, or near the one behind
    late = [False] * (ranks + 1)
    back_in = [False] * (ranks + 1)  # gaps with the words of a way back
    before = [0.0] * (ranks + 1)  # room for words before the bends
    ports = Counter((w.high, w.high_side, w.high_offset) for w in made.wires)
    together = set() if straight else set(one_label(made))
    for w in made.wires:
        if not w.edge.label or w.shape not in ("flow", "side"):
            continue
        steps = levels_of(made, w)
        room = label_along(w)
        joined = ports[w.high, w.high_side, w.high_offset] > 1  # others arrive at the same port
        best: dict[int, float] = {}
        for (r, s), (_, t) in zip(steps, steps[1:], strict=False):
            bent = 52 if abs(s - t) > 0.5 else 40
            if w.trunk or joined:  # the words stand behind the fork, or where slanted lines are far enough apart
                bent = 96 if straight else 64
            elif w.turned and lanes[r + 1]:  # the words of a way back stand beside the fork
                bent = 64
                back_in[r + 1] = True
            best[r + 1] = room + bent + (PORT * max(0, lanes[r + 1] - 1) if bent > 40 else 0)
        if best and len(steps) == 2:
            gap = min(best, key=lambda g: best[g])
            widest[gap] = max(widest[gap], best[gap])
            if w.trunk in together:  # the words stand before the fork, or behind the merge
                (early if w.trunk[0] == "in" else late)[gap] = True
                if w.trunk[0] != "in":
                    before[gap] = max(before[gap], room + 40)
            elif w.trunk or joined or any(abs(s - t) > 0.5 for (_, s), (_, t) in zip(steps, steps[1:], strict=False)):
                (late if (w.trunk and w.trunk[0] == "in") or (joined and not w.trunk) else early)[gap] = True
            if joined and w.trunk not in together:  # whoever else comes to this port turns behind the words
                target = steps[-1][1]
                for net in by_gap.get(gap, ()):
                    own = net is keys.get((w.index, gap)) or net.turn
                    net.late |= not own and any(abs(level - target) < 0.5 for level in net.outs)
    late = [b or (back and not a) for a, b, back in zip(early, late, back_in, strict=True)]
    for gap in range(ranks + 1):
        before[gap] *= early[gap] and late[gap]  # with words on both sides the bends stand between them
        widest[gap] += before[gap]
    extra: dict[int, float] = {}
    for _ in range(2):
        result = _along(
            made, halves, lanes, turns, widest, early, late, before, frame_pads, extra, tight, nets, extents
        )
        short = {
            k: frame_needs[k] - (high - low) for k, (low, high) in result.frames.items()
            if frame_needs.get(k, 0) > high - low + 0.5
        }  # fmt: skip
        if not short:
            break
        extra = {k: v / 2 for k, v in short.items()}
    for w in made.wires:
        clear = _clear(made, w, result, frame_pads) if straight else (-math.inf, math.inf)
        result.points[w.index] = _points(made, w, result, extents, keys, clear, straight)
    return result


def _clear(made: Plan, w: Wire, result: Course, pads: tuple[float, float]) -> tuple[float, float]:
    """Where a slanted line may begin and end, so that it does not run over the title of a frame that it leaves."""

    def edges(node: int, other: int, end: int) -> list[float]:
        inside = [g for g in result.frames if made.groups[g].start <= node < made.groups[g].stop]
        around = [g for g in inside if not made.groups[g].start <= other < made.groups[g].stop]
        return [result.frames[g][end] for g in around if pads[end] > pads[1 - end]]  # there the titles stand

    begin = max(edges(w.low, w.high, 1), default=-math.inf)
    stop = min(edges(w.high, w.low, 0), default=math.inf)
    return begin, stop


def _nets(made: Plan) -> tuple[list[Net], dict[tuple[int, int], Net]]:
    """The bends, and for each (wire, gap) the one it makes there. Gap g lies before rank g."""
    nets: list[Net] = []
    shared: dict[tuple, Net] = {}
    keys: dict[tuple[int, int], Net] = {}
    for w in made.wires:
        steps = levels_of(made, w)
        if w.shape == "flat" and w.low_side in (OUT, IN):
            out = w.low_side == OUT
            net = Net(steps[0][0] + out, [steps[0][1], steps[1][1]], turn="out" if out else "in")
            nets.append(net)
            keys[w.index, net.gap] = net
            continue
        if w.shape in ("flat", "loop"):
            continue
        last = len(steps) - 2
        for i, ((r, s), (q, t)) in enumerate(zip(steps, steps[1:], strict=False)):
            if r == q:  # a lane that passes over its own end: the line turns back in the gap beyond
                if abs(s - t) <= 0.5:
                    continue
                gap = r if i == 0 and w.low_side == IN else r + 1
                net = Net(gap, turn="in" if gap == r else "out")
                (net.outs if gap == r else net.ins).extend((s, t))
                nets.append(net)
                keys[w.index, gap] = net
                continue
            key: tuple = (w.index, q)
            ends = {"all": i == 0, "out": i == 0, "in": i == last}  # where a trunk is
            if w.trunk and ends[w.trunk[0]]:
                key = (*w.trunk, q)
            elif abs(s - t) <= 0.5:
                continue
            net = shared.get(key)
            if net is None:
                net = shared[key] = Net(q)
                nets.append(net)
            net.ins.append(s)
            net.outs.append(t)
            net.into |= w.fork and any(made.span.get(g, (0, 0))[0] == q for g in w.inside)
            keys[w.index, q] = net
    return [n for n in nets if n.hull()[1] - n.hull()[0] > 0.5], keys


def _cost(first: Net, second: Net) -> float:
    """What it costs to bend `first` nearer to the low rank than `second`."""
    low, high = first.hull()
    cost = 0.0
    for level in second.ins:
        cost += low + 1 < level < high - 1
    low, high = second.hull()
    for level in first.outs:
        cost += low + 1 < level < high - 1
        for other in second.ins:
            cost += 40 * (abs(level - other) < 11)
    return cost


def _assign_lanes(nets: list[Net]) -> int:
    """Order the bends of a gap for few crossings and give each a lane; returns how many lanes are used."""
    ordered: list[Net] = []
    for net in sorted(nets, key=lambda n: (n.hull()[0], n.hull()[1])):
        total = sum(_cost(net, o) for o in ordered)
        costs = [(total, 0)]  # of each place among those ordered so far, from the first on
        for at, other in enumerate(ordered, 1):
            total += _cost(other, net) - _cost(net, other)
            costs.append((total, -at))
        ordered.insert(-min(costs)[1], net)
    for i, net in enumerate(ordered):
        net.lane = 0
        low, high = net.hull()
        for other in ordered[:i]:
            a, b = other.hull()
            clash = any(abs(o - s) < 11 for o in net.ins for s in other.outs)
            if (a < high + 12 and low < b + 12) or clash:
                net.lane = max(net.lane, other.lane + 1)
    return max((n.lane for n in ordered), default=-1) + 1


def _along(
    made: Plan,
    halves: list[float],
    lanes: list[int],
    turns: dict[str, list[int]],
    widest: list[float],
    early: list[bool],
    late: list[bool],
    before: list[float],
    pads: tuple[float, float],
    extra: dict[int, float],
    tight: dict[int, float],
    nets: list[Net],
    extents: list[float],
) -> Course:
    ranks = len(halves)
    opening, closing = [0.0] * (ranks + 1), [0.0] * (ranks + 1)
    depth_open = {k: _depth(made, k, 0, pads[0], extra) for k in made.span}
    depth_close = {k: _depth(made, k, 1, pads[1], extra) for k in made.span}
    for k, (first, last) in made.span.items():
        opening[first] = max(opening[first], depth_open[k])
        closing[last + 1] = max(closing[last + 1], depth_close[k])
    along = [0.0] * ranks
    zones: list[tuple[float, float]] = [(0.0, 0.0)] * (ranks + 1)
    turn_room = 24 + PORT
    for g in range(ranks + 1):
        shut, opened = closing[g], opening[g] if g < ranks else 0.0
        if turns["out"][g]:
            shut += turn_room + PORT * (turns["out"][g] - 1)
        if any(n.into and n.gap == g for n in nets):
            opened += 12
        if turns["in"][g]:
            opened += turn_room + PORT * (turns["in"][g] - 1)
        if g == 0 or g == ranks:
            continue
        least = tight.get(g, made.spacing.rank)
        if lanes[g]:
            edge = 48 if not (shut or opened) else 36
            least = max(least if not (shut or opened) else 0, edge + PORT * (lanes[g] - 1), 0)
        if shut or opened:
            between = made.spacing.frame if shut and opened else min(24.0, made.spacing.rank - 20)
            least = max(between, least if lanes[g] else 0.0)
        least = max(least, widest[g])
        gap = shut + opened + least
        along[g] = along[g - 1] + halves[g - 1] + gap + halves[g]
        start = along[g - 1] + halves[g - 1] + shut
        zones[g] = (start, start + least)
    late_from: dict[int, int] = {}  # the first lane of a gap with a bend that is late, which keeps the order of lanes
    for net in nets:
        if net.late:
            late_from[net.gap] = min(net.lane, late_from.get(net.gap, net.lane))
    for net in nets:
        if net.turn == "out":
            net.at = along[net.gap - 1] + halves[net.gap - 1] + 24 + PORT * net.lane
        elif net.turn == "in":
            net.at = along[net.gap] - halves[net.gap] - 24 - PORT * net.lane
        elif net.into:
            net.at = along[net.gap] - halves[net.gap] - 18
        else:
            start, end = zones[net.gap]
            width = PORT * (lanes[net.gap] - 1)
            base = (start + end - width) / 2
            last = late_from.get(net.gap, net.lane + 1) <= net.lane
            if before[net.gap]:
                base = start + before[net.gap]
            elif early[net.gap] and not last:
                base = start + 24
            elif early[net.gap]:
                base = end - 24 - width
            elif late[net.gap]:
                base = end - 24 - width
            net.at = 2 * round((base + PORT * net.lane) / 2)
    frames: dict[int, tuple[float, float]] = {}
    for k in sorted(made.span, reverse=True):  # inner groups first
        group = made.groups[k]
        lows = [along[made.order.rank[i]] - extents[i] for i in range(group.start, group.stop)]
        highs = [along[made.order.rank[i]] + extents[i] for i in range(group.start, group.stop)]
        lows += [frames[j][0] for j in frames if made.parents[j] == k]
        highs += [frames[j][1] for j in frames if made.parents[j] == k]
        if any(n.into and n.gap == made.span[k][0] for n in nets):
            lows.append(min(lows) - 12)
        for net in nets:  # turns of edges that belong inside
            if net.turn == "in" and net.gap == made.span[k][0]:
                lows.append(net.at + 4)
            if net.turn == "out" and net.gap == made.span[k][1] + 1:
                highs.append(net.at - 4)
        more = extra.get(k, 0.0)
        frames[k] = (min(lows) - pads[0] - more, max(highs) + pads[1] + more)
    return Course(along, halves, {}, frames)


def _depth(made: Plan, k: int, end: int, pad: float, extra: dict[int, float]) -> float:
    """How much room the frames that begin (or end) together with a group take, its own included."""
    inner = [
        _depth(made, j, end, pad, extra)
        for j in made.span if made.parents[j] == k and made.span[j][end] == made.span[k][end]
    ]  # fmt: skip
    return pad + extra.get(k, 0.0) + max(inner, default=0.0)


def _free(made: Plan, node: int, here: float, there: float, result: Course, extents: list[float]) -> bool:
    """Whether a slanted line may leave a node at once: it is as long as its rank, or nearly, and none is in the way."""
    rank = made.order.rank[node]
    if result.halves[rank] - extents[node] >= 16:
        return False
    low, high = min(here, there), max(here, there)
    beside = (i for i, r in enumerate(made.order.rank) if r == rank and i != node and extents[i] > extents[node] + 1)
    return not any(made.items[i].at + made.items[i].half > low and made.items[i].at - made.items[i].half < high
                   for i in beside)  # fmt: skip


def _points(
    made: Plan,
    w: Wire,
    result: Course,
    extents: list[float],
    keys: dict[tuple[int, int], Net],
    clear: tuple[float, float],
    straight: bool,
) -> list[Point]:
    """The bends of a wire, from low to high; the two ports at its ends are left to the drawing."""
    along, items = result.along, made.items
    steps = levels_of(made, w)
    points: list[Point] = []
    if w.low_side in (BEFORE, AFTER) and steps:
        points.append((along[items[w.low].rank] + w.low_offset, steps[0][1]))
    if w.shape == "loop":
        points.append((along[items[w.high].rank] + w.high_offset, steps[0][1]))
        return points
    if w.shape == "flat" and w.low_side in (OUT, IN):
        net = keys[w.index, steps[0][0] + (w.low_side == OUT)]
        return [(net.at, steps[0][1]), (net.at, steps[1][1])]
    if w.shape == "flat":
        return []
    for i, ((r, s), (q, t)) in enumerate(zip(steps, steps[1:], strict=False)):
        if abs(s - t) <= 0.5:
            continue
        gap = q if r != q else (r if i == 0 and w.low_side == IN else r + 1)
        if straight and r != q:
            # Out of the rank first, where the node is much shorter than the tallest of its rank.
            begin, end = along[r] + result.halves[r] + (8 if i else 0), along[q] - result.halves[q]
            end -= 8 if i < len(steps) - 2 else 0
            first, last = i == 0 and begin < clear[0] < end, i == len(steps) - 2 and begin < clear[1] < end
            if first or not (i == 0 and w.low_side == OUT and _free(made, w.low, s, t, result, extents)):
                least = along[r] + extents[w.low] + 10 if i == 0 else begin  # no piece shorter than a bend
                points.append((clear[0] if first else max(begin, least), s))
            if last or not (i == len(steps) - 2 and w.high_side == IN and _free(made, w.high, t, s, result, extents)):
                most = along[q] - extents[w.high] - 16 if i == len(steps) - 2 else end  # and room for a head
                points.append((clear[1] if last else min(end, most), t))
            continue
        net = keys[w.index, gap]
        points += [(net.at, s), (net.at, t)]
    if w.high_side in (BEFORE, AFTER) and steps:
        points.append((along[items[w.high].rank] + w.high_offset, steps[-1][1]))
    return points
