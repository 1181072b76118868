"""A declared event no longer bends what every family learns, and its error is carried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.records.shocks import Shock
from employment_forecast.features.events.shocks import shock_column
from employment_forecast.features.history.covariates import Covariate
from employment_forecast.models import roster
from employment_forecast.models.effects.effects import effects_of
from employment_forecast.models.paths import SamplePaths

START = pd.Period("2014-01", "M")
AT = 96


def event(kind: str, months: int) -> Shock:
    return Shock("310114", "", START + AT, kind, months, "疫情", "通告", date(2022, 2, 1))


@pytest.fixture
def hit(history_of):
    """A seasonal random walk on logarithms, struck by an event of size 0.2 after eight years."""

    def make(n: int, kind: str, months: int, seed: int = 1, size: float = 0.2):
        rng = np.random.default_rng(seed)
        z = 9 + np.cumsum(rng.normal(0, 0.01, 140))[:n]
        z += 0.06 * np.sin(2 * np.pi * np.arange(n) / 12)
        index = pd.period_range(START, periods=n, freq="M")
        z += size * shock_column(kind, START + AT, months, index)
        return history_of(np.exp(z), start=str(START))

    return make


@pytest.mark.parametrize(
    ("kind", "months"), [("pulse", 1), ("pulse", 2), ("temporary", 6), ("step", 0)]
)
def test_the_size_is_recovered_within_its_error(hit, kind, months):
    history = replace(hit(120, kind, months), shocks=(event(kind, months),))
    effects = effects_of(history)
    (name,) = effects.forced
    assert abs(effects.forced[name] - 0.2) < 3 * effects.errors[name]
    assert effects.errors[name] < 0.02


@pytest.mark.parametrize("name", ["seasonal_naive", "ets", "theta", "sarima"])
def test_a_year_after_a_pulse_it_is_not_taken_for_season(hit, name):
    """Eleven months on, the next month is the event's own calendar month."""
    struck, calm = hit(AT + 12, "pulse", 1), hit(AT + 12, "pulse", 1, size=0.0)
    model = roster.create(name)
    medians = {}
    for case, history in {
        "calm": calm,
        "none": struck,
        "declared": replace(struck, shocks=(event("pulse", 1),)),
    }.items():
        outcome = model.forecast(history, 1, 400, 3)
        assert isinstance(outcome, SamplePaths)
        medians[case] = float(np.log(np.median(outcome.values[:, 0])))
    off = {case: abs(medians[case] - medians["calm"]) for case in ("none", "declared")}
    assert off["declared"] < 0.02
    assert off["declared"] < off["none"]


def test_nothing_changes_without_an_event(hit):
    """The stream of the event's error is its own: other draws stay as they are."""
    history = hit(AT, "pulse", 1)
    model = roster.create("ets")
    plain = model.forecast(history, 6, 200, 5)
    over = replace(history, shocks=(replace(event("step", 0), month=START + 50),))
    stepped = model.forecast(over, 6, 200, 5)
    assert isinstance(plain, SamplePaths)
    assert isinstance(stepped, SamplePaths)
    # A step that lies far back moves nothing ahead and carries no error on.
    assert np.log(stepped.values).std(axis=0) == pytest.approx(
        np.log(plain.values).std(axis=0), rel=0.15
    )


def test_a_stock_that_is_tied_to_its_flows_keeps_its_event(hit):
    """Its people are in the flows as well: without them stock and flows would not add up."""
    n = AT + 20
    stock = hit(n, "pulse", 1)
    opening = np.concatenate([stock.values[:1], stock.values[:-1]])
    leaving = 0.1 * opening
    flows = {
        "registered_inflow": np.diff(stock.values, prepend=stock.values[0]) + leaving,
        "registered_reemployed": 0.8 * leaving,
        "registered_exited": 0.2 * leaving,
    }
    lagged = tuple(
        Covariate("310114", code, code, "人", START, values, "none", False, False)
        for code, values in flows.items()
    )
    plain = replace(stock, lagged=lagged)
    declared = replace(plain, shocks=(event("pulse", 1),))
    one, other = (roster.create("stock_flow").forecast(h, 6, 50, 2) for h in (plain, declared))
    assert isinstance(one, SamplePaths), one
    assert isinstance(other, SamplePaths), other
    assert one.values.tobytes() == other.values.tobytes()


def test_the_error_is_carried_where_the_effect_still_runs(hit):
    """At the event's own month its size rests on that month alone."""
    model = roster.create("random_walk")
    history = hit(AT + 1, "temporary", 6)
    declared = replace(history, shocks=(event("temporary", 6),))
    outcome = model.forecast(declared, 12, 4000, 5)
    calm = model.forecast(hit(AT + 1, "temporary", 6, size=0.0), 12, 4000, 5)
    assert isinstance(outcome, SamplePaths)
    assert isinstance(calm, SamplePaths)
    error = effects_of(declared).errors["shock_202201_temporary_6"]
    share = 1 - 0.1 ** (np.arange(1, 13) / 6)
    extra = np.log(outcome.values).var(axis=0) - np.log(calm.values).var(axis=0)
    assert extra == pytest.approx((error * share) ** 2, rel=0.35)
    # Half a year on a tenth is left.
    fallen = np.log(np.median(outcome.values[:, 5])) - np.log(history.values[-1])
    assert fallen == pytest.approx(
        -0.9 * effects_of(declared).forced["shock_202201_temporary_6"], abs=0.04
    )
