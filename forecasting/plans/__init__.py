"""Progress of a region on the targets of its plans."""

from employment_forecast.forecasting.plans.document import progress_document
from employment_forecast.forecasting.plans.progress import plan_rows
from employment_forecast.forecasting.plans.tables import (
    midterm_table,
    period_ends_table,
    plans_workbook,
    unassessed_table,
    yearly_table,
)

__all__ = [
    "midterm_table",
    "period_ends_table",
    "plan_rows",
    "plans_workbook",
    "progress_document",
    "unassessed_table",
    "yearly_table",
]
