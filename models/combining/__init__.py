"""Combinations of the members' paths."""

from employment_forecast.models.combining.combination import MEMBERS, SHRUNKEN, combine
from employment_forecast.models.combining.pooling import FEWEST_MONTHS, pooled_shifts, shifted
from employment_forecast.models.combining.season import (
    season_share,
    season_weight,
    seasonal_evidence,
)
from employment_forecast.models.combining.weights import combine_weighted, inverse_score_weights

__all__ = [
    "FEWEST_MONTHS",
    "MEMBERS",
    "SHRUNKEN",
    "combine",
    "combine_weighted",
    "inverse_score_weights",
    "pooled_shifts",
    "season_share",
    "season_weight",
    "seasonal_evidence",
    "shifted",
]
