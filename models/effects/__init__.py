"""Calendar and forced effects, estimated once for every family."""

from employment_forecast.models.effects.effects import MIN_MONTHS, Policy, effects_of, forced_path

__all__ = [
    "MIN_MONTHS",
    "Policy",
    "effects_of",
    "forced_path",
]
