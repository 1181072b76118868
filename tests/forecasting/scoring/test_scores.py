"""Scores against hand values, slow references and their published definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from employment_forecast.forecasting.scoring.scores import (
    absolute_error,
    covered,
    interval_score,
    seasonal_scale,
)
from employment_forecast.models.paths import LEVELS

NINE = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
moderate = st.floats(-1e4, 1e4, allow_nan=False)
quantiles = arrays(float, (3, 2, 9), elements=moderate).map(lambda a: np.sort(a, axis=-1))
outcomes = arrays(float, (3, 2), elements=moderate)


def test_seasonal_scale_by_hand():
    values = np.array([*range(12), 5.0, 1.0, 8.0], dtype=float)
    assert seasonal_scale(values) == pytest.approx((5 + 0 + 6) / 3)
    # Up to a year there is no seasonal difference; the monthly one stands in.
    assert seasonal_scale(np.array([3.0, 5.0, 4.0])) == pytest.approx(1.5)
    assert seasonal_scale(np.arange(12.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("values", [[], [5.0], [2.0, 2.0, 2.0], [1.0] * 30, list(range(12)) * 2])
def test_a_series_that_does_not_move_has_no_scale(values):
    assert math.isnan(seasonal_scale(np.array(values, dtype=float)))


@given(st.lists(st.integers(0, 99), min_size=13, max_size=40))
def test_seasonal_scale_against_a_loop(values):
    total = 0.0
    for i in range(12, len(values)):
        total += abs(values[i] - values[i - 12])
    wanted = total / (len(values) - 12)
    scale = seasonal_scale(np.array(values, dtype=float))
    assert math.isnan(scale) if wanted == 0 else scale == pytest.approx(wanted)


def wis_by_intervals(q: np.ndarray, y: float) -> float:
    """Bracher, Ray, Gneiting and Reich (2021), equation 1, with K = 4 central intervals."""
    total = 0.5 * abs(y - q[4])
    for k, alpha in enumerate((0.05, 0.10, 0.20, 0.50)):
        low, high = q[k], q[8 - k]
        score = (high - low) + 2 / alpha * max(low - y, 0) + 2 / alpha * max(y - high, 0)
        total += alpha / 2 * score
    return total / 4.5


def wis_by_pinball(q: np.ndarray, y: float) -> float:
    losses = [
        level * (y - x) if y >= x else (1 - level) * (x - y)
        for level, x in zip(LEVELS, q, strict=True)
    ]
    return 2 * sum(losses) / len(losses)


@given(quantiles, outcomes)
def test_interval_score_is_the_published_one(q, y):
    wis = interval_score(q, y)
    assert wis.shape == (3, 2)
    for i in np.ndindex(3, 2):
        assert wis[i] == pytest.approx(wis_by_intervals(q[i], y[i]), abs=1e-7)
        assert wis[i] == pytest.approx(wis_by_pinball(q[i], y[i]), abs=1e-7)
    assert (wis >= -1e-9).all()


def test_interval_score_by_hand():
    # Inside every interval: only the widths 8, 6, 4, 2 weighted by alpha / 2 count.
    assert interval_score(NINE, np.array(5.0)) == pytest.approx(
        (0.025 * 8 + 0.05 * 6 + 0.1 * 4 + 0.25 * 2) / 4.5
    )
    # A certain forecast is scored by its absolute error.
    assert interval_score(np.full(9, 3.0), np.array(5.5)) == pytest.approx(2.5)


def test_interval_score_rewards_the_truth():
    rng = np.random.default_rng(1)
    y = rng.normal(size=20_000)
    mean = {
        (shift, spread): interval_score(
            np.broadcast_to(stats.norm.ppf(LEVELS, shift, spread), (len(y), 9)), y
        ).mean()
        for shift, spread in [(0, 1), (0.5, 1), (0, 0.5), (0, 2)]
    }
    assert min(mean, key=lambda k: mean[k]) == (0, 1)


@given(quantiles, outcomes, st.floats(0.1, 10), st.floats(-100, 100))
def test_interval_score_follows_the_unit(q, y, factor, shift):
    moved = interval_score(q * factor + shift, y * factor + shift)
    assert moved == pytest.approx(factor * interval_score(q, y), rel=1e-6, abs=1e-6)


def test_unknown_outcomes_stay_unknown():
    assert math.isnan(interval_score(NINE, np.array(np.nan)))
    assert math.isnan(absolute_error(NINE, np.array(np.nan)))


def test_absolute_error_is_that_of_the_median():
    errors = absolute_error(np.stack([NINE, NINE + 10]), np.array([2.0, 18.0]))
    assert errors.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("level", "low", "high"), [(95, 1.0, 9.0), (90, 2.0, 8.0), (80, 3.0, 7.0), (50, 4.0, 6.0)]
)
def test_intervals_hold_their_ends_and_nothing_beyond(level, low, high):
    points = np.array([low - 1e-9, low, 5.0, high, high + 1e-9])
    inside = covered(np.broadcast_to(NINE, (5, 9)), points, level)
    assert inside.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    below, above = LEVELS[int(low) - 1], LEVELS[int(high) - 1]
    assert above - below == pytest.approx(level / 100)


def test_no_seasonal_difference_crosses_a_changed_definition():
    values = np.r_[np.arange(20.0), 100.0 + np.arange(20)]
    assert seasonal_scale(values, [20]) == pytest.approx(12.0)
    # Twelve months on either side leave no seasonal difference: monthly ones stand in.
    assert seasonal_scale(values[8:32], [12]) == pytest.approx(1.0)
