"""A figure many times off bends no season; a new level at the end is not forecast away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from employment_forecast.forecasting.competition import uncalibrated
from employment_forecast.forecasting.competition.disruptions import (
    continued,
    shared_between,
    slips,
    unsettled,
    without_slips,
)
from employment_forecast.forecasting.competition.issuing import issue_paths
from employment_forecast.forecasting.shocks import propose
from employment_forecast.models.paths import SamplePaths

MODELS = ("random_walk", "drift", "seasonal_naive", "uc", "combination")
SEASON = 1 + 0.05 * np.sin(2 * np.pi * np.arange(12) / 12)


def calm(n: int) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 0.01, n)
    return np.round(9000 * SEASON[np.arange(n) % 12] * np.exp(noise))


@pytest.fixture
def history(competition):
    return lambda values: competition(values, origins=0).history


def test_a_month_sixty_times_its_neighbours_is_an_event(history):
    values = calm(72)
    values[30] *= 60
    events = slips(history(values))
    assert [(str(s.month), s.kind, s.months) for s in events] == [("2023-07", "pulse", 1)]
    assert without_slips(history(values)).shocks == events


@pytest.mark.parametrize("at", [66, 71])
def test_not_before_a_year_has_gone_on_without_it(history, at):
    values = calm(72)
    values[at] *= 60
    assert slips(history(values)) == ()


def test_a_missing_month_is_no_slip(history):
    values = calm(72)
    whole = history(values)
    values[[20, 27, 28]] = np.nan
    assert slips(replace(whole, values=values)) == ()


def test_a_month_that_is_high_every_year_is_a_season(history):
    values = calm(72)
    values[6::12] *= 30
    assert slips(history(values)) == ()


def test_a_slip_years_ago_leaves_the_forecast_of_its_month_alone(competition):
    clean, slipped = calm(60), calm(60)
    slipped[26] *= 60
    plain, with_slip = (
        competition(v, models=MODELS, n_paths=200).champion_paths.quantiles()[:, 4]
        for v in (clean, slipped)
    )
    np.testing.assert_allclose(with_slip, plain, rtol=0.06)
    notes = competition(slipped, models=MODELS).notes
    assert any("2023-03 的数值与前后月份相差 10 倍以上" in note for note in notes)


def test_a_new_level_goes_on_in_proportion_to_last_year(history):
    values = calm(72)
    values[69:] *= 2.2
    moved, before = history(values), history(values[:69])
    level = continued(moved, propose(moved), 12)
    assert level is not None
    # The months of the new level have their likes two years back.
    likes = np.r_[values[60:69], values[57:60]]
    ratio = np.mean(values[69:] / values[57:60])
    np.testing.assert_allclose(level, ratio * likes, rtol=1e-9)
    assert continued(before, propose(before), 12) is None


def test_half_of_the_paths_go_on_from_it_where_the_model_forecasts_a_return():
    values = np.random.default_rng(4).normal(9000, 100, (400, 2))
    paths = SamplePaths(values, None)  # type: ignore[arg-type]
    level = np.array([19_000.0, 18_000.0])
    issued, moved = issue_paths(paths, uncalibrated(2), True, level)
    assert moved
    assert np.mean(issued.values[:, 0] > 15_000) == 0.5
    low, high = np.quantile(issued.values[:, 0], [0.025, 0.975])
    assert low < 9500
    assert high > 19_000
    assert issue_paths(paths, uncalibrated(2), True, None) == (paths, False)


def test_paths_that_follow_the_level_are_left_alone():
    values = np.random.default_rng(2).normal(100, 5, (400, 3))
    paths = SamplePaths(values, None)  # type: ignore[arg-type]
    assert not unsettled(paths, None)
    assert not unsettled(paths, np.full(3, 105.0))
    level = np.array([200.0, 210.0, 220.0])
    assert unsettled(paths, level)
    moved = shared_between(paths, level).values
    np.testing.assert_array_equal(moved[1::2], values[1::2])
    np.testing.assert_allclose(np.median(moved[::2], axis=0), level, rtol=0.02)
