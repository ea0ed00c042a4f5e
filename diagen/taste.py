"""Taste: what a reader's own ratings say beyond the base score, by the rated drawings that are nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SHUFFLES = 49  # ratings that do better than in all of these: by chance one time in fifty
RIDGE = 10.0  # times the mean square of the latents' lengths; see LOG.md
SOFT = 0.1  # spreads; nearer than that, a neighbour weighs no more


@dataclass(frozen=True)
class Taste:
    """Corrections of the base score, in stars: `neighbours` rated drawings decide, weighed by their nearness.

    The neighbours are looked for mainly along the one direction of the latents that goes with the reader's ratings, and
    by `around` over all of them. The residuals count by n / (n + evidence). Below that, the mean residual alone is
    handed on, which changes no order, unless the neighbours foretell ratings that were left out better than they do
    for every one of SHUFFLES shuffled ratings, and by more than stars of `grain` are rounded: so readers whose ratings
    say nothing about drawings, or only what the base score says, keep the order of the base score.
    """

    neighbours: int = 8
    evidence: float = 10.0
    around: float = 0.1
    grain: float = 0.5
    most: int = 1000  # the newest ratings that are looked at

    def __call__(self, rated: np.ndarray, residuals: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """(m,) what to add to the base scores of the candidates; order by the sums, clip to 0..5 only to show them.

        `rated` (n, d) are the latents of rated drawings, the newest last, `residuals` (n,) their stars minus their base
        scores, and `candidates` (m, d) the latents of the drawings that are to be put in order.
        """
        return self.fit(rated, residuals)(candidates)

    def fit(self, rated: np.ndarray, residuals: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What a call says, as a function of the candidates alone: nothing is shuffled again for the next ones."""
        rated, residuals = np.asarray(rated, float)[-self.most :], np.asarray(residuals, float)[-self.most :]
        number = len(residuals)
        if not number:
            return lambda candidates: np.zeros(len(candidates))
        weight, mean = number / (number + self.evidence), residuals.mean()
        off = residuals - mean
        centre, spread = rated.mean(axis=0), rated.std()
        near = None
        if number > 2 and spread > 0 and off.any():
            near = _Near((rated - centre) / spread, self.neighbours, self.around)
            near = near if self._foretold(near, off) else None

        def told(candidates: np.ndarray) -> np.ndarray:
            if near is None or not len(candidates):
                return np.full(len(candidates), weight * mean)
            return weight * (mean + near(off, (np.asarray(candidates, float) - centre) / spread))

        return told

    def _foretold(self, near: _Near, off: np.ndarray) -> bool:
        """Whether ratings follow from their neighbours: an exact test, since shuffled ratings are treated alike."""
        alone = float(np.mean((off * len(off) / (len(off) - 1)) ** 2))  # error of the mean of the others

        def gain(values: np.ndarray) -> float:
            return alone - float(np.mean((values - near(values)) ** 2))

        found = gain(off)
        if found <= self.grain**2 / 12:
            return False
        rng = np.random.default_rng(0)
        return all(gain(rng.permutation(off)) < found for _ in range(SHUFFLES))


class _Near:
    """k-NN among rated latents (n, d), all shuffles sharing what depends on the latents alone.

    Distances are handed to scikit-learn ready-made: its own search starts threads, which on a busy machine wait for
    each other a thousand times as long as they work.
    """

    def __init__(self, rated: np.ndarray, neighbours: int, around: float) -> None:
        self.rated, self.around = rated, around / rated.shape[1]
        self.neighbours = min(neighbours, len(rated) - 1)
        inner = rated.T @ rated
        ridge = RIDGE * np.trace(inner) / len(rated)
        self.dual = np.linalg.solve(inner + ridge * np.eye(len(inner)), rated.T)  # (d, n): from values to a direction
        self.plain = self.around * _squares(rated, rated)

    def __call__(self, values: np.ndarray, latents: np.ndarray | None = None) -> np.ndarray:
        """What the values (n,) of the rated say of other latents (m, d); without any, of each rated by the others."""
        from sklearn.neighbors import KNeighborsRegressor  # a second that only those with ratings wait for

        direction = self.dual @ values
        along = self.rated @ direction
        length = along.std() or 1.0
        own = np.sqrt(self.plain + ((along[:, None] - along) / length) ** 2)
        by_distance: dict[str, Any] = {"weights": lambda d: 1 / (d + SOFT)}  # scikit-learn's annotation is too narrow
        near = KNeighborsRegressor(self.neighbours, metric="precomputed", **by_distance)
        near.fit(own, values)
        if latents is None:
            return near.predict(None)
        plain = self.around * _squares(latents, self.rated)
        return near.predict(np.sqrt(plain + ((latents @ direction)[:, None] - along) ** 2 / length**2))


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(m, n) squared distances between the rows."""
    return np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, 0)
