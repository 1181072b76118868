"""The shipped real series, and how shipped data sets get into the store."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from employment_forecast.data.bundled import loader
from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.store.store import Store

NATION = "100000"
SURVEYED = "surveyed_unemployment_rate"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def national() -> dict[tuple[str, str], loader.Observation]:
    return {(o.indicator, str(o.month)): o for o in loader.load_national()}


@pytest.fixture
def store(tmp_path: Path):
    opened = Store(f"sqlite:///{tmp_path / 'observations.db'}")
    yield opened
    opened.close()


def test_every_series_is_there_with_its_span(national):
    spans = {
        code: (
            min(m for c, m in national if c == code),
            max(m for c, m in national if c == code),
            n,
        )
        for code, n in Counter(code for code, _ in national).items()
    }
    assert spans == {
        SURVEYED: ("2018-01", "2026-08", 104),
        "surveyed_unemployment_rate_31_cities": ("2018-01", "2026-08", 104),
        "surveyed_unemployment_rate_16_24_with_students": ("2018-01", "2023-06", 66),
        "surveyed_unemployment_rate_16_24_without_students": ("2023-12", "2026-08", 33),
        "new_jobs": ("2007-11", "2025-03", 27),
        "pmi_manufacturing": ("2005-01", "2026-06", 258),
        "pmi_manufacturing_employment": ("2016-02", "2025-12", 70),
    }
    assert len(national) == len(loader.load_national())


@pytest.mark.parametrize(
    ("indicator", "month", "value"),
    [
        (SURVEYED, "2020-02", 6.2),
        (SURVEYED, "2022-04", 6.1),
        ("new_jobs", "2021-12", 12_690_000),
        ("new_jobs", "2020-04", 3_540_000),
        ("surveyed_unemployment_rate_16_24_with_students", "2023-06", 21.3),
        ("pmi_manufacturing", "2020-02", 35.7),
    ],
)
def test_known_values(national, indicator, month, value):
    assert national[indicator, month].value == value


def test_sources_name_the_publishing_office(national):
    offices = ("国家统计局", "人力资源社会保障部")
    assert all(o.source.startswith(offices) for o in national.values())
    assert all("原以万人公布" in o.source for o in national.values() if o.indicator == "new_jobs")


def test_values_keep_the_catalogue_and_the_printed_digit(national, catalogue):
    for row in national.values():
        indicator = catalogue.indicator(row.indicator)
        assert row.region == NATION
        assert row.value == pytest.approx(round(row.value, indicator.decimals), abs=1e-12)


def test_new_jobs_never_fall_within_a_year(national):
    rows = [o for o in national.values() if o.indicator == "new_jobs"]
    for before, after in pairwise(rows):
        assert before.month < after.month
        if before.month.year == after.month.year:
            assert before.value < after.value


def test_documented_release_days_of_2023(national):
    known = {m: o.published_on for (c, m), o in national.items() if c == SURVEYED}
    # January and February appeared together, so January must not be known before mid-March.
    assert known["2023-01"] == known["2023-02"] == date(2023, 3, 15)
    assert known["2022-12"] == date(2023, 1, 17)
    assert known["2023-11"] == date(2023, 12, 15)
    assert sum(day is not None for day in known.values()) == 12
    assert known["2022-01"] is None


def test_estimated_lag_is_no_shorter_than_any_documented_one(national, catalogue):
    lags = [
        (o.published_on - o.month.end_time.date()).days
        for o in national.values()
        if o.published_on and o.month.month != 1
    ]
    assert max(lags) == 18
    for code in {o.indicator for o in national.values() if o.published_on}:
        assert catalogue.indicator(code).lag_days >= max(lags)


def test_yearly_targets_file_keeps_the_quotes():
    text = (Path(loader.__file__).parent / "national_targets.csv").read_text("utf-8")
    rows = {(r["indicator"], r["period"]): r for r in csv.DictReader(StringIO(text))}
    assert len(rows) == 21
    assert rows[SURVEYED, "2022"]["quote"] == "全年控制在5.5%以内"
    assert rows[SURVEYED, "2020"]["announced_on"] == "2020-05-22"
    assert rows["new_jobs", "2023"]["qualifier"] == "左右"
    assert all(r["qualifier"] in r["quote"] for r in rows.values())
    assert all(r["announced_estimated"] == "true" for r in rows.values())


def test_sync_fills_the_store_once(store, catalogue, monkeypatch):
    assert loader.sync(store, catalogue) is True
    with monkeypatch.context() as patched:
        patched.setattr(loader, "parse_observations", lambda text: pytest.fail("read again"))
        assert loader.sync(store, catalogue) is False
    held = {(region, demo) for region, _, demo in store.series()}
    assert (NATION, False) in held
    assert {r for r, demo in held if demo} == {"310104", "310114", "330683", "330900", "420115"}


def test_real_series_is_known_with_its_lags(filled):
    known = filled.as_of(date(2023, 3, 14), NATION, SURVEYED)
    assert known.values.index[-1] == pd.Period("2022-12", "M")
    assert known.estimated
    assert not known.demo
    later = filled.as_of(date(2023, 3, 15), NATION, SURVEYED)
    assert later.values.index[-1] == pd.Period("2023-02", "M")
    assert len(filled.as_of(date(2026, 11, 23), NATION, SURVEYED).values) == 104


@pytest.mark.soak
def test_changed_lag_or_file_is_a_changed_data_set(store, catalogue):
    loader.sync(store, catalogue)
    slower = tuple(replace(i, lag_days=i.lag_days + 5) for i in catalogue.indicators)
    changed = replace(catalogue, indicators=slower)
    assert loader.sync(store, changed) is True
    rows = store.vintages(NATION, SURVEYED).rows
    assert not rows["month"].duplicated().any()
    days = rows.set_index("month")["published_on"].dt.date
    assert days[201804] == date(2018, 4, 30) + timedelta(days=23)
    assert days[201801] == days[201802] == date(2018, 2, 28) + timedelta(days=23)
    one, two = (loader.fingerprint(c, catalogue) for c in (b"a", b"b"))
    assert one != two
    assert len(one) == 64


def test_deferred_rows_behave_as_the_list_they_stand_for():
    reads = []

    def read():
        reads.append(1)
        return loader.load_national()[:3]

    rows = loader._Deferred(read)
    assert not reads
    assert len(rows) == 3
    assert rows[0].month == pd.Period("2018-01", "M")
    assert list(rows[1:]) == list(rows)[1:]
    assert reads == [1]
