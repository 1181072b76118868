"""Prophet: the mode of the library's posterior, at least as high, and our own draws."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from support.campaigns import examples

from employment_forecast.models import roster
from employment_forecast.models.contract import quietly, scale
from employment_forecast.models.families.prophet_model import (
    CHANGEPOINT_RANGE,
    CHANGEPOINT_SCALE,
    EFFECT_SCALE,
    FOURIER_ORDER,
    NOISE_SCALE,
    TREND_SCALE,
    days,
    fourier,
    penalised,
    posterior_mode,
    trend,
)


@pytest.fixture(scope="module")
def library(example, fitted):
    """Prophet itself with the same settings: parameters, and its forecast of past and future."""
    data, _ = scale(example("seasonal"), fitted("prophet", "seasonal")["calendar"])
    with quietly():
        from prophet import Prophet

        model = Prophet(
            yearly_seasonality=FOURIER_ORDER,
            weekly_seasonality=False,
            daily_seasonality=False,
            n_changepoints=len(data.z) // 5,
            changepoint_range=CHANGEPOINT_RANGE,
            changepoint_prior_scale=CHANGEPOINT_SCALE,
            uncertainty_samples=0,
            scaling="minmax",
        )
        names = ["a", "b", "c"]
        for name in names:
            model.add_regressor(name, standardize=False)
        span = pd.period_range(data.months[0], periods=len(data.z) + 12, freq="M")
        frame = pd.DataFrame(data.known[: len(span)], columns=names)
        frame.insert(0, "ds", span.to_timestamp())
        past = frame.iloc[: len(data.z)].assign(y=data.z)
        logging.getLogger("cmdstanpy").disabled = True
        model.fit(past, seed=1, algorithm="LBFGS")
        logging.getLogger("cmdstanpy").disabled = False
        predicted = model.predict(frame)
    return model, predicted["yhat"].to_numpy()


def _height(y: np.ndarray, design: np.ndarray, changes: int, values: np.ndarray, noise: float):
    """Logarithm of Prophet's posterior density, up to a constant, term by term."""
    effects = values[2 + changes :]
    return (
        -len(y) * np.log(noise)
        - ((y - design @ values) ** 2).sum() / (2 * noise**2)
        - (values[:2] ** 2).sum() / (2 * TREND_SCALE**2)
        - np.abs(values[2 : 2 + changes]).sum() / CHANGEPOINT_SCALE
        - (effects**2).sum() / (2 * EFFECT_SCALE**2)
        - noise**2 / (2 * NOISE_SCALE**2)
    )


def test_no_lesser_height_than_the_library_s_and_nearly_its_forecast(library, example, fitted):
    model, expected = library
    parameters = fitted("prophet", "seasonal")
    data, _ = scale(example("seasonal"), parameters["calendar"])
    assert parameters["changepoints"] == pytest.approx(model.changepoints_t)
    t = (days(data.months) - parameters["start"]) / parameters["span"]
    since = np.maximum(np.subtract.outer(t, parameters["changepoints"]), 0.0)
    design = np.column_stack([t, np.ones(len(t)), since, fourier(days(data.months)), data.past()])
    y = (data.z - model.y_min) / model.y_scale
    given = {name: np.ravel(values) for name, values in model.params.items()}
    theirs = np.concatenate([given[name] for name in ("k", "m", "delta", "beta")])
    mode = posterior_mode(y, design, since.shape[1])
    height = _height(y, design, since.shape[1], theirs, float(given["sigma_obs"][0]))
    assert mode.height >= height - 1e-6
    own = roster.create("prophet")._expected(data, parameters, len(data.z) + 12)
    # The library stops short where slope changes become nothing.
    assert own == pytest.approx(expected, abs=0.02 * model.y_scale)


@pytest.mark.soak
def test_the_mode_is_where_a_general_search_ends():
    """The same criterion with slope changes split into rises and falls, so that it is smooth."""
    rng = np.random.default_rng(4)
    t = np.linspace(0, 1, 48)
    since = np.maximum(np.subtract.outer(t, t[5:48:5]), 0.0)
    design = np.column_stack([t, np.ones(48), since, rng.normal(size=(48, 2))])
    y = np.abs(t - 0.4) + 0.1 * design[:, -1] + 0.05 * rng.normal(size=48)
    k = since.shape[1]
    mode = posterior_mode(y, design, k)

    def criterion(x: np.ndarray) -> float:
        values = np.r_[x[:2], x[2 : 2 + k] - x[2 + k : 2 + 2 * k], x[2 + 2 * k : -1]]
        return -_height(y, design, k, values, np.exp(x[-1]))

    start = np.r_[np.zeros(2 + 2 * k + 2), np.log(0.1)]
    bounds = [*[(None, None)] * 2, *[(0, None)] * (2 * k), *[(None, None)] * 3]
    options = {"maxiter": 5000, "maxfun": 200_000, "ftol": 1e-14, "gtol": 1e-9}
    optimum = minimize(criterion, start, method="L-BFGS-B", bounds=bounds, options=options)
    assert mode.height >= -optimum.fun - 1e-9
    assert mode.height == pytest.approx(-optimum.fun, abs=2e-3)
    assert (mode.values[2 : 2 + k] == 0).any()


@given(st.integers(0, 10_000), st.integers(1, 8), st.floats(0.0, 5.0))
@settings(max_examples=examples(30), deadline=None)
def test_what_is_found_satisfies_the_conditions_of_a_minimum(seed, size, weight):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(20, size)) + rng.normal(size=(20, 1))
    gram, load = features.T @ features + 0.01 * np.eye(size), features.T @ rng.normal(size=20)
    weights = np.where(rng.random(size) < 0.7, weight, 0.0)
    x = penalised(gram, load, weights, np.where(weights > 0, 0.0, 1.0))
    slope = gram @ x - load
    moving = x != 0
    assert slope[moving] == pytest.approx(-(weights * np.sign(x))[moving], abs=1e-7)
    assert (np.abs(slope[~moving]) <= weights[~moving] + 1e-7).all()


def test_trend_by_hand():
    parameters = {"slope": 2.0, "offset": 1.0, "changepoints": [0.5], "slope_changes": [-3.0]}
    assert trend(np.array([0.0, 0.5, 1.0]), parameters) == pytest.approx([1.0, 2.0, 1.5])


def test_future_bends_have_the_laplace_variance(make_scaled):
    """Without noise the spread is that of the slope changes: rate 2 b^2 (t_h - t_k)^2 summed."""
    months = 120
    parameters = {
        "slope": 0.0,
        "offset": 0.0,
        "changepoints": np.linspace(0.04, 0.95, 24).tolist(),
        "slope_changes": [0.5, -0.5] * 12,
        "effects": [0.0] * 13,
        "start": float((pd.Timestamp("2014-01-01") - pd.Timestamp(0)).days),
        "span": 3621.0,
        "floor": 0.0,
        "size": 2.0,
        "persistence": 0.0,
        "sigma": 0.0,
    }
    data = make_scaled(np.zeros(months))
    model = roster.create("prophet")
    paths = model._paths(data, parameters, 12, 40000, np.random.default_rng(1))
    ahead = pd.period_range(data.months[-1], periods=13, freq="M").to_timestamp()
    t = np.asarray((ahead - ahead[0]).days) / 3621
    expected = [
        4 * sum(24 * (t[k + 1] - t[k]) * 2 * 0.25 * (t[h] - t[k]) ** 2 for k in range(h))
        for h in range(1, 13)
    ]
    assert paths.var(axis=0)[3:] == pytest.approx(expected[3:], rel=0.1)
    centre = model._expected(data, parameters, months + 12)[months:]
    assert paths.mean(axis=0) == pytest.approx(centre, abs=0.02)


def test_residuals_carry_on(make_scaled, fitted):
    """The forecast starts at the last value and forgets it at the estimated pace."""
    parameters = {
        "slope": 0.0,
        "offset": 0.0,
        "changepoints": [],
        "slope_changes": [],
        "effects": [0.0] * 13,
        "start": 0.0,
        "span": 1.0,
        "floor": 0.0,
        "size": 1.0,
        "persistence": 0.5,
        "sigma": 0.1,
    }
    data = make_scaled(np.r_[np.zeros(29), 0.8])
    paths = roster.create("prophet")._paths(data, parameters, 3, 20000, np.random.default_rng(1))
    assert paths.mean(axis=0) == pytest.approx([0.4, 0.2, 0.1], abs=0.005)
    assert paths.var(axis=0) == pytest.approx([0.01, 0.0125, 0.013125], rel=0.05)
    assert 0 <= fitted("prophet", "seasonal")["persistence"] < 1
