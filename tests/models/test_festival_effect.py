"""The Spring Festival effect is found where there is one, and only there."""

import numpy as np
import pandas as pd
import pytest

from features import calendar
from models import roster
from models.contract import Scaled, quietly
from models.festival import MIN_MONTHS
from models.festival import festival_effect as effect_of

EFFECT = np.array([-0.04, 0.05, 0.08])


def _series(seed: int, n: int, effect: np.ndarray) -> Scaled:
    """Airline-model series with a festival on top, model scale."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2012-01", periods=n, freq="M")
    level = 10 + np.cumsum(rng.normal(0, 0.012, n))
    season = 0.08 * np.sin(2 * np.pi * months.month.to_numpy() / 12)
    known = calendar.regressors(months[0], n + 72).to_numpy()
    noise = rng.normal(0, 0.004, n)
    return Scaled(level + season + noise + known[:n] @ effect, months, known)


def festival_effect(data: Scaled) -> np.ndarray:
    with quietly():
        return effect_of(data)


@pytest.mark.parametrize("seed", range(4))
def test_effect_is_found(seed):
    found = festival_effect(_series(seed, 144, EFFECT))
    assert found == pytest.approx(EFFECT, abs=0.03)


@pytest.mark.soak
def test_no_effect_where_there_is_none():
    found = [festival_effect(_series(seed, 132, np.zeros(3))) for seed in range(20)]
    assert sum(bool(f.any()) for f in found) <= 1


def test_short_histories_are_left_alone():
    assert not festival_effect(_series(1, MIN_MONTHS - 1, 3 * EFFECT)).any()
    assert festival_effect(_series(1, 120, 3 * EFFECT)).any()


def test_a_series_without_change_has_no_effect():
    data = _series(1, 132, np.zeros(3))
    assert not festival_effect(Scaled(np.ones(132), data.months, data.known)).any()


@pytest.mark.parametrize("name", ["sarima", "ets", "uc", "theta"])
def test_forecast_moves_with_the_festival(name):
    """Spring Festival 2026 is in mid February, 2025's was in January: the forecast must know."""
    data = _series(3, 168, 3 * EFFECT)
    model = roster.create(name)
    with quietly():
        with_effect = model._fit(data)
    assert np.any(with_effect["festival"])
    truth = data.future(12) @ (3 * EFFECT)
    base = model._paths(data, with_effect, 12, 400, np.random.default_rng(1)).mean(axis=0)
    # What is left once the festival is taken out again is the plain season.
    still = Scaled(data.z, data.months, np.r_[data.past(), np.zeros((72, 3))])
    plain = model._paths(still, with_effect, 12, 400, np.random.default_rng(1)).mean(axis=0)
    assert base - plain == pytest.approx(truth, abs=0.1)
    assert np.abs(truth).max() > 0.1
