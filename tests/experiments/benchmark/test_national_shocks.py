"""Declared against undeclared events: known from their day, scored on common cells."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.experiments.benchmark.national_shocks import declared, table
from employment_forecast.forecasting.backtest.backtest import Backtest, Record


def test_events_are_known_from_the_publication_of_their_month(vintages_of, monthly):
    rows = monthly("2019-01", np.linspace(5, 5.5, 48), lag=18)
    vintages = vintages_of(rows, region="100000", indicator="surveyed_unemployment_rate")
    struck = declared(vintages, "temporary")
    assert [(s.shape, s.declared_on) for s in struck.shocks] == [
        (("2020-02", "temporary", 6), date(2020, 3, 18)),
        (("2022-04", "temporary", 6), date(2022, 5, 18)),
    ]
    assert declared(vintages, None).shocks == ()


def test_only_common_cells_with_an_outcome_are_scored():
    months = pd.period_range("2020-02", periods=3, freq="M")
    outcomes = np.array([[5.0], [5.0], [np.nan]])

    def backtest(error: float, fails: int | None) -> Backtest:
        quantiles = np.full((3, 1, 9), 5.0 + error)
        if fails is not None:
            quantiles[fails] = np.nan
        record = Record("ets", quantiles, {})
        return Backtest(months, outcomes, np.ones(3), {"ets": record}, True)

    scores = table({"none": backtest(0.5, 0), "temporary": backtest(0.0, None)}, ["ets"])
    row = scores[scores["origins"] == "all"].iloc[0]
    # Origin 1 has no forecast in one case, origin 3 no outcome; a point forecast scores its error.
    assert row["n"] == 2
    assert row["wis.none"] == pytest.approx(0.5)
    assert row["wis.temporary"] == 0.0
    assert (row["cover80.none"], row["cover80.temporary"]) == (0.0, 1.0)
    assert list(scores["origins"]) == ["2020-02..2021-01", "all"]
