"""Scenarios through the stock-flow identity: golden figures by hand, identities as properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.forecasting.scenario.impact import (
    Assumptions,
    Impact,
    Layoff,
    Range,
    Scenario,
    apply_scenario,
    latin_hypercube,
    scale_flow,
)
from employment_forecast.models.paths import SamplePaths

ORIGIN = pd.Period("2026-10", "M")
LATEST = 10_000.0


def month(ahead: int) -> pd.Period:
    return ORIGIN + ahead


def paths(n: int = 60, horizon: int = 12, seed: int = 3) -> SamplePaths:
    steps = np.random.default_rng(seed).normal(0, 150, (n, horizon))
    return SamplePaths(LATEST + steps.cumsum(axis=1), ORIGIN)


def fixed(
    share: float = 0.6, absorb: float = 3.0, felt: float = 0.5, hired: float = 0.1, left: float = 0
) -> Assumptions:
    return Assumptions(
        Range(share, share),
        Range(absorb, absorb),
        Range(felt, felt),
        dict.fromkeys(range(1, 13), Range(hired, hired)),
        dict.fromkeys(range(1, 13), Range(left, left)),
    )


def ranges(absorb: float = 4.0) -> Assumptions:
    return Assumptions(
        Range(0.4, 0.8),
        Range(absorb * 2 / 3, absorb * 4 / 3),
        Range(0.5, 1.0),
        dict.fromkeys(range(1, 13), Range(0.05, 0.15)),
        dict.fromkeys(range(1, 13), Range(0.01, 0.04)),
    )


def run(scenario: Scenario, assumptions: Assumptions | None = None, n: int = 60) -> Impact:
    return apply_scenario(paths(n), LATEST, scenario, assumptions or ranges(), seed=9)


def extra(impact: Impact, n: int = 60) -> np.ndarray:
    return impact.paths.values - paths(n).values


def test_a_layoff_by_hand():
    """1 500 laid off in December, 60 % register: 900, then a third of them leaves each month."""
    impact = run(Scenario((Layoff(month(2), 1500),)), fixed())
    expected = [0, 900, 600, 300, 0, 0, 0, 0, 0, 0, 0, 0]
    assert extra(impact) == pytest.approx(np.tile(expected, (60, 1)), abs=1e-6)
    assert impact.registered[0].tolist()[:4] == [0, 900, 0, 0]
    assert impact.absorbed[0] == pytest.approx([0, 0, 300, 300, 300, *[0] * 7])


def test_fewer_jobs_by_hand():
    """Level 10 000, 10 % find a job each month, 20 % fewer jobs of which half is felt: 0.1 x 0.1.

    First month 10 000 x 0.1 x 0.1 = 100 stay; second 100 x (1 - 0.09) + 100 = 191.
    """
    flat = SamplePaths(np.full((4, 3), 10_000.0), ORIGIN)
    impact = apply_scenario(flat, 10_000.0, Scenario(jobs_change=-0.2), fixed(), seed=1)
    assert impact.unhired[0] == pytest.approx([100.0, 191.0, 191.0 * 0.91 + 100.0])
    later = Scenario(jobs_change=-0.2, first=month(2), last=month(2))
    # Once jobs are back, those left over find work at the usual 10 %.
    assert apply_scenario(flat, 10_000.0, later, fixed(), seed=1).unhired[0] == pytest.approx(
        [0, 100, 90]
    )


def test_fewer_jobs_slow_the_absorption_of_those_laid_off():
    both = Scenario((Layoff(month(1), 1000),), -0.2)
    impact = run(both, fixed(share=1.0, felt=1.0))
    # Re-employment at four fifths of its speed: 4/15 of the cohort instead of 5/15 a month.
    assert impact.outstanding[0, :5] == pytest.approx([1000, 733.3333, 466.6667, 200, 0], abs=1e-3)


def test_a_rate_moves_by_people_over_the_labour_force():
    rate = SamplePaths(np.full((5, 3), 4.0), ORIGIN)
    scenario = Scenario((Layoff(month(1), 1000),))
    impact = apply_scenario(
        rate, 4.0, scenario, fixed(share=0.5), persons_per_unit=5_000.0, ceiling=100.0, seed=1
    )
    assert impact.paths.values[0] == pytest.approx([4.1, 4.0 + 0.1 * 2 / 3, 4.0 + 0.1 / 3])


@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1.0, 0.01, 50_000.0]))
@settings(max_examples=examples(25), deadline=None)
def test_nothing_happening_is_the_baseline_bit_for_bit(seed: int, scale: float):
    base = paths(20, 6, seed % 1000)
    for nothing in (Scenario(), Scenario((Layoff(month(2), 0.0),), 0.0, month(1), month(3))):
        impact = apply_scenario(base, LATEST, nothing, ranges(), persons_per_unit=scale, seed=seed)
        assert impact.paths.values.tobytes() == base.values.tobytes()


layoffs = st.lists(st.tuples(st.integers(1, 12), st.floats(0, 5000)), max_size=3).map(
    lambda rows: tuple(Layoff(month(m), p) for m, p in rows)
)


@given(cut=layoffs, more=st.floats(0, 3000), at=st.integers(1, 12), jobs=st.floats(-1, 0.5))
@settings(max_examples=examples(40), deadline=None)
def test_more_layoffs_never_lower_a_path(cut, more: float, at: int, jobs: float):
    less = run(Scenario(cut, jobs)).paths.values
    greater = run(Scenario((*cut, Layoff(month(at), more)), jobs)).paths.values
    assert (greater >= less - 1e-9).all()


@given(cut=layoffs, short=st.floats(1.5, 12), longer=st.floats(0, 12), jobs=st.floats(-1, 0.5))
@settings(max_examples=examples(40), deadline=None)
def test_slower_absorption_never_lowers_a_path(cut, short: float, longer: float, jobs: float):
    quick = run(Scenario(cut, jobs), ranges(short)).paths.values
    slow = run(Scenario(cut, jobs), ranges(short + longer)).paths.values
    assert (slow >= quick - 1e-9).all()


@given(small=st.floats(-1, 1), step=st.floats(0, 1))
@settings(max_examples=examples(40), deadline=None)
def test_fewer_jobs_never_lower_a_path(small: float, step: float):
    cut = (Layoff(month(1), 800.0),)
    more = run(Scenario(cut, small)).paths.values
    fewer = run(Scenario(cut, max(small - step, -1.0))).paths.values
    assert (fewer >= more - 1e-9).all()


@given(cut=layoffs, jobs=st.floats(-0.5, 0.5))
@settings(max_examples=examples(30), deadline=None)
def test_stock_changes_by_what_comes_in_and_goes_out(cut, jobs: float):
    impact = run(Scenario(cut, jobs))
    before = np.column_stack([np.zeros(60), impact.outstanding[:, :-1]])
    step = impact.registered - impact.absorbed
    assert impact.outstanding - before == pytest.approx(step, abs=1e-6)
    assert extra(impact) == pytest.approx(impact.outstanding + impact.unhired, abs=1e-6)


@given(people=st.floats(1, 5000), absorb=st.floats(1.5, 7))
@settings(max_examples=examples(30), deadline=None)
def test_all_who_registered_have_left_in_the_end(people: float, absorb: float):
    impact = run(Scenario((Layoff(month(1), people),)), ranges(absorb))
    assert impact.absorbed.sum(axis=1) == pytest.approx(impact.registered.sum(axis=1))
    assert (impact.outstanding[:, -1] == 0).all()


def test_uncertain_assumptions_widen_the_fan():
    rng = np.random.default_rng(5)
    base = SamplePaths(LATEST + rng.normal(0, 300, (4000, 6)).cumsum(axis=1), ORIGIN)
    scenario = Scenario((Layoff(month(2), 2000),), -0.3)
    impact = apply_scenario(base, LATEST, scenario, ranges(), seed=2).paths
    after, before = (
        np.subtract(*np.quantile(p.values, [0.9, 0.1], axis=0)) for p in (impact, base)
    )
    assert (after[1:] > before[1:]).all()


def test_draws_cover_the_ranges_evenly_and_do_not_depend_on_the_scenario():
    u = latin_hypercube(50, 4)
    assert (np.sort(np.floor(u * 50), axis=0) == np.arange(50)[:, None]).all()
    one = run(Scenario((Layoff(month(1), 500),)))
    two = run(Scenario((Layoff(month(1), 1000),), -0.1))
    assert two.registered == pytest.approx(2 * one.registered)


def test_new_jobs_themselves_are_scaled():
    base = paths(3, 4)
    scaled = scale_flow(base, Scenario(jobs_change=-0.25, first=month(3)))
    assert scaled.values == pytest.approx(base.values * [1, 1, 0.75, 0.75])


def test_impossible_scenarios_are_refused():
    for wrong in (
        Scenario((Layoff(ORIGIN, 10),)),
        Scenario((Layoff(month(1), -1),)),
        Scenario(jobs_change=-1.5),
    ):
        with pytest.raises(ValueError, match=r"layoffs|new jobs"):
            run(wrong)
    with pytest.raises(ValueError, match="above"):
        Range(2, 1)
