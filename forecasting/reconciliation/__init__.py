"""Parts and whole: sample paths of a tree of series made to add up."""

from employment_forecast.forecasting.reconciliation.choice import (
    LevelScore,
    TreeChoice,
    TreeEvidence,
    choose_tree,
)
from employment_forecast.forecasting.reconciliation.coherent import (
    TOLERANCE,
    coherent,
    joint_order,
    possible,
    projected,
)
from employment_forecast.forecasting.reconciliation.law import (
    ErrorLaw,
    implied_correlation,
    learn_law,
)
from employment_forecast.forecasting.reconciliation.tree import Sum, Tree

__all__ = [
    "ErrorLaw",
    "LevelScore",
    "Sum",
    "TOLERANCE",
    "Tree",
    "TreeChoice",
    "TreeEvidence",
    "choose_tree",
    "coherent",
    "implied_correlation",
    "joint_order",
    "learn_law",
    "possible",
    "projected",
]
