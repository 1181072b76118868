"""The gate check by check, its false refusals under a good candidate, and its teeth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, t

from employment_forecast.forecasting.competition.gate import (
    FEWEST_EVENTS,
    NARROW,
    WORSE,
    GateCondition,
    Scored,
    Verdict,
    judge,
)
from employment_forecast.forecasting.scoring import mean_and_error

N, HORIZON = 36, 12


def scored(
    model: str = "candidate",
    wis: float | np.ndarray = 1.0,
    inside: tuple[int, int] | None = None,
    brier: np.ndarray | None = None,
    n: int = N,
) -> Scored:
    """A model with one score everywhere, whose intervals miss a given number of first months."""
    misses80, misses95 = inside or (round(0.2 * n), round(0.05 * n))
    covered = {}
    for level, missed in ((80, misses80), (95, misses95)):
        cells = np.ones((n, HORIZON))
        cells[:missed] = 0.0
        covered[level] = cells
    cells = np.full((n, HORIZON), wis) if np.isscalar(wis) else np.asarray(wis)
    return Scored(model, f"模型{model}", cells, covered, brier)


def check(verdict: Verdict, name: str) -> GateCondition:
    return next(c for c in verdict.checks if c.name == name)


def noise(seed: int, scale: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, (N, HORIZON))


def test_first_promotion_is_decided_by_floors_and_coverage_alone():
    verdict = judge(scored(), None, [scored("floor", 1.2)])
    assert verdict.passed
    assert {c.name: c.state for c in verdict.checks} == {
        "origins": "pass",
        "wis": "skip",
        "floors": "pass",
        "coverage80_one_step": "pass",
        "coverage95_one_step": "pass",
        "coverage80_ahead": "pass",
        "coverage95_ahead": "pass",
        "cap_brier": "skip",
    }


def test_a_score_within_what_chance_explains_passes_and_one_beyond_does_not():
    gaps = noise(1)
    centred = gaps - gaps.mean()
    incumbent = scored("incumbent", 1.0)
    error = mean_and_error(centred)
    reach = error.error * t.isf(WORSE, 3)
    for shift, state in ((0.9, "pass"), (1.1, "fail")):
        checked = check(judge(scored(wis=1.0 + centred + shift * reach), incumbent, []), "wis")
        assert checked.value == pytest.approx(shift * reach)
        assert checked.high == pytest.approx(reach)
        assert checked.state == state
    assert "超出偶然所能及的" in checked.text


def test_the_first_month_is_judged_on_its_own():
    """Forecasts of one month do not overlap: much is known of it from 36 origins."""
    slow = np.cos(np.pi * (np.arange(N) + 0.5) / N)
    worse = np.ones((N, HORIZON)) + 0.8 * slow[:, None]
    worse[:, 0] = 1.3 + noise(3, 0.02)[:, 0]
    verdict = judge(scored(wis=worse), scored("incumbent", 1.0), [])
    assert check(verdict, "wis").state == "pass"
    assert [c.name for c in verdict.failures] == ["wis_first"]
    assert "首月的 WIS" in verdict.text


def test_a_pass_says_what_it_could_not_see():
    gaps = noise(1)
    incumbent = scored("incumbent", 2.0)
    verdict = judge(scored(wis=2.0 + gaps - gaps.mean()), incumbent, [])
    reach = mean_and_error(gaps - gaps.mean()).error * t.isf(WORSE, 3)
    assert verdict.evidence["unseen"] == pytest.approx(reach / 2.0, abs=1e-4)
    assert f"得分比现役差 {reach / 2:.0%} 以内的，这些起点看不出来" in verdict.text


def test_who_was_chosen_for_the_score_is_corrected_for_it():
    gaps = noise(1)
    candidate = scored(wis=1.0 + gaps - gaps.mean())
    incumbent = scored("incumbent", 1.0)
    plain = check(judge(candidate, incumbent, []), "wis")
    lucky = check(judge(replace(candidate, chosen_from=15), incumbent, []), "wis")
    error = mean_and_error(candidate.wis - incumbent.wis).error
    # The largest of fifteen normal values is 1.74 on average.
    assert lucky.value - plain.value == pytest.approx(1.74 * error, rel=0.01)
    assert "从 15 个模型中挑选" in lucky.text


def test_who_was_refused_as_worse_has_to_be_no_worse():
    gaps = noise(1)
    for level, state in ((0.0005, "fail"), (-0.0005, "pass")):
        candidate = scored(wis=1.0 + gaps - gaps.mean() + level)
        verdict = judge(candidate, scored("incumbent", 1.0), [], refused=True)
        assert check(verdict, "wis").state == state
        assert check(judge(candidate, scored("incumbent", 1.0), []), "wis").state == "pass"


def test_a_small_difference_is_told_with_a_digit_that_is_not_zero():
    worse = scored(brier=np.full((N, 3), 1e-4) + np.eye(N, 3) * 1e-6)
    better = scored("incumbent", brier=np.zeros((N, 3)))
    text = check(judge(worse, better, [], events=FEWEST_EVENTS), "cap_brier").text
    assert "高 0.0001，超出偶然所能及的 0.0000" in text
    assert "0.000，" not in text
    assert "e-" not in text


def test_the_same_model_is_no_rival_to_itself():
    verdict = judge(scored("ets"), scored("ets"), [])
    assert check(verdict, "wis").state == "pass"
    assert "同一模型" in check(verdict, "wis").text
    assert "diebold_mariano" not in verdict.evidence


def test_the_floor_that_beats_the_candidate_most_clearly_is_named():
    close, clear = 1.0 + noise(2), 0.8 + noise(3)
    verdict = judge(scored(), None, [scored("close", close), scored("clear", clear)])
    checked = check(verdict, "floors")
    assert checked.state == "fail"
    assert "模型clear" in checked.text
    assert not verdict.passed
    assert "模型clear" in verdict.text


def test_a_floor_may_be_candidate():
    assert judge(scored("floor"), None, [scored("floor")]).passed


@pytest.mark.parametrize("level", [80, 95])
def test_one_step_bound_is_the_binomial_one(level: int):
    low = int(binom.ppf(NARROW, N, level / 100))
    usual = {80: N - 29, 95: 1}
    for hits, state in ((low, "pass"), (low - 1, "fail"), (N, "pass")):
        missed = {**usual, level: N - hits}
        verdict = judge(scored(inside=(missed[80], missed[95])), None, [])
        assert check(verdict, f"coverage{level}_one_step").state == state


def test_intervals_that_are_too_wide_are_told_and_never_refused():
    verdict = judge(scored(inside=(0, 0)), None, [])
    assert verdict.passed
    assert "偏宽" in check(verdict, "coverage80_one_step").text
    assert "偏宽" not in check(verdict, "coverage95_one_step").text


def test_coverage_ahead_fails_when_far_too_narrow_and_not_for_want_of_misses():
    assert check(judge(scored(inside=(0, 0)), None, []), "coverage95_ahead").state == "pass"
    narrow = scored(inside=(7, 2))
    cells = np.ones((N, HORIZON))
    cells[:, 1:] = np.random.default_rng(4).random((N, HORIZON - 1)) < 0.5
    narrow.covered[95][:, 1:] = cells[:, 1:]
    checked = check(judge(narrow, None, []), "coverage95_ahead")
    assert checked.state == "fail"
    # Twelve independent ones: nine of them are the lower hundredth.
    assert checked.low == pytest.approx(9 / 12)
    assert "低于容许的 75%" in checked.text


@pytest.mark.soak
def test_false_refusals_of_a_good_model_are_rare():
    """Calibrated intervals whose errors overlap as those of twelve-month forecasts do."""
    refused = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shocks = rng.normal(size=N + 2 * HORIZON)
        sums = np.array(
            [
                [shocks[t : t + h].sum() / np.sqrt(h) for h in range(1, HORIZON + 1)]
                for t in range(N)
            ]
        )
        covered = {80: (abs(sums) < 1.2816).astype(float), 95: (abs(sums) < 1.96).astype(float)}
        verdict = judge(Scored("m", "模型", np.ones((N, HORIZON)), covered), None, [])
        refused += not verdict.passed
    assert refused / 200 <= 0.1


def test_brier_is_skipped_below_five_events_and_judged_from_there():
    worse = scored(brier=np.full((N, 3), 0.3) + noise(5)[:, :3] * 0.01)
    better = scored("incumbent", brier=np.full((N, 3), 0.1))
    few = check(judge(worse, better, [], events=FEWEST_EVENTS - 1), "cap_brier")
    assert few.state == "skip"
    assert "少于 5 个" in few.text
    assert check(judge(worse, better, [], events=FEWEST_EVENTS), "cap_brier").state == "fail"
    assert check(judge(better, worse, [], events=FEWEST_EVENTS), "cap_brier").state == "pass"
    assert check(judge(worse, scored("other"), [], events=9), "cap_brier").state == "skip"


def test_too_few_common_origins_refuse_and_say_so():
    early, late = np.ones((N, HORIZON)), np.ones((N, HORIZON))
    early[20:], late[:13] = np.nan, np.nan
    verdict = judge(scored(wis=early), scored("incumbent", late), [])
    assert verdict.origins == 7
    assert [c.name for c in verdict.failures] == ["origins"]


def test_a_check_made_elsewhere_counts():
    other = GateCondition("rolled_back", "未被回退", "fail", "已被回退")
    assert judge(scored(), None, [], further=[other]).text == "未通过：已被回退"


def test_evidence_stands_beside_the_checks():
    candidate, incumbent = scored(wis=1.0 + noise(6)), scored("incumbent", 1.3 + noise(7))
    verdict = judge(candidate, incumbent, [scored("floor", 2.0 + noise(8))])
    tests = verdict.evidence["diebold_mariano"]
    assert [each["months_ahead"] for each in tests] == [1, 3, 6, 12]
    assert tests[0]["mean_difference"] < 0
    assert tests[0]["p_value"] < 0.05
    assert [each["p_value"] is None for each in tests] == [False, False, True, True]
    assert verdict.evidence["confidence_set"]["members"] == ["candidate"]
    document = verdict.document()
    assert document["passed"] is True
    assert document["checks"][0]["name"] == "origins"


def test_a_floor_that_came_late_does_not_leave_too_few_origins():
    cells = 0.5 + noise(3)
    late = noise(4) + 0.5
    late[:-3] = np.nan
    verdict = judge(scored("m", cells), None, [scored("a", 0.6 + noise(5)), scored("late", late)])
    assert verdict.passed
    assert verdict.origins == len(cells)
