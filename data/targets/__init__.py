"""Targets (caps, floors, milestones), and which of them is in force on a day."""

from employment_forecast.data.targets.file import read_targets
from employment_forecast.data.targets.shipped import load_national_targets, load_targets
from employment_forecast.data.targets.target import (
    APPROXIMATE,
    BASES,
    FOLLOWING,
    TIER_NAMES,
    USUAL_WORD,
    Span,
    Target,
    demand_direction,
    number_words,
    period_months,
    tolerance_words,
    usual_direction,
    with_tolerance,
    words_in,
)
from employment_forecast.data.targets.validity import in_force, in_force_ahead, limit_at

__all__ = [
    "APPROXIMATE",
    "BASES",
    "FOLLOWING",
    "TIER_NAMES",
    "USUAL_WORD",
    "Span",
    "Target",
    "demand_direction",
    "in_force",
    "in_force_ahead",
    "limit_at",
    "load_national_targets",
    "load_targets",
    "number_words",
    "period_months",
    "read_targets",
    "tolerance_words",
    "usual_direction",
    "with_tolerance",
    "words_in",
]
