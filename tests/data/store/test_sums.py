"""Wholes from their parts: what is known on a day, revisions, what is missing, mergers, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.records import Observation
from employment_forecast.data.store import Store

JIADING, LATER = "310114", date(2030, 1, 1)
Figures = Mapping[str, float | None]


def street(number: int, **more: object) -> dict[str, object]:
    return {
        "code": f"31011410{number}",
        "name": f"第{number}街道",
        "parent": JIADING,
        "level": "street",
        **more,
    }


def code(number: int) -> str:
    return f"31011410{number}"


@pytest.fixture
def opened(tmp_path) -> Iterator[dict[str, Store]]:
    kept: dict[str, Store] = {}
    yield kept
    for store in kept.values():
        store.close()


@pytest.fixture
def open_store(tmp_path, opened):
    def made(*regions: dict[str, object]) -> Store:
        catalogue = load_catalogue(regions)
        store = Store(f"sqlite:///{tmp_path / 'observations.db'}", catalogue=catalogue)
        opened["store"] = store
        return store

    return made


def put(
    store: Store,
    region: str,
    figures: Figures,
    day: str | None = None,
    indicator: str = "registered_unemployed",
    demo: bool = False,
) -> None:
    assert isinstance(store.catalogue, Catalogue)
    rows = [
        Observation(
            region,
            indicator,
            pd.Period(month, freq="M"),
            value,
            None if day is None else date.fromisoformat(day),
            "测试",
        )
        for month, value in figures.items()
        if value is not None
    ]
    store.append(rows, store.catalogue, command="测试", demo=demo)


def known(store: Store, day: date = LATER, indicator: str = "registered_unemployed"):
    return store.vintages(JIADING, indicator).as_of(day)


def values(figures) -> dict[str, float]:
    return {str(m): v for m, v in figures.values.items()}


def test_parts_add_up_when_the_last_of_them_is_known(open_store):
    store = open_store(street(1), street(2))
    put(store, code(1), {"2025-01": 10}, "2025-02-05")
    put(store, code(2), {"2025-01": 20}, "2025-02-09")
    assert known(store, date(2025, 2, 8)).values.empty
    figures = known(store, date(2025, 2, 9))
    assert values(figures) == {"2025-01": 30}
    assert str(figures.published_on[0]) == "2025-02-09"
    assert not figures.demo
    assert not figures.estimated
    assert figures.sources == ("汇总（第1街道、第2街道）",)
    assert figures.notes == ("汇总：2025-01 至 2025-01 由 2 个地区相加（第1街道、第2街道）",)


def test_a_revision_of_a_part_revises_the_sum_and_is_named(open_store):
    store = open_store(street(1), street(2))
    for number, value in ((1, 10), (2, 20)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
    put(store, code(2), {"2025-01": 25}, "2025-03-10")
    assert values(known(store, date(2025, 3, 9))) == {"2025-01": 30}
    figures = known(store, date(2025, 3, 10))
    assert values(figures) == {"2025-01": 35}
    assert "2025-01 汇总随第2街道 2025-03-10 修订为 35人" in figures.notes


def test_a_missing_part_never_shrinks_the_whole(open_store):
    store = open_store(street(1), street(2))
    put(store, code(1), {"2025-01": 10, "2025-02": 11})
    put(store, code(2), {"2025-01": 20})
    figures = known(store)
    assert values(figures) == {"2025-01": 30}
    assert "2025-02 缺第2街道，没有汇总" in figures.notes


def test_a_part_that_never_reported_leaves_no_sum_and_no_demonstration_series(open_store):
    store = open_store(street(1), street(2))
    put(store, JIADING, {"2025-01": 999}, demo=True)
    assert values(known(store)) == {"2025-01": 999}
    put(store, code(1), {"2025-01": 10})
    figures = known(store)
    assert figures.values.empty
    assert figures.notes == ("2025-01 缺第2街道，没有汇总",)


def test_the_own_figure_of_a_whole_goes_before_the_sum(open_store):
    store = open_store(street(1), street(2))
    put(store, JIADING, {"2025-01": 30}, "2025-02-20")
    for number, value in ((1, 10), (2, 20)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
        put(store, code(number), {"2025-02": value + 1}, "2025-03-05")
    store_rows = store.vintages(JIADING, "registered_unemployed").rows
    assert store_rows["value"].to_list() == [30, 30, 32]
    assert store_rows["source"].to_list()[1] == "测试"
    # A revision of a part after that changes nothing of the published month.
    put(store, code(1), {"2025-01": 12}, "2025-04-05")
    assert values(known(store))["2025-01"] == 30


def test_a_note_tells_of_the_months_that_are_sums_now_and_of_no_other(open_store):
    store = open_store(street(1), street(2))
    for month in ("01", "02", "03"):
        for number, value in ((1, 10), (2, 20)):
            put(store, code(number), {f"2025-{month}": value}, f"2025-0{int(month) + 1}-05")
    for month in ("02", "03"):
        put(store, JIADING, {f"2025-{month}": 30}, f"2025-0{int(month) + 1}-15")
    how = "由 2 个地区相加（第1街道、第2街道）"
    assert known(store, date(2025, 4, 14)).notes == (
        f"汇总：2025-01 至 2025-01、2025-03 至 2025-03 {how}",
    )
    put(store, JIADING, {"2025-01": 30}, "2025-05-15")
    assert known(store, date(2025, 5, 14)).notes == (f"汇总：2025-01 至 2025-01 {how}",)
    assert known(store).notes == ()
    assert values(known(store)) == {"2025-01": 30, "2025-02": 30, "2025-03": 30}


def test_a_gap_is_no_part_of_a_stretch_of_sums(open_store):
    store = open_store(street(1), street(2))
    for number in (1, 2):
        put(store, code(number), {"2022-12": 10, "2023-01": 10, "2025-03": 10}, "2025-04-05")
    assert known(store).notes == (
        "汇总：2022-12 至 2023-01、2025-03 至 2025-03 由 2 个地区相加（第1街道、第2街道）",
    )


def test_parts_that_do_not_add_up_to_the_published_total_stand_in_for_nothing(open_store):
    store = open_store(street(1), street(2))
    put(store, JIADING, {"2025-01": 40}, "2025-02-05")
    for number, value in ((1, 10), (2, 20)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
        put(store, code(number), {"2025-02": value}, "2025-03-05")
    figures = known(store)
    assert values(figures) == {"2025-01": 40}
    assert (
        "各下级之和与自己的数在 1 个月不一致（2025-01；多数月份少 25.0%），不以汇总补缺，"
        "请核对下级是否齐全（parts_complete）" in figures.notes
    )


@pytest.mark.parametrize(("own", "agree"), [((1300, 1200), True), ((1300, 1201), False)])
def test_own_figures_typed_in_hundreds_agree_with_what_rounds_to_them(open_store, own, agree):
    store = open_store(street(1), street(2))
    put(store, JIADING, dict(zip(("2025-01", "2025-02"), own, strict=True)), "2025-03-05")
    for month, day, total in (("01", "02", 1341), ("02", "03", 1201), ("03", "04", 1187)):
        put(store, code(1), {f"2025-{month}": 1000}, f"2025-{day}-05")
        put(store, code(2), {f"2025-{month}": total - 1000}, f"2025-{day}-05")
    assert ("2025-03" in values(known(store))) is agree


def test_months_before_a_merger_compare_with_those_after(open_store):
    store = open_store(street(1, until="2025-01", successor=[code(2)]), street(2), street(3))
    for number, value in ((1, 10), (2, 20), (3, 30)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
    put(store, code(2), {"2025-02": 31}, "2025-03-05")
    put(store, code(3), {"2025-02": 32}, "2025-03-05")
    assert values(known(store)) == {"2025-01": 60, "2025-02": 63}
    successor = store.vintages(code(2), "registered_unemployed").as_of(LATER)
    assert values(successor) == {"2025-01": 30, "2025-02": 31}
    assert successor.notes == ("汇总：2025-01 至 2025-01 由 2 个地区相加（第2街道、第1街道）",)
    assert known(store).notes == (
        "汇总：2025-01 至 2025-01 由 3 个地区相加（第1街道、第2街道、第3街道）",
        "汇总：2025-02 至 2025-02 由 2 个地区相加（第2街道、第3街道）",
    )


def test_sums_of_sums(open_store):
    city = {"code": "310000", "name": "上海市", "parent": "100000", "parts_complete": True}
    store = open_store(city, street(1), street(2))
    for number, value in ((1, 10), (2, 20)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
    put(store, "310104", {"2025-01": 5}, "2025-02-07")
    figures = store.vintages("310000", "registered_unemployed").as_of(LATER)
    assert values(figures) == {"2025-01": 35}
    real = {r for r, i, demo in store.series() if not demo and i == "registered_unemployed"}
    assert real == {"310000", "310104", JIADING, code(1), code(2)}
    put(store, JIADING, {"2025-01": 1.5}, "2025-02-07", "registered_unemployment_rate", demo=True)
    for region in store.catalogue.regions:
        assert store.series(region) == [s for s in store.series() if s[0] == region.code]


def test_a_rate_comes_from_counts_and_is_never_averaged(open_store):
    store = open_store(street(1), street(2))
    for number, (lost, at_work) in ((1, (10, 90)), (2, (10, 190))):
        put(store, code(number), {"2025-01": lost}, "2025-02-05")
        put(
            store,
            code(number),
            {"2025-01": at_work},
            "2025-02-06",
            indicator="employed_at_period_end",
        )
        put(
            store,
            code(number),
            {"2025-01": 100 * lost / (lost + at_work)},
            "2025-02-06",
            indicator="registered_unemployment_rate",
        )
    rate = known(store, indicator="registered_unemployment_rate")
    assert values(rate)["2025-01"] == pytest.approx(100 * 20 / 300)
    assert rate.sources == ("登记失业人数、期末从业人员汇总后相除",)
    assert rate.notes == ("汇总：2025-01 至 2025-01 由登记失业人数、期末从业人员汇总后相除",)
    for indicator, value in (("registered_unemployed", 20), ("employed_at_period_end", 280)):
        put(store, JIADING, {"2025-02": value}, "2025-03-05", indicator=indicator)
    later = known(store, indicator="registered_unemployment_rate")
    assert later.notes[-1] == "2025-02 至 2025-02 由登记失业人数、期末从业人员相除"
    # Once the counts are the region's own, no sum is divided any more.
    for indicator, value in (("registered_unemployed", 20), ("employed_at_period_end", 280)):
        put(store, JIADING, {"2025-01": value}, "2025-04-05", indicator=indicator)
    last = known(store, indicator="registered_unemployment_rate")
    assert "2025-01 至 2025-02 由登记失业人数、期末从业人员相除" in last.notes
    assert not any("汇总" in note for note in last.notes)
    assert (JIADING, "registered_unemployment_rate", False) in store.series()


def test_the_sums_alone_beside_own_figures(open_store):
    store = open_store(street(1), street(2))
    assert isinstance(store.catalogue, Catalogue)
    jiading = store.catalogue.region(JIADING)
    unemployed = store.catalogue.indicator("registered_unemployed")
    put(store, JIADING, {"2025-01": 31}, "2025-02-05")
    for number, value in ((1, 10), (2, 20)):
        put(store, code(number), {"2025-01": value}, "2025-02-05")
    assert values(store.sums(jiading, unemployed).as_of(LATER)) == {"2025-01": 30}


reports = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 50), st.integers(0, 25)),
    max_size=25,
)


@given(reports)
@settings(max_examples=examples(12))
def test_on_every_day_the_sum_is_that_of_what_is_known(tmp_path_factory, told):
    """The slow and obvious reference: ask every part on every day, add where all have answered."""
    folder = tmp_path_factory.mktemp("sums")
    catalogue = load_catalogue([street(1), street(2), street(3)])
    store = Store(f"sqlite:///{folder / 'observations.db'}", catalogue=catalogue)
    for part, month, value, day in told:
        when = (pd.Timestamp("2025-05-01") + pd.Timedelta(days=day)).date().isoformat()
        put(store, code(part), {f"2025-0{month}": value}, when)
    parts = [store.vintages(code(n), "registered_unemployed") for n in (1, 2, 3)]
    whole = store.vintages(JIADING, "registered_unemployed")
    for day in range(-1, 27):
        when = (pd.Timestamp("2025-05-01") + pd.Timedelta(days=day)).date()
        each = [p.as_of(when).values for p in parts]
        months = set(each[0].index) & set(each[1].index) & set(each[2].index)
        expected = {str(m): sum(float(v[m]) for v in each) for m in sorted(months)}
        assert values(whole.as_of(when)) == expected
    store.close()
