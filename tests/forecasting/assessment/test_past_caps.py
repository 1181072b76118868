"""Caps at past origins: what was known then, counted by hand, and read back from its table."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.targets import in_force
from employment_forecast.forecasting.assessment.past_caps import cap_events, from_table
from employment_forecast.models.paths import Failure, SamplePaths

MONTHS = pd.period_range("2024-11", periods=2, freq="M")
DAYS = [date(2024, 12, 10), date(2025, 1, 20)]
OUTCOMES = np.array([[90.0, 111.0], [111.0, np.nan]])


@pytest.fixture
def events(cap_of, history_of):
    def paths(origin: pd.Period, first: float) -> SamplePaths:
        return SamplePaths(np.array([[first, 90.0], [90.0, 120.0]]), origin)

    given = {
        "a": [paths(MONTHS[0], 120.0), paths(MONTHS[1], 90.0)],
        "b": [Failure("不收敛"), paths(MONTHS[1], 120.0)],
    }
    caps = [
        cap_of(100.0, period="2024", announced_on=date(2024, 1, 8)),
        cap_of(110.0, period="2025", announced_on=date(2025, 1, 8)),
        cap_of(50.0, period="2025", announced_on=date(2025, 1, 8), demo=True, tier="own"),
        cap_of(50.0, period="2025", announced_on=date(2025, 1, 8), basis="period_average"),
    ]
    return cap_events(MONTHS, DAYS, OUTCOMES, given, caps, history_of([100.0, 101.0]))


def test_caps_are_those_known_at_the_origin(events):
    assert list(events.caps) == ["municipal"]
    # In December 2024 the cap of 2025 had not been announced: that of 2024 was carried over.
    np.testing.assert_array_equal(events.caps["municipal"], [[100.0, 100.0], [110.0, 110.0]])


PERIODS = ["2023", "2024", "2025", "2024-2025", "2024-11", "2024-12", "2025-01", "2025-02"]


@st.composite
def announced(draw) -> tuple[str, str, date, date | None]:
    day, years = draw(st.dates(date(2023, 12, 1), date(2025, 3, 1))), st.sampled_from(PERIODS)
    withdrawn = draw(st.none() | st.dates(day, date(2025, 4, 1)))
    return draw(years), draw(st.sampled_from(["municipal", "own"])), day, withdrawn


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(announced(), max_size=6))
def test_the_cap_of_each_cell_is_the_one_in_force(cap_of, history_of, plans):
    caps = [
        cap_of(100.0 + n, period=period, tier=tier, announced_on=day, withdrawn_on=withdrawn)
        for n, (period, tier, day, withdrawn) in enumerate(plans)
    ]
    months = pd.period_range("2024-09", periods=6, freq="M")
    days = [(month + 1).start_time.date().replace(day=15) for month in months]
    expected: dict[str, np.ndarray] = {}
    for row, (month, day) in enumerate(zip(months, days, strict=True)):
        for step in range(9):
            for t in in_force(caps, "310114", "registered_unemployed", month + step + 1, day):
                cells = expected.setdefault(t.tier, np.full((6, 9), np.nan))
                cells[row, step] = t.limit
    events = cap_events(months, days, np.zeros((6, 9)), {}, caps, history_of([100.0, 101.0]))
    assert events.caps.keys() == expected.keys()
    for tier, limits in expected.items():
        np.testing.assert_array_equal(events.caps[tier], limits)


def test_probabilities_and_events_by_hand(events):
    np.testing.assert_array_equal(events.events["municipal"], [[0, 1], [1, np.nan]])
    said = events.probabilities["municipal"]
    np.testing.assert_array_equal(said["a"], [[0.5, 0.5], [0.0, 0.5]])
    np.testing.assert_array_equal(said["b"], [[np.nan, np.nan], [0.5, 0.5]])
    assert events.months_above == 1  # January 2025, seen from two origins
    assert events.brier("a") == pytest.approx((0.25 + 0.25 + 1.0) / 3)
    assert events.brier("b") == pytest.approx(0.25)
    assert events.brier("unknown") is None


def test_table_reads_back(events):
    text = events.table().to_csv(index=False)
    again = from_table(pd.read_csv(io.StringIO(text)))
    assert list(again.months) == list(events.months)
    for name in ("caps", "events"):
        np.testing.assert_array_equal(
            getattr(again, name)["municipal"], getattr(events, name)["municipal"]
        )
    for model in ("a", "b"):
        np.testing.assert_array_equal(
            again.probabilities["municipal"][model], events.probabilities["municipal"][model]
        )
    with pytest.raises(ValueError, match="columns missing"):
        from_table(pd.DataFrame({"model": []}))


def test_shares_are_worked_out_when_asked_for(cap_of, history_of):
    asked = []

    def shares(model, given, limits, precision):
        asked.append(model)
        return np.zeros(limits.shape)

    cap = cap_of(100.0, period="2024", announced_on=date(2024, 1, 8))
    past = cap_events(
        MONTHS, DAYS, OUTCOMES, {"a": [], "b": []}, [cap], history_of([100.0, 101.0]), shares
    ).first(1)
    assert not asked
    assert set(past.table(lambda model: model == "a")["model"]) == {"a"}
    assert past.brier("b") == past.brier("b") == pytest.approx(0.5)
    assert asked == ["a", "b"]


def test_without_caps_there_is_nothing(history_of):
    none = cap_events(MONTHS, DAYS, OUTCOMES, {}, [], history_of([1.0, 2.0]))
    assert none.months_above == 0
    assert none.squared_errors("a") is None
    assert none.table().empty
