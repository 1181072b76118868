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
    GaussianCompetitor,
    Law,
    Order,
    arma_model,
    difference,
    estimate_arma,
    factorise,
    integrate,
    joint_moments,
    smooth_missing,
    split,
    terminal,
    without_missing,
)

Floats = npt.NDArray[np.float64]


class Sarima(GaussianCompetitor):
    """SARIMA (p,1,q)(P,1,Q) with season 12."""

    tags = Tags(min_months=37, cost=0.4, skips_missing=True)
    version = 2
    order: Order
    seasonal: Order = (0, 1)

    def _estimate(self, data: Scaled) -> Parameters:
        z, dummies = without_missing(data.z)
        w = difference(z)
        unknown = None if dummies is None else difference(dummies)
        coefficients, variance = estimate_arma(w, self.order, self.seasonal, unknown)
        lost = len(coefficients) + (0 if dummies is None else dummies.shape[1])
        return {
            "coefficients": coefficients,
            "variance": variance,
            "degrees": float(len(w) - lost),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        z, dummies = without_missing(data.z)
        coefficients, variance = parameters["coefficients"], parameters["variance"]
        doubt = np.zeros((horizon, horizon))
        if dummies is not None:
            polynomials = split(coefficients, self.order, self.seasonal)
            z, law = smooth_missing(z, dummies, *polynomials, variance)
            # The forecast is linear in the series: what each missing month does to it.
            moved = np.stack([self._moments(d, parameters, horizon)[0] for d in dummies.T])
            doubt = moved.T @ law @ moved
        mean, covariance = self._moments(z, parameters, horizon)
        return Law(mean, factorise(covariance + doubt), parameters["degrees"])

    def _moments(self, z: Floats, parameters: Parameters, horizon: int) -> tuple[Floats, Floats]:
        model = arma_model(difference(z), self.order, self.seasonal)
        system = terminal(model, [*parameters["coefficients"], parameters["variance"]])
        return integrate(z, *joint_moments(system, horizon))


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
