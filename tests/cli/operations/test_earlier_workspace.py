"""A workspace of release 0.1.0, the last before everything moved under one import name, goes on.

The archive holds what that release left of one imported series: its databases as SQL (without the
data that ship with the program, and without the bulletin's docx and html), the champion's files,
the published thresholds.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.paths import FIXTURES

Forecast = Callable[..., Any]
PLACE = ("--region", "嘉定")
THEN = {"FORECAST_TODAY": "2026-10-21"}


@pytest.fixture
def earlier(home: Path, forecast: Forecast) -> Forecast:
    """Call `forecast` in the workspace that the earlier release left."""
    with tarfile.open(FIXTURES / "workspace-0.1.0.tar.xz") as archive:
        archive.extractall(home, filter="data")
    for dump in (*home.glob("*.sql"), *home.glob("mlruns/*.sql")):
        with closing(sqlite3.connect(dump.with_suffix(".db"))) as connection:
            # MLflow's database says where the workspace lies.
            connection.executescript(dump.read_text("utf-8").replace("/srv/forecast", str(home)))
        dump.unlink()
    return forecast


def schema(home: Path) -> str:
    with closing(sqlite3.connect(home / "observations.db")) as connection:
        (number,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(number)


def test_its_store_upgrades_its_champion_serves_its_bulletin_is_listed(
    earlier: Forecast, home: Path
) -> None:
    assert schema(home) == "0006"
    (document,) = home.glob("thresholds/*.json")
    lines = {
        (x["month"], x["level"]): x["value"] for x in json.loads(document.read_text())["lines"]
    }

    shown = earlier("data", "show", *PLACE, "--json", env=THEN)
    assert shown.code == 0, shown.err
    rows = {row["month"]: row["value"] for row in shown.json["observations"]}
    assert (len(rows), rows["2026-09"]) == (69, 11488)
    assert schema(home) > "0006"

    served = earlier("predict", *PLACE, "--what", "lines", "--json", env=THEN)
    assert served.code == 0, served.err
    assert (served.json["version"], served.json["model"]) == ("1", "seasonal_naive")
    assert {(r["month"], r["level"]): r["value"] for r in served.json["rows"]} == lines
    checked = earlier("thresholds", "check", "11400", *PLACE, env=THEN)
    assert checked.code == 0, checked.err
    # A new document comes from the old version's own paths.
    renewed = earlier("thresholds", "export", *PLACE, "--json", env=THEN)
    assert renewed.code == 0, renewed.err

    (bulletin,) = earlier("bulletin", "list", "--json", env=THEN).json["bulletins"]
    assert (bulletin["month"], bulletin["state"]) == ("2026-09", "issued")
    assert (bulletin["number"], bulletin["reviewer"]) == ("嘉人社〔2026〕1号", "李四")
