"""ARMA models of differenced series: estimation, statsmodels' state space, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure
from employment_forecast.models.laws.likelihood import (
    Fitness,
    exact_fitness,
    product,
    stationary,
    whitened,
)

Floats = npt.NDArray[np.float64]
Order = tuple[int, int]

# Partial autocorrelations closer to one make the seasonal moving average cancel the seasonal
# difference numerically, and the likelihood is flat.
LARGEST = 0.995
# Of the unrestricted coefficients: no autoregression, moving averages as practice meets them.
START_MOVING, START_SEASONAL = 0.3, 0.9


def difference(z: Floats) -> Floats:
    """Differences at lag 1 and lag 12, shape (n - 13, ...)."""
    return np.diff(z[SEASON:] - z[:-SEASON], axis=0)


def integrate(z: Floats, mean: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Inverse of `difference` for the law of future differences.

    Parameters
    ----------
    z : numpy.ndarray
        Known levels, at least 13.
    mean, covariance : numpy.ndarray
        Of the next differences, shapes (h,) and (h, h).

    Returns
    -------
    mean, covariance : numpy.ndarray
        Of the next levels, same shapes.
    """
    horizon = len(mean)
    weights = np.zeros((horizon, horizon))
    levels = np.concatenate([z[-SEASON - 1 :], np.zeros(horizon)])
    for step in range(horizon):
        here = SEASON + 1 + step
        levels[here] = mean[step] + levels[here - 1] + levels[here - 12] - levels[here - 13]
        weights[step, step] = 1.0
        for lag, sign in ((1, 1.0), (SEASON, 1.0), (SEASON + 1, -1.0)):
            if step >= lag:
                weights[step] += sign * weights[step - lag]
    return levels[SEASON + 1 :], weights @ covariance @ weights.T


def arma_model(w: Floats, order: Order, seasonal: Order) -> Any:
    """Zero-mean seasonal ARMA model of statsmodels, (p, q) x (P, Q) with season 12."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(
        w,
        order=(order[0], 0, order[1]),
        seasonal_order=(seasonal[0], 0, seasonal[1], SEASON),
    )


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


def smooth_missing(
    z: Floats, dummies: Floats, autoregressive: Floats, moving: Floats, variance: float
) -> tuple[Floats, Floats]:
    """The series with its missing months at their mean given all others, and their covariance."""
    found = whitened(np.column_stack([difference(z), difference(dummies)]), autoregressive, moving)
    if found is None:
        raise ModelFailure("缺月无法由模型补估")
    target, moved = found.columns[:, 0], found.columns[:, 1:]
    made_up = np.linalg.lstsq(moved, target, rcond=None)[0]
    law = np.asarray(variance * np.linalg.inv(moved.T @ moved), dtype=np.float64)
    return z - dummies @ made_up, law


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
        return exact_fitness(scaled, autoregressive, moving, dummies)

    start = np.zeros(cuts[-1])
    start[cuts[0] : cuts[1]] = START_MOVING / max(order[1], 1)
    start[cuts[2] :] = START_SEASONAL
    reach = float(np.arctanh(LARGEST))
    found = minimize(
        lambda free: fitness(free).badness,
        start,
        method="L-BFGS-B",
        bounds=[(-reach, reach)] * len(start),
        options={"eps": 1e-5, "maxiter": 60, "ftol": 1e-7},
    )
    variance = fitness(found.x).variance * size**2
    if not np.isfinite(variance) or variance <= 0:
        raise ModelFailure("似然估计未得出有限的方差")
    flat = np.concatenate(coefficients(found.x))
    published = len(w) - (0 if dummies is None else dummies.shape[1])
    return [float(c) for c in flat], variance * published / (published - len(flat))
