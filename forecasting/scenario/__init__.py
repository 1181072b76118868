"""What layoffs or fewer new jobs would do to unemployment and to the caps."""

from employment_forecast.forecasting.scenario.assumptions import GivenAssumptions
from employment_forecast.forecasting.scenario.comparison import (
    Comparison,
    change_phrase,
    compare_scenario,
    comparison_csv,
    comparison_document,
    demand_sense,
    described,
)
from employment_forecast.forecasting.scenario.impact import Layoff, Range, Scenario

__all__ = [
    "Comparison",
    "GivenAssumptions",
    "Layoff",
    "Scenario",
    "Range",
    "change_phrase",
    "compare_scenario",
    "comparison_csv",
    "comparison_document",
    "demand_sense",
    "described",
]
