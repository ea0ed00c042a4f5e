"""Readability against people: the CNN and the computed readability beside human scores of node lists.

    python -m benchmarks.people FILE.jsonl [--net outputs/cnn/.../net]

FILE holds lines with "id", "text" (node lists) and "score" (0 to 5). Prints Spearman's correlation with a bootstrap
interval of 95 %, and the mean absolute error after fitting slope and offset on the other folds of ten. A fit on all of
them gives the two numbers of SCALE in diagen/score.py.
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from diagen.render.readability import readability
from diagen.score import Readability, candidate_of


def fitted(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset of least squares."""
    slope, offset = np.polyfit(x, y, 1)
    return float(slope), float(offset)


def error(x: np.ndarray, y: np.ndarray, folds: int = 10) -> float:
    """Mean absolute error, each fold predicted by the fit on the others."""
    order = np.random.default_rng(0).permutation(len(x))
    off = []
    for part in np.array_split(order, folds):
        rest = np.setdiff1d(order, part)
        slope, offset = fitted(x[rest], y[rest])
        off += list(np.abs(np.clip(slope * x[part] + offset, 0, 5) - y[part]))
    return float(np.mean(off))


def interval(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of Spearman's correlation over 2,000 resamplings."""
    r = random.Random(0)
    found = []
    for _ in range(2000):
        some = [r.randrange(len(x)) for _ in x]
        found.append(float(spearmanr(x[some], y[some]).statistic))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--net")
    parser.add_argument("--prefix", default="generated", help="of the ids that count")
    args = parser.parse_args()
    lines = map(json.loads, args.file.read_text(encoding="utf-8").splitlines())
    rows = [row for row in lines if row["id"].startswith(args.prefix)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cut-off last lines
        drawn = [candidate_of(row["text"], {}) for row in rows]
    scorer = Readability(args.net, computed=0.0)
    scorer.slope, scorer.offset = 1.0, 0.0
    scorer(drawn)
    people = np.array([row["score"] for row in rows], dtype=float)
    ways = {
        "CNN": np.array([c.readability for c in drawn]),
        "computed": np.array([readability(c.scene)[0] for c in drawn]),
    }
    ways["mean of both"] = (ways["CNN"] + ways["computed"]) / 2
    for name, values in ways.items():
        low, high = interval(values, people)
        slope, offset = fitted(values, people)
        print(
            f"{name:13} Spearman {spearmanr(values, people).statistic:.3f} [{low:.2f}, {high:.2f}]  "
            f"MAE {error(values, people):.3f}  slope {slope:.3f}  offset {offset:.3f}"
        )
    apart = np.abs(ways["CNN"] - ways["computed"]) > 0.5
    if apart.sum() > 5:
        slope, offset = fitted(ways["computed"], people)
        nearer = np.abs(ways["CNN"] * slope + offset - people) < np.abs(ways["computed"] * slope + offset - people)
        share = nearer[apart].mean()
        print(f"where they differ by more than 0.5 ({apart.sum()}), the CNN is nearer to people in {share:.2f}")
    print(f"always the mean: MAE {np.abs(people - people.mean()).mean():.3f}")


if __name__ == "__main__":
    main()
