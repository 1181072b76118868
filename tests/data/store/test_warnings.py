"""Issued warnings are kept for ever; what came of them is added, never written over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.store.store import Store
from employment_forecast.data.store.warnings import (
    IssuedWarning,
    WarningOutcome,
    issue,
    issued,
    outcomes,
    record_outcome,
)
from employment_forecast.data.workspace import restore_backup, write_backup
from employment_forecast.data.workspace.folders import Workspace

MONTH = pd.Period("2026-10", "M")
EVIDENCE = {"reasons": ["期内突破概率 41%"], "caps": [{"value": 0.1 + 0.2}]}


@pytest.fixture
def kept(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


@pytest.fixture
def warning() -> Callable[..., IssuedWarning]:
    def make(**fields: Any) -> IssuedWarning:
        given: dict[str, Any] = {
            "region": "310114",
            "indicator": "registered_unemployed",
            "month": MONTH,
            "as_of": date(2026, 11, 20),
            "level": "yellow",
            "level_name": "黄色预警",
            "evidence": EVIDENCE,
            "registered_name": "registered_unemployed.310114",
            "version": "3",
            "model": "combination",
            "fingerprint": "f" * 64,
            "demo": False,
        }
        return IssuedWarning(**{**given, **fields})

    return make


def rows(store: Store, table: str) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(r) for r in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def test_a_warning_comes_back_as_it_was(kept: Store, warning, monkeypatch) -> None:
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-20")
    stored, fresh = issue(kept, warning())
    assert fresh
    assert stored.issued_at is not None
    assert stored.issued_at.date() == date(2026, 11, 20)
    (returned,) = issued(kept)
    assert returned == stored
    assert returned.evidence["caps"][0]["value"] == 0.1 + 0.2
    assert returned == replace(warning(), id=stored.id, issued_at=stored.issued_at)


def test_the_same_level_on_the_same_data_is_one_warning(kept: Store, warning) -> None:
    first, _ = issue(kept, warning())
    again, fresh = issue(kept, warning(as_of=date(2026, 11, 25)))
    assert (again.id, fresh) == (first.id, False)
    assert again.as_of == date(2026, 11, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"level": "red"}, {"month": MONTH + 1}, {"version": "4"}, {"fingerprint": "0" * 64},
        {"evidence": {}}, {"demo": True},
    ],
    ids=str,
)  # fmt: skip
def test_anything_else_is_a_further_warning(kept: Store, warning, change) -> None:
    issue(kept, warning())
    before = rows(kept, "issued_warnings")
    assert issue(kept, warning(**change))[1]
    assert rows(kept, "issued_warnings")[:1] == before
    # Back to what it was: said again, since in between something else was said.
    assert issue(kept, warning())[1]
    assert len(issued(kept)) == 3


def test_series_kinds_and_days_are_kept_apart(kept: Store, warning, monkeypatch) -> None:
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-20")
    issue(kept, warning())
    issue(kept, warning(region="310104"))
    assert issue(kept, warning(kind="sample"))[1]
    monkeypatch.setenv("FORECAST_TODAY", "2026-12-20")
    issue(kept, warning(level="red"))
    assert [w.region for w in issued(kept)] == ["310114", "310104", "310114"]
    assert [w.level for w in issued(kept, "310114")] == ["yellow", "red"]
    assert [w.level for w in issued(kept, "310114", day=date(2026, 12, 19))] == ["yellow"]
    assert len(issued(kept, "310114", kind=None)) == 3
    assert issued(kept, "310114", "other") == []


def test_an_outcome_is_added_and_a_revision_adds_another(kept: Store, warning) -> None:
    stored, _ = issue(kept, warning())
    before = rows(kept, "issued_warnings")
    quiet = WarningOutcome("false_alarm", date(2027, 1, 20), detail={"caps": []})
    assert record_outcome(kept, stored, quiet)
    assert not record_outcome(kept, stored, replace(quiet, as_of=date(2027, 2, 20)))
    first = rows(kept, "warning_outcomes")
    hit = WarningOutcome("hit", date(2027, 3, 20), MONTH + 2, 2, 61)
    assert record_outcome(kept, stored, hit)
    assert rows(kept, "warning_outcomes")[:1] == first
    assert rows(kept, "issued_warnings") == before
    recorded = outcomes(kept)[stored.id]
    assert [o.verdict for o in recorded] == ["false_alarm", "hit"]
    assert (recorded[-1].breach_month, recorded[-1].lead_months, recorded[-1].lead_days) == (
        MONTH + 2,
        2,
        61,
    )
    assert recorded[-1].recorded_at is not None
    assert [o.verdict for o in outcomes(kept, as_of=date(2027, 3, 19))[stored.id]] == [
        "false_alarm"
    ]
    assert outcomes(kept, as_of=date(2027, 1, 1)) == {}


def test_outcomes_of_one_series(kept: Store, warning) -> None:
    here, there = issue(kept, warning())[0], issue(kept, warning(region="310104"))[0]
    for each in (here, there):
        record_outcome(kept, each, WarningOutcome("hit", date(2027, 1, 20), MONTH + 1, 1, 30))
    assert outcomes(kept).keys() == {here.id, there.id}
    assert outcomes(kept, "310104").keys() == {there.id}
    assert outcomes(kept, "310104", there.indicator) == {there.id: outcomes(kept)[there.id]}
    assert outcomes(kept, "310104", "other") == {}


def test_an_outcome_needs_its_warning(kept: Store, warning) -> None:
    with pytest.raises(NotFoundError, match="9"):
        record_outcome(kept, warning(id=9), WarningOutcome("hit", date(2027, 1, 1)))


def test_warnings_survive_backup_and_restore(kept: Store, warning, tmp_path: Path) -> None:
    stored, _ = issue(kept, warning())
    record_outcome(kept, stored, WarningOutcome("hit", date(2027, 1, 20), MONTH + 1, 1, 30))
    old, new = Workspace(tmp_path / "old"), Workspace(tmp_path / "new")
    old.create()
    new.create()
    assert write_backup(old, kept, tmp_path / "b.zip")["issued_warnings"] == 1
    fresh = Store(f"sqlite:///{new.database}")
    restore_backup(new, fresh, tmp_path / "b.zip")
    assert issued(fresh) == issued(kept)
    assert outcomes(fresh) == outcomes(kept)
    assert issue(fresh, warning(level="red"))[0].id == stored.id + 1
    fresh.close()
