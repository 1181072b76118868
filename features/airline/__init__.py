"""Regression with airline-model errors, and what it says of months that were never published."""

from employment_forecast.features.airline.filling import Completion, complete
from employment_forecast.features.airline.regression import (
    MIN_ESTIMATED,
    SEASON,
    USUAL,
    AirlineRegression,
    airline_regression,
    whiten,
)

__all__ = [
    "AirlineRegression",
    "Completion",
    "MIN_ESTIMATED",
    "SEASON",
    "USUAL",
    "airline_regression",
    "complete",
    "whiten",
]
