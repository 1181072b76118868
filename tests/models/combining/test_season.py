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
