"""From a finished run to the champion: evidence, gate, promotion."""

from employment_forecast.experiments.promotion.evidence import GateEvidence, stored_evidence
from employment_forecast.experiments.promotion.lifecycle import (
    PASSED_WHY,
    PromotionResult,
    examine_only,
    instead,
    promote,
    promote_if_passed,
)
from employment_forecast.experiments.promotion.version_view import (
    ALIAS_NAMES,
    chosen,
    comparison,
    comparison_workbook,
    document,
    row,
)

__all__ = [
    "ALIAS_NAMES",
    "GateEvidence",
    "PASSED_WHY",
    "PromotionResult",
    "chosen",
    "comparison",
    "comparison_workbook",
    "document",
    "examine_only",
    "instead",
    "promote",
    "row",
    "promote_if_passed",
    "stored_evidence",
]
