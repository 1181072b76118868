"""Seasonal ARIMA: the orders that seasonal adjustment practice meets most.

The series is differenced once at lag 1 and once at lag 12, an ARMA model of the differences is
estimated by exact maximum likelihood, and its joint forecasts are added up again. A missing month
is an unknown of its own: a dummy in the differences, integrated out of the likelihood, its doubt
carried into the forecast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import Parameters, Scaled, Tags
from employment_forecast.models.laws import (
    Differenced,
    GaussianCompetitor,
    Law,
    Order,
    arma_structure,
    arma_terminal,
    estimate_arma,
    factorise,
    joint_moments,
    split,
)

Floats = npt.NDArray[np.float64]


class Sarima(GaussianCompetitor):
    """SARIMA (p,1,q)(P,1,Q) with season 12."""

    tags = Tags(min_months=37, cost=0.4, skips_missing=True)
    version = 2
    order: Order
    seasonal: Order = (0, 1)

    def _estimate(self, data: Scaled) -> Parameters:
        w, unknown = Differenced.of(data.z).changes
        coefficients, variance = estimate_arma(w, self.order, self.seasonal, unknown)
        lost = len(coefficients) + (0 if unknown is None else unknown.shape[1])
        return {
            "coefficients": coefficients,
            "variance": variance,
            "degrees": float(len(w) - lost),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        arma = split(parameters["coefficients"], self.order, self.seasonal)
        variance = parameters["variance"]

        def changes(w: Floats) -> tuple[Floats, Floats]:
            """Law of the next differences by the state space of statsmodels."""
            return joint_moments(arma_terminal(w, *arma, variance), horizon)

        mean, covariance = Differenced.of(data.z).ahead(
            arma_structure(*arma), variance, horizon, changes
        )
        return Law(mean, factorise(covariance), parameters["degrees"])


class Airline(Sarima):
    """(0,1,1)(0,1,1), the airline model (Box and Jenkins 1970)."""

    name = "sarima"
    label = "季节ARIMA(0,1,1)(0,1,1)"
    order = (0, 1)


class Autoregressive(Sarima):
    """(1,1,0)(0,1,1), for series whose changes persist."""

    name = "sarima_ar"
    label = "季节ARIMA(1,1,0)(0,1,1)"
    order = (1, 0)


class LongAutoregressive(Sarima):
    """(3,1,0)(0,1,1): changes persist over a quarter."""

    name = "sarima_long"
    label = "季节ARIMA(3,1,0)(0,1,1)"
    order = (3, 0)
