"""Warning lines, warning levels and the feed, all from sample paths."""

from employment_forecast.forecasting.early_warning.decision import (
    FirmEvent,
    LevelDecision,
    LevelEvent,
    LevelEvidence,
    decide_level,
    level_events,
    load_scheme,
)
from employment_forecast.forecasting.early_warning.feed import (
    empty_feed,
    flow_line_rows,
    law_rows,
    line_rows,
    probability_rows,
    published_rows,
    sample_document,
    scheme_document,
    warning_level_document,
)
from employment_forecast.forecasting.early_warning.flow_lines import flow_lines
from employment_forecast.forecasting.early_warning.line_table import run_lines, version_lines
from employment_forecast.forecasting.early_warning.lines import breach_curve, warning_lines
from employment_forecast.forecasting.early_warning.scheme import Scheme, default_scheme

__all__ = [
    "breach_curve",
    "LevelDecision",
    "LevelEvidence",
    "FirmEvent",
    "LevelEvent",
    "Scheme",
    "decide_level",
    "default_scheme",
    "warning_level_document",
    "empty_feed",
    "flow_line_rows",
    "flow_lines",
    "level_events",
    "law_rows",
    "line_rows",
    "published_rows",
    "load_scheme",
    "probability_rows",
    "sample_document",
    "run_lines",
    "scheme_document",
    "version_lines",
    "warning_lines",
]
