"""Contributions worked out by hand, breadth against a slow reference."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.clock import month_key
from employment_forecast.data.records import Vintages
from employment_forecast.data.records.vintages import COLUMNS
from employment_forecast.features.parts import breadth_ahead, broad, parts_document, parts_of

STREETS = [
    {"code": f"31011490{n}", "name": name, "parent": "310114", "level": "street"}
    for n, name in enumerate(("东街道", "西街道", "南镇"), 1)
]
CATALOGUE = load_catalogue(STREETS)
COUNT, LATER = CATALOGUE.indicator("registered_unemployed"), date(2030, 1, 1)


def seen(figures: dict[str, list[float]], start: str = "2025-01"):
    """The view of 嘉定 on series of consecutive months by code."""
    empty = pd.DataFrame([], columns=list(COLUMNS))

    def vintages(region: str, indicator: str) -> Vintages:
        rows = [
            (month_key(pd.Period(start, freq="M") + i), v, pd.Timestamp("2027-01-01"), False,
             "测试", False, i)
            for i, v in enumerate(figures.get(region, []))
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=list(COLUMNS)) if rows else empty
        return Vintages(region, indicator, table)

    return parts_of(CATALOGUE, vintages, CATALOGUE.region("嘉定"), COUNT, LATER)


def whole(*parts: list[float], more: float = 0) -> dict[str, list[float]]:
    codes = [s["code"] for s in STREETS]
    return dict(zip(codes, parts, strict=True)) | {
        "310114": [sum(month) + more for month in zip(*parts, strict=True)]
    }


def test_contributions_by_hand_add_up_to_the_growth_of_the_whole():
    view = seen(whole([100.0] * 12 + [120], [50.0] * 12 + [45], [50.0] * 12 + [50]))
    document = parts_document(view)
    assert document["month"] == "2026-01"
    assert document["whole"]["month_on_month"] == {"change": 15, "points": 7.5}
    rows = {row["name"]: row for row in document["parts"]}
    assert rows["东街道"]["month_on_month"] == {"change": 20, "points": 10.0}
    assert rows["西街道"]["month_on_month"] == {"change": -5, "points": -2.5}
    assert list(rows) == ["东街道", "西街道", "南镇"]
    assert rows["东街道"]["share"] == round(120 / 215, 4)
    assert rows["东街道"]["year_on_year"] == {"change": 20, "points": 10.0}


def test_what_no_part_counts_is_a_row_of_its_own():
    document = parts_document(seen(whole([100.0] * 13, [50.0] * 13, [40.0] * 13, more=10)))
    assert document["parts"][-1]["name"] == "未分到下级"
    assert document["parts"][-1]["value"] == 10
    assert document["parts"][-1]["month_on_month"] == {"change": 0, "points": 0.0}


def test_short_zero_and_dominant_parts_are_told_and_stop_nothing():
    figures = whole([9900.0] * 13, [0.0] * 13, [100.0] * 13)
    figures["310114903"] = [100.0] * 13
    view = seen(figures)
    assert view is not None
    assert any("西街道 2026-01 为 0" in note for note in view.notes)
    assert any("东街道占总数 99%" in note for note in view.notes)
    short = seen(whole([100.0] * 3, [50.0] * 3, [40.0] * 3))
    assert short is not None
    assert (short.judged, short.broad) == (0, 0)
    assert "不足 12 个月" in short.notes[0]
    assert parts_document(short)["breadth"]["share"] is None


def test_a_part_that_has_not_told_the_newest_month_holds_the_view_back():
    figures = whole([100.0] * 13, [50.0] * 13, [40.0] * 13)
    figures["310114902"] = figures["310114902"][:-1]
    view = seen(figures)
    assert view is not None
    assert str(view.month) == "2025-12"
    assert seen({"310114": [1.0]}) is None


@pytest.mark.parametrize(
    ("last", "rising", "above"),
    [
        ([100, 101, 102, 103], True, False),
        ([100, 101, 101, 103], False, False),
        ([100, 100, 100, 110], False, True),
        ([100, 100, 100, 109], False, False),
        ([0, 0, 0, 5], False, False),
    ],
)
def test_breadth_by_hand(last, rising, above):
    values = np.array([float(max(last))] * 8 + [float(v) for v in last])
    breadth = broad(values)
    assert (bool(breadth[0]), bool(breadth[1])) == (rising, above)


@given(st.integers(0, 10_000))
@settings(max_examples=examples(20))
def test_breadth_ahead_is_that_of_every_path_looked_at_alone(seed):
    rng = np.random.default_rng(seed)
    past = {c: rng.integers(80, 120, 14).astype(float) for c in "ab"}
    paths = {c: rng.integers(80, 130, (5, 4)).astype(float) for c in "ab"}
    breadth = breadth_ahead(past, paths)
    for path in range(5):
        for step in range(4):
            hits = 0
            for code in "ab":
                course = [*past[code], *paths[code][path, : step + 1]][-12:]
                rose = course[-1] > course[-2] > course[-3] > course[-4]
                hits += rose or course[-1] >= 1.1 * min(course) - 1e-6
            assert breadth[path, step] == hits / 2
