"""Exponential smoothing (ETS) with additive errors on the model scale.

In innovations form, y_t = w x_(t-1) + e_t and x_t = F x_(t-1) + g e_t, with level, slope and twelve
seasonal states in x. The one-step errors are linear in the first state, so the likelihood is
concentrated: for any smoothing weights the best first state is a least-squares solution, and only
two to four weights are searched for. Searching for the fourteen states as well, as statsmodels
does, often ends short of the optimum. It also means that the same weights filter any history,
wherever it starts, without re-estimation.
Hyndman, Koehler, Ord, Snyder, Forecasting with Exponential Smoothing (2008), chapters 3, 5 and 6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import GaussianCompetitor, Law, moving_factor

Floats = npt.NDArray[np.float64]
# Design, transition and gain of an innovations form.
Form = tuple[Floats, Floats, Floats]

# Level, slope, seasonal states with the coming month's first.
STATES = 2 + SEASON
# The usual region (Hyndman et al. 2008, section 2.3): weights in (0, 1), the slope's a share of the
# level's, the season's a share of what the level leaves; statsmodels' bounds of the damping factor.
UNIT = (1e-4, 1 - 1e-4)
DAMPING = (0.8, 0.98)
START = (0.5, 0.1, 0.1, 0.95)


def innovations_form(level: float, slope: float, seasonal: float, damping: float) -> Form:
    """Matrices of the additive innovations form."""
    design = np.zeros(STATES)
    design[[0, 2]] = 1.0
    design[1] = damping
    transition = np.zeros((STATES, STATES))
    transition[0, 0] = 1.0
    transition[0, 1] = transition[1, 1] = damping
    # The state of the month just seen moves to the end of the queue.
    transition[np.arange(2, STATES - 1), np.arange(3, STATES)] = 1.0
    transition[STATES - 1, 2] = 1.0
    gain = np.zeros(STATES)
    gain[0], gain[1], gain[STATES - 1] = level, slope, seasonal
    return design, transition, gain


def responses(z: Floats, design: Floats, transition: Floats, gain: Floats) -> tuple[Floats, Floats]:
    """One-step forecasts and the last state as affine functions of the first state."""
    size = len(design)
    decay = transition - np.outer(gain, design)
    state = np.eye(size, size + 1)
    forecasts = np.empty((len(z), size + 1))
    pushes = np.outer(z, gain)
    for month in range(len(z)):
        forecasts[month] = design @ state
        state = decay @ state
        state[:, size] += pushes[month]
    return forecasts, state


def filter_history(
    z: Floats, design: Floats, transition: Floats, gain: Floats
) -> tuple[Floats, Floats]:
    """Filter a history from its least-squares first state."""
    forecasts, state = responses(z, design, transition, gain)
    target = z - forecasts[:, -1]
    # Level and seasons can be shifted against each other: the shortest of all solutions.
    first = np.linalg.lstsq(forecasts[:, :-1], target, rcond=1e-10)[0]
    return state[:, :-1] @ first + state[:, -1], target - forecasts[:, :-1] @ first


def innovations_law(
    z: Floats, form: Form, sigma: float, degrees: float | None, horizon: int
) -> Law:
    """Joint law of the months after a history."""
    design, transition, gain = form
    state, _ = filter_history(z - z[0], design, transition, gain)
    mean = np.empty(horizon)
    weights = np.ones(horizon)
    pulse = gain
    for step in range(horizon):
        mean[step] = z[0] + design @ state
        state = transition @ state
        if step:
            weights[step] = design @ pulse
            pulse = transition @ pulse
    return Law(mean, moving_factor(weights, sigma, horizon), degrees)


class ExponentialSmoothing(GaussianCompetitor):
    """ETS with additive error and season; the trend is what the variants differ in."""

    tags = Tags(min_months=30, cost=0.5)
    damped: bool

    def _weights(self, searched: Floats) -> Parameters:
        share = [float(v) for v in searched]
        return {
            "level": share[0],
            "slope": share[0] * share[1],
            "seasonal": (1 - share[0]) * share[2],
            "damping": share[3] if self.damped else 1.0,
        }

    def _estimate(self, data: Scaled) -> Parameters:
        from scipy.optimize import minimize

        # Only the shape of the likelihood matters to the search, so the scale is taken out.
        size = float(np.std(np.diff(data.z)))
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        z = (data.z - data.z[0]) / size

        def badness(searched: Floats) -> float:
            _, errors = filter_history(z, *innovations_form(**self._weights(searched)))
            return len(z) / 2 * float(np.log(errors @ errors))

        bounds = [UNIT, UNIT, UNIT, *([DAMPING] if self.damped else [])]
        found = minimize(
            badness,
            np.array(START[: len(bounds)]),
            method="L-BFGS-B",
            bounds=bounds,
            options={"eps": 1e-4, "maxiter": 40, "ftol": 1e-6},
        )
        weights = self._weights(found.x)
        _, errors = filter_history(z, *innovations_form(**weights))
        # Weights, level, slope and eleven free seasonal states.
        degrees = len(z) - len(bounds) - 2 - (SEASON - 1)
        sigma = float(np.sqrt(errors @ errors / degrees)) * size
        if not np.isfinite(sigma) or sigma <= 0:
            raise ModelFailure("指数平滑估计未得出有限的方差")
        return {"weights": weights, "sigma": sigma, "degrees": float(degrees)}

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        form = innovations_form(**parameters["weights"])
        return innovations_law(data.z, form, parameters["sigma"], parameters["degrees"], horizon)


class DampedTrend(ExponentialSmoothing):
    """ETS(A,Ad,A): the trend fades out."""

    name = "ets"
    label = "指数平滑（阻尼趋势）"
    damped = True


class StraightTrend(ExponentialSmoothing):
    """ETS(A,A,A): the trend goes on."""

    name = "ets_trend"
    label = "指数平滑（线性趋势）"
    damped = False
