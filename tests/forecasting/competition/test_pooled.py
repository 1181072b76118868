"""Evidence pooled over series: what is known when, and the choice from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.forecasting.competition.pooled import PooledEvidence, choose_pooled
from employment_forecast.models.paths import LEVELS

FIRST = pd.Period("2000-01", "M")


def evidence(errors: dict[str, np.ndarray], step: int = 6, horizon: int = 2) -> PooledEvidence:
    """Outcomes 0; each model's quantiles all at its error, shape (n, series)."""
    n, series = next(iter(errors.values())).shape
    return PooledEvidence(
        pd.PeriodIndex([FIRST + i * step for i in range(n)], freq="M"),
        np.zeros((n, series, horizon)),
        np.ones((n, series)),
        {
            m: np.broadcast_to(e[..., None, None], (n, series, horizon, len(LEVELS))).copy()
            for m, e in errors.items()
        },
    )


def steady(level: float, n: int = 20, series: int = 3) -> np.ndarray:
    return level + np.random.default_rng(int(level * 10)).normal(0, 0.01, (n, series))


def choose(given: PooledEvidence, default: str = "combination"):
    return choose_pooled(given, {"drift"}, [default], str)


def test_only_outcomes_up_to_the_origin_are_known():
    given = evidence({"combination": steady(1.0)}, step=1)
    known = given.known_at(FIRST + 3)
    assert len(known.months) == 3
    np.testing.assert_array_equal(
        np.isfinite(known.outcomes[:, 0]), [[True, True], [True, True], [True, False]]
    )


def test_what_comes_later_changes_nothing():
    given = evidence({"combination": steady(1.0), "uc": steady(2.0), "drift": steady(5.0)})
    origin = FIRST + 60
    before = choose(given.known_at(origin))
    for i, month in enumerate(given.months):
        for h in range(2):
            if month + h + 1 > origin:
                given.outcomes[i, :, h] = 1e6
    assert choose(given.known_at(origin)) == before


def test_scores_by_hand():
    given = evidence({"a": np.full((1, 2), 3.0), "b": np.full((1, 2), -1.0)})
    # All quantiles at 3: pinball 3 (1 - level) averages 1.5, doubled 3.
    np.testing.assert_allclose(given.scaled_scores(["a"]), 3.0)
    np.testing.assert_allclose(given.origin_scores(["a", "b"]), [[3.0, 1.0]])


def test_common_cells_only():
    errors = {"a": np.array([[1.0, 9.0]]), "b": np.array([[2.0, 9.0]])}
    given = evidence(errors)
    given.quantiles["b"][0, 1] = np.nan
    np.testing.assert_allclose(given.origin_scores(["a", "b"]), [[1.0, 2.0]])


def test_clearly_better_model_replaces_the_default():
    base = steady(2.0)
    choice = choose(evidence({"combination": base, "uc": base - 0.5, "drift": base + 3}))
    assert choice.model == "uc"
    assert choice.differences["uc"][0] == pytest.approx(-0.5)


def test_noise_does_not():
    rng = np.random.default_rng(1)
    base = 5 + rng.normal(0, 1, (20, 3))
    other = base + rng.normal(-0.02, 2, (20, 1))
    choice = choose(evidence({"combination": base, "uc": other, "drift": base + 30}))
    assert choice.model == "combination"


def test_a_floor_that_nothing_beats_wins():
    choice = choose(evidence({"combination": steady(3.0), "drift": steady(1.0)}))
    assert choice.model == "drift"


def test_few_origins_leave_the_default():
    choice = choose(evidence({"combination": steady(3.0, 7), "uc": steady(1.0, 7)}))
    assert choice.model == "combination"
    assert "7 个" in choice.reason


def test_no_evidence_leaves_the_default():
    empty = PooledEvidence(pd.PeriodIndex([], freq="M"), np.empty((0, 2, 3)), np.empty((0, 2)), {})
    assert choose(empty).model == "combination"


def test_a_model_that_often_fails_is_not_scored():
    given = evidence({"combination": steady(3.0), "uc": steady(1.0)})
    given.quantiles["uc"][::2] = np.nan
    assert choose(given).model == "combination"


def test_calibration_is_learned_from_all_series():
    given = evidence({"a": steady(0.0, 20, 4)}, horizon=3)
    spread = np.linspace(-1, 1, len(LEVELS))
    given.quantiles["a"][:] = spread
    given.outcomes[:] = np.random.default_rng(2).normal(0, 4, given.outcomes.shape)
    assert given.calibration("a", log=False).factors.min() > 1.2
