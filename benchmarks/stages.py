"""What a stage of training gains: several adapters on the same requests, side by side.

    python -m benchmarks.stages sft=shipped orpo=FOLDER dpo=FOLDER --requests benchmarks/requests.jsonl

Each adapter answers every request --samples times under the grammar: the greedy answer, then samples, from the same
random numbers for all. The requests are --number held-out ones (of templates that training never sees, so their graph
is known) and those of a file that says what is wanted. The answers are kept in --keep as they come, and a second start
goes on from there.

Prints a Markdown table for the held-out requests, and one for each language of the file. The first adapter is what the
others are measured against. "More readable" is the chance that a drawing of this adapter has a higher computed
readability than one of the first adapter of the same request: all pairs of their samples, ties half, an answer that is
no diagram loses; then the same among pairs of right graphs, since a graph that lacks boxes is easily readable. The
intervals hold 95 % of 2,000 resamplings of the requests. Of a held-out request a right graph is the known one in all,
the kinds of its boxes too; "but for kinds" lets these differ, yet no group, title or style word that was asked for. F1
of arrows goes by names. A fault is an error of diagen/render/faults.py, F1 to F18. Time and memory are of the adapter's
last stage, from its card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from diagen import DiagenError
from diagen.data.synthetic import pairs
from diagen.diagram import GRAMMAR, GRAMMAR_HASH, as_graph, ask, parse
from diagen.measure import judge, known, told
from diagen.models.llm import CARD, SHIPPED, DiagramLLM
from diagen.models.weights import sha256
from diagen.render.faults import errors
from diagen.render.readability import readability
from diagen.score import Readability, distinct, rank

TOGETHER = 64  # answers decoded at once
LONGEST = 512  # tokens of an answer
NONE = -1.0  # readability of what is no diagram, below all others


@dataclass
class Adapter:
    """One of those compared; its card says how it was trained."""

    name: str
    folder: Path

    def __post_init__(self) -> None:
        weights = self.folder / "adapter_model.safetensors"
        try:
            self.card = json.loads((self.folder / CARD).read_text(encoding="utf-8"))
            self.sha256 = sha256(weights)
        except (OSError, ValueError) as error:
            raise DiagenError(f"there is no adapter in {self.folder}; give name=FOLDER or name=shipped") from error


@dataclass
class Judged:
    """The answers of one adapter to one request, a number each; no `edges` where only layers are wanted."""

    right: list[float]
    told: list[float]  # right but for kinds; none where the text is not known
    edges: list[float]
    readable: list[float]  # computed, NONE where there is no diagram
    cnn: list[float]  # of diagrams only, and so are the faults
    faults: list[float]
    first: float  # whether the one that ranking puts first is right
    distinct: float  # drawings
    tokens: float


def held_out(number: int, seed: int) -> list[dict[str, Any]]:
    """Requests of held-out templates with their texts."""
    found: dict[str, str] = {}
    stream = pairs(seed, "held_out")
    while len(found) < number:
        row = next(stream)
        if row["source"] == "template":
            found[row["request"]] = row["text"]
    return [{"id": f"held-out-{n}", "prompt": request, "text": text} for n, (request, text) in enumerate(found.items())]


def of_file(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The requests of a file that say what is wanted, by language."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    try:
        for row in map(json.loads, filter(None, path.read_text(encoding="utf-8").split("\n"))):
            if known(row):
                found[f"{path.name}, {row.get('lang', 'en')}"].append(row)
    except (OSError, ValueError) as error:
        raise DiagenError(f"{path} cannot be read: {error}") from error
    if not found:
        raise DiagenError(
            f'{path} holds no request that says what is wanted, as "layers", "nodes" and "edges" or "text"'
        )
    return found


class Kept:
    """Answers in a file: a first line with the settings, then a line for each request of each adapter."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path = path
        whole = path.read_bytes() if path.is_file() else b""
        lines = whole[: whole.rfind(b"\n") + 1].decode("utf-8").splitlines()  # a kill may have cut the last line
        rows = [json.loads(line) for line in lines] or [settings]
        if rows[0] != settings:
            raise DiagenError(f"{path} was begun with other settings; choose another --keep or repeat them")
        self.rows = {(row["adapter"], row["prompt"]): row for row in rows[1:]}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".new")
        part.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        part.replace(path)

    def add(self, rows: list[dict[str, Any]]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))
        self.rows |= {(row["adapter"], row["prompt"]): row for row in rows}


def answer(adapter: Adapter, rows: list[dict[str, Any]], kept: Kept, args: argparse.Namespace, beams: int = 1) -> None:
    """Has the adapter answer what it has not answered yet; the first answer by a search with so many beams."""
    prompts = dict.fromkeys(row["prompt"] for row in rows)
    todo = sorted((p for p in prompts if (adapter.sha256, p) not in kept.rows), key=len)
    size = max(1, TOGETHER // args.samples)
    bar = tqdm(total=len(prompts), initial=len(prompts) - len(todo), desc=f"{adapter.name} answers", unit="request")
    if todo:
        llm = DiagramLLM(args.weights, str(adapter.folder), dtype="float32", grammar_hash=GRAMMAR_HASH)
    for i in range(0, len(todo), size):
        part = todo[i : i + size]
        written = llm.generate(
            [ask(p) for p in part], args.samples, [GRAMMAR] * len(part), args.temperature, 1, args.longest, beams=beams
        )
        answers = zip(part, written.texts, written.finished, strict=True)
        kept.add(
            [
                {"adapter": adapter.sha256, "prompt": p, "texts": texts, "finished": finished}
                | {"tokens": sum(len(llm.tokenizer(text)["input_ids"]) for text in texts)}
                for p, texts, finished in answers
            ]
        )
        bar.update(len(part))
    bar.close()


def judged(want: dict[str, Any], row: dict[str, Any], scorer: Readability, net: Readability) -> Judged:
    """What the answers of a row are worth; they are ranked as infer.py ranks them."""
    number = len(row["texts"])
    candidates, _ = distinct(row["texts"], row["finished"], {})
    ranked = rank(want["prompt"], candidates, {"readability": scorer})
    if ranked:
        net(ranked)
    found = Judged([], [], [], [], [], [], 0.0, len(ranked), row["tokens"] / number)
    for i, c in enumerate(ranked):
        assert c.diagram
        scores: dict[str, list[float]] = defaultdict(list)
        right = float(judge(want, {"text": c.text, **as_graph(c.diagram)}, scores))
        found.right += [right] * c.copies
        found.told += [float(told(c.diagram) == told(parse(want["text"])))] * c.copies if "text" in want else []
        found.edges += scores["edge_f1"] * c.copies
        found.readable += [readability(c.scene)[0]] * c.copies
        found.cnn += [c.readability or 0.0] * c.copies
        found.faults += [float(errors(c.scene) > 0)] * c.copies
        found.first = found.first if i else right
    missing = number - len(found.right)
    found.right += [0.0] * missing
    found.told += [0.0] * missing if "text" in want else []
    found.edges += [0.0] * missing if "layers" not in want else []
    found.readable += [NONE] * missing
    return found


def wins(ours: list[Judged], theirs: list[Judged], right_only: bool = False) -> str:
    """How often our drawings are the more readable ones, with its interval; "-" without a pair."""
    rates = []
    for one, other in zip(ours, theirs, strict=True):
        a, b = (
            np.array([x for x, right in zip(found.readable, found.right, strict=True) if right or not right_only])
            for found in (one, other)
        )
        if len(a) and len(b):
            gap = a[:, None] - b[None, :]
            rates.append(((gap > 1e-9).mean() + (gap >= -1e-9).mean()) / 2)
    if not rates:
        return "-"
    return interval(rates)


def interval(rates: list[float]) -> str:
    """The mean, and what holds 95 % of 2,000 resamplings."""
    drawn = np.random.default_rng(1).choice(rates, (2000, len(rates))).mean(1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.mean(rates):.3f} ({low:.3f} to {high:.3f})"


def table(name: str, adapters: list[Adapter], found: list[list[Judged]], samples: int) -> str:
    """Markdown: a column for each adapter."""

    def means(field: str) -> list[str]:
        values = [[x for j in column for x in getattr(j, field)] for column in found]
        return [f"{np.mean(v):.3f}" if v else "-" for v in values]

    def mean(field: str) -> list[str]:
        return [f"{np.mean([getattr(j, field) for j in column]):.3f}" for column in found]

    def carded(field: str) -> list[str]:
        return ["-" if a.card.get(field) is None else str(a.card[field]) for a in adapters]

    reference = adapters[0].name
    none = [float(np.mean([x == NONE for j in column for x in j.readable])) for column in found]
    rows = {
        f"{name} ({len(found[0])} requests)": [a.name for a in adapters],
        "---": ["---"] * len(adapters),
        "SHA-256 of the adapter": [a.sha256[:12] for a in adapters],
        "right graphs, mean of the samples": means("right"),
        "right graphs, of those put first": mean("first"),
        "right but for kinds, mean of the samples": means("told"),
        "arrows, F1": means("edges"),
        "no diagram": [f"{x:.3f}" for x in none],
        f"more readable than {reference} (95 %)": ["-", *(wins(column, found[0]) for column in found[1:])],
        "the same, both graphs right": ["-", *(wins(column, found[0], True) for column in found[1:])],
        "readability of the drawings, computed": [
            f"{np.mean(values):.3f}" if (values := [x for j in column for x in j.readable if x != NONE]) else "-"
            for column in found
        ],
        "readability of the drawings, CNN": means("cnn"),
        "drawings with a fault": means("faults"),
        f"distinct drawings of {samples}": mean("distinct"),
        "tokens of an answer": mean("tokens"),
        "minutes of training": carded("minutes"),
        "peak of memory in training, MB": carded("memory_mb"),
    }
    return "\n".join(f"| {' | '.join([head, *cells])} |" for head, cells in rows.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "adapters", nargs="+", metavar="name=FOLDER", help="or name=shipped; the first is the reference"
    )
    parser.add_argument("--number", type=int, default=150, help="of held-out requests")
    parser.add_argument("--requests", type=Path, help="a file of more, such as benchmarks/requests.jsonl")
    parser.add_argument("--samples", type=int, default=4, help="of each request")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=1001, help="of the held-out requests")
    parser.add_argument("--weights", default="smollm2_135m", help="of the backbone that all adapters belong to")
    parser.add_argument("--longest", type=int, default=LONGEST, help="tokens of an answer")
    parser.add_argument("--keep", type=Path, default=Path("outputs/stages.jsonl"))
    args = parser.parse_args()
    try:
        adapters = []
        for word in args.adapters:
            name, _, folder = word.rpartition("=")
            if not name or not folder or name in [a.name for a in adapters]:
                raise DiagenError(f"{word}: give each adapter as name=FOLDER, under a name of its own")
            adapters.append(Adapter(name, SHIPPED / "smollm2_135m" if folder == "shipped" else Path(folder)))
        sets = {"held-out": held_out(args.number, args.seed)} if args.number else {}
        sets |= of_file(args.requests) if args.requests else {}
        settings = {name: getattr(args, name) for name in ("samples", "temperature", "weights", "longest")}
        kept = Kept(args.keep, settings | {"grammar": GRAMMAR_HASH})
        for adapter in adapters:
            answer(adapter, [row for rows in sets.values() for row in rows], kept, args)
        scorer, net = Readability(), Readability(computed=0.0)
        for name, rows in sets.items():
            found = [
                [
                    judged(row, kept.rows[a.sha256, row["prompt"]], scorer, net)
                    for row in tqdm(rows, desc=f"{a.name}, {name}")
                ]
                for a in adapters
            ]
            print("\n" + table(name, adapters, found, args.samples) + "\n", flush=True)
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
