"""Profiles of declared events, and which of them a history can use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue.schema import Break
from employment_forecast.data.records.shocks import Shock
from employment_forecast.features.events.shocks import shock_column, shock_regressors, usable_shocks
from employment_forecast.features.history.build import from_known

MONTHS = pd.period_range("2022-01", periods=6, freq="M")


def month(text: str) -> pd.Period:
    return pd.Period(text, "M")


def event(text: str, kind: str = "pulse", months: int = 1, **other) -> Shock:
    fields = {"indicator": "", "name": "疫情", "source": "通告", "declared_on": date(2022, 4, 10)}
    return Shock("310114", month=month(text), kind=kind, months=months, **{**fields, **other})


@pytest.mark.parametrize(
    ("kind", "length", "expected"),
    [
        ("pulse", 1, [0, 0, 1, 0, 0, 0]),
        ("pulse", 2, [0, 0, 1, 1, 0, 0]),
        ("step", 0, [0, 0, 1, 1, 1, 1]),
        ("temporary", 1, [0, 0, 1, 0.1, 0.01, 0.001]),
        ("temporary", 2, [0, 0, 1, 0.1**0.5, 0.1, 0.1**1.5]),
    ],
)
def test_profiles_by_hand(kind, length, expected):
    assert shock_column(kind, month("2022-03"), length, MONTHS) == pytest.approx(expected)


def test_columns_are_named_by_what_they_are():
    events = [event("2022-03"), event("2022-02", "step", 0), event("2022-03", "temporary", 6)]
    table = shock_regressors(events, MONTHS)
    assert list(table) == [
        "shock_202203_pulse_1",
        "shock_202202_step_0",
        "shock_202203_temporary_6",
    ]
    assert shock_regressors([], MONTHS).shape == (6, 0)


def test_an_event_needs_two_months_before_it_and_one_from_it_on():
    events = [event(str(m)) for m in pd.period_range("2022-01", "2022-08", freq="M")]
    usable, others = usable_shocks(events, MONTHS[0], MONTHS[-1])
    assert [str(s.month) for s in usable] == ["2022-03", "2022-04", "2022-05", "2022-06"]
    assert [str(s.month) for s in others] == ["2022-01", "2022-02", "2022-07", "2022-08"]


def test_the_same_event_twice_is_one():
    twice = [event("2022-04", number=1), event("2022-04", number=2, indicator="new_jobs")]
    usable, others = usable_shocks(twice, MONTHS[0], MONTHS[-1])
    assert (len(usable), others) == (1, ())


def test_a_history_sees_an_event_from_the_day_it_was_declared(
    vintages_of, monthly, wandering, jiading, unemployed
):
    rows = monthly("2019-01", wandering(48))
    vintages = replace(vintages_of(rows), shocks=(event("2022-03"), event("2023-06")))

    def seen(day):
        return from_known(vintages.as_of(day), jiading, unemployed, day)

    before, after = seen(date(2022, 4, 9)), seen(date(2022, 4, 10))
    assert before.shocks == ()
    assert before.forced.empty
    assert [str(s.month) for s in after.shocks] == ["2022-03"]
    assert after.forced["shock_202203_pulse_1"].sum() == 1.0
    assert any("疫情" in note for note in after.notes)
    # The future event is not mentioned before its month has been published.
    assert not any("2023-06" in note for note in after.notes)
    plain = replace(after, shocks=())
    assert plain.fingerprint != after.fingerprint
    assert replace(after, shocks=(event("2022-03", name="别名"),)).fingerprint == after.fingerprint


def test_year_to_date_figures_keep_their_events(vintages_of, jiading, catalogue):
    jobs = catalogue.indicator("new_jobs")
    flows = np.tile(np.arange(1000.0, 1012.0), 3)
    totals = np.concatenate([np.cumsum(year) for year in flows.reshape(3, 12)])
    months = pd.period_range("2020-01", periods=36, freq="M")
    rows = [(str(m), v, date(2023, 1, 20)) for m, v in zip(months, totals, strict=True)]
    vintages = replace(vintages_of(rows, indicator="new_jobs"), shocks=(event("2022-03"),))
    day = date(2023, 2, 1)
    assert len(from_known(vintages.as_of(day), jiading, jobs, day).shocks) == 1


def test_cutting_a_history_cuts_its_events(history_of):
    history = history_of(np.arange(1.0, 61.0), shocks=(event("2021-03"), event("2023-03")))
    assert [str(s.month) for s in history.last(36).shocks] == ["2023-03"]
    known = history.last(36).knowing((event("2021-03"), event("2024-01", "step", 0)))
    assert [s.shape for s in known.shocks] == [("2024-01", "step", 0)]


def test_a_step_where_the_definition_changed_is_not_counted_twice(history_of):
    change = Break("310114", month("2022-06"), "dummy")
    history = history_of(
        np.arange(1.0, 61.0), breaks=(change,), shocks=(event("2022-06", "step", 0),)
    )
    assert list(history.forced) == ["break_202206"]
