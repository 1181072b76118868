"""Unobserved components: a wandering level plus a slowly changing seasonal pattern.

With level step e, seasonal disturbance w and noise u, the yearly difference of the series is
S(B) e + (1 - B) w + (1 - B^12) u, where S(B) sums twelve months: a moving average of a year whose
covariances are known numbers. Its likelihood is that of the Kalman filter with an exactly diffuse
start (Harvey 1989, section 4.5), without the filter and without a large number standing for
infinity.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import (
    Differenced,
    GaussianCompetitor,
    Law,
    Structure,
    exact_fitness,
    factorise,
)

Floats = npt.NDArray[np.float64]

# Autocovariances at lags 0 to 12 that noise, level and season of variance one give the yearly
# difference.
PARTS = np.zeros((3, SEASON + 1))
PARTS[0, [0, SEASON]] = 2.0, -1.0
PARTS[1] = np.arange(SEASON, -1, -1)
PARTS[2, :2] = 2.0, -1.0
# Angles between the standard deviations to start from: the likelihood may have several peaks, and
# the best of these lies on the slope of the highest.
STARTS = tuple((a, b) for a in (0.1, 0.7, 1.3, 1.5) for b in (0.03, 0.15, 0.6, 1.2))


def structure(variances: Floats) -> Structure:
    """Structure of the yearly difference, from the variances of noise, level and season."""
    return Structure.moving(variances @ PARTS)


def shares(angles: Floats) -> Floats:
    """Variances that add up to one, from the angles of their square roots."""
    rest = np.sin(angles[0])
    roots = np.array([np.cos(angles[0]), rest * np.cos(angles[1]), rest * np.sin(angles[1])])
    return np.asarray(roots**2, dtype=np.float64)


class LocalLevel(GaussianCompetitor):
    """Local level with stochastic dummy seasonal (Harvey 1989), by exact maximum likelihood.

    A missing month is an unknown of its own, integrated out.
    """

    name = "uc"
    label = "未观测成分（局部水平）"
    tags = Tags(min_months=25, cost=0.4, skips_missing=True)
    version = 2

    def _estimate(self, data: Scaled) -> Parameters:
        from scipy.optimize import minimize

        changes, unknown = Differenced.of(data.z, regular=False).changes
        size = float(np.abs(changes).max())
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")

        def badness(angles: Floats) -> float:
            return exact_fitness(changes / size, structure(shares(angles)), unknown).badness

        optimum = minimize(
            badness,
            np.array(min(STARTS, key=lambda angles: badness(np.array(angles)))),
            method="L-BFGS-B",
            bounds=[(0.0, np.pi / 2)] * 2,
            options={"eps": 1e-6, "maxiter": 60, "ftol": 1e-9},
        )
        best = shares(optimum.x)
        scale = exact_fitness(changes / size, structure(best), unknown).variance
        variances = best * scale * size**2
        if not np.isfinite(variances).all() or variances.sum() <= 0:
            raise ModelFailure("似然估计未得出有限的方差")
        return {
            "variances": [float(v) for v in variances],
            "degrees": float(np.isfinite(data.z).sum() - SEASON - len(variances)),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        variances = np.asarray(parameters["variances"])
        size = float(variances.sum())
        series = Differenced.of(data.z, regular=False)
        mean, covariance = series.ahead(structure(variances / size), size, horizon)
        return Law(mean, factorise(covariance), parameters["degrees"])
