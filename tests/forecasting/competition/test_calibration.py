"""Calibration both ways: as far as evidence goes; ranks and median stay, nothing later is used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.experiments.benchmark.decisions.calibration import coverages
from employment_forecast.experiments.benchmark.decisions.laws import LAWS
from employment_forecast.forecasting.competition.calibration import (
    FLOOR,
    LEEWAY,
    Calibration,
    _shrunk,
    _stretch,
    calibrate,
    uncalibrated,
)
from employment_forecast.models.paths import LEVELS, SamplePaths

HORIZON = 3


def origins(n: int, step: int = 7) -> pd.PeriodIndex:
    first = pd.Period("2000-01", "M")
    return pd.PeriodIndex([first + i * step for i in range(n)], freq="M")


def normal_quantiles(n: int, series: int, spread: float) -> np.ndarray:
    from scipy.stats import norm

    row = 100 + spread * norm.ppf(LEVELS)
    return np.broadcast_to(row, (n, series, HORIZON, len(LEVELS))).copy()


def outcomes(n: int, series: int, spread: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, spread, (n, series, HORIZON))


def test_too_narrow_paths_are_widened_towards_the_true_spread():
    calibration = calibrate(
        origins(60), normal_quantiles(60, 20, 1.0), outcomes(60, 20, 2.0), log=False
    )
    np.testing.assert_allclose(calibration.factors, 2.0, rtol=0.06)
    assert calibration.origins == 60
    assert "最多放宽到" in calibration.note


def test_too_wide_paths_are_narrowed_and_not_below_the_floor():
    wide = calibrate(origins(60), normal_quantiles(60, 20, 1.3), outcomes(60, 20, 1.0), log=False)
    np.testing.assert_allclose(wide.factors, 1 / 1.3 * np.exp(LEEWAY), rtol=0.03)
    assert "最多收窄到" in wide.note
    calibration = calibrate(
        origins(60), normal_quantiles(60, 20, 3.0), outcomes(60, 20, 1.0), log=False
    )
    np.testing.assert_array_equal(calibration.factors, FLOOR)


def test_shrinkage_by_hand():
    """Nine and three independent forecasts: of what was best, 9/13 and 3/7 of a widening."""
    logs = np.log([2.0, 2.0])
    independent, enough = np.array([9.0, 3.0]), np.array([True, True])
    general = 9 / 13 * np.log(2.0)
    own = np.array([9 / 13, 3 / 7])
    expected = np.exp(own * np.log(2.0) + (1 - own) * general)
    np.testing.assert_allclose(_shrunk(logs, independent, enough), expected)
    # A narrowing of others is not taken over, and the first of one's own is not used.
    narrow = np.exp(-own * np.log(2.0) + LEEWAY)
    np.testing.assert_allclose(_shrunk(-logs, independent, enough), np.maximum(narrow, FLOOR))
    np.testing.assert_array_equal(_shrunk(np.full(2, -0.05), independent, enough), 1.0)
    no_evidence = _shrunk(logs, independent, np.array([True, False]))
    assert no_evidence[1] == pytest.approx(np.exp(general))


@pytest.mark.parametrize(("shared", "expected"), [(0.0, 8 / 1.07), (0.5, 8 / 4.5), (1.0, 1.0)])
def test_regions_that_move_together_are_fewer(shared, expected):
    rng = np.random.default_rng(7)
    common, own = rng.normal(size=(400, 1, HORIZON)), rng.normal(size=(400, 8, HORIZON))
    y = 100 + np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    calibration = calibrate(origins(400), normal_quantiles(400, 8, 1.0), y, log=False)
    np.testing.assert_allclose(calibration.independent, 400 * expected, rtol=0.12)


@pytest.mark.parametrize(("width", "least", "most"), [(0.6, 0.92, 0.97), (1.4, 0.92, 0.97)])
def test_wrong_widths_end_near_what_they_promise(width, least, most):
    """36 overlapping origins of ten regions, of random walks; see benchmark/decisions."""
    coverage = coverages(LAWS[0], width, series=10, runs=20, seed=3)[1].mean(axis=0)
    assert coverage.min() > least
    assert coverage.max() < most


def test_misses_on_one_side_stretch_both_and_mirrored_ones_alike():
    y = outcomes(60, 20, 1.0)
    above = np.where(y > 100, 100 + 2.5 * (y - 100), y)
    quantiles = normal_quantiles(60, 20, 1.0)
    calibration = calibrate(origins(60), quantiles, above, log=False)
    mirrored = calibrate(origins(60), quantiles, 200 - above, log=False)
    assert calibration.factors.min() > 1.15
    np.testing.assert_allclose(calibration.factors, mirrored.factors)
    # What lies below and above the median keeps its odds.
    paths = SamplePaths(
        np.random.default_rng(5).normal(100, 1, (1001, HORIZON)), pd.Period("2030-01")
    )
    wider = calibration.apply(paths, log=False).values
    middle = np.median(paths.values, axis=0)
    np.testing.assert_array_equal(wider > middle, paths.values > middle)


def test_few_origins_change_little_and_fewer_than_eight_nothing():
    many = calibrate(origins(40), normal_quantiles(40, 1, 1.0), outcomes(40, 1, 2.0), log=False)
    few = calibrate(origins(9), normal_quantiles(9, 1, 1.0), outcomes(9, 1, 2.0), log=False)
    one = calibrate(origins(7), normal_quantiles(7, 1, 1.0), outcomes(7, 1, 2.0), log=False)
    assert 1.0 < few.factors.max() < many.factors.min()
    assert one.identity
    assert one.note == "结果已知的历史起点只有 7 个，区间未经校准"
    assert "9 个历史起点" in few.note


def test_overlapping_origins_count_once():
    months = origins(12, step=1)
    calibration = calibrate(months, normal_quantiles(12, 1, 1.0), outcomes(12, 1, 3.0), log=False)
    np.testing.assert_array_equal(calibration.independent, [12, 6, 4])
    assert "第 1—3 个月所依据的互不重叠的起点依次为 12、6、4 个" in calibration.note
    assert "第 2 个月起不足 10 个，那里的覆盖率无从核实" in calibration.note


def test_unknown_outcomes_and_failures_teach_nothing():
    quantiles, y = normal_quantiles(30, 4, 1.0), outcomes(30, 4, 2.0)
    reference = calibrate(origins(20), quantiles[:20], y[:20], log=False)
    y[20:25] = np.nan
    quantiles[25:] = np.nan
    calibration = calibrate(origins(30), quantiles, y, log=False)
    np.testing.assert_array_equal(calibration.factors, reference.factors)
    assert calibration.origins == 20


def test_nothing_known_is_said():
    calibration = calibrate(origins(0), normal_quantiles(0, 2, 1.0), outcomes(0, 2, 1.0), log=False)
    assert calibration.identity
    assert calibration.note == uncalibrated(HORIZON).note == "没有结果已知的历史起点，区间未经校准"


def test_logarithms_are_stretched_for_positive_series():
    paths = SamplePaths(
        np.exp(np.random.default_rng(1).normal(size=(501, 2))), pd.Period("2020-01")
    )
    factors = Calibration(np.full(2, 2.0), 9, np.full(2, 9.0))
    stretched = factors.apply(paths, log=True)
    assert stretched.values.min() > 0
    z, before = np.log(stretched.values), np.log(paths.values)
    np.testing.assert_allclose(z.std(axis=0), 2 * before.std(axis=0), rtol=0.02)


def test_months_beyond_the_calibrated_ones_take_the_last_factor():
    values = np.random.default_rng(2).normal(size=(101, 4))
    factors = Calibration(np.array([1.0, 3.0]), 9, np.full(2, 9.0))
    stretched = factors.apply(SamplePaths(values, pd.Period("2020-01")), log=False).values
    away, before = stretched - np.median(stretched, axis=0), values - np.median(values, axis=0)
    np.testing.assert_allclose(away[:, 0], before[:, 0])
    np.testing.assert_allclose(away[:, 1:], 3 * before[:, 1:])


@settings(max_examples=examples(40))
@given(
    st.lists(st.floats(0.7, 3), min_size=HORIZON, max_size=HORIZON),
    st.booleans(),
)
def test_ranks_and_median_stay(given_factors, log):
    values = np.exp(np.random.default_rng(3).normal(size=(51, HORIZON)).cumsum(axis=1))
    factors = Calibration(np.array(given_factors), 9, np.full(HORIZON, 9.0))
    stretched = factors.apply(SamplePaths(values, pd.Period("2020-01")), log).values
    ranked = np.take_along_axis(stretched, np.argsort(values, axis=0), axis=0)
    assert (np.diff(ranked, axis=0) >= 0).all()
    np.testing.assert_allclose(np.median(stretched, axis=0), np.median(values, axis=0))


@pytest.mark.parametrize("centre", [1.2, -0.7])
def test_stretch_is_the_minimum_of_the_pinball_loss(centre):
    rng = np.random.default_rng(4)
    ratios, weights = rng.normal(centre, 1, 300), rng.uniform(0.5, 2, (2, 300))
    weights[1, rng.random(300) < 0.5] = 0.0
    levels = rng.choice([0.75, 0.9, 0.95], 300)
    factors = _stretch(ratios, weights, (weights * levels).sum(axis=1))
    for weight, factor in zip(weights, factors, strict=True):

        def loss(f: float, weight: np.ndarray = weight) -> float:
            miss = ratios - f
            return float((weight * np.maximum(levels * miss, (levels - 1) * miss)).sum())

        best = min(map(loss, np.linspace(0.4, 3, 5201)))
        assert loss(factor) == pytest.approx(best, rel=1e-5)


def test_stretching_takes_no_count_below_zero():
    origin = pd.Period("2026-10", "M")
    drawn = np.array([[0.0, 3.0], [1.0, 0.0], [4.0, 2.0], [9.0, 8.0]])
    wide = Calibration(np.array([3.0, 3.0]), 20, np.zeros(2))
    stretched = wide.apply(SamplePaths(drawn, origin), log=False).values
    assert stretched.min() == 0
    assert (np.argsort(stretched[:, 0], kind="stable") == np.argsort(drawn[:, 0])).all()
    assert wide.apply(SamplePaths(drawn - 5, origin), log=False).values.min() < -5
