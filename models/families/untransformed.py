"""The families once more on the values themselves, where the model scale is the logarithm.

Which scale suits a series is seldom plain: official figures are often seasonally additive because
the office models them so, and a logarithm then bends a pattern that is straight. Forecasts of both
scales err differently, which is what a combination lives from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import Competitor, Parameters, Scaled
from employment_forecast.models.families.ridge import Ridge
from employment_forecast.models.families.sarima import LongAutoregressive
from employment_forecast.models.families.shrunken_season import ShrunkenSeason
from employment_forecast.models.families.smoothing import DampedTrend

Floats = npt.NDArray[np.float64]

# Of the smallest value seen: lower draws are set to it, for a stock cannot fall to nothing.
LEAST_SHARE = 0.1


class Untransformed(Competitor):
    """A family estimated on untransformed values; the family itself where nothing is transformed.

    Attributes
    ----------
    family : type of Competitor
        What is estimated.
    """

    family: type[Competitor]

    def _fit(self, data: Scaled) -> Parameters:
        unit = float(np.nanmean(np.exp(data.z))) if data.logs else 1.0
        return {**self.family()._fit(_untransformed(data, unit)), "unit": unit}

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        unit = parameters["unit"]
        values = _untransformed(data, unit)
        drawn = self.family()._paths(values, parameters, horizon, n_paths, rng)
        if not data.logs:
            return drawn
        least = LEAST_SHARE * float(np.nanmin(values.z))
        return np.asarray(np.log(np.maximum(drawn, least) * unit), dtype=float)


def _untransformed(data: Scaled, unit: float) -> Scaled:
    return replace(data, z=np.exp(data.z) / unit, logs=False) if data.logs else data


class UntransformedSarima(Untransformed):
    """SARIMA (3,1,0)(0,1,1) on levels."""

    name = "sarima_level"
    label = "季节ARIMA(3,1,0)(0,1,1)（原值）"
    tags = LongAutoregressive.tags
    calendar = LongAutoregressive.calendar
    family = LongAutoregressive


class UntransformedSmoothing(Untransformed):
    """ETS(A,Ad,A) on levels."""

    name = "ets_level"
    label = "指数平滑（阻尼趋势，原值）"
    tags = DampedTrend.tags
    calendar = DampedTrend.calendar
    family = DampedTrend


class UntransformedRidge(Untransformed):
    """Ridge regression on levels."""

    name = "ridge_level"
    label = "岭回归（原值）"
    tags = Ridge.tags
    calendar = Ridge.calendar
    family = Ridge


class UntransformedShrunkenSeason(Untransformed):
    """Shrunken season on levels; what regions lend is relative to the level on either scale."""

    name = "shrunken_season_level"
    label = "局部水平（收缩季节，原值）"
    tags = ShrunkenSeason.tags
    calendar = ShrunkenSeason.calendar
    family = ShrunkenSeason
