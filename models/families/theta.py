"""Theta method: simple exponential smoothing with half the long-run slope, seasons taken out.

Hyndman and Billah (2003) show that the Theta method of Assimakopoulos and Nikolopoulos (2000) is
simple exponential smoothing whose drift is half the slope of a straight line through the data;
that is an IMA(1,1) with drift, from which joint paths follow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dtbtrs

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import GaussianCompetitor, Law, moving_factor

Floats = npt.NDArray[np.float64]


def seasonal_means(z: Floats, first_month: int) -> Floats:
    """Classical additive decomposition."""
    kernel = np.r_[0.5, np.ones(SEASON - 1), 0.5] / SEASON
    deviation = z[SEASON // 2 : -(SEASON // 2)] - np.convolve(z, kernel, mode="valid")
    month = (first_month - 1 + SEASON // 2 + np.arange(len(deviation))) % SEASON
    means = np.array([deviation[month == m].mean() for m in range(SEASON)])
    return np.asarray(means - means.mean(), dtype=float)


def smooth(y: Floats, weight: float, drift: float) -> tuple[float, Floats]:
    """Simple exponential smoothing with drift from its least-squares first level."""
    # e_t = y_t - l_(t-1) - drift and l_t = l_(t-1) + drift + weight e_t, so the error is an
    # ARMA filter of the differences plus a geometric decay of the first level.
    steps = np.diff(y, prepend=0.0) - drift
    band = np.ones((2, len(y)))
    band[1] = weight - 1.0
    raw = np.asarray(dtbtrs(band, steps, uplo="L", diag="U")[0], dtype=float)
    decay = (1.0 - weight) ** np.arange(len(y))
    first = float(raw @ decay / (decay @ decay))
    errors = raw - first * decay
    level = float(y[-1] - (1.0 - weight) * errors[-1])
    return level, errors


class Theta(GaussianCompetitor):
    """Theta method on additively deseasonalised data.

    Attributes
    ----------
    share : float
        Of the slope of the straight line, in the drift.
    """

    name = "theta"
    label = "Theta法"
    tags = Tags(min_months=25, cost=0.2)
    share: float = 0.5

    def _estimate(self, data: Scaled) -> Parameters:
        from scipy.optimize import minimize_scalar

        seasonal = seasonal_means(data.z, data.months[0].month)
        y = data.z - seasonal[data.months.month.to_numpy() - 1]
        time = np.arange(len(y)) - (len(y) - 1) / 2
        drift = self.share * float(time @ y / (time @ time))
        optimum = minimize_scalar(
            lambda weight: float((smooth(y, weight, drift)[1] ** 2).sum()),
            bounds=(0.01, 1.0),
            method="bounded",
        )
        return self._stored(y, seasonal, float(optimum.x), drift)

    def _stored(self, y: Floats, seasonal: Floats, weight: float, drift: float) -> Parameters:
        """Parameters with the scale of the one-step errors of the deseasonalised series."""
        _, errors = smooth(y, weight, drift)
        # Weight, slope, level and eleven free seasonal means.
        degrees = len(y) - 3 - (SEASON - 1)
        variance = float((errors**2).sum()) / degrees
        if not np.isfinite(variance) or variance <= 0:
            raise ModelFailure("Theta法估计未得出有限的方差")
        return {
            "weight": weight,
            "drift": drift,
            "seasonal": seasonal.tolist(),
            "sigma": float(np.sqrt(variance)),
            "degrees": float(degrees),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        seasonal = np.asarray(parameters["seasonal"], dtype=float)
        y = data.z - seasonal[data.months.month.to_numpy() - 1]
        level, _ = smooth(y, parameters["weight"], parameters["drift"])
        ahead = np.arange(1, horizon + 1)
        month = (data.months[-1].month - 1 + ahead) % SEASON
        weights = np.r_[1.0, np.full(horizon - 1, parameters["weight"])]
        return Law(
            level + parameters["drift"] * ahead + seasonal[month],
            moving_factor(weights, parameters["sigma"], horizon),
            parameters["degrees"],
        )
