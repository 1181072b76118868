"""Declared events: kept with the days they were known, and nothing of the past rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import (
    DataError,
    NotFoundError,
    RefusedError,
    UnknownNameError,
    UsageError,
)
from employment_forecast.data.records.shocks import Shock, read_shock
from employment_forecast.data.store.shocks import declare, declared, withdraw
from employment_forecast.data.store.store import Store
from employment_forecast.data.workspace import restore_backup, write_backup
from employment_forecast.data.workspace.folders import Workspace

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_TODAY", TODAY.isoformat())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def event(**other: object) -> Shock:
    fields = {
        "region": "310114", "indicator": "", "month": pd.Period("2022-03", "M"),
        "kind": "temporary", "months": 6, "name": "疫情", "source": "通告",
        "declared_on": date(2022, 4, 10),
    }  # fmt: skip
    return Shock(**{**fields, **other})  # type: ignore[arg-type]


def test_an_event_is_kept_as_declared(store: Store) -> None:
    done = declare(store, event(), CATALOGUE)
    assert done.number == 1
    assert declared(store) == [event(number=1)]
    assert declared(store, "310104") == []


def test_it_is_known_from_its_day_until_withdrawn(store: Store) -> None:
    declare(store, event(), CATALOGUE)
    vintages = store.vintages("310114", "registered_unemployed")
    assert vintages.as_of(date(2022, 4, 9)).shocks == ()
    assert [s.number for s in vintages.as_of(date(2022, 4, 10)).shocks] == [1]
    gone = withdraw(store, 1)
    assert gone.withdrawn_on == TODAY
    again = store.vintages("310114", "registered_unemployed")
    # What was known on earlier days is not rewritten.
    assert [s.number for s in again.as_of(date(2026, 11, 19)).shocks] == [1]
    assert again.as_of(TODAY).shocks == ()


def test_an_event_of_one_indicator_concerns_no_other(store: Store) -> None:
    declare(store, event(indicator="new_jobs"), CATALOGUE)
    declare(store, event(), CATALOGUE)
    numbers = [
        [s.number for s in store.vintages("310114", code).shocks]
        for code in ("new_jobs", "registered_unemployed")
    ]
    assert numbers == [[1, 2], [2]]
    assert store.vintages("310104", "new_jobs").shocks == ()


def test_what_cannot_be_is_refused(store: Store) -> None:
    declare(store, event(), CATALOGUE)
    with pytest.raises(RefusedError, match="编号 1"):
        declare(store, event(name="又一次"), CATALOGUE)
    with pytest.raises(UnknownNameError):
        declare(store, event(region="999999"), CATALOGUE)
    with pytest.raises(NotFoundError):
        withdraw(store, 7)
    withdraw(store, 1)
    with pytest.raises(NotFoundError):
        withdraw(store, 1)
    assert declare(store, event(), CATALOGUE).number == 2


@pytest.mark.parametrize(
    "wrong", [{"kind": "wave"}, {"months": 0}, {"months": 37}, {"kind": "step"}]
)
def test_impossible_fields(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError) as caught:
        event(**wrong)
    assert caught.value.hint


def stated(**other: object) -> Shock:
    fields = {
        "region": "310114", "indicator": "", "month": "2022-03", "kind": "pulse", "months": None,
        "name": " 疫情 ", "source": "通告", "declared_on": TODAY,
    }  # fmt: skip
    return read_shock(**{**fields, **other})  # type: ignore[arg-type]


def test_usual_lengths() -> None:
    assert (stated().months, stated().name) == (1, "疫情")
    assert stated(kind="temporary").months == 6
    assert stated(kind="step").months == 0
    assert stated(month="2022年3月").month == pd.Period("2022-03", "M")
    assert stated(kind="temporary", months=9).phrase == "2022-03 疫情（暂时，9 个月后剩一成）"
    assert stated(months=2).phrase == "2022-03 疫情（脉冲，2 个月）"


@pytest.mark.parametrize(
    "wrong",
    [
        {"month": "2022-13"}, {"month": "1022-03"}, {"name": " "}, {"source": ""},
        {"name": "甲\n乙"}, {"month": "2030-01"}, {"declared_on": date(2019, 3, 1)},
        {"kind": "step", "months": 3}, {"declared_on": date(2026, 11, 21)},
    ],
)  # fmt: skip
def test_unusable_statements(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        stated(**wrong)
    assert caught.value.hint


def test_backup_and_restore_keep_events(store: Store, tmp_path: Path) -> None:
    declare(store, event(), CATALOGUE)
    withdraw(store, 1)
    declare(store, event(kind="step", months=0, indicator="new_jobs"), CATALOGUE)
    file = tmp_path / "备份.zip"
    assert write_backup(Workspace(tmp_path / "甲"), store, file)["shocks"] == 2
    new = Store(f"sqlite:///{tmp_path / 'new.db'}")
    try:
        restore_backup(Workspace(tmp_path / "乙"), new, file)
        assert declared(new) == declared(store)
    finally:
        new.close()
