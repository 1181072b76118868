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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dgels

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import GaussianCompetitor, Law, factorise, moving_factor

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


def powers(row: Floats, matrix: Floats, count: int) -> Floats:
    """Products of a row with the powers 0, 1, ... of a matrix, shape (count, size)."""
    products = np.empty((count, len(row)))
    products[0] = row
    known = 1
    # Each turn doubles what is known: seven products for ten years of months.
    while known < count:
        more = min(known, count - known)
        products[known : known + more] = products[:more] @ matrix
        known += more
        matrix = matrix @ matrix
    return products


def responses(z: Floats, design: Floats, transition: Floats, gain: Floats) -> Floats:
    """One-step forecasts, shape (n, ...), as affine functions of what is unknown.

    Columns are the first state, every missing month in order, and the constant. A month's value
    moves later forecasts by a pulse that depends on the distance only.
    """
    n, size = len(z), len(design)
    missing = np.flatnonzero(np.isnan(z))
    decay = transition - np.outer(gain, design)
    forecasts = np.zeros((n, size + len(missing) + 1))
    forecasts[:, :size] = powers(design, decay, n)
    pulse = forecasts[:, :size] @ gain
    for column, month in enumerate(missing.tolist(), start=size):
        forecasts[month + 1 :, column] = pulse[: n - month - 1]
    known = np.nan_to_num(z) if len(missing) else z
    forecasts[1:, -1] = np.convolve(pulse[:-1], known[:-1])[: n - 1]
    return forecasts


def last_state(z: Floats, design: Floats, transition: Floats, gain: Floats) -> Floats:
    """The state after all months in the columns of `responses`, shape (size, ...)."""
    n = len(z)
    missing = np.flatnonzero(np.isnan(z))
    decay = transition - np.outer(gain, design)
    pulses = powers(gain, decay.T, n)[::-1].T
    first = np.linalg.matrix_power(decay, n)
    return np.column_stack([first, pulses[:, missing], pulses @ np.nan_to_num(z)])


@dataclass(frozen=True)
class Fit:
    """A history's one-step errors from its least-squares first state.

    Attributes
    ----------
    unknown : numpy.ndarray
        Shape (n, states + m): what the first state and the missing months do to the errors.
    first : numpy.ndarray
        Shape (states + m,): their least-squares values.
    errors : numpy.ndarray
        Shape (n,): a missing month's value is what makes them smallest.
    penalty : float
        What the missing months add to minus the logarithm of the likelihood.
    """

    unknown: Floats
    first: Floats
    errors: Floats
    penalty: float


def fit_first(
    z: Floats, design: Floats, transition: Floats, gain: Floats, spare: int | None = None
) -> Fit:
    """Find the least-squares first state of a history.

    The errors are affine in the values of missing months with a Jacobian of one, so that these are
    integrated out exactly: least squares for their mean, a determinant for the likelihood.

    Parameters
    ----------
    z, design, transition, gain : numpy.ndarray
        History and innovations form.
    spare : int, optional
        A state that can be nothing, as the others can take over what it does. It makes the rest
        of full rank, which is found four times as fast; without it the shortest solution is taken.
    """
    forecasts = responses(z, design, transition, gain)
    missing = np.flatnonzero(np.isnan(z))
    size = len(design)
    unknown, penalty = forecasts[:, :-1], 0.0
    target = z - forecasts[:, -1]
    if len(missing):
        target[missing] = -forecasts[missing, -1]
        unknown[missing, size + np.arange(len(missing))] -= 1.0
        moved = unknown[:, size:]
        penalty = float(np.linalg.slogdet(moved.T @ moved)[1]) / 2
    first = np.zeros(unknown.shape[1])
    if spare is None:
        first[:] = np.linalg.lstsq(unknown, target, rcond=1e-10)[0]
    else:
        free = np.delete(np.arange(len(first)), spare)
        first[free] = dgels(unknown[:, free], target)[1][: len(free)]
    return Fit(unknown, first, target - unknown @ first, penalty)


@dataclass(frozen=True)
class Filtered:
    """A history filtered from its least-squares first state.

    Attributes
    ----------
    state, errors : numpy.ndarray
        Last state, and the one-step errors of all months.
    pushes : numpy.ndarray
        Shape (states, m): what the missing months' values do to the last state.
    covariance : numpy.ndarray
        Shape (m, m), of those values over the innovations' variance.
    """

    state: Floats
    errors: Floats
    pushes: Floats
    covariance: Floats


def filter_history(z: Floats, design: Floats, transition: Floats, gain: Floats) -> Filtered:
    """Filter a history from its least-squares first state."""
    fit = fit_first(z, design, transition, gain)
    state = last_state(z, design, transition, gain)
    size = len(design)
    last = state[:, :-1] @ fit.first + state[:, -1]
    start, moved = fit.unknown[:, :size], fit.unknown[:, size:]
    if not moved.shape[1]:
        return Filtered(last, fit.errors, state[:, size:-1], np.zeros((0, 0)))
    # The first state follows where a missing month's value goes.
    follows = np.linalg.lstsq(start, moved, rcond=1e-10)[0]
    moved = moved - start @ follows
    pushes = state[:, size:-1] - state[:, :size] @ follows
    law = np.asarray(np.linalg.inv(moved.T @ moved), dtype=np.float64)
    return Filtered(last, fit.errors, pushes, law)


def innovations_law(
    z: Floats, form: Form, sigma: float, degrees: float | None, horizon: int
) -> Law:
    """Joint law of the months after a history."""
    design, transition, gain = form
    filtered = filter_history(z - z[0], design, transition, gain)
    state, pushed = filtered.state, filtered.pushes
    mean = np.empty(horizon)
    weights = np.ones(horizon)
    unsure = np.empty((horizon, pushed.shape[1]))
    pulse = gain
    for step in range(horizon):
        mean[step] = z[0] + design @ state
        state = transition @ state
        unsure[step] = design @ pushed
        pushed = transition @ pushed
        if step:
            weights[step] = design @ pulse
            pulse = transition @ pulse
    factor = moving_factor(weights, sigma, horizon)
    if unsure.shape[1]:
        doubt = sigma**2 * unsure @ filtered.covariance @ unsure.T
        factor = factorise(factor @ factor.T + doubt)
    return Law(mean, factor, degrees)


class ExponentialSmoothing(GaussianCompetitor):
    """ETS with additive error and season; the trend is what the variants differ in."""

    tags = Tags(min_months=30, cost=0.5, skips_missing=True)
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
        changes = np.diff(data.z)
        size = float(np.std(changes[np.isfinite(changes)]))
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        z = (data.z - data.z[0]) / size
        published = int(np.isfinite(z).sum())

        def badness(searched: Floats) -> float:
            fit = fit_first(z, *innovations_form(**self._weights(searched)), STATES - 1)
            return published / 2 * float(np.log(fit.errors @ fit.errors)) + fit.penalty

        bounds = [UNIT, UNIT, UNIT, *([DAMPING] if self.damped else [])]
        optimum = minimize(
            badness,
            np.array(START[: len(bounds)]),
            method="L-BFGS-B",
            bounds=bounds,
            options={"eps": 1e-4, "maxiter": 40, "ftol": 1e-6},
        )
        weights = self._weights(optimum.x)
        errors = fit_first(z, *innovations_form(**weights), STATES - 1).errors
        # Weights, level, slope and eleven free seasonal states.
        degrees = published - len(bounds) - 2 - (SEASON - 1)
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
