"""Histories of year-to-date figures, indicators beside the target, breaks and marks."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.catalogue.schema import Break
from employment_forecast.data.clock import month_end
from employment_forecast.data.errors import DataError
from employment_forecast.data.records.observation import Observation
from employment_forecast.features.events.breaks import crosses, growth
from employment_forecast.features.events.outliers import outlier_marks
from employment_forecast.features.history.build import build, from_known

LATE = date(2030, 1, 1)


def month(text: str) -> pd.Period:
    return pd.Period(text, "M")


def totals(values: dict[str, float], lag: int = 10) -> list[tuple[str, float, date]]:
    return [(m, v, month_end(month(m)) + timedelta(lag)) for m, v in values.items()]


@pytest.fixture(scope="module")
def jobs(catalogue):
    return catalogue.indicator("new_jobs")


@pytest.fixture
def of_jobs(vintages_of, jiading, jobs):
    def make(values, as_of=LATE, gaps="refuse", indicator=jobs):
        known = vintages_of(totals(values), indicator=indicator.code).as_of(as_of)
        return from_known(known, jiading, indicator, as_of, gaps)

    return make


# --- year-to-date figures -------------------------------------------------------------------------


def test_totals_since_january_become_flows(of_jobs):
    history = of_jobs({"2024-11": 110, "2024-12": 125, "2025-01": 7, "2025-02": 19, "2025-03": 40})
    # Nobody knows how the first eleven months fell on their months.
    assert str(history.start) == "2024-12"
    assert history.values.tolist() == [15, 7, 12, 21]
    assert (history.kind, history.transform) == ("flow", "log")


def test_january_published_with_february_is_no_gap(of_jobs):
    history = of_jobs({"2024-02": 390, "2024-03": 500, "2024-04": 600})
    # 22 and 18 working days by the official calendar of 2024.
    assert history.values.tolist() == pytest.approx([390 * 22 / 40, 390 * 18 / 40, 110, 100])
    assert str(history.start) == "2024-01"
    assert any("2024-01、2024-02" in note and "合计不变" in note for note in history.notes)


def test_a_month_left_out_is_split_and_a_longer_gap_refused(of_jobs, jiading):
    history = of_jobs({"2024-01": 10, "2024-02": 20, "2024-04": 60})
    assert history.values[2:].sum() == pytest.approx(40)
    with pytest.raises(DataError, match="缺 4 个月：2024-03、2024-04、2024-05、2024-06"):
        of_jobs({"2024-01": 10, "2024-02": 20, "2024-06": 60})
    after = of_jobs({"2024-01": 10, "2024-02": 20, "2024-06": 60, "2024-07": 75}, gaps="after")
    assert (str(after.start), after.values.tolist()) == ("2024-07", [15])


def test_totals_that_tell_no_month(of_jobs):
    with pytest.raises(DataError, match="不足以得出") as caught:
        of_jobs({"2024-11": 110})
    assert caught.value.hint.endswith("。")


def test_corrections_and_late_revisions_are_told(vintages_of, jiading, jobs):
    rows = totals({"2024-01": 10, "2024-02": 30, "2024-03": 25, "2024-04": 45, "2024-05": 60})
    rows.append(("2024-04", 50.0, date(2024, 6, 30)))
    history = from_known(vintages_of(rows).as_of(LATE), jiading, jobs, LATE)
    assert history.values.tolist() == [10, 20, -5, 25, 10]
    assert history.transform == "none"
    assert any("2024-03" in n and "更正" in n for n in history.notes)
    assert any("2024-05" in n and "修订差额" in n for n in history.notes)


def test_a_zero_total_at_the_end_was_not_published(of_jobs):
    history = of_jobs({"2024-01": 10, "2024-02": 25, "2024-03": 0})
    assert history.values.tolist() == [10, 15]
    assert any("2024-03" in note and "未公布" in note for note in history.notes)


def test_a_break_within_the_year_leaves_no_mixed_flow(of_jobs):
    own = load_catalogue(
        (),
        [
            {
                "code": "new_jobs", "name": "城镇新增就业", "kind": "flow", "unit": "人",
                "reporting": "year_to_date", "breaks": [{"month": "2024-06"}],
            }
        ],
    ).indicator("new_jobs")  # fmt: skip
    history = of_jobs(
        {f"2024-{m:02d}": float(m * m + (100 if m >= 6 else 0)) for m in range(1, 10)},
        indicator=own,
    )
    # June's total less May's would compare two definitions.
    assert (str(history.start), history.values.tolist()) == ("2024-07", [13, 15, 17])


@settings(max_examples=examples(40), deadline=None)
@given(
    flows=st.lists(st.integers(1, 5_000), min_size=13, max_size=40),
    hidden=st.sets(st.integers(0, 39), max_size=6),
)
@example(flows=[1] * 20, hidden={1, 2, 3})
def test_published_totals_are_conserved(vintages_of, jiading, jobs, flows, hidden):
    months = pd.period_range("2021-01", periods=len(flows), freq="M")
    running: dict[str, float] = {}
    so_far = 0
    for i, (m, flow) in enumerate(zip(months, flows, strict=True)):
        so_far = flow if m.month == 1 else so_far + flow
        if i not in hidden:
            running[str(m)] = so_far
    if len(running) < 2:
        return
    try:
        history = from_known(vintages_of(totals(running)).as_of(LATE), jiading, jobs, LATE)
    except DataError:
        return
    series = history.series
    for text, total in running.items():
        m = month(text)
        if m in series.index and series.index[0] <= month(f"{m.year}-01"):
            flows_told = series[f"{m.year}-01" : text]
            # Four months and more that were reported together stay missing.
            if len(flows_told.dropna()) == m.month:
                assert flows_told.sum() == pytest.approx(total)


def test_demonstration_jobs_of_every_district(filled, catalogue, jobs):
    for name in ("徐汇", "嘉定", "舟山", "江夏", "嵊州"):
        region = catalogue.region(name)
        history = build(filled, region, jobs, date(2026, 11, 20))
        assert (str(history.start), str(history.origin)) == ("2011-01", "2026-10")
        published = filled.as_of(date(2026, 11, 20), region.code, "new_jobs").values
        for year in range(2011, 2026):
            total = published[month(f"{year}-12")]
            assert history.series[f"{year}-01" : f"{year}-12"].sum() == pytest.approx(total)
    # In February nobody knows January's flow where it comes out with February's.
    winter = build(filled, catalogue.region("徐汇"), jobs, date(2026, 2, 25))
    assert str(winter.origin) == "2025-12"


# --- indicators beside the target -----------------------------------------------------------------


@pytest.fixture(scope="module")
def other(catalogue):
    return catalogue.indicator("pmi_manufacturing")


def test_each_indicator_is_cut_at_its_own_publication(
    vintages_of, monthly, jiading, unemployed, other, jobs
):
    day = date(2024, 5, 10)
    fast = vintages_of(monthly("2023-11", [50, 51, 49, 50, 52, 53, 54], lag=1))
    slow = vintages_of(totals({"2024-01": 5, "2024-02": 9, "2024-03": 20, "2024-04": 30}, lag=20))
    known = vintages_of(monthly("2024-01", [10, 12, 11, 13, 15])).as_of(day)
    history = from_known(known, jiading, unemployed, day, others=[(other, fast), (jobs, slow)])
    assert str(history.origin) == "2024-04"
    assert [e.lag_behind(history.origin) for e in history.lagged] == [0, 1]
    assert history.lagged[1].values.tolist() == [5, 4, 11]
    table = history.lagged_table
    assert list(table.columns) == ["pmi_manufacturing", "new_jobs"]
    assert table["pmi_manufacturing"].tolist() == [49, 50, 52, 53]
    assert np.isnan(table["new_jobs"].iloc[-1])
    assert history.last(2).lagged[0].values.tolist() == [52, 53]
    bare = from_known(known, jiading, unemployed, day)
    assert bare.lagged == ()
    assert bare.lagged_table.shape == (4, 0)
    assert bare.fingerprint != history.fingerprint


def test_an_indicator_ahead_of_the_target_is_seen(vintages_of, monthly, jiading, unemployed, other):
    day = date(2024, 4, 9)
    known = vintages_of(monthly("2024-01", [10, 12, 11])).as_of(day)
    ahead = vintages_of(monthly("2024-01", [50, 51, 52], lag=0))
    history = from_known(known, jiading, unemployed, day, others=[(other, ahead)])
    assert str(history.origin) == "2024-02"
    assert history.lagged[0].lag_behind(history.origin) == -1
    assert str(history.lagged_table.index[-1]) == "2024-03"


def test_what_is_unknown_or_of_the_other_kind_is_left_out(
    vintages_of, monthly, jiading, unemployed, other
):
    known = vintages_of(monthly("2024-01", [10, 12, 11])).as_of(LATE)
    generated = vintages_of(monthly("2024-01", [50, 51, 52]), demo=True)
    later = vintages_of([("2031-01", 50.0, date(2031, 2, 1))])
    for source, why in (
        (generated, f"{other.name}是演示数据，不与真实数据合用，未作先行指标"),
        (later, f"截至 {LATE} 没有可用的{other.name}，未作先行指标"),
    ):
        history = from_known(known, jiading, unemployed, LATE, others=[(other, source)])
        assert history.lagged == ()
        assert why in history.notes


def test_through_the_store(filled, catalogue, jiading, unemployed):
    others = [catalogue.indicator("new_jobs"), catalogue.indicator("registered_unemployment_rate")]
    history = build(filled, jiading, unemployed, date(2024, 6, 20), others=others)
    assert [e.indicator for e in history.lagged] == [i.code for i in others]
    assert all(e.demo for e in history.lagged)
    assert str(history.lagged[0].end) == "2024-05"


@settings(max_examples=examples(40), deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 29), st.integers(1, 9_999)), max_size=40
    ),
    origin=st.integers(14, 28),
)
def test_nothing_published_later_in_any_indicator_can_be_seen(
    vintages_of, monthly, wandering, jiading, unemployed, other, jobs, changes, origin
):
    """Canary: every indicator changed after the day, the history is the same to the bit."""
    year_to_date = pd.Series(wandering(30, 3, 50.0)).groupby(np.arange(30) // 12).cumsum()
    series = [
        monthly("2022-01", wandering(30)),
        monthly("2022-01", wandering(30, 1, 60.0), lag=2),
        monthly("2022-01", year_to_date.tolist(), lag=15),
    ]
    day = series[0][origin][2]
    dirty = [
        [*rows, *((rows[i][0], float(v), max(rows[i][2], day + timedelta(days=1)))
                  for k, i, v in changes if k == which)]
        for which, rows in enumerate(series)
    ]  # fmt: skip
    kept = [[r for r in rows if r[2] <= day] for rows in series]

    def seen(rows):
        target, *rest = (vintages_of(r) for r in rows)
        return from_known(
            target.as_of(day),
            jiading,
            unemployed,
            day,
            others=list(zip((other, jobs), rest, strict=True)),
        )

    clean, looked = seen(kept), seen(dirty)
    assert looked.fingerprint == clean.fingerprint
    assert looked.values.tobytes() == clean.values.tobytes()
    assert looked.lagged_table.equals(clean.lagged_table)
    assert (looked.notes, looked.breaks, looked.outliers) == (
        clean.notes,
        clean.breaks,
        clean.outliers,
    )
    # Positive control: a revision on the day itself is seen, in whichever series it falls.
    for which, rows in enumerate(kept):
        touched = [*kept]
        touched[which] = [*rows, (rows[-1][0], 9_999.0, day)]
        assert seen(touched).fingerprint != clean.fingerprint


# --- changes of definition ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stepped():
    return load_catalogue(
        (),
        [
            {
                "code": "vacancies",
                "name": "空岗数",
                "kind": "stock",
                "unit": "个",
                "breaks": [
                    {"month": "2023-04", "region": "310114"},
                    {"month": "2023-08", "treatment": "dummy"},
                    {"month": "2026-01", "treatment": "dummy"},
                ],
            }
        ],
    ).indicator("vacancies")


def test_a_dummy_break_is_a_step_known_ahead(vintages_of, monthly, jiading, stepped):
    rows = monthly("2023-01", range(100, 124))
    history = from_known(vintages_of(rows).as_of(LATE), jiading, stepped, LATE)
    assert [(str(b.month), b.treatment) for b in history.breaks] == [
        ("2023-04", "split"),
        ("2023-08", "dummy"),
    ]
    table = history.regressors
    assert list(table.columns[-1:]) == ["break_202308"]
    step = table["break_202308"]
    assert step.loc[:"2023-07"].tolist() == [0] * 4
    assert step.loc["2023-08":].eq(1).all()
    assert any("2023-08" in note and "台阶" in note for note in history.notes)
    assert history.fingerprint != replace(history, breaks=()).fingerprint
    # The last window begins after the step: nothing is left for it to explain.
    assert history.last(12).breaks == ()
    assert history.last(12).regressors.shape[1] == 3


def test_a_step_too_new_to_estimate_is_told_and_not_promised(
    vintages_of, monthly, jiading, stepped
):
    rows = monthly("2024-01", range(100, 125))
    history = from_known(vintages_of(rows).as_of(LATE), jiading, stepped, LATE)
    assert history.forced.empty
    assert any(note.startswith("2026-01 起口径变化，环比") for note in history.notes)
    assert any("2026-01" in text and "暂用原值" in text for text in history.left_out)


def test_no_growth_rate_crosses_a_break():
    series = pd.Series(
        [100.0, 110, 99, 198, 200], index=pd.period_range("2024-01", periods=5, freq="M")
    )
    breaks = (Break("*", month("2024-04")),)
    assert growth(series, month("2024-02"), 1, breaks) == pytest.approx(10)
    assert growth(series, month("2024-03"), 1, breaks, kind="rate") == pytest.approx(-11)
    assert growth(series, month("2024-04"), 1, breaks) is None
    assert growth(series, month("2024-05"), 1, breaks) == pytest.approx(200 / 198 * 100 - 100)
    assert growth(series, month("2024-05"), 2, breaks) is None
    assert growth(series, month("2024-01"), 1) is None
    assert growth(series - 100, month("2024-02"), 1) is None
    assert [crosses(month("2024-04") + k, 12, breaks) for k in (-1, 0, 11, 12)] == [
        False,
        True,
        True,
        False,
    ]


def test_short_series_say_what_they_cannot_show(history_of, wandering):
    shown = {n: len(history_of(wandering(n)).left_out) for n in (5, 13, 25, 61)}
    assert shown == {5: 3, 13: 2, 25: 1, 61: 0}
    assert "5 个月" in history_of(wandering(5)).left_out[0]


# --- marks ----------------------------------------------------------------------------------------


@pytest.fixture
def calm():
    rng = np.random.default_rng(5)
    season = 0.1 * np.sin(2 * np.pi * np.arange(120) / 12)
    return season + np.cumsum(rng.normal(0, 0.01, 120))


def test_marks_name_month_and_kind(calm):
    start = month("2015-01")
    assert outlier_marks(calm, start) == ()
    spiked, shifted, newest = calm.copy(), calm.copy(), calm.copy()
    spiked[50] += 0.2
    shifted[70:] -= 0.2
    newest[-1] += 0.2
    for values, expected in (
        (spiked, (start + 50, "additive", 0.2)),
        (shifted, (start + 70, "level_shift", -0.2)),
        (newest, (start + 119, "latest", 0.2)),
    ):
        (mark,) = outlier_marks(values, start)
        assert (mark.month, mark.kind) == expected[:2]
        assert mark.size == pytest.approx(expected[2], abs=0.05)
        assert abs(mark.score) > 5


def test_marks_are_rare_without_cause():
    marks = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        marks += len(outlier_marks(np.cumsum(rng.normal(0, 1, 121)), month("2015-01")))
    assert marks <= 8  # of 7200 months


def test_marks_are_rare_in_series_of_few_years():
    marks = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        marks += len(outlier_marks(np.cumsum(rng.normal(0, 1, 38)), month("2015-01")))
    assert marks <= 12  # of 2280 months


def test_nothing_is_marked_in_a_short_or_frozen_series():
    assert outlier_marks(np.arange(12.0) ** 3, month("2020-01")) == ()
    assert outlier_marks(np.zeros(50), month("2020-01")) == ()


def test_marks_of_a_history_are_on_its_model_scale(history_of, calm):
    calm[50] += 0.2
    (mark,) = history_of(1000 * np.exp(calm), start="2015-01").outliers
    assert mark.size == pytest.approx(0.2, abs=0.05)


# --- speed ----------------------------------------------------------------------------------------


def test_a_history_does_not_cost_more_in_a_full_store(store, catalogue, jiading, unemployed, jobs):
    months = pd.period_range("2001-01", "2026-09", freq="M")
    rows = [
        Observation(region, code, m, float(1000 + i * 7 % 991), None, "测试")
        for region in ("310104", "310114", "330900", "420115", "330683", "100000")
        for code in ("registered_unemployed", "pmi_manufacturing", "new_jobs")
        for i, m in enumerate(months)
    ]
    store.append(rows, catalogue, command="test")
    day = date(2026, 11, 20)
    taken = []
    for _ in range(5):
        start = time.process_time()
        build(store, jiading, unemployed, day, others=[catalogue.indicator("pmi_manufacturing")])
        taken.append(time.process_time() - start)
    assert min(taken) < 0.05


def test_an_indicator_keeps_the_months_of_its_steps(
    vintages_of, monthly, jiading, unemployed, other
):
    step = Break("*", month("2023-08"), "dummy")
    lagging = replace(other, breaks=(step,))
    source = vintages_of(monthly("2023-01", range(50, 74)), indicator=other.code)
    history = from_known(
        vintages_of(monthly("2023-01", range(100, 124))).as_of(LATE),
        jiading,
        unemployed,
        LATE,
        others=[(lagging, source)],
    )
    assert history.lagged[0].breaks == (month("2023-08"),)
