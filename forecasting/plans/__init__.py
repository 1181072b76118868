"""Progress of a region on the targets of its plans."""

from employment_forecast.forecasting.plans.document import progress_document
from employment_forecast.forecasting.plans.progress import plan_rows

__all__ = [
    "plan_rows",
    "progress_document",
]
