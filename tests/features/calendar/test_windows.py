import numpy as np
import pandas as pd
import pytest

from employment_forecast.features.calendar.festival import DEFAULT_WINDOWS, Windows, centred_shares
from employment_forecast.features.calendar.windows import GRID, choose_windows

START = pd.Period("2010-01", freq="M")
MONTHS = 168


def series(windows: Windows, effect: float, seed: int, stock: bool = False) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = [centred_shares(START, MONTHS, w, stock=stock) for w in windows]
    season = 0.05 * np.sin(np.arange(MONTHS) * np.pi / 6)
    walk = np.cumsum(rng.normal(0, 0.01, MONTHS))
    return walk + season + effect * (0.5 * x[0] - 1.5 * x[1] + x[2])


@pytest.mark.parametrize("stock", [False, True])
def test_true_windows_are_found(stock: bool) -> None:
    truth = Windows((-21, -1), (0, 3), (4, 17))
    assert truth in GRID
    choices = [
        choose_windows(series(truth, 0.1, seed, stock), START, stock=stock) for seed in range(10)
    ]
    assert sum(choice.windows == truth for choice in choices) >= 8
    assert all(c.aicc[c.windows] == min(c.aicc.values()) for c in choices if c.windows == truth)
    assert "AICc" in next(c.note for c in choices if c.windows == truth)


def test_default_stays_without_evidence() -> None:
    choices = [choose_windows(series(DEFAULT_WINDOWS, 0.0, seed), START) for seed in range(20)]
    assert sum(choice.windows == DEFAULT_WINDOWS for choice in choices) >= 14


def test_default_is_found_when_true() -> None:
    choice = choose_windows(series(DEFAULT_WINDOWS, 0.1, 3), START)
    assert choice.windows == DEFAULT_WINDOWS
    assert "默认" in choice.note
    assert choice.helps is True


def test_useless_festival_effects_are_recognised() -> None:
    choices = [choose_windows(series(DEFAULT_WINDOWS, 0.0, seed), START) for seed in range(20)]
    assert sum(choice.helps is False for choice in choices) >= 10


def test_a_shock_no_window_explains_does_not_decide() -> None:
    truth = Windows((-21, -1), (0, 3), (4, 17))
    values = series(truth, 0.1, 1)
    shocked = values.copy()
    shocked[121:] += 1.5  # February 2020
    choice = choose_windows(shocked, START)
    assert choice.windows == truth
    assert pd.Period("2020-02", freq="M") in choice.left_out
    assert "2020-02" in choice.note


def test_short_series_keep_the_default_and_say_so() -> None:
    choice = choose_windows(np.linspace(0, 1, 119), START)
    assert choice.windows == DEFAULT_WINDOWS
    assert choice.aicc == {}
    assert choice.helps is None
    assert "120 个月" in choice.note


def test_constant_series_keep_the_default() -> None:
    assert choose_windows(np.ones(130), START).windows == DEFAULT_WINDOWS


def test_aicc_by_hand() -> None:
    # Same regression written out with numpy.linalg.pinv for one candidate; nothing left out.
    values = series(DEFAULT_WINDOWS, 0.1, 5)
    choice = choose_windows(values, START, candidates=[DEFAULT_WINDOWS])
    assert choice.left_out == ()
    x = np.column_stack([centred_shares(START, MONTHS, w) for w in DEFAULT_WINDOWS])
    design = np.column_stack([np.eye(12)[np.arange(1, MONTHS) % 12], np.diff(x, axis=0)])
    change = np.diff(values)
    e = change - design @ np.linalg.pinv(design) @ change
    rho = (e[1:] @ e[:-1]) / (e @ e)
    y, z = change[1:] - rho * change[:-1], design[1:] - rho * design[:-1]
    u = y - z @ np.linalg.pinv(z) @ y
    n, k = len(y), 16
    expected = n * np.log(u @ u / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    assert choice.aicc[DEFAULT_WINDOWS] == pytest.approx(expected)


def test_bad_values_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        choose_windows(np.array([1.0, np.nan] * 30), START)
