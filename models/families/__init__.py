"""The competitors, one file per family."""

from employment_forecast.models.families.boosting import Boosting
from employment_forecast.models.families.floors import Drift, RandomWalk, SeasonalNaive
from employment_forecast.models.families.prophet_model import ProphetModel
from employment_forecast.models.families.ridge import Ridge
from employment_forecast.models.families.sarima import Airline, Autoregressive, LongAutoregressive
from employment_forecast.models.families.shrunken_season import ShrunkenSeason
from employment_forecast.models.families.smoothing import DampedTrend, StraightTrend
from employment_forecast.models.families.statsforecast_models import (
    PACKAGE,
    AutoArima,
    AutoCes,
    AutoEts,
    AutoTheta,
)
from employment_forecast.models.families.stock_flow import NO_FLOWS, StockFlow
from employment_forecast.models.families.theta import Theta
from employment_forecast.models.families.unobserved_components import LocalLevel
from employment_forecast.models.families.untransformed import (
    UntransformedRidge,
    UntransformedSarima,
    UntransformedShrunkenSeason,
    UntransformedSmoothing,
)

__all__ = [
    "Airline",
    "AutoArima",
    "AutoCes",
    "AutoEts",
    "AutoTheta",
    "Autoregressive",
    "Boosting",
    "DampedTrend",
    "Drift",
    "UntransformedRidge",
    "UntransformedSarima",
    "UntransformedShrunkenSeason",
    "UntransformedSmoothing",
    "LocalLevel",
    "LongAutoregressive",
    "NO_FLOWS",
    "PACKAGE",
    "ProphetModel",
    "RandomWalk",
    "Ridge",
    "SeasonalNaive",
    "ShrunkenSeason",
    "StockFlow",
    "StraightTrend",
    "Theta",
]
