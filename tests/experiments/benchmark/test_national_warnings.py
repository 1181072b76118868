"""The replay of national warnings: what each month knew, what came, and the scores by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series
from employment_forecast.data.targets.target import Target
from employment_forecast.experiments.benchmark.national_warnings import (
    _cases,
    persistence_frequency,
    picture,
    replay,
    scores,
    table,
)
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Options
from employment_forecast.forecasting.early_warning.decision import default_scheme
from employment_forecast.models.roster import COMBINATION


def target(value, year, announced) -> Target:
    return Target(
        "100000", "surveyed_unemployment_rate", "national", "cap", "any_month", "左右", str(year),
        value, "%", announced, False, "测试",
    )  # fmt: skip


@pytest.fixture(scope="module")
def result(catalogue, vintages_of, monthly):
    """A rate of 2020 to 2023 with one high quarter; the random walk stands for the combination."""
    rng = np.random.default_rng(4)
    values = 5.0 + np.round(rng.normal(0, 0.1, 48), 1)
    values[30:33] = [5.7, 5.8, 5.6]
    place = catalogue.region("全国")
    rate = catalogue.indicator("surveyed_unemployment_rate")
    rows = monthly("2020-01", np.round(values, 1), lag=18)
    floors = ("random_walk", "drift", "seasonal_naive")
    competed = compete(
        Series(place, rate),
        vintages_of(rows, place.code, rate.code),
        rows[-1][2],
        (),
        Options(models=floors, origins=30, n_paths=200),
    )
    walk = competed.backtest.records["random_walk"]
    return replace(
        competed,
        backtest=replace(
            competed.backtest, records={**competed.backtest.records, COMBINATION: walk}
        ),
        past_forecasts={
            **competed.past_forecasts,
            COMBINATION: competed.past_forecasts["random_walk"],
        },
    )


TARGETS = [target(5.5, 2022, date(2022, 3, 5)), target(5.2, 2023, date(2023, 3, 5)),
           target(9.0, 2024, date(2024, 3, 5))]  # fmt: skip


@pytest.fixture(scope="module")
def months(result):
    return replay(result, TARGETS, default_scheme(3))


def test_targets_are_those_announced_by_the_day(result, months):
    assert months
    for month in months:
        for step, value in enumerate(month.targets, start=1):
            year = (month.month + step).year
            if year == 2023 and month.as_of >= date(2023, 3, 5):
                assert value == 5.2
            elif year == 2023:
                assert value == (5.5 if month.as_of >= date(2022, 3, 5) else np.inf)
            elif year == 2022 and month.as_of >= date(2022, 3, 5):
                assert value == 5.5


def test_events_are_those_of_the_next_three_months(result, months):
    series = result.history.series
    for month in months:
        after = [series.get(month.month + k) for k in (1, 2, 3)]
        above = [v is not None and v > t + 1e-6 for v, t in zip(after, month.targets, strict=True)]
        if any(above):
            assert month.event
            assert month.first == month.month + 1 + above.index(True)
        else:
            assert month.event == (None if None in after else False)
        assert 0 <= month.probability <= 1
        assert month.persistence == (month.latest > month.targets[0] + 1e-6)
    assert any(m.event for m in months)
    assert months[-1].event is None or months[-1].event is True


@pytest.mark.soak
def test_the_table_and_the_picture(result, months):
    rows = table(months)
    assert list(rows["data_month"]) == [str(m.month) for m in months]
    assert set(rows["model"]) == {COMBINATION}
    one, two = (picture(months, result.history, default_scheme(3)) for _ in range(2))
    assert one.startswith(b"\x89PNG")
    assert one == two


def test_scores_of_the_replay(months):
    scored = scores(months)
    cases = _cases(months)
    assert scored["months"] == sum(m.event is not None for m in months)
    assert scored["brier"] == pytest.approx(np.mean((cases.probability - cases.event) ** 2))
    state = np.array([m.persistence for m in months if m.event is not None])
    assert scored["brier_persistence"] == pytest.approx(np.mean((state - cases.event) ** 2))
    ratio = 1 - scored["brier"] / scored["brier_climatology"]
    assert scored["skill_climatology"].value == pytest.approx(ratio)


def test_frequency_in_the_same_state_by_hand(months):
    first = months[:5]
    settled = [replace(m, event=e, persistence=float(s)) for m, e, s in zip(
        first, [True, True, False, False, True], [1, 1, 0, 0, 1], strict=True)]  # fmt: skip
    settled = [replace(m, month=pd.Period("2022-01", "M") + 4 * i) for i, m in enumerate(settled)]
    cases = _cases(settled)
    frequency = persistence_frequency(cases, np.array([1.0, 1.0, 0.0, 0.0, 1.0]))
    # One of each kind added: nothing known; one event of one; nothing; none of one; two of two.
    assert frequency.tolist() == pytest.approx([1 / 2, 2 / 3, 1 / 2, 1 / 3, 3 / 4])
