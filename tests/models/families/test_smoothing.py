"""Exponential smoothing against statsmodels' own filter, forecast and likelihood."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from employment_forecast.models import roster
from employment_forecast.models.families.smoothing import (
    STATES,
    filter_history,
    fit_first,
    innovations_form,
    last_state,
    responses,
)

WEIGHTS = {"level": 0.6, "slope": 0.1, "seasonal": 0.2, "damping": 0.9}
SLOPE = 0.01
SEASONAL = np.linspace(-0.1, 0.12, 12)


def _reference(z: np.ndarray, damped: bool):
    model = ETSModel(
        z,
        error="add",
        trend="add",
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=12,
        initialization_method="known",
        initial_level=10.0,
        initial_trend=SLOPE,
        initial_seasonal=SEASONAL,
    )
    weights = [WEIGHTS["level"], WEIGHTS["slope"], WEIGHTS["seasonal"]]
    return model.smooth([*weights, WEIGHTS["damping"]] if damped else weights)


def _form(damped: bool):
    return innovations_form(**{**WEIGHTS, "damping": WEIGHTS["damping"] if damped else 1.0})


@pytest.mark.parametrize("months", [31, 132])
def test_powers_and_pulses_are_the_recursion_month_by_month(seasonal_z, months):
    z = seasonal_z[:months].copy()
    z[[4, 17]] = np.nan
    design, transition, gain = _form(True)
    state = np.eye(STATES, STATES + 3)
    for forecast, month in zip(responses(z, *_form(True)), range(months), strict=True):
        assert forecast == pytest.approx(design @ state, abs=1e-12)
        state = (transition - np.outer(gain, design)) @ state
        column = {4: STATES, 17: STATES + 1}.get(month, STATES + 2)
        state[:, column] += gain * (z[month] if column > STATES + 1 else 1.0)
    assert last_state(z, *_form(True)) == pytest.approx(state, abs=1e-12)


@pytest.mark.parametrize("missing", [[], [5, 40]])
def test_a_spare_state_changes_no_error(seasonal_z, missing):
    z = seasonal_z.copy()
    z[missing] = np.nan
    plain, quick = (fit_first(z, *_form(True), spare) for spare in (None, STATES - 1))
    assert quick.errors == pytest.approx(plain.errors, abs=1e-11)
    assert quick.penalty == plain.penalty


@pytest.mark.parametrize("damped", [True, False])
def test_errors_from_a_given_first_state(seasonal_z, damped):
    expected = _reference(seasonal_z, damped).resid
    forecasts = responses(seasonal_z, *_form(damped))
    # statsmodels keeps the first season first; ours is the coming month's first.
    first = np.r_[10.0, SLOPE, SEASONAL, 1.0]
    assert seasonal_z - forecasts @ first == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("name", "damped"), [("ets", True), ("ets_trend", False)])
def test_forecast_against_statsmodels(seasonal_z, make_scaled, name, damped):
    # From the least-squares first state statsmodels must forecast the same mean and variance.
    form = _form(damped)
    forecasts = responses(seasonal_z, *form)
    first = np.linalg.lstsq(forecasts[:, :-1], seasonal_z - forecasts[:, -1], rcond=1e-10)[0]
    data = make_scaled(seasonal_z)
    model = ETSModel(
        pd.Series(seasonal_z, index=data.months),
        error="add",
        trend="add",
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=12,
        initialization_method="known",
        initial_level=first[0],
        initial_trend=first[1],
        initial_seasonal=first[2:],
    )
    weights = {**WEIGHTS, "damping": WEIGHTS["damping"] if damped else 1.0}
    reference = model.smooth(list(weights.values())[: 4 if damped else 3])
    expected = reference.get_prediction(start=len(seasonal_z), end=len(seasonal_z) + 29)
    law = roster.create(name)._law(
        data,
        {"weights": weights, "sigma": float(np.sqrt(reference.mse)), "degrees": None},
        30,
    )
    assert law.mean == pytest.approx(np.asarray(expected.predicted_mean), abs=1e-8)
    assert np.diag(law.covariance) == pytest.approx(np.asarray(expected.forecast_variance))


@pytest.mark.parametrize(("name", "damped"), [("ets", True), ("ets_trend", False)])
def test_estimate_is_at_least_as_likely_as_statsmodels(seasonal_z, make_scaled, name, damped):
    fitted = roster.create(name)._estimate(make_scaled(seasonal_z))
    errors = filter_history(seasonal_z, *innovations_form(**fitted["weights"])).errors
    other = ETSModel(
        seasonal_z,
        error="add",
        trend="add",
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=12,
    ).fit(disp=False)
    n = len(seasonal_z)
    likelihood = -n / 2 * (np.log(2 * np.pi * (errors @ errors) / n) + 1)
    assert likelihood > other.llf - 0.05


def test_first_state_is_the_least_squares_one(seasonal_z):
    form = _form(True)
    errors = filter_history(seasonal_z, *form).errors
    forecasts = responses(seasonal_z, *form)
    # Normal equations: errors are orthogonal to every response to a first state.
    assert forecasts[:, :-1].T @ errors == pytest.approx(np.zeros(14), abs=1e-9)


def test_state_reproduces_a_noiseless_series():
    months = np.arange(60)
    z = 3 + 0.02 * months + SEASONAL[months % 12]
    design, transition, gain = innovations_form(0.3, 0.1, 0.1, 1.0)
    filtered = filter_history(z, design, transition, gain)
    state, errors = filtered.state, filtered.errors
    assert errors == pytest.approx(np.zeros(60), abs=1e-9)
    assert design @ state == pytest.approx(3 + 0.02 * 60 + SEASONAL[0])
    assert design @ transition @ state == pytest.approx(3 + 0.02 * 61 + SEASONAL[1])


def test_scale_does_not_matter(seasonal_z, make_scaled):
    model = roster.create("ets")
    small = model._estimate(make_scaled(seasonal_z))
    large = model._estimate(make_scaled(5000 + 1000 * seasonal_z))
    assert large["weights"] == pytest.approx(small["weights"], abs=1e-3)
    assert large["sigma"] == pytest.approx(1000 * small["sigma"], rel=1e-4)
