"""Seasonal ARIMA: the orders that seasonal adjustment practice meets most.

The series is differenced once at lag 1 and once at lag 12, an ARMA model of the differences is
estimated by exact maximum likelihood, and its joint forecasts are added up again. A missing month
is an unknown of its own: a dummy in the differences, integrated out of the likelihood, its doubt
carried into the forecast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, Parameters, Scaled, Tags
from employment_forecast.models.laws import (
    Differenced,
    GaussianCompetitor,
    Law,
    Order,
    arma_structure,
    estimate_arma,
    factorise,
    joint_moments,
    split,
    terminal,
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
        structure = arma_structure(*split(parameters["coefficients"], self.order, self.seasonal))

        def changes(w: Floats) -> tuple[Floats, Floats]:
            return self._moments(w, parameters, horizon)

        mean, covariance = Differenced.of(data.z).ahead(
            structure, parameters["variance"], horizon, changes
        )
        return Law(mean, factorise(covariance), parameters["degrees"])

    def _moments(self, w: Floats, parameters: Parameters, horizon: int) -> tuple[Floats, Floats]:
        """Law of the next differences by the state space of statsmodels."""
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        (p, q), (seasonal_p, seasonal_q) = self.order, self.seasonal
        model = SARIMAX(w, order=(p, 0, q), seasonal_order=(seasonal_p, 0, seasonal_q, SEASON))
        system = terminal(model, [*parameters["coefficients"], parameters["variance"]])
        return joint_moments(system, horizon)


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
