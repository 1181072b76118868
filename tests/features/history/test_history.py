"""A history holds what was known on a day, and nothing else; bad data are refused in Chinese."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.records.observation import Observation
from employment_forecast.features.calendar import DEFAULT_WINDOWS
from employment_forecast.features.history.build import build, from_known
from employment_forecast.features.history.history import KNOWN_AHEAD

LATE = date(2030, 1, 1)


@pytest.fixture
def built(vintages_of, jiading, unemployed):
    """History of rows; refusals are DataErrors with a remedy in one paragraph."""

    def make(rows, as_of=LATE, gaps="refuse", indicator=unemployed):
        return from_known(
            vintages_of(rows, indicator=indicator.code).as_of(as_of),
            jiading,
            indicator,
            as_of,
            gaps,
        )

    return make


@pytest.fixture
def refusal(built):
    def make(rows, **options) -> str:
        with pytest.raises(DataError) as caught:
            built(rows, **options)
        assert caught.value.exit_code == 4
        assert caught.value.hint.endswith("。")
        assert "\n" not in str(caught.value)
        assert "嘉定区" in caught.value.message
        return str(caught.value)

    return make


def rows_of(values: dict[str, float]) -> list[tuple[str, float, date]]:
    return [(m, v, pd.Period(m, "M").end_time.date() + timedelta(10)) for m, v in values.items()]


def test_values_months_and_facts(built, monthly):
    history = built(monthly("2023-11", [5, 7, 6, 8]), as_of=date(2024, 3, 10))
    assert history.values.tolist() == [5, 7, 6, 8]
    assert history.values.dtype == np.float64
    assert [str(m) for m in history.months] == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert (str(history.start), str(history.origin), len(history)) == ("2023-11", "2024-02", 4)
    assert history.series.to_dict()[pd.Period("2023-12", "M")] == 7
    assert (history.unit, history.kind, history.transform) == ("人", "stock", "log")
    assert (history.region, history.indicator) == ("310114", "registered_unemployed")
    assert (history.demo, history.pseudo_real_time, history.notes) == (False, False, ())


def test_only_what_was_known(built, monthly):
    rows = monthly("2024-01", [1, 2, 3, 4])
    assert built(rows, as_of=date(2024, 4, 9)).values.tolist() == [1, 2]
    assert built(rows, as_of=date(2024, 4, 10)).values.tolist() == [1, 2, 3]
    revised = [*rows, ("2024-01", 9, date(2024, 4, 10))]
    assert built(revised, as_of=date(2024, 4, 9)).values.tolist() == [1, 2]
    assert built(revised, as_of=date(2024, 4, 10)).values.tolist() == [9, 2, 3]


def test_a_gap_is_refused_with_its_months(refusal):
    said = refusal(rows_of({"2024-01": 1, "2024-02": 2, "2024-05": 3, "2024-07": 4}))
    assert "缺 3 个月" in said
    for month in ("2024-03", "2024-04", "2024-06"):
        assert month in said
    assert 'history.gaps = "after"' in said


def test_a_long_gap_is_abridged(refusal):
    said = refusal(rows_of({"2020-01": 1, "2024-05": 3}))
    assert "缺 51 个月" in said
    assert "等" in said
    assert "2020-08" not in said


def test_after_the_last_gap_if_asked(built):
    rows = rows_of({"2024-01": 1, "2024-02": 2, "2024-05": 3, "2024-06": 4})
    history = built(rows, gaps="after")
    assert history.values.tolist() == [3, 4]
    assert str(history.start) == "2024-05"
    assert any("2024-03" in note and "2024-05" in note for note in history.notes)
    whole = built(rows_of({"2024-01": 1, "2024-02": 2}), gaps="after")
    assert (whole.values.tolist(), whole.notes) == ([1, 2], ())


def test_nothing_known(refusal, monthly):
    said = refusal(monthly("2024-01", [1, 2]), as_of=date(2023, 1, 1))
    assert "2023-01-01" in said
    assert "导入" in said


def test_a_negative_stock(refusal, monthly):
    said = refusal(monthly("2024-01", [1, -2, 3]))
    assert "2024-02" in said
    assert "-2人" in said
    assert "为负数" in said


def test_a_rate_over_100(refusal, monthly, catalogue):
    rate = catalogue.indicator("registered_unemployment_rate")
    said = refusal(monthly("2024-01", [2.5, 100.5, 2.6]), indicator=rate)
    assert "100.5%" in said
    assert "超过100%" in said


def test_a_rate_of_exactly_100_passes(built, monthly, catalogue):
    rate = catalogue.indicator("registered_unemployment_rate")
    assert built(monthly("2024-01", [99, 100]), indicator=rate).values.tolist() == [99, 100]


def test_a_constant_series_is_told(built, monthly):
    history = built(monthly("2024-01", [1_234_567] * 5))
    assert history.unchanging
    said = next(note for note in history.notes if "全是" in note)
    assert "自 2024-01 起 5 个月的值全是 1,234,567人" in said
    assert not built(monthly("2024-01", [1, 1, 2])).unchanging


def test_a_single_month_is_short_but_not_constant(built, monthly):
    assert len(built(monthly("2024-01", [5]))) == 1


def test_values_without_a_logarithm_take_the_plain_scale(built, monthly, catalogue):
    assert built(monthly("2024-01", [0, 3, 5])).transform == "none"
    flow = catalogue.indicator("new_jobs")
    assert built(monthly("2024-01", [-4, 3, 5]), indicator=flow).transform == "none"
    assert built(monthly("2024-01", [1, 3, 5])).transform == "log"


@pytest.fixture(scope="module")
def broken_catalogue():
    return load_catalogue(
        (),
        [
            {
                "code": "vacancies",
                "name": "空岗数",
                "kind": "stock",
                "unit": "个",
                "breaks": [
                    {"month": "2022-01", "region": "310114"},
                    {"month": "2023-04", "region": "310114"},
                    {"month": "2023-06", "region": "310104"},
                    {"month": "2023-08", "treatment": "dummy"},
                    {"month": "2023-09", "demo": True},
                ],
            }
        ],
    )


def test_only_what_follows_the_last_break(built, monthly, broken_catalogue):
    own = broken_catalogue.indicator("vacancies")
    rows = monthly("2023-01", range(100, 124))
    history = built(rows, indicator=own)
    assert str(history.start) == "2023-04"
    assert history.values.tolist() == list(range(103, 124))
    assert any("2023-04" in note and "口径" in note for note in history.notes)
    # Before the new definition was published nobody could cut.
    before = built(rows, as_of=date(2023, 4, 30), indicator=own)
    assert (str(before.start), before.notes) == ("2023-01", ())


def test_a_gap_under_the_old_definition_is_missed_by_nobody(built, broken_catalogue):
    rows = rows_of({"2022-11": 1, "2023-01": 2, "2023-04": 3, "2023-05": 4})
    history = built(rows, indicator=broken_catalogue.indicator("vacancies"))
    assert history.values.tolist() == [3, 4]
    assert len(history.notes) == 1


def test_history_through_the_store(store, catalogue, jiading, unemployed):
    store.append(
        [
            Observation(
                "嘉定", unemployed.code, pd.Period("2024-01", "M") + i, 10.0 + i, None, f"源{i % 2}"
            )
            for i in range(3)
        ],
        catalogue,
        command="test",
    )
    history = build(store, jiading, unemployed, date(2024, 3, 10))
    assert history.values.tolist() == [10.0, 11.0]
    assert history.pseudo_real_time
    assert history.sources == ("源0", "源1")


def test_regressors_reach_beyond_the_longest_plan(history_of):
    history = history_of([1.0, 2.0, 3.0], start="2026-10")
    table = history.regressors
    assert len(table) == 3 + KNOWN_AHEAD
    assert table.index[0] == history.start
    assert np.isfinite(table.to_numpy()).all()


def test_whoever_changes_the_calendar_columns_changes_nobody_elses(history_of):
    history = history_of(np.full(60, 9.0))
    own = history.optional(DEFAULT_WINDOWS)
    expected = own.copy()
    own["working_days"] = 1.0
    own.iloc[:] = np.nan
    assert history.optional(DEFAULT_WINDOWS).equals(expected)


def test_last_cuts_from_the_front(history_of):
    history = history_of([1.0, 2.0, 3.0, 4.0], start="2024-01")
    cut = history.last(2)
    assert (cut.values.tolist(), str(cut.start), cut.origin) == ([3, 4], "2024-03", history.origin)
    assert history.last(4) is history
    assert history.last(9) is history


def test_fingerprint_knows_everything_a_model_sees(history_of):
    base = history_of([1.0, 2.0, 3.0])
    changes = {
        "region": "310104",
        "indicator": "new_jobs",
        "start": pd.Period("2020-02", "M"),
        "kind": "rate",
        "transform": "none",
        "precision": 0.1,
    }
    prints = {history_of([1.0, 2.0, 3.0], **{k: v}).fingerprint for k, v in changes.items()}
    assert len(prints) == len(changes)
    assert base.fingerprint not in prints
    same = history_of([1.0, 2.0, 3.0], as_of=date(2020, 4, 1), sources=("别处",), demo=True)
    assert same.fingerprint == base.fingerprint
    for values in ([1.0, 2.0], [1.0, 2.0, np.nextafter(3.0, 4.0)], [2.0, 1.0, 3.0]):
        assert history_of(values).fingerprint != base.fingerprint


@settings(max_examples=examples(30), deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 29), st.integers(1, 9_999)), max_size=30),
    origin=st.integers(3, 29),
)
def test_nothing_published_later_can_be_seen(
    vintages_of, monthly, wandering, jiading, unemployed, changes, origin
):
    """Canary: whatever is published or revised after the day leaves the history bit-identical."""
    rows = monthly("2022-01", wandering(30))
    day = rows[origin][2]
    later = [
        (rows[i][0], float(value), max(rows[i][2], day + timedelta(days=1))) for i, value in changes
    ]
    kept = [r for r in rows if r[2] <= day]
    clean = from_known(vintages_of(kept).as_of(day), jiading, unemployed, day)
    dirty = from_known(vintages_of([*rows, *later]).as_of(day), jiading, unemployed, day)
    assert dirty.values.tobytes() == clean.values.tobytes()
    assert dirty.fingerprint == clean.fingerprint
    # Positive control: the month at the origin is seen.
    touched = [*rows, (rows[origin][0], 1.0, day)]
    assert (
        from_known(vintages_of(touched).as_of(day), jiading, unemployed, day).fingerprint
        != clean.fingerprint
    )
