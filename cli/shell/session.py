"""Open a workspace for a command, and say once where it was made."""

from __future__ import annotations

import mmap
import sys

from employment_forecast.data.workspace import (
    Session,
    Workspace,
    find_workspace,
    load_settings,
    use_scratch,
)

__all__ = ["Session", "demand_memory", "open_session", "notice"]

_LEAST_MEMORY = 900 << 20  # a forecast in one process ends with 1,000 MB of addresses, not with 900


def demand_memory() -> None:
    """Refuse to forecast under a limit on memory that is too small, before anything is loaded.

    Later it is too late: libraries of linear algebra wait for ever for memory while they load.
    """
    mmap.mmap(-1, _LEAST_MEMORY).close()  # OSError is told as lack of memory; nothing is touched


def notice(text: str) -> None:
    """One line for people, on stderr, so that stdout stays for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def open_workspace() -> Workspace:
    """Find the workspace and make what is missing; say where, once."""
    workspace = find_workspace()
    if workspace.create():
        notice(f"已建立工作区：{workspace.root}")
    use_scratch(workspace)
    return workspace


def open_session() -> Session:
    """Open the workspace and read its settings; refused where a restore was cut off."""
    workspace = find_workspace()
    if workspace.restoring.exists():
        from employment_forecast.data.workspace import demand_restored

        demand_restored(workspace)
    settings = load_settings(workspace)
    return Session(open_workspace(), settings)
