"""Where settings, observations, caches and MLflow's files live, and what opens them.

Names are loaded when first asked for, so that a command that reads a file starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from employment_forecast.data.workspace.backup import write_backup
    from employment_forecast.data.workspace.cell_cache import FileCellCache
    from employment_forecast.data.workspace.connections import (
        MAIL_PASSWORD,
        harmless_environment,
    )
    from employment_forecast.data.workspace.folders import Workspace, find_workspace
    from employment_forecast.data.workspace.registration import region_tables, write_settings
    from employment_forecast.data.workspace.restore import demand_restored, restore_backup
    from employment_forecast.data.workspace.scratch import use_scratch
    from employment_forecast.data.workspace.session import Session
    from employment_forecast.data.workspace.settings import Settings, load_settings, template

__all__ = [
    "FileCellCache",
    "MAIL_PASSWORD",
    "Session",
    "Settings",
    "Workspace",
    "demand_restored",
    "find_workspace",
    "harmless_environment",
    "load_settings",
    "region_tables",
    "restore_backup",
    "template",
    "use_scratch",
    "write_backup",
    "write_settings",
]
_HOME = {
    "FileCellCache": "cell_cache",
    "MAIL_PASSWORD": "connections",
    "harmless_environment": "connections",
    "Session": "session",
    "Settings": "settings",
    "Workspace": "folders",
    "find_workspace": "folders",
    "load_settings": "settings",
    "demand_restored": "restore",
    "region_tables": "registration",
    "write_settings": "registration",
    "restore_backup": "restore",
    "use_scratch": "scratch",
    "template": "settings",
    "write_backup": "backup",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
