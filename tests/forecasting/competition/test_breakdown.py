"""A back-test by length of history, day of the month and maturity of the figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series
from employment_forecast.data.records import PartVintages
from employment_forecast.forecasting.competition.breakdown import (
    DAYS,
    MATURITIES,
    by_day,
    by_length,
    by_maturity,
)
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Options
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models import roster

N, ORIGINS = 60, 10
MODELS = (*roster.floors(), "theta", "shrunken_season", roster.COMBINATION)


@pytest.fixture(scope="module")
def vintages(vintages_of, monthly):
    """Every month is corrected by one percent two months after it came out."""
    rng = np.random.default_rng(8)
    season = 0.1 * np.sin(np.arange(N) * np.pi / 6)
    values = np.round(9000 * np.exp(season + np.cumsum(rng.normal(0, 0.01, N))))
    first = monthly("2020-11", values)
    later = [
        (month, value * 1.01, (pd.Timestamp(day) + pd.DateOffset(months=2)).date(), *rest)
        for month, value, day, *rest in first[:-2]
    ]
    return vintages_of([*first, *later], "310114", "registered_unemployed", False)


@pytest.fixture(scope="module")
def result(vintages, jiading, unemployed):
    day = vintages.rows["published_on"].max().date()
    options = Options(MODELS, horizon=3, origins=ORIGINS, n_paths=60)
    return compete(Series(jiading, unemployed), vintages, day, (), options)


def test_the_whole_length_is_the_robust_combination_itself(result):
    *cut, whole = by_length(result)
    assert [row["length"] for row in (*cut, whole)] == [12, 24, 36, 48, None]
    assert whole["origins"] == ORIGINS
    assert whole["wis"] == pytest.approx(
        np.nanmean(result.backtest.scaled_interval_scores(roster.COMBINATION))
    )
    assert cut[0]["wis"] > whole["wis"]


def test_maturities_are_scored_by_the_figures_of_their_time(result, vintages):
    rows = by_maturity(result, vintages)
    assert [row["maturity"] for row in rows] == [*MATURITIES, None]
    backtest = result.backtest
    quantiles = backtest.records[result.choice.model].quantiles
    first = np.where(
        np.arange(ORIGINS)[:, None] + np.arange(3) < ORIGINS - 2,
        backtest.outcomes / 1.01,
        backtest.outcomes,
    )
    # The two newest months are not corrected yet.
    slow = scores.interval_score(quantiles, first) / backtest.scales[:, None]
    assert rows[0]["wis"] == pytest.approx(np.nanmean(slow), rel=1e-6)
    assert rows[3]["wis"] == pytest.approx(rows[3]["wis_newest"])
    assert rows[-1]["wis"] == rows[-1]["wis_newest"]
    assert rows[0]["origins"] >= rows[3]["origins"]


def test_days_without_part_months_say_what_publication_alone_gives(result):
    rows = by_day(result, None)
    assert [row["day"] for row in rows] == list(DAYS)
    assert all(row["error"] == row["error_without"] for row in rows)
    # On the 30th the month before is known, on the 1st it is not.
    assert rows[-1]["error"] < rows[0]["error"]


def test_a_figure_that_is_the_months_own_brings_the_error_down(result):
    months = result.history.months
    days = [pd.Timestamp(m.year, m.month, 20) for m in months]
    rows = pd.DataFrame({
        "first_day": days, "last_day": days, "value": result.history.values,
        "published_on": [d + pd.Timedelta(days=1) for d in days],
        "published_estimated": False, "source": "", "demo": False, "id": np.arange(len(days)),
    })  # fmt: skip
    table = by_day(result, PartVintages("310114", "registered_unemployed", rows))
    assert table[-1]["error"] < 0.7 * table[-1]["error_without"]


def test_no_known_month_gives_no_figure(result):
    short = replace(result, origins=(), past_forecasts={result.choice.model: ()})
    assert all(row["months"] == 0 and row["error"] is None for row in by_day(short, None))
