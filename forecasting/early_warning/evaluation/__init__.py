"""Warnings replayed: hits, false alarms, lead times, and how to choose the cuts."""

from employment_forecast.forecasting.early_warning.evaluation.cutoffs import (
    accuracy_cut,
    credit_scoring_cut,
    noise_to_signal_cut,
)
from employment_forecast.forecasting.early_warning.evaluation.hindsight import (
    calibration_at,
    past_calls,
)
from employment_forecast.forecasting.early_warning.evaluation.outcomes import judge, tally
from employment_forecast.forecasting.early_warning.evaluation.report import evaluation
from employment_forecast.forecasting.early_warning.evaluation.scores import (
    Cases,
    Skill,
    auc,
    brier_skill,
    expanding_climatology,
)

__all__ = [
    "Cases",
    "Skill",
    "accuracy_cut",
    "auc",
    "brier_skill",
    "calibration_at",
    "credit_scoring_cut",
    "evaluation",
    "expanding_climatology",
    "judge",
    "noise_to_signal_cut",
    "past_calls",
    "tally",
]
