"""Every kind of target on hand-checked paths, and identities that hold on any paths."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.targets.target import Target
from employment_forecast.forecasting.assessment import caps, totals
from employment_forecast.forecasting.assessment.assess import assess_all
from employment_forecast.forecasting.assessment.caps import assess, paths_broken
from employment_forecast.forecasting.assessment.events import (
    first_crossings,
    peak_excess,
    smallest_above,
)
from employment_forecast.forecasting.assessment.milestones import assess_milestone
from employment_forecast.forecasting.assessment.totals import assess_total, seasonal_shares
from employment_forecast.models.paths import SamplePaths


def target(value, basis="period_total", direction="floor", period="2026", **changes) -> Target:
    fields = {
        "region": "310114",
        "indicator": "new_jobs",
        "tier": "district",
        "qualifier": "不低于",
        "unit": "人",
        "announced_on": date(2026, 1, 5),
        "announced_estimated": False,
        "source": "测试",
    }
    return Target(
        **{**fields, **changes}, value=value, basis=basis, direction=direction, period=period
    )


@pytest.fixture(scope="module")
def flow(history_of):
    """Monthly flows that end in a given month."""

    def make(values, end="2026-09", **fields):
        start = pd.Period(end, "M") - (len(values) - 1)
        return history_of(values, start=str(start), **{"kind": "flow", **fields})

    return make


def paths(rows, origin="2026-09") -> SamplePaths:
    return SamplePaths(np.asarray(rows, dtype=float), pd.Period(origin, "M"))


# ---- caps: when, for how long, by how much

RATE = [5.4, 5.3, 5.4, 5.2, 5.1, 5.0, 5.2, 5.3, 5.2]
THREE_LEFT = [[5.4, 5.6, 5.4], [5.5, 5.5, 5.6], [5.54, 5.5, 5.4], [5.55, 5.8, 5.0]]


def cap(basis="any_month", value=5.5):
    return target(value, basis, "cap", unit="%")


@pytest.fixture
def rate(history_of):
    return history_of(RATE, start="2026-01", unit="%", kind="rate", precision=0.1)


def test_when_for_how_long_and_by_how_much(rate):
    assessment = assess(cap(), rate, paths(THREE_LEFT), 12)
    # First above: Nov, Dec, never, Oct. Months above: 1, 1, 0, 2. Peaks: 0.1, 0.1, 0, 0.3.
    assert [(str(m), p) for m, p in assessment.first_breach] == [
        ("2026-10", 0.25),
        ("2026-11", 0.25),
        ("2026-12", 0.25),
    ]
    assert assessment.expected_months_above == 1.0
    assert assessment.expected_excess == pytest.approx(0.5 / 4)
    assert assessment.excess_if_broken == pytest.approx(0.5 / 3)
    assert assessment.probability == assessment.p_any == 0.75


def test_published_months_above_count_with_the_cap_of_their_day(history_of):
    values = [5.4, 5.9, 5.7, *RATE[3:]]
    history = history_of(values, start="2026-01", unit="%", kind="rate", precision=0.1)
    # Until June the cap was 5.8: only February was above, by 0.1.

    def then(month):
        return 5.8 if month.month <= 6 else 5.5

    assessment = assess(cap(), history, paths(THREE_LEFT), 12, then)
    assert assessment.first_breach == ((pd.Period("2026-02", "M"), 1.0),)
    assert assessment.expected_months_above == 2.0  # one published, one of those to come
    assert assessment.expected_excess == pytest.approx((0.1 + 0.1 + 0.1 + 0.3) / 4)
    assert paths_broken(cap(), history, paths(THREE_LEFT), then).all()


def test_the_end_and_the_average(rate):
    end = assess(cap("period_end"), rate, paths(THREE_LEFT), 12)
    assert end.first_breach == ((pd.Period("2026-12", "M"), 0.25),)
    assert (end.expected_months_above, end.probability) == (0.25, 0.25)
    assert end.expected_excess == pytest.approx(0.1 / 4)
    average = assess(cap("period_average", 5.2), rate, paths([[5.4] * 3, [5.9] * 3]), 12)
    # 47.1 published; 63.3 / 12 = 5.275, printed 5.3; 64.8 / 12 = 5.4.
    assert (average.p_average, average.expected_months_above) == (1.0, None)
    assert average.expected_excess == pytest.approx((0.1 + 0.2) / 2)
    beyond = assess(cap(), rate, paths([[5.9], [5.0]]), 12)
    assert (beyond.expected_months_above, beyond.expected_excess) == (None, None)
    assert [p for _, p in beyond.first_breach] == [0.5]


def test_several_caps_at_once(rate):
    both = [
        cap(),
        cap("period_end", 5.3),
        cap("period_average", 9.0),
        target(None, "any_month", "cap"),
    ]
    assessed = assess_all(both, rate, paths(THREE_LEFT), 12)
    # Broken: any month above 5.5 on paths 1, 2, 4; the end above 5.3 on paths 1, 2, 3.
    assert assessed.joint.p_at_least_one == 1.0
    assert assessed.joint.p_all == 0.0  # the average is never above 9
    assert (len(assessed.joint.caps), assessed.joint.left_out, len(assessed.caps)) == (3, 0, 3)
    two = assess_all(both[:2], rate, paths(THREE_LEFT), 12)
    assert two.joint.p_all == 0.5
    short = assess_all([*both[:2], cap("period_average", 5.0)], rate, paths([[5.9], [5.0]]), 12)
    assert short.joint is None
    # One number on two bases is one cap, broken when it is on either.
    twice = [cap(), cap("period_end")]
    assert assess_all(twice, rate, paths(THREE_LEFT), 12).joint is None
    with_other = assess_all([*twice, cap("period_end", 5.3)], rate, paths(THREE_LEFT), 12).joint
    assert (len(with_other.caps), with_other.p_all, with_other.left_out) == (2, 0.5, 0)
    assert assess_all(both[:1], rate, paths(THREE_LEFT), 12).joint is None


@pytest.mark.parametrize(
    ("limit", "digit", "wanted"),
    [(5.5, 0.1, 5.6), (5.45, 0.1, 5.5), (20_400.0, 1.0, 20_401.0), (2.98, 0.01, 2.99), (0, 1, 1)],
)
def test_the_smallest_printed_value_above(limit, digit, wanted):
    assert smallest_above(limit, digit) == pytest.approx(wanted, abs=1e-12)


# ---- totals


def test_a_yearly_floor_by_hand(flow):
    history = flow([100.0] * 8 + [110.0])  # nine months of 2026: 910
    ahead = [[100, 100, 100], [90, 90, 110], [80, 100, 109], [100, 50, 50]]
    assessment = assess_total(target(1200.0), history, paths(ahead), 12)
    # 1210, 1200, 1199, 1110
    assert assessment.p_reach == 0.5
    assert assessment.p_above is None
    assert assessment.reasons["p_above"] == totals.NOT_A_CAP
    assert (assessment.published, assessment.published_months, assessment.months) == (910.0, 9, 12)
    assert (assessment.needed, assessment.needed_pace) == (290.0, pytest.approx(290 / 3))
    assert assessment.expected == pytest.approx((1210 + 1200 + 1199 + 1110) / 4)
    assert assessment.progress == pytest.approx(910 / 1200)
    assert assessment.progress_time == 0.75
    assert assessment.progress_seasonal is None
    assert assessment.reasons["progress_seasonal"] == totals.TOO_FEW_YEARS
    assert assessment.recent_pace == pytest.approx(910 / 9)
    assert str(assessment.reach_month) == "2026-12"
    assert not assessment.already_reached
    assert not assessment.untested
    assert assess_total(target(1200.0), history, paths(ahead), 2).untested


def test_a_cap_on_a_total_and_a_figure_to_arrive_at(flow):
    history = flow([100.0] * 9)
    ahead = paths([[100, 100, 100], [100, 100, 101]])
    limit = assess_total(target(1200.0, direction="cap"), history, ahead, 12)
    assert (limit.p_above, limit.p_reach) == (0.5, None)
    level = assess_total(target(1200.0, direction="level"), history, ahead, 12)
    assert level.p_reach == 1.0


def test_a_five_year_total_adds_up_over_new_years(flow):
    """48 months published, 12 to come: yearly totals restart in January, the period's does not."""
    history = flow([10.0] * 48, end="2024-12")
    ahead = paths([[10.0] * 12, [12.5] * 12], "2024-12")
    assessment = assess_total(target(600.0, period="2021-2025"), history, ahead, 6)
    assert (assessment.published, assessment.expected) == (480.0, pytest.approx((600 + 630) / 2))
    assert assessment.p_reach == 1.0
    assert assessment.untested
    assert (assessment.progress, assessment.progress_time) == (0.8, 0.8)
    assert assessment.progress_seasonal == pytest.approx(0.8)
    early = flow([10.0] * 33, end="2023-09")
    rows = np.full((2, 27), 10.0)
    rows[1] = 11.0
    seen = assess_total(target(620.0, period="2021-2025"), early, paths(rows, "2023-09"), 40)
    assert seen.expected == pytest.approx((600 + 627) / 2)
    assert (seen.p_reach, str(seen.reach_month)) == (0.5, "2025-12")


def test_a_reached_floor_stays_reached(flow):
    assessment = assess_total(target(500.0), flow([100.0] * 9), paths([[0, 0, 0], [-9, 0, 0]]), 12)
    assert (assessment.p_reach, assessment.already_reached, assessment.needed) == (1.0, True, 0.0)
    assert str(assessment.reach_month) == "2026-05"


def test_a_period_that_is_over(flow):
    history = flow([100.0] * 24, end="2026-12")
    kept = assess_total(target(1200.0), history, paths([[1.0], [2.0]], "2026-12"), 12)
    assert (kept.p_reach, kept.needed_pace, kept.expected) == (1.0, None, 1200.0)
    missed = assess_total(target(1201.0), history, paths([[9e9], [9e9]], "2026-12"), 12)
    assert (missed.p_reach, missed.reach_month) == (0.0, None)
    assert missed.reasons["needed_pace"] == totals.PERIOD_OVER


def test_what_cannot_be_told(flow):
    ahead = paths([[100, 100, 100], [90, 90, 90]])
    holes = assess_total(target(1200.0), flow([100.0] * 5), ahead, 12)
    assert (holes.p_reach, holes.published, holes.progress) == (None, None, None)
    assert holes.reasons["p_reach"] == caps.MISSING_MONTHS
    short = assess_total(target(1200.0), flow([100.0] * 9), paths([[100.0], [90.0]]), 12)
    assert (short.p_reach, short.needed) == (None, 300.0)
    assert short.reasons["p_reach"] == caps.BEYOND_HORIZON
    for changes in ({"unit": "万人"}, {"unit_confirmed": False}):
        assert assess_total(target(1200.0, **changes), flow([100.0] * 9), ahead, 12) is None
    assert assess_total(target(1200.0), flow([100.0] * 9, kind="stock"), ahead, 12) is None
    with pytest.raises(ValueError, match="2026-08"):
        assess_total(target(1200.0), flow([100.0] * 9), paths([[1.0], [2.0]], "2026-08"), 12)


def test_a_floor_on_an_average(flow):
    history = flow([2.0] * 9, kind="index", unit="倍", precision=0.01)
    aim = target(2.1, basis="period_average", unit="倍")
    assessment = assess_total(aim, history, paths([[2.4] * 3, [2.5] * 3]), 12)
    assert (assessment.p_reach, assessment.published) == (1.0, 2.0)
    assert assessment.needed_pace == pytest.approx((2.1 * 12 - 18) / 3)
    assert assessment.progress is None


def test_the_usual_share_of_the_months_so_far(flow):
    year = np.array([5, 5, 10, 10, 10, 10, 10, 10, 10, 10, 5, 5.0])
    history = flow([*year, *(2 * year), *(3 * year), *year[:9]], end="2026-09")
    assert seasonal_shares(history, 2026) == pytest.approx(year / 100)
    assessment = assess_total(target(100.0), history, paths([[10, 5, 5], [1, 1, 1]]), 12)
    assert assessment.progress_seasonal == pytest.approx(0.80)
    assert assessment.progress_time == 0.75
    plan = assess_total(target(500.0, period="2026-2030"), history, paths([[1.0], [2.0]]), 12)
    assert plan.progress_seasonal == pytest.approx(0.80 / 5)


# ---- levels


def test_a_figure_to_be_reached(history_of):
    history = history_of([34.0, 35.0], start="2026-08", unit="%", kind="rate", precision=0.1)
    ahead = paths([[35, 36, 36.0], [35, 35, 35.95], [35, 35, 35.94], [37, 36, 35.0]])
    end = assess_milestone(target(36.0, "period_end", "level", unit="%"), history, ahead, 12)
    assert (end.p_reach, end.gap, end.latest) == (0.5, 1.0, 35.0)
    assert end.expected == pytest.approx((36 + 36 + 35.9 + 35) / 4)
    every = assess_milestone(target(35.0, "any_month", "floor", unit="%"), history, ahead, 12)
    assert (every.p_reach, every.already_missed) == (0.0, True)  # August was 34
    later = target(35.0, "any_month", "floor", unit="%", period="2026-10")
    assert assess_milestone(later, history, ahead, 12).p_reach == 1.0
    far = assess_milestone(
        target(35.0, "period_end", "level", unit="%", period="2027"), history, ahead, 12
    )
    assert (far.p_reach, far.reasons["p_reach"]) == (None, caps.BEYOND_HORIZON)
    past = target(34.0, "point", "level", unit="%", period="2026-08")
    assert assess_milestone(past, history, ahead, 12).p_reach == 1.0
    gone = target(34.0, "point", "level", unit="%", period="2025-08")
    assert assess_milestone(gone, history, ahead, 12).reasons["p_reach"] == caps.MISSING_MONTHS
    assert assess_milestone(target(5.0, "any_month", "cap", unit="%"), history, ahead, 12) is None


# ---- identities

matrices = st.integers(1, 8).flatmap(
    lambda h: st.lists(st.lists(st.integers(0, 9), min_size=h, max_size=h), min_size=1, max_size=12)
)


@given(matrices, st.integers(0, 9))
def test_first_crossings_and_never_add_up_to_one(rows, limit):
    over = np.array(rows) > limit
    shares = first_crossings(over)
    assert (shares >= -1e-12).all()
    assert shares.sum() + (~over.any(axis=1)).mean() == pytest.approx(1.0)
    excess = peak_excess(np.array(rows, dtype=float), float(limit), 1.0)
    assert ((excess > 0) == over.any(axis=1)).all()


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=12, max_size=12), min_size=2, max_size=8),
    st.integers(0, 9),
    st.integers(1, 4),
    st.sampled_from(["any_month", "period_end", "period_average"]),
)
def test_a_higher_cap_is_never_more_often_broken(history_of, rows, limit, more, basis):
    history = history_of([1.0, 2.0], start="2025-11")
    ahead = paths(rows, "2025-12")
    low, high = (
        assess(target(float(v), basis, "cap"), history, ahead, 12) for v in (limit, limit + more)
    )
    assert high.probability <= low.probability
    assert high.expected_excess <= low.expected_excess
    if basis == "any_month":
        assert high.expected_months_above <= low.expected_months_above
        assert low.expected_months_above >= low.p_any
        assert sum(p for _, p in low.first_breach) == pytest.approx(low.p_any)
    flags = paths_broken(target(float(limit), basis, "cap"), history, ahead)
    assert flags.mean() == low.probability


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=30, max_size=30), min_size=2, max_size=6),
    st.integers(1, 250),
    st.integers(0, 11),
)
def test_totals_equal_the_slow_sum(flow, rows, floor, elapsed):
    """Over two and a half years, whatever month the paths begin in."""
    origin = pd.Period("2025-12", "M") + elapsed
    history = flow([3.0] * (elapsed + 1), end=str(origin))
    ahead = paths(rows, str(origin))
    assessment = assess_total(target(float(floor), period="2026-2027"), history, ahead, 60)
    left = 24 - elapsed
    slow = np.array([3.0 * elapsed + sum(row[:left]) for row in rows])
    assert assessment.expected == pytest.approx(slow.mean())
    if not assessment.already_reached:
        assert assessment.p_reach == pytest.approx((slow >= floor).mean())
        assert assessment.needed == floor - 3.0 * elapsed
