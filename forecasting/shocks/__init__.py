"""Declared events and their effects, and proposals of undeclared ones."""

from employment_forecast.forecasting.shocks.effects import shock_rows
from employment_forecast.forecasting.shocks.proposals import (
    CRITICAL,
    FALSE_ALARMS,
    Proposal,
    note,
    proposal_rows,
    propose,
)

__all__ = [
    "CRITICAL",
    "FALSE_ALARMS",
    "Proposal",
    "note",
    "proposal_rows",
    "propose",
    "shock_rows",
]
