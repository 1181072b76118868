"""The dependence of errors: by hand, and what few origins may not do."""

import numpy as np
import pytest

from employment_forecast.forecasting.reconciliation import (
    Sum,
    Tree,
    implied_correlation,
    learn_law,
)
from employment_forecast.forecasting.reconciliation.law import PRIOR_MEAN, PRIOR_SINGLE, USUAL


def test_by_hand():
    # Two members whose errors are 1, 1 and 1, -1: products 1 and -1, correlation 0 about zero.
    errors = np.array([[[1.0], [1.0]], [[1.0], [-1.0]]])
    mean = PRIOR_MEAN * USUAL / (2 + PRIOR_MEAN)
    expected = (1 - 2 / (2 + PRIOR_SINGLE)) * mean
    assert learn_law(errors, 2.0).correlation[0, 1] == pytest.approx(expected)


def test_without_errors_members_go_together_as_usual():
    law = learn_law(np.full((0, 3, 12), np.nan), 0.0)
    np.testing.assert_allclose(law.correlation, np.full((3, 3), USUAL) + (1 - USUAL) * np.eye(3))
    assert law.stretches == 0


def test_many_origins_find_the_dependence_there_is():
    rng = np.random.default_rng(1)
    truth = np.array([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]])
    errors = (rng.standard_normal((4000, 3)) @ np.linalg.cholesky(truth).T)[:, :, None]
    np.testing.assert_allclose(learn_law(errors, 4000.0).correlation, truth, atol=0.05)


def test_few_origins_widen_the_sum():
    rng = np.random.default_rng(2)
    errors = rng.standard_normal((36, 8, 1))
    few, many = (learn_law(errors, n).correlation.sum() for n in (3.0, 300.0))
    assert few > many


def test_a_member_with_a_shorter_past_gives_a_law_all_the_same():
    rng = np.random.default_rng(3)
    errors = rng.standard_normal((6, 40, 2))
    errors[:5, :20] = np.nan
    errors[:, 39] = np.nan
    correlation = learn_law(errors, 3.0).correlation
    assert np.isfinite(correlation).all()
    assert np.linalg.eigvalsh(correlation)[0] > -1e-9
    np.testing.assert_allclose(np.diag(correlation), 1.0)


def test_the_width_of_the_whole_tells_how_the_parts_go_together():
    # Spreads 1 and 2: independent parts give a whole of 5 ** 0.5, equal ones of 3.
    tree = Tree.of([Sum("w", ("x", "y"))])
    draws = np.array([-1.0, 1.0])[None, :, None] * np.array([7**0.5, 1.0, 2.0])[:, None, None]
    assert implied_correlation(tree, draws) == pytest.approx(0.5)
    assert implied_correlation(tree, draws * np.array([9.0, 1, 1])[:, None, None]) == 1.0
    assert implied_correlation(tree, draws * np.array([0.0, 1, 1])[:, None, None]) == 0.0
    assert implied_correlation(tree, 0 * draws) == USUAL


def test_the_covariance_rests_on_months_that_all_know():
    # Known of both: (1, 3), (1, 1), (-1, -1), (-1, -3) and a member that never missed. Variances
    # 1 and 5, covariance 2; the squared correlation of 0.8 is noise by (1 - 0.8) / 3, a twelfth.
    misses = np.array(
        [[[1.0, 1, 9], [3.0, 1, np.nan], [0, 0, 0]], [[-1.0, -1, 9], [-1.0, -3, np.nan], [0, 0, 0]]]
    )
    law = learn_law(misses, 2.0, misses=misses)
    shrunk = 11 / 12 * 2
    expected = [[1, shrunk, 0], [shrunk, 5, 0], [0, 0, 0]]
    np.testing.assert_allclose(law.covariance, expected, atol=1e-12)
    assert learn_law(misses, 2.0).covariance is None
    # One stretch tells nothing.
    assert learn_law(misses, 1.0, misses=misses).covariance is None
    assert learn_law(misses[:0], 2.0, misses=misses[:0]).covariance is None
