"""Events are proposed where there are some, hardly ever where there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.records.shocks import Shock
from employment_forecast.features.events.shocks import shock_column
from employment_forecast.forecasting.shocks.effects import in_words, shock_rows
from employment_forecast.forecasting.shocks.proposals import CRITICAL, note, proposal_rows, propose

START = pd.Period("2012-01", "M")


def airline(n: int, seed: int, heavy: bool = False) -> np.ndarray:
    """Airline series on logarithms: moving averages 0.4 and 0.6, innovations of 1.2 %."""
    rng = np.random.default_rng(seed)
    e = 0.012 * (rng.standard_t(5, n + 40) / np.sqrt(5 / 3) if heavy else rng.normal(0, 1, n + 40))
    regular = e[1:] - 0.4 * e[:-1]
    w = (regular[12:] - 0.6 * regular[:-12])[-n:]
    x = np.zeros(n + 13)
    x[:13] = 0.08 * np.sin(2 * np.pi * np.arange(13) / 12)
    for t in range(13, n + 13):
        x[t] = x[t - 1] + x[t - 12] - x[t - 13] + w[t - 13]
    return 9.5 + x[13:]


@pytest.fixture
def struck(history_of):
    def make(n: int, seed: int, kind: str = "pulse", at: int = 80, size: float = 0.0):
        months = {"pulse": 1, "temporary": 6, "step": 0}[kind]
        index = pd.period_range(START, periods=n, freq="M")
        z = airline(n, seed) + size * shock_column(kind, START + at, months, index)
        return history_of(np.exp(z), start=str(START))

    return make


@pytest.mark.parametrize("kind", ["pulse", "temporary", "step"])
@pytest.mark.parametrize("seed", range(3))
def test_a_clear_event_is_found_with_its_kind(struck, kind, seed):
    (proposal,) = propose(struck(130, seed, kind, size=0.15))
    assert (proposal.month, proposal.kind, proposal.newest) == (START + 80, kind, False)
    assert proposal.size == pytest.approx(0.15, abs=0.04)
    assert proposal.score > CRITICAL


def test_the_newest_month_cannot_tell_its_kind(struck):
    (proposal,) = propose(struck(100, 1, "step", at=99, size=-0.15))
    assert proposal.newest
    assert proposal.score < -CRITICAL


def test_a_declared_event_is_not_proposed_again(struck):
    history = struck(130, 1, "pulse", size=0.15)
    event = Shock("310114", "", START + 80, "pulse", 1, "疫情", "通告", date(2018, 9, 30))
    assert propose(replace(history, shocks=(event,))) == ()


def test_calm_series_suggest_nothing(struck):
    assert sum(bool(propose(struck(100, seed))) for seed in range(12)) == 0


@pytest.mark.soak
@pytest.mark.parametrize("n", [72, 120, 190])
def test_false_alarms_are_as_stated(history_of, n):
    """200 series without an event; the stated shares."""
    for heavy, most in ((False, 0.015), (True, 0.36)):
        alarms = [
            bool(propose(history_of(np.exp(airline(n, seed, heavy)), start="2012-01")))
            for seed in range(200)
        ]
        assert np.mean(alarms) <= most


def test_one_extreme_february_is_not_taken_for_the_festival(history_of):
    """In a short series the festival's columns could explain it; the event does so better."""
    z = airline(84, 2)
    z[62] += 0.25  # 2017-03 stands out alone
    proposals = propose(history_of(np.exp(z), start="2012-01"))
    assert [str(p.month) for p in proposals] == ["2017-03"]


def test_short_and_constant_series_suggest_nothing(history_of):
    assert propose(history_of(np.exp(airline(36, 1)), start="2012-01")) == ()
    assert propose(history_of(np.full(80, 100.0), start="2012-01")) == ()


def test_a_declared_event_is_shown_with_its_size(struck):
    history = struck(130, 1, "temporary", size=0.15)
    event = Shock(
        "310114", "", START + 80, "temporary", 6, "疫情", "通告", date(2018, 9, 30), None, 4
    )
    (row,) = shock_rows(replace(history, shocks=(event,)))
    assert (row["number"], row["phrase"]) == (4, "2018-09 疫情（暂时，6 个月后剩一成）")
    assert row["size"] == pytest.approx(0.15, abs=3 * row["standard_error"])
    assert row["effect"] == f"{np.expm1(row['size']):+.1%}"
    assert row["effect_low"] < row["effect"] < row["effect_high"]
    assert shock_rows(history) == []


def test_words(struck, history_of):
    history = struck(130, 1, "pulse", size=0.15)
    proposals = propose(history)
    (text,) = note(proposals, history)
    assert "2018-09（脉冲，+" in text
    assert "forecast shocks declare" in text
    assert note((), history) == ()
    (row,) = proposal_rows(proposals, history)
    assert (row["month"], row["kind_name"], row["months"]) == ("2018-09", "脉冲", 1)
    assert "--month 2018-09 --kind pulse" in row["command"]
    rate = history_of(np.linspace(4, 5, 80), transform="none", unit="%")
    assert in_words(0.123, rate) == "+0.12%"
    assert in_words(-0.001, rate) == "+0.00%"  # never a negative zero
