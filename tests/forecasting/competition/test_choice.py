"""The champion by the rule as printed: the combination leads, anything replaces it only clearly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t
from support.campaigns import examples

from employment_forecast.data.errors import NoModelError
from employment_forecast.forecasting.backtest.backtest import Backtest, Record
from employment_forecast.forecasting.competition.choice import (
    DEFAULT,
    DEFAULTS,
    FEWEST_ORIGINS,
    choose,
    common_origins,
    corrected_error,
    leaderboard,
    paired_difference,
)
from employment_forecast.forecasting.scoring import Estimate
from employment_forecast.forecasting.scoring.significance import long_run_error
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, SamplePaths

ORIGIN = pd.Period("2026-10", "M")
WORKS = SamplePaths(np.ones((2, 2)), ORIGIN)
BROKEN = Failure("不收敛")
FLOORS = ("random_walk", "drift", "seasonal_naive")


def backtest_of(errors: Mapping[str, np.ndarray], known: int | None = None) -> Backtest:
    """Evidence in which a model's score in a cell is its error: all nine quantiles are one number.

    Errors have shape (n_origins, horizon); NaN where the model failed. Of the last origin only
    `known` months have an outcome.
    """
    n, horizon = next(iter(errors.values())).shape
    months = pd.period_range(end=ORIGIN - 1, periods=n, freq="M")
    outcomes = np.full((n, horizon), 100.0)
    if known is not None:
        outcomes[-1, known:] = np.nan
    records = {}
    for model, error in errors.items():
        quantiles = np.repeat((100.0 + error)[..., None], 9, axis=2)
        failures = {m: "不收敛" for m, e in zip(months, error, strict=True) if np.isnan(e[0])}
        records[model] = Record(model, quantiles, failures)
    return Backtest(months, outcomes, np.ones(n), records, pseudo_real_time=False)


def flat(level: float, n: int = 24, horizon: int = 2) -> np.ndarray:
    return np.full((n, horizon), level)


def noisy(level: float, noise: float, seed: int, n: int = 24, horizon: int = 2) -> np.ndarray:
    """Positive errors with a given mean; `noise` is their coefficient of variation."""
    if noise == 0:
        return flat(level, n, horizon)
    draws = np.random.default_rng(seed).gamma(noise**-2, size=(n, horizon))
    return np.asarray(level * draws / draws.mean())


def decide(errors: Mapping[str, np.ndarray], failed_now: tuple[str, ...] = ()):
    backtest = backtest_of(errors)
    now = {m: BROKEN if m in failed_now else WORKS for m in errors}
    return choose(backtest, leaderboard(backtest, now), now)


def test_the_default_stays_when_nothing_is_clearly_better():
    choice = decide(
        {"random_walk": flat(2.0), "combination": flat(1.0), "theta": noisy(0.8, 1.5, 1)}
    )
    assert choice.model == DEFAULT
    assert choice.origins == 24
    gap, error = choice.differences["theta"]
    assert gap == pytest.approx(-0.2)
    assert 3 * error > 0.2
    # The sentence names the first of the list, by how much it is better, and why it is too little.
    assert choice.reason.startswith(f"得分榜首位是{roster.label('theta')}，比")
    assert "低 20.0%" in choice.reason
    assert "互不重叠的只有 12 段，又是从 3 个模型中挑出的最好者" in choice.reason
    assert f"要低 {3 * error:.1%} 以上才不像偶然" in choice.reason


def test_a_single_model_replaces_it_when_clearly_better():
    choice = decide(
        {
            "random_walk": flat(2.0),
            "combination": flat(1.0),
            "theta": noisy(0.5, 0.1, 1),
            "ets": noisy(0.4, 0.1, 2),
        }
    )
    assert choice.model == "ets"
    assert f"{roster.label('ets')}的得分比{roster.label(DEFAULT)}低 60.0%" in choice.reason


def test_a_better_mean_alone_is_not_enough():
    """The best by mean is noisy; the second best is clear and takes the place."""
    clear, wild = noisy(0.8, 0.01, 1), noisy(0.7, 8.0, 2)
    choice = decide(
        {"random_walk": flat(9.0), "combination": flat(1.0), "theta": clear, "ets": wild}
    )
    gain, error = choice.differences["ets"]
    assert gain == pytest.approx(-0.3)
    assert 3 * error > 0.3
    assert choice.model == "theta"
    alone = decide({"random_walk": flat(9.0), "combination": flat(1.0), "ets": wild})
    assert "从 3 个模型中挑出的最好者，无论低多少都不能排除偶然" in alone.reason


def test_a_floor_replaces_it_by_the_same_rule_and_no_other():
    errors = {"random_walk": flat(0.9), "drift": flat(1.5), "combination": flat(1.0)}
    assert decide(errors).model == "random_walk"
    assert decide({**errors, "random_walk": noisy(0.9, 0.5, 3)}).model == DEFAULT


def test_a_tie_leaves_the_default():
    choice = decide({"random_walk": flat(1.0), "combination": flat(1.0), "theta": flat(1.2)})
    assert choice.model == DEFAULT
    assert "得分最好" in choice.reason


def test_what_regions_share_leads_where_it_competes():
    errors = {m: flat(1.0) for m in DEFAULTS} | {"random_walk": flat(2.0)}
    assert decide(errors).model == DEFAULTS[0]
    assert decide({**errors, DEFAULT: noisy(0.9, 0.8, 4)}).model == DEFAULTS[0]


def test_overlapping_origins_too_few_to_tell_leave_the_default_and_say_so():
    errors = {"combination": flat(1.0, 20, 12), "theta": noisy(0.2, 0.1, 1, 20, 12)}
    choice = decide(errors)
    assert choice.model == DEFAULT
    assert "互不重叠的不足 2 段" in choice.reason
    assert math.isinf(choice.differences["theta"][1])


def test_the_figures_of_the_sentence_can_be_told_apart():
    """Never "lower by 0.001, more than 0.001"."""
    base = {"combination": flat(1.0), "theta": noisy(0.9, 0.5, 1)}
    _, error = decide(base).differences["theta"]
    at = 1.0 - 3 * error
    spread = base["theta"] - base["theta"].mean()
    for nudge in (-1e-4, 1e-4):
        reason = decide({**base, "theta": at + nudge + spread}).reason
        low, needed = re.findall(r"低 ([\d.]+%)|所需的 ([\d.]+%)", reason)[:2]
        assert "".join(low) != "".join(needed)


def test_corrected_error_by_hand():
    """Three errors of t with 3 degrees of freedom at 5 % over 15 rivals: t = 6.74."""
    by_hand = 0.1 * 6.741 / 3
    assert corrected_error(Estimate(-1.0, 0.1, 3, 3), 15) == pytest.approx(by_hand, rel=1e-3)
    assert corrected_error(Estimate(-1.0, 0.1, 1000, 1000), 1) == 0.1
    assert math.isinf(corrected_error(Estimate(-1.0, math.inf, 0, 1), 15))


def test_few_origins_leave_the_default():
    few = FEWEST_ORIGINS - 1
    errors = {"random_walk": flat(2.0, few), "combination": flat(1.0, few), "theta": flat(0.1, few)}
    choice = decide(errors)
    assert choice.model == DEFAULT
    assert f"只有 {few} 个" in choice.reason
    assert choice.differences == {}
    assert decide(errors, failed_now=(DEFAULT,)).model == "theta"
    enough = {m: flat(e[0, 0], FEWEST_ORIGINS) for m, e in errors.items()}
    assert decide(enough).model == "theta"


def test_no_origins_at_all():
    errors = {"random_walk": flat(2.0, 0), "combination": flat(1.0, 0)}
    assert decide(errors).model == DEFAULT
    entries = leaderboard(backtest_of(errors), dict.fromkeys(errors, WORKS))
    assert all(e.wis is None for e in entries)


def test_without_the_default_in_the_race_the_best_takes_its_place():
    choice = decide({"random_walk": flat(2.0), "theta": flat(1.0), "ets": noisy(1.1, 0.2, 1)})
    assert choice.model == "theta"
    only_floors = decide({"random_walk": flat(2.0), "drift": flat(1.0)})
    assert only_floors.model == "drift"


def test_only_a_model_that_forecasts_now_can_be_chosen():
    errors = {"random_walk": flat(2.0), "combination": flat(1.0), "theta": flat(0.2)}
    assert decide(errors, failed_now=("theta",)).model == DEFAULT
    assert decide(errors, failed_now=("theta", DEFAULT)).model == "random_walk"
    assert decide(errors, failed_now=(DEFAULT,)).model == "theta"


def test_a_floor_that_fails_now_is_not_chosen():
    errors = {"random_walk": flat(0.1), "drift": flat(2.0), "combination": flat(1.0)}
    assert decide(errors, failed_now=("random_walk",)).model == DEFAULT


def test_when_the_scored_models_fail_now_an_unscored_one_speaks():
    rare = flat(1.0)
    rare[::2] = np.nan
    choice = decide({"random_walk": flat(2.0), "combination": rare}, failed_now=("random_walk",))
    assert choice.model == DEFAULT
    assert "没有可比的回测得分" in choice.reason


def test_when_no_model_can_be_scored_there_is_no_evidence():
    rare = flat(1.0)
    rare[:10] = np.nan
    choice = decide({"random_walk": rare, "combination": rare})
    assert (choice.model, choice.origins) == (DEFAULT, 0)
    assert "只有 0 个" in choice.reason


def test_everything_failed():
    with pytest.raises(NoModelError) as caught:
        decide({"random_walk": flat(1.0), "theta": flat(1.0)}, failed_now=("random_walk", "theta"))
    assert caught.value.exit_code == 7
    for model in ("random_walk", "theta"):
        assert f"{roster.label(model)}：不收敛" in caught.value.message


def test_often_failing_models_are_shown_with_their_reason_and_not_scored():
    often, seldom = flat(0.1), flat(0.9)
    often[::4] = np.nan  # 6 of 24 is more than a fifth
    seldom[:4] = np.nan
    backtest = backtest_of({"random_walk": flat(2.0), "theta": often, "ets": seldom})
    now = dict.fromkeys(backtest.records, WORKS)
    scored, common = common_origins(backtest)
    assert scored == ["random_walk", "ets"]
    assert common.sum() == 20
    entries = {e.model: e for e in leaderboard(backtest, now)}
    assert entries["theta"].wis is None
    assert entries["theta"].failure == "24 个起点中有 6 个未得出预测（首个：不收敛）"
    assert entries["ets"].failure == "24 个起点中有 4 个未得出预测（首个：不收敛）"
    assert entries["random_walk"].cells == entries["ets"].cells == 40
    assert [e.model for e in leaderboard(backtest, now)] == ["ets", "random_walk", "theta"]
    assert choose(backtest, leaderboard(backtest, now), now).origins == 20


def test_a_model_that_needs_more_history_is_left_out_at_those_origins_only():
    late = flat(0.5)
    late[:10] = np.nan
    leader = flat(1.0)
    leader[:10] = 2.0  # the early origins are the harder ones
    backtest = backtest_of({"random_walk": flat(3.0), DEFAULT: leader, "sarima": late})
    now = dict.fromkeys(backtest.records, WORKS)
    scored, common = common_origins(backtest)
    assert scored == ["random_walk", DEFAULT]
    assert common.all()
    entries = {e.model: e for e in leaderboard(backtest, now)}
    # Half of the leader's score on its own origins: half of the leader's score on all.
    assert entries["sarima"].wis == pytest.approx(0.5 * entries[DEFAULT].wis)
    assert "共同的 14 个起点计分" in str(entries["sarima"].failure)
    assert choose(backtest, leaderboard(backtest, now), now).model == "sarima"
    late[:17] = np.nan
    few = backtest_of({"random_walk": flat(3.0), DEFAULT: leader, "sarima": late})
    assert {e.model: e for e in leaderboard(few, now)}["sarima"].wis is None


def test_scores_are_means_over_common_known_cells():
    errors = {
        "random_walk": np.array([[1.0, 3.0], [2.0, 4.0], [6.0, 99.0]]),
        "theta": np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]),
    }
    backtest = backtest_of(errors, known=1)
    by_name = {e.model: e for e in leaderboard(backtest, dict.fromkeys(errors, WORKS))}
    entry = by_name["random_walk"]
    assert entry.wis == pytest.approx(16 / 5)  # 99 has no outcome yet
    assert entry.mase == pytest.approx(16 / 5)
    assert entry.wis_by_horizon == pytest.approx((3.0, 3.5))
    assert entry.cells == 5
    assert entry.coverage95 == entry.coverage80 == 0.0
    assert entry.floor
    assert entry.label == roster.label("random_walk")
    assert by_name["theta"].coverage95_by_horizon == (0.0, 0.0)


def test_horizons_nobody_can_check_yet_are_left_out():
    errors = {"random_walk": flat(1.0, 3, 2)}
    backtest = backtest_of(errors)
    backtest.outcomes[:, 1] = np.nan
    (entry,) = leaderboard(backtest, {"random_walk": WORKS})
    assert entry.wis_by_horizon == (1.0,)


def test_paired_difference_by_hand():
    errors = {
        "theta": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]] * 3),
        "ets": np.full((12, 2), 2.0),
    }
    backtest = backtest_of(errors, known=1)
    difference = paired_difference(backtest, "theta", "ets")
    mean, error = difference.mean, difference.error
    cells = [d for row in errors["theta"] - 2.0 for d in row][:-1]
    assert mean == pytest.approx(sum(cells) / 23)
    assert paired_difference(backtest, "ets", "theta").mean == pytest.approx(-mean)
    sums = (errors["theta"] - 2.0).sum(axis=1)
    sums[-1] = 5.0
    counts = np.array([2.0] * 11 + [1.0])
    assert error == pytest.approx(long_run_error((sums - mean * counts) / counts.mean(), 2)[0])


def test_a_constant_difference_is_certain_though_late_origins_have_fewer_cells():
    errors = {"theta": flat(0.7, 24, 12), "ets": flat(1.0, 24, 12)}
    backtest = backtest_of(errors)
    for back in range(12):
        backtest.outcomes[-1 - back, back + 1 :] = np.nan
    difference = paired_difference(backtest, "theta", "ets")
    assert difference.mean == pytest.approx(-0.3)
    assert difference.error == pytest.approx(0.0, abs=1e-12)


def test_models_that_never_meet_cannot_be_compared():
    one, two = flat(1.0), flat(1.0)
    one[:] = np.nan
    difference = paired_difference(backtest_of({"theta": one, "ets": two}), "theta", "ets")
    assert difference == Estimate(0.0, math.inf, 0, 0)


@settings(max_examples=examples(30), deadline=None)
@given(
    # Distinct levels: a tie is a matter of the last binary digit.
    levels=st.lists(st.integers(5, 15), min_size=5, max_size=5, unique=True),
    noise=st.sampled_from([0.0, 0.1, 1.0]),
    seed=st.integers(0, 99),
)
def test_the_rule_as_it_is_written(levels, noise, seed):
    names = ("random_walk", "drift", DEFAULT, "theta", "ets")
    errors = {
        m: noisy(level / 10, noise, seed + i, n=16)
        for i, (m, level) in enumerate(zip(names, levels, strict=True))
    }
    mean = {m: float(e.mean()) for m, e in errors.items()}
    choice = decide(errors)

    rivals = [m for m in names if m != DEFAULT]
    clear = []
    for model in rivals:
        error, freedom = long_run_error((errors[model] - errors[DEFAULT]).mean(axis=1), 2)
        needed = error * max(3.0, t.isf(0.05 / len(rivals), freedom))
        if mean[DEFAULT] - mean[model] > needed:
            clear.append(model)
    wanted = min(clear, key=lambda m: mean[m]) if clear else DEFAULT
    assert choice.model == wanted
    assert roster.label(choice.model) in choice.reason
