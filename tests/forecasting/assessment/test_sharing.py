"""Sharing out a cap: by hand, and what must hold whatever the paths."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples
from support.trees import CAP, DISTRICT, competition, street_values

from employment_forecast.forecasting.assessment import (
    critical_values,
    equal_risk,
    in_proportion,
    shares,
    whole_numbers,
)
from employment_forecast.forecasting.assessment.caps import assess


def test_largest_remainders_by_hand():
    assert whole_numbers(10, {"a": 3.4, "b": 3.3, "c": 3.3}) == {"a": 4, "b": 3, "c": 3}
    assert whole_numbers(10, {"a": 3.2, "b": 3.4, "c": 3.4}) == {"a": 3, "b": 4, "c": 3}
    assert whole_numbers(5, {"a": -2.0, "b": 4.0, "c": 3.0}) == {"a": 0, "b": 3, "c": 2}
    assert whole_numbers(0, {"a": 0.0, "b": 0.0}) == {"a": 0, "b": 0}


def test_equal_risk_by_hand():
    # Quantiles 100 + 100 u and 10 + 10 u: 165 is their sum at u = 1/2.
    grid = np.linspace(0, 1, 1001)
    caps = equal_risk(165, {"a": 100 + 100 * grid, "b": 10 + 10 * grid})
    assert caps["a"] == pytest.approx(150)
    assert caps["b"] == pytest.approx(15)


def test_beyond_all_paths_the_rest_goes_by_size():
    grid = np.linspace(0, 1, 11)
    critical = {"a": 100 + 100 * grid, "b": 10 + 10 * grid}
    assert equal_risk(330, critical) == pytest.approx({"a": 300, "b": 30})
    assert equal_risk(88, critical) == pytest.approx({"a": 80, "b": 8})


@settings(deadline=None, max_examples=examples(30))
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(0, 200_000))
def test_caps_add_up_and_risks_are_equal(seed, parts, value):
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(10, 9000, parts)
    critical = {str(i): s * np.exp(rng.normal(0, 0.1, 2000)) for i, s in enumerate(sizes)}
    caps = whole_numbers(value, equal_risk(value, critical))
    assert sum(caps.values()) == value
    assert min(caps.values()) >= 0
    inside = sum(v.min() for v in critical.values()), sum(v.max() for v in critical.values())
    if inside[0] < value < inside[1]:
        exact = equal_risk(value, critical)
        risks = [(critical[key] > cap).mean() for key, cap in exact.items()]
        assert max(risks) - min(risks) <= 2 / 2000


def test_a_person_more_lowers_the_probability():
    values = np.arange(10_000) / 10.0
    share = shares({"a": 500}, {"a": values}, [], {"a": None})["a"]
    assert share.p_break == pytest.approx(0.5, abs=1e-3)
    assert share.per_person == pytest.approx(1e-3, rel=1e-6)


def test_published_months_are_no_slope():
    """Beyond a peak of 347 that is published, four paths of a thousand still rise."""
    values = np.concatenate([np.full(996, 347.0), [348.0, 349.0, 350.0, 360.0]])
    at = {cap: shares({"a": cap}, {"a": values}, [], {"a": 347.0})["a"] for cap in (346, 347, 348)}
    assert at[346].broken
    assert at[346].per_person is None
    assert not at[347].broken
    assert at[347].p_break == pytest.approx(0.004)
    assert at[347].per_person == pytest.approx(0.003 / 3)
    assert at[348].per_person == pytest.approx(0.002 / 3)


def test_parts_without_anybody_share_evenly():
    assert in_proportion(90, {"a": 0.0, "b": 0.0}) == {"a": 45.0, "b": 45.0}
    assert in_proportion(90, {"a": 1.0, "b": 2.0}) == {"a": 30.0, "b": 60.0}
    assert in_proportion(0, {}) == {}


@pytest.mark.parametrize("basis", ["any_month", "period_end", "period_average"])
def test_critical_values_say_what_the_assessment_says(basis):
    result = competition("310104001", street_values(60)["310104001"])
    for value in (8800.0, 9000.0, 9100.0):
        cap = replace(CAP, region="310104001", basis=basis, value=value)
        critical = critical_values(cap, result.history, result.champion_paths)
        said = assess(cap, result.history, result.champion_paths, 12)
        assert (critical > value).mean() == pytest.approx(said.probability)


def test_proportion_and_a_period_out_of_reach():
    assert in_proportion(30, {"a": 2.0, "b": 1.0}) == {"a": 20.0, "b": 10.0}
    result = competition(DISTRICT, street_values(60)["310104001"])
    far = replace(CAP, period="2029")
    assert critical_values(far, result.history, result.champion_paths) is None
