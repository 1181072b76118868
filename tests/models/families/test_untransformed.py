"""Families on levels: additive where logarithms bend, their own family where nothing is logged."""

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.paths import SamplePaths

NAMES = ("ets_level", "sarima_level", "ridge_level")
every = pytest.mark.parametrize("name", NAMES)


def _history(make_history, n=132, seed=3):
    rng = np.random.default_rng(seed)
    month = np.arange(n)
    level = 1000 + 5 * np.cumsum(rng.normal(size=n)) + 6 * month
    return make_history(level + 300 * np.sin(2 * np.pi * month / 12) + rng.normal(size=n))


@every
def test_unit_of_the_series_does_not_matter(name, make_history):
    history = _history(make_history)
    large = make_history(history.values * 1000)
    small, big = (roster.create(name).forecast(h, 12, 400, 1) for h in (history, large))
    assert isinstance(small, SamplePaths)
    assert isinstance(big, SamplePaths)
    assert big.quantiles() / 1000 == pytest.approx(small.quantiles(), rel=2e-3)


@every
def test_additive_season_is_met_better_than_by_logs(name, make_history):
    # The swing stays 300 while the level doubles.
    history = _history(make_history)
    cut = make_history(history.values[:-12])
    of_logs = {"ets_level": "ets", "sarima_level": "sarima_long", "ridge_level": "ridge"}[name]
    misses = []
    for model in (name, of_logs):
        outcome = roster.create(model).forecast(cut, 12, 400, 1)
        assert isinstance(outcome, SamplePaths)
        misses.append(np.abs(outcome.quantiles()[:, 4] - history.values[-12:]).mean())
    assert misses[0] < 0.8 * misses[1]


@every
def test_nothing_falls_below_a_tenth_of_the_smallest_value(name, make_history):
    rng = np.random.default_rng(0)
    plunge = np.exp(np.cumsum(rng.normal(-0.01, 0.25, 132)) + 6)
    outcome = roster.create(name).forecast(make_history(plunge), 12, 400, 1)
    if isinstance(outcome, SamplePaths):
        assert outcome.values.min() >= 0.1 * plunge.min() * (1 - 1e-6)
