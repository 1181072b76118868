"""The checks of `forecast doctor`."""

from employment_forecast.experiments.health.report import examine, worst

__all__ = [
    "examine",
    "worst",
]
