"""Quantiles as issued: each origin calibrated with what it knew, and with nothing later."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.forecasting.competition.calibration import (
    FEWEST_ORIGINS,
    calibrate,
    issued,
)
from employment_forecast.models.paths import LEVELS, SamplePaths

MONTHS = pd.period_range("2022-01", periods=24, freq="M")


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Intervals a third as wide as they should be."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    outcomes = 1000.0 + rng.normal(0, 30.0, (24, 3))
    quantiles = np.broadcast_to(1000.0 + 10.0 * norm.ppf(LEVELS), (24, 3, 9)).copy()
    return quantiles, outcomes


def test_narrow_intervals_are_widened_once_enough_is_known():
    quantiles, outcomes = scene()
    widened = issued(MONTHS, quantiles, outcomes, log=False)
    np.testing.assert_array_equal(widened[:FEWEST_ORIGINS], quantiles[:FEWEST_ORIGINS])
    np.testing.assert_allclose(widened[..., 4], quantiles[..., 4])
    width = widened[..., 8] - widened[..., 0]
    assert (width[-1] > 1.3 * width[0]).all()


def test_nothing_later_is_looked_at():
    quantiles, outcomes = scene()
    changed = outcomes.copy()
    row = 15
    later = np.add.outer(np.arange(24), np.arange(1, 4)) > row
    changed[later] += 1e4
    before, after = (issued(MONTHS, quantiles, o, log=True) for o in (outcomes, changed))
    np.testing.assert_array_equal(before[: row + 1], after[: row + 1])
    assert not np.array_equal(before[row + 4 :], after[row + 4 :])


def test_quantiles_are_stretched_as_paths_are():
    quantiles, outcomes = scene(1)
    factors = calibrate(MONTHS, quantiles[:, None], outcomes[:, None], log=True)
    assert not factors.identity
    draws = np.exp(np.random.default_rng(2).normal(7, 0.1, (4001, 3)))
    paths = SamplePaths(draws, MONTHS[-1])
    np.testing.assert_allclose(
        factors.apply_to_quantiles(paths.quantiles(), log=True),
        factors.apply(paths, log=True).quantiles(),
        rtol=1e-6,
    )


def test_a_failed_forecast_stays_one():
    quantiles, outcomes = scene()
    quantiles[20] = np.nan
    assert np.isnan(issued(MONTHS, quantiles, outcomes, log=False)[20]).all()


@settings(max_examples=examples(40), deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 24),
    st.integers(1, 3),
    st.sampled_from([1.0, 10.0, 30.0]),
    st.booleans(),
)
def test_each_origin_is_calibrated_on_what_it_knew_alone(seed, count, every, digit, log):
    """The same, one origin after the other; printed figures meet quantiles and make ties."""
    rng = np.random.default_rng(seed)
    months = MONTHS[np.sort(rng.permutation(24)[:count])]
    quantiles, outcomes = (each[:count] for each in scene(seed))
    quantiles, outcomes = quantiles.round(-1), np.round(outcomes / digit) * digit
    outcomes[rng.random(outcomes.shape) < 0.1] = np.nan
    quantiles[rng.random(count) < 0.1] = np.nan
    quantiles[::every, 1] = quantiles[::every, 1, 4:5]
    expected = quantiles.copy()
    for row, month in enumerate(months):
        ahead = months[:row].asi8[:, None] + np.arange(1, 4)
        known = np.where(ahead <= month.ordinal, outcomes[:row], np.nan)
        then = calibrate(months[:row], quantiles[:row, None], known[:, None], log)
        expected[row] = then.apply_to_quantiles(quantiles[row], log)
    np.testing.assert_array_equal(issued(months, quantiles, outcomes, log), expected)
