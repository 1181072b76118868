"""The main job end to end on small series, with the floors and a few quick models."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.memory_cache import Memory

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import DataError, NoModelError, ShortHistoryError
from employment_forecast.experiments.promotion.evidence import evidence_of
from employment_forecast.forecasting.backtest import (
    Cell,
    Origin,
    compute_single_threaded,
    group,
)
from employment_forecast.forecasting.competition.compete import LONGEST_HORIZON, compete
from employment_forecast.forecasting.competition.result import Options
from employment_forecast.models import roster
from employment_forecast.models.contract import Tags
from employment_forecast.models.paths import Failure, SamplePaths

FLOORS = ("random_walk", "drift", "seasonal_naive")


def bytes_of(result) -> dict[str, bytes]:
    return {
        m: o.values.tobytes() if isinstance(o, SamplePaths) else o.reason.encode()
        for m, o in result.forecasts.items()
    }


def test_the_whole_job(competition, cap_of):
    result = competition(targets=[cap_of()])
    assert str(result.history.origin) == "2024-12"
    assert {e.model for e in result.entries} == set(FLOORS)
    assert all(e.wis is not None and e.failure is None for e in result.entries)
    assert [e.wis for e in result.entries] == sorted(e.wis for e in result.entries)
    assert result.choice.model in FLOORS
    assert len(result.backtest.months) == 8
    assert result.champion_paths.origin == result.history.origin
    assert result.champion_paths.values.shape == (40, 12)
    (assessment,) = result.assessments
    assert 0 <= assessment.p_end <= assessment.p_any <= 1
    assert (result.cells_computed, result.cells_reused) == (3 * 9, 0)
    assert not result.demo


def test_the_same_again_is_the_same_bytes(competition):
    one, two = competition(), competition()
    assert bytes_of(one) == bytes_of(two)
    assert one.entries == two.entries
    assert bytes_of(competition(seed=2)) != bytes_of(one)


def test_without_a_target_it_still_forecasts(competition):
    result = competition()
    assert (result.targets, result.assessments, result.unassessed) == ([], [], [])
    assert result.champion_paths.horizon == 12


def test_the_horizon_reaches_the_end_of_the_period_and_the_backtest_does_not(competition, cap_of):
    result = competition(targets=[cap_of(period="2025")], horizon=4)
    assert result.champion_paths.horizon == 12
    assert (result.backtest.horizon, result.tested_horizon) == (4, 4)
    assert result.assessments[0].untested
    plan = competition(targets=[cap_of(period="2021-2025")], horizon=4)
    assert plan.champion_paths.horizon == 12
    longer = competition(targets=[cap_of(period="2025-2034")], horizon=4)
    assert longer.champion_paths.horizon == LONGEST_HORIZON
    assert longer.assessments[0].reasons["p_any"]


def test_several_caps_side_by_side_and_what_cannot_be_assessed(competition, cap_of):
    targets = [
        cap_of(10_400.0),
        cap_of(10_300.0, tier="district", announced_on=date(2025, 1, 9)),
        cap_of(None, tier="own"),
        cap_of(9_000.0, direction="floor", basis="period_total", qualifier="不低于"),
        cap_of(1.0, announced_on=date(2025, 2, 1)),  # after the day of knowledge
        cap_of(1.0, region="310104"),
    ]
    result = competition(targets=targets)
    assert [(a.target.tier, a.target.value) for a in result.assessments] == [
        ("municipal", 10_400.0),
        ("district", 10_300.0),
    ]
    lower, higher = result.assessments[1], result.assessments[0]
    assert lower.p_any >= higher.p_any
    assert {t.direction for t in result.unassessed} == {"cap", "floor"}
    assert len(result.unassessed) == 2


def test_real_figures_are_never_held_against_demonstration_caps(competition, cap_of):
    shown = cap_of(demo=True)
    real, demo = competition(targets=[shown]), competition(targets=[shown], demo=True)
    assert (real.assessments, real.demo) == ([], False)
    assert len(demo.assessments) == 1
    assert demo.demo


def test_a_second_run_computes_nothing(competition):
    cache = Memory()
    first, second = competition(cache=cache), competition(cache=cache)
    assert (second.cells_computed, second.cells_reused) == (0, first.cells_computed)
    assert bytes_of(second) == bytes_of(first)
    assert second.entries == first.entries
    assert competition().entries == first.entries  # and without a cache the same


def test_the_next_month_computes_one_new_origin_per_model(competition, wandering):
    cache = Memory()
    competition(wandering(47), cache=cache)
    following = competition(wandering(48), cache=cache)
    assert following.cells_computed == 3
    assert bytes_of(following) == bytes_of(competition(wandering(48)))


def test_other_settings_reuse_nothing(competition):
    cache = Memory()
    total = competition(cache=cache).cells_computed
    assert competition(cache=cache, seed=2).cells_computed == total
    assert competition(cache=cache, n_paths=41).cells_computed == total


def test_a_following_month_estimates_nothing_anew(competition, wandering, monkeypatch):
    cache = Memory()
    models = (*FLOORS, "sarima")
    competition(wandering(66), cache=cache, models=models)
    asked: list[str] = []
    family = type(roster.create("sarima"))
    whole = family._fit
    monkeypatch.setattr(
        family, "_fit", lambda self, data: asked.append(self.name) or whole(self, data)
    )
    # June 2025 is a month of estimation and serves July too.
    later = competition(wandering(67), cache=cache, models=models)
    assert later.cells_computed > 0
    assert asked == []
    assert bytes_of(later) == bytes_of(competition(wandering(67), models=models))
    assert asked


def test_drawing_again_asks_for_parameters_and_estimates_lost_ones_once(
    competition, wandering, monkeypatch
):
    cache = Memory()
    scene = {"cache": cache, "models": (*FLOORS, "sarima"), "origins": 4}
    whole = competition(wandering(67), **scene).past_forecasts["sarima"]
    parameters = {key for key in cache.kept if key.startswith("parameters:")}
    asked: list[str] = []
    load = cache.load
    monkeypatch.setattr(cache, "load", lambda keys: asked.extend(keys) or load(keys))
    competition(wandering(67), **scene)
    assert parameters <= set(asked)

    lost = {key: cache.kept.pop(key) for key in parameters}
    fits: list[str] = []
    family = type(roster.create("sarima"))
    fit = family._fit
    monkeypatch.setattr(
        family, "_fit", lambda self, data: fits.append(self.name) or fit(self, data)
    )
    again = competition(wandering(67), **scene)
    drawn = again.past_forecasts["sarima"]
    for one, other in zip(drawn, whole, strict=True):
        assert one.values.tobytes() == other.values.tobytes()
    # Months of one half-year share an estimation.
    estimations = {o.estimation.fingerprint for o in again.origins}
    assert len(fits) <= len(estimations) + 1 < len(drawn) + 1
    assert all(cache.kept[key] == lost[key] for key in cache.kept.keys() & lost.keys())
    assert len(cache.kept.keys() & lost.keys()) >= len(estimations)


@pytest.mark.parametrize("indicator", ["registered_unemployed", "surveyed_unemployment_rate"])
def test_a_series_that_never_moved_is_not_calibrated_on_not_moving(competition, indicator):
    still = competition([5.0] * 60, indicator=indicator, origins=24)
    own = Cell(still.choice.model, Origin(still.history, still.history), 12, 40, still.options.seed)
    (raw,) = compute_single_threaded(*group([own])).outcomes
    assert still.champion_paths.values.tobytes() == raw.values.tobytes()
    assert "一直没有变动" in still.notes[0]
    assert "未经校准" in still.notes[0]
    assert still.backtest.unmoved
    raw = still.backtest.records[still.choice.model].quantiles
    assert evidence_of(still).issued(still.choice.model).tobytes() == raw.tobytes()
    once = competition([4.0] + [5.0] * 59, indicator=indicator, origins=24)
    assert not once.backtest.unmoved


def test_a_first_move_tells_why_there_is_nothing_to_compare_with(competition):
    moved = competition([5.0] * 58 + [6.0, 5.0])
    (told,) = [note for note in moved.notes if "个起点" in note and "没有变动" in note]
    assert told.startswith("到 2025-10 为止一直没有变动")
    assert "共 1 个起点（变动更早时为 8 个）" in told
    assert not [note for note in competition([5.0] * 50 + [6.0] * 10).notes if "没有变动" in note]


def test_damaged_cells_are_computed_anew(competition):
    cache = Memory()
    first = competition(cache=cache)
    cells = [key for key, blob in cache.kept.items() if b'"shape"' in blob]
    assert len(cells) == first.cells_computed
    for i, key in enumerate(cells[:5]):
        blob = bytearray(cache.kept[key])
        blob[(i * 37) % len(blob)] ^= 1
        cache.kept[key] = bytes(blob)
    again = competition(cache=cache)
    assert again.cells_computed == 5
    assert bytes_of(again) == bytes_of(first)
    assert again.entries == first.entries
    assert competition(cache=cache).cells_computed == 0


def test_the_combination_is_made_of_its_members(competition, wandering):
    result = competition(wandering(60), models=(*FLOORS, "uc", "ets", "combination"), origins=3)
    assert isinstance(result.forecasts["combination"], SamplePaths)
    law = np.sort(result.forecasts["combination"].values, axis=0)
    members = [np.sort(result.forecasts[m].values, axis=0) for m in ("uc", "ets")]
    assert law == pytest.approx(np.mean(members, axis=0))
    # It is made, not fitted: cells are those of the five others.
    assert result.cells_computed == 5 * 4
    assert result.choice.model == "combination"  # three origins decide nothing
    alone = competition(models=(*FLOORS, "combination"), origins=3)
    assert set(alone.forecasts) == set(FLOORS)


class Broken:
    """A competitor that fails at every origin but the last, or at all."""

    label = "坏模型"
    tags = Tags(min_months=1, filters=False)

    def __init__(self, always: bool) -> None:
        self.always = always

    def estimate(self, history):
        if self.always or len(history) < 48:
            return Failure("不收敛")
        return {}

    def draw(self, history, parameters, horizon, n_paths, seed):
        return SamplePaths(np.full((n_paths, horizon), 1.0), history.origin)


@pytest.mark.parametrize("always", [True, False])
def test_a_failing_model_is_shown_and_stops_nothing(competition, monkeypatch, always):
    create, tags, label = roster.create, roster.tags, roster.label
    monkeypatch.setattr(roster, "create", lambda n: Broken(always) if n == "ets" else create(n))
    monkeypatch.setattr(roster, "tags", lambda n: Broken.tags if n == "ets" else tags(n))
    monkeypatch.setattr(roster, "label", lambda n: Broken.label if n == "ets" else label(n))
    result = competition(models=(*FLOORS, "ets"))
    assert result.entries[-1].model == "ets"
    assert result.entries[-1].wis is None
    assert "不收敛" in result.entries[-1].failure
    assert result.choice.model in FLOORS
    assert len(result.backtest.records["ets"].failures) == 8
    assert isinstance(result.forecasts["ets"], Failure) == always


def test_when_everything_fails(competition, monkeypatch):
    monkeypatch.setattr(roster, "create", lambda name: Broken(always=True))
    with pytest.raises(NoModelError, match="不收敛"):
        competition()


def test_a_short_history_falls_back_to_what_can_run(competition, wandering):
    result = competition(wandering(10))
    failed = {m for m, o in result.forecasts.items() if isinstance(o, Failure)}
    assert failed == {"seasonal_naive"}
    assert "10 个月" in result.forecasts["seasonal_naive"].reason
    assert result.choice.model in ("random_walk", "drift")


def test_a_history_too_short_for_all_says_what_each_needs(competition, wandering):
    with pytest.raises(ShortHistoryError) as caught:
        competition(wandering(3))
    assert caught.value.exit_code == 4
    assert "只有 3 个月" in caught.value.message
    for name in FLOORS:
        assert f"{roster.label(name)} {roster.tags(name).min_months} 个月" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_bad_data_are_refused_before_anything_runs(competition):
    with pytest.raises(DataError, match="为负数"):
        competition([5.0, -1.0] * 24)


@settings(max_examples=4, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 59), st.integers(1, 30_000)), max_size=15),
    at=st.integers(44, 50),
)
def test_canary_nothing_published_later_moves_a_forecast(
    vintages_of, monthly, wandering, jiading, unemployed, changes, at
):
    """All values after the day are changed: forecasts, scores and choice are bit-identical."""
    rows = monthly("2020-01", wandering(60))
    day = rows[at][2]

    def run(given_rows):
        options = Options(models=FLOORS, horizon=6, origins=6, n_paths=30)
        return compete(Series(jiading, unemployed), vintages_of(given_rows), day, [], options)

    clean = run([r for r in rows if r[2] <= day])
    future = [r if r[2] <= day else (r[0], 7 * r[1] + 13, r[2]) for r in rows]
    late = [(rows[i][0], float(v), max(rows[i][2], day) + timedelta(days=1)) for i, v in changes]
    dirty = run([*future, *late])
    assert bytes_of(dirty) == bytes_of(clean)
    assert dirty.entries == clean.entries
    assert dirty.choice == clean.choice
    assert dirty.history.fingerprint == clean.history.fingerprint
    # Positive control: the month at the origin does change the forecast.
    touched = run([(m, v + 1 if i == at else v, d) for i, (m, v, d) in enumerate(rows)])
    for model in FLOORS:
        assert bytes_of(touched)[model] != bytes_of(clean)[model]


@pytest.mark.parametrize(
    ("months", "used"), [(48, 23), (36, 11), pytest.param(80, 36, marks=pytest.mark.soak)]
)
def test_the_number_of_origins_follows_from_the_length(competition, wandering, months, used):
    """From the first month with which a model can run, 25 here; at most as many as asked for."""
    models = ("random_walk", "drift", "seasonal_naive", "uc")
    result = competition(wandering(months), models=models, origins=36)
    assert len(result.backtest.months) == used
    told = [note for note in result.notes if note.startswith("历史共")]
    assert bool(told) == (used < 36)
    assert all(f"自有 25 个月可用之时起逐月回测，共 {used} 个起点" in note for note in told)


def test_a_history_too_short_for_any_model_is_tested_on_floors(competition, wandering):
    models = ("random_walk", "drift", "seasonal_naive", "uc")
    result = competition(wandering(20), models=models, origins=36)
    assert "历史只有 20 个月，不足 25 个月，只有简单基准能参加回测" in result.notes
