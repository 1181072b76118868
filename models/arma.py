"""ARMA models of differenced series: estimation by statsmodels, and the way back to levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.contract import SEASON, ModelFailure

Floats = npt.NDArray[np.float64]
Order = tuple[int, int]

# Closer to the unit circle than this the seasonal moving average cancels the seasonal difference
# numerically and the likelihood is flat.
LARGEST_ROOT = 0.995


def difference(z: Floats) -> Floats:
    """Differences at lag 1 and lag 12, shape (n - 13,)."""
    return np.diff(z[SEASON:] - z[:-SEASON])


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


def arma_model(w: Floats, order: Order, seasonal: Order, concentrate: bool) -> Any:
    """Zero-mean seasonal ARMA model of statsmodels, (p, q) x (P, Q) with season 12."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(
        w,
        order=(order[0], 0, order[1]),
        seasonal_order=(seasonal[0], 0, seasonal[1], SEASON),
        concentrate_scale=concentrate,
    )


def estimate_arma(w: Floats, order: Order, seasonal: Order) -> tuple[list[float], float]:
    """Exact maximum likelihood.

    Parameters
    ----------
    w : numpy.ndarray
        Stationary series, shape (n,).
    order, seasonal : tuple of int
        (p, q) and (P, Q).

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
    size = float(np.abs(w).max())
    if size == 0:
        raise ModelFailure("差分后的序列没有变化，无法估计")
    model = arma_model(w / size, order, seasonal, concentrate=True)
    result = model.fit(disp=0, cov_type="none", low_memory=True)
    coefficients = np.clip(result.params, -LARGEST_ROOT, LARGEST_ROOT)
    variance = float(model.filter(coefficients, cov_type="none").scale) * size**2
    if not np.isfinite(variance) or variance <= 0:
        raise ModelFailure("似然估计未得出有限的方差")
    return [float(c) for c in coefficients], variance * len(w) / (len(w) - len(coefficients))
