"""Which nodes stand side by side and in which order: feedback edges, main rows, and Graphviz's ranks and crossings.

Everything from here to route.py is thought in flow coordinates: `along` the direction in which the figure runs, and
`across` it. Only the drawing knows which of the two is x.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, BinaryIO

from diagen.diagram import Edge, Group


@dataclass
class Order:
    """Ranks of the nodes, and a first place across the flow (`ref`) that only the order of is used."""

    rank: list[int]
    ref: list[float]
    feedback: set[int]  # edges that run against the flow
    heavy: dict[tuple[int, int], float]  # edges of the main rows, which should be straight
    centred: list[tuple[int, list[int]]]  # nodes to stand in the middle of others
    splines: dict[int, list[tuple[float, float]]] = field(default_factory=dict)  # (along, across) of long edges
    along: list[float] = field(default_factory=list)  # of each rank, in the coordinates of the splines
    boxes: dict[int, tuple[float, float]] = field(default_factory=dict)  # a group's extent across, as ref


def parents_of(groups: tuple[Group, ...]) -> list[int]:
    """For each group the one around it, -1 for none."""
    stack: list[int] = []
    parents = []
    for k, group in enumerate(groups):
        while stack and groups[stack[-1]].stop <= group.start:
            stack.pop()
        parents.append(stack[-1] if stack else -1)
        stack.append(k)
    return parents


def home_of(groups: tuple[Group, ...], count: int) -> list[int]:
    """For each node the innermost group that holds it, -1 for none."""
    home = [-1] * count
    for k, group in enumerate(groups):  # inner groups come after those around them
        for i in range(group.start, group.stop):
            home[i] = k
    return home


def feedback_edges(edges: list[Edge], count: int) -> set[int]:
    """The edges that close a cycle: inside a strongly connected part, those back to a node named before."""
    part = _components(edges, count)
    back = {k for k, e in enumerate(edges) if part[e.source] == part[e.target] and e.source >= e.target}
    # A dashed edge is meant as feedback, so where leaving it out is enough, the solid ones stay in the flow.
    dashed = {k for k, e in enumerate(edges) if e.style.startswith("dashed") and part[e.source] == part[e.target]}
    if dashed:
        rest = [e for k, e in enumerate(edges) if k not in dashed]
        again = _components(rest, count)
        if all(again[e.source] != again[e.target] for e in rest):
            return dashed
    return back


def _components(edges: list[Edge], count: int) -> list[int]:
    """The number of the strongly connected part of each node (Kosaraju, without recursion)."""
    out: list[list[int]] = [[] for _ in range(count)]
    into: list[list[int]] = [[] for _ in range(count)]
    for e in edges:
        out[e.source].append(e.target)
        into[e.target].append(e.source)
    finished: list[int] = []
    seen = [False] * count
    for root in range(count):
        if seen[root]:
            continue
        seen[root] = True
        stack = [(root, iter(out[root]))]
        while stack:
            node, rest = stack[-1]
            follow = next((v for v in rest if not seen[v]), None)
            if follow is None:
                finished.append(node)
                stack.pop()
            else:
                seen[follow] = True
                stack.append((follow, iter(out[follow])))
    part = [-1] * count
    for number, root in enumerate(reversed(finished)):
        if part[root] >= 0:
            continue
        part[root] = number
        todo = [root]
        while todo:
            for v in into[todo.pop()]:
                if part[v] < 0:
                    part[v] = number
                    todo.append(v)
    return part


def main_rows(
    edges: list[tuple[int, int]], count: int, home: list[int], straight_on: set[int]
) -> tuple[dict[tuple[int, int], float], list[tuple[int, list[int]]], list[list[int]]]:
    """Weights of the edges that should be straight, nodes to be centred on others, and the rows (longest paths).

    The longest path of an acyclic graph becomes the first row, the longest of what is left the next. Where a node
    splits into branches of about the same length, none of them is the straight one: it stands in their middle, and so
    does a node in which equal branches meet. `straight_on` are nodes that are never centred.
    """
    out: dict[int, list[int]] = {i: [] for i in range(count)}
    into: dict[int, list[int]] = {i: [] for i in range(count)}
    for u, v in edges:
        if v not in out[u]:
            out[u].append(v)
            into[v].append(u)
    order = _topological(out, into, count)
    behind, ahead = [0] * count, [0] * count
    for v in order:
        behind[v] = max((behind[u] + 1 for u in into[v]), default=0)
    for u in reversed(order):
        ahead[u] = max((ahead[v] + 1 for v in out[u]), default=0)

    heavy: dict[tuple[int, int], float] = {}
    centred: list[tuple[int, list[int]]] = []
    split: set[tuple[int, int]] = set()  # edges that belong to a centred fork or merge
    for u in range(count):
        for near, depth, forward in ((out[u], ahead, True), (into[u], behind, False)):
            if len(near) < 2 or u in straight_on:
                continue
            longest = max(depth[v] for v in near)
            alike = [v for v in near if depth[v] + 1 >= (longest + 1) * 0.6]
            # Branches that only one node separates from joining the others again are a skip, not a branch.
            alike = [v for v in alike if not any(v in (out[w] if forward else into[w]) for w in near)]
            if len(alike) >= 2:
                centred.append((u, alike))
                split |= {(u, v) if forward else (v, u) for v in alike}
    used = [False] * count
    rows: list[list[int]] = []
    while not all(used):
        length = {}
        for u in reversed(order):
            if not used[u]:
                options = [(length[v][0] + 1 + 0.01 * (home[u] == home[v]), -v) for v in out[u] if not used[v]]
                best = max(options, default=None)
                length[u] = (best[0], -best[1]) if best else (0.0, -1)
        start = max(length, key=lambda u: (length[u][0], -u))
        row = [start]
        while length[row[-1]][1] >= 0:
            row.append(length[row[-1]][1])
        for u in row:
            used[u] = True
        weight = 40.0 if not rows else max(6.0, 20.0 / len(rows))
        for u, v in zip(row, row[1:], strict=False):
            if (u, v) not in split:
                heavy[u, v] = weight
        rows.append(row)
    return heavy, centred, rows


def _topological(out: dict[int, list[int]], into: dict[int, list[int]], count: int) -> list[int]:
    left = [len(into[v]) for v in range(count)]
    ready = [v for v in range(count) if not left[v]]
    order = []
    while ready:
        u = ready.pop(0)
        order.append(u)
        for v in out[u]:
            left[v] -= 1
            if not left[v]:
                ready.append(v)
    return order


def ring_of(edges: list[Edge], feedback: set[int], count: int) -> list[int]:
    """The nodes of a loop that is drawn as a rectangle, in the order of the flow; none where it should not be.

    The figure's only way back closes it, and at least four nodes lie on it. Its second half, which runs back below the
    first, has no other edge.
    """
    if len(feedback) != 1:
        return []
    back = edges[next(iter(feedback))]
    out: list[list[int]] = [[] for _ in range(count)]
    degree = [0] * count
    for k, e in enumerate(edges):
        if k not in feedback:
            out[e.source].append(e.target)
            degree[e.source] += 1
            degree[e.target] += 1
    longest: dict[int, list[int]] = {back.source: [back.source]}  # node -> its longest way to the end of the loop
    into: dict[int, list[int]] = {i: [u for u in range(count) if i in out[u]] for i in range(count)}
    for u in reversed(_topological({i: out[i] for i in range(count)}, into, count)):
        ways = [longest[v] for v in out[u] if v in longest]
        if ways and u != back.source:
            longest[u] = [u, *max(ways, key=len)]
    ring = longest.get(back.target, [])
    half = len(ring) - len(ring) // 2
    plain = all(degree[u] == (1 if u == back.source else 2) for u in ring[half:])
    return ring if len(ring) >= 4 and plain else []


def arrange(
    sizes: list[tuple[float, float]],
    edges: list[Edge],
    groups: tuple[Group, ...],
    straight_on: set[int],
    gap: float,
    apart: set[int],
    operators: set[int],
    cells: set[int],
    rings: bool,
) -> tuple[Order, set[int]]:
    """Ranks and order of nodes of (along, across) sizes, and the edges that are skips along a row.

    `apart` are edges whose ends may stand side by side: they join groups that are drawn next to each other. With
    `rings` a loop may become a rectangle, its second half running back beside the first. What only feeds one of the
    `operators` stands beside it, and so do the inputs and outputs of `cells` that are chained (an unrolled network).
    """
    count = len(sizes)
    feedback = feedback_edges(edges, count)
    home = home_of(groups, count)
    ring = ring_of(edges, feedback, count) if rings else []
    half = len(ring) - len(ring) // 2
    turn = set(zip(ring[half - 1 :], ring[half:], strict=False))
    beside = _unrolled(edges, cells)
    steps = _read_both_ways(edges, count)
    beside |= {x: (ahead, 1) for x, ahead, _ in steps} | _read_out(edges, steps)
    half_way = tuple(ring[half - 1 : half + 1])
    near = [
        (e.source, e.target) for k, e in enumerate(edges)
        if k not in feedback and k not in apart and (e.source, e.target) != half_way
        and not beside.keys() & {e.source, e.target}
    ]  # fmt: skip
    heavy, centred, rows = main_rows(near, count, home, straight_on)
    place = {u: (number, i) for number, row in enumerate(rows) for i, u in enumerate(row)}
    skips = set()
    for k, e in enumerate(edges):
        if k in feedback or k in apart or (e.source, e.target) in turn:
            continue
        (row, i), (other, j) = place[e.source], place[e.target]
        if row == other and j > i + 1:
            skips.add(k)
    order = Order([0] * count, [0.0] * count, feedback, heavy, centred)
    beside |= _side_inputs(edges, feedback | apart, home, operators, heavy)
    _graphviz(order, sizes, edges, groups, gap, skips, apart, ring, beside, steps)
    return order, skips


def _graphviz(
    order: Order,
    sizes: list[tuple[float, float]],
    edges: list[Edge],
    groups: tuple[Group, ...],
    gap: float,
    skips: set[int],
    apart: set[int],
    ring: list[int],
    beside: dict[int, tuple[int, int]],
    steps: list[tuple[int, int, int]],
) -> None:
    half = len(ring) - len(ring) // 2
    ahead, behind = ring[:half], ring[half:][::-1]
    against = set(zip(behind[1:], behind, strict=False))  # edges of the row that runs back
    against |= {(late[2], early[2]) for early, late in zip(steps, steps[1:], strict=False)}
    flat = {k for k, e in enumerate(edges) if beside.keys() & {e.source, e.target}}
    dot = [
        f"digraph {{ rankdir=TB nodesep={gap / 72:.4f} ranksep=0.8 newrank=true splines=true",
        'node [shape=box fixedsize=true label=""] edge [dir=none]',
    ]
    for i, (along, across) in enumerate(sizes):
        dot.append(f"{i} [width={across / 72:.4f} height={along / 72:.4f}]")
    for k, e in enumerate(edges):
        turning = bool(ring) and (e.source, e.target) == (ahead[-1], behind[-1])
        if e.source == e.target or k in order.feedback or k in skips or turning:
            continue
        turned = (e.source, e.target) in against
        if k in flat:  # within a rank, Graphviz keeps the tail before the head
            turned = beside.get(e.source, (0, -1))[1] > 0 or beside.get(e.target, (0, 1))[1] < 0
        tail, head = (e.target, e.source) if turned else (e.source, e.target)
        weight = int(order.heavy.get((e.source, e.target), 1.0))
        dot.append(f"{tail} -> {head} [id={k} weight={weight} minlen={0 if k in flat | apart else 1}]")
    for u, (other, _) in beside.items():
        dot.append(f"{{ rank=same {u} {other} }}")
    for _, ahead_cell, back_cell in steps:
        dot.append(f"{{ rank=same {ahead_cell} {back_cell} }}")
    for i, u in enumerate(behind):
        dot.append(f"{{ rank=same {ahead[round(i * (half - 1) / (len(behind) - 1))]} {u} }}")
    dot.append(_clusters(groups, parents_of(groups), -1))
    laid = _run_dot("\n".join([*dot, "}"]))
    ups = []
    for i in range(len(sizes)):
        x, y = map(float, laid.nodes[str(i)].split(","))
        order.ref[i] = x
        ups.append(-y)
    heights = sorted(set(round(v, 1) for v in ups))
    ranks: list[float] = []
    rank_of: dict[float, int] = {}
    for value in heights:
        if not ranks or value - ranks[-1] > 2:
            ranks.append(value)
        rank_of[value] = len(ranks) - 1
    order.along = ranks
    order.rank = [rank_of[round(v, 1)] for v in ups]
    for k, group in enumerate(groups):
        if group.start < group.stop:
            x0, _, x1, _ = map(float, laid.clusters[f"cluster{k}"].split(","))
            order.boxes[k] = (x0, x1)
    for name, spline in laid.edges.items():
        k = int(name)
        if abs(order.rank[edges[k].source] - order.rank[edges[k].target]) > 1:
            points = (p.split(",") for p in spline.split())
            order.splines[k] = [(-float(y), float(x)) for x, y in points]
    _keep_text_order(order, beside, groups)


def _clusters(groups: tuple[Group, ...], parents: list[int], outer: int) -> str:
    """The clusters right inside a group, in Graphviz's language."""
    found = []
    for k, group in enumerate(groups):
        if parents[k] == outer and group.start < group.stop:
            nodes = " ".join(map(str, range(group.start, group.stop)))
            found.append(f"subgraph cluster{k} {{ margin=16 {nodes} {_clusters(groups, parents, k)} }}")
    return " ".join(found)


@dataclass
class _Laid:
    """Numbers of Graphviz's layout: middles of nodes by name, boxes of clusters by name, splines of edges by `id`."""

    nodes: dict[str, str] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    edges: dict[str, str] = field(default_factory=dict)


_ONE_AT_A_TIME = Lock()  # Graphviz knows no threads, and the studio has several


@cache
def _workshop() -> tuple[Any, BinaryIO]:
    """Graphviz's context, and the file through which it is told a graph: both take long to make, and serve all."""
    # It is told sizes and asked for no words, so the machine's fonts have no say; this keeps fontconfig quiet.
    os.environ.setdefault("FONTCONFIG_FILE", os.devnull)
    from pygraphviz import graphviz

    return graphviz.gvContextWithBuiltins(), TemporaryFile(buffering=0)


def _run_dot(text: str) -> _Laid:
    """Graphviz's layout of a graph.

    Its Python objects would take longer than the layout, so text goes in; and so would text that it writes, so the
    few numbers that matter are asked for.
    """
    with _ONE_AT_A_TIME:
        context, file = _workshop()
        from pygraphviz import graphviz

        file.seek(0)
        file.truncate()
        file.write(text.encode())
        file.seek(0)
        graph = graphviz.agread(file, None)
        try:
            if graphviz.gvLayout(context, graph, b"dot"):
                raise RuntimeError("Graphviz could not lay out the graph")
            try:
                if graphviz.gvRender(context, graph, b"dot", None):  # to no file: it sets the attributes
                    raise RuntimeError("Graphviz could not tell its layout")
                return _laid(graph)
            finally:
                graphviz.gvFreeLayout(context, graph)
        finally:
            graphviz.agclose(graph)


def _laid(graph: Any) -> _Laid:
    from pygraphviz import graphviz

    laid = _Laid()
    for node in _each(graphviz.agfstnode, graphviz.agnxtnode, graph):
        laid.nodes[(graphviz.agnameof(node) or b"").decode()] = graphviz.agget(node, b"pos").decode()
        for edge in _each(graphviz.agfstout, graphviz.agnxtout, graph, node):
            laid.edges[graphviz.agget(edge, b"id").decode()] = graphviz.agget(edge, b"pos").decode()
    inside = [graph]
    while inside:
        for part in _each(graphviz.agfstsubg, lambda _, part: graphviz.agnxtsubg(part), inside.pop()):
            name = graphviz.agnameof(part)
            if name:  # those that only hold a rank together have none
                laid.clusters[name.decode()] = graphviz.agget(part, b"bb").decode()
                inside.append(part)
    return laid


def _each(first: Callable[..., Any], following: Callable[..., Any], graph: Any, *of: Any) -> Iterator[Any]:
    """What Graphviz has a first and a following one of, in a graph."""
    found = first(graph, *of)
    while found:
        yield found
        found = following(graph, found)


def _side_inputs(
    edges: list[Edge], left_out: set[int], home: list[int], operators: set[int], heavy: dict[tuple[int, int], float]
) -> dict[int, tuple[int, int]]:
    """Source -> (the operator that it stands before, -1): the last thing named that feeds nothing else."""
    found: dict[int, tuple[int, int]] = {}
    kept = [e for k, e in enumerate(edges) if k not in left_out]
    for operator in operators:
        into = [e.source for e in kept if e.target == operator]
        for u in sorted(into, reverse=True):
            alone = sum(u in (e.source, e.target) for e in edges) == 1
            if alone and len(into) > 1 and home[u] == home[operator] and (u, operator) not in heavy:
                found[u] = (operator, -1)
                break
    return found


def _unrolled(edges: list[Edge], cells: set[int]) -> dict[int, tuple[int, int]]:
    """Inputs and outputs of cells in a chain -> (their cell, 1 for an input, -1 for an output, which stands above).

    Where nothing but the first cell has an input and the last an output they are layers, not steps in time.
    """
    chained = {u for e in edges if e.source != e.target and {e.source, e.target} <= cells for u in (e.source, e.target)}
    degree: dict[int, int] = {}
    for e in edges:
        for u in (e.source, e.target):
            degree[u] = degree.get(u, 0) + 1
    found: dict[int, tuple[int, int]] = {}
    taken = set()
    for e in edges:
        for cell, other, side in ((e.target, e.source, 1), (e.source, e.target, -1)):
            if cell in chained and other not in cells and degree[other] == 1 and (cell, side) not in taken:
                taken.add((cell, side))
                found[other] = (cell, side)
    after = {(e.target, 1) for e in edges if e.source in cells} | {(e.source, -1) for e in edges if e.target in cells}
    return found if taken & after else {}


def _read_both_ways(edges: list[Edge], count: int) -> list[tuple[int, int, int]]:
    """The steps of a network that reads its inputs in both directions, in the order of the first one named: an input,
    the node that it feeds in the chain ahead, and that in the chain back. None unless there are three and more.
    """
    out: list[list[int]] = [[] for _ in range(count)]
    fed = {e.target for e in edges}
    for e in edges:
        out[e.source].append(e.target)
    inputs = [u for u in range(count) if u not in fed and len(out[u]) == 2]
    if len(inputs) < 3:
        return []
    joined = {(e.source, e.target) for e in edges}
    for ahead, back in (out[inputs[0]], out[inputs[0]][::-1]):
        steps = [(inputs[0], ahead, back)]
        for u in inputs[1:]:
            a, b = next(
                (
                    (a, b)
                    for a, b in (out[u], out[u][::-1])
                    if (steps[-1][1], a) in joined and (b, steps[-1][2]) in joined
                ),
                (-1, -1),
            )
            if a < 0:
                break
            steps.append((u, a, b))
        if len(steps) == len(inputs) and len({u for step in steps for u in step}) == 3 * len(steps):
            return steps
    return []


def _read_out(edges: list[Edge], steps: list[tuple[int, int, int]]) -> dict[int, tuple[int, int]]:
    """What is fed by the two nodes of one step and feeds nothing -> (one of them, -1): it stands above both."""
    into: dict[int, set[int]] = {}
    for e in edges:
        into.setdefault(e.target, set()).add(e.source)
    leading = {e.source for e in edges}
    step_of = {frozenset((ahead, back)): back for _, ahead, back in steps}
    return {
        u: (step_of[key], -1) for u, sources in into.items()
        if u not in leading and (key := frozenset(sources)) in step_of
    }  # fmt: skip


def _keep_text_order(order: Order, beside: dict[int, tuple[int, int]], groups: Sequence[Group]) -> None:
    """Mirror the figure where that brings more neighbours and frames into the order of the text, side inputs first."""
    ranks: dict[int, list[int]] = {}
    for i, r in enumerate(order.rank):
        ranks.setdefault(r, []).append(i)
    wrong = 0
    for members in ranks.values():
        for a in range(len(members)):
            for b in range(a + 1, len(members)):
                wrong += 1 if order.ref[members[a]] > order.ref[members[b]] else -1
    wrong += sum(3 if (order.ref[u] - order.ref[v]) * side < 0 else -3 for u, (v, side) in beside.items())
    for a, b in combinations(sorted(order.boxes, key=lambda k: groups[k].start), 2):
        if groups[a].stop <= groups[b].start:  # not one in the other; frames that overlap stand one after the other
            wrong += 3 * (order.boxes[a][0] >= order.boxes[b][1]) - 3 * (order.boxes[a][1] <= order.boxes[b][0])
    if wrong > 0:
        order.ref = [-x for x in order.ref]
        order.boxes = {k: (-high, -low) for k, (low, high) in order.boxes.items()}
        order.splines = {k: [(a, -c) for a, c in points] for k, points in order.splines.items()}
