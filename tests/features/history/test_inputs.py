"""What stands around a series: which regions are neighbours, and what was known of them when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import Region
from employment_forecast.data.catalogue.schema import Break
from employment_forecast.data.records.vintages import COLUMNS, Vintages
from employment_forecast.features.history.build import from_known
from employment_forecast.features.history.inputs import (
    histories_beside,
    nearest_first,
    neighbours_identity,
    stored_inputs,
    stored_neighbours,
)

DAY = date(2026, 11, 20)


def region(code: str, parent: str | None = None) -> Region:
    return Region(code, f"地区{code}", parent=parent)


def series(
    code: str, months: int = 70, demo: bool = False, lag: int = 10, level: float = 9_000.0
) -> Vintages:
    month = pd.period_range(end="2026-10", periods=months, freq="M")
    rows = pd.DataFrame(
        {
            "month": [m.year * 100 + m.month for m in month],
            "value": level + 50 * np.sin(np.arange(months)) + np.arange(months),
            "published_on": month.end_time.normalize() + pd.Timedelta(days=lag),
            "published_estimated": False,
            "source": "测试",
            "demo": demo,
            "id": range(months),
        }
    )[list(COLUMNS)]
    rows["published_on"] = rows["published_on"].astype("datetime64[s]")
    return Vintages(code, "registered_unemployed", rows)


def test_the_same_city_comes_first_and_nested_regions_are_no_neighbours():
    nation, city = region("100000"), region("310000", "100000")
    own, street = region("310114", "310000"), region("310114001", "310114")
    beside = [region("420115"), region("310104", "310000"), region("320583")]
    nearest = nearest_first(own, [nation, city, own, street, *beside])
    assert [r.code for r in nearest] == ["310104", "320583", "420115"]


def test_demonstration_districts_are_neighbours_of_each_other(filled, catalogue, unemployed):
    own = catalogue.region("嘉定")
    vintages = filled.vintages(own.code, unemployed.code)
    around = stored_inputs(filled, catalogue, own, unemployed, vintages)
    assert len(around.others) > 3
    assert {r.code for r, _ in around.neighbours} == {"310104", "330683", "330900", "420115"}
    real = replace(vintages, rows=vintages.rows.assign(demo=False))
    assert not stored_inputs(filled, catalogue, own, unemployed, real).neighbours
    assert filled.holding(unemployed.code, ["310104", "310114", "100000"]) == {"310104", "310114"}
    nothing = replace(vintages, rows=vintages.rows.iloc[:0])
    assert not stored_inputs(filled, catalogue, own, unemployed, nothing).neighbours


@pytest.fixture
def own(jiading, unemployed):
    return from_known(series("310114").as_of(DAY), jiading, unemployed, DAY)


def test_nothing_published_after_the_day_or_measured_after_the_origin_is_seen(own, unemployed):
    early = (region("310104"), series("310104", lag=1))
    then = replace(own, as_of=date(2026, 9, 5), values=own.values[:-2])
    assert str(then.origin) == "2026-08"
    (neighbour,) = histories_beside([early], then, unemployed)
    assert (neighbour.origin, neighbour.as_of) == (then.origin, then.as_of)
    # October was published by the day of this one, and lies after its origin.
    (cut,) = histories_beside([early], replace(own, values=own.values[:-1]), unemployed)
    assert str(cut.origin) == "2026-09"
    np.testing.assert_array_equal(cut.values, early[1].rows["value"].to_numpy()[:-1])


def test_late_neighbours_count_and_stale_or_other_ones_do_not(own, unemployed):
    def beside(vintages: Vintages):
        return histories_beside([(region("310104"), vintages)], own, unemployed)

    assert [str(h.origin) for h in beside(series("310104", lag=40))] == ["2026-09"]
    assert beside(series("310104", lag=120)) == []
    assert beside(series("310104", demo=True)) == []
    assert beside(series("310104", months=0)) == []
    negative = series("310104", level=-20_000.0)
    assert beside(negative) == []


def test_identity_follows_what_was_known_and_how_it_is_read(unemployed):
    neighbours = [(region("310104"), series("310104"))]
    rows = neighbours[0][1].rows.copy()
    rows.loc[rows.index[-1], "value"] += 1
    revised = [(region("310104"), Vintages("310104", "registered_unemployed", rows))]
    before, after = date(2026, 11, 1), date(2026, 11, 15)

    def identity(given, day=after, indicator=unemployed):
        return neighbours_identity(given, indicator, day)

    assert identity(neighbours, before) == identity(revised, before)
    assert identity(neighbours) != identity(revised)
    assert identity(neighbours) != identity([])
    # A region that had published nothing by the day leaves no trace.
    young, early = (region("310105"), series("310105", lag=400)), date(2021, 3, 1)
    assert identity([*neighbours, young], early) == identity(neighbours, early)
    change = Break("310104", pd.Period("2024-01", "M"), "dummy")
    other = replace(unemployed, breaks=(*unemployed.breaks, change))
    assert identity(neighbours, indicator=other) != identity(neighbours)


def test_of_two_regions_that_contain_each_other_one_is_taken(filled, catalogue, unemployed):
    own = catalogue.region("嘉定")
    shengzhou = catalogue.region("330683")
    inside = replace(catalogue.region("420115"), parent=shengzhou.code)
    nested = replace(
        catalogue, regions=tuple(inside if r.code == inside.code else r for r in catalogue.regions)
    )
    neighbours = stored_neighbours(filled, nested, own, unemployed, demo=True)
    assert {r.code for r, _ in neighbours} == {"310104", "330683", "330900"}


def test_codes_are_compared_by_province_city_and_district():
    own = region("440103")
    nearest = nearest_first(own, [region("440703"), region("440304"), region("440104"), own])
    assert [r.code for r in nearest] == ["440104", "440304", "440703"]
