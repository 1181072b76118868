"""Long-run errors and tests: against loops, known answers, and their simulated size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from employment_forecast.forecasting.scoring.significance import (
    FEWEST_STRETCHES,
    Estimate,
    cosines,
    diebold_mariano,
    long_run_error,
    mean_and_error,
    model_confidence_set,
)


def slow_error(d: list[float], count: int) -> float:
    n, mean = len(d), sum(d) / len(d)
    total = 0.0
    for j in range(1, count + 1):
        wave = sum((x - mean) * math.cos(math.pi * j * (i + 0.5) / n) for i, x in enumerate(d))
        total += (math.sqrt(2 / n) * wave) ** 2
    return math.sqrt(total / count / n)


@pytest.mark.parametrize(
    ("n", "overlap", "count"), [(36, 12, 3), (36, 1, 6), (54, 2, 7), (24, 12, 2)]
)
def test_error_against_loops(n, overlap, count):
    d = np.cumsum(np.random.default_rng(n).normal(size=n))
    assert cosines(n, overlap) == count
    error, freedom = long_run_error(d, overlap)
    assert freedom == count
    assert error == pytest.approx(slow_error(d.tolist(), count))


def test_no_telling_with_fewer_than_two_stretches():
    assert long_run_error(np.arange(23.0), 12) == (math.inf, 0)
    assert long_run_error(np.array([]), 1) == (math.inf, 0)
    assert mean_and_error(np.full((5, 2), np.nan)) == Estimate(0.0, math.inf, 0, 0)
    assert math.isinf(mean_and_error(np.ones((20, 12))).reach(0.05))


def test_a_wave_of_one_cosine_by_hand():
    """All of its variance is in the first transform: sqrt(n / 2), of two the mean square n / 4."""
    n = 16
    wave = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    assert long_run_error(wave, 8)[0] == pytest.approx(math.sqrt(n / 4 / n))


def test_errors_of_overlapping_sums_are_right_where_naive_ones_are_not():
    """Means of 36 sums over twelve months: as much overlap as there can be."""
    rng = np.random.default_rng(3)
    shocks = rng.normal(size=(1500, 47))
    sums = np.stack([shocks[:, i : i + 36] for i in range(12)]).sum(axis=0)
    estimates = [mean_and_error(x[:, None], 12) for x in sums]
    assert {f.freedom for f in estimates} == {3}
    assert {f.stretches for f in estimates} == {3}
    beyond = np.mean([f.mean > f.reach(0.05) for f in estimates])
    naive = np.mean([x.mean() > 1.645 * x.std() / 6 for x in sums])
    assert 0.03 < beyond < 0.11
    assert naive > 0.28


def test_diebold_mariano_is_the_mean_over_its_long_run_error():
    d = np.random.default_rng(2).normal(0.2, 1, 30)
    tested = diebold_mariano(d, 3)
    assert tested is not None
    assert tested.statistic == pytest.approx(d.mean() / slow_error(d.tolist(), tested.freedom))
    assert tested.freedom == 5


def test_no_test_without_ten_stretches_or_without_variation():
    d = np.random.default_rng(2).normal(size=36)
    assert diebold_mariano(d, 3) is not None
    assert diebold_mariano(d, 4) is None
    assert diebold_mariano(np.zeros(20), 1) is None
    assert diebold_mariano(np.full(20, 0.3), 1) is None
    losses = np.random.default_rng(1).normal(size=(36, 2))
    assert model_confidence_set(losses, ["a", "b"], 3) is not None
    assert model_confidence_set(losses, ["a", "b"], 4) is None


def test_size_of_diebold_mariano():
    rng = np.random.default_rng(3)
    shocks = rng.normal(size=(1000, 38))
    d = shocks[:, :-2] + shocks[:, 1:-1] + shocks[:, 2:]
    tests = [diebold_mariano(x, 3) for x in d]
    assert 0.02 < np.mean([f.p_value < 0.05 for f in tests if f is not None]) < 0.075


def test_confidence_set_keeps_equals_and_drops_the_worse():
    kept = dict.fromkeys("abc", 0)
    for seed in range(50):
        rng = np.random.default_rng(seed)
        losses = rng.normal(size=(60, 3)) * 0.2 + [1.0, 1.0, 1.5]
        values = model_confidence_set(losses, list(kept), overlap=2)
        assert values is not None
        assert max(values.values()) == 1.0
        for m in kept:
            kept[m] += values[m] >= 0.1
    assert kept["a"] >= 45
    assert kept["b"] >= 45
    assert kept["c"] <= 5


@pytest.mark.soak
def test_confidence_set_rarely_drops_any_of_twelve_equals():
    names = [str(i) for i in range(12)]
    dropped = 0
    for i in range(200):
        losses = np.random.default_rng(i).normal(size=(40, 12))
        values = model_confidence_set(losses, names, 1)
        assert values is not None
        dropped += min(values.values()) < 0.1
    # Three Monte Carlo errors above one in ten.
    assert dropped / 200 <= 0.16


def test_equal_losses_cannot_be_told_apart():
    losses = np.ones((2 * FEWEST_STRETCHES, 2))
    assert model_confidence_set(losses, ["a", "b"], overlap=2) == {"a": 1.0, "b": 1.0}


def test_one_name_per_column():
    with pytest.raises(ValueError, match="one name"):
        model_confidence_set(np.zeros((5, 2)), ["a"], 1)
