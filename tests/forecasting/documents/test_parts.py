"""Parts and whole in a document: one month for all, and the marks of caps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.trees import CAP, DISTRICT, STREETS, SUMS, competition, competitions, street_values

from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.forecasting.competition import reconcile_tree
from employment_forecast.forecasting.documents import document
from employment_forecast.forecasting.documents.parts import parts_table, tree_document
from employment_forecast.forecasting.reconciliation import Sum


@pytest.fixture(scope="module")
def base():
    return competitions(street_values(40), origins=9)


def table_of(results, apart=(), sums=SUMS):
    tree = reconcile_tree(sums, results)
    whole = tree.results[DISTRICT]
    content = document(whole, run_id=None, registered_name="x", version=None)
    content["tree"] = tree_document(tree, DISTRICT, {}, apart)
    return content["tree"], parts_table(content, whole.indicator)


def test_all_are_compared_in_the_newest_month_that_all_have(base):
    values = street_values(40)
    late = competition("310104002", values["310104002"][:-1], end="2026-09", origins=9)
    tree, table = table_of({**base, "310104002": late})
    assert tree["month"] == "2026-09"
    assert [row[1] for row in table.rows] == [
        sum(v[-2] for v in values.values()),
        *(v[-2] for v in values.values()),
    ]
    assert sum(row[2] for row in table.rows[1:]) == pytest.approx(1)
    assert "乙街道的数只到 2026-09，各行的数和占比同按该月比较" in table.notes
    heads = [column.title for column in table.columns]
    assert heads[1] == "2026-09"
    assert heads[3].startswith("2026-11 均值")  # October is published for all others
    assert all(value is not None for row in table.rows for value in row[3:5])
    together, _ = table_of(base)
    assert together["month"] == "2026-10"
    assert together["notes"] == []


def test_caps_carry_their_tolerance_and_what_was_not_tested(base):
    cap = replace(CAP, qualifier="左右", tolerance=135.0, period="2027")
    values = street_values(40)
    whole = sum(values.values())
    results = {**base, DISTRICT: competition(DISTRICT, whole, targets=[cap], origins=9)}
    _, table = table_of(results)
    said = table.rows[0][-2]
    assert said.startswith("13,500人左右（含容差为 13,635人）")
    assert said.endswith("（演示数据、未经回测）")
    assert [column.title.endswith("（未经回测）") for column in table.columns[3:5]] == [False, True]
    assert all(row[-2] is None for row in table.rows[1:])
    assert len(table.rows) == 1 + len(STREETS)


def of_group(result, code):
    """A member as if it counted a group of the district."""
    catalogue = load_catalogue()
    indicator = catalogue.grouped(result.indicator, catalogue.group(code))
    return replace(result, series=Series(catalogue.region(DISTRICT), indicator))


def test_groups_stand_apart_from_regions_and_both_are_not_to_be_added(base):
    one, two = ("310104001", "310104002")
    women, men = (f"{DISTRICT}/women", f"{DISTRICT}/men")
    whole = base[DISTRICT].history.values
    values = street_values(40)
    rest = competition(two, whole - values[one], origins=9)
    results = {
        DISTRICT: base[DISTRICT],
        women: of_group(base[one], "women"),
        **{code: base[code] for code in STREETS},
        men: of_group(rest, "men"),
    }
    sums = (*SUMS, Sum(DISTRICT, (women, men)))
    _, table = table_of(results, sums=sums)
    assert table.columns[0].title == "成员"
    assert "各列均值在同一划分内可加" in table.caption
    assert [row[0] for row in table.rows] == ["徐汇区", *STREETS.values(), "女性", "男性"]
    assert table.ruled == {len(STREETS)}
    assert sum(row[3] for row in table.rows[4:]) == pytest.approx(table.rows[0][3], abs=2)
    assert table_of(base)[1].columns[0].title == "地区"
    # Half of the men are missing: what does not add up are groups.
    half = of_group(competition(two, (whole - values[one]) / 2, origins=9), "men")
    (said,) = reconcile_tree(sums[1:], {**results, men: half}).notes
    assert "与 2 个群体之和相差" in said
    assert "请核对群体是否齐全" in said
    real = of_group(competition(two, whole - values[one], origins=9, demo=False), "men")
    (said,) = reconcile_tree(sums[1:], {**results, men: real}).notes
    assert "与群体有的是演示数据" in said
