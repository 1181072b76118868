"""Exact likelihood and forecast of processes whose covariances have a narrow band.

Seasonal ARMA models and unobserved components, differenced, are moving averages of a year once an
autoregressive part is filtered out of all but the first months (Ansley 1979). The Cholesky factor
of the band costs a fraction of a Kalman filter with the twelve or more states of a monthly model.
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
    coefficients = np.zeros(0)
    for partial in np.tanh(free):
        coefficients = np.append(coefficients - partial * coefficients[::-1], partial)
    return coefficients


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
        Minus the logarithm of the likelihood with the scale concentrated out, up to a constant
        that depends on the number of values only.
    variance : float
        Maximum-likelihood variance of the innovations, or what a structure's variances are to be
        multiplied by.
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
        Half the logarithm of the covariance's determinant.
    """

    columns: Floats
    determinant: float


@dataclass(frozen=True)
class Structure:
    """What a zero-mean process is made of, the innovations' variance (or all variances) in it.

    Attributes
    ----------
    autoregressive : numpy.ndarray
        Coefficients, shape (p,).
    table : numpy.ndarray
        Shape (3, band + 1), by lag: covariances of the first `band` months with each other, of
        months after them with these, and of those after them with each other. A month after the
        first ones stands for what is left of it once the autoregression is filtered out.
    """

    autoregressive: Floats
    table: Floats

    @classmethod
    def moving(cls, autocovariances: Floats) -> Structure:
        """Structure of a moving average with given autocovariances."""
        return cls(np.zeros(0), np.tile(autocovariances, (3, 1)))

    @property
    def band(self) -> int:
        """Longest lag."""
        return int(self.table.shape[1]) - 1

    def factor(self, n: int) -> Floats | None:
        """Cholesky factor of the first n months as LAPACK keeps bands; None if there is none."""
        rows = np.arange(self.band + 1)[:, None]
        bands = np.repeat(self.table[2][:, None], n, axis=1)
        early = np.arange(min(self.band, n))
        bands[:, early] = np.where(
            early + rows >= self.band, self.table[1][:, None], self.table[0][:, None]
        )
        lower, failed = dpbtrf(bands, lower=1)
        return None if failed else lower

    def filtered(self, w: Floats) -> Floats:
        """The series, one or several columns, with the autoregression filtered out."""
        filtered = np.array(w, dtype=np.float64)
        for lag, coefficient in enumerate(self.autoregressive, start=1):
            if coefficient:
                filtered[self.band :] -= coefficient * w[self.band - lag : len(w) - lag]
        return filtered


def arma_structure(autoregressive: Floats, moving: Floats) -> Structure:
    """Structure of an ARMA process with innovations of variance one.

    Parameters
    ----------
    autoregressive, moving : numpy.ndarray
        Coefficients; the moving average with its leading one.

    References
    ----------
    Ansley (1979), An algorithm for the exact likelihood of a mixed autoregressive-moving average
    process, Biometrika 66.
    """
    p, q = len(autoregressive), len(moving) - 1
    band = max(p, q)
    # Plain numbers: what follows are short sums, faster without numpy.
    phis = autoregressive.tolist()
    psi = [*moving.tolist(), *[0.0] * (band - q)]
    for lag in range(1, band + 1):
        psi[lag] += sum(phi * psi[lag - 1 - back] for back, phi in enumerate(phis[:lag]))
    # Covariances of the moving average with the series, and with itself, so many months earlier.
    cross, own = np.zeros((2, band + 1))
    cross[: q + 1] = np.correlate(moving, psi[: q + 1], "full")[q:]
    own[: q + 1] = np.correlate(moving, moving, "full")[q:]
    return Structure(
        autoregressive, np.stack([_autocovariances(autoregressive, cross), cross, own])
    )


def exact_fitness(w: Floats, structure: Structure, dummies: Floats | None = None) -> Fitness:
    """Exact Gaussian likelihood of a zero-mean process, its scale concentrated out.

    Parameters
    ----------
    w : numpy.ndarray
        Shape (n,).
    structure : Structure
        Of the process, up to the scale.
    dummies : numpy.ndarray, optional
        Shape (n, m): what the unknown value of each missing month does to `w`. These are
        integrated out (Gomez, Maravall and Pena 1999).
    """
    if dummies is None:
        white = whitened(w, structure)
        if white is None:
            return Fitness(INFEASIBLE, np.nan)
        left, published, penalty = white.columns, len(w), white.determinant
    else:
        white = whitened(np.column_stack([w, dummies]), structure)
        if white is None:
            return Fitness(INFEASIBLE, np.nan)
        target, moved = white.columns[:, 0], white.columns[:, 1:]
        left = target - moved @ np.linalg.lstsq(moved, target, rcond=None)[0]
        published = len(w) - moved.shape[1]
        penalty = white.determinant + float(np.linalg.slogdet(moved.T @ moved)[1]) / 2
    variance = float(left.T @ left) / published
    if not np.isfinite(variance) or variance <= 0:
        return Fitness(INFEASIBLE, np.nan)
    return Fitness(float(published / 2 * np.log(variance) + penalty), variance)


def whitened(w: Floats, structure: Structure) -> Whitened | None:
    """Series, one or several columns, freed of its autocorrelation; None if it is infeasible."""
    factor = structure.factor(len(w))
    if factor is None:
        return None
    white, _ = dtbtrs(factor, structure.filtered(w), uplo="L")
    return Whitened(white, np.log(factor[0]).sum())


def conditional(w: Floats, structure: Structure, horizon: int) -> tuple[Floats, Floats] | None:
    """Joint law of the months after a series, exact for any length; None if it is infeasible.

    Parameters
    ----------
    w : numpy.ndarray
        Shape (n,), at least as long as the band of the structure.
    structure : Structure
        Of the process.
    horizon : int
        Months ahead.

    Returns
    -------
    mean : numpy.ndarray
        Shape (horizon,).
    covariance : numpy.ndarray
        Shape (horizon, horizon), in the scale of the structure.
    """
    n, band = len(w), structure.band
    factor = structure.factor(n + horizon)
    if factor is None:
        return None
    white, _ = dtbtrs(factor[:, :n], structure.filtered(w), uplo="L")
    # Rows of the factor that belong to months ahead, over the last months that reach them.
    rows = np.zeros((horizon, band + horizon))
    for lag in range(band + 1):
        at = np.arange(horizon)
        rows[at, at + band - lag] = factor[lag, n + at - lag]
    left = np.column_stack([rows[:, :band] @ white[n - band :], rows[:, band:]])
    # The autoregression is put back; past months are known.
    past = np.zeros((len(structure.autoregressive), 1 + horizon))
    past[:, 0] = w[n - len(past) :]
    joint = np.vstack([past, left])
    for step in range(len(past), len(joint)):
        joint[step] += structure.autoregressive @ joint[step - len(past) : step][::-1]
    joint = joint[len(past) :]
    return joint[:, 0], joint[:, 1:] @ joint[:, 1:].T


def _autocovariances(autoregressive: Floats, cross: Floats) -> Floats:
    """Autocovariances at lags 0 to p or more of an ARMA process with unit innovations."""
    p = len(autoregressive)
    if not p:
        return cross
    phis = autoregressive.tolist()
    system = [[float(row == column) for column in range(p + 1)] for row in range(p + 1)]
    for lag, row in enumerate(system):
        for back, phi in enumerate(phis, start=1):
            row[abs(lag - back)] -= phi
    autocovariances = np.linalg.solve(system, cross[: p + 1]).tolist()
    for known in cross[p + 1 :].tolist():
        autocovariances.append(
            known
            + sum(
                phi * each for phi, each in zip(phis, autocovariances[: -p - 1 : -1], strict=True)
            )
        )
    return np.array(autocovariances)
