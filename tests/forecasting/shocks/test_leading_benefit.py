"""A leading indicator that leads improves the forecast; a useless one costs next to nothing.

The indicator is the chained index of simulated sample firms, the target a simulated number of
registered unemployed that answers two months later, or not at all.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.campaigns import tries

from employment_forecast.features.history.covariates import Covariate
from employment_forecast.features.sample.index import chained_index
from employment_forecast.features.sample.panel import read_panel
from employment_forecast.forecasting.scoring.scores import interval_score
from employment_forecast.models import roster
from employment_forecast.models.paths import SamplePaths

MONTHS, LEAD, HORIZON, N_PATHS, FIRMS = 144, 2, 6, 500, 60
ORIGINS = range(MONTHS - 30, MONTHS - HORIZON, 3)
START = pd.Period("2013-01", "M")


def factor(rng: np.random.Generator) -> np.ndarray:
    """Pressure on employment: a first-order autoregression of unit spread."""
    values = np.zeros(MONTHS)
    for t in range(1, MONTHS):
        values[t] = 0.6 * values[t - 1] + 0.8 * rng.normal()
    return values


def sample_index(pressure: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Index of sixty simulated firms that shed people under pressure, with missing reports."""
    people = np.round(np.exp(rng.normal(4.2, 0.9, FIRMS))) + 5
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    rows = []
    for t in range(MONTHS):
        leaving = rng.poisson(0.025 * season[t] * np.exp(0.4 * pressure[t]) * people)
        leaving = np.minimum(leaving, people - 1)
        hires = rng.poisson(0.027 * people)
        end = people + hires - leaving
        rows.extend(
            (f"F{i:02d}", START + t, people[i], hires[i], leaving[i], end[i])
            for i in np.flatnonzero(rng.random(FIRMS) > 0.03)
        )
        people = end
    frame = pd.DataFrame(rows, columns=["firm", "month", "base", "hires", "separations", "end"])
    return chained_index(read_panel(frame)).table["index"]


def unemployed(pressure: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Registered unemployed whose monthly change answers the pressure two months before."""
    season = 0.03 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    answer = np.concatenate([np.zeros(LEAD), pressure[:-LEAD]])
    steps = 0.010 * answer + 0.010 * rng.normal(size=MONTHS)
    return np.round(10_000 * np.exp(season + np.cumsum(steps)))


def score(history_of, values: np.ndarray, index: pd.Series | None) -> np.ndarray:
    """Mean WIS of the ridge regression at each origin, over the log of the target's scale."""
    model = roster.create("ridge")
    scores = []
    for n in ORIGINS:
        lagged = ()
        if index is not None:
            known = index.to_numpy()[:n]
            lagged = (
                Covariate(
                    "310114", "sample_index", "监测企业岗位指数", "指数", START, known, "log",
                    False, False,
                ),
            )  # fmt: skip
        history = history_of(values[:n], start=str(START), lagged=lagged)
        paths = model.forecast(history, HORIZON, N_PATHS, seed=n)
        assert isinstance(paths, SamplePaths)
        scores.append(interval_score(paths.quantiles(), values[n : n + HORIZON]).mean())
    return np.array(scores)


def relative_costs(history_of, panels: int, *, leads: bool) -> np.ndarray:
    """Log ratio of the mean WIS with to that without the indicator, one per panel."""
    costs = []
    for seed in range(panels):
        rng = np.random.default_rng([seed, int(leads)])
        pressure = factor(rng)
        values = unemployed(pressure, rng)
        index = sample_index(pressure if leads else factor(rng), rng)
        with_it = score(history_of, values, index).mean()
        costs.append(np.log(with_it / score(history_of, values, None).mean()))
    return np.array(costs)


def interval(costs: np.ndarray) -> tuple[float, float, float]:
    """Mean relative change of the WIS and its 95 % interval over panels."""
    error = 1.96 * costs.std(ddof=1) / np.sqrt(len(costs))
    middle = costs.mean()
    return tuple(float(np.expm1(v)) for v in (middle - error, middle, middle + error))


@pytest.mark.soak
def test_many_panels(history_of, record_property):
    panels = max(10, tries(50))  # fewer say nothing
    leading = interval(relative_costs(history_of, panels, leads=True))
    useless = interval(relative_costs(history_of, panels, leads=False))
    record_property("leading", leading)
    record_property("useless", useless)
    assert leading[2] < -0.05
    assert useless[2] < 0.02
