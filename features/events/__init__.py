"""Changes of definition, declared events and outlying months of a series."""

from employment_forecast.features.events.breaks import (
    MIN_SEASONAL,
    MIN_SIDE,
    MONTH_ON_MONTH,
    YEAR_ON_YEAR,
    crosses,
    estimable_steps,
    growth,
    marked_breaks,
    splitting_break,
    step_regressors,
)
from employment_forecast.features.events.outliers import MARK_LABELS, Mark, outlier_marks
from employment_forecast.features.events.shocks import (
    MONTHS_BEFORE,
    column_name,
    shock_column,
    shock_regressors,
    usable_shocks,
)

__all__ = [
    "MARK_LABELS",
    "MIN_SEASONAL",
    "MIN_SIDE",
    "MONTHS_BEFORE",
    "MONTH_ON_MONTH",
    "Mark",
    "YEAR_ON_YEAR",
    "column_name",
    "crosses",
    "estimable_steps",
    "growth",
    "marked_breaks",
    "outlier_marks",
    "shock_column",
    "shock_regressors",
    "splitting_break",
    "step_regressors",
    "usable_shocks",
]
