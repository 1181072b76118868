"""Further scores against hand values, slow references and known properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.forecasting.scoring import further_scores as scores

RNG = np.random.default_rng(5)


def test_smape_by_hand():
    errors = scores.symmetric_percentage_error(np.array([90.0, 0.0, 5.0]), np.array([110.0, 0, 0]))
    np.testing.assert_allclose(errors, [20.0, 0.0, 200.0])


def test_rmsse_by_hand():
    history = np.concatenate([np.zeros(12), np.full(12, 2.0)])  # seasonal differences all 2
    error = scores.scaled_root_error(np.array([1.0, 5.0]), np.array([4.0, np.nan]), history)
    assert error == pytest.approx(1.5)
    flat = np.ones(30)
    assert math.isnan(scores.scaled_root_error(np.ones(1), np.ones(1), flat))


def slow_crps(draws: np.ndarray, outcome: float) -> float:
    far = np.mean([abs(x - outcome) for x in draws])
    apart = np.mean([abs(a - b) for a, b in itertools.product(draws, draws)])
    return float(far - apart / 2)


def test_crps_against_all_pairs():
    draws = RNG.normal(size=(40, 3))
    outcome = np.array([-1.0, 0.2, 3.0])
    expected = [slow_crps(draws[:, j], outcome[j]) for j in range(3)]
    np.testing.assert_allclose(scores.crps(draws, outcome), expected)


def test_crps_of_a_standard_normal_is_the_published_value():
    # Gneiting and Raftery (2007): y (2F(y) - 1) + 2f(y) - 1/sqrt(pi), at y = 0.
    from scipy.stats import norm

    draws = norm.ppf((np.arange(4000) + 0.5) / 4000)
    assert scores.crps(draws, np.array(0.0)) == pytest.approx(0.2336950, abs=2e-4)


def test_cap_weighted_crps_sees_only_what_is_above():
    draws = RNG.normal(size=200)
    whole = scores.cap_weighted_crps(draws, np.array(0.3), -50.0)
    assert whole == pytest.approx(float(scores.crps(draws, np.array(0.3))))
    assert scores.cap_weighted_crps(draws, np.array(0.3), 50.0) == 0.0
    # The integral of (F - 1{y <= x})^2 above the cap, on a fine grid.
    grid = np.linspace(0.5, 6, 20001)
    law = np.searchsorted(np.sort(draws), grid, side="right") / len(draws)
    slow = np.trapezoid((law - (grid >= 0.9)) ** 2, grid)
    score = scores.cap_weighted_crps(draws, np.array(0.9), 0.5)
    assert score == pytest.approx(slow, abs=1e-3)


def test_probability_transform_is_uniform_for_right_forecasts():
    draws = RNG.normal(size=(200, 4000))
    places = scores.probability_transform(draws, RNG.normal(size=4000))
    counts, _ = np.histogram(places, bins=10, range=(0, 1))
    assert ((counts - 400) ** 2 / 400).sum() < 27.9  # chi-squared, 9 degrees, 0.1 %


def test_probability_transform_spreads_ties():
    places = scores.probability_transform(np.zeros((9, 1000)), np.zeros(1000))
    assert places.min() < 0.05
    assert places.max() > 0.95


def test_brier_and_reliability_by_hand():
    probability = np.array([0.1, 0.15, 0.9, 1.0])
    event = np.array([0.0, 1.0, 1.0, 1.0])
    assert scores.brier(probability, event) == pytest.approx((0.01 + 0.7225 + 0.01) / 4)
    low, high = scores.reliability(probability, event)
    assert (low.count, low.forecast, low.observed) == (2, pytest.approx(0.125), 0.5)
    assert (high.count, high.forecast, high.observed) == (2, pytest.approx(0.95), 1.0)


def test_energy_score_against_all_pairs_and_crps():
    paths = RNG.normal(size=(30, 4))
    outcome = RNG.normal(size=4)
    pairs = np.mean([[np.linalg.norm(a - b) for a in paths] for b in paths])
    slow = np.mean([np.linalg.norm(a - outcome) for a in paths]) - pairs / 2
    assert scores.energy_score(paths, outcome) == pytest.approx(slow)
    one = scores.energy_score(paths[:, :1], outcome[:1])
    assert one == pytest.approx(float(scores.crps(paths[:, 0], outcome[0])))


def test_variogram_score_against_loops():
    paths = RNG.normal(size=(25, 5))
    outcome = RNG.normal(size=5)
    slow = 0.0
    for i, j in itertools.product(range(5), range(5)):
        said = np.mean([abs(x[i] - x[j]) ** 0.5 for x in paths])
        slow += (abs(outcome[i] - outcome[j]) ** 0.5 - said) ** 2
    assert scores.variogram_score(paths, outcome) == pytest.approx(slow)


def test_joint_scores_prefer_the_true_dependence():
    steps = np.random.default_rng(0)
    right = steps.normal(size=(400, 6)).cumsum(axis=1)
    wrong = np.column_stack([steps.permutation(c) for c in right.T])
    truth = steps.normal(size=(300, 6)).cumsum(axis=1)
    for score in (scores.energy_score, scores.variogram_score):
        assert np.mean([score(right, y) for y in truth]) < np.mean([score(wrong, y) for y in truth])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), st.floats(-1e3, 1e3))
def test_crps_is_never_negative_nor_above_the_mean_error(values, outcome):
    draws = np.array(values)
    score = float(scores.crps(draws, np.array(outcome)))
    assert -1e-9 <= score <= np.abs(draws - outcome).mean() + 1e-9
