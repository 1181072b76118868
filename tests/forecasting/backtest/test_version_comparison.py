"""Versions are compared on the cells they share, and on no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.forecasting.backtest.backtest import Backtest, Record
from employment_forecast.forecasting.backtest.version_comparison import compare_versions

HORIZON = 2


def backtest(first: str, errors: list[float], known: int | None = None) -> Backtest:
    """A model `m` that is off by so much at each origin; all its quantiles are one number."""
    n = len(errors)
    months = pd.period_range(first, periods=n, freq="M")
    outcomes = np.full((n, HORIZON), 100.0)
    if known is not None:
        outcomes[-1, known:] = np.nan
    centre = 100.0 + np.repeat(np.array(errors)[:, None], HORIZON, axis=1)
    quantiles = np.repeat(centre[..., None], 9, axis=2)
    return Backtest(months, outcomes, np.full(n, 2.0), {"m": Record("m", quantiles, {})}, False)


def test_only_common_origins_count():
    old = backtest("2025-01", [9.0, 9.0, 2.0, 2.0])
    new = backtest("2025-03", [1.0, 1.0, 7.0, 7.0])
    comparison = compare_versions({"1": (old, "m"), "2": (new, "m")}, newest="2")
    assert list(comparison.months) == list(pd.period_range("2025-03", periods=2, freq="M"))
    assert comparison.cells == 4
    first, second = comparison.rows
    # All quantiles are one number: the interval score is the error, over the scale of 2.
    assert (first.wis, second.wis) == (pytest.approx(1.0), pytest.approx(0.5))
    assert (first.mase, second.mase) == (pytest.approx(1.0), pytest.approx(0.5))
    assert first.difference is None
    assert second.difference == pytest.approx(-0.5)
    assert second.wis_by_horizon == pytest.approx((0.5, 0.5))


def test_outcomes_are_those_of_the_newest():
    old = backtest("2025-01", [1.0] * 4, known=1)
    new = backtest("2025-01", [1.0] * 5)
    assert compare_versions({"1": (old, "m"), "2": (new, "m")}, newest="2").cells == 8
    assert compare_versions({"1": (old, "m"), "2": (new, "m")}, newest="1").cells == 7


def test_nothing_in_common():
    comparison = compare_versions(
        {"1": (backtest("2020-01", [1.0]), "m"), "2": (backtest("2025-01", [1.0]), "m")}, "2"
    )
    assert comparison.cells == 0
    assert [r.wis for r in comparison.rows] == [None, None]
    assert comparison.rows[1].one_step is None
