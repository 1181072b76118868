"""Residual checks against published routines and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.forecasting.backtest.backtest import Backtest, Record
from employment_forecast.forecasting.backtest.residuals import (
    interpolated_transform,
    ljung_box,
    one_month,
)
from employment_forecast.models.paths import LEVELS


def backtest(errors: np.ndarray) -> Backtest:
    from scipy.stats import norm

    n = len(errors)
    months = pd.period_range("2020-01", periods=n, freq="M")
    quantiles = np.broadcast_to(100.0 + norm.ppf(LEVELS), (n, 1, 9)).copy()
    outcomes = (100.0 + errors)[:, None]
    return Backtest(months, outcomes, np.ones(n), {"m": Record("m", quantiles, {})}, False)


def test_ljung_box_against_statsmodels():
    from statsmodels.stats.diagnostic import acorr_ljungbox

    values = np.random.default_rng(1).normal(size=60).cumsum()
    expected = acorr_ljungbox(values, lags=[6])
    statistic, p = ljung_box(values, 6)
    assert statistic == pytest.approx(expected["lb_stat"].iloc[0])
    assert p == pytest.approx(expected["lb_pvalue"].iloc[0])


def test_place_among_the_quantiles():
    q = np.tile(np.arange(1.0, 10.0), (4, 1))
    places = interpolated_transform(q, np.array([0.0, 5.0, 5.5, 20.0]))
    assert places == pytest.approx([0.0125, 0.5, 0.625, 0.9875])


def test_good_errors_pass_and_bad_ones_do_not():
    rng = np.random.default_rng(2)
    good = {c.name: c for c in one_month(backtest(rng.normal(size=60)), "m")}
    assert all(c.p_value > 0.05 for c in good.values())
    shifted = {c.name: c for c in one_month(backtest(rng.normal(1.0, 1.0, 60)), "m")}
    assert shifted["bias"].p_value < 0.001
    assert shifted["uniformity"].p_value < 0.001
    wandering = {c.name: c for c in one_month(backtest(rng.normal(size=60).cumsum()), "m")}
    assert wandering["autocorrelation"].p_value < 0.001


def test_few_errors_decide_nothing():
    checks = one_month(backtest(np.arange(5.0)), "m")
    assert all(c.p_value is None for c in checks)
    assert "只有 5 个误差" in checks[0].text
    assert "没有变化" in one_month(backtest(np.ones(20)), "m")[0].text
