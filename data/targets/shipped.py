"""Targets that ship with the program: yearly national ones and the demonstration caps."""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from importlib import resources
from io import StringIO
from typing import Any

from employment_forecast.data.targets.target import Basis, Target

# What a yearly rate target binds: the year's average, and (stricter) each of its months.
_NATIONAL_BASES: dict[str, tuple[Basis, ...]] = {
    "cap": ("period_average", "any_month"),
    "floor": ("period_total",),
}


def _shipped(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text("utf-8")


def load_national_targets() -> list[Target]:
    """Yearly targets of the Government Work Report (政府工作报告), 2018 to 2026.

    A rate gives two targets: the year's average (`period_average`), as the report means it, and a
    ceiling for each month (`any_month`). The announcement days are estimated and flagged.
    """
    targets = []
    for row in csv.DictReader(
        StringIO(_shipped("employment_forecast.data.bundled", "national_targets.csv"))
    ):
        for basis in _NATIONAL_BASES[row["direction"]]:
            raw: dict[str, Any] = {
                **row,
                "tier": "national",
                "basis": basis,
                "value": float(row["value"]),
                "announced_on": date.fromisoformat(row["announced_on"]),
                "announced_estimated": row["announced_estimated"] == "true",
                "note": "全年目标逐月对照" if basis == "any_month" else "",
            }
            targets.append(Target(**raw))
    return targets


def load_demo_targets() -> list[Target]:
    """Demonstration caps (演示控制数) and floors; see `data.bundled.demo.generator`."""
    return [
        Target(**raw, demo=True)
        for raw in tomllib.loads(_shipped("employment_forecast.data.bundled.demo", "caps.toml"))[
            "caps"
        ]
    ]


def load_targets() -> list[Target]:
    """Every target that ships with the program, real ones first."""
    return [*load_national_targets(), *load_demo_targets()]
