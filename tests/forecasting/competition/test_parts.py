"""Competitions of a district and its streets made to add up."""

import numpy as np
import pandas as pd
import pytest
from support.trees import (
    CAP,
    DISTRICT,
    STREETS,
    SUMS,
    competition,
    competitions,
    street_values,
)

from employment_forecast.data.errors import RefusedError
from employment_forecast.forecasting.competition import rechosen, reconcile_tree
from employment_forecast.forecasting.documents.run import coherence_notes
from employment_forecast.forecasting.reconciliation import Sum


@pytest.fixture(scope="module")
def base():
    return competitions(street_values(60), targets=[CAP])


def gap(results):
    total = results[DISTRICT].champion_paths.values
    parts = np.sum([results[code].champion_paths.values for code in STREETS], axis=0)
    return np.abs(total - parts).max() / total.max()


def test_every_path_and_month_adds_up_and_the_caps_are_assessed_on_it(base):
    made = reconcile_tree(SUMS, base)
    assert made.reconciled
    assert gap(base) > 1e-4
    assert gap(made.results) < 1e-9
    district = made.results[DISTRICT]
    months = [m.year == 2026 for m in district.champion_paths.months]
    above = (np.round(district.champion_paths.values[:, months]) > 13500).any(axis=1).mean()
    assert district.assessments[0].p_any_remaining == pytest.approx(above)
    assert made.notes == ()


def test_the_base_forecast_is_kept_and_another_model_brings_it_back(base):
    made = reconcile_tree(SUMS, base).results[DISTRICT]
    own = base[DISTRICT].champion_paths.values
    np.testing.assert_array_equal(np.sort(made.coherence.base.values, axis=0), np.sort(own, axis=0))
    other = rechosen(made, "drift", "试试")
    assert other.coherence is None
    np.testing.assert_array_equal(
        other.champion_paths.values, rechosen(base[DISTRICT], "drift", "").champion_paths.values
    )


def test_a_member_that_failed_leaves_the_rest_standing(base):
    left = {k: v for k, v in base.items() if k != "310104003"}
    made = reconcile_tree(SUMS, left, {"310104003": "丙镇未得出预测（历史太短）"})
    assert not made.reconciled
    assert made.notes == ("丙镇未得出预测（历史太短），含它的合计未协调",)
    assert made.results == left


def test_a_late_member_is_worked_out_from_the_figures_of_the_others(base):
    values = street_values(60)
    late = competition("310104002", values["310104002"][:-1], end="2026-09")
    made = reconcile_tree(SUMS, {**base, "310104002": late})
    assert made.notes == ("乙街道的数据只到 2026-09，已按其他成员公布的数推算",)
    # Its month that the others have published is known to the last person.
    first = made.results["310104002"].champion_paths.values[:, 0]
    np.testing.assert_allclose(first, values["310104002"][-1], rtol=1e-9)


def test_published_figures_that_do_not_add_up_stand_beside_a_late_member(base):
    """A city of this district and another, which is late; the streets are one person off."""
    values = street_values(60)
    off = values["310104001"].copy()
    off[-1] += 1
    streets = {**base, "310104001": competition("310104001", off)}
    total = np.sum(list(values.values()), axis=0)
    other = np.round(total / 2)
    results = {
        **streets,
        "310114": competition("310114", other[:-1], end="2026-09"),
        "310000": competition("310000", total + other),
    }
    sums = (Sum("310000", (DISTRICT, "310114")), *SUMS)
    made = reconcile_tree(sums, results)
    assert made.reconciled
    assert made.notes[0].endswith("的数据只到 2026-09，已按其他成员公布的数推算")
    assert made.notes[1].endswith("2026-10 已公布的数与下级之和不符，该月不强求相加")
    first = made.results["310114"].champion_paths.values[:, 0]
    np.testing.assert_allclose(first, other[-1], rtol=1e-9)
    # The late one reaches less far by a month.
    whole, *parts = (
        made.results[code].champion_paths.values[:, :-1] for code in (DISTRICT, *STREETS)
    )
    np.testing.assert_allclose(whole, np.sum(parts, axis=0), rtol=1e-9)


def test_a_late_member_whose_sum_was_left_out_says_of_which_month(base):
    values = street_values(60)
    late = competition("310104002", values["310104002"][:-1], end="2026-09")
    total = np.sum(list(values.values()), axis=0)
    total[-1] = 100.0  # below what the other streets have published
    made = reconcile_tree(SUMS, {**base, "310104002": late, DISTRICT: competition(DISTRICT, total)})
    month = pd.Period("2026-10", freq="M")
    assert made.results["310104002"].coherence.apart == (month,)
    (said,) = coherence_notes(made.results["310104002"])
    assert "，2026-10 除外：当月已公布的数与合计不符）" in said
    assert made.results[DISTRICT].coherence.apart == ()


@pytest.mark.parametrize("other", [600.0, 607.0])
def test_a_whole_that_never_changed_and_is_late_is_the_sum_of_its_parts(other):
    first = np.round(400 + 20 * np.sin(np.arange(40)))
    second = 1000 - first
    second[-1] = other
    results = {
        "310104001": competition("310104001", first, origins=6),
        "310104002": competition("310104002", second, origins=6),
        DISTRICT: competition(DISTRICT, [1000.0] * 39, end="2026-09", origins=6),
    }
    made = reconcile_tree((Sum(DISTRICT, ("310104001", "310104002")),), results)
    assert made.reconciled
    told = made.results[DISTRICT].champion_paths.values[:, 0]
    np.testing.assert_allclose(told, first[-1] + other, rtol=1e-9)


def test_a_member_that_is_too_late_takes_its_sum_away(base):
    late = competition("310104002", street_values(60)["310104002"][:-4], end="2026-06")
    made = reconcile_tree(SUMS, {**base, "310104002": late})
    assert not made.reconciled
    assert made.notes[0].startswith("乙街道的数据只到 2026-06，相差太久")


def test_parts_that_never_add_up_are_not_made_to(base):
    short = competition(DISTRICT, base[DISTRICT].history.values * 1.1)
    made = reconcile_tree(SUMS, {**base, DISTRICT: short})
    assert made.choice is None
    assert "相差的中位数为 9.1 %，超过 2 %" in made.notes[0]


def test_demonstration_and_real_figures_are_not_added(base):
    real = competition("310104001", base["310104001"].history.values, demo=False)
    made = reconcile_tree(SUMS, {**base, "310104001": real})
    assert made.choice is None
    assert "不相加" in made.notes[0]


def test_a_figure_set_by_hand_stays_and_one_that_contradicts_is_refused(base):
    month = pd.Period("2026-12", freq="M")
    made = reconcile_tree(SUMS, base, fixed={DISTRICT: {month: 14000.0}}).results
    assert (made[DISTRICT].champion_paths.values[:, 1] == 14000.0).all()
    assert gap(made) < 1e-9
    everything = {code: {month: 1.0} for code in (DISTRICT, *STREETS)}
    with pytest.raises(RefusedError, match="相加不符"):
        reconcile_tree(SUMS, base, fixed=everything)


def test_streets_of_eighteen_months_are_reconciled_on_what_is_usual():
    made = reconcile_tree(SUMS, competitions(street_values(18), origins=6))
    assert made.reconciled
    assert "不足 8 个，默认协调" in made.choice.reason
    assert gap(made.results) < 1e-9


@pytest.mark.parametrize("value", [0.0, 300.0])
def test_a_street_that_never_changed_is_a_member_like_any_other(value):
    results = competitions(street_values(60) | {"310104003": [value] * 60}, origins=12)
    assert results["310104003"].choice.model == "random_walk"
    made = reconcile_tree(SUMS, results)
    assert made.reconciled
    assert made.choice.origins > 0
    assert gap(made.results) < 1e-9
    still = np.round(made.results["310104003"].champion_paths.values)
    assert (still >= 0).all()
    assert (still[:, 0] == value).mean() > 0.9
    assert 0.05 < (still[:, -1] != value).mean() < 0.7
