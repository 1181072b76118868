"""Every statement about a cap is a share of the same paths, checked by hand and by a slow count."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.targets.target import Target
from employment_forecast.forecasting.assessment import caps
from employment_forecast.forecasting.assessment.assess import broken_and_over
from employment_forecast.forecasting.assessment.caps import above, assess, printed
from employment_forecast.forecasting.assessment.words import breach_words, cap_words
from employment_forecast.models.paths import SamplePaths


def target(value=5.5, basis="any_month", period="2026", unit="%", **changes) -> Target:
    fields = {
        "region": "100000",
        "indicator": "surveyed_unemployment_rate",
        "tier": "national",
        "direction": "cap",
        "qualifier": "左右",
        "announced_on": date(2026, 3, 5),
        "announced_estimated": False,
        "source": "测试",
    }
    return Target(**{**fields, **changes}, value=value, basis=basis, period=period, unit=unit)


@pytest.fixture
def rate(history_of):
    """A history of a rate printed to 0.1 that ends in a given month."""

    def make(values, end):
        start = pd.Period(end, "M") - (len(values) - 1)
        return history_of(values, start=str(start), unit="%", kind="rate", precision=0.1)

    return make


NINE_MONTHS = [5.4, 5.3, 5.4, 5.2, 5.1, 5.0, 5.2, 5.3, 5.2]  # 2026-01 to 2026-09
THREE_LEFT = np.array(
    [
        [5.40, 5.60, 5.40],  # above in November
        [5.50, 5.50, 5.60],  # above in December
        [5.54, 5.50, 5.40],  # 5.54 is printed 5.5: never above
        [5.55, 5.00, 5.00],  # 5.55 is printed 5.6: above in October
    ]
)
ORIGIN = pd.Period("2026-09", "M")


def paths(values, origin=ORIGIN) -> SamplePaths:
    return SamplePaths(np.asarray(values, dtype=float), pd.Period(origin, "M"))


def test_a_year_half_over_by_hand(rate):
    assessment = assess(target(), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT), tested=12)
    assert assessment is not None
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (0.75, 0.75, 0.25)
    assert assessment.p_average is None
    assert assessment.reasons == {"p_average": caps.NOT_AVERAGE}
    assert not assessment.already_breached
    assert str(assessment.first_breach_month) == "2026-11"  # 0.25, then 0.50
    assert assessment.headroom == pytest.approx(0.3)
    assert not assessment.untested


def test_an_approximate_cap_is_broken_beyond_its_tolerance_only(rate):
    """5.5%左右 with 0.1 points: 5.6 is within, 5.7 is not; the published 5.6 breaks nothing."""
    known = rate([5.6, *NINE_MONTHS[1:]], "2026-09")
    ahead = paths(np.array([[5.6, 5.6, 5.6], [5.64, 5.5, 5.5], [5.65, 5.0, 5.0], [5.0, 5.0, 5.7]]))
    assessment = assess(target(tolerance=0.1), known, ahead, tested=12)
    assert assessment is not None
    assert (assessment.p_any, assessment.p_end, assessment.already_breached) == (0.5, 0.25, False)
    assert assessment.headroom == pytest.approx(0.4)
    assert assessment.expected_excess == pytest.approx(0.05)  # 0.1 beyond 5.6 on two paths of four
    words = cap_words(assessment.target)
    assert words == "国家预期目标 5.5%左右（2026，各月，含容差为 5.6%）"
    strict = assess(target(), known, ahead, tested=12)
    assert strict is not None
    assert strict.already_breached


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5.54, 5.5),
        (5.55, 5.6),
        (5.549999, 5.5),
        (5.45, 5.5),
        (5.44, 5.4),
        (0.05, 0.1),
        (-0.04, 0.0),
    ],
)
def test_rounding_to_the_printed_digit(value, shown):
    assert printed(np.array([value]), 0.1)[0] == pytest.approx(shown, abs=1e-12)


@given(st.integers(0, 10_000), st.sampled_from(["1", "0.1", "0.01"]), st.integers(-40, 49))
def test_printed_rounds_half_up_like_decimal_arithmetic(steps, digit, offset):
    exact = (Decimal(steps) + Decimal(offset) / 100) * Decimal(digit)
    wanted = exact.quantize(Decimal(digit), ROUND_HALF_UP)
    assert printed(np.array([float(exact)]), float(digit))[0] == pytest.approx(float(wanted))


@pytest.mark.parametrize(
    ("value", "over"), [(5.5, False), (5.54, False), (5.55, True), (5.6, True), (5.4, False)]
)
def test_above_is_decided_on_the_printed_figure(value, over):
    assert above(np.array([value]), 5.5, 0.1)[0] == over
    assert above(np.array([np.float32(value)], dtype=float), 5.5, 0.1)[0] == over


def test_above_with_counts_and_with_caps_between_the_digits():
    assert above(np.array([20400.0, 20400.4, 20400.5, 20401.0]), 20400.0, 1.0).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert above(np.array([5.4, 5.5]), 5.45, 0.1).tolist() == [False, True]
    every_tenth = np.arange(1, 1000) / 10
    assert not above(every_tenth, 99.9, 0.1).any()
    assert all(not above(np.array([v]), v, 0.1)[0] for v in every_tenth)


def test_already_breached(rate):
    values = [*NINE_MONTHS[:4], 5.6, *NINE_MONTHS[5:]]  # May
    assessment = assess(target(), rate(values, "2026-09"), paths(THREE_LEFT), tested=12)
    assert assessment.already_breached
    assert assessment.p_any == 1.0
    assert (assessment.p_any_remaining, assessment.p_end) == (0.75, 0.25)
    assert str(assessment.first_breach_month) == "2026-05"


def test_a_published_month_printed_at_the_cap_is_no_breach(rate):
    assessment = assess(
        target(), rate([5.5, *NINE_MONTHS[1:]], "2026-09"), paths(THREE_LEFT), tested=12
    )
    assert not assessment.already_breached
    assert assessment.p_any == 0.75


def test_a_breach_of_last_year_does_not_count(rate):
    values = [6.2, 6.1, *NINE_MONTHS]
    assessment = assess(target(), rate(values, "2026-09"), paths(THREE_LEFT), tested=12)
    assert (assessment.already_breached, assessment.p_any) == (False, 0.75)


def test_months_after_the_period_do_not_count(rate):
    beyond = np.hstack([THREE_LEFT, np.full((4, 2), 9.9)])
    assessment = assess(target(), rate(NINE_MONTHS, "2026-09"), paths(beyond), tested=12)
    assert (assessment.p_any, assessment.p_end) == (0.75, 0.25)


def test_never_likely_means_no_month(rate):
    assessment = assess(target(5.7), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT), tested=12)
    assert (assessment.p_any, assessment.p_end, assessment.first_breach_month) == (0.0, 0.0, None)


def test_a_period_all_published(rate):
    values = [*NINE_MONTHS, 5.5, 5.6, 5.2, 5.3]  # to 2027-01
    assessment = assess(
        target(), rate(values, "2027-01"), paths([[9.0], [9.0]], "2027-01"), tested=12
    )
    assert (assessment.p_any, assessment.p_end, assessment.already_breached) == (1.0, 0.0, True)
    assert str(assessment.first_breach_month) == "2026-11"
    assert assessment.p_any_remaining is None
    assert assessment.reasons["p_any_remaining"] == caps.NO_MONTH_LEFT
    calm = assess(target(6.0), rate(values, "2027-01"), paths([[9.0], [9.0]], "2027-01"), tested=12)
    assert (calm.p_any, calm.p_end, calm.first_breach_month) == (0.0, 0.0, None)


def test_a_period_beyond_the_horizon(rate):
    assessment = assess(target(), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT[:, :2]), tested=12)
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (None, None, None)
    for name in ("p_any", "p_any_remaining", "p_end"):
        assert assessment.reasons[name] == caps.BEYOND_HORIZON
    # What is crossed within the horizon is known all the same.
    assert str(assessment.first_breach_month) == "2026-11"


def test_a_period_wholly_beyond_the_horizon(rate):
    assessment = assess(
        target(period="2028"), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT), tested=12
    )
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (None, None, None)
    assert assessment.reasons["p_any_remaining"] == caps.BEYOND_HORIZON
    assert assessment.first_breach_month is None


def test_a_breach_beyond_the_horizon_is_still_a_breach(rate):
    values = [5.9, *NINE_MONTHS[1:]]
    assessment = assess(target(), rate(values, "2026-09"), paths(THREE_LEFT[:, :1]), tested=12)
    assert (assessment.p_any, assessment.p_any_remaining) == (1.0, None)


def test_missing_months_of_the_period(rate):
    assessment = assess(target(), rate(NINE_MONTHS[3:], "2026-09"), paths(THREE_LEFT), tested=12)
    assert assessment.p_any is None
    assert assessment.reasons["p_any"] == caps.MISSING_MONTHS
    assert (assessment.p_any_remaining, assessment.p_end) == (0.75, 0.25)
    gone = assess(target(period="2020"), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT), tested=12)
    assert (gone.p_any, gone.p_end) == (None, None)
    assert gone.reasons["p_end"] == caps.MISSING_MONTHS


def test_a_period_that_begins_after_the_origin(rate):
    long = np.hstack([THREE_LEFT, np.tile([[5.0], [5.6], [5.0], [5.6]], 12)])
    assessment = assess(target(period="2027"), rate(NINE_MONTHS, "2026-09"), paths(long), tested=12)
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (0.5, 0.5, 0.5)
    assert str(assessment.first_breach_month) == "2027-01"


@pytest.mark.parametrize(("tested", "untested"), [(3, False), (2, True)])
def test_untested_beyond_the_backtest(rate, tested, untested):
    for basis in ("any_month", "period_end", "period_average"):
        assessment = assess(
            target(basis=basis), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT), tested=tested
        )
        assert assessment.untested == untested


def test_a_cap_on_the_period_end_alone(rate):
    values = [*NINE_MONTHS[:4], 5.9, *NINE_MONTHS[5:]]
    history = rate(values, "2026-09")
    assessment = assess(target(basis="period_end"), history, paths(THREE_LEFT), tested=12)
    assert assessment.p_end == 0.25
    # May was above: that breaks no cap on the year's end.
    assert (assessment.p_any, assessment.p_any_remaining, assessment.already_breached) == (
        None,
        None,
        False,
    )
    assert assessment.reasons["p_any"] == assessment.reasons["p_any_remaining"] == caps.ONLY_AT_END
    assert assessment.first_breach_month is None
    lower = assess(target(5.3, basis="period_end"), history, paths(THREE_LEFT), tested=12)
    assert (lower.p_end, str(lower.first_breach_month)) == (0.75, "2026-12")


def test_a_published_period_end(rate):
    history = rate([*NINE_MONTHS, 5.4, 5.4, 5.6], "2026-12")
    over = assess(target(basis="period_end"), history, paths([[5.0]] * 2, "2026-12"), tested=12)
    assert (over.p_end, over.already_breached) == (1.0, True)
    assert str(over.first_breach_month) == "2026-12"
    under = assess(
        target(5.6, basis="period_end"), history, paths([[9.0]] * 2, "2026-12"), tested=12
    )
    assert (under.p_end, under.already_breached) == (0.0, False)


def test_the_average_of_the_year_by_hand(rate):
    history = rate([5.4] * 8 + [5.4], "2026-09")  # nine months add up to 48.6
    ahead = [
        [6.0, 6.0, 6.0],  # 66.6 / 12 = 5.55, printed 5.6
        [6.0, 6.0, 5.9],  # 66.5 / 12 = 5.54, printed 5.5
        [6.04, 6.04, 6.04],  # months are printed before they are added: 5.55 again
        [6.0, 6.0, 5.94],  # as the second
    ]
    assessment = assess(target(basis="period_average"), history, paths(ahead), tested=12)
    assert assessment.p_average == 0.5
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (None, None, None)
    assert set(assessment.reasons.values()) == {caps.NOT_MONTHLY}
    assert (assessment.already_breached, assessment.first_breach_month) == (False, None)
    assert assessment.headroom == pytest.approx(0.1)


def test_an_average_all_published(rate):
    history = rate([5.6] * 12, "2026-12")
    over = assess(target(basis="period_average"), history, paths([[1.0]] * 2, "2026-12"), tested=12)
    assert (over.p_average, over.already_breached) == (1.0, True)
    level = assess(
        target(5.6, basis="period_average"), history, paths([[9.0]] * 2, "2026-12"), tested=12
    )
    assert (level.p_average, level.already_breached) == (0.0, False)


def test_an_average_that_cannot_be_formed(rate):
    history = rate(NINE_MONTHS, "2026-09")
    short = assess(target(basis="period_average"), history, paths(THREE_LEFT[:, :1]), tested=12)
    assert (short.p_average, short.reasons["p_average"]) == (None, caps.BEYOND_HORIZON)
    late = rate(NINE_MONTHS[2:], "2026-09")
    holes = assess(target(basis="period_average"), late, paths(THREE_LEFT), tested=12)
    assert (holes.p_average, holes.reasons["p_average"]) == (None, caps.MISSING_MONTHS)


def test_a_figure_for_one_month(rate):
    assessment = assess(
        target(basis="point", period="2026-11"),
        rate(NINE_MONTHS, "2026-09"),
        paths(THREE_LEFT),
        tested=12,
    )
    assert (assessment.p_any, assessment.p_any_remaining, assessment.p_end) == (0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"unit_confirmed": False},
        {"unit": "万人"},
        {"direction": "floor"},
        {"direction": "level"},
        {"basis": "period_total"},
    ],
)
def test_what_is_not_assessed(rate, changes):
    history = rate(NINE_MONTHS, "2026-09")
    assert assess(target(**changes), history, paths(THREE_LEFT), tested=12) is None


def test_paths_of_another_origin_are_refused(rate):
    with pytest.raises(ValueError, match="2026-08"):
        assess(target(), rate(NINE_MONTHS, "2026-09"), paths(THREE_LEFT, "2026-08"), tested=12)


# Whole numbers, so that the slow count needs no rounding of its own.
YEAR = pd.period_range("2026-01", "2026-12", freq="M")
cases = st.tuples(
    st.integers(-6, 14),  # months of 2026 known at the origin
    st.lists(st.integers(0, 9), min_size=1, max_size=20),  # history
    st.integers(1, 18).flatmap(
        lambda h: st.lists(
            st.lists(st.integers(0, 9), min_size=h, max_size=h), min_size=2, max_size=6
        )
    ),
    st.integers(0, 9),
)


def counted(history, ahead, cap: float) -> dict[str, object]:
    """What the definitions say, month by month and path by path."""
    known = {m: v for m, v in history.series.items() if m in YEAR}
    futures = [dict(zip(ahead.months, row, strict=True)) for row in ahead.values]
    left = [m for m in YEAR if m > history.origin]
    elapsed = [m for m in YEAR if m <= history.origin]
    reached = YEAR[-1] <= ahead.months[-1]
    n = len(futures)
    remaining = sum(any(f[m] > cap for m in left) for f in futures) / n if reached else None
    breached = [m for m in elapsed if known.get(m, -1) > cap]
    complete = all(m in known for m in elapsed)
    counts: dict[str, object] = {"already_breached": bool(breached)}
    counts["p_any_remaining"] = remaining if left else None
    if breached:
        counts["p_any"] = 1.0
    elif not complete or not reached:
        counts["p_any"] = None
    else:
        counts["p_any"] = remaining if left else 0.0
    if YEAR[-1] in known:
        counts["p_end"] = float(known[YEAR[-1]] > cap)
    elif left and reached:
        counts["p_end"] = sum(f[YEAR[-1]] > cap for f in futures) / n
    else:
        counts["p_end"] = None
    first = breached[0] if breached else None
    for m in [m for m in left if m <= ahead.months[-1]]:
        share = sum(any(f[k] > cap for k in left if k <= m) for f in futures) / n
        if first is None and share >= 0.5:
            first = m
    counts["first_breach_month"] = first
    return counts


@given(cases)
def test_the_monthly_assessment_equals_the_slow_count(history_of, case):
    elapsed, values, rows, cap = case
    origin = YEAR[0] + (elapsed - 1)
    history = history_of(values, start=str(origin - (len(values) - 1)))
    ahead = SamplePaths(np.array(rows, dtype=float), origin)
    assessment = assess(target(float(cap), unit="人"), history, ahead, tested=12)
    wanted = counted(history, ahead, cap)
    assert {name: getattr(assessment, name) for name in wanted} == pytest.approx(wanted, abs=1e-12)
    for name in ("p_any", "p_any_remaining", "p_end", "p_average"):
        assert (getattr(assessment, name) is None) == (name in assessment.reasons)


@given(cases)
def test_identities_between_the_probabilities(history_of, case):
    elapsed, values, rows, cap = case
    origin = YEAR[0] + (elapsed - 1)
    history = history_of(values, start=str(origin - (len(values) - 1)))
    ahead = SamplePaths(np.array(rows, dtype=float), origin)
    assessment = assess(target(float(cap), unit="人"), history, ahead, tested=12)
    inside = [i for i, m in enumerate(ahead.months) if m in YEAR]
    if assessment.p_any is not None:
        for i in inside:
            assert assessment.p_any >= (ahead.values[:, i] > cap).mean()
        if assessment.p_any_remaining is not None:
            assert assessment.p_any >= assessment.p_any_remaining
        if assessment.p_end is not None:
            assert assessment.p_end <= assessment.p_any
    average = assess(
        target(float(cap), unit="人", basis="period_average"), history, ahead, tested=12
    )
    if average.p_average == 1.0 and assessment.p_any is not None:
        assert assessment.p_any == 1.0  # a mean above the cap needs a month above it


@given(cases, st.integers(1, 5))
def test_raising_a_cap_never_raises_a_probability(history_of, case, more):
    elapsed, values, rows, cap = case
    origin = YEAR[0] + (elapsed - 1)
    history = history_of(values, start=str(origin - (len(values) - 1)))
    ahead = SamplePaths(np.array(rows, dtype=float), origin)
    for basis in ("any_month", "period_end", "period_average"):
        low, high = (
            assess(target(float(c), unit="人", basis=basis), history, ahead, tested=12)
            for c in (cap, cap + more)
        )
        assert high.already_breached <= low.already_breached
        assert high.headroom > low.headroom
        for name in ("p_any", "p_any_remaining", "p_end", "p_average"):
            before, after = getattr(low, name), getattr(high, name)
            if before is not None and after is not None:
                assert after <= before
        if low.first_breach_month is None:
            assert high.first_breach_month is None
        elif high.first_breach_month is not None:
            assert high.first_breach_month >= low.first_breach_month


def test_a_known_law_gives_its_probability(history_of):
    """Random walk with steps of one: the reflection principle gives P(maximum above) exactly."""
    rng = np.random.default_rng(11)
    n, months = 40_000, 12
    walk = 100 + np.cumsum(rng.choice([-1.0, 1.0], size=(n, months)), axis=1)
    history = history_of([99.0, 100.0], start="2025-11")
    assessment = assess(
        target(104.0, unit="人"), history, SamplePaths(walk, history.origin), tested=12
    )

    def exactly(k: int) -> float:
        return math.comb(months, (months + k) // 2) / 2**months if (months + k) % 2 == 0 else 0.0

    # P(max >= 5) = P(S = 5) + 2 P(S > 5)
    wanted = exactly(5) + 2 * sum(exactly(k) for k in range(6, months + 1))
    assert assessment.p_any == pytest.approx(wanted, abs=4 * math.sqrt(wanted / n))
    end = sum(exactly(k) for k in range(5, months + 1))
    assert assessment.p_end == pytest.approx(end, abs=4 * math.sqrt(end / n))


def test_a_december_figure_above_the_cap_is_told_after_the_turn_of_the_year(rate):
    """Until January is published, and against the number that applied to each month."""

    def national(values, end):
        return replace(rate(values, end), region="100000", indicator="surveyed_unemployment_rate")

    year = [5.0] * 11 + [5.8]
    first, later = target(6.0, tolerance=0.1), target(tolerance=0.1, announced_on=date(2026, 7, 2))
    on_file = [first, later, target(basis="period_end", tolerance=0.1),
               target(basis="period_average"), target(5.0, period="2027")]  # fmt: skip
    day = date(2027, 1, 20)
    (item,) = broken_and_over(on_file, national([5.9, *year[1:]], "2026-12"), day)
    assert (item.target, [str(m.month) for m in item.breach.months]) == (later, ["2026-12"])
    assert breach_words(item.breach, later, 1, over=True) == (
        "已突破国家预期目标 5.5%左右（2026，各月，含容差为 5.6%）：2026-12 高于控制数，"
        "高出 0.2个百分点（2026-12 为 5.8%），考核期已结束"
    )
    assert broken_and_over(on_file, national([*year[:11], 5.5], "2026-12"), day) == []
    assert broken_and_over(on_file, national([*year, 5.8], "2027-01"), date(2027, 2, 20)) == []
    assert broken_and_over(on_file, national(year[:11], "2026-11"), day) == []
