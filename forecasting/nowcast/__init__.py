"""The month in progress: its law given part-month figures, and the paths that go on from it."""

from employment_forecast.forecasting.nowcast.nowcast import (
    MonthInProgress,
    Nowcast,
    conditioned,
)

__all__ = ["MonthInProgress", "Nowcast", "conditioned"]
