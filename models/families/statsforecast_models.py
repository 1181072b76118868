"""The automatic models of statsforecast, where it is installed, as joint laws.

statsforecast gives intervals for each month alone, and its `simulate` is not in every version. So
it chooses the form and the parameters, and the joint law of the months ahead is the exact one of
that form: all four are linear with additive errors on the model scale. The filters are ours, and
with them new months need no new estimation. AutoETS is kept to additive components: on a
logarithmic scale these are the multiplicative ones.
Hyndman and Khandakar (2008), Automatic time series forecasting; Hyndman, Koehler, Ord, Snyder
(2008); Svetunkov, Kourentzes and Ord (2022), Complex exponential smoothing; Fiorucci et al. (2016),
Models for optimising the theta method.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.families.smoothing import (
    Form,
    filter_history,
    innovations_form,
    innovations_law,
)
from employment_forecast.models.families.theta import Theta, seasonal_means
from employment_forecast.models.laws import (
    GaussianCompetitor,
    Law,
    factorise,
    joint_moments,
    terminal,
)

Floats = npt.NDArray[np.float64]

PACKAGE = "statsforecast"


def _fitted(family: str, y: Floats, **options: Any) -> dict[str, Any]:
    """What statsforecast keeps of a fitted model."""
    # Compiled code is kept, or some versions compile for half a minute in every process.
    os.environ.setdefault("NIXTLA_NUMBA_CACHE", "1")
    model = getattr(import_module("statsforecast.models"), family)(**options).fit(y)
    result: dict[str, Any] = model.model_
    return result


def _standardised(z: Floats) -> tuple[Floats, float]:
    size = float(np.std(np.diff(z)))
    if size == 0:
        raise ModelFailure("历史没有变化，无法估计")
    return (z - z[0]) / size, size


class AutoArima(GaussianCompetitor):
    """Seasonal ARIMA whose orders a stepwise search by the corrected AIC finds."""

    name = "auto_arima"
    label = "自动ARIMA（statsforecast）"
    tags = Tags(min_months=37, cost=20.0)

    def _estimate(self, data: Scaled) -> Parameters:
        y, size = _standardised(data.z)
        fitted = _fitted("AutoARIMA", y, season_length=SEASON)
        p, q, seasonal_p, seasonal_q, _, d, seasonal_d = (int(v) for v in fitted["arma"])
        given = {name: float(value) for name, value in fitted["coef"].items()}
        names = [
            *(f"ar{i + 1}" for i in range(p)),
            *(f"ma{i + 1}" for i in range(q)),
            *(f"sar{i + 1}" for i in range(seasonal_p)),
            *(f"sma{i + 1}" for i in range(seasonal_q)),
        ]
        variance = float(fitted["sigma2"]) * size**2
        if not variance > 0:
            raise ModelFailure("似然估计未得出正的方差")
        return {
            "order": [p, d, q],
            "seasonal": [seasonal_p, seasonal_d, seasonal_q],
            "coefficients": [given[n] for n in names],
            "variance": variance,
            # The line that is taken out counts months from the first one of the estimation.
            "first": int(data.months[0].ordinal),
            "drift": given.get("drift", 0.0) * size,
            "intercept": float(data.z[0]) + given.get("intercept", 0.0) * size,
            "degrees": float(len(y) - d - SEASON * seasonal_d - len(given)),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        n, size = len(data.z), float(np.sqrt(parameters["variance"]))
        time = data.months[0].ordinal - parameters["first"] + 1.0 + np.arange(n + horizon)
        line = parameters["intercept"] + parameters["drift"] * time
        model = SARIMAX(
            (data.z - line[:n]) / size,
            order=tuple(parameters["order"]),
            seasonal_order=(*parameters["seasonal"], SEASON),
            use_exact_diffuse=True,
        )
        system = terminal(model, [*parameters["coefficients"], 1.0])
        mean, covariance = joint_moments(system, horizon)
        law = factorise(size**2 * covariance)
        return Law(line[n:] + size * mean, law, parameters["degrees"])


class _Innovations(GaussianCompetitor):
    """A form with one source of error, estimated elsewhere, filtered here."""

    def _form(self, parameters: Parameters) -> Form:
        raise NotImplementedError

    def _finished(self, z: Floats, parameters: Parameters, free: int) -> Parameters:
        """Parameters with the scale of the errors; `free` counts estimated quantities."""
        errors = filter_history(z - z[0], *self._form(parameters)).errors
        degrees = float(len(z) - free)
        sigma = float(np.sqrt(errors @ errors / degrees)) if degrees > 0 else 0.0
        if not sigma > 0:
            raise ModelFailure("估计未得出正的方差")
        return {**parameters, "sigma": sigma, "degrees": degrees}

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        form = self._form(parameters)
        return innovations_law(data.z, form, parameters["sigma"], parameters["degrees"], horizon)


class AutoEts(_Innovations):
    """Exponential smoothing with additive errors; trend and season are chosen."""

    name = "auto_ets"
    label = "自动指数平滑（statsforecast）"
    tags = Tags(min_months=30, cost=2.0)

    def _estimate(self, data: Scaled) -> Parameters:
        y, _ = _standardised(data.z)
        fitted = _fitted("AutoETS", y, season_length=SEASON, model="AZZ")
        _, trend, season, damped = fitted["components"]
        gains = [float(v) if np.isfinite(v) else 0.0 for v in fitted["par"][:4]]
        chosen: Parameters = {
            "trend": trend == "A",
            "season": season == "A",
            "level": gains[0],
            "slope": gains[1] if trend == "A" else 0.0,
            "seasonal": gains[2] if season == "A" else 0.0,
            "damping": (gains[3] if damped == "D" else 1.0) if trend == "A" else 0.0,
        }
        free = 2 + 2 * (trend == "A") + (damped == "D") + SEASON * (season == "A")
        return self._finished(data.z, chosen, free)

    def _form(self, parameters: Parameters) -> Form:
        weights = {k: parameters[k] for k in ("level", "slope", "seasonal", "damping")}
        design, transition, gain = innovations_form(**weights)
        if not parameters["season"]:
            design[2] = 0.0
        return design, transition, gain


class AutoCes(_Innovations):
    """Complex exponential smoothing: a level and what has not become part of it yet."""

    name = "auto_ces"
    label = "复指数平滑（statsforecast）"
    tags = Tags(min_months=40, cost=2.0)

    def _estimate(self, data: Scaled) -> Parameters:
        # Its first states are shares of the level, so that the scale is not free.
        fitted = _fitted("AutoCES", data.z.copy(), season_length=SEASON)
        kind = str(fitted["seasontype"])
        gains = {k: float(v) for k, v in fitted["par"].items() if np.isfinite(v)}
        chosen: Parameters = {"kind": kind, "gains": gains}
        free = len(gains) + {"N": 2, "S": 2 * SEASON, "P": 1 + SEASON, "F": 2 * SEASON}[kind]
        return self._finished(data.z, chosen, free)

    def _form(self, parameters: Parameters) -> Form:
        return complex_form(parameters["kind"], **parameters["gains"])


def complex_form(
    kind: str, alpha_0: float, alpha_1: float, beta_0: float = 0.0, beta_1: float = 0.0
) -> Form:
    """Matrices of complex exponential smoothing.

    References
    ----------
    Svetunkov, Kourentzes and Ord (2022), Complex exponential smoothing, equations 7 and 19.
    """
    pair = np.array([[1.0, alpha_1 - 1.0], [1.0, 1.0 - alpha_0]])
    push = np.array([alpha_0 - alpha_1, alpha_0 + alpha_1])
    if kind == "N":
        return np.array([1.0, 0.0]), pair, push
    if kind == "S":
        return _queue(pair, push)
    if kind == "P":
        season = _queue(np.ones((1, 1)), np.array([beta_0]))
    else:
        season = _queue(
            np.array([[1.0, beta_1 - 1.0], [1.0, 1.0 - beta_0]]),
            np.array([beta_0 - beta_1, beta_0 + beta_1]),
        )
    size = len(season[0])
    transition = np.zeros((2 + size, 2 + size))
    transition[:2, :2], transition[2:, 2:] = pair, season[1]
    return np.r_[1.0, 0.0, season[0]], transition, np.r_[push, season[2]]


def _queue(block: Floats, push: Floats) -> Form:
    """Twelve blocks of states: the first is the coming month's, renewed and put last."""
    k = len(push)
    size = SEASON * k
    design = np.zeros(size)
    design[0] = 1.0
    transition = np.zeros((size, size))
    transition[: size - k, k:] = np.eye(size - k)
    transition[size - k :, :k] = block
    return design, transition, np.r_[np.zeros(size - k), push]


class AutoTheta(Theta):
    """Theta method whose weight and theta line are chosen; the season is taken out before.

    Once the first level is forgotten, the optimised Theta model is simple exponential smoothing
    with the drift (1 - 1/theta) times the slope of the straight line.
    """

    name = "auto_theta"
    label = "自动Theta法（statsforecast）"
    tags = Tags(min_months=25, cost=0.5)

    def _estimate(self, data: Scaled) -> Parameters:
        seasonal = seasonal_means(data.z, data.months[0].month)
        plain = data.z - seasonal[data.months.month.to_numpy() - 1]
        y, size = _standardised(plain)
        # Length of season 1: the season is out already.
        fitted = _fitted("AutoTheta", y, season_length=1)
        weight, theta = float(fitted["par"]["alpha"]), float(fitted["par"]["theta"])
        time = np.arange(len(y)) - (len(y) - 1) / 2
        slope = size * float(time @ y / (time @ time))
        return self._stored(plain, seasonal, weight, (1 - 1 / theta) * slope)
