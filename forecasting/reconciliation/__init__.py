"""Parts and whole: sample paths of a tree of series made to add up."""

from employment_forecast.forecasting.reconciliation.coherent import TOLERANCE, coherent
from employment_forecast.forecasting.reconciliation.law import ErrorLaw, learn_law
from employment_forecast.forecasting.reconciliation.tree import Sum, Tree

__all__ = ["ErrorLaw", "Sum", "TOLERANCE", "Tree", "coherent", "learn_law"]
