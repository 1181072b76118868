"""Warning levels, warning lines and the parts of the feed that follow from paths."""

from employment_forecast.forecasting.early_warning.decision import (
    Decision,
    Evidence,
    FirmEvent,
    decide,
    load_scheme,
)
from employment_forecast.forecasting.early_warning.feed import (
    cap_id,
    cap_words,
    level_document,
    probabilities_by_cap,
    probability_rows,
    scheme_document,
)
from employment_forecast.forecasting.early_warning.line_table import LineRule, line_rule
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import default_scheme

__all__ = [
    "Decision",
    "Evidence",
    "FirmEvent",
    "LineRule",
    "cap_id",
    "cap_words",
    "decide",
    "default_scheme",
    "level_document",
    "line_rule",
    "load_scheme",
    "probabilities_by_cap",
    "probability_rows",
    "scheme_document",
    "warning_lines",
]
