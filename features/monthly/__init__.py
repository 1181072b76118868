"""Year-to-date totals as monthly flows."""

from employment_forecast.features.monthly.cumulative import accumulate, to_monthly
from employment_forecast.features.monthly.figures import listed, monthly_figures

__all__ = [
    "accumulate",
    "listed",
    "monthly_figures",
    "to_monthly",
]
