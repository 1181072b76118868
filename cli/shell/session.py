"""Open a workspace for a command, and say once where it was made."""

from __future__ import annotations

import sys

from employment_forecast.data.workspace import Session, find_workspace, load_settings

__all__ = ["Session", "open_session", "notice"]


def notice(text: str) -> None:
    """One line for people, on stderr, so that stdout stays for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def open_session() -> Session:
    """Find the workspace, make what is missing (and say where, once), read the settings."""
    workspace = find_workspace()
    settings = load_settings(workspace)
    if workspace.create():
        notice(f"已建立工作区：{workspace.root}")
    return Session(workspace, settings)
