"""Prophet, with settings and residuals suited to monthly data.

The library states the model: a piecewise linear trend and a smooth yearly pattern with Laplace and
normal priors, their scaling, changepoints and features. The mode of its posterior is found here:
for a given noise the criterion is quadratic apart from the sizes of the slope changes, so that an
active set ends exactly at the mode in a few small systems of equations. The library would ask
Stan's L-BFGS, several times as slow, which cannot see where a slope change becomes nothing and
stops at a slightly lesser height.

Two changes for monthly data: changepoints reach nearly to the end of the history, and what the
trend leaves over, which in monthly data is far from independent, follows a first-order
autoregression instead of white noise.
Taylor and Letham, Forecasting at Scale (2018).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
# Prophet's prior standard deviations of slope and offset, of seasons and regressors, of the noise.
TREND_SCALE, EFFECT_SCALE, NOISE_SCALE = 5.0, 10.0, 0.5
# A year of Prophet's seasonality, in days.
YEAR = 365.25
FIRST_NOISE = 0.1
MOST_TURNS, SETTLED = 100, 1e-10
LOGGERS = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy")


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
    line = parameters["offset"] + parameters["slope"] * t
    return np.asarray(line + since @ np.asarray(parameters["slope_changes"]), dtype=float)


def penalised(gram: Floats, load: Floats, weights: Floats, start: Floats) -> Floats:
    """Minimise x'Gx/2 - l'x + sum of weights times |x|, exactly.

    Parameters
    ----------
    gram : numpy.ndarray
        G, positive definite, shape (k, k).
    load, weights, start : numpy.ndarray
        Shape (k,); a weight of nothing leaves a coordinate free.

    Notes
    -----
    Coordinates that are not nothing keep their sign while the quadratic that is left is solved;
    the way to its solution ends where one of them becomes nothing. Every turn lowers the
    criterion, so that no set comes twice (Osborne, Presnell and Turlach 2000, A new approach to
    variable selection in least squares problems; Lee, Battle, Raina and Ng 2007).
    """
    bound = weights > 0
    x, signs = start.copy(), np.sign(start) * bound
    for _ in range(10 * len(x)):
        at = np.flatnonzero(~bound | (signs != 0))
        aim = np.zeros(len(x))
        aim[at] = np.linalg.solve(gram[np.ix_(at, at)], (load - weights * signs)[at])
        crossing = np.flatnonzero(signs * aim < 0)
        if len(crossing):
            shares = x[crossing] / (x[crossing] - aim[crossing])
            x = x + shares.min() * (aim - x)
            ended = crossing[shares == shares.min()]
            x[ended], signs[ended] = 0.0, 0.0
            continue
        x = aim
        slope = gram @ x - load
        pull = np.where(bound & (signs == 0), np.abs(slope) - weights, -np.inf)
        most = int(pull.argmax())
        if pull[most] <= SETTLED * np.abs(load).max():
            break
        signs[most] = -np.sign(slope[most])
    return x


@dataclass(frozen=True)
class Mode:
    """Posterior mode of slope, offset, slope changes and effects in one, and its height."""

    values: Floats
    height: float


def posterior_mode(y: Floats, design: Floats, changes: int) -> Mode:
    """Mode of Prophet's posterior.

    Parameters
    ----------
    y : numpy.ndarray
        Values scaled to between 0 and 1, shape (n,).
    design : numpy.ndarray
        Columns of slope, offset, slope changes and effects, shape (n, k).
    changes : int
        How many slope changes.

    Returns
    -------
    Mode
        For a given noise exactly; the noise's own mode given the rest is known in closed form, and
        both are found in turn.
    """
    n, effects = len(y), design.shape[1] - 2 - changes
    ridge = np.repeat([TREND_SCALE**-2, 0.0, EFFECT_SCALE**-2], [2, changes, effects])
    laplace = np.repeat([0.0, 1 / CHANGEPOINT_SCALE, 0.0], [2, changes, effects])
    gram, load = design.T @ design, design.T @ y
    values, variance = np.zeros(design.shape[1]), FIRST_NOISE**2
    for _ in range(MOST_TURNS):
        values = penalised(gram + variance * np.diag(ridge), load, variance * laplace, values)
        squares = float(((y - design @ values) ** 2).sum())
        # The root of n / s - squares / s^3 + s / NOISE_SCALE^2.
        rate = NOISE_SCALE**2 / 2
        before, variance = variance, rate * (np.sqrt(n**2 + 4 * squares / NOISE_SCALE**2) - n)
        if abs(variance - before) <= SETTLED * before:
            break
    prior = (ridge * values**2).sum() / 2 + (laplace * np.abs(values)).sum()
    prior += variance / NOISE_SCALE**2 / 2
    return Mode(values, -float(n / 2 * np.log(variance) + squares / variance / 2 + prior))


class ProphetModel(Competitor):
    """Prophet with Spring Festival regressors and autocorrelated residuals."""

    name = "prophet"
    label = "Prophet"
    version = 3
    tags = Tags(min_months=25, filters=False, cost=0.5)

    def _fit(self, data: Scaled) -> Parameters:
        size = float(np.ptp(data.z))
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        with _silence():
            from prophet import Prophet

            class Stated(Prophet):  # type: ignore[misc, unused-ignore]
                """Prophet without the table of what its charts show together."""

                def regressor_column_matrix(self, _: pd.DataFrame, modes: Any) -> Any:
                    return {"additive_terms": None, "multiplicative_terms": None}, modes

            model = Stated(
                growth="linear",
                yearly_seasonality=FOURIER_ORDER,
                weekly_seasonality=False,
                daily_seasonality=False,
                n_changepoints=len(data.z) // MONTHS_PER_CHANGEPOINT,
                changepoint_range=CHANGEPOINT_RANGE,
                changepoint_prior_scale=CHANGEPOINT_SCALE,
                seasonality_prior_scale=EFFECT_SCALE,
                uncertainty_samples=0,
                scaling="minmax",
            )
            frame = pd.DataFrame({"ds": data.months.to_timestamp(), "y": data.z})
            for column, known in enumerate(data.past().T):
                name = f"known_{column}"
                model.add_regressor(name, prior_scale=EFFECT_SCALE, standardize=False)
                frame[name] = known
            stated = model.preprocess(frame)
        t, bends = np.asarray(stated.t), np.asarray(stated.t_change)
        if 2 * FOURIER_ORDER + data.known.shape[1] != stated.K:
            raise ModelFailure("Prophet的特征列数与预期不符")
        since = np.maximum(np.subtract.outer(t, bends), 0.0)
        design = np.column_stack([t, np.ones(len(t)), since, np.asarray(stated.X)])
        values = posterior_mode(np.asarray(stated.y), design, len(bends)).values
        day = days(data.months)
        parameters: Parameters = {
            "slope": float(values[0]),
            "offset": float(values[1]),
            "changepoints": bends.tolist(),
            "slope_changes": values[2 : 2 + len(bends)].tolist(),
            "effects": values[2 + len(bends) :].tolist(),
            "start": float(day[0]),
            "span": float(day[-1] - day[0]),
            "floor": float(data.z.min()),
            "size": size,
        }
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
