"""Exact likelihood of seasonal ARMA models, fast enough to try many orders at every origin.

The autoregressive part is filtered out of all but the first months (Ansley 1979), which leaves a
covariance matrix with a narrow band: its Cholesky factor costs a fraction of a Kalman filter with
the thirteen or more states of a monthly model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpbtrf, dtbtrs

from employment_forecast.models.contract import SEASON

Floats = npt.NDArray[np.float64]

INFEASIBLE = 1e10


def stationary(free: Floats) -> Floats:
    """Coefficients of a stationary autoregression from unrestricted numbers.

    Partial autocorrelations tanh(free), turned into coefficients by the Durbin-Levinson recursion.

    References
    ----------
    Monahan (1984), A note on enforcing stationarity in autoregressive-moving average models.
    """
    found = np.zeros(0)
    for partial in np.tanh(free):
        found = np.append(found - partial * found[::-1], partial)
    return found


def product(short: Floats, seasonal: Floats) -> Floats:
    """Coefficients of the product of a polynomial in B and one in B^12, constant terms first."""
    spread = np.zeros(SEASON * (len(seasonal) - 1) + 1)
    spread[::SEASON] = seasonal
    return np.convolve(short, spread)


@dataclass(frozen=True)
class Fitness:
    """How well coefficients explain a series.

    Attributes
    ----------
    badness : float
        Minus the logarithm of the likelihood with the variance concentrated out, up to a constant
        that depends on the number of values only.
    variance : float
        Maximum-likelihood variance of the innovations.
    """

    badness: float
    variance: float


@dataclass(frozen=True)
class Whitened:
    """Columns freed of their autocorrelation.

    Attributes
    ----------
    columns : numpy.ndarray
        Shape (n, k).
    determinant : float
        Half the logarithm of the covariance's determinant, innovations of variance one.
    """

    columns: Floats
    determinant: float


def exact_fitness(
    w: Floats, autoregressive: Floats, moving: Floats, dummies: Floats | None = None
) -> Fitness:
    """Concentrated exact Gaussian likelihood of a zero-mean ARMA model.

    Parameters
    ----------
    w : numpy.ndarray
        Shape (n,).
    autoregressive, moving : numpy.ndarray
        Coefficients; the moving average with its leading one.
    dummies : numpy.ndarray, optional
        Shape (n, m): what the unknown value of each missing month does to `w`. These are
        integrated out (Gomez, Maravall and Pena 1999).
    """
    if dummies is None:
        found = whitened(w, autoregressive, moving)
        if found is None:
            return Fitness(INFEASIBLE, np.nan)
        left, published, penalty = found.columns, len(w), found.determinant
    else:
        found = whitened(np.column_stack([w, dummies]), autoregressive, moving)
        if found is None:
            return Fitness(INFEASIBLE, np.nan)
        target, moved = found.columns[:, 0], found.columns[:, 1:]
        left = target - moved @ np.linalg.lstsq(moved, target, rcond=None)[0]
        published = len(w) - moved.shape[1]
        penalty = found.determinant + float(np.linalg.slogdet(moved.T @ moved)[1]) / 2
    variance = float(left.T @ left) / published
    if not np.isfinite(variance) or variance <= 0:
        return Fitness(INFEASIBLE, np.nan)
    return Fitness(float(published / 2 * np.log(variance) + penalty), variance)


def whitened(w: Floats, autoregressive: Floats, moving: Floats) -> Whitened | None:
    """Series, one or several columns, freed of the autocorrelation of an ARMA model.

    None where the coefficients are not feasible.

    References
    ----------
    Ansley (1979), An algorithm for the exact likelihood of a mixed autoregressive-moving average
    process, Biometrika 66.
    """
    from scipy.signal import lfilter

    n, p, q = len(w), len(autoregressive), len(moving) - 1
    band = max(p, q)
    polynomial = np.append(1.0, -autoregressive)
    pulse = np.zeros(band + 1)
    pulse[0] = 1.0
    psi = lfilter(moving, polynomial, pulse)
    # Covariance of the moving average with the series so many months earlier.
    cross = np.zeros(band + 1)
    own = np.zeros(band + 1)
    for lag in range(q + 1):
        cross[lag] = moving[lag:] @ psi[: q + 1 - lag]
        own[lag] = moving[lag:] @ moving[: q + 1 - lag]
    table = np.stack([_autocovariances(autoregressive, cross), cross, own])
    lags = np.arange(band + 1)[:, None]
    column = np.arange(n)
    kind = np.where(column >= band, 2, np.where(column + lags >= band, 1, 0))
    factor, failed = dpbtrf(table[kind, lags], lower=1)
    if failed:
        return None
    filtered = lfilter(polynomial, 1.0, w, axis=0)
    filtered[:band] = w[:band]
    white, _ = dtbtrs(factor, filtered, uplo="L")
    return Whitened(white, np.log(factor[0]).sum())


def _autocovariances(autoregressive: Floats, cross: Floats) -> Floats:
    """Autocovariances at lags 0 ... of an ARMA process with unit innovations."""
    p = len(autoregressive)
    found = np.zeros(max(len(cross), p + 1))
    system = np.eye(p + 1)
    for lag in range(p + 1):
        for back, phi in enumerate(autoregressive, start=1):
            system[lag, abs(lag - back)] -= phi
    found[: p + 1] = np.linalg.solve(system, np.append(cross, np.zeros(p))[: p + 1])
    for lag in range(p + 1, len(cross)):
        found[lag] = cross[lag] + autoregressive @ found[lag - 1 : lag - p - 1 : -1][:p]
    return found[: len(cross)]
