"""Line and level are one thing: a figure calls for the same level, whoever is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.feed import check
from employment_forecast.data.targets import Target
from employment_forecast.experiments.benchmark.decisions.lines import shares
from employment_forecast.forecasting.assessment.caps import assess
from employment_forecast.forecasting.early_warning import (
    LevelEvidence,
    decide_level,
    default_scheme,
    level_events,
    line_rows,
    scheme_document,
)
from employment_forecast.models.paths import SamplePaths

NOW, STEP, MONTHS = 10_000.0, 150.0, 12
SCHEME = default_scheme(3)
UNEMPLOYED = load_catalogue().indicator("registered_unemployed")


def cap(value: float, basis: str) -> Target:
    return Target(
        "310114", "registered_unemployed", "own", "cap", basis, "左右", "2026", value - 50, "人",
        date(2025, 1, 1), False, "测试", tolerance=50.0,
    )  # fmt: skip


def walk(rng: np.random.Generator, n: int, start: float, months: int) -> np.ndarray:
    return start + np.cumsum(rng.normal(0, STEP, (n, months)), axis=1)


def feed(target: Target, history, paths: SamplePaths) -> dict:
    rows = line_rows(target, history, paths, UNEMPLOYED, SCHEME, MONTHS, lambda t, m: t.limit)
    return {
        "lines": rows, "caps": [], "precision": 1.0, "scheme": scheme_document(SCHEME),
        "region": {"name": "嘉定区"}, "indicator_name": "登记失业人数",
    }  # fmt: skip


def level_after(target: Target, history, figure: float, paths: SamplePaths):
    """Level that is issued once a figure is published, and the probability behind it."""
    known = replace(history, values=np.append(history.values, figure))
    item = assess(target, known, paths, MONTHS)
    (event,) = level_events([item], SCHEME.leads, 0)
    course = {event.words: {known.origin: event.probability}}
    evidence = LevelEvidence(known.origin, course, facts={event.words: event.fact})
    return decide_level(SCHEME, evidence).level, event.probability


@settings(max_examples=5)
@given(
    st.integers(0, 1_000),
    st.integers(9_760, 10_700),
    st.integers(10_050, 10_450),
    st.sampled_from(["any_month", "period_end"]),
)
def test_a_figure_has_one_level_before_and_after_it_is_published(
    history_of, seed, figure, value, basis
):
    """Lines are drawn before the figure; the level comes from new paths that start from it."""
    past = history_of([9_900.0, NOW], start="2025-11")
    rng = np.random.default_rng(seed)
    target = cap(float(value), basis)
    before = SamplePaths(walk(rng, 1_500, NOW, MONTHS), past.origin)
    said = check(feed(target, past, before), float(figure), None).level
    after = SamplePaths(walk(rng, 4_000, float(figure), MONTHS - 1), past.origin + 1)
    issued, chance = level_after(target, past, float(figure), after)
    if basis == "any_month" and figure > value:
        assert said == issued == "red"
    # Where the probability is at a cut, the two numbers of paths may round to either side.
    elif min(abs(chance - level.probability) for level in SCHEME.levels) > 0.1:
        assert said == issued


@pytest.mark.parametrize("basis", ["any_month", "period_end"])
def test_a_figure_beyond_the_paths_and_below_the_cap_is_no_all_clear(history_of, basis):
    """Three standard deviations up: the end is above in 38 % of cases, any month in about 65."""
    past = history_of([9_900.0, NOW], start="2025-11")
    before = SamplePaths(walk(np.random.default_rng(8), 2_000, NOW, MONTHS), past.origin)
    document = feed(cap(10_600.0, basis), past, before)
    assert check(document, 10_450.0, None).level == ("orange" if basis == "any_month" else "yellow")
    assert check(document, 11_300.0, None).level == "red"
    assert check(document, 10_000.0, None).level == "none"


def test_a_breach_of_long_ago_keeps_no_level_up(history_of):
    """已突破 is a fact; with nothing left to come there is no red."""
    rng = np.random.default_rng(3)
    history = history_of([NOW, 10_400.0, *[NOW - 900.0] * 5], start="2025-12")
    paths = SamplePaths(walk(rng, 1_000, NOW - 900.0, 6) - 20, history.origin)
    target = cap(10_300.0, "any_month")
    item = assess(target, history, paths, MONTHS)
    assert item.already_breached
    assert (item.p_any, str(item.breach.since), len(item.breach.months)) == (1.0, "2026-01", 1)
    assert (item.breach.largest_excess, item.breach.newest_above) == (100.0, False)
    assert item.p_ahead == item.p_any_remaining < 0.01
    levels = {}
    for leads in ("ahead", "breach"):
        (event,) = level_events([item], leads, 0)
        course = {event.words: {history.origin: event.probability}}
        decision = decide_level(
            SCHEME, LevelEvidence(history.origin, course, facts={event.words: event.fact})
        )
        levels[leads] = decision.level
        if leads == "breach":
            assert "已突破" in decision.reasons[0]
            assert "2026-01" in decision.reasons[0]
    assert levels == {"ahead": "none", "breach": "red"}


def test_a_changed_cap_says_which_number_applied_when(history_of):
    history = history_of([NOW, 10_100.0, 10_050.0, 10_250.0], start="2025-12")
    paths = SamplePaths(walk(np.random.default_rng(1), 200, NOW, 9), history.origin)
    item = assess(
        cap(10_200.0, "any_month"),
        history,
        paths,
        MONTHS,
        lambda month: 10_000.0 if month < pd.Period("2026-03", "M") else 10_200.0,
    )
    assert [(str(m.month), m.cap, m.excess) for m in item.breach.months] == [
        ("2026-01", 10_000.0, 100.0),
        ("2026-02", 10_000.0, 50.0),
        ("2026-03", 10_200.0, 50.0),
    ]
    (event,) = level_events([item], "breach", 0)
    assert "2026-01 至 2026-02 按当时的控制数 10,000人 计" in event.fact
    assert "共 3 个月" in event.fact


def test_lines_come_true_as_often_as_they_say():
    """A small part of `experiments.benchmark.decisions.lines`: any-month lines, known laws."""
    rows = {(r.event, r.cut): r.share for r in shares(4, draws=500)}
    for cut in (0.25, 0.5):
        assert rows["any", cut] == pytest.approx(cut, abs=0.06)
    assert rows["end", 0.25] > 0.32  # the former rule promised too little
