"""Taste: liked neighbours win, and readers whose ratings say nothing lose nothing."""

from __future__ import annotations

import numpy as np
import pytest

from diagen.taste import Taste


def drawings(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Latents (number, 16) and base scores of some drawings."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(number, 16)), rng.uniform(3, 4.5, number)


def order(values: np.ndarray) -> list[int]:
    return np.argsort(values, kind="stable").tolist()


def test_no_ratings_no_change():
    latents, _ = drawings(1, 8)
    assert Taste()(np.zeros((0, 16)), np.zeros(0), latents).tolist() == [0] * 8


def test_liked_neighbours_win():
    latents, base = drawings(2, 68)
    worth = 3 + latents[:, 0]
    found = base[60:] + Taste()(latents[:60], (worth - base)[:60], latents[60:])
    assert np.corrcoef(found, worth[60:])[0, 1] > 0.8 > np.corrcoef(base[60:], worth[60:])[0, 1]


def test_ratings_count_by_their_number():
    latents, _ = drawings(3, 70)
    worth = 2 * np.sign(latents[:, 0])
    whole, half = (Taste(evidence=e)(latents[:60], worth[:60], latents[60:]) for e in (0, 60))
    assert np.ptp(whole) > 1 and half == pytest.approx(whole / 2)


def test_one_rating_moves_all_alike():
    latents, _ = drawings(4, 9)
    found = Taste(evidence=9)(latents[:1], np.array([-2.0]), latents[1:])
    assert found == pytest.approx(np.full(8, -0.2))


@pytest.mark.parametrize("number", [2, 3, 5, 10, 40])
def test_stars_that_are_the_base_score_keep_its_order(number):
    for seed in range(10):
        latents, base = drawings(seed, number + 8)
        base = 3.8 + 0.4 * latents[:, 0]  # the encoder sees the base score, and so what rounding adds to it
        residuals = np.round(2 * base) / 2 - base
        assert order(base[number:] + Taste()(latents[:number], residuals[:number], latents[number:])) == order(
            base[number:]
        )


@pytest.mark.parametrize("number", [5, 30])
def test_noise_seldom_changes_the_order(number):
    changed = 0
    for seed in range(100):
        latents, base = drawings(seed, number + 8)
        noise = np.random.default_rng(seed + 1000).normal(0, 1, number)
        changed += np.ptp(Taste()(latents[:number], noise, latents[number:])) > 1e-9
    assert changed <= 6  # one in fifty, by the test's own making: seven and more of 100 have a chance of 0.5 %


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_neither_scale_nor_place_of_latents_matters(scale):
    latents, _ = drawings(5, 48)
    worth = latents[:, 0]
    plain = Taste()(latents[:40], worth[:40], latents[40:])
    moved = scale * (latents + 7)
    assert np.ptp(plain) > 0.5 and Taste()(moved[:40], worth[:40], moved[40:]) == pytest.approx(plain, abs=1e-6)


def test_odd_input():
    alike = np.ones((6, 4))
    residuals = np.array([0, 1, 2, 0, 1, 2.0])
    assert np.ptp(Taste()(alike, residuals, alike)) == 0  # one drawing again and again
    latents, _ = drawings(6, 30)
    assert np.ptp(Taste()(latents[:20], np.ones(20), latents[20:])) == 0  # all rated alike
    assert Taste()(latents[:20], np.ones(20), latents[:0]).shape == (0,)


def test_same_answer_each_time_and_input_untouched():
    latents, _ = drawings(7, 48)
    worth = latents[:, 1].copy()
    before = latents.copy()
    first, second = (Taste()(latents[:40], worth[:40], latents[40:]) for _ in range(2))
    assert first.tolist() == second.tolist() and np.array_equal(latents, before)
