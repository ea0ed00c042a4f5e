"""How many requests that only name a well-known network or process get a diagram that holds what belongs to it.

    python infer.py prompts=benchmarks/named.jsonl output=answers.jsonl candidates=1 keep=1 batch=12
    python -m benchmarks.named answers.jsonl [--misses 10]

Prints for each group of requests and for all: their number, the share without a diagram, the mean share of needs met,
and the share that is whole: all needs met, enough boxes, the right number of layers, and all boxes joined by arrows.

A need is a list of strings, one of which must be written in the drawing (its title apart): in a box (label, kind,
variant, kernel, activation; "=32=" for 32 units or that size), the title of a frame ("... x6" if repeated) or on an
arrow; in lower case, with spaces for - _ / ( ) , . : ; and at both ends, so that " z " is a word. A layer is counted
under its kind, any other box also where its label holds the name; "a|b" counts what is either. What a frame repeats
counts as often. An output with units is a dense layer, one without may be.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from statistics import mean
from typing import Any

from diagen.diagram import LAYER_KINDS, Diagram, DiagramError, display_labels, parse


def normal(text: str) -> str:
    return re.sub(r"[-\s_()/,.:;]+", " ", f" {text.lower().replace('×', 'x')} ")


def written(diagram: Diagram) -> str:
    """What can be read in a drawing: a line for each arrow, frame and box."""
    found = [e.label for e in diagram.edges] + [g.title + f" x{g.repeat}" * (g.repeat > 1) for g in diagram.groups]
    for label, node in zip(display_labels(diagram), diagram.nodes, strict=True):
        kernel, size = ("x".join(map(str, v)) for v in (node.kernel, node.size))
        numbers = [f"={v}=" for v in (node.units, size) if v]
        found.append(" ".join([label, node.kind, node.variant, kernel, *numbers, node.activation]))
    return "\n".join(map(normal, found))


def counts(diagram: Diagram, name: str) -> set[int]:  # two where an output may be a dense layer
    names, sure, maybe = name.split("|"), 0, 0
    for i, (label, node) in enumerate(zip(display_labels(diagram), diagram.nodes, strict=True)):
        times = math.prod(g.repeat for g in diagram.groups if g.start <= i < g.stop)
        others = [n for n in names if n not in LAYER_KINDS or node.kind not in LAYER_KINDS]
        dense = node.kind == "output" and "dense" in names
        hit = node.kind in names or dense and node.units or any(n in normal(label) for n in others)
        sure, maybe = sure + times * bool(hit), maybe + times * (dense and not hit)
    return {sure, sure + maybe}


def judge(want: dict[str, Any], diagram: Diagram) -> tuple[float, list[str]]:
    """The share of needs met, and all that is wrong."""
    text = written(diagram)
    wrong = [f"no {'|'.join(need)}" for need in want["needs"] if not any(alt in text for alt in need)]
    share = 1 - len(wrong) / len(want["needs"])
    if len(diagram.nodes) < want["least"]:
        wrong.append(f"{len(diagram.nodes)} boxes, not {want['least']}")
    for name, right in want.get("layers", {}).items():
        drawn = counts(diagram, name)
        if not drawn & set(right if isinstance(right, list) else [right]):
            wrong.append(f"{min(drawn)} {name}, not {right}")
    part = list(range(len(diagram.nodes)))  # of the graph, for each node
    for edge in diagram.edges:
        part = [part[edge.target] if p == part[edge.source] else p for p in part]
    if len(set(part)) > 1:
        wrong.append(f"{len(set(part))} parts, not joined")
    return share, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--misses", type=int, default=0, help="print this many of the requests that are not whole")
    args = parser.parse_args()
    files = (Path(__file__).with_suffix(".jsonl"), args.answers)
    requests, answers = ([json.loads(s) for s in f.read_text(encoding="utf-8").split("\n") if s] for f in files)
    texts = {str(row["id"]): row.get("text", "") for row in answers}
    groups: dict[str, list[tuple[bool, float, bool]]] = defaultdict(list)
    misses: list[str] = []
    for want in requests:
        share, wrong = 0.0, ["no diagram"]
        with suppress(DiagramError):
            share, wrong = judge(want, parse(texts.get(want["id"], "")))
        groups[want["group"]].append((wrong == ["no diagram"], share, not wrong))
        misses += [f"-- {want['id']}: {want['prompt']}\n   " + "\n   ".join(wrong)] * bool(wrong)
    groups["all"] = sum(groups.values(), [])
    print(f"{'group':10}{'requests':>9}{'none':>8}{'needs':>8}{'whole':>8}")
    for group, part in groups.items():
        print(f"{group:10}{len(part):9}" + "".join(f"{mean(column):8.3f}" for column in zip(*part, strict=True)))
    print(*misses[: args.misses], sep="\n")


if __name__ == "__main__":
    main()
