"""Declaring an event makes the year after it easier to forecast, and later years hardly harder.

Series with airline errors and one event of 12 %; forecasts made from the event's month to 30 months
on, with and without the declaration, scored on the series itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.records.shocks import USUAL_MONTHS, Shock
from employment_forecast.features.events.shocks import shock_column
from employment_forecast.forecasting.scoring.scores import interval_score
from employment_forecast.models import roster
from employment_forecast.models.paths import SamplePaths

START, AT, MONTHS, HORIZON, SIZE = pd.Period("2012-01", "M"), 96, 145, 12, 0.12
SOON, LATE = (0, 2, 5, 9), (12, 20, 30)


def struck(kind: str, seed: int) -> np.ndarray:
    """Values of a series with an event of size `SIZE` in its ninth year."""
    e = np.random.default_rng(seed).normal(0, 0.012, MONTHS + 13)
    regular = e[1:] - 0.4 * e[:-1]
    w = regular[12:] - 0.6 * regular[:-12]
    z = np.zeros(MONTHS + 13)
    z[:13] = 9.5 + 0.08 * np.sin(2 * np.pi * np.arange(13) / 12)
    for t in range(13, MONTHS + 13):
        z[t] = z[t - 1] + z[t - 12] - z[t - 13] + w[t - 13]
    months = pd.period_range(START, periods=MONTHS, freq="M")
    return np.exp(z[13:] + SIZE * shock_column(kind, START + AT, USUAL_MONTHS[kind], months))


def scores(
    history_of, name: str, kind: str, seeds: Sequence[int], after: Sequence[int]
) -> tuple[float, float]:
    """Mean WIS over the actual value, percent: without and with the declaration."""
    event = Shock(
        "310114", "", START + AT, kind, USUAL_MONTHS[kind], "疫情", "通告", date(2020, 1, 31)
    )
    model, by_case = roster.create(name), {False: [], True: []}
    for seed in seeds:
        values = struck(kind, seed)
        for n in (AT + 1 + k for k in after):
            history = history_of(values[:n], start=str(START))
            for declared, seen in ((False, history), (True, replace(history, shocks=(event,)))):
                paths = model.forecast(seen, HORIZON, 300, seed)
                assert isinstance(paths, SamplePaths)
                actual = values[n : n + HORIZON]
                by_case[declared].append(interval_score(paths.quantiles(), actual) / actual)
    return 100 * float(np.mean(by_case[False])), 100 * float(np.mean(by_case[True]))


@pytest.mark.parametrize(
    "kind", ["pulse", pytest.param("temporary", marks=pytest.mark.soak), "step"]
)
def test_the_year_after_is_forecast_better(history_of, kind):
    without, declared = scores(history_of, "theta", kind, range(3), SOON)
    assert declared < 0.75 * without


@pytest.mark.soak
@pytest.mark.parametrize("name", ["ets", "theta", "sarima"])
@pytest.mark.parametrize("kind", ["pulse", "temporary", "step"])
def test_every_family_gains_soon_and_loses_next_to_nothing_later(history_of, name, kind):
    without, declared = scores(history_of, name, kind, range(12), SOON)
    assert declared < 0.7 * without
    without, declared = scores(history_of, name, kind, range(12), LATE)
    # Worst of nine: theta after a step, 2.0 % more.
    assert declared < 1.04 * without
