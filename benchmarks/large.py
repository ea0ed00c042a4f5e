"""Large diagrams by chance, one a line, to count faults in.

python benchmarks/large.py [--number 60] [--least 40] [--most 80] > large.jsonl
python -m diagen.render.faults large.jsonl
"""

from __future__ import annotations

import argparse
import json
import random

from diagen.diagram import Diagram, Edge, Group, Node, dump

WORDS = "load clean split join embed train score rank filter store send check merge sample align plan route log".split()
THINGS = "events orders images tokens features users batches models reports labels queries chunks frames claims".split()
KINDS = ("process",) * 6 + ("data", "store", "model", "decision", "service", "document", "metric")


def large(r: random.Random, count: int) -> Diagram:
    """A process of `count` nodes: chains with branches, merges, a few ways back, and groups of neighbours."""
    nodes = tuple(Node(f"{r.choice(WORDS)} {r.choice(THINGS)} {i}", r.choice(KINDS)) for i in range(count))
    edges = {Edge(max(0, i - r.choice((1, 1, 1, 1, 2, 3, 5))), i) for i in range(1, count)}
    for _ in range(count // 6):
        i = r.randrange(count - 1)
        edges.add(Edge(i, min(count - 1, i + r.randint(1, 6)), label=r.choice(("", "", "yes", "top 5"))))
    for _ in range(count // 30):
        i = r.randrange(8, count)
        edges.add(Edge(i, i - r.randint(2, 7), "dashed-arrow", r.choice(("", "retry", "feedback"))))
    groups, at = [], 0
    while at < count:
        size = r.randint(4, 12)
        if r.random() < 0.4 and at + size <= count:
            groups.append(Group(f"Part {len(groups) + 1}", at, at + size))
        at += size
    return Diagram(nodes, tuple(edges), tuple(groups))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=60)
    parser.add_argument("--least", type=int, default=40)
    parser.add_argument("--most", type=int, default=80)
    args = parser.parse_args()
    for seed in range(args.number):
        r = random.Random(seed)
        print(json.dumps({"id": f"large {seed}", "text": dump(large(r, r.randint(args.least, args.most)))}))


if __name__ == "__main__":
    main()
