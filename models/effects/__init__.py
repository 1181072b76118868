"""Calendar and forced effects, estimated once for every family."""

from employment_forecast.models.effects.airline_regression import MIN_ESTIMATED, SEASON, whiten
from employment_forecast.models.effects.effects import MIN_MONTHS, Policy, effects_of, forced_path

__all__ = [
    "MIN_ESTIMATED",
    "MIN_MONTHS",
    "Policy",
    "SEASON",
    "effects_of",
    "forced_path",
    "whiten",
]
