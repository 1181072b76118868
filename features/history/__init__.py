"""The modelling history: what the models may see of a series as of a date."""

from employment_forecast.features.history.build import from_known
from employment_forecast.features.history.covariates import KnownSource, LaggedIndicator, Other
from employment_forecast.features.history.history import KNOWN_AHEAD, History
from employment_forecast.features.history.inputs import (
    NOTHING,
    Neighbour,
    Surroundings,
    histories_beside,
    neighbours_identity,
    stored_surroundings,
)
from employment_forecast.features.history.stored_covariates import stored_others

__all__ = [
    "History",
    "KNOWN_AHEAD",
    "KnownSource",
    "LaggedIndicator",
    "NOTHING",
    "Neighbour",
    "Other",
    "Surroundings",
    "from_known",
    "histories_beside",
    "neighbours_identity",
    "stored_others",
    "stored_surroundings",
]
