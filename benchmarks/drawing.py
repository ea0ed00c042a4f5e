"""How fast diagrams are drawn, beside Graphviz in the same run.

    python benchmarks/drawing.py [--number 40]

Draws the same 12-node graphs with pygraphviz (layout and PNG) and with diagen, one after the other, on one core, and
prints the rates as ratios, and where diagen's time goes. The quickest of each drawing's five rounds counts.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from diagen.diagram import Diagram, Edge, Node
from diagen.render import PillowRenderer, SvgRenderer, graph, layout, png
from diagen.render.text import subset

SCRATCH = Path(tempfile.mkdtemp())
WORDS = "load clean split embed train score rank filter store check merge plan".split()


def diagram(seed: int) -> Diagram:
    """A graph of 12 nodes and about 15 edges."""
    r = random.Random(seed)
    nodes = tuple(Node(f"{word} {seed}", r.choice(("process", "data", "model", "store"))) for word in WORDS)
    edges = {Edge(max(0, i - r.choice((1, 1, 1, 2, 3))), i) for i in range(1, 12)}
    edges |= {Edge(i, min(11, i + r.randint(1, 4))) for i in r.sample(range(11), 4)}
    return Diagram(nodes, tuple(edges))


def graphviz(d: Diagram) -> None:
    """The same graph as Graphviz lays it out and draws it."""
    import pygraphviz

    g = pygraphviz.AGraph(directed=True, rankdir="LR")
    for i, node in enumerate(d.nodes):
        g.add_node(i, label=node.label, shape="box")
    for e in d.edges:
        g.add_edge(e.source, e.target)
    g.layout("dot")
    g.draw(str(SCRATCH / "graphviz.png"))  # its way to a stream crashes in pygraphviz 2.0


def to_png(scale: float) -> Callable[[Diagram], None]:
    """Diagram to PNG file, at so many pixels for a logical one."""

    def draw(d: Diagram) -> None:
        (SCRATCH / "diagen.png").write_bytes(png(PillowRenderer(scale)(layout(d))))

    return draw


def training(d: Diagram) -> None:
    """A picture whose short side is 160, as a network sees it: drawn small, no file."""
    scene = layout(d)
    PillowRenderer(160 / min(scene.width, scene.height))(scene)


def svg(d: Diagram) -> None:
    """Diagram to SVG, with the fonts left to the reader's machine."""
    SvgRenderer(embed=False)(layout(d))


def svg_with_letters(d: Diagram) -> None:
    """Diagram to SVG with the letters that it needs, none of them remembered from the last one."""
    subset.cache_clear()
    SvgRenderer()(layout(d))


def seconds(ways: list[Callable[[Diagram], None]], diagrams: list[Diagram]) -> list[float]:
    """For each way the mean over the diagrams of its quickest round of five.

    The ways take turns, so that a machine which is busy for a while slows all of them.
    """
    times = [0.0] * len(ways)
    for d in diagrams:
        quickest = [math.inf] * len(ways)
        for _ in range(5):
            for i, draw in enumerate(ways):
                start = time.perf_counter()
                draw(d)
                quickest[i] = min(quickest[i], time.perf_counter() - start)
        times = [t + q / len(diagrams) for t, q in zip(times, quickest, strict=True)]
    return times


def shares(diagrams: list[Diagram]) -> str:
    """Where the time of a 2x PNG goes."""
    spent = {"ranks and places": 0.0, "routing and labels": 0.0, "drawing": 0.0, "encoding": 0.0}
    course = graph.course
    before = 0.0

    def watched(*args, **kwargs):  # everything before the first course of lines is ranks and places
        nonlocal before
        before += time.perf_counter() - watched.start
        result = course(*args, **kwargs)
        watched.start = time.perf_counter()
        return result

    for d in diagrams:
        graph.course = course
        t0 = time.perf_counter()
        scene = layout(d)
        t1 = time.perf_counter()
        image = PillowRenderer(2)(scene)
        t2 = time.perf_counter()
        png(image)
        t3 = time.perf_counter()
        before, watched.start, graph.course = 0.0, t3, watched
        layout(d)
        whole = time.perf_counter() - t3
        spent["ranks and places"] += (t1 - t0) * min(1.0, before / whole)
        spent["routing and labels"] += (t1 - t0) * (1 - min(1.0, before / whole))
        spent["drawing"] += t2 - t1
        spent["encoding"] += t3 - t2
    graph.course = course
    total = sum(spent.values())
    return ", ".join(f"{name} {value / total:.0%}" for name, value in spent.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=40)
    number = parser.parse_args().number
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    diagrams = [diagram(seed) for seed in range(number)]
    for draw in (graphviz, to_png(2), svg):  # fonts and libraries are loaded once
        draw(diagrams[0])
    ways = (
        ("PNG 2x", to_png(2), 0.25),
        ("PNG 1x", to_png(1), 0.5),
        ("training picture", training, 1.5),
        ("SVG", svg, 1.5),
        ("SVG with its letters", svg_with_letters, 1.5),
    )
    base, *rest = seconds([graphviz, *(draw for _, draw, _ in ways)], diagrams)
    print(f"{'Graphviz, PNG':24} {1 / base:7.1f} a second   1.00")
    for (name, _, goal), took in zip(ways, rest, strict=True):
        print(f"{name:24} {1 / took:7.1f} a second   {base / took:.2f} (goal {goal})")
    print(shares(diagrams))


if __name__ == "__main__":
    main()
