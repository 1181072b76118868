"""Cut-offs by hand and against a slow search; scores of warnings by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.forecasting.early_warning.evaluation.cutoffs import (
    GRID,
    accuracy_cut,
    choose_cut,
    confusion,
    cost_cut,
    credit_scoring_cut,
    noise_to_signal_cut,
)
from employment_forecast.forecasting.early_warning.evaluation.scores import (
    Cases,
    auc,
    brier_skill,
    expanding_climatology,
    lead_times,
    score,
)
from employment_forecast.forecasting.early_warning.scheme import cut_by_cost

# Ten cases, four events. Sensitivity falls to 3/4 above 0.25, to 2/4 above 0.55, 1/4 above 0.75;
# specificity rises from 0 to 1/6 above 0.05, 3/6 above 0.15, 4/6 above 0.35, 5/6 above 0.45 and
# 1 above 0.65.
P = np.array([0.05, 0.15, 0.15, 0.35, 0.45, 0.65, 0.25, 0.55, 0.75, 0.95])
Y = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1], dtype=bool)


def test_counts_at_a_cut():
    counts = confusion(P, Y, 0.45)
    assert (counts.hits, counts.misses, counts.false_alarms, counts.correct_quiet) == (3, 1, 2, 4)
    assert (counts.sensitivity, counts.specificity) == (3 / 4, 4 / 6)
    assert counts.noise_to_signal == pytest.approx((2 / 6) / (3 / 4))
    assert counts.cost(3) == 5
    nobody = confusion(P, Y, 0.99)
    assert (nobody.hits, nobody.noise_to_signal) == (0, None)
    assert confusion(P[:6], Y[:6], 0.3).sensitivity is None


def test_the_criteria_of_the_literature_by_hand():
    # From 0.66 on nothing quiet is signalled: ratio 0, and 0.66 is the lowest such cut.
    assert noise_to_signal_cut(P, Y) == 0.66
    # |3/4 - 4/6| = 1/12 on 0.36 to 0.45 and |3/4 - 5/6| = 1/12 on 0.46 to 0.55: the lowest counts.
    assert credit_scoring_cut(P, Y) == 0.36
    # 3/4 + 5/6 - 1 = 7/12 on 0.46 to 0.55 is the greatest sum.
    assert accuracy_cut(P, Y) == 0.46


def test_the_cost_moves_the_cut():
    # Costs: 0.46-0.55: 1 miss, 1 false alarm. 0.16-0.25: 0 misses, 3 false alarms. 0.66-0.75: 2, 0.
    assert cost_cut(P, Y, 1.0) == 0.5  # of 0.46 to 0.55 (cost 2) and 0.66 to 0.75 (2)
    assert cost_cut(P, Y, 10.0) == 0.16
    assert cost_cut(P, Y, 0.1) == 0.75
    assert cut_by_cost(3) == 0.25


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=25),
    st.floats(0.1, 10),
)
def test_against_a_slow_search(rows, cost):
    p = np.array([r[0] / 20 for r in rows])
    y = np.array([r[1] for r in rows])

    def total(cut):
        return sum(
            cost if e and q < cut - 1e-12 else 1 if not e and q >= cut - 1e-12 else 0
            for q, e in zip(p, y, strict=True)
        )

    best = cost_cut(p, y, cost)
    assert total(best) == pytest.approx(min(total(c) for c in GRID))
    if y.any() and not y.all():
        accuracy = accuracy_cut(p, y)
        youden = [abs((p[y] >= c - 1e-12).mean() + (p[~y] < c - 1e-12).mean() - 1) for c in GRID]
        at = confusion(p, y, accuracy)
        assert abs(at.sensitivity + at.specificity - 1) == pytest.approx(max(youden))


def cases(event, probability, episode, month=None, ahead=None, known=None) -> Cases:
    n = len(event)
    months = np.arange(n) if month is None else np.array(month)
    return Cases(
        months,
        np.array(probability, dtype=float),
        np.array(event, dtype=bool),
        np.array(episode),
        np.full(n, np.nan) if ahead is None else np.array(ahead, dtype=float),
        months + 1 if known is None else np.array(known),
    )


def test_too_few_periods_fall_back_and_say_so():
    episode = np.repeat([0, 1], 5)
    choice = choose_cut(P, Y, episode, 3.0, 3)
    assert (choice.cut, choice.by_backtest, choice.low) == (0.25, False, None)
    assert "1 个考核期" in choice.reason or "2 个考核期" in choice.reason
    assert "0.25" in choice.reason
    few = choose_cut(P, Y, np.arange(10), 3.0, 5)
    assert (few.cut, few.by_backtest) == (0.25, False)
    assert "突破 4 例" in few.reason
    enough = choose_cut(np.tile(P, 2), np.tile(Y, 2), np.arange(20), 10.0, 8)
    assert (enough.cut, enough.by_backtest) == (0.16, True)
    assert enough.low <= enough.cut <= enough.high
    assert "90% 区间" in enough.reason


def test_area_under_the_curve():
    assert auc(P, Y) == pytest.approx((3 + 5 + 6 + 6) / 24)
    assert auc(np.full(10, 0.3), Y) == 0.5
    assert auc(P[:6], Y[:6]) is None


def test_climatology_knows_only_what_was_known():
    frequency = expanding_climatology(
        cases([1, 0, 0, 1], [0.5] * 4, [0, 1, 2, 3], known=[3, 2, 3, 4])
    )
    assert frequency.tolist() == pytest.approx([1 / 2, 1 / 2, 1 / 3, 2 / 5])


def test_skill_by_hand_and_its_interval():
    event = np.array([1, 0], dtype=bool)
    skill = brier_skill(np.array([0.9, 0.1]), np.array([0.5, 0.5]), event, np.array([0, 1]))
    assert skill.value == pytest.approx(1 - 0.02 / 0.5)
    assert skill.low == pytest.approx(skill.high)
    alone = brier_skill(np.array([0.9, 0.1]), np.array([0.5, 0.5]), event, np.array([0, 0]))
    assert (alone.low, alone.high) == (None, None)
    nothing = brier_skill(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=int))
    assert nothing.value is None


def test_lead_time_is_that_of_the_first_signal_before_the_event():
    lead = lead_times(
        cases(
            [1, 1, 1, 0, 1], [0.1, 0.6, 0.7, 0.9, 0.2], [0, 0, 0, 1, 2], ahead=[3, 2, 1, np.nan, 4]
        ),
        0.5,
    )
    assert (lead.episodes, lead.signalled, lead.mean) == (2, 1, 2.0)
    nobody = lead_times(cases([1], [0.1], [0], ahead=[2]), 0.5)
    assert (nobody.signalled, nobody.mean) == (0, None)


def test_scores_without_any_case():
    report = score(cases([], [], []))
    assert (report.cases, report.auc, report.skill.value, report.reliability) == (0, None, None, [])
