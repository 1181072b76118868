"""What layoffs or fewer new jobs would do."""

from employment_forecast.forecasting.scenario.assumptions import Given
from employment_forecast.forecasting.scenario.comparison import (
    Comparison,
    change_phrase,
    compare,
    comparison_csv,
    comparison_document,
    demand_sense,
    described,
)
from employment_forecast.forecasting.scenario.impact import Layoff, Scenario, Span

__all__ = [
    "Comparison",
    "Given",
    "Layoff",
    "Scenario",
    "Span",
    "change_phrase",
    "compare",
    "comparison_csv",
    "comparison_document",
    "demand_sense",
    "described",
]
