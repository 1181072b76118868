"""Checks on observations, listed in one table that is also their documentation."""

from employment_forecast.data.imports.checks.batch import Batch, Check, CheckedSeries, CheckResult
from employment_forecast.data.imports.checks.table import CHECKS, checks_markdown, run_checks

__all__ = [
    "CHECKS",
    "Batch",
    "Check",
    "CheckResult",
    "CheckedSeries",
    "checks_markdown",
    "run_checks",
]
