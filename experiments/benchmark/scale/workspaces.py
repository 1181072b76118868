"""Workspaces of synthetic regions: airline models with a movement they share, seeds fixed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.clock import month_end
from employment_forecast.data.records import Observation
from employment_forecast.data.store import add_targets
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session, Workspace, load_settings

Floats = npt.NDArray[np.float64]

PARENT, PARENT_NAME = "980000", "示例省"
INDICATOR = "registered_unemployed"
FIRST = pd.Period("2014-01", "M")
MONTHS = 150
# Of the logarithm: regular and seasonal moving average, own and shared innovations.
THETA, SEASONAL, OWN, SHARED = -0.3, -0.6, 0.02, 0.01
LAG_DAYS = 15
LIGHT = ("ets", "uc", "sarima", "theta", "combination")
CAP_OVER = 1.1
SEED = 20261129


def series(count: int, months: int) -> Floats:
    """Values of the regions, shape (months, count)."""
    rng = np.random.default_rng(SEED)
    burn = 13
    shared = rng.normal(0, SHARED, months + burn)
    values = np.empty((months, count))
    for region in range(count):
        own = np.random.default_rng([SEED, region])
        noise = own.normal(0, OWN, months + burn) + shared
        w = noise.copy()
        w[1:] += THETA * noise[:-1]
        w[12:] += SEASONAL * noise[:-12]
        w[13:] += THETA * SEASONAL * noise[:-13]
        z = np.zeros(months + burn)
        z[:burn] = 8.5 + 0.1 * np.sin(2 * np.pi * np.arange(burn) / 12) + own.normal(0, 0.5)
        for t in range(burn, months + burn):
            z[t] = z[t - 1] + z[t - 12] - z[t - 13] + w[t]
        values[:, region] = np.round(np.exp(z[burn:]))
    return values


def published(month: pd.Period) -> date:
    """Day on which a month's figures come out."""
    return month_end(month) + timedelta(days=LAG_DAYS)


def build(root: Path, values: Floats, light: bool, jobs: int) -> Session:
    """A new workspace that knows the regions of `series` and their caps; no data yet."""
    workspace, count = Workspace(root), values.shape[1]
    workspace.create()
    models = ", ".join(f'"{name}"' for name in LIGHT) if light else ""
    lines = [f"[run]\njobs = {jobs}\nmodels = [{models}]\n"]
    lines += [f'[[regions]]\ncode = "{PARENT}"\nname = "{PARENT_NAME}"\nlevel = "province"\n']
    lines += [
        f'[[regions]]\ncode = "{code}"\nname = "示例{at:04d}区"\nparent = "{PARENT}"\n'
        for at, code in enumerate(codes(count))
    ]
    workspace.settings_file.write_text("".join(lines), "utf-8")
    session = Session(workspace, load_settings(workspace))
    add_targets(session.store, _caps(values), session.catalogue)
    return session


def _caps(values: Floats) -> list[Target]:
    """For each region and year what it had at the end of the year before, and a tenth more."""
    decembers = range(11, len(values), 12)
    return [
        Target(
            region=code,
            indicator=INDICATOR,
            tier="municipal",
            direction="cap",
            basis="any_month",
            qualifier="以内",
            period=str(FIRST.year + (month + 1) // 12),
            value=float(round(values[month, at] * CAP_OVER)),
            unit="人",
            announced_on=published(FIRST + month),
            announced_estimated=False,
            source="合成数据",
        )
        for at, code in enumerate(codes(values.shape[1]))
        for month in decembers
    ]


def environment(root: Path) -> dict[str, str]:
    """Environment of a command in a workspace; modules are compiled, as an installed program's."""
    here = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**here, "FORECAST_HOME": str(root)}


def codes(count: int) -> Sequence[str]:
    """Codes of the regions: nine digits, as streets have."""
    return [f"9801{at:05d}" for at in range(count)]


def publish(session: Session, values: Floats, months: Sequence[pd.Period]) -> None:
    """Bring in the figures of some months."""
    rows = [
        Observation(
            code,
            INDICATOR,
            month,
            float(values[(month - FIRST).n, at]),
            published(month),
            "合成数据",
        )
        for at, code in enumerate(codes(values.shape[1]))
        for month in months
    ]
    session.store.append(rows, session.catalogue, command="scale benchmark")
