"""Where a cycle keeps its records in a workspace."""

from __future__ import annotations

from pathlib import Path

from employment_forecast.data.workspace import Workspace


def cycle_folder(workspace: Workspace) -> Path:
    """Everything the cycle keeps."""
    return workspace.root / "monthly"


def journal_folder(workspace: Workspace) -> Path:
    """What was done, one file a series."""
    return cycle_folder(workspace) / "journal"


def report_file(workspace: Workspace) -> Path:
    """The report of the last cycle."""
    return cycle_folder(workspace) / "report.json"


def log_file(workspace: Workspace) -> Path:
    """Where every step is written down."""
    return workspace.root / "logs" / "monthly.log"
