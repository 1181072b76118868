"""From a finished run to the version in force."""

from employment_forecast.experiments.promotion.evidence import Evidence, stored_evidence
from employment_forecast.experiments.promotion.lifecycle import (
    PASSED_WHY,
    Settled,
    examine,
    promote,
    settle,
)
from employment_forecast.experiments.promotion.version_view import (
    ALIAS_NAMES,
    chosen,
    comparison,
    document,
    row,
)

__all__ = [
    "ALIAS_NAMES",
    "Evidence",
    "PASSED_WHY",
    "Settled",
    "chosen",
    "comparison",
    "document",
    "examine",
    "promote",
    "row",
    "settle",
    "stored_evidence",
]
