"""What a series shows of a season, against the F ratio of scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import f_oneway

from employment_forecast.models.combining import season_share, seasonal_evidence


@pytest.fixture
def history(example):
    return example("seasonal").last(60)


def test_evidence_is_one_less_the_inverse_f_ratio(history):
    changes = np.diff(history.scaled)
    ratio = f_oneway(*(changes[month::12] for month in range(12))).statistic
    assert seasonal_evidence(history) == pytest.approx(1 - 1 / ratio)
    assert season_share(history) == pytest.approx((1 - 1 / ratio) * (1 - 24 / 60))


def test_overwhelming_evidence_counts_for_more_than_years(history):
    rng = np.random.default_rng(2)
    season = 0.2 * np.cos(2 * np.pi * np.arange(36) / 12)
    shares = []
    for noise in (0.05, 0.004):
        short = replace(history.last(36), values=np.exp(7 + season + noise * rng.normal(size=36)))
        inverse = 1 - seasonal_evidence(short)
        shares.append(season_share(short) / (1 - inverse))
        assert shares[-1] == pytest.approx(max(1 / 3, 1 - 40 * inverse))
    assert shares[0] == pytest.approx(1 / 3)
    assert shares[1] > 0.8


def test_noise_shows_no_season_and_little_is_no_evidence(history):
    noise = np.exp(7 + np.random.default_rng(2).normal(0, 0.1, 60).cumsum())
    assert seasonal_evidence(replace(history, values=noise)) < 0.4
    assert seasonal_evidence(history.last(18)) == 0.0
    assert season_share(history.last(24)) == 0.0


def test_missing_months_are_left_out(history):
    values = history.values.copy()
    values[[20, 33]] = np.nan
    assert seasonal_evidence(replace(history, values=values)) == pytest.approx(
        seasonal_evidence(history), abs=0.05
    )
