"""Results as JSON, CSV, Markdown and charts."""

from employment_forecast.forecasting.documents.feed_table import as_file
from employment_forecast.forecasting.documents.markdown import DEMO_WARNING, summary
from employment_forecast.forecasting.documents.nowcast import nowcast_document, nowcast_notes
from employment_forecast.forecasting.documents.run import (
    cap_document,
    caps_document,
    coherence_document,
    document,
    ended_document,
    forecast_csv,
    forecast_rows,
    joint_document,
    milestone_document,
    total_document,
)

__all__ = [
    "DEMO_WARNING",
    "as_file",
    "cap_document",
    "caps_document",
    "coherence_document",
    "document",
    "ended_document",
    "forecast_csv",
    "forecast_rows",
    "joint_document",
    "milestone_document",
    "nowcast_document",
    "nowcast_notes",
    "summary",
    "total_document",
]
