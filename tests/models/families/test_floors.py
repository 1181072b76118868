"""The simple floors by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from employment_forecast.models import roster
from employment_forecast.models.contract import ModelFailure


def test_random_walk_by_hand(make_scaled):
    data = make_scaled([1.0, 2.0, 0.0, 2.0])
    model = roster.create("random_walk")
    parameters = model._fit(data)
    # Steps 1, -2, 2: mean square 3.
    assert parameters["sigma"] == pytest.approx(np.sqrt(3))
    law = model._law(data, parameters, 3)
    assert law.mean == pytest.approx([2, 2, 2])
    assert law.covariance == pytest.approx(3 * np.array([[1, 1, 1], [1, 2, 2], [1, 2, 3]]))


def test_a_random_walk_that_never_moved_may_do_so_in_half_of_the_cases(make_scaled):
    data = replace(make_scaled([7.0] * 13), digit=1.0)
    sigma = roster.create("random_walk")._fit(data)["sigma"]
    # Twelve steps all stay within half a person with probability one half.
    assert (2 * ndtr(0.5 / sigma) - 1) ** 12 == pytest.approx(0.5)


def test_drift_by_hand(make_scaled):
    data = make_scaled([0.0, 1.0, 3.0, 3.0, 4.0])
    model = roster.create("drift")
    parameters = model._fit(data)
    # Steps 1, 2, 0, 1: mean 1, squares 0, 1, 1, 0 over 3.
    assert parameters["drift"] == pytest.approx(1)
    assert parameters["sigma"] == pytest.approx(np.sqrt(2 / 3))
    law = model._law(data, parameters, 2)
    assert law.mean == pytest.approx([5, 6])
    # h (1 + h / 4) on the diagonal (Hyndman and Athanasopoulos), 1 + 2 / 4 beside it.
    assert law.covariance == pytest.approx(2 / 3 * np.array([[1.25, 1.5], [1.5, 3.0]]))


def test_drift_spread_against_repeated_estimation(make_scaled):
    """Errors of forecasts from many simulated histories have the law's covariance."""
    rng = np.random.default_rng(8)
    z = np.cumsum(rng.normal(0.3, 1.0, (20000, 32)), axis=1)
    drift = (z[:, 20] - z[:, 0]) / 20
    errors = z[:, 21:27] - z[:, [20]] - drift[:, None] * np.arange(1, 7)
    parameters = {"drift": 0.3, "sigma": 1.0, "steps": 20, "degrees": None}
    law = roster.create("drift")._law(make_scaled(np.zeros(21)), parameters, 6)
    assert law.covariance == pytest.approx(np.cov(errors.T), rel=0.05)


def test_seasonal_naive_by_hand(make_scaled):
    z = np.r_[np.arange(12.0), np.arange(12.0) + 1, np.arange(12.0) + 2]
    model = roster.create("seasonal_naive")
    parameters = model._fit(make_scaled(z))
    # Every change is 1 and the last 23 of 24 follow an equal one.
    assert parameters["sigma"] == pytest.approx(1)
    assert parameters["persistence"] == pytest.approx(23 / 24)
    law = model._law(make_scaled(z), {**parameters, "persistence": 0.5}, 25)
    assert law.mean == pytest.approx([*(np.arange(12.0) + 2), *(np.arange(12.0) + 2), 2])
    variance = np.diag(law.covariance)
    assert variance[:12] == pytest.approx(np.ones(12))
    # Month 13 gathers the changes of months 1 and 13: 2 + 2 * 0.5^12.
    assert variance[12] == pytest.approx(2 + 2 * 0.5**12)
    assert variance[24] == pytest.approx(3 + 4 * 0.5**12 + 2 * 0.5**24)
    assert law.covariance[0, 1] == pytest.approx(0.5)


def test_year_total_of_the_seasonal_naive_is_honest(make_scaled):
    """On random-walk data the naive year total is wrong by a known amount."""
    rng = np.random.default_rng(9)
    z = np.cumsum(rng.normal(0, 1, 1200))
    model = roster.create("seasonal_naive")
    law = model._law(make_scaled(z, "1901-01"), model._fit(make_scaled(z, "1901-01")), 12)
    totals = np.convolve(z, np.ones(12), "valid")
    actual = np.std(totals[12:] - totals[:-12])
    assert np.sqrt(law.covariance.sum()) == pytest.approx(actual, rel=0.2)
    assert np.sqrt(np.trace(law.covariance)) < 0.5 * actual


@pytest.mark.parametrize("name", ["random_walk", "seasonal_naive"])
def test_no_change_no_spread(name, make_scaled):
    with pytest.raises(ModelFailure, match="没有变化"):
        roster.create(name)._fit(make_scaled(np.ones(30)))
