"""Prophet, with settings and residuals suited to monthly data.

Prophet estimates a piecewise linear trend and a smooth yearly pattern. The parameters go into JSON
and the forecast is computed from them here, so that draws come from our own generator and not from
numpy's global state. Two changes for monthly data: changepoints reach nearly to the end of the
history, and what the trend leaves over, which in monthly data is far from independent, follows a
first-order autoregression instead of white noise.
Taylor and Letham, Forecasting at Scale (2018).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.models.contract import Competitor, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import moving_factor, stratified_normals

Floats = npt.NDArray[np.float64]

FOURIER_ORDER = 5
CHANGEPOINT_RANGE = 0.95
MONTHS_PER_CHANGEPOINT = 5
# Prophet's default of 0.05 makes the trend too stiff to reach the latest level of a monthly series;
# from here upwards the prior hardly binds.
CHANGEPOINT_SCALE = 2.0
# A year of Prophet's seasonality, in days.
YEAR = 365.25
LOGGERS = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy")
STAN_SEED = 1


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the loggers of Prophet and Stan quiet, and leave them as they were."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def days(months: pd.PeriodIndex) -> Floats:
    """Days from 1970-01-01 to the first of each month, Prophet's clock."""
    return np.asarray((months.to_timestamp() - pd.Timestamp(0)) / pd.Timedelta(days=1), dtype=float)


def fourier(day: Floats) -> Floats:
    """Prophet's yearly terms, sine and cosine in turn, shape (n, 2 * order)."""
    angle = np.outer(2 * np.pi * day / YEAR, np.arange(1, FOURIER_ORDER + 1))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(len(day), -1)


def trend(t: Floats, parameters: Parameters) -> Floats:
    """Piecewise linear trend at scaled times, shape (n,)."""
    since = np.maximum(np.subtract.outer(t, np.asarray(parameters["changepoints"])), 0.0)
    found = parameters["offset"] + parameters["slope"] * t
    return np.asarray(found + since @ np.asarray(parameters["slope_changes"]), dtype=float)


class ProphetModel(Competitor):
    """Prophet with Spring Festival regressors and autocorrelated residuals."""

    name = "prophet"
    label = "Prophet"
    version = 2
    tags = Tags(min_months=25, filters=False, cost=5.0)

    def _fit(self, data: Scaled) -> Parameters:
        with _silence():
            from prophet import Prophet

            model = Prophet(
                growth="linear",
                yearly_seasonality=FOURIER_ORDER,
                weekly_seasonality=False,
                daily_seasonality=False,
                n_changepoints=len(data.z) // MONTHS_PER_CHANGEPOINT,
                changepoint_range=CHANGEPOINT_RANGE,
                changepoint_prior_scale=CHANGEPOINT_SCALE,
                uncertainty_samples=0,
                scaling="minmax",
            )
            frame = pd.DataFrame({"ds": data.months.to_timestamp(), "y": data.z})
            for column, values in enumerate(data.past().T):
                model.add_regressor(f"known_{column}", standardize=False)
                frame[f"known_{column}"] = values
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                # Prophet would take Newton's method below 100 rows, a hundred times slower here.
                model.fit(frame, seed=STAN_SEED, algorithm="LBFGS", output_dir=folder)
        parameters = _parameters(model, data)
        residuals = data.z - self._expected(data, parameters, len(data.z))
        persistence = float(residuals[1:] @ residuals[:-1] / (residuals @ residuals))
        persistence = float(np.clip(persistence, 0.0, 0.99))
        innovations = residuals[1:] - persistence * residuals[:-1]
        free = 2 * FOURIER_ORDER + 3
        variance = float((innovations**2).sum()) / max(len(innovations) - free, 1)
        return {**parameters, "persistence": persistence, "sigma": float(np.sqrt(variance))}

    def _expected(self, data: Scaled, parameters: Parameters, months: int) -> Floats:
        """Trend, season and festival of the first months, model scale."""
        span = pd.period_range(data.months[0], periods=months, freq="M")
        day = days(span)
        t = (day - parameters["start"]) / parameters["span"]
        features = np.hstack([fourier(day), data.known[:months]])
        scaled = trend(t, parameters) + features @ np.asarray(parameters["effects"])
        return np.asarray(parameters["floor"] + parameters["size"] * scaled, dtype=float)

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        n = len(data.z)
        expected = self._expected(data, parameters, n + horizon)
        last = data.z[-1] - expected[n - 1]
        decay = parameters["persistence"] ** np.arange(horizon + 1)
        noise = stratified_normals(n_paths, horizon, rng)
        factor = moving_factor(decay, parameters["sigma"], horizon)
        bends = _future_bends(data, parameters, horizon, n_paths, rng)
        centre = expected[n:] + last * decay[1:]
        return np.asarray(centre + noise @ factor.T + parameters["size"] * bends, dtype=float)


def _parameters(model: Any, data: Scaled) -> Parameters:
    """Parameters of a fitted Prophet as plain numbers."""
    found = {name: np.asarray(value, dtype=float).ravel() for name, value in model.params.items()}
    if len(found["beta"]) != 2 * FOURIER_ORDER + data.known.shape[1]:
        raise ModelFailure("Prophet的特征列数与预期不符")
    day = days(data.months)
    return {
        "slope": float(found["k"][0]),
        "offset": float(found["m"][0]),
        "changepoints": np.asarray(model.changepoints_t, dtype=float).tolist(),
        "slope_changes": found["delta"].tolist(),
        "effects": found["beta"].tolist(),
        "start": float(day[0]),
        "span": float(day[-1] - day[0]),
        "floor": float(model.y_min),
        "size": float(model.y_scale),
    }


def _future_bends(
    data: Scaled, parameters: Parameters, horizon: int, n_paths: int, rng: np.random.Generator
) -> Floats:
    """Effect of future changes of the slope, shape (n_paths, horizon).

    As in Prophet: changepoints come as often as in the history, and their size follows the
    Laplace law of the estimated ones.
    """
    months = pd.period_range(data.months[-1], periods=horizon + 1, freq="M")
    t = (days(months) - parameters["start"]) / parameters["span"]
    steps = np.diff(t)
    changes = np.asarray(parameters["slope_changes"], dtype=float)
    if len(changes) == 0:
        return np.zeros((n_paths, horizon))
    rate = len(parameters["changepoints"]) * steps
    size = float(np.abs(changes).mean()) + 1e-8
    happens = rng.random((n_paths, horizon)) < np.minimum(rate, 1.0)
    slopes = np.cumsum(np.where(happens, rng.laplace(0.0, size, (n_paths, horizon)), 0.0), axis=1)
    return np.asarray(np.cumsum(slopes * steps, axis=1), dtype=float)
