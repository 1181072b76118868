"""What layoffs or fewer new jobs would do to unemployment and to the caps."""

from employment_forecast.forecasting.scenario.assumptions import GivenAssumptions, basis
from employment_forecast.forecasting.scenario.comparison import (
    SCENARIO_SEED,
    ScenarioComparison,
    compare_scenario,
    comparison_csv,
    comparison_document,
    demand_sense,
    described,
)
from employment_forecast.forecasting.scenario.exposure import Exposure, industry_exposure
from employment_forecast.forecasting.scenario.impact import Layoff, Range, Scenario, latin_hypercube
from employment_forecast.forecasting.scenario.tables import (
    scenario_forecast_table,
    scenario_targets_table,
    scenario_workbook,
)

__all__ = [
    "SCENARIO_SEED",
    "basis",
    "latin_hypercube",
    "ScenarioComparison",
    "Exposure",
    "GivenAssumptions",
    "Layoff",
    "Scenario",
    "Range",
    "compare_scenario",
    "comparison_csv",
    "comparison_document",
    "demand_sense",
    "described",
    "industry_exposure",
    "scenario_forecast_table",
    "scenario_targets_table",
    "scenario_workbook",
]
