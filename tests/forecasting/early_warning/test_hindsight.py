"""Warnings at past origins: what was known then, and what came of it."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from employment_forecast.forecasting.early_warning.decision import default_scheme
from employment_forecast.forecasting.early_warning.evaluation.hindsight import (
    STAND_IN,
    cases_of,
    past_calls,
    stand_in_cap,
)
from employment_forecast.forecasting.early_warning.evaluation.report import evaluation


@pytest.fixture(scope="module")
def result(competition, wandering):
    return competition(wandering(60, seed=3), origins=24, n_paths=60)


@pytest.fixture(scope="module")
def capped(cap_of, result):
    """A cap that the last complete year broke and one that nobody could."""
    months = result.history.months
    values = result.history.values[np.asarray(months.year) == 2024]
    low = float(np.sort(values)[-3])
    return [
        cap_of(low, period="2024", announced_on=date(2024, 1, 5)),
        cap_of(low * 3, period="2025", announced_on=date(2025, 1, 5)),
    ]


def test_every_call_is_about_the_cap_of_its_day(result, capped):
    calls = past_calls(result, capped)
    assert calls
    assert [c.month for c in calls] == sorted(c.month for c in calls)
    for call in calls:
        assert call.target.announced_on.year <= call.month.year + 1
        assert 0 <= call.probability <= 1
        assert call.month < call.known <= call.target.last_month
        assert (call.breach_month is not None) == call.broken
        if call.broken:
            value = result.history.series[call.breach_month]
            assert value > call.target.value
            assert call.month < call.breach_month <= call.target.last_month
    year = [
        c for c in calls if c.target.period == "2025" and not c.stand_in and not c.target.carried
    ]
    assert year
    assert not any(c.broken for c in year)
    assert max(c.probability for c in year) < 0.05


def test_nothing_published_later_changes_a_call(competition, wandering, capped):
    """The canary: other values after an origin leave its probability alone."""
    values = wandering(60, seed=3)
    changed = values.copy()
    changed[54:] = np.round(changed[54:] * 1.3)
    # A single model, since the choice among several rests on today's knowledge.
    alone = {"models": ("random_walk",), "origins": 24, "n_paths": 60}
    result, other = competition(values, **alone), competition(changed, **alone)
    until = result.history.start + 53
    one = {(c.month, c.target.period): c.probability for c in past_calls(result, capped)}
    two = {(c.month, c.target.period): c.probability for c in past_calls(other, capped)}
    compared = [key for key in one if key[0] <= until and key in two]
    assert len(compared) >= 5
    for key in compared:
        assert one[key] == two[key]


def test_the_stand_in_is_the_highest_month_of_the_year_before(history_of):
    values = [*range(100, 112), 90.0, 91.0]
    cap_then = stand_in_cap(history_of(values, start="2024-01"))
    assert (cap_then.value, cap_then.period, cap_then.source) == (111.0, "2025", STAND_IN)
    year_end = stand_in_cap(history_of(values[:12], start="2024-01"))
    assert (year_end.value, year_end.period) == (111.0, "2025")
    assert stand_in_cap(history_of(values[1:], start="2024-02")) is None


def test_a_cap_that_was_replaced_is_not_judged(result, cap_of):
    values = result.history.values[np.asarray(result.history.months.year) == 2025]
    low, high = float(values.min()) - 1, float(values.max()) + 1
    carried = cap_of(low, period="2024", announced_on=date(2024, 1, 5))
    own = cap_of(high, period="2025", announced_on=date(2025, 4, 5))
    alone = [c for c in past_calls(result, [carried]) if c.target.period == "2025"]
    assert any(c.target.carried and c.broken for c in alone)
    both = [c for c in past_calls(result, [carried, own]) if c.target.period == "2025"]
    assert both
    assert not any(c.target.carried or c.broken for c in both)


def test_without_caps_the_stand_in_is_used_and_said(result):
    calls = past_calls(result, [])
    assert calls
    assert all(c.stand_in for c in calls)
    content = evaluation(result, calls, default_scheme(3), 10)
    assert any(STAND_IN in note for note in content["notes"])


def test_the_document_adds_up(result, capped):
    calls = past_calls(result, capped)
    content = evaluation(result, calls, default_scheme(4), 10)
    json.dumps(content, allow_nan=False)
    assert content["scores"]["cases"] == len(calls) == len(content["calls"])
    for row in content["levels"]:
        counted = ("hits", "misses", "false_alarms", "correct_quiet")
        assert sum(row[k] for k in counted) == len(calls)
        assert row["hits"] + row["misses"] == content["scores"]["events"]
    hits = [row["hits"] for row in content["levels"]]
    assert hits == sorted(hits, reverse=True)
    assert content["levels"][0]["miss_cost"] == 9.0


def test_no_case_at_all(result):
    content = evaluation(result, [], default_scheme(3), 10)
    assert content["scores"]["cases"] == 0
    assert content["criteria"] == {
        "noise_to_signal": None,
        "credit_scoring": None,
        "accuracy": None,
    }
    assert not any(row["chosen_by_backtest"] for row in content["levels"])
    assert len(cases_of([])) == 0
