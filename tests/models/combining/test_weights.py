"""Weighted combinations of whole distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.models.combining.combination import combine
from employment_forecast.models.combining.weights import combine_weighted, inverse_score_weights
from employment_forecast.models.paths import SamplePaths

ORIGIN = pd.Period("2020-01", "M")


def members(n: int = 3, seed: int = 0) -> list[SamplePaths]:
    rng = np.random.default_rng(seed)
    return [SamplePaths(rng.normal(10 * i, 1 + i, (99, 4)), ORIGIN) for i in range(n)]


def robust(given):
    return combine(dict(enumerate(given)), 1.0, 1)


def test_weighted_mean_of_sorted_columns_by_loops():
    given = members()
    weights = np.array([1.0, 2.0, 1.0])
    combined = combine_weighted(given, weights, robust(given)).values
    for h in range(4):
        ordered = [sorted(m.values[:, h]) for m in given]
        expected = [(a + 2 * b + c) / 4 for a, b, c in zip(*ordered, strict=True)]
        np.testing.assert_allclose(np.sort(combined[:, h]), expected)


def test_one_weight_gives_the_law_of_that_member():
    given = members()
    combined = combine_weighted(given, np.array([0.0, 1.0, 0.0]), robust(given))
    np.testing.assert_allclose(np.sort(combined.values, axis=0), np.sort(given[1].values, axis=0))


def test_ranks_are_the_templates():
    given = members()
    template = robust(given)
    combined = combine_weighted(given, np.ones(3), template)
    np.testing.assert_array_equal(
        np.argsort(combined.values, axis=0), np.argsort(template.values, axis=0)
    )


def test_weights_by_hand():
    scores = np.tile([1.0, 2.0], (10, 1))
    # inverse scores give 2/3 and 1/3; ten origins are trusted by half
    np.testing.assert_allclose(inverse_score_weights(scores), [7 / 12, 5 / 12])


def test_weights_use_common_origins_only_and_fall_back_to_equal():
    scores = np.array([[1.0, 3.0], [np.nan, 0.01], [0.01, np.nan]])
    np.testing.assert_allclose(inverse_score_weights(scores), inverse_score_weights(scores[:1]))
    np.testing.assert_array_equal(inverse_score_weights(scores[1:]), [0.5, 0.5])
    np.testing.assert_array_equal(inverse_score_weights(np.zeros((4, 2))), [0.5, 0.5])


def test_refusals():
    given = members()
    with pytest.raises(ValueError, match="weight"):
        combine_weighted(given, np.zeros(3), given[0])
    with pytest.raises(ValueError, match="weight"):
        combine_weighted(given, np.ones(2), given[0])
    with pytest.raises(ValueError, match="nothing"):
        combine_weighted([], np.ones(0), given[0])
    other = SamplePaths(np.ones((99, 3)), ORIGIN)
    with pytest.raises(ValueError, match="share"):
        combine_weighted([given[0], other], np.ones(2), given[0])
