"""What ranking is worth: how often the drawing that is put first holds what its request asked for.

    python -m benchmarks.ranking --number 120 --samples 8 --keep outputs/samples.jsonl

Samples the shipped model on requests.jsonl once (the samples are kept in a file and read from it the next time), and
prints the share of right networks and graphs, and edge F1, of what each way of ranking puts first; beside them the mean
sample and the best of all, which no ranking can beat. Then the CNN against the computed readability of the same
samples, within a request.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from diagen import score
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, DiagramError, as_graph, ask, parse
from diagen.measure import measure_graph, measure_layers
from diagen.models.cnn import within_request
from diagen.models.llm import DiagramLLM
from diagen.render.readability import readability
from diagen.score import Candidate, Readability, rank

WAYS = {  # exponents of match and agreement in the order
    "readability alone": (0.0, 0.0),
    "and match": (2.0, 0.0),
    "and agreement": (0.0, 4.0),
    "and both, agreement 2": (2.0, 2.0),
    "and both, agreement 4": (2.0, 4.0),
    "and both, agreement 8": (2.0, 8.0),
}


def samples(rows: list[dict[str, Any]], each: int, keep: Path, temperature: float) -> dict[str, list[str]]:
    """Texts by request: the likeliest first, then samples."""
    found: dict[str, list[str]] = {}
    if keep.is_file():
        found = {row["id"]: row["texts"] for row in map(json.loads, keep.read_text(encoding="utf-8").splitlines())}
    todo = sorted((row for row in rows if row["id"] not in found), key=lambda row: len(row["prompt"]))
    if todo:
        llm = DiagramLLM(adapter="shipped", dtype="float32", grammar_hash=GRAMMAR_HASH)
        keep.parent.mkdir(parents=True, exist_ok=True)
    for i in tqdm(range(0, len(todo), 6)):
        part = todo[i : i + 6]
        written = llm.generate([ask(r["prompt"]) for r in part], each, [GRAMMAR] * len(part), temperature, 1, 512)
        with keep.open("a", encoding="utf-8") as file:
            for row, texts in zip(part, written.texts, strict=True):
                found[row["id"]] = texts
                file.write(json.dumps({"id": row["id"], "texts": texts}, ensure_ascii=False) + "\n")
    return found


def candidates(texts: list[str]) -> list[Candidate]:
    """The distinct drawings."""
    found: dict[Any, Candidate] = {}
    for text in texts:
        try:
            diagram = parse(text)
        except DiagramError:
            continue
        if diagram in found:
            found[diagram].copies += 1
        else:
            found[diagram] = Candidate(diagram)
    return list(found.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=120)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--keep", type=Path, default=Path("outputs/samples.jsonl"))
    args = parser.parse_args()
    lines = Path(__file__).with_name("requests.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row.get("lang", "en") == "en"][: args.number]
    texts = samples(rows, args.samples, args.keep, args.temperature)
    scorer, net = Readability(), Readability(computed=0.0)
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    said, true, request, distinct = [], [], [], []

    def count(way: str, row: dict[str, Any], diagrams: list[Candidate], best: bool = False) -> None:
        part = measure_layers if row["kind"] == "layers" else measure_graph
        found: dict[str, list[float]] = defaultdict(list)
        exact = [
            float(part(row, {"text": c.text, **as_graph(c.diagram)}, found)) for c in diagrams if c.diagram is not None
        ]
        pick = max if best else lambda values: sum(values) / len(values)
        figures[way][row["kind"]].append(pick(exact) if exact else 0.0)
        if found["edge_f1"]:
            figures[way]["edge F1"].append(pick(found["edge_f1"]))

    for n, row in enumerate(tqdm(rows)):
        found = candidates(texts[row["id"]])
        if not found:
            continue
        distinct.append(len(found) / len(texts[row["id"]]))
        count("the likeliest", row, found[:1])
        count("the mean sample", row, [c for c in found for _ in range(c.copies)])
        count("the best of all", row, found, best=True)
        for way, (by_match, by_agreement) in WAYS.items():
            score.MATCH, score.AGREEMENT = by_match, by_agreement
            count(way, row, rank(row["prompt"], found, {"readability": scorer})[:1])
        net(found)
        for c in found:
            said.append(c.readability)
            true.append(readability(c.scene)[0])
            request.append(n)
    print(f"{'':28} networks  graphs  edge F1")
    for way, found in figures.items():
        means = [sum(found[k]) / len(found[k]) if found[k] else float("nan") for k in ("layers", "graph", "edge F1")]
        print(f"{way:28} {means[0]:8.3f} {means[1]:7.3f} {means[2]:8.3f}")
    print(f"distinct of {args.samples}: {sum(distinct) / len(distinct):.2f}")
    order, pairs = within_request(torch.tensor(said), torch.tensor(true), torch.tensor(request))
    print(
        f"CNN against computed readability within a request: Spearman {order:.3f}, pairs with a gap > 0.25 {pairs:.3f}"
    )


if __name__ == "__main__":
    main()
