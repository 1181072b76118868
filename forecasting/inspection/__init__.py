"""The history and regressors that the models see of a series."""

from employment_forecast.forecasting.inspection.inspection import column_label, known_effects

__all__ = [
    "column_label",
    "known_effects",
]
