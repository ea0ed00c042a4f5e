"""Folding a long figure into rows that all run the same way, joined by one lane from the end of each to the next."""

from __future__ import annotations

from dataclasses import dataclass

from diagen.render.place import IN, OUT, Plan, Wire
from diagen.render.route import PORT, Course, levels_of
from diagen.render.scene import Point

ROW_GAP = 64.0
REACH = 24.0  # how far the joining line runs on before it turns


@dataclass(frozen=True)
class Fold:
    """The row of each rank, how far each row is moved, and the lanes between rows (in flow coordinates)."""

    row: list[int]
    shift: list[Point]
    lanes: list[float]
    joints: dict[int, int]  # wires that go from one row to the next, and the row they start in

    def moved(self, rank: int, point: Point) -> Point:
        """Where a point of a rank comes to lie."""
        along, across = self.shift[self.row[rank]]
        return (point[0] + along, point[1] + across)

    def joint(self, made: Plan, laid: Course, w: Wire) -> list[Point]:
        """The bends of a wire that joins two rows."""
        row = self.joints[w.index]
        (_, s), *_, (_, t) = levels_of(made, w)
        low, high = made.order.rank[w.low], made.order.rank[w.high]
        leave, enter = laid.along[low] + laid.halves[low], laid.along[high] - laid.halves[high]
        for k, (start, end) in laid.frames.items():  # turn outside of frames that end or begin here
            if made.span[k][1] == low:
                leave = max(leave, end)
            if made.span[k][0] == high:
                enter = min(enter, start)
        turn, back = leave + REACH, enter - REACH
        for other in made.wires:  # and outside of lines that turn there
            ranks = made.order.rank[other.low], made.order.rank[other.high]
            if low in ranks and max(ranks) <= low:
                turn = max([turn, *(a + PORT for a, _ in laid.points[other.index] if a > leave)])
            if high in ranks and min(ranks) >= high:
                back = min([back, *(a - PORT for a, _ in laid.points[other.index] if a < enter)])
        a, c = self.moved(low, (turn, s))
        b, d = self.moved(high, (back, t))
        lane = self.lanes[row]
        return [(a, c), (a, lane), (b, lane), (b, d)]


def fold(made: Plan, laid: Course, rows: int) -> Fold | None:
    """Fold into at most `rows` rows of about the same length, or None where edges or frames forbid it."""
    ranks = len(laid.along)
    passing: dict[int, list[Wire]] = {g: [] for g in range(1, ranks)}
    for w in made.wires:
        steps = [r for r, _ in levels_of(made, w)] or [made.order.rank[w.low]]
        ends = [made.order.rank[w.low], made.order.rank[w.high]]
        for g in range(min(*steps, *ends) + 1, max(*steps, *ends) + 1):
            passing[g].append(w)
    broken = {g for first, last in made.span.values() for g in range(first + 1, last + 1)}
    allowed = [
        g for g in range(1, ranks)
        if g not in broken and len(passing[g]) == 1 and _plain(passing[g][0])
    ]  # fmt: skip
    if not allowed:
        return None
    breaks = _breaks(allowed, laid, ranks, rows)
    if not breaks:
        return None
    row = [sum(r >= b for b in breaks) for r in range(ranks)]
    lengths = [row.count(k) for k in range(len(breaks) + 1)]
    if min(lengths) < 0.3 * max(lengths):
        return None  # a row with next to nothing in it looks worse than a long figure
    lows, highs, starts = _extents(made, laid, row, len(breaks) + 1)
    shift: list[Point] = []
    lanes: list[float] = []
    top = 0.0
    for k in range(len(breaks) + 1):
        shift.append((-starts[k], top - lows[k]))
        top += highs[k] - lows[k]
        lanes.append(2 * round((top + ROW_GAP / 2) / 2))
        top += ROW_GAP
    shift = [(2 * round(a / 2), 2 * round(c / 2)) for a, c in shift]
    joints = {passing[b][0].index: row[b] - 1 for b in breaks}
    return Fold(row, shift, lanes, joints)


def _plain(w: Wire) -> bool:
    sides = w.low_side == OUT and w.high_side == IN
    return w.shape == "flow" and sides and not w.turned and not w.lanes and not w.trunk


def _breaks(allowed: list[int], laid: Course, ranks: int, rows: int) -> list[int]:
    """The gaps at which to break so that the longest row is as short as can be."""

    def length(first: int, last: int) -> float:
        return laid.along[last] + laid.halves[last] - laid.along[first] + laid.halves[first]

    best: dict[tuple[int, int], tuple[float, list[int]]] = {}
    stops = [*allowed, ranks]
    for stop in stops:
        best[1, stop] = (length(0, stop - 1), [])
    for k in range(2, rows + 1):
        for stop in stops:
            options = [
                (max(best[k - 1, b][0], length(b, stop - 1)), [*best[k - 1, b][1], b])
                for b in allowed if b < stop and (k - 1, b) in best
            ]  # fmt: skip
            if options:
                best[k, stop] = min(options, key=lambda o: o[0])
    found = [best[k, ranks] for k in range(2, rows + 1) if (k, ranks) in best]
    return min(found, key=lambda o: o[0])[1] if found else []


def _extents(made: Plan, laid: Course, row: list[int], rows: int) -> tuple[list[float], list[float], list[float]]:
    lows, highs, starts = [1e9] * rows, [-1e9] * rows, [1e9] * rows
    for item in made.items:
        k = row[item.rank]
        reach = item.half + item.label + (8 if item.node < 0 else 0)
        lows[k], highs[k] = min(lows[k], item.at - reach), max(highs[k], item.at + reach)
        starts[k] = min(starts[k], laid.along[item.rank] - laid.halves[item.rank])
    for g, (low, high) in made.frames.items():
        k = row[made.span[g][0]]
        lows[k], highs[k] = min(lows[k], low), max(highs[k], high)
        starts[k] = min(starts[k], laid.frames[g][0])
    return lows, highs, starts
