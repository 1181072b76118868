"""Regressors known years ahead: Spring Festival windows and working days."""

from employment_forecast.features.calendar.festival import DEFAULT_WINDOWS, Windows
from employment_forecast.features.calendar.regressors import GROUP_LABELS, GROUPS
from employment_forecast.features.calendar.windows import WindowChoice, choose_windows
from employment_forecast.features.calendar.workdays import (
    FIRST_YEAR,
    calendar_due,
    working_days,
    working_days_left,
)

__all__ = [
    "DEFAULT_WINDOWS",
    "FIRST_YEAR",
    "GROUPS",
    "GROUP_LABELS",
    "WindowChoice",
    "Windows",
    "calendar_due",
    "choose_windows",
    "working_days",
    "working_days_left",
]
