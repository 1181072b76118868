"""The modelling history: what the models may see of a series as of a date."""

from employment_forecast.features.history.borrowed import Borrowed
from employment_forecast.features.history.build import from_known
from employment_forecast.features.history.covariates import Covariate, CovariateSource, KnownSource
from employment_forecast.features.history.history import KNOWN_AHEAD, History
from employment_forecast.features.history.inputs import (
    NO_INPUTS,
    ModelInputs,
    Neighbour,
    histories_beside,
    neighbours_identity,
    stored_inputs,
)
from employment_forecast.features.history.revisions import (
    Revisions,
    RevisionSource,
    final_law,
    learn_revisions,
)
from employment_forecast.features.history.stored_covariates import stored_covariate_sources

__all__ = [
    "Borrowed",
    "History",
    "KNOWN_AHEAD",
    "KnownSource",
    "Covariate",
    "NO_INPUTS",
    "Neighbour",
    "CovariateSource",
    "ModelInputs",
    "from_known",
    "histories_beside",
    "neighbours_identity",
    "stored_covariate_sources",
    "stored_inputs",
    "RevisionSource",
    "Revisions",
    "final_law",
    "learn_revisions",
]
