"""Unobserved components: a wandering level plus a slowly changing seasonal pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.laws import (
    GaussianCompetitor,
    Law,
    factorise,
    joint_moments,
    terminal,
)

Floats = npt.NDArray[np.float64]


def components_model(z: Floats) -> Any:
    """Local level and stochastic dummy seasonal of statsmodels."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(z, "llevel", seasonal=SEASON, stochastic_seasonal=True)


class LocalLevel(GaussianCompetitor):
    """Local level with stochastic seasonality (Harvey 1989), estimated by maximum likelihood.

    The Kalman filter passes over missing months.
    """

    name = "uc"
    label = "未观测成分（局部水平）"
    tags = Tags(min_months=25, cost=2.0, skips_missing=True)

    def _estimate(self, data: Scaled) -> Parameters:
        # The diffuse start is a fixed large variance: standardise, or it is not large.
        changes = np.diff(data.z)
        size = float(np.std(changes[np.isfinite(changes)]))
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        model = components_model((data.z - data.z[0]) / size)
        result = model.fit(disp=0, cov_type="none", low_memory=True)
        variances = np.maximum(result.params, 0.0) * size**2
        if not np.isfinite(variances).all() or variances.sum() <= 0:
            raise ModelFailure("似然估计未得出有限的方差")
        return {
            "variances": [float(v) for v in variances],
            "degrees": float(np.isfinite(data.z).sum() - SEASON - len(variances)),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        variances = np.asarray(parameters["variances"])
        size = float(np.sqrt(variances.sum()))
        base = data.z[0]
        model = components_model((data.z - base) / size)
        mean, covariance = joint_moments(terminal(model, list(variances / size**2)), horizon)
        return Law(base + size * mean, factorise(size**2 * covariance), parameters["degrees"])
