"""Theta method against its first definition and a classical decomposition."""

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from employment_forecast.models import roster
from employment_forecast.models.families.theta import seasonal_means, smooth


def test_seasonal_means_against_statsmodels(seasonal_z):
    expected = seasonal_decompose(seasonal_z, period=12).seasonal[:12]
    assert seasonal_means(seasonal_z, 1) == pytest.approx(expected)
    # A history that starts in April has April's value fourth.
    assert seasonal_means(seasonal_z, 4) == pytest.approx(np.roll(expected, 3))


def test_smoothing_against_the_recursion():
    rng = np.random.default_rng(4)
    y = np.cumsum(rng.normal(size=50))
    level, errors = smooth(y, 0.3, 0.1)
    first = y[0] - 0.1 - errors[0]
    state, slow = first, []
    for value in y:
        error = value - state - 0.1
        slow.append(error)
        state = state + 0.1 + 0.3 * error
    assert errors == pytest.approx(slow)
    assert level == pytest.approx(state)
    # No other first level gives smaller errors.
    decay = 0.7 ** np.arange(50)
    assert decay @ errors == pytest.approx(0, abs=1e-9)


def test_weight_of_one_is_a_random_walk():
    level, errors = smooth(np.array([3.0, 4.0, 6.0]), 1.0, 0.5)
    assert level == 6.0
    assert errors == pytest.approx([0.0, 0.5, 1.5])


def test_against_the_first_definition(make_scaled):
    """Half the sum of a straight line and of the smoothed line with doubled deviations."""
    rng = np.random.default_rng(5)
    y = 2 + 0.03 * np.arange(240) + np.cumsum(rng.normal(0, 0.1, 240))
    y -= seasonal_means(y, 1)[np.arange(240) % 12]
    data = make_scaled(y)
    parameters = {
        "weight": 0.4,
        "drift": np.polyfit(np.arange(240), y, 1)[0] / 2,
        "seasonal": [0.0] * 12,
        "sigma": 0.1,
        "degrees": None,
    }
    law = roster.create("theta")._law(data, parameters, 12)
    slope, intercept = np.polyfit(np.arange(240), y, 1)
    line = intercept + slope * np.arange(240)
    doubled, smoothed = 2 * y - line, (2 * y - line)[0]
    for value in doubled:
        smoothed += 0.4 * (value - smoothed)
    expected = ((intercept + slope * (239 + np.arange(1, 13))) + smoothed) / 2
    assert law.mean == pytest.approx(expected, abs=1e-6)


def test_variance_of_the_moving_average_form(make_scaled):
    parameters = {
        "weight": 0.5,
        "drift": 0.0,
        "seasonal": [0.0] * 12,
        "sigma": 2.0,
        "degrees": None,
    }
    law = roster.create("theta")._law(make_scaled(np.zeros(30)), parameters, 4)
    # sigma^2 (1 + (h - 1) weight^2)
    assert np.diag(law.covariance) == pytest.approx([4, 5, 6, 7])
    # Months 1 and 2 share the first innovation: 4 * 0.5.
    assert law.covariance[0, 1] == pytest.approx(2)


def test_season_goes_to_the_right_month(make_scaled):
    january_high = np.where(np.arange(65) % 12 == 0, 1.0, 0.0)
    data = make_scaled(january_high + 0.001 * np.sin(np.arange(65)))
    model = roster.create("theta")
    law = model._law(data, model._estimate(data), 12)
    # 65 months end in May: the next January is eight months ahead.
    assert int(np.argmax(law.mean)) == 7
