"""What a drawing shows of a diagram: with the sums that stacked residual blocks leave out, and dots for many equals."""

from __future__ import annotations

import re
from dataclasses import replace

from diagen.diagram import MAX_EDGES, MAX_NODES, Diagram, Edge, Group, Node
from diagen.render import placed

OPERATORS = ("add", "concat", "multiply")
MOST_BRANCHES = 6  # equal ones that are all drawn; of more the first three and the last, as people draw them


def as_drawn(diagram: Diagram) -> Diagram:
    """The diagram as it is laid out; its text, and the formats made from the text, keep every node."""
    return with_dots(with_sums(diagram))


def with_dots(diagram: Diagram) -> Diagram:
    """With one node of dots for the middle of many branches that differ in nothing but the number in their label."""
    if placed.applies(diagram) or len(diagram.nodes) <= MOST_BRANCHES:
        return diagram
    ends: list[list[tuple]] = [[] for _ in diagram.nodes]  # what each node is joined to, and how
    for e in diagram.flow():
        ends[e.source].append((e.target, True, e.label, e.style))
        ends[e.target].append((e.source, False, e.label, e.style))
    numbers = [re.fullmatch(r"(\D*)(\d{1,4})(\D*)", node.label) for node in diagram.nodes]

    def follows(i: int) -> bool:
        """Whether a node is the next after the one before it."""
        one, two = numbers[i - 1], numbers[i]
        if not one or not two or (one[1], int(one[2]) + 1, one[3]) != (two[1], int(two[2]), two[3]):
            return False
        alike = replace(diagram.nodes[i], label="") == replace(diagram.nodes[i - 1], label="")
        return alike and bool(ends[i]) and sorted(ends[i]) == sorted(ends[i - 1])

    start = 0
    for i in range(1, len(diagram.nodes) + 1):
        if i < len(diagram.nodes) and follows(i):
            continue
        first, last = start, i - 1  # nodes that follow each other
        start = i
        apart = any(first < cut <= last for g in diagram.groups for cut in (g.start, g.stop))
        if last - first + 1 > MOST_BRANCHES and not apart:
            return with_dots(_with_dots(diagram, first + 3, last))
    return diagram


def _with_dots(diagram: Diagram, first: int, last: int) -> Diagram:
    """With one node for those from `first` up to `last`, which is kept."""

    def moved(node: int) -> int:
        return node if node <= first else max(first, node - (last - first) + 1)

    edges = dict.fromkeys(replace(e, source=moved(e.source), target=moved(e.target)) for e in diagram.edges)
    groups = tuple(replace(g, start=moved(g.start), stop=moved(g.stop)) for g in diagram.groups)
    nodes = (*diagram.nodes[:first], Node("…", diagram.nodes[first].kind), *diagram.nodes[last:])
    return replace(diagram, nodes=nodes, edges=tuple(edges), groups=groups)


def with_sums(diagram: Diagram) -> Diagram:
    """With a sum behind each `skip` block that feeds, or is fed by, another; what its last node fed, the sum feeds.

    The shortcut becomes an edge to the sum. Only drawings have these nodes, never the text of a diagram. A block that
    is repeated keeps its shortcut inside, and one that ends in an operator has its sum already.
    """
    if placed.applies(diagram) or sum(group.skip for group in diagram.groups) < 2:
        return diagram
    blocks = {g.start: k for k, g in enumerate(diagram.groups) if g.skip and g.repeat == 1 and g.start < g.stop}
    stacked: set[int] = set()
    for k in blocks.values():
        last = diagram.groups[k].stop - 1
        after = {blocks[e.target] for e in diagram.edges if e.source == last and e.target in blocks}
        stacked |= {k, *after} if after - {k} else set()
    ends = {diagram.groups[k].stop - 1: k for k in stacked}
    stacked -= {ends[e.source] for e in diagram.edges if e.source in ends and diagram.nodes[e.target].kind in OPERATORS}
    if len(diagram.nodes) + len(stacked) > MAX_NODES or len(diagram.edges) + 2 * len(stacked) > MAX_EDGES:
        return diagram
    for k in sorted(stacked, key=lambda k: -diagram.groups[k].stop):
        diagram = _with_sum(diagram, k)
    return diagram


def _with_sum(diagram: Diagram, k: int) -> Diagram:
    """With a sum behind one block."""
    block = diagram.groups[k]
    inside, new = range(block.start, block.stop), block.stop

    def moved(node: int) -> int:
        return node + (node >= new)

    left = [e for e in diagram.edges if e.source == new - 1 and e.target not in inside]
    source = next((e.source for e in diagram.edges if e.target == block.start and e.source not in inside), -1)
    if source < 0 or not left:
        return diagram
    edges = [
        replace(e, source=new if e in left else moved(e.source), target=moved(e.target)) for e in diagram.edges
    ] + [Edge(new - 1, new), Edge(moved(source), new)]
    groups: list[Group] = []
    for i, g in enumerate(diagram.groups):
        if i == k:
            g = replace(g, skip=False)
        elif g.start >= new:
            g = replace(g, start=g.start + 1, stop=g.stop + 1)
        elif g.stop > new or (g.stop == new and i < k):  # it holds the block
            g = replace(g, stop=g.stop + 1)
        groups.append(g)
    nodes = (*diagram.nodes[:new], Node("Sum", "add"), *diagram.nodes[new:])
    return replace(diagram, nodes=nodes, edges=tuple(edges), groups=tuple(groups))
