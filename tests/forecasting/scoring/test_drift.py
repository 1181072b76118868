"""Control charts: limits against published figures, false alarms counted, real drift found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.forecasting.scoring.drift import (
    ALLOWANCE,
    CHARTS,
    FALSE_ALARM_MONTHS,
    average_run_length,
    charts,
    cusum,
    limit_for,
    rank_scores,
    transform_scores,
)


def months(n: int) -> pd.PeriodIndex:
    return pd.period_range("2020-01", periods=n, freq="M")


def run_lengths(scores: np.ndarray, limit: float) -> np.ndarray:
    """Steps until each row's CUSUM first reaches the limit, or all columns."""
    level = np.zeros(len(scores))
    lengths = np.full(len(scores), scores.shape[1])
    for t in range(scores.shape[1]):
        level = np.maximum(0.0, level + scores[:, t] - ALLOWANCE)
        hit = (level >= limit) & (lengths == scores.shape[1])
        lengths[hit] = t + 1
    return lengths


@pytest.mark.parametrize(("limit", "published"), [(3.0, 118.0), (4.0, 336.0), (5.0, 930.0)])
def test_run_lengths_are_the_published_ones(limit: float, published: float):
    """Siegmund's approximation and Woodall and Adams (1993) give these for k = 0.5, one-sided."""
    assert average_run_length(limit) == pytest.approx(published, rel=0.01)


def test_one_chart_keeps_its_false_alarm_rate():
    wanted = float(CHARTS * FALSE_ALARM_MONTHS)
    limit = limit_for(wanted)
    scores = np.random.default_rng(1).normal(size=(2000, 2500))
    assert run_lengths(scores, limit).mean() == pytest.approx(wanted, rel=0.07)


@pytest.mark.parametrize("reference", [12, pytest.param(36, marks=pytest.mark.soak)])
def test_all_charts_together_raise_a_false_alarm_no_more_than_once_in_five_years(reference: int):
    """Losses follow from the transforms, as they do in life, and their law is far from normal."""
    alarms, watched = 0, 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        n = 180
        errors = rng.standard_normal(reference + n)
        from scipy.special import ndtr

        losses = np.abs(errors) ** 1.5
        changes = np.exp(rng.normal(size=reference + n))
        drawn = charts(
            months(n),
            losses[reference:],
            losses[:reference],
            ndtr(errors[reference:]),
            changes[reference:],
            changes[:reference],
        )
        first = [c.alarm for c in drawn if c.alarm is not None]
        alarms += bool(first)
        watched += (min(first) - months(n)[0]).n + 1 if first else n
    assert watched / alarms >= 0.9 * FALSE_ALARM_MONTHS


def test_drift_of_each_kind_is_found_by_its_own_chart():
    rng = np.random.default_rng(5)
    n = 24
    calm = {
        "losses": rng.random(n),
        "reference_losses": rng.random(36),
        "transforms": rng.random(n),
        "changes": rng.random(n),
        "reference_changes": rng.random(36),
    }
    for name, change in (
        ("score", {"losses": 1.0 + rng.random(n)}),
        ("above", {"transforms": np.full(n, 0.97)}),
        ("below", {"transforms": np.full(n, 0.03)}),
        ("spread", {"transforms": np.tile([0.001, 0.999], n // 2)}),
        ("data", {"changes": 1.0 + rng.random(n)}),
    ):
        by_name = {c.name: c for c in charts(months(n), **{**calm, **change})}
        alarm = by_name[name].alarm
        assert alarm is not None, name
        assert alarm <= months(n)[8], name


def test_sequential_ranks_by_hand():
    from scipy.special import ndtri

    ranked = rank_scores(np.array([3.0, 1.0, 2.0, 2.0]), 2)
    assert ranked == pytest.approx(ndtri([1.5 / 3, 2.0 / 4]))
    assert (rank_scores(np.arange(10.0), 5) > 1).all()


def test_cusum_by_hand_and_edges():
    assert cusum(np.array([1.0, -2.0, 2.0, 2.0])) == pytest.approx([0.5, 0.0, 1.5, 3.0])
    assert np.isfinite(transform_scores(np.array([0.0, 1.0]))).all()
    empty = charts(months(0), *[np.empty(0)] * 5)
    assert [c.alarm for c in empty] == [None] * CHARTS
