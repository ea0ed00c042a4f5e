"""The weights of computed readability beside what two readers said of 284 drawings.

    python -m benchmarks.weights [--fit]

rated.jsonl holds drawings of diagrams from the generator, as texts with the seed of their style and damage: 144 bare
node lists, 56 good and 84 damaged drawings, and scores of 0 to 5. The readers are two vision-language models that were
shown the pictures on sheets, in opposite orders, and told to judge as a busy person would; no person has rated them.
Prints how far the readers agree (Spearman), and how far the formula does with their mean.

With --fit, fits the weights to the mean of both by least squares, held near those of the literature, and prints
them with their cross-validated figures (five folds, by diagram). What readability.py has is rounded from that, and
raised where the fit drops what the literature holds important (overlap).
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.stats import spearmanr

from diagen.data.images import DAMAGED, some_style
from diagen.diagram import parse
from diagen.render import Scene, layout
from diagen.render.damage import bare, damaged
from diagen.render.readability import HARD, MOST, WEIGHTS, hard_faults, readability

FILE = Path(__file__).with_name("rated.jsonl")
# The order of the literature, as it was before anybody had rated a drawing.
PRIOR = {
    "overlap": 2.0, "spacing": 0.5, "canvas": 1.2, "words": 0.5, "passages": 0.8, "crossings": 0.8, "angles": 0.15,
    "type": 0.5, "fit": 0.8, "contrast": 0.8, "links": 0.5, "bends": 0.5, "lengths": 0.1, "alignment": 0.2,
    "space": 0.3, "emptiness": 0.4, "aspect": 0.4, "grouping": 0.5,
}  # fmt: skip
PRIOR_HARD, NEAR = 0.7, 0.01  # and how near the fit is held to them


def scene_of(row: dict[str, Any]) -> Scene:
    """The drawing that was rated."""
    r, diagram = random.Random(row["seed"]), parse(row["text"])
    if row["kind"] == "bare":
        return bare(diagram, r)
    nth = int(row["seed"][-1])
    scene = layout(diagram, **(some_style(r) if nth else {}))
    return damaged(scene, r) if nth >= DAMAGED else scene


def predicted(weights: np.ndarray, logs: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """(n,) scores from weights (terms, hard faults, slope and offset), logs (n, terms) and hard faults a node."""
    terms, faults, (slope, offset) = np.split(weights, [logs.shape[1], logs.shape[1] + hard.shape[1]])
    return slope * 5 * np.exp(logs @ terms) / np.prod(1 + faults * hard, 1) + offset


def fitted(logs: np.ndarray, hard: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The weights of least squares."""
    prior = np.array(list(PRIOR.values()))

    def loss(w: np.ndarray) -> float:
        far = ((w[: len(prior)] - prior) ** 2).sum() + 0.3 * ((w[len(prior) : -2] - PRIOR_HARD) ** 2).sum()
        return float(((predicted(w, logs, hard) - scores) ** 2).mean() + NEAR * far)

    start = np.concatenate([prior, np.full(hard.shape[1], PRIOR_HARD), [0.8, 0.5]])
    bounds = [(0, 4)] * len(prior) + [(0, 5)] * hard.shape[1] + [(0.5, 1), (0, 0.5)]
    return minimize(loss, start, bounds=bounds, method="L-BFGS-B", options={"maxiter": 300}).x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true")
    fit = parser.parse_args().fit
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    both = np.array([row["scores"] for row in rows], dtype=float)
    scores, totals, logs, hard = both.mean(1), [], [], []
    for row in rows:
        scene = scene_of(row)
        total, terms = readability(scene)
        found, nodes = hard_faults(scene), len({s.owner for s in scene.shapes if s.owner[0] == "node"})
        totals.append(total)
        logs.append([math.log(0.25 + 0.75 * terms[name]) for name in WEIGHTS])
        hard.append([min(MOST, found.get(name, 0) / max(nodes, 1)) for name in HARD])
    totals, logs, hard = np.array(totals), np.array(logs), np.array(hard)
    is_bare = np.array([row["kind"] == "bare" for row in rows])
    ways = {"one reader and the other": (both[:, 0], both[:, 1]), "formula and their mean": (totals, scores)}
    if fit:
        groups = np.array([row["id"][:3] if row["kind"] != "bare" else row["id"] for row in rows])
        names = np.unique(groups)
        np.random.default_rng(0).shuffle(names)
        held_out = np.zeros(len(rows))
        for part in np.array_split(names, 5):
            out = np.isin(groups, part)
            held_out[out] = predicted(fitted(logs[~out], hard[~out], scores[~out]), logs[out], hard[out])
        ways["fit, cross-validated, and their mean"] = (held_out, scores)
    for name, (a, b) in ways.items():
        bare_ones, others = (spearmanr(a[some], b[some]).statistic for some in (is_bare, ~is_bare))
        print(f"{name:38} bare {bare_ones:.3f}  good and damaged {others:.3f}")
    if fit:
        now = WEIGHTS | HARD
        for (name, kept), weight in zip(now.items(), fitted(logs, hard, scores), strict=False):
            print(f"{name:34} {weight:.2f}  now {kept:.2f}")


if __name__ == "__main__":
    main()
