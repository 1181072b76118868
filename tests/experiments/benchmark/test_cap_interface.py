"""The benchmark's cap events and the assessment of caps are the same figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from employment_forecast.data.targets.target import Target
from employment_forecast.experiments.benchmark.standings import event_shares
from employment_forecast.forecasting.assessment.assess import assess_all
from employment_forecast.models.paths import SamplePaths


def cap(value: float, basis: str, history) -> Target:
    return Target(
        history.region, history.indicator, "own", "cap", basis, "以内", "2025", value,
        history.unit, date(2024, 1, 1), False, "上年水平",
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_the_events_of_the_benchmark_through_the_assessment(history_of, seed):
    """From a December on, the next twelve months are a calendar year."""
    rng = np.random.default_rng(seed)
    values = np.round(10_000 * np.exp(np.cumsum(rng.normal(0, 0.02, 36))))
    history = history_of(values, start="2022-01")
    moves = np.cumsum(rng.normal(0, 0.02, (500, 12)), axis=1)
    paths = SamplePaths(np.round(values[-1] * np.exp(moves)), history.origin)
    p_any, p_end = event_shares(paths, history)
    highest = cap(float(values[-12:].max()), "any_month", history)
    same_month = cap(float(values[-1]), "period_end", history)
    assessed = assess_all([highest, same_month], history, paths, tested=12)
    assert [a.probability for a in assessed.caps] == [p_any, p_end]
    if assessed.joint is None:  # one number on two bases is one cap
        assert highest.value == same_month.value
    else:
        assert assessed.joint.p_at_least_one >= max(p_any, p_end)
