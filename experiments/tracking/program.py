"""Who recorded a run, and with which program."""

from __future__ import annotations

import getpass
from functools import cache
from importlib import metadata

from employment_forecast.forecasting.backtest import engine_version

DISTRIBUTION = "employment-forecast"


@cache
def program_version() -> str:
    """Release and fingerprint of everything that can change a forecast: program and libraries."""
    try:
        release = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        release = "source"
    return f"{release}+{engine_version()}"


def user() -> str:
    """Name of whoever runs the command, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未知"
