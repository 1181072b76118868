"""Warning lines against laws with a known answer, and what must hold of every line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from sklearn.isotonic import IsotonicRegression
from support.campaigns import examples

from employment_forecast.data.targets.target import Target
from employment_forecast.features.register.flows import register_flows
from employment_forecast.forecasting.assessment.events import above, smallest_above
from employment_forecast.forecasting.early_warning.flow_lines import flow_lines
from employment_forecast.forecasting.early_warning.lines import (
    Line,
    _lines_of,
    _nodes,
    _probabilities,
    _scores,
    on_or_above,
    warning_lines,
)
from employment_forecast.models.paths import SamplePaths

CUTS = {"yellow": 0.25, "orange": 0.5, "red": 0.8}
CAP = 10_200.0
NOW, STEP = 10_000.0, 150.0


def cap(value=CAP, basis="period_end", period="2026", unit="人") -> Target:
    return Target(
        "310114", "registered_unemployed", "own", "cap", basis, "以内", period, value, unit,
        date(2025, 1, 1), False, "测试",
    )  # fmt: skip


@pytest.fixture
def past(history_of):
    return history_of([9_900.0, NOW], start="2025-11")


def walk(n: int, seed: int, months: int = 12) -> SamplePaths:
    moves = np.random.default_rng(seed).normal(0, STEP, (n, months))
    return SamplePaths(NOW + np.cumsum(moves, axis=1), pd.Period("2025-12", "M"))


def chance(value: float, left: int) -> float:
    """P(walk ends above the cap | figure so many months before the end), counts being printed."""
    return float(ndtr((value - CAP - 0.5) / (STEP * np.sqrt(left))))


def test_a_figure_on_the_line_gives_the_stated_probability(past):
    """Within three of the stated standard errors, of lines within reach."""
    errors = []
    for seed in range(3):
        for line in warning_lines(walk(1_000, seed), past, cap(), CUTS):
            left = 12 - (line.month - past.origin).n
            spread = STEP * np.sqrt(12 - left)
            exact = CAP + 0.5 + STEP * np.sqrt(left) * ndtri(line.probability) if left else CAP + 1
            # Lines farther out than nine in ten paths on either side rest on few of them.
            if left and abs(exact - NOW) < 1.6 * spread:
                assert line.state == "line"
                slope = np.exp(-0.5 * ndtri(line.probability) ** 2) / np.sqrt(2 * np.pi)
                error = line.standard_error * slope / (STEP * np.sqrt(left))
                errors.append((chance(line.value - 0.5, left) - line.probability) / error)
    errors = np.array(errors)
    assert len(errors) > 45
    # The error is itself estimated and neighbouring months share their paths.
    assert np.mean(np.abs(errors) <= 3) >= 0.97
    assert abs(np.mean(errors)) < 1.0


def test_what_is_asked_again_is_remembered_and_what_differs_is_worked_out(past):
    paths = walk(200, 1)
    _lines_of.cache_clear()
    asked = warning_lines(paths, past, cap(), CUTS)
    assert warning_lines(SamplePaths(paths.values.copy(), paths.origin), past, cap(), CUTS) == asked
    assert _lines_of.cache_info().hits == 11  # of the last month the cap alone decides
    moved = paths.values.copy()
    moved[:, -1] += 100.0
    others = [
        (SamplePaths(moved, paths.origin), cap(), CUTS),
        (paths, cap(CAP + 50), CUTS),
        (paths, cap(), {"yellow": 0.3}),
    ]

    def values():
        lines = [warning_lines(p, past, target, cuts) for p, target, cuts in others]
        return [[(line.month, line.level, line.value) for line in each] for each in lines]

    beside = values()
    _lines_of.cache_clear()
    assert beside == values()
    assert [(line.month, line.level, line.value) for line in asked] not in beside


def test_drawing_on_from_the_line_breaks_the_cap_as_often_as_stated(past):
    """100,000 new futures from each line of 10,000 paths: three Monte Carlo standard errors."""
    rng = np.random.default_rng(5)
    n = 10_000
    lines = warning_lines(walk(n, 9), past, cap(), CUTS)
    for line in lines:
        left = 12 - (line.month - past.origin).n
        if line.state == "line" and 3 <= left <= 9:
            ends = line.value + STEP * np.sqrt(left) * rng.normal(size=100_000)
            share = above(ends, CAP, 1.0).mean()
            p = line.probability
            # The paths near the line, about a quarter of all, carry the estimate.
            assert abs(share - p) <= 3 * np.sqrt(p * (1 - p) / (n / 4))


def test_an_autoregression_is_recovered(past):
    """X_end given X_m is normal with mean phi**k X_m and a known variance."""
    rng, phi, months = np.random.default_rng(3), 0.8, 6
    x = np.zeros((8_000, months))
    state = np.zeros(8_000)
    for t in range(months):
        state = phi * state + rng.normal(0, 100, 8_000)
        x[:, t] = state
    paths = SamplePaths(NOW + x, past.origin)
    target = cap(NOW + 100, period="2026-06", basis="period_end")
    for line in warning_lines(paths, past, target, {"yellow": 0.3, "orange": 0.5}):
        k = months - (line.month - past.origin).n
        if k in (1, 2):
            spread = 100 * np.sqrt((1 - phi ** (2 * k)) / (1 - phi**2))
            given_line = (phi**k * (line.value - NOW) - 100.5) / spread
            assert float(ndtr(given_line)) == pytest.approx(line.probability, abs=0.035)


def test_lines_are_nearer_to_the_truth_than_an_isotonic_regression(past):
    """Root mean square error of the probability on the line, over months and seeds; n = 1,000."""
    ours, isotonic = [], []
    for seed in range(2):
        paths = walk(1_000, seed)
        crossed = above(paths.values[:, -1], CAP, 1.0)
        for line in warning_lines(paths, past, cap(), {"yellow": 0.25, "orange": 0.5}):
            step = (line.month - past.origin).n
            if step not in (4, 8):
                continue
            x = paths.values[:, step - 1]
            grid = np.linspace(*np.quantile(x, (0.02, 0.98)), 400)
            fit = IsotonicRegression(out_of_bounds="clip").fit(x, crossed).predict(grid)
            other = grid[int(np.argmax(fit >= line.probability))]
            ours.append(chance(line.value - 0.5, 12 - step) - line.probability)
            isotonic.append(chance(other, 12 - step) - line.probability)
    assert len(ours) == 8
    assert np.sqrt(np.mean(np.square(ours))) < 0.75 * np.sqrt(np.mean(np.square(isotonic)))


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_probabilities_are_local_linear_fits_made_one_by_one(seed, above_the_mean):
    rng = np.random.default_rng(seed)
    x = rng.normal(NOW, STEP, 60).round(-1)
    ends, limit = x + rng.normal(0, STEP, 60), NOW + above_the_mean * STEP
    weights = np.vstack([np.ones(60), rng.multinomial(60, np.full(60, 1 / 60), 2)])
    scores = _scores(x)
    nodes = _nodes(x, scores, 1.0)
    nearest = np.abs(nodes.scores[:, None] - scores).argmin(axis=0)
    expected = np.empty((len(nodes.values), 3))
    for column, weight in enumerate(weights):
        by_node = nodes.kernel * weight
        fits = [np.polyfit(scores, ends, 1, w=np.sqrt(w)) for w in by_node]
        residuals = ends - [np.polyval(fits[n], u) for n, u in zip(nearest, scores, strict=True)]
        for row, (fit, w) in enumerate(zip(fits, by_node, strict=True)):
            reached = np.polyval(fit, nodes.scores[row]) + residuals >= limit
            expected[row, column] = w[reached].sum() / w.sum()
    given_value = _probabilities(nodes, scores, ends, limit, weights)
    np.testing.assert_allclose(given_value, np.sort(expected, axis=0), atol=1e-9)


def test_at_the_last_month_the_line_is_the_cap(past):
    for basis in ("any_month", "period_end"):
        last = [
            x
            for x in warning_lines(walk(500, 1), past, cap(basis=basis), CUTS)
            if str(x.month) == "2026-12"
        ]
        assert [x.value for x in last] == [CAP + 1] * 3
        assert [x.standard_error for x in last] == [0.0] * 3
        for value in (CAP - 1, CAP, CAP + 0.4, CAP + 0.6, CAP + 1):
            assert on_or_above(value, last[0], 1.0) == above(np.array([value]), CAP, 1.0)[0]


def test_rates_are_snapped_to_the_printed_digit(history_of):
    rng = np.random.default_rng(2)
    history = history_of([5.0, 5.1], start="2025-11", unit="%", kind="rate", precision=0.1)
    moves = np.cumsum(rng.normal(0, 0.13, (3_000, 12)), axis=1)
    lines = warning_lines(
        SamplePaths(5.1 + moves, history.origin), history, cap(5.5, unit="%"), CUTS
    )
    assert lines[-1].value == pytest.approx(5.6)
    for line in lines:
        if line.value is not None:
            assert line.value * 10 == pytest.approx(round(line.value * 10), abs=1e-9)
    # Conditional on a printed 5.5 with one month to go: a move of at least 0.05 from U(5.45, 5.55).
    before = {x.level: x for x in lines if str(x.month) == "2026-11"}
    assert before["yellow"].value == pytest.approx(5.5)
    assert before["red"].value == pytest.approx(5.7)


def test_broken_already_and_out_of_reach(history_of, past):
    high = history_of([9_900.0, NOW, 10_300.0], start="2025-11")
    paths = SamplePaths(walk(400, 1).values[:, 1:], high.origin)
    lines = warning_lines(paths, high, cap(basis="any_month"), CUTS, leads="breach")
    assert {x.state for x in lines} == {"already"}
    assert on_or_above(0.0, lines[0], 1.0)
    # What is still to come minds January no more than the year's end does.
    assert "line" in {x.state for x in warning_lines(paths, high, cap(basis="any_month"), CUTS)}
    # The year's end alone does not mind what January was.
    assert "line" in {x.state for x in warning_lines(paths, high, cap(), CUTS)}
    far = warning_lines(walk(400, 1), past, cap(20_000.0), CUTS)
    assert {x.state for x in far[:-3]} == {"unreachable"}
    assert not on_or_above(19_000.0, far[0], 1.0)
    low = warning_lines(walk(400, 1), past, cap(5_000.0), CUTS)
    assert {x.state for x in low[:-3]} == {"already"}


def test_no_lines_for_what_has_none(past, history_of):
    paths = walk(200, 0)
    short = SamplePaths(paths.values[:, :5], paths.origin)
    assert warning_lines(short, past, cap(), CUTS) == []
    assert warning_lines(paths, past, cap(period="2025"), CUTS) == []
    assert warning_lines(paths, past, cap(basis="period_total"), CUTS) == []
    assert warning_lines(paths, past, cap(basis="period_average", period="2025-2026"), CUTS) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        warning_lines(paths, past, cap(), {"red": 1.0})


def test_an_average_has_lines_too(past):
    """Of two months averaged, given the first: the second must make up for it."""
    values = np.random.default_rng(1).normal(100, 10, (6_000, 2))
    # January to October published as 100, so that November and December decide the average.
    year = SamplePaths(values, pd.Period("2026-10", "M"))
    known = replace(past, start=pd.Period("2026-01", "M"), values=np.full(10, 100.0))
    target = cap(101.0, basis="period_average")
    november, december = warning_lines(year, known, target, {"orange": 0.5})
    # An average printed 102 needs 1218: November 118 or more leaves December its mean.
    assert november.value == pytest.approx(118, abs=2)
    assert december.value == pytest.approx(118, abs=2)


@settings(max_examples=6, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(-0.5, 0.5),
    st.sampled_from(["any_month", "period_end", "period_average"]),
)
def test_lines_are_monotone_bounded_and_snapped(history_of, seed, tilt, basis):
    rng = np.random.default_rng(seed)
    past = history_of([990.0, 1000.0], start="2025-11")
    shock = rng.standard_t(4, (300, 12)) * 12
    values = 1000 + 60 * tilt * np.arange(12) + np.cumsum(shock, axis=1)
    cuts = dict(zip("abcde", (0.1, 0.3, 0.5, 0.7, 0.9), strict=True))
    target = cap(1_020.0, basis=basis)
    lines = warning_lines(SamplePaths(values, past.origin), past, target, cuts)
    assert len(lines) == 12 * 5
    top = smallest_above(1_020.0, 1.0)
    order = {"already": 0, "line": 1, "unreachable": 2}
    for i in range(0, len(lines), 5):
        month = lines[i : i + 5]
        keys = [(order[x.state], x.value or 0.0) for x in month]
        assert keys == sorted(keys)
        for line in month:
            assert (line.value is None) == (line.state != "line")
            if basis == "any_month":
                assert line.state != "unreachable"
                assert line.value is None or line.value <= top
            assert line.value is None or line.value == round(line.value)
            assert line.n == 300


def test_a_higher_cap_has_no_lower_line(past):
    paths = walk(2_000, 4)
    low = warning_lines(paths, past, cap(10_100.0, basis="any_month"), CUTS)
    high = warning_lines(paths, past, cap(10_400.0, basis="any_month"), CUTS)
    rank = {"already": -np.inf, "unreachable": np.inf}
    for a, b in zip(low, high, strict=True):
        assert rank.get(a.state, a.value) <= rank.get(b.state, b.value)


def test_the_line_of_new_registrations_by_hand(history_of):
    """A steady register: outflow of 10 % of the opening stock, so 100 of 1000."""
    months = pd.period_range("2024-01", "2025-12", freq="M")
    stock = pd.Series(1000.0, index=months)
    flow = pd.Series(100.0, index=months)
    flows = register_flows(stock, flow, flow * 0.6, flow * 0.4)
    history = history_of([1000.0] * 23 + [1000.0], start="2024-01")
    lines = [
        Line(pd.Period("2026-01", "M"), "red", 0.8, 1080.0, "line", 6.0, 1000),
        Line(pd.Period("2026-01", "M"), "yellow", 0.2, 880.0, "line", 6.0, 1000),
        Line(pd.Period("2026-01", "M"), "blue", 0.1, None, "unreachable", None, 1000),
        Line(pd.Period("2026-02", "M"), "red", 0.8, 1080.0, "line", 6.0, 1000),
    ]
    red, yellow, blue = flow_lines(lines, history, flows)
    assert (red.value, red.outflow, red.standard_error) == (180.0, 100.0, pytest.approx(6.0))
    assert "近 12 个月" in red.assumption
    assert (yellow.value, yellow.state) == (None, "already")
    assert (blue.value, blue.state) == (None, "unreachable")
    few = register_flows(stock.iloc[-6:], flow.iloc[-6:], flow.iloc[-6:], flow.iloc[-6:] * 0)
    assert flow_lines(lines, history, few) == []
