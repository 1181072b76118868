"""Scores and tests: arrays in, arrays out."""

from employment_forecast.forecasting.scoring.drift import FALSE_ALARM_MONTHS, ControlChart, charts
from employment_forecast.forecasting.scoring.further_scores import (
    ReliabilityBin,
    brier,
    crps_of_sorted,
    energy_score,
    probability_transform,
    reliability,
    scaled_root_error,
    symmetric_percentage_error,
    variogram_score,
)
from employment_forecast.forecasting.scoring.scores import (
    SEASON,
    covered,
    interval_score,
    score_text,
    seasonal_scale,
)
from employment_forecast.forecasting.scoring.significance import (
    FEWEST_STRETCHES,
    DieboldMariano,
    Estimate,
    diebold_mariano,
    mean_and_error,
    model_confidence_set,
)

__all__ = [
    "ControlChart",
    "DieboldMariano",
    "Estimate",
    "FALSE_ALARM_MONTHS",
    "FEWEST_STRETCHES",
    "ReliabilityBin",
    "SEASON",
    "brier",
    "charts",
    "covered",
    "crps_of_sorted",
    "diebold_mariano",
    "energy_score",
    "interval_score",
    "mean_and_error",
    "model_confidence_set",
    "probability_transform",
    "reliability",
    "scaled_root_error",
    "score_text",
    "seasonal_scale",
    "symmetric_percentage_error",
    "variogram_score",
]
