"""The shift learned over several regions."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.features.history.history import History
from employment_forecast.models.combining.pooling import (
    common_share,
    pooled_shifts,
    shifted,
    smoothed,
)
from employment_forecast.models.paths import SamplePaths


def history(values: np.ndarray, region: str = "a", transform: str = "log") -> History:
    return History(
        region=region, indicator="x", start=pd.Period("2010-01", "M"), values=values, unit="人",
        kind="stock", transform=transform, precision=1.0, as_of=date(2030, 1, 1), demo=False,
        pseudo_real_time=False, sources=("测试",),
    )  # fmt: skip


def momentum_panel(count: int = 12, n: int = 120, seed: int = 0) -> list[np.ndarray]:
    """Log levels whose common change goes on: an autoregression of the growth."""
    rng = np.random.default_rng(seed)
    growth = np.zeros(n)
    for t in range(1, n):
        growth[t] = 0.9 * growth[t - 1] + rng.normal(0, 0.01)
    season = 0.1 * np.sin(np.arange(n) * np.pi / 6)
    return [
        np.exp(9 + growth.cumsum() + season + rng.normal(0, 0.003, n).cumsum())
        for _ in range(count)
    ]


def test_smoothing_by_hand_on_a_pure_season():
    z = np.tile(np.arange(12.0), 6)
    level, season = smoothed(z, 3)
    np.testing.assert_allclose(level, 5.5)
    np.testing.assert_allclose(season[-1], np.arange(3) - 5.5)
    np.testing.assert_allclose(season[30], np.array([7, 8, 9]) - 5.5)


def test_smoothing_does_not_look_ahead_after_its_start():
    z = np.random.default_rng(1).normal(size=100).cumsum()
    changed = z.copy()
    changed[60:] += 5
    for one, other in zip(smoothed(z, 4), smoothed(changed, 4), strict=True):
        np.testing.assert_array_equal(one[:60], other[:60])


def test_movement_that_goes_on_is_learned():
    gains = []
    for seed in range(12):
        panel = momentum_panel(seed=seed)
        shifts = pooled_shifts([history(v[:108]) for v in panel], 12)
        for values, shift in zip(panel, shifts, strict=True):
            assert shift is not None
            level, season = smoothed(np.log(values[:108]), 12)
            plain = level[-1] + season[-1]
            truth = np.log(values[108:])
            gains.append(np.abs(plain - truth).mean() - np.abs(plain + shift - truth).mean())
    assert np.mean(gains) > 0


def test_a_movement_beyond_all_experience_is_followed_less():
    """Three times the common movement gives less than three times the shift; nine times, less."""
    values = momentum_panel(seed=3)
    shifts = []
    for times in (1.0, 3.0, 9.0):
        panel = []
        for v in values:
            z = np.log(v[:108])
            z[-3:] += times * np.array([0.02, 0.04, 0.06])
            panel.append(history(np.exp(z)))
        pooled = pooled_shifts(panel, 12)
        shifts.append(float(np.mean([s for s in pooled if s is not None])))
    assert 0 < shifts[1] < 3 * shifts[0]
    assert shifts[2] < shifts[1]


def test_own_movement_is_left_to_the_own_models():
    """A jump of one region alone is no momentum of its own: all follow the average alike."""
    panel = momentum_panel(count=30)
    jumped = panel[0].copy()
    jumped[-1] *= 1.1
    before = pooled_shifts([history(v) for v in panel], 6)
    after = pooled_shifts([history(v) for v in [jumped, *panel[1:]]], 6)
    moved = [a - b for a, b in zip(after, before, strict=True) if a is not None and b is not None]
    assert len(moved) == 30
    others = np.median(moved[1:], axis=0)
    assert 0 < others.min() < others.max() < 0.01
    assert (moved[0] < 1.1 * others).all()


def test_where_the_others_come_out_later_the_common_movement_is_theirs():
    """All but the target are a month late: its own last month is no common movement."""
    panel = momentum_panel(count=10)
    late = [history(v[:-1]) for v in panel[1:]]
    plain = pooled_shifts([history(panel[0]), *late], 6)[0]
    jumped = panel[0].copy()
    jumped[-1] *= 1.15
    shifts = pooled_shifts([history(jumped), *late], 6)[0]
    month_before = pooled_shifts([history(v[:-1]) for v in panel], 6)[0]
    assert plain is not None
    assert shifts is not None
    assert month_before is not None
    # What the others did a month ago still counts; what is left of the jump is its level.
    assert np.corrcoef(plain, month_before)[0, 1] > 0.8
    assert np.abs(shifts - plain).max() < 0.02


def test_one_large_region_is_not_the_average_of_all():
    """On the additive scale, in units of their own movements."""
    panel = [v / 100 for v in momentum_panel(count=10)]
    plain = pooled_shifts([history(v, transform="none") for v in panel], 6)
    scaled = [*panel[:9], panel[9] * 1000]
    shifts = pooled_shifts([history(v, transform="none") for v in scaled], 6)
    np.testing.assert_allclose(np.array(shifts[:9]), np.array(plain[:9]), rtol=1e-6)


def test_series_that_stand_still_or_cannot_be_read_are_left_out(monkeypatch):
    panel = [history(v) for v in momentum_panel(count=8)]
    flat = panel[0].values.copy()
    flat[6:] = flat[6]
    expected = pooled_shifts(panel[1:], 6)
    shifts = pooled_shifts([replace(panel[0], values=flat), *panel[1:]], 6)
    assert shifts[0] is None
    np.testing.assert_array_equal(np.array(shifts[1:]), np.array(expected))

    def broken(given, policy):
        if given is panel[0]:
            raise np.linalg.LinAlgError("singular")
        return np.zeros(len(given) + 60)

    monkeypatch.setattr("employment_forecast.models.combining.pooling.forced_path", broken)
    monkeypatch.setattr("employment_forecast.models.combining.pooling._kept", OrderedDict())
    shifts = pooled_shifts(panel, 6)
    assert shifts[0] is None
    np.testing.assert_array_equal(np.array(shifts[1:]), np.array(expected))


def test_common_share_by_hand():
    # Two months, three series: means 1 and 5, deviations -1, 0, 1 in both.
    moves = np.array([[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]])
    between, within = 3 * (4 + 4) / 1, 4 / 4
    assert common_share(moves) == pytest.approx(1 - within / between)
    gaps = np.vstack([moves, [np.nan, np.nan, 7.0]])
    assert common_share(gaps) == pytest.approx(1 - within / between)
    assert common_share(moves[:1]) == 0.0
    assert common_share(np.zeros((5, 3))) == 0.0


def test_series_that_move_on_their_own_share_nothing():
    """On average over panels; with a common movement nearly all of the average is trusted."""
    rng = np.random.default_rng(8)
    alone = [common_share(rng.normal(size=(100, 6))) for _ in range(200)]
    common = rng.normal(size=(100, 1))
    together = common_share(rng.normal(size=(100, 20)) + common)
    assert np.mean(alone) < 0.1
    assert together == pytest.approx(20 / 21, abs=0.03)


def test_few_or_short_series_are_left_alone():
    panel = momentum_panel()
    assert pooled_shifts([history(v) for v in panel[:4]], 6) == [None] * 4
    mixed = [history(v) for v in panel[:6]]
    short = replace(mixed[0], start=mixed[0].origin - 59, values=mixed[0].values[-60:])
    shifts = pooled_shifts([short, *mixed], 6)
    assert shifts[0] is None
    for one, other in zip(shifts[1:], pooled_shifts(mixed, 6), strict=True):
        assert one is not None
        np.testing.assert_array_equal(one, other)


def test_series_of_different_lengths_pool():
    panel = [history(v) for v in momentum_panel()]
    cut = [h if i % 2 else h.last(70) for i, h in enumerate(panel)]
    for shift in pooled_shifts(cut, 6):
        assert shift is not None
        assert np.isfinite(shift).all()
        assert np.abs(shift).max() < 1


def test_scale_of_a_series_does_not_matter_and_additive_series_scale():
    panel = momentum_panel()
    logged = pooled_shifts([history(v) for v in panel], 6)
    larger = pooled_shifts([history(v * 1000) for v in panel], 6)
    np.testing.assert_allclose(np.array(logged), np.array(larger), rtol=1e-6, atol=1e-12)
    plain = pooled_shifts([history(v, transform="none") for v in panel], 6)
    tenfold = pooled_shifts([history(v * 10, transform="none") for v in panel], 6)
    np.testing.assert_allclose(np.array(tenfold), 10 * np.array(plain), rtol=1e-6)


def test_series_that_come_out_later_count_up_to_their_last_month():
    panel = [history(v) for v in momentum_panel()]
    late = replace(panel[0], values=panel[0].values[:-1])
    shifts = pooled_shifts([late, *panel[1:]], 6)
    without = pooled_shifts(panel[1:], 6)
    whole = pooled_shifts(panel, 6)
    assert shifts[0] is None
    for some, none, every in zip(shifts[1:], without, whole[1:], strict=True):
        assert some is not None
        assert none is not None
        assert every is not None
        assert not np.array_equal(some, none)
        assert np.abs(some - every).max() < 0.01


def test_shifted_paths_keep_ranks():
    values = np.random.default_rng(2).uniform(50, 100, (40, 3))
    paths = SamplePaths(values, pd.Period("2020-01", "M"))
    shift = np.array([0.1, -0.2, 0.0, 9.0])
    np.testing.assert_allclose(shifted(paths, shift, "log").values, values * np.exp(shift[:3]))
    np.testing.assert_allclose(shifted(paths, shift, "none").values, values + shift[:3])
    ordered = np.argsort(shifted(paths, shift, "log").values, axis=0)
    np.testing.assert_array_equal(ordered, np.argsort(values, axis=0))
    longer = shifted(paths, shift[:2], "none").values
    np.testing.assert_allclose(longer, values + np.array([0.1, -0.2, -0.2]))
    ordered = np.argsort(shifted(paths, shift, "log").values, axis=0)
    np.testing.assert_array_equal(ordered, np.argsort(values, axis=0))
    longer = shifted(paths, shift[:2], "none").values
    np.testing.assert_allclose(longer, values + np.array([0.1, -0.2, -0.2]))
