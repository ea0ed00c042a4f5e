"""The sums that stacked residual blocks leave out: people draw them, and without them the shortcuts cross."""

from __future__ import annotations

from dataclasses import replace

from diagen.diagram import MAX_EDGES, MAX_NODES, Diagram, Edge, Group, Node
from diagen.render import placed

OPERATORS = ("add", "concat", "multiply")


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
