"""Reliability of a back-test's quantiles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.forecasting.backtest.backtest import Backtest, Record
from employment_forecast.forecasting.documents.reliability import (
    quantile_reliability,
    reliability_chart,
)
from employment_forecast.models.paths import LEVELS


def backtest(outcomes: np.ndarray, failing: int = 0) -> Backtest:
    n, horizon = outcomes.shape
    quantiles = np.broadcast_to(np.arange(1.0, 10.0), (n, horizon, 9)).copy()
    quantiles[:failing] = np.nan
    months = pd.period_range("2020-01", periods=n, freq="M")
    record = Record("theta", quantiles, dict.fromkeys(months[:failing], "失败"))
    return Backtest(months, outcomes, np.ones(n), {"theta": record}, False)


def test_shares_by_hand_over_known_cells():
    reliability = quantile_reliability(
        backtest(np.array([[0.5, 5.0], [5.5, np.nan], [99.0, 9.0]])), "theta"
    )
    assert reliability is not None
    assert reliability.nominal == tuple(LEVELS.tolist())
    assert reliability.cells == 5
    expected = [0.2, 0.2, 0.2, 0.2, 0.4, 0.6, 0.6, 0.6, 0.8]
    assert reliability.observed == pytest.approx(expected)


def test_nothing_to_count_is_none():
    unknown = np.full((4, 2), np.nan)
    assert quantile_reliability(backtest(unknown), "theta") is None
    assert quantile_reliability(backtest(np.ones((4, 2)), failing=2), "theta") is None


def test_picture_is_repeatable():
    reliability = quantile_reliability(backtest(np.ones((4, 2))), "theta")
    assert reliability is not None
    first = reliability_chart([reliability], "可靠性")
    assert first.startswith(b"\x89PNG")
    assert first == reliability_chart([reliability], "可靠性")
