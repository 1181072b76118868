"""Reconcile or not: by score at every level, with what each origin knew."""

import numpy as np
import pytest

from employment_forecast.forecasting.reconciliation import Sum, Tree, TreeEvidence, choose_tree
from employment_forecast.forecasting.reconciliation.choice import _weights
from employment_forecast.models.paths import LEVELS

TREE = Tree.of([Sum("w", ("x", "y"))])
NORMAL = np.array([-1.96, -1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 1.96])


def evidence(origins=30, horizon=3, bias=0.0, seed=1):
    """Forecasts of 200, 120 and 80 with errors that go together; the parts' are off by `bias`."""
    rng = np.random.default_rng(seed)
    middle = np.array([200.0, 120.0, 80.0])[:, None] + rng.normal(0, 3, (origins, 3, horizon))
    shared = rng.standard_normal((origins, 1, horizon))
    parts = np.array([6.0, 4.0])[None, :, None] * (
        0.8 * shared + 0.6 * rng.standard_normal((origins, 2, horizon))
    )
    truth = np.array([120.0, 80.0])[:, None] + parts
    outcomes = np.concatenate([truth.sum(axis=1, keepdims=True), truth], axis=1)
    middle[:, 1:] += bias
    spread = np.array([9.0, 6.0, 4.0])[:, None]
    quantiles = middle[..., None] + spread[..., None] * NORMAL
    months = np.arange(100, 100 + 12 * origins, 12)
    return TreeEvidence(months, quantiles, outcomes, np.full((origins, 3), 10.0))


def test_forecasts_that_are_alike_are_reconciled():
    choice = choose_tree(TREE, evidence())
    assert choice.reconcile
    assert choice.origins == 12
    assert [level.members for level in choice.levels] == [1, 2]
    assert "没有一级明显变差" in choice.reason


def test_a_whole_that_bad_parts_would_spoil_is_left_alone():
    choice = choose_tree(TREE, evidence(bias=15.0))
    assert not choice.reconcile
    assert choice.levels[0].worse
    assert not choice.levels[1].worse
    assert choice.reason.endswith("第 1 级变差，不协调")


def test_learned_weights_give_way_where_they_did_worse():
    steady = choose_tree(TREE, evidence())
    assert steady.learned
    assert "由历次误差得出" in steady.reason
    # The parts were always right and the whole was not, until it turned out the other way round.
    told = evidence()
    middle = told.outcomes[..., None] + np.array([9.0, 6.0, 4.0])[:, None, None] * NORMAL
    told.quantiles[:] = middle + np.array([12.0, 0.0, 0.0])[:, None, None]
    told.quantiles[-1] = middle[-1] + np.array([0.0, 200.0, 200.0])[:, None, None]
    choice = choose_tree(TREE, told)
    assert not choice.learned


def test_with_few_origins_nothing_is_decided_by_score():
    choice = choose_tree(TREE, evidence(origins=7))
    assert choice.reconcile
    assert choice.levels == ()
    assert "只有 7 个" in choice.reason
    # Weights that were never tried do not lead.
    assert not choice.learned


def test_an_origin_knows_no_outcome_of_a_later_month():
    known = evidence().known_at(124)
    np.testing.assert_array_equal(known.months, [100, 112])
    assert np.isfinite(known.outcomes).all()
    close = TreeEvidence(
        np.array([100, 101]),
        *(a[:2] for a in (evidence().quantiles, evidence().outcomes, evidence().scales)),
    ).known_at(102)
    np.testing.assert_array_equal(np.isfinite(close.outcomes[:, 0]), [[1, 1, 0], [1, 0, 0]])


def test_stretches_are_those_that_do_not_overlap():
    assert evidence(origins=5).stretches == 4 * 12 // 3 + 1


def test_draws_of_nine_quantiles_give_the_quantiles_back():
    from scipy.stats import norm

    draws = _weights(999) @ norm.ppf(LEVELS)
    np.testing.assert_allclose(draws, norm.ppf((np.arange(999) + 0.5) / 999), atol=1e-9)
    assert draws.std() == pytest.approx(1.0, abs=0.01)
