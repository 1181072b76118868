"""Parts and whole in a document: one month for all, and the marks of caps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.trees import CAP, DISTRICT, STREETS, SUMS, competition, competitions, street_values

from employment_forecast.forecasting.competition import reconcile
from employment_forecast.forecasting.documents import document
from employment_forecast.forecasting.documents.parts import parts_table, tree_document


@pytest.fixture(scope="module")
def base():
    return competitions(street_values(40), origins=9)


def table_of(results, apart=()):
    found = reconcile(SUMS, results)
    whole = found.results[DISTRICT]
    content = document(whole, run_id=None, registered_name="x", version=None)
    content["tree"] = tree_document(found, DISTRICT, {}, apart)
    return content["tree"], parts_table(content, whole.indicator)


def test_all_are_compared_in_the_newest_month_that_all_have(base):
    values = street_values(40)
    late = competition("310114002", values["310114002"][:-1], end="2026-09", origins=9)
    tree, table = table_of({**base, "310114002": late})
    assert tree["month"] == "2026-09"
    assert [row[1] for row in table.rows] == [
        sum(v[-2] for v in values.values()),
        *(v[-2] for v in values.values()),
    ]
    assert sum(row[2] for row in table.rows[1:]) == pytest.approx(1)
    assert "乙街道的数只到 2026-09，各地区的数和占比同按该月比较" in table.notes
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
