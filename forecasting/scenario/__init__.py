"""What layoffs or fewer new jobs would do to unemployment and to the caps."""

from employment_forecast.forecasting.scenario.assumptions import GivenAssumptions
from employment_forecast.forecasting.scenario.comparison import (
    Comparison,
    compare_scenario,
    comparison_csv,
    comparison_document,
    demand_sense,
    described,
)
from employment_forecast.forecasting.scenario.impact import Layoff, Range, Scenario
from employment_forecast.forecasting.scenario.tables import (
    scenario_forecast_table,
    scenario_targets_table,
    scenario_workbook,
)

__all__ = [
    "Comparison",
    "GivenAssumptions",
    "Layoff",
    "Scenario",
    "Range",
    "compare_scenario",
    "comparison_csv",
    "comparison_document",
    "demand_sense",
    "described",
    "scenario_forecast_table",
    "scenario_targets_table",
    "scenario_workbook",
]
