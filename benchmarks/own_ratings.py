"""What tuning on a reader's own ratings gains: simulated readers rate drawings, the model is tuned on their pairs.

    python -m benchmarks.own_ratings [--readers 3] [--rated 25] [stage.trainer.args.num_train_epochs=3 ...]

The readers are those of benchmarks/readers.py: each has hidden preferences of looks (theme, direction, density, size of
type, routing, detail) and gives stars with noise. Each rates four drawings of each of --rated requests, and
`train.py model=llm stage=orpo stage.rows.sources=[ratings]` tunes the shipped model on the pairs that this gives;
further words are settings for that command. Then both models answer --tested requests of templates that no training
saw, --samples times each.

Prints for each reader the share of pairs (an answer of the tuned model, one of the shipped model to the same request)
in which the reader thinks more of the tuned model's drawing: ties half, an answer that is no diagram loses; with the
interval that holds 95 % of 2,000 resamplings of the requests. And right graphs before and after. Runs are kept in
--keep, and a second start goes on from there.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.readers import SHOWN, Drawn, Reader, candidates, looks, reader, scales
from benchmarks.stages import Adapter, Kept, answer, held_out, interval
from diagen import DiagenError
from diagen.data.ratings import Ratings, pairs_of
from diagen.data.synthetic import pairs
from diagen.diagram import GRAMMAR_HASH, DiagramError, canonical, parse
from diagen.models.llm import SHIPPED
from diagen.render import layout
from diagen.render.readability import readability

ROOT = Path(__file__).parent.parent
NODES = range(3, 13)  # of a diagram to rate


def to_rate(number: int) -> list[tuple[str, list[Drawn]]]:
    """Requests with drawings of them in several styles."""
    rng = random.Random(7)
    found: list[tuple[str, list[Drawn]]] = []
    for row in pairs(31):
        if row["source"] != "none" and len(parse(row["text"]).nodes) in NODES:
            found.append((row["request"], candidates(parse(row["text"]), rng)))
        if len(found) == number:
            return found
    raise AssertionError("the stream of pairs has no end")


def rate(one: Reader, name: str, shown: list[tuple[str, list[Drawn]]], scale: dict[str, tuple[float, float]]) -> int:
    """Keeps the reader's stars and counts the pairs that they give."""
    rng = random.Random(f"order {one.seed}")
    seen = [(request, found) for request, drawn in shown for found in rng.sample(drawn, SHOWN)]
    stars = one.rates(one.thinks([found for _, found in seen], scale))
    with Ratings() as ratings:  # a second start gives the same stars once more
        for (request, found), number in zip(seen, stars, strict=True):
            ratings.add(name, request, found.text, float(number))
    return len(pairs_of(name))


def tuned(name: str, folder: Path, more: list[str]) -> float:
    """Trains the adapter in folder/adapter unless it is there; minutes that this took."""
    start = time.monotonic()
    if not (folder / "adapter").is_dir():
        command = [sys.executable, str(ROOT / "train.py"), "model=llm", "stage=orpo", "llm.adapter=shipped", "check=0"]
        command += ["stage.rows.sources=[ratings]", f"user={name}", f"hydra.run.dir={folder}", *more]
        done = subprocess.run([*command, "wandb.mode=disabled"], capture_output=True, text=True, encoding="utf-8")
        if done.returncode:
            raise DiagenError(f"training on the ratings of {name} failed: {done.stderr.strip()[-500:]}")
    return (time.monotonic() - start) / 60


def worth(one: Reader, texts: list[str], scale: dict[str, tuple[float, float]]) -> np.ndarray:
    """(number,) what the reader thinks of the drawings of these texts, in stars; -inf of what is no diagram."""
    found = np.full(len(texts), -np.inf)
    for i, text in enumerate(texts):
        try:
            diagram = parse(text)
        except DiagramError:
            continue
        scene = layout(diagram)
        drawn = Drawn(text, readability(scene)[0], looks(diagram, scene))
        found[i] = float(one.thinks([drawn], scale)[0])
    return found


def preferred(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The share of pairs in which ours is worth more, ties half."""
    a, b = ours[:, None], theirs[None, :]
    return float(((a > b).mean() + (a >= b).mean()) / 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", help="of train.py")
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--rated", type=int, default=25, help="requests, four drawings each")
    parser.add_argument("--tested", type=int, default=30, help="held-out requests")
    parser.add_argument("--samples", type=int, default=4, help="of each request")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--longest", type=int, default=512, help="tokens of an answer")
    parser.add_argument("--keep", type=Path, default=Path("outputs/own_ratings"))
    parser.set_defaults(weights="smollm2_135m")
    args = parser.parse_args()
    os.environ["DIAGEN_HOME"] = str(args.keep.resolve())
    args.keep.mkdir(parents=True, exist_ok=True)
    try:
        shown = to_rate(args.rated)
        scale = scales([drawn for _, some in shown for drawn in some])
        wanted = held_out(args.tested, 1001)
        names = ("settings", "rated", "tested", "samples", "temperature", "longest")
        settings = {name: getattr(args, name) for name in names}
        kept = Kept(args.keep / "answers.jsonl", settings | {"grammar": GRAMMAR_HASH})
        before = Adapter("shipped", SHIPPED / args.weights)
        answer(before, wanted, kept, args)
        print("reader, what it likes (weights)                    pairs  minutes  preferred (95 %)        right graphs")
        for i in range(args.readers):
            one, name = reader("taste", 500 + i), f"reader{i}"
            number = rate(one, name, shown, scale)
            minutes = tuned(name, args.keep / name, args.settings)
            after = Adapter(name, args.keep / name / "adapter")
            answer(after, wanted, kept, args)
            rates, right = [], {before.sha256: list[bool](), after.sha256: list[bool]()}
            for row in wanted:
                told = {}
                for digest in right:
                    found = kept.rows[digest, row["prompt"]]
                    texts = [t if ended else "" for t, ended in zip(found["texts"], found["finished"], strict=True)]
                    told[digest] = worth(one, texts, scale)
                    right[digest] += [is_right(text, row["text"]) for text in texts]
                rates.append(preferred(told[after.sha256], told[before.sha256]))
            liked = ", ".join(f"{n} {w:+.1f}" for n, w in sorted(one.weights.items(), key=lambda x: -abs(x[1]))[:4])
            shares = [np.mean(values) for values in right.values()]
            print(
                f"{f'{i}: {liked}':50} {number:5} {minutes:8.1f}  {interval(rates)}  "
                f"{shares[0]:.3f} -> {shares[1]:.3f}",
                flush=True,
            )
    except DiagenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def is_right(text: str, wanted: str) -> bool:
    """Whether a text holds the wanted graph."""
    try:
        return canonical(parse(text)) == canonical(parse(wanted))
    except DiagramError:
        return False


if __name__ == "__main__":
    sys.exit(main())
