"""Tests of significance against loops, simulated size and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from employment_forecast.forecasting.scoring.significance import (
    diebold_mariano,
    model_confidence_set,
)


def slow_statistic(d: list[float], h: int) -> float:
    n = len(d)
    mean = sum(d) / n
    total = 0.0
    for lag in range(-(h - 1), h):
        total += sum((d[t] - mean) * (d[t - abs(lag)] - mean) for t in range(abs(lag), n)) / n
    plain = mean / math.sqrt(total / n)
    return plain * math.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_statistic_against_loops(horizon):
    d = np.random.default_rng(1).normal(0.3, 1, 40)
    found = diebold_mariano(d, horizon)
    assert found is not None
    assert found.statistic == pytest.approx(slow_statistic(d.tolist(), horizon))


def test_one_step_is_the_t_test():
    from scipy.stats import ttest_1samp

    d = np.random.default_rng(2).normal(0.2, 1, 30)
    found = diebold_mariano(d, 1)
    assert found is not None
    expected = ttest_1samp(d, 0.0)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_nothing_to_test_is_none():
    assert diebold_mariano(np.zeros(20), 1) is None
    assert diebold_mariano(np.arange(5.0), 6) is None
    assert diebold_mariano(np.full(20, 0.3), 3) is None


def test_bartlett_weights_where_the_variance_would_be_negative():
    """Autocovariances by hand: 1, -39/40; plainly 1 - 2 * 39/40 < 0, weighted 1 - 39/40."""
    alternating = np.tile([1.0, -1.0], 20)
    found = diebold_mariano(alternating + 0.01, 2)
    assert found is not None
    assert found.bartlett
    shrink = (40 + 1 - 4 + 2 / 40) / 40
    expected = 0.01 / math.sqrt((1 / 40) / 40) * math.sqrt(shrink)
    assert found.statistic == pytest.approx(expected)
    plain = diebold_mariano(np.random.default_rng(2).normal(size=40), 2)
    assert plain is not None
    assert not plain.bartlett


def test_size_under_equal_accuracy():
    rng = np.random.default_rng(3)
    found = [diebold_mariano(rng.normal(size=60), 1) for _ in range(1000)]
    rejected = np.mean([r is not None and r.p_value < 0.05 for r in found])
    assert 0.03 < rejected < 0.07


def test_confidence_set_keeps_equals_and_drops_the_worse():
    kept = {"a": 0, "b": 0, "worse": 0}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=(60, 1))  # what all models miss alike decides nothing
        losses = shared + rng.normal(0, 0.3, size=(60, 3)) + np.array([0.0, 0.0, 0.5])
        values = model_confidence_set(losses, list(kept), block=2, draws=200, seed=seed)
        assert max(values.values()) == 1.0
        for name, value in values.items():
            kept[name] += value >= 0.1
    assert kept["worse"] == 0
    assert min(kept["a"], kept["b"]) >= 80


def test_confidence_set_rarely_drops_the_best():
    rng = np.random.default_rng(6)
    kept = 0
    for i in range(200):
        values = model_confidence_set(rng.normal(size=(40, 4)), list("abcd"), 1, 200, i)
        kept += values["a"] >= 0.1
    assert kept / 200 > 0.83


def test_two_models_agree_with_their_own_bootstrap():
    losses = np.random.default_rng(7).normal(size=(50, 2)) + np.array([0.0, 0.2])
    values = model_confidence_set(losses, ["a", "b"], block=1, draws=4000)
    d = losses[:, 1] - losses[:, 0]
    rng = np.random.default_rng(8)
    moved = np.array([rng.choice(d, 50).mean() for _ in range(4000)]) - d.mean()
    assert values["b"] == pytest.approx(np.mean(np.abs(moved) >= abs(d.mean())), abs=0.03)


def test_identical_models_all_stay():
    losses = np.repeat(np.arange(10.0)[:, None], 2, axis=1)
    assert model_confidence_set(losses, ["a", "b"], block=2) == {"a": 1.0, "b": 1.0}


def test_names_must_match():
    with pytest.raises(ValueError, match="name"):
        model_confidence_set(np.zeros((5, 2)), ["a"], 1)
