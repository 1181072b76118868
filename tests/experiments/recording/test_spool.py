"""A tracking server that is down loses nothing: kept on this machine, logged later, once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import UnrecordedError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.archive.content import parent_figures
from employment_forecast.experiments.recording import package
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.recording.spool import spool_of, sync
from employment_forecast.experiments.registry.versions import stored_paths, versions
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition

DOWN = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def kept(workspace: Workspace, competition: Competition, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that waits, since no server answered."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with (
        pytest.raises(UnrecordedError, match="预测已完成，但未能记入 MLflow") as caught,
        recorded(DOWN, workspace, competition.series) as recording,
    ):
        recording.register(competition, b"chart", {"note.txt": b"kept"})
    assert caught.value.exit_code == 11
    (folder,) = package.waiting(spool_of(workspace))
    assert str(folder) in caught.value.message
    return folder


def test_what_was_kept_is_logged_as_if_at_once(
    kept: Path,
    workspace: Workspace,
    tracker: Tracker,
    series: Series,
    competition: Competition,
    catalogue: Catalogue,
    record,
) -> None:
    (done,) = sync(tracker, workspace, catalogue)
    assert done.version is not None
    assert package.waiting(spool_of(workspace)) == []
    at_once = record(competition, b"chart", **{"note.txt": b"kept"})[1]
    later, now = versions(tracker, series)[::-1]
    assert (later.version, now.version) == ("1", at_once.version)
    assert later.tags["gate"].startswith("通过")
    assert later.tags[package.SPOOL_TAG] == kept.name
    same = set(now.tags) - {"gate"}
    assert {k: later.tags[k] for k in same} == {k: now.tags[k] for k in same}
    np.testing.assert_array_equal(
        stored_paths(tracker, later).values, competition.champion_paths.values
    )
    client = tracker.open()
    runs = [client.get_run(v.run_id) for v in (later, now)]
    assert [r.info.status for r in runs] == ["FINISHED", "FINISHED"]
    assert runs[0].data.params == runs[1].data.params
    metrics = [{k: v for k, v in r.data.metrics.items() if k != "work/seconds"} for r in runs]
    assert metrics[0] == metrics[1]
    files = [{f.path for f in client.list_artifacts(r.info.run_id)} for r in runs]
    assert files[0] - files[1] == {"gate.json"}
    assert files[1] <= files[0]
    children = [
        client.search_runs([r.info.experiment_id], f"tags.mlflow.parentRunId = '{r.info.run_id}'")
        for r in runs
    ]
    assert {c.info.run_name for c in children[0]} == {c.info.run_name for c in children[1]}


def test_logging_twice_makes_one_version(
    kept: Path,
    workspace: Workspace,
    tracker: Tracker,
    series: Series,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if the process had been killed after the version, before the package was deleted."""
    with monkeypatch.context() as patch:
        patch.setattr(
            "employment_forecast.experiments.recording.spool.shutil.rmtree", lambda *_, **__: None
        )
        assert sync(tracker, workspace, catalogue)[0].version is not None
    assert package.waiting(spool_of(workspace)) == [kept]
    again = sync(tracker, workspace, catalogue)
    assert [s.version.version for s in again if s.version] == ["1"]
    assert len(versions(tracker, series)) == 1
    assert package.waiting(spool_of(workspace)) == []


def test_what_fails_waits_on_and_does_not_hold_up_the_rest(
    kept: Path, workspace: Workspace, tracker: Tracker, catalogue: Catalogue
) -> None:
    broken = spool_of(workspace) / "00000000T000000-damaged"
    broken.mkdir()
    (broken / "package.json").write_text("{}", "utf-8")
    first, second = sync(tracker, workspace, catalogue)
    assert first.version is None
    assert "已损坏" in first.failure
    assert second.version is not None
    assert package.waiting(spool_of(workspace)) == [broken]


def test_a_package_is_plain_text(kept: Path, competition: Competition) -> None:
    description = json.loads((kept / "package.json").read_text("utf-8"))
    assert description["region"] == "310114"
    logged = description["figures"]["params"]
    assert logged == dict(parent_figures(competition, 0.0).params)
    names = {p.suffix for p in kept.rglob("*") if p.is_file()}
    assert names <= {
        ".json",
        ".csv",
        ".gz",
        ".parquet",
        ".png",
        ".txt",
        ".py",
        ".yaml",
        ".sha256",
        "",
    }


def test_nothing_waits_in_a_new_workspace(
    workspace: Workspace, tracker: Tracker, catalogue: Catalogue
) -> None:
    assert sync(tracker, workspace, catalogue) == []
