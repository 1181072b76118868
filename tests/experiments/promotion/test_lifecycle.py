"""The gate at MLflow and what follows from it: promoted, refreshed, refused, rolled back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from support.shared import tracking_uri

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import ForecastError, RefusedError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.archive import BACKTEST, CAP_EVENTS, unpacked_table
from employment_forecast.experiments.promotion import gate, lifecycle
from employment_forecast.experiments.promotion.evidence import evidence_of, stored_evidence
from employment_forecast.experiments.promotion.lifecycle import (
    PromotionResult,
    examine_only,
    promote_if_passed,
)
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry import registry
from employment_forecast.experiments.registry.versions import (
    CHAMPION,
    PREVIOUS,
    Version,
    champion_of,
    file_of_run,
    find,
    holder_of,
    stored_paths,
    versions,
)
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.issuing import rechosen
from employment_forecast.forecasting.competition.result import Coherence, Competition
from employment_forecast.forecasting.reconciliation import Sum, Tree, TreeChoice
from employment_forecast.models.roster import WEIGHTED

GOOD, OTHER, BAD = "random_walk", "seasonal_naive", "drift"


def with_errors(result: Competition, chosen: str, shifts: dict[str, float]) -> Competition:
    """The competition with another choice, and models whose forecasts are off by so much.

    Every other model forecasts the outcome with the same interval, which holds 4 of 5 outcomes.
    """
    backtest = result.backtest
    n = len(backtest.months)
    spread = np.linspace(-200.0, 200.0, 9)
    records = {}
    for name, record in backtest.records.items():
        off = np.where(np.arange(n) % 6 == 5, 180.0, 20.0)[:, None] + shifts.get(name, 0.0)
        centre = np.nan_to_num(backtest.outcomes, nan=19000.0) + off
        quantiles = centre[..., None] + spread
        records[name] = replace(record, quantiles=quantiles)
    again = replace(result, backtest=replace(backtest, records=records), cap_events=None)
    return rechosen(again, chosen, "测试")


def newer(result: Competition, revised: float) -> Competition:
    """The same with the last value revised, which gives the data another fingerprint."""
    values = result.history.values.copy()
    values[-1] += revised
    return replace(result, history=replace(result.history, values=values))


Act = Callable[[Competition], PromotionResult]


def settle(workspace: Workspace, result: Competition, act=promote_if_passed) -> PromotionResult:
    with recorded(tracking_uri(workspace), workspace, result.series) as run:
        run.register(result)
        done: PromotionResult = act(run.run.tracker, result.series, result, run.run)
    return done


@pytest.fixture
def settled(workspace: Workspace) -> Act:
    return partial(settle, workspace)


@pytest.fixture(scope="module")
def good(competition: Competition) -> Competition:
    return with_errors(competition, GOOD, {BAD: 5000.0})


@pytest.fixture(scope="module")
def begun(
    template: Workspace, tmp_path_factory: pytest.TempPathFactory, good: Competition
) -> Workspace:
    """A workspace with the good candidate in force."""
    place = Workspace(tmp_path_factory.mktemp("begun") / "工作区")
    shutil.copytree(template.root, place.root)
    assert settle(place, good).action == "promoted"
    return place


@pytest.fixture
def in_force(begun: Workspace, workspace: Workspace) -> None:
    """The good candidate is in force in the test's workspace."""
    shutil.copytree(begun.root, workspace.root, dirs_exist_ok=True)


def aliases(tracker: Tracker, series: Series) -> dict[str, str | None]:
    holders = {a: holder_of(tracker, series, a) for a in (CHAMPION, PREVIOUS)}
    return {a: None if v is None else v.version for a, v in holders.items()}


def test_the_first_good_candidate_is_promoted_and_its_verdict_kept(
    good: Competition, settled: Act, tracker: Tracker, series: Series
) -> None:
    done = settled(good)
    assert (done.action, done.verdict.passed) == ("promoted", True)
    assert done.version is not None
    champion = champion_of(tracker, series)
    assert champion is not None
    assert champion.version == done.version.version == "1"
    assert champion.tags["promoted_why"] == lifecycle.PASSED_WHY
    assert champion.tags["gate"].startswith("通过（12 个共同起点）")
    kept = json.loads(Path(file_of_run(tracker, champion, "gate.json")).read_text("utf-8"))
    assert kept["passed"] is True
    assert kept["incumbent_version"] is None
    assert [c["name"] for c in kept["checks"]][:3] == ["origins", "wis", "floors"]
    model = tracker.call("读取", lambda c: c.get_model_version(champion.registered_name, "1"))
    assert model.description.count("### 晋级检查") == 1
    logged = tracker.call("读取", lambda c: c.get_registered_model(champion.registered_name))
    entry = next(v for k, v in logged.tags.items() if k.startswith("log "))
    assert entry.startswith("第 1 版首次晋级：自动：通过晋级检查")


def test_a_worse_candidate_is_refused_and_the_incumbent_refreshed(
    good: Competition, settled: Act, tracker: Tracker, series: Series, in_force: None
) -> None:
    challenger = newer(rechosen(good, BAD, "测试"), 1.0)
    done = settled(challenger)
    assert (done.action, done.verdict.passed) == ("refreshed", False)
    assert {c.name for c in done.verdict.failures} >= {"wis_first", "floors"}
    assert done.version is not None
    assert (done.version.version, done.version.model) == ("3", GOOD)
    assert done.version.tags["promoted_why"] == lifecycle.REFRESH_WHY
    assert done.version.tags["refresh_of"] == "1"
    assert done.version.tags["data_fingerprint"] == challenger.history.fingerprint
    np.testing.assert_array_equal(
        stored_paths(tracker, done.version).values,
        rechosen(challenger, GOOD, "").champion_paths.values,
    )
    # A refresh is no decision to be taken back, except that there was nothing before it.
    assert aliases(tracker, series) == {CHAMPION: "3", PREVIOUS: "1"}
    refused = find(tracker, series, "2")
    assert refused.tags["gate"].startswith("未通过：")
    assert refused.aliases == ("candidate",)


@pytest.mark.soak
def test_of_a_member_of_a_tree_what_adds_up_comes_into_force_instead(
    good: Competition, settled: Act, tracker: Tracker, series: Series
) -> None:
    assert lifecycle.instead(tracker, series, good) is None  # nothing is in force yet
    settled(good)
    assert lifecycle.instead(tracker, series, newer(good, 1.0)) is None
    challenger = newer(rechosen(good, BAD, "测试"), 1.0)
    own = lifecycle.instead(tracker, series, challenger)
    assert own is not None
    assert own.choice.model == GOOD
    assert "沿用现役第 1 版" in own.choice.reason
    together = replace(own.champion_paths, values=own.champion_paths.values + 7.0)
    stand_in = replace(own, forecasts={**own.forecasts, GOOD: together})
    done = settled(challenger, partial(promote_if_passed, stand_in=stand_in))
    assert done.action == "refreshed"
    assert done.version is not None
    np.testing.assert_array_equal(stored_paths(tracker, done.version).values, together.values)
    assert find(tracker, series, "2").tags["gate"].startswith("未通过：")

    # Done again, with the others' figures revised: still not the refused one, and not the former.
    again = lifecycle.instead(tracker, series, challenger)
    assert again is not None
    np.testing.assert_array_equal(again.champion_paths.values, own.champion_paths.values)
    moved = replace(own.champion_paths, values=own.champion_paths.values + 9.0)
    other = replace(again, forecasts={**again.forecasts, GOOD: moved})
    same = registry.same_version(tracker, series, challenger, stand_in)
    assert same is not None
    assert same.version == "2"
    tree = Tree.of([Sum("w", ("x", "y"))])
    joint = Coherence(moved, tree, TreeChoice(True, "测试", 0), moved.months[-1])
    revised = replace(other, coherence=joint)
    assert registry.same_version(tracker, series, challenger, revised) is None
    later = settled(challenger, partial(promote_if_passed, stand_in=other))
    assert later.action == "refreshed"
    assert later.version is not None
    np.testing.assert_array_equal(stored_paths(tracker, later.version).values, moved.values)
    values = challenger.history.values[:-1]
    stale = replace(challenger, history=replace(challenger.history, values=values))
    assert lifecycle.instead(tracker, series, stale) is None


@pytest.mark.soak
def test_settling_twice_changes_nothing(
    good: Competition, workspace: Workspace, uri: str, tracker: Tracker, series: Series,
    in_force: None,
) -> None:  # fmt: skip
    for result, action in (
        (newer(good, 2.0), "promoted"),
        (newer(rechosen(good, BAD, ""), 3.0), "refreshed"),
    ):
        with recorded(uri, workspace, good.series) as run:
            run.register(result)
            first = promote_if_passed(run.run.tracker, series, result, run.run)
            before = (aliases(tracker, series), len(versions(tracker, series)))
            second = promote_if_passed(run.run.tracker, series, result, run.run)
        assert first.action == second.action == action
        assert first.version is not None
        assert second.version is not None
        assert first.version.version == second.version.version
        assert (aliases(tracker, series), len(versions(tracker, series))) == before


def test_nothing_happens_without_anything_new(
    good: Competition, settled: Act, tracker: Tracker, series: Series, in_force: None
) -> None:
    same_data = settled(rechosen(good, BAD, "测试"))
    assert same_data.action == "kept"
    assert "不比现役版本新" in same_data.reason
    name = series.registered_name
    tracker.call("标记", lambda c: c.set_model_version_tag(name, "1", "data_month", "2026-12"))
    stale = settled(newer(good, 1.0))
    assert stale.action == "kept"
    assert [c.name for c in stale.verdict.failures] == ["data_month"]
    assert aliases(tracker, series) == {CHAMPION: "1", PREVIOUS: None}


def test_without_an_incumbent_a_failing_candidate_leaves_nothing_in_force(
    good: Competition, settled: Act, tracker: Tracker, series: Series
) -> None:
    done = settled(rechosen(good, BAD, "测试"))
    assert (done.action, done.version) == ("kept", None)
    assert champion_of(tracker, series) is None
    assert done.document()["in_force"] is None


def test_examining_promotes_nothing(
    good: Competition, settled, tracker: Tracker, series: Series
) -> None:
    done = settled(good, examine_only)
    assert (done.action, done.verdict.passed) == ("kept", True)
    assert champion_of(tracker, series) is None
    assert find(tracker, series, "1").tags["gate"] == done.verdict.text


def test_nobody_promotes_between_a_verdict_and_what_follows_from_it(
    good: Competition, settled, tracker: Tracker, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(good, examine_only)
    judge, by_hand = gate.judge, []

    def slow(*given: Any) -> Any:
        one = Tracker(tracker.uri, tracker.home)
        by_hand.append(Thread(target=registry.promote, args=(one, series, "1", "由人决定")))
        by_hand[0].start()
        by_hand[0].join(0.5)
        assert by_hand[0].is_alive()
        return judge(*given)

    monkeypatch.setattr(gate, "judge", slow)
    done = settled(newer(good, 1.0))
    by_hand[0].join()
    assert (done.action, done.version.version) == ("promoted", "2")
    assert champion_of(tracker, series).tags["promoted_over"] == "2"


def test_promotion_by_hand_is_refused_unless_forced(
    good: Competition, record, tracker: Tracker, series: Series, in_force: None
) -> None:
    record(newer(rechosen(good, BAD, "测试"), 1.0))
    with pytest.raises(RefusedError, match=r"第 2 版.*未通过晋级检查.*WIS 比现役"):
        lifecycle.promote(tracker, series)
    assert aliases(tracker, series) == {CHAMPION: "1", PREVIOUS: None}
    done, verdict = lifecycle.promote(tracker, series, why="试用", force=True)
    assert not verdict.passed
    assert done.champion.tags["promoted_why"] == "试用（强制晋级，未通过检查）"
    assert aliases(tracker, series) == {CHAMPION: "2", PREVIOUS: "1"}
    again, _ = lifecycle.promote(tracker, series)
    assert (again.previous, again.changed) == (None, False)


def test_what_was_rolled_back_needs_a_person(
    good: Competition, settled: Act, record, tracker: Tracker, series: Series, in_force: None
) -> None:
    settled(newer(rechosen(good, OTHER, "测试"), 1.0))
    assert aliases(tracker, series) == {CHAMPION: "2", PREVIOUS: "1"}
    registry.rollback(tracker, series, "值班员认为不稳")
    assert aliases(tracker, series) == {CHAMPION: "1", PREVIOUS: "2"}
    assert find(tracker, series, "2").tags["rolled_back_why"] == "值班员认为不稳"

    # The next month the same model is refused, and the one in force is refreshed.
    done = settled(newer(rechosen(good, OTHER, "测试"), 4.0))
    assert done.action == "refreshed"
    assert [c.name for c in done.verdict.failures] == ["rolled_back"]
    assert "值班员认为不稳" in done.verdict.text
    assert aliases(tracker, series) == {CHAMPION: "4", PREVIOUS: "2"}

    lifecycle.promote(tracker, series, "3", why="已查明原因", force=True)
    registry.rollback(tracker, series)
    back = registry.rollback(tracker, series)
    assert back.version == "3"
    assert "rolled_back_at" not in back.champion.tags


def test_rollback_after_a_promotion_cut_short(
    good: Competition, settled: Act, tracker: Tracker, series: Series, in_force: None
) -> None:
    settled(newer(good, 2.0))
    name = series.registered_name
    # Killed between the two moves of a third promotion.
    tracker.call("移动", lambda c: c.set_registered_model_alias(name, PREVIOUS, "2"))
    assert registry.rollback(tracker, series).version == "1"
    assert aliases(tracker, series) == {CHAMPION: "1", PREVIOUS: "2"}


def test_demonstration_data_do_not_replace_real_ones(
    good: Competition, settled: Act, tracker: Tracker, series: Series
) -> None:
    real = replace(
        good,
        history=replace(good.history, demo=False),
        targets=[],
        on_file=(),
        assessments=[],
    )
    settled(real)
    done = settled(newer(good, 5.0))
    assert done.action == "kept"
    assert [c.name for c in done.verdict.failures] == ["demo"]


def test_a_champion_that_left_the_race_is_compared_by_what_it_kept(
    good: Competition, settled: Act, tracker: Tracker, series: Series, in_force: None
) -> None:
    records = {m: r for m, r in good.backtest.records.items() if m != GOOD}
    without = replace(
        newer(rechosen(good, BAD, "测试"), 1.0),
        backtest=replace(good.backtest, records=records),
        entries=[e for e in good.entries if e.model != GOOD],
        forecasts={m: f for m, f in good.forecasts.items() if m != GOOD},
    )
    done = settled(without)
    assert done.action == "kept"
    # Twelve origins tell nothing of twelve months ahead, but of the first.
    first = next(c for c in done.verdict.checks if c.name == "wis_first")
    assert first.state == "fail"
    bad, best = (good.backtest.scaled_interval_scores(m)[:, 0] for m in (BAD, GOOD))
    assert first.value == pytest.approx(np.nanmean(bad - best), rel=0.2)
    assert first.value >= np.nanmean(bad - best)
    assert "未参赛" in done.reason


class Watched(dict[str, np.ndarray]):
    """Probabilities by model that tell whose were asked for."""

    asked: set[str]

    def __getitem__(self, model: str) -> np.ndarray:
        self.asked.add(model)
        return super().__getitem__(model)


def with_weights(result: Competition, asked: set[str]) -> Competition:
    """The competition with one of its models in the place of the weighted combination.

    Every other month is above its cap.
    """

    def named(by_model: Mapping[str, Any]) -> dict[str, Any]:
        return {WEIGHTED if model == BAD else model: by_model[model] for model in by_model}

    events = result.cap_events
    assert events is not None
    odd = np.add.outer(*map(np.arange, result.backtest.outcomes.shape)) % 2
    came = {tier: np.where(np.isnan(each), np.nan, odd) for tier, each in events.events.items()}
    said = {tier: Watched(named(each)) for tier, each in events.probabilities.items()}
    for each in said.values():
        each.asked = asked
    return replace(
        result,
        backtest=replace(result.backtest, records=named(result.backtest.records)),
        entries=[replace(e, model=WEIGHTED) if e.model == BAD else e for e in result.entries],
        forecasts=named(result.forecasts),
        past_forecasts=named(result.past_forecasts),
        cap_events=replace(events, events=came, probabilities=said),
    )


@pytest.mark.parametrize(
    "in_force",
    [
        pytest.param(None, marks=pytest.mark.soak),
        pytest.param(OTHER, marks=pytest.mark.soak),
        WEIGHTED,
    ],
)
def test_stored_evidence_gives_the_same_verdict(
    competition: Competition, record, tracker: Tracker, series: Series, in_force: str | None
) -> None:
    asked: set[str] = set()
    result = with_weights(competition, asked)
    if in_force is not None:
        record(rechosen(result, in_force, "测试"))
        lifecycle.promote(tracker, series, why="测试", force=True)
    asked.clear()
    result = newer(rechosen(result, GOOD, "测试"), 1.0)
    version: Version = record(result)[1]
    # What nobody compares costs nothing.
    assert (WEIGHTED in asked) == (in_force == WEIGHTED)
    kept, fresh = stored_evidence(tracker, version), evidence_of(result)
    assert kept.log == fresh.log
    for model, record_ in fresh.backtest.records.items():
        np.testing.assert_allclose(
            kept.backtest.records[model].quantiles, record_.quantiles, rtol=6e-7
        )
    np.testing.assert_allclose(kept.backtest.scales, fresh.backtest.scales, rtol=1e-7)
    assert fresh.events is not None
    assert kept.events is not None
    assert kept.events.months_above == fresh.events.months_above
    for model in {GOOD, OTHER, in_force or GOOD}:
        one, two = kept.events.squared_errors(model), fresh.events.squared_errors(model)
        assert one is not None
        assert two is not None
        np.testing.assert_allclose(one, two, rtol=1e-6)
    incumbent = champion_of(tracker, series)
    stored, direct = (
        gate.judge(tracker, series, version, evidence, incumbent) for evidence in (kept, fresh)
    )
    assert stored.text == direct.text
    assert [(c.name, c.state, c.text) for c in stored.checks] == [
        (c.name, c.state, c.text) for c in direct.checks
    ]
    caps = next(check for check in direct.checks if check.name == "cap_brier")
    assert ("没有现役版本" in caps.text) == (in_force is None)
    assert "没有可比的突破概率" not in caps.text


@pytest.mark.parametrize("form", [".csv.bz2", pytest.param(".csv", marks=pytest.mark.soak)])
def test_evidence_that_earlier_releases_kept_is_read(
    competition: Competition, record, tracker: Tracker, form: str
) -> None:
    version: Version = record(competition)[1]
    now = stored_evidence(tracker, version)
    for name in (BACKTEST, CAP_EVENTS):
        file = file_of_run(tracker, version, name)
        earlier = file.with_name(f"{file.stem}{form}")
        unpacked_table(file).to_csv(earlier, index=False, encoding="utf-8-sig")
        file.unlink()
    then = stored_evidence(tracker, version)
    assert then.backtest.records.keys() == now.backtest.records.keys()
    for model, kept in now.backtest.records.items():
        np.testing.assert_array_equal(then.backtest.records[model].quantiles, kept.quantiles)
    assert then.events is not None
    assert now.events is not None
    assert then.events.months_above == now.events.months_above
    file_of_run(tracker, version, f"backtest{form}").unlink()
    with pytest.raises(ForecastError, match=BACKTEST):
        stored_evidence(tracker, version)


def test_without_a_back_test_nothing_passes(
    competition: Competition, record, tracker: Tracker, series: Series
) -> None:
    n = slice(0, 0)
    backtest = competition.backtest
    records = {
        m: replace(r, quantiles=r.quantiles[n], failures={}) for m, r in backtest.records.items()
    }
    bare = replace(
        backtest,
        months=backtest.months[n],
        outcomes=backtest.outcomes[n],
        scales=backtest.scales[n],
        records=records,
    )
    record(replace(competition, backtest=bare, cap_events=None))
    with pytest.raises(RefusedError, match="共同的回测起点有 0 个"):
        lifecycle.promote(tracker, series)
