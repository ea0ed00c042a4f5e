"""What ranking is worth: how often the drawing that is put first holds what its request asked for.

    python -m benchmarks.ranking --number 120 --samples 8 --keep outputs/ranking.jsonl

Samples the shipped model on requests.jsonl once (the answers are kept in a file and read from it the next time), and
prints the share of right networks and graphs, and edge F1, of what each way of ranking puts first; beside them the mean
sample and the best of all, which no ranking can beat. Then the CNN against the computed readability of the same
samples, within a request.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmarks.stages import LONGEST, Adapter, Kept, answer
from diagen import DiagenError, score
from diagen.diagram import GRAMMAR_HASH, as_graph
from diagen.measure import measure_graph, measure_layers
from diagen.models.cnn import within_request
from diagen.models.llm import SHIPPED
from diagen.render.readability import readability
from diagen.score import Candidate, Readability, distinct, rank

BEAMS = 4  # of the search for the first answer, as infer.py has it
WAYS = {  # exponents of match and agreement in the order
    "readability alone": (0.0, 0.0),
    "and match": (2.0, 0.0),
    "and agreement": (0.0, 4.0),
    "and both, agreement 2": (2.0, 2.0),
    "and both, agreement 4": (2.0, 4.0),
    "and both, agreement 8": (2.0, 8.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=120)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--keep", type=Path, default=Path("outputs/ranking.jsonl"))
    parser.set_defaults(weights="smollm2_135m", longest=LONGEST)
    args = parser.parse_args()
    lines = Path(__file__).with_name("requests.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("lang", "en") == "en"][: args.number]
    settings = {"samples": args.samples, "temperature": args.temperature, "beams": BEAMS, "grammar": GRAMMAR_HASH}
    adapter = Adapter("shipped", SHIPPED / args.weights)
    try:
        kept = Kept(args.keep, settings)
    except DiagenError as error:
        sys.exit(f"error: {error}")
    answer(adapter, rows, kept, args, BEAMS)
    scorer, net = Readability(), Readability(computed=0.0)
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    said, true, request, apart = [], [], [], []

    def count(way: str, row: dict[str, Any], diagrams: list[Candidate], best: bool = False, number: int = 1) -> None:
        """What is no diagram counts as wrong; `number` is how many there should be."""
        part = measure_layers if row["kind"] == "layers" else measure_graph
        found: dict[str, list[float]] = defaultdict(list)
        exact = [
            float(part(row, {"text": c.text, **as_graph(c.diagram)}, found)) for c in diagrams if c.diagram is not None
        ]
        pick = (lambda values: max(values, default=0.0)) if best else lambda values: sum(values) / number
        figures[way][row["kind"]].append(pick(exact))
        if row["kind"] == "graph":
            figures[way]["edge F1"].append(pick(found["edge_f1"]))

    for n, row in enumerate(tqdm(rows)):
        written = kept.rows[adapter.sha256, row["prompt"]]
        found, _ = distinct(written["texts"], written["finished"], {})
        first, _ = distinct(written["texts"][:1], written["finished"][:1], {})
        apart.append(len(found) / args.samples)
        count("the likeliest", row, first)
        count("the mean sample", row, [c for c in found for _ in range(c.copies)], number=args.samples)
        count("the best of all", row, found, best=True)
        for way, (by_match, by_agreement) in WAYS.items():
            score.MATCH, score.AGREEMENT = by_match, by_agreement
            ranked = rank(row["prompt"], found, {"readability": scorer}) if found else []
            count(way, row, ranked[:1])
        if found:
            net(found)
        for c in found:
            said.append(c.readability)
            true.append(readability(c.scene)[0])
            request.append(n)
    print(f"{'':28} networks  graphs  edge F1")
    for way, found in figures.items():
        means = [sum(found[k]) / len(found[k]) if found[k] else float("nan") for k in ("layers", "graph", "edge F1")]
        print(f"{way:28} {means[0]:8.3f} {means[1]:7.3f} {means[2]:8.3f}")
    print(f"distinct of {args.samples}: {sum(apart) / len(apart):.2f}")
    order, pairs = within_request(torch.tensor(said), torch.tensor(true), torch.tensor(request))
    print(
        f"CNN against computed readability within a request: Spearman {order:.3f}, pairs with a gap > 0.25 {pairs:.3f}"
    )


if __name__ == "__main__":
    main()
