"""ARMA models of differenced series: estimation, forecast, missing months, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure
from employment_forecast.models.laws.likelihood import (
    Fitness,
    Structure,
    arma_structure,
    conditional,
    exact_fitness,
    product,
    stationary,
    whitened,
)

Floats = npt.NDArray[np.float64]
Order = tuple[int, int]
# From differences so far to the mean and the covariance of the next ones.
Changes = Callable[[Floats], tuple[Floats, Floats]]

# Partial autocorrelations closer to one make the seasonal moving average cancel the seasonal
# difference numerically, and the likelihood is flat.
LARGEST = 0.995
# Of the unrestricted coefficients: no autoregression, moving averages as practice meets them.
START_MOVING, START_SEASONAL = 0.3, 0.9


def difference(z: Floats, regular: bool = True) -> Floats:
    """Differences at lag 12 and, unless it is left out, lag 1, shape (n - 13 or n - 12, ...)."""
    yearly = z[SEASON:] - z[:-SEASON]
    return np.diff(yearly, axis=0) if regular else yearly


def integrate(
    z: Floats, mean: Floats, covariance: Floats, regular: bool = True
) -> tuple[Floats, Floats]:
    """Inverse of `difference` for the law of future differences.

    Parameters
    ----------
    z : numpy.ndarray
        Known levels, at least 13.
    mean, covariance : numpy.ndarray
        Of the next differences, shapes (h,) and (h, h).
    regular : bool
        As for `difference`.

    Returns
    -------
    mean, covariance : numpy.ndarray
        Of the next levels, same shapes.
    """
    horizon = len(mean)
    weights = np.zeros((horizon, horizon))
    levels = np.concatenate([z[-SEASON - 1 :], np.zeros(horizon)])
    signs = ((1, 1.0), (SEASON, 1.0), (SEASON + 1, -1.0)) if regular else ((SEASON, 1.0),)
    for step in range(horizon):
        here = SEASON + 1 + step
        levels[here] = mean[step]
        weights[step, step] = 1.0
        for lag, sign in signs:
            levels[here] += sign * levels[here - lag]
            if step >= lag:
                weights[step] += sign * weights[step - lag]
    return levels[SEASON + 1 :], weights @ covariance @ weights.T


def split(
    coefficients: list[float] | Floats, order: Order, seasonal: Order
) -> tuple[Floats, Floats]:
    """Autoregressive coefficients and moving average of the product, from statsmodels' order."""
    cuts = np.cumsum([*order, *seasonal])[:-1]
    ar, ma, seasonal_ar, seasonal_ma = np.split(np.asarray(coefficients, dtype=float), cuts)
    reversed_ar = product(np.append(1.0, -ar), np.append(1.0, -seasonal_ar))
    return -reversed_ar[1:], product(np.append(1.0, ma), np.append(1.0, seasonal_ma))


def without_missing(z: Floats) -> tuple[Floats, Floats | None]:
    """A series with nothing missing, and a dummy, shape (n, m), for every month made up."""
    missing = np.flatnonzero(np.isnan(z))
    if not len(missing):
        return z, None
    known = np.flatnonzero(np.isfinite(z))
    dummies = np.zeros((len(z), len(missing)))
    dummies[missing, np.arange(len(missing))] = 1.0
    return np.interp(np.arange(len(z)), known, z[known]), dummies


@dataclass(frozen=True)
class Differenced:
    """A series whose differences follow a process, and the months of it that are missing.

    Attributes
    ----------
    z : numpy.ndarray
        Shape (n,), something made up where a month is missing.
    dummies : numpy.ndarray or None
        Shape (n, m), a column for each missing month.
    regular : bool
        As for `difference`.
    """

    z: Floats
    dummies: Floats | None
    regular: bool

    @classmethod
    def of(cls, z: Floats, regular: bool = True) -> Differenced:
        """The series, NaN in missing months."""
        return cls(*without_missing(z), regular)

    @property
    def changes(self) -> tuple[Floats, Floats | None]:
        """What is left of series and dummies once they are differenced."""
        unknown = None if self.dummies is None else difference(self.dummies, self.regular)
        return difference(self.z, self.regular), unknown

    def ahead(
        self, structure: Structure, variance: float, horizon: int, changes: Changes | None = None
    ) -> tuple[Floats, Floats]:
        """Mean and covariance of the next levels; what missing months may have been counts.

        Parameters
        ----------
        structure, variance, horizon : Structure, float, int
            The process of the differences.
        changes : callable, optional
            Mean and covariance of the next differences given those so far; worked out from the
            structure if it is not given.
        """
        changes = changes or _changes(structure, variance, horizon)
        z, doubt = self.z, np.zeros((horizon, horizon))
        if self.dummies is not None:
            z, law = smooth_missing(self, structure, variance)
            # The forecast is linear in the series: what each missing month does to it.
            moved = np.stack([self._levels(d, changes)[0] for d in self.dummies.T])
            doubt = moved.T @ law @ moved
        mean, covariance = self._levels(z, changes)
        return mean, covariance + doubt

    def _levels(self, z: Floats, changes: Changes) -> tuple[Floats, Floats]:
        return integrate(z, *changes(difference(z, self.regular)), self.regular)


def _changes(structure: Structure, variance: float, horizon: int) -> Changes:
    """The law of the next differences from the structure of the process."""

    def law(w: Floats) -> tuple[Floats, Floats]:
        moments = conditional(w, structure, horizon)
        if moments is None:
            raise ModelFailure("参数所对应的过程不存在，无法预测")
        return moments[0], variance * moments[1]

    return law


def smooth_missing(
    series: Differenced, structure: Structure, variance: float
) -> tuple[Floats, Floats]:
    """The series with its missing months at their mean given all others, and their covariance."""
    changes, unknown = series.changes
    assert series.dummies is not None
    assert unknown is not None
    white = whitened(np.column_stack([changes, unknown]), structure)
    if white is None:
        raise ModelFailure("缺月无法由模型补估")
    target, moved = white.columns[:, 0], white.columns[:, 1:]
    made_up = np.linalg.lstsq(moved, target, rcond=None)[0]
    law = np.asarray(variance * np.linalg.inv(moved.T @ moved), dtype=np.float64)
    return series.z - series.dummies @ made_up, law


def estimate_arma(
    w: Floats, order: Order, seasonal: Order, dummies: Floats | None = None
) -> tuple[list[float], float]:
    """Exact maximum likelihood within the stationary and invertible region.

    Parameters
    ----------
    w : numpy.ndarray
        Stationary series, shape (n,).
    order, seasonal : tuple of int
        (p, q) and (P, Q).
    dummies : numpy.ndarray, optional
        As for `exact_fitness`.

    Returns
    -------
    coefficients : list of float
        In statsmodels' order: ar, ma, seasonal ar, seasonal ma.
    variance : float
        Of the innovations, free of the bias that estimating the coefficients brings.

    Raises
    ------
    ModelFailure
        If the series does not vary or the estimate is not finite.
    """
    from scipy.optimize import minimize

    size = float(np.abs(w).max())
    if size == 0:
        raise ModelFailure("差分后的序列没有变化，无法估计")
    scaled = w / size
    cuts = np.cumsum([*order, *seasonal])

    def coefficients(free: Floats) -> list[Floats]:
        ar, ma, seasonal_ar, seasonal_ma = (stationary(part) for part in np.split(free, cuts[:-1]))
        return [ar, -ma, seasonal_ar, -seasonal_ma]

    def fitness(free: Floats) -> Fitness:
        autoregressive, moving = split(np.concatenate(coefficients(free)), order, seasonal)
        return exact_fitness(scaled, arma_structure(autoregressive, moving), dummies)

    start = np.zeros(cuts[-1])
    start[cuts[0] : cuts[1]] = START_MOVING / max(order[1], 1)
    start[cuts[2] :] = START_SEASONAL
    reach = float(np.arctanh(LARGEST))
    optimum = minimize(
        lambda free: fitness(free).badness,
        start,
        method="L-BFGS-B",
        bounds=[(-reach, reach)] * len(start),
        options={"eps": 1e-5, "maxiter": 60, "ftol": 1e-7},
    )
    variance = fitness(optimum.x).variance * size**2
    if not np.isfinite(variance) or variance <= 0:
        raise ModelFailure("似然估计未得出有限的方差")
    flat = np.concatenate(coefficients(optimum.x))
    published = len(w) - (0 if dummies is None else dummies.shape[1])
    return [float(c) for c in flat], variance * published / (published - len(flat))
