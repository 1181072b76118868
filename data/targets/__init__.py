"""Targets (caps, floors, milestones), and which of them is in force on a day."""

from employment_forecast.data.targets.file import read_targets
from employment_forecast.data.targets.shipped import load_national_targets, load_targets
from employment_forecast.data.targets.target import (
    BASES,
    TIER_NAMES,
    Target,
    in_force,
    in_force_ahead,
    period_months,
    value_at,
)

__all__ = [
    "BASES",
    "TIER_NAMES",
    "Target",
    "in_force",
    "in_force_ahead",
    "load_national_targets",
    "load_targets",
    "period_months",
    "read_targets",
    "value_at",
]
