"""The simple floors: nothing that one of them beats is promoted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import GaussianCompetitor, Law, factorise, moving_factor

Floats = npt.NDArray[np.float64]


def _root_mean_square(errors: Floats, lost: int) -> float:
    spread = float(np.sqrt((errors**2).sum() / (len(errors) - lost)))
    if spread == 0:
        raise ModelFailure("历史没有变化，无法估计预测误差")
    return spread


def _steps(z: Floats) -> tuple[Floats, Floats]:
    """Changes between published months and how many months each spans: a sum of innovations."""
    known = np.flatnonzero(np.isfinite(z))
    return np.diff(z[known]), np.diff(known).astype(float)


def _unseen(digit: float, steps: int) -> float:
    """Size of innovations that all stay below half a printed digit in half of the cases."""
    return float(digit / 2 / ndtri((1 + 0.5 ** (1 / steps)) / 2))


class RandomWalk(GaussianCompetitor):
    """Every month equals the last one plus an innovation.

    Where no step was ever seen, innovations are as large as leave no trace in half of the cases.
    """

    name = "random_walk"
    label = "随机游走"
    tags = Tags(min_months=4, floor=True, cost=0.01, skips_missing=True)
    calendar = "ignored"

    def _estimate(self, data: Scaled) -> Parameters:
        steps, months = _steps(data.z)
        if np.abs(steps).max() < 1e-6 * data.digit:
            spread = _unseen(data.digit, len(steps))
        else:
            spread = _root_mean_square(steps / np.sqrt(months), 0)
        return {"sigma": spread, "degrees": float(len(steps))}

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        mean = np.full(horizon, data.z[-1])
        factor = moving_factor(np.ones(horizon), parameters["sigma"], horizon)
        return Law(mean, factor, parameters["degrees"])


class Drift(GaussianCompetitor):
    """Random walk with the mean step of the history, whose uncertainty counts.

    The estimated drift is wrong in one direction for all months ahead, which adds
    sigma^2 i j / n to the covariance of months i and j (Hyndman and Athanasopoulos, Forecasting:
    Principles and Practice, section 5.5, gives its diagonal).
    """

    name = "drift"
    label = "漂移"
    tags = Tags(min_months=8, floor=True, cost=0.01, skips_missing=True)
    calendar = "ignored"

    def _estimate(self, data: Scaled) -> Parameters:
        steps, months = _steps(data.z)
        drift = float(steps.sum() / months.sum())
        return {
            "drift": drift,
            "sigma": _root_mean_square((steps - drift * months) / np.sqrt(months), 1),
            "steps": int(months.sum()),
            "degrees": float(len(steps) - 1),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        ahead = np.arange(1.0, horizon + 1)
        covariance = np.minimum.outer(ahead, ahead)
        if parameters["steps"]:
            covariance = covariance + np.outer(ahead, ahead) / parameters["steps"]
        factor = factorise(parameters["sigma"] ** 2 * covariance)
        return Law(data.z[-1] + parameters["drift"] * ahead, factor, parameters["degrees"])


class SeasonalNaive(GaussianCompetitor):
    """Every month equals the same month a year before plus a change.

    Changes over a year of neighbouring months are nearly the same change; drawn independently
    they would make a year's total or its highest month far too certain. They follow a first-order
    autoregression here, started from its stationary law, since the naive forecast ignores the
    latest change. Beyond a year they accumulate.
    """

    name = "seasonal_naive"
    label = "季节朴素"
    tags = Tags(min_months=18, floor=True, cost=0.01)
    calendar = "ignored"

    def _estimate(self, data: Scaled) -> Parameters:
        changes = data.z[SEASON:] - data.z[:-SEASON]
        sigma = _root_mean_square(changes, 0)
        persistence = float(changes[1:] @ changes[:-1] / (changes @ changes))
        return {
            "sigma": sigma,
            "persistence": float(np.clip(persistence, 0.0, 0.99)),
            "degrees": float(len(changes)),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        steps = np.arange(horizon)
        mean = data.z[-SEASON:][steps % SEASON]
        lag = np.abs(np.subtract.outer(steps, steps))
        changes = parameters["sigma"] ** 2 * parameters["persistence"] ** lag
        # Month h gathers the changes of months h, h - 12, h - 24 ...
        behind = np.subtract.outer(steps, steps)
        gather = ((behind >= 0) & (behind % SEASON == 0)).astype(float)
        return Law(mean, factorise(gather @ changes @ gather.T), parameters["degrees"])
