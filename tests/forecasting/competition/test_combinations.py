"""Combinations in a competition: what they are made of, and what they may know."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.memory_cache import Memory

from employment_forecast.data.catalogue import Region, Series
from employment_forecast.features.history.inputs import ModelInputs
from employment_forecast.forecasting.competition.combinations import (
    NOT_NOW,
    NOTHING_TO_POOL,
    TOO_SHORT_TO_POOL,
    current_shift,
    label_of,
    members_note,
    shared_shifts,
    unmoved,
)
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Options
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS
from employment_forecast.models.paths import Failure, SamplePaths

MODELS = (*roster.floors(), "ets", "uc", *roster.COMBINATIONS)
ORIGINS = 12


@pytest.fixture(scope="module")
def panel(vintages_of, monthly):
    """Seven regions whose growth is common and goes on, the first of them the target."""
    rng = np.random.default_rng(7)
    growth = np.zeros(96)
    for t in range(1, 96):
        growth[t] = 0.85 * growth[t - 1] + rng.normal(0, 0.01)
    season = 0.05 * np.sin(np.arange(96) * np.pi / 6)

    def make(code: str):
        noise = rng.normal(0, 0.01, 96)
        values = np.round(9000 * np.exp(season + growth.cumsum() + noise))
        return vintages_of(monthly("2018-11", values), code, "registered_unemployed", False)

    own, *others = (make(f"31010{i}") for i in range(7))
    return own, [(Region(v.region, f"地区{v.region}"), v) for v in others]


@pytest.fixture(scope="module")
def run(panel, jiading, unemployed):
    own, neighbours = panel

    def make(beside=neighbours, cache=None, models=MODELS, own=own, progress=None, **given):
        own = replace(own, region="310114")
        day = own.rows["published_on"].iloc[-1].date()
        options = Options(models, **{"origins": ORIGINS, "n_paths": 60, **given})
        around = ModelInputs((), beside)
        return compete(Series(jiading, unemployed), own, day, (), options, cache, progress, around)

    return make


@pytest.fixture(scope="module")
def result(run):
    return run()


def test_with_neighbours_the_shifted_combination_is_the_default(run, result, panel, unemployed):
    assert run(origins=6).choice.model == roster.POOLED
    everywhere = [*result.origins]
    shifts = shared_shifts(everywhere, panel[1], unemployed, 12)
    for robust, moved, shift in zip(
        result.past_forecasts[roster.COMBINATION],
        result.past_forecasts[roster.POOLED],
        shifts,
        strict=True,
    ):
        assert shift is not None
        np.testing.assert_allclose(moved.values, robust.values * np.exp(shift), rtol=1e-12)
    assert max(np.abs(s).max() for s in shifts) > 0.003


def test_without_neighbours_it_says_why_and_the_robust_one_is_the_default(run, panel):
    for beside in ([], panel[1][:3]):
        competed = run(beside, origins=6)
        assert competed.forecasts[roster.POOLED] == Failure(NOTHING_TO_POOL)
        assert competed.choice.model == roster.COMBINATION
        entry = next(e for e in competed.entries if e.model == roster.POOLED)
        assert entry.failure == NOTHING_TO_POOL
    short = panel[0].rows.iloc[-58:].reset_index(drop=True)
    competed = run(own=replace(panel[0], rows=short), origins=6)
    assert competed.forecasts[roster.POOLED] == Failure(TOO_SHORT_TO_POOL)


def test_weights_start_equal_and_follow_scores_known_at_the_origin(result):
    given = {m: result.past_forecasts[m] for m in ("ets", "uc")}
    first = result.past_forecasts[roster.WEIGHTED][0]
    plain = np.mean([np.sort(given[m][0].values, axis=0) for m in given], axis=0)
    np.testing.assert_allclose(np.sort(first.values, axis=0), plain)
    last = result.past_forecasts[roster.WEIGHTED][-1]
    laws = {m: np.sort(given[m][-1].values, axis=0) for m in given}
    gap = laws["uc"] - laws["ets"]
    part = (np.sort(last.values, axis=0) - laws["ets"])[gap != 0] / gap[gap != 0]
    assert part.std() < 1e-6
    assert part.mean() != pytest.approx(0.5, abs=1e-4)
    assert 0.2 < part.mean() < 0.8


def test_other_regions_publications_after_an_origin_do_not_move_it(run, panel, result):
    """The canary: every later value of every neighbour is trebled."""
    at = 5
    day = np.datetime64(result.origins[at].history.as_of)
    changed = []
    for place, vintages in panel[1]:
        rows = vintages.rows.copy()
        rows.loc[rows["published_on"] > day, "value"] *= 3
        changed.append((place, replace(vintages, rows=rows)))
    competed = run(changed)
    for model in roster.COMBINATIONS:
        for i in range(at + 1):
            one, other = result.past_forecasts[model][i], competed.past_forecasts[model][i]
            np.testing.assert_array_equal(one.values, other.values)
    later = [f.past_forecasts[roster.POOLED][-1].values for f in (result, competed)]
    assert not np.array_equal(*later)


def test_revisions_of_the_own_figures_do_not_move_earlier_origins(run, panel, result):
    """The canary: eight earlier months are revised long after an origin."""
    at = 9
    own = panel[0].rows
    origin = result.origins[at]
    months = own["month"].iloc[-ORIGINS - 3 : -ORIGINS + 5]
    late = own[own["month"].isin(months)].assign(
        value=lambda t: t["value"] * 1.06, published_on=own["published_on"].iloc[-1]
    )
    rows = pd.concat([own, late.assign(id=late["id"] + 1000)])
    rows = rows.sort_values(["month", "published_on", "id"], ignore_index=True)
    competed = run(own=replace(panel[0], rows=rows))
    assert competed.origins[at].month == origin.month
    for model in ("ets", *roster.COMBINATIONS):
        for i in range(at + 1):
            one, other = result.past_forecasts[model][i], competed.past_forecasts[model][i]
            np.testing.assert_array_equal(one.values, other.values)
    now = [f.forecasts[roster.WEIGHTED].values for f in (result, competed)]
    assert not np.array_equal(*now)


def test_where_regions_cannot_be_pooled_this_time_it_is_the_robust_one_and_says_so(run, panel):
    cut = []
    for place, vintages in panel[1]:
        cut.append((place, replace(vintages, rows=vintages.rows.iloc[:-4])))
    competed = run(cut, origins=6)
    robust, moved = (competed.forecasts[m] for m in (roster.COMBINATION, roster.POOLED))
    np.testing.assert_array_equal(robust.values, moved.values)
    assert NOT_NOW in competed.notes
    first = [competed.past_forecasts[m][0].values for m in (roster.COMBINATION, roster.POOLED)]
    assert not np.array_equal(*first)


def test_shifts_are_kept_between_runs_and_a_damaged_one_is_worked_out_anew(
    run, panel, result, unemployed, monkeypatch
):
    cache = Memory()
    first = run(cache=cache)
    shifts = [k for k, blob in cache.kept.items() if blob[4:5] == b"["]
    assert len(shifts) == ORIGINS + 1
    damaged = bytearray(cache.kept[shifts[0]])
    damaged[9] ^= 1
    cache.kept[shifts[0]] = bytes(damaged)
    import employment_forecast.forecasting.competition.combinations as module

    made = []
    learn = module.pooled_shifts
    monkeypatch.setattr(module, "_recent", {})  # as in another process
    monkeypatch.setattr(module, "pooled_shifts", lambda *a: made.append(1) or learn(*a))
    again = run(cache=cache)
    assert len(made) == 1
    for one in (first, again):
        paths = one.forecasts[roster.POOLED]
        assert isinstance(paths, SamplePaths)
        np.testing.assert_array_equal(paths.values, result.forecasts[roster.POOLED].values)
    assert (
        json.loads(cache.kept[shifts[0]][4:])
        == pytest.approx(shared_shifts(result.origins[:1], panel[1], unemployed, 12)[0].tolist())
        or len(shifts) > 1
    )


def test_months_beyond_the_tested_ones_keep_the_last_shift(run):
    far = run(reach=20)
    moved, robust = (far.forecasts[m] for m in (roster.POOLED, roster.COMBINATION))
    assert moved.horizon == robust.horizon == 20
    # Both are calibrated about their medians, which differ by the shift.
    gap = np.log(np.median(moved.values, axis=0) / np.median(robust.values, axis=0))
    np.testing.assert_allclose(gap[12:], gap[11], atol=1e-6)
    assert abs(gap[11] - gap[5]) > 1e-4


def test_a_combination_without_all_members_is_named_for_what_it_is() -> None:
    works = SamplePaths(np.ones((4, 2)), pd.Period("2025-12", "M"))
    whole = dict.fromkeys((*MEMBERS, roster.COMBINATION), works)
    assert label_of(roster.COMBINATION, whole) == roster.label(roster.COMBINATION)
    assert members_note(whole, {m: [works, works] for m in whole}) == ()
    few = {**whole, "uc": Failure("不收敛")}
    del few["ets"], few["ridge"]
    assert label_of(roster.COMBINATION, few) == "稳健组合（只含 9 个成员中的 6 个）"
    assert label_of("uc", few) == roster.label("uc")
    past = {m: [works, works, works] for m in few} | {"sarima": [Failure("太短"), works, works]}
    assert members_note(few, past) == (
        "组合缺成员：指数平滑（阻尼趋势）（未参赛）、未观测成分（局部水平）（不收敛）、岭回归（未参赛）；"
        "回测的 3 个起点中有 1 个组合成员不全",
    )
    assert members_note({"theta": works}, {}) == ()


def test_news_of_others_counts_from_a_thousandth_on(panel, result, unemployed):
    origin = result.origins[-1]
    now = current_shift(origin.history, panel[1], unemployed, 12)
    (then,) = shared_shifts([origin], panel[1], unemployed, 12)
    np.testing.assert_array_equal(now, then)
    history = origin.history
    assert history.transform == "log"
    assert unmoved(tuple(now), now, history)
    assert unmoved(tuple(now), now + 0.0009, history)
    one_month = now + 0.0011 * (np.arange(12) == 7)
    assert not unmoved(tuple(now), one_month, history)
    rate = replace(history, transform="none", precision=0.1)
    assert unmoved(tuple(now), one_month, rate)
    assert not unmoved(tuple(now), now + 0.06, rate)
    for before, after in (((), now), (tuple(now), None), (tuple(now[:6]), now)):
        assert not unmoved(before, after, history)


def test_quantiles_of_the_weighted_one_need_no_paths(run, result):
    """They are what its paths have, and nothing is drawn for them in a month of new weights."""
    cache = Memory()
    run(cache=cache)
    again = run(cache=cache)
    for i, forecast in enumerate(again.past_forecasts[roster.WEIGHTED]):
        assert not forecast.drawn
        fresh = result.past_forecasts[roster.WEIGHTED][i]
        assert forecast.quantiles().tobytes() == fresh.quantiles().tobytes()
        drawn = SamplePaths(fresh.values, fresh.origin)
        np.testing.assert_allclose(forecast.quantiles(), drawn.quantiles(), rtol=1e-12)
        assert not again.past_forecasts["ets"][i].drawn
    evidence = again.evidence_by_model
    assert evidence[roster.WEIGHTED].crps is None
    assert evidence[roster.COMBINATION].crps is not None
    chosen = replace(result, choice=replace(result.choice, model=roster.WEIGHTED))
    assert chosen.evidence_by_model[roster.WEIGHTED].crps > 0


def test_paths_that_are_asked_for_again_are_drawn_together_and_told(run, result):
    """As after new caps, or where the figures worked out from them are lost."""
    cache, told = Memory(), []
    run(cache=cache, progress=lambda *at: told.append(at))
    own = {cell for cell, blob in cache.kept.items() if b'"shape"' in blob or blob[4:5] in b"[{"}
    cache.kept = {key: blob for key, blob in cache.kept.items() if key in own}
    told.clear()
    again = run(cache=cache, progress=lambda *at: told.append(at))
    assert again.cells_computed == 0
    assert told[-1][0] == told[-1][1] > ORIGINS
    assert again.evidence_by_model == result.evidence_by_model
