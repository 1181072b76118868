"""Several series at once on one workspace: all succeed, and none loses a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

STOCK = "registered_unemployed"
SERIES = (
    ("嘉定", STOCK),
    ("徐汇", STOCK),
    ("嵊州", STOCK),
    ("舟山", STOCK),
    ("江夏", STOCK),
    ("全国", "surveyed_unemployment_rate"),
    ("徐汇", "registered_unemployment_rate"),
    ("舟山", "new_jobs"),
)
FAST = ("--models", "random_walk", "--origins", "4", "--jobs", "1", "--promote", "--json")


Series = tuple[tuple[str, str], ...]


def all_succeed(start: Callable[..., Any], series: Series) -> list[dict[str, Any]]:
    processes = [
        start("run", "--region", region, "--indicator", indicator, *FAST)
        for region, indicator in series
    ]
    # All are waited for before any is judged, so that none is left behind.
    ended = [(process, *process.communicate(timeout=600)) for process in processes]
    contents = []
    for process, out, err in ended:
        assert process.returncode == 0, (err + out[:400]).decode("utf-8", "replace")
        assert b"alembic" not in err
        assert b"INFO" not in err
        contents.append(json.loads(out))
    return contents


@pytest.fixture(autouse=True)
def settings(home: Path) -> None:
    """The short roster as the workspace's own, so that its runs are no trials."""
    home.mkdir(parents=True)
    text = '[run]\nmodels = ["random_walk"]\norigins = 4\n'
    (home / "forecast.toml").write_text(text, "utf-8")


@pytest.mark.soak  # two regions of one command are told in test_run.py
def test_two_regions_at_once(start: Callable[..., Any], home: Path) -> None:
    """Each finds no database and wants to make it."""
    contents = all_succeed(start, SERIES[:2])
    assert len({f["run_id"] for f in contents}) == 2
    assert {f["champion"]["version"] for f in contents} == {"1"}
    assert list((home / "mlruns" / "running").glob("*.alive")) == []


@pytest.mark.soak
def test_eight_regions_at_once(start: Callable[..., Any], home: Path) -> None:
    contents = all_succeed(start, SERIES)
    assert len({f["run_id"] for f in contents}) == 8
    assert list((home / "mlruns" / "running").glob("*.alive")) == []
