"""Small numbers of people and firms are not told, and cannot be worked out from what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.catalogue import Group, load_catalogue
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.data.store.store import Store
from employment_forecast.features.sample.panel import UNKNOWN_TRAIT
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.people import people_record
from employment_forecast.forecasting.bulletin.record.sample import OTHER, sample_record
from employment_forecast.forecasting.bulletin.text.blocks import CitedTable
from employment_forecast.forecasting.bulletin.text.facts import CitedRecord, plain
from employment_forecast.forecasting.bulletin.text.sections.people import people, sample

MONTH = pd.Period("2026-10", "M")
DAY = date(2026, 11, 20)
NOTHING = pd.DataFrame({"firm": [], "month": [], "type": [], "cause": [], "count": []})


def reports(firms: list[tuple[str, int, int]]) -> pd.DataFrame:
    """Three months of reports; industry, headcount and separations of October by firm."""
    rows = []
    for at, (industry, size, left) in enumerate(firms):
        for month in (MONTH - 2, MONTH - 1, MONTH):
            gone = left if month == MONTH else 0
            rows.append({
                "firm": f"F{at:02d}", "month": month, "base": float(size), "hires": 0.0,
                "separations": float(gone), "end": float(size - gone), "dispatched": 0.0,
                "hidden": 0.0, "kinds": {}, "industry": industry, "sector": None,
                "ownership": None, "size": None, "street": None, "base_is": "month",
                "source": "测试", "demo": False,
            })  # fmt: skip
    return pd.DataFrame(rows)


def told(firms: list[tuple[str, int, int]]) -> dict[str, Any]:
    record = sample_record(reports(firms), NOTHING, NOTHING, MONTH)
    assert record is not None
    return record


@given(
    st.lists(
        st.tuples(st.sampled_from(["甲业", "乙业", "丙业", ""]), st.integers(20, 400),
                  st.integers(0, 9)),
        min_size=3, max_size=12,
    )
)  # fmt: skip
def test_no_firm_without_a_code_can_be_worked_out(firms: list[tuple[str, int, int]]) -> None:
    record = told(firms)
    codes = [f"F{i:02d}" for i in range(len(firms))]
    named = {r["firm"] for k in ("movers", "abnormal") for r in record[k].values()}
    industries = {r["industry"]: r for r in record["industries"].values()}
    own = [name for name in industries if name != OTHER]
    # Whoever knows each firm's industry can subtract, row by row and from the total.
    for name, row in industries.items():
        inside = [
            code
            for code, (industry, *_) in zip(codes, firms, strict=True)
            if (industry or UNKNOWN_TRAIT) == name
            or (name == OTHER and (industry or UNKNOWN_TRAIT) not in own)
        ]
        assert row["firms"] == len(inside)
        assert len(set(inside) - named) not in (1, 2)
    assert len(set(codes) - named) not in (1, 2)
    if industries:
        for key in ("firms", "opening", "separations", "end"):
            assert sum(r[key] for r in industries.values()) == record["totals"][key]
    assert record["movers_withheld"] == (len(firms) == 3)


def details(cells: set[tuple[int, str]], count: int = 4) -> pd.DataFrame:
    """Separations of October by firm and cause."""
    rows = [(f"F{at:02d}", MONTH, cause, float(count + at)) for at, cause in sorted(cells)]
    return pd.DataFrame(rows, columns=["firm", "month", "cause", "count"])


def by_cause(firms: int, causes: pd.DataFrame) -> dict[str, Any]:
    record = sample_record(reports([("甲业", 400, 9)] * firms), NOTHING, causes, MONTH)
    assert record is not None
    return {row["name"]: row for row in record["causes"].values()}


def test_causes_of_one_firm_alone_are_not_told_together() -> None:
    cells = {(at, "其他原因") for at in range(20)}
    alone = {(0, "关闭破产"), (0, "外迁"), (0, "停业整顿")}
    assert set(by_cause(20, details(cells | alone))) == {OTHER}
    rows = by_cause(20, details(cells | alone | {(1, "外迁"), (2, "停业整顿")}))
    assert set(rows) == {"其他原因", OTHER}


@given(
    st.sets(
        st.tuples(st.integers(0, 9), st.sampled_from(["关闭破产", "外迁", "停业整顿", "其他原因"])),
        min_size=1,
        max_size=20,
    )
)
def test_every_cause_that_is_told_rests_on_three_firms(cells: set[tuple[int, str]]) -> None:
    causes = details(cells)
    rows = by_cause(10, causes)
    if causes["firm"].nunique() < 3:
        assert rows == {}
        return
    for name, row in rows.items():
        own = causes["cause"] == name if name != OTHER else ~causes["cause"].isin(list(rows))
        assert causes.loc[own, "firm"].nunique() >= 3
        assert row["count"] == causes.loc[own, "count"].sum()
    assert sum(r["count"] for r in rows.values()) == causes["count"].sum()


def test_a_handful_of_firms_is_told_without_codes() -> None:
    book = CitedRecord(
        {"sample": told([("甲业", 100, 4)] * 3), "source": "测试", "month": "2026-10"}
    )
    said = "".join(plain(b.text) for b in sample(book) if not isinstance(b, CitedTable))
    assert "上报的企业太少，按保密规则不逐户列示。" in said
    assert "F0" not in said


def test_two_comparable_firms_show_no_rate() -> None:
    frame = reports([("甲业", 100, 4)] * 5)
    new = frame["firm"].isin(["F02", "F03", "F04"]) & (frame["month"] < MONTH)
    record = sample_record(frame[~new], NOTHING, NOTHING, MONTH)
    assert record is not None
    assert (record["matched"]["firms"], record["matched"]["change"]) == (2, None)
    book = CitedRecord({"sample": record, "source": "测试", "month": "2026-10"})
    said = "".join(plain(b.text) for b in sample(book) if not isinstance(b, CitedTable))
    assert "可比企业不足三家，不予列示" in said


@pytest.fixture
def store(tmp_path: Any) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'o.db'}")
    yield opened
    opened.close()


def series(store: Store, values: dict[str, float], region: str = "310114") -> Vintages:
    """A series of registered unemployed with these months alone."""
    catalogue = load_catalogue()
    rows = [
        Observation(region, "registered_unemployed", pd.Period(m, "M"), v, DAY, "本区报表")
        for m, v in values.items()
    ]
    store.append(rows, catalogue, command="test")
    return store.vintages(region, "registered_unemployed")


@pytest.mark.parametrize(
    ("now", "before", "withheld", "guarded"),
    [(2, 40, True, False), (1, 1, True, False), (3, 2, False, True), (5, 1, False, True),
     (0, 0, False, False), (5, 3, False, False), (0, 2, False, True)],
)  # fmt: skip
def test_small_groups(store: Store, now: int, before: int, withheld: bool, guarded: bool) -> None:
    catalogue = load_catalogue()
    region, indicator = catalogue.region("310114"), catalogue.indicator("registered_unemployed")
    group = series(store, {"2026-09": before, "2026-10": now})
    record = people_record(
        RecordContext({}, {}, region, MONTH, DAY),
        {"graduates": group},
        group,
        indicator,
        catalogue.groups,
    )
    row = record["graduates"]
    assert row["withheld"] is withheld
    book = CitedRecord({"people": record, "source": "测试", "month": "2026-10"})
    said = "".join(plain(b.text) for b in people(book) if not isinstance(b, CitedTable))
    if withheld:
        assert set(row) == {"label", "partition", "withheld", "source"}
        assert "高校毕业生人数过少，按保密规则不予列示。" in said
        assert not any(isinstance(f.value, int | float) for f in book.facts)
        return
    # The number of the month before does not follow from this month's number and the change.
    assert (row["month_on_month"]["change"] is None) == guarded
    assert ("基数过小，不予列示" in said) == guarded
    assert np.isfinite(row["value"])


THREE = [Group(c, n, (), "kind") for c, n in (("a", "甲类"), ("b", "乙类"), ("c", "丙类"))]


def divided(
    store: Store, catalogued: list[Group], total: dict[str, float], *parts: dict[str, float]
) -> tuple[dict[str, Any], str]:
    """What is told of the first groups of a partition, and in which words."""
    catalogue = load_catalogue()
    region, indicator = catalogue.region("310114"), catalogue.indicator("registered_unemployed")
    codes = ("310104", "310000", "100000")
    groups = {
        group.code: series(store, values, code)
        for group, values, code in zip(catalogued, parts, codes, strict=False)
    }
    record = people_record(
        RecordContext({}, {}, region, MONTH, DAY),
        groups,
        series(store, total),
        indicator,
        catalogued,
    )
    book = CitedRecord({"people": record, "source": "测试", "month": "2026-10"})
    return record, "".join(plain(b.text) for b in people(book) if not isinstance(b, CitedTable))


@pytest.mark.parametrize(
    ("numbers", "total", "told"),
    [
        ((2, 8), 10, set()),  # two groups: each follows from the other
        ((4, 6), 10, {"a", "b"}),
        ((0, 8), 8, {"a", "b"}),
        ((2, 8, 50), 60, {"c"}),
        ((1, 1, 50), 52, set()),  # two that are hidden make two people
        ((2, 0, 50), 52, set()),
        ((1, 2, 50), 53, {"c"}),
        ((8, 50), 60, {"b"}),  # the third has no number, and subtraction gives 2
        ((8, 50), 90, {"a", "b"}),
    ],
)
def test_a_small_group_of_a_partition_does_not_follow_from_the_total(
    store: Store, numbers: tuple[int, ...], total: int, told: set[str]
) -> None:
    catalogued = THREE[: 3 if total > 10 else 2]
    record, said = divided(
        store, catalogued, {"2026-10": total}, *({"2026-10": n} for n in numbers)
    )
    assert {code for code, row in record.items() if not row["withheld"]} == told
    assert ("按保密规则不予列示，以免推知过少的人数。" in said) == (len(told) < len(numbers))
    assert "有交叉" not in said


def test_nor_does_it_follow_from_the_changes(store: Store) -> None:
    record, said = divided(
        store,
        THREE[:2],
        {"2026-09": 10, "2026-10": 70},
        {"2026-09": 2, "2026-10": 30},
        {"2026-09": 8, "2026-10": 40},
    )
    for row in record.values():
        assert (row["month_on_month"]["base"], row["month_on_month"]["change"]) == (None, None)
    assert "乙类40人，与上月相比：基数按保密规则不予列示" in said


def test_groups_of_two_divisions_overlap(store: Store) -> None:
    other = [THREE[0], Group("young", "青年")]
    _, said = divided(store, other, {"2026-10": 100}, {"2026-10": 30}, {"2026-10": 40})
    assert "（有交叉）" in said
