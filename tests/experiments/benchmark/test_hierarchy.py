"""Parts and whole: small versions of what RESULTS.md reports."""

import numpy as np
import pandas as pd
import pytest

from employment_forecast.experiments.benchmark.hierarchy.__main__ import tree_panel
from employment_forecast.experiments.benchmark.hierarchy.city import make_city, measure
from employment_forecast.experiments.benchmark.hierarchy.reference import trees
from employment_forecast.experiments.benchmark.hierarchy.scoring import Truth, level_scores
from employment_forecast.experiments.benchmark.panel import Panel


@pytest.mark.soak
def test_probabilities_of_a_known_city_hold_at_every_level():
    measured, _ = measure(4, 14, 40, seed=3)
    assert {(each.level, each.event) for each in measured} == {
        *((level, event) for level in ("city", "district", "street") for event in ("any", "end")),
        ("shared-out cap", "any"),
    }
    for each in measured:
        assert each.stated.mean() == pytest.approx(each.happened.mean(), abs=0.06), each.level
        assert 0.75 < each.slope < 1.3, each.level


def test_a_city_has_every_district_and_street():
    city = make_city(np.random.default_rng(1), 5, 30)
    assert [len(level) for level in city.tree.levels()] == [1, 5, 30]


def test_a_panel_becomes_a_tree_and_its_summing_matrix():
    months = pd.period_range("2020-01", periods=3, freq="M")
    series = {name: pd.Series([1.0, 2.0, np.nan], months) for name in ("a", "b", "c")}
    groups = pd.DataFrame({"series_id": ["a", "b", "c"], "group": ["x", "y", "x"]})
    panel, two, three = tree_panel(Panel(series), groups)
    np.testing.assert_array_equal(panel.series["whole"], [3.0, 6.0, np.nan])
    assert [len(level) for level in two.levels()] == [1, 3]
    assert three.levels() == [("whole",), ("x", "y"), ("a", "c", "b")]
    for tree, (_, members, summing) in zip(
        (two, three), trees([("a", "x"), ("b", "y"), ("c", "x")]), strict=True
    ):
        assert tuple(members) == tree.members
        np.testing.assert_array_equal(tree.constraints(tree.members) @ summing, 0.0)


def test_scores_by_hand():
    paths = np.array([[[1.0], [3.0]]])
    truth = Truth(np.array([[2.0]]), np.array([2.0]), np.array([1.5]), np.array([0.5]))
    scores = level_scores(paths, truth, [0])
    # Distances 1 and 1 in units of 2, less half the mean distance of the four pairs.
    assert scores["energy"] == pytest.approx(0.5 - 0.25)
    assert scores["brier_any"] == 0.0
    assert scores["brier_end"] == pytest.approx(0.25)
