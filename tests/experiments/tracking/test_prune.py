"""Old versions go with their runs and files; what anything refers to stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.versions import stored_paths, versions
from employment_forecast.experiments.tracking.prune import PRUNED_TAG, prune, published
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition


@pytest.fixture
def recorded(
    record, competition: Competition, tracker: Tracker, series: Series, request
) -> list[str]:
    """Run ids of the versions: 2 is the champion, 1 the previous one, the last the candidate."""
    ids = []
    for number in range(1, request.param + 1):
        ids.append(record(competition)[0])
        if number <= 2:
            promote(tracker, series, why="测试")
    return ids


def versions_recorded(number: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recorded", [number], indirect=True)


def publish(workspace: Workspace, series: Series, version: str, name: str) -> None:
    file = workspace.root / "thresholds" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    champion = {"registered_name": series.registered_name, "version": version}
    file.write_text(json.dumps({"champion": champion}), "utf-8")


def left(tracker: Tracker, series: Series) -> list[str]:
    return [v.version for v in versions(tracker, series)][::-1]


def runs(tracker: Tracker) -> set[str]:
    client = tracker.open()
    ids = [e.experiment_id for e in client.search_experiments()]
    return {r.info.run_id for r in client.search_runs(ids, run_view_type=3, max_results=1000)}


@versions_recorded(6)
def test_what_is_referred_to_stays_and_the_rest_goes(
    recorded, workspace: Workspace, tracker: Tracker, series: Series
) -> None:
    # What warnings rest on stays, and the newest.
    done = prune(tracker, workspace, 2, {(series.registered_name, "4")}, dry_run=True)
    assert [v for _, v in done.versions] == ["3"]
    publish(workspace, series, "3", "registered_unemployed.310114.json")
    (workspace.root / "thresholds" / "broken.json").write_text("{", "utf-8")
    before = len(runs(tracker))
    planned = prune(tracker, workspace, keep=1, dry_run=True)
    assert left(tracker, series) == ["1", "2", "3", "4", "5", "6"]
    assert len(runs(tracker)) == before
    done = prune(tracker, workspace, keep=1)
    assert done == planned
    assert [v for _, v in done.versions] == ["5", "4"]
    assert done.kept == 4
    assert done.bytes > 10_000
    assert left(tracker, series) == ["1", "2", "3", "6"]
    for version in versions(tracker, series):
        assert stored_paths(tracker, version).n_paths == 200
    # A run and one for each of its models, twice.
    assert done.runs == 2 * (before // 6)
    assert len(runs(tracker)) == before - done.runs
    folders = {p.name for p in tracker.artifacts.rglob("*") if len(p.name) == 32}
    assert folders & set(recorded) == {recorded[0], recorded[1], recorded[2], recorded[5]}
    assert prune(tracker, workspace, keep=1).runs == 0


@pytest.mark.soak
@versions_recorded(3)
def test_by_age_and_by_region_and_not_what_is_anothers(
    recorded, workspace: Workspace, tracker: Tracker, series: Series, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    for nothing in (
        {"before": now - timedelta(days=31)},
        {"regions": {"310104"}},
        {"before": now + timedelta(days=1), "regions": {"310104"}},
    ):
        done = prune(tracker, workspace, keep=1, dry_run=True, **nothing)
        assert (done.versions, done.runs) == ((), 0)
    ours = {"before": now + timedelta(days=1), "regions": {series.region.code, "310104"}}
    assert prune(tracker, workspace, keep=1, dry_run=True, **ours) == prune(
        tracker, workspace, keep=1, dry_run=True
    )

    client = tracker.open()
    elsewhere = client.create_experiment("别处", artifact_location=str(tmp_path / "else"))
    kept = client.create_run(elsewhere)
    client.log_text(kept.info.run_id, "text", "note.txt")
    prune(tracker, workspace, keep=1)
    assert kept.info.run_id in runs(tracker)
    assert list((tmp_path / "else").rglob("note.txt"))


@pytest.mark.soak
@versions_recorded(5)
def test_a_process_killed_on_the_way_is_completed_by_the_next(
    recorded, workspace: Workspace, tracker: Tracker, series: Series, monkeypatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("employment_forecast.experiments.tracking.prune.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune(tracker, workspace, keep=1)
    assert left(tracker, series) == ["1", "2", "5"]
    client = tracker.open()
    ids = [e.experiment_id for e in client.search_experiments()]
    half = client.search_runs(ids, f"tags.{PRUNED_TAG} = 'true'", run_view_type=2)
    assert len(half) == 1
    prune(tracker, workspace, keep=1)
    assert not client.search_runs(ids, f"tags.{PRUNED_TAG} = 'true'", run_view_type=2)
    folders = {p.name for p in tracker.artifacts.rglob("*") if len(p.name) == 32}
    assert folders & set(recorded) == {recorded[0], recorded[1], recorded[4]}


def test_published_thresholds_are_found(workspace: Workspace, series: Series) -> None:
    publish(workspace, series, "3", "a.json")
    publish(workspace, series, "2", "history/b.json")
    assert published(workspace) == {(series.registered_name, "3"), (series.registered_name, "2")}
