"""Warning lines, warning levels and the feed, all from sample paths."""

from employment_forecast.forecasting.early_warning.decision import (
    Evidence,
    FirmEvent,
    LevelDecision,
    decide_level,
    load_scheme,
)
from employment_forecast.forecasting.early_warning.feed import (
    cap_id,
    cap_words,
    probabilities_by_cap,
    probability_rows,
    scheme_document,
    warning_level_document,
)
from employment_forecast.forecasting.early_warning.line_table import LineRule, line_rule
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import default_scheme

__all__ = [
    "LevelDecision",
    "Evidence",
    "FirmEvent",
    "LineRule",
    "cap_id",
    "cap_words",
    "decide_level",
    "default_scheme",
    "warning_level_document",
    "line_rule",
    "load_scheme",
    "probabilities_by_cap",
    "probability_rows",
    "scheme_document",
    "warning_lines",
]
