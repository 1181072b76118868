from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import DataError, StorageError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry.versions import find
from employment_forecast.experiments.tracking.names import experiment_name
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition

CHART = b"\x89PNG\r\n\x1a\n not really"


def read(tracker: Tracker, run_id: str):
    return tracker.call("读取", lambda c: c.get_run(run_id))


def children_of(tracker: Tracker, run_id: str):
    experiment = read(tracker, run_id).info.experiment_id
    condition = f"tags.`mlflow.parentRunId` = '{run_id}'"
    return tracker.call("查找", lambda c: list(c.search_runs([experiment], condition)))


@pytest.fixture(scope="module")
def done(shared_record, with_failure: Competition):
    return shared_record(with_failure, CHART)


def test_the_parent_tells_the_choice_its_scores_and_the_caps(
    done, shared_tracker: Tracker, with_failure: Competition, reason: str
) -> None:
    run_id, version = done
    run = read(shared_tracker, run_id)
    chosen = next(e for e in with_failure.entries if e.model == with_failure.choice.model)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"2026-10 演示 {chosen.label}"
    assert run.data.metrics["wis"] == pytest.approx(chosen.wis, abs=5e-5)
    assert run.data.metrics["coverage95"] == pytest.approx(chosen.coverage95, abs=5e-5)
    cap = with_failure.assessments[0]
    assert run.data.metrics["p_any/municipal"] == cap.p_any
    assert run.data.metrics["headroom/municipal"] == cap.headroom
    assert run.data.metrics["work/cells_computed"] == with_failure.cells_computed
    history = shared_tracker.call("读取", lambda c: c.get_metric_history(run_id, "horizon/wis"))
    by_step = {m.step: m.value for m in history}
    assert by_step == dict(enumerate(chosen.wis_by_horizon, start=1))
    expected = {
        "region": "310114",
        "region_name": "嘉定区",
        "indicator": "registered_unemployed",
        "indicator_name": "登记失业人数",
        "data_month": "2026-10",
        "data_kind": "演示数据",
        "demo": "true",
        "as_of": "2026-11-20",
        "data_fingerprint": with_failure.history.fingerprint,
        "seed": "1",
        "model": with_failure.choice.model,
        "registered_name": "registered_unemployed.310114",
        "registered_version": version.version,
    }
    assert expected.items() <= run.data.tags.items()
    assert run.data.params["origins"] == str(len(with_failure.backtest.months))
    assert "+" in run.data.tags["code_version"]


def test_the_note_is_readable_chinese(
    done, shared_tracker: Tracker, with_failure: Competition, reason: str
) -> None:
    note = read(shared_tracker, done[0]).data.tags["mlflow.note.content"]
    assert note.startswith("> **演示数据**")
    assert "## 嘉定区 登记失业人数 2026-10" in note
    assert "演示数据" in note
    assert reason in note
    assert with_failure.choice.reason in note
    assert "19,900人以内" in note
    assert "2026-11" in note


def test_one_run_holds_the_scores_of_every_model(
    done, shared_tracker: Tracker, with_failure: Competition
) -> None:
    run = read(shared_tracker, done[0])
    assert children_of(shared_tracker, done[0]) == []
    for entry in with_failure.entries:
        said = run.data.metrics.get(f"wis/{entry.model}")
        assert said == (None if entry.wis is None else pytest.approx(entry.wis, abs=5e-5))
    table = json.loads((Path(run.info.artifact_uri) / "leaderboard.json").read_text("utf-8"))
    assert [row[0] for row in table["data"]] == [e.model for e in with_failure.entries]
    assert table["columns"][3] == "wis"
    assert table["data"][0][3] == with_failure.entries[0].wis
    shown = json.loads(run.data.tags["mlflow.loggedArtifacts"])
    assert shown == [{"path": "leaderboard.json", "type": "table"}]


def test_every_model_is_a_child_on_demand_and_one_without_forecast_failed(
    record, workspace: Workspace, tracker: Tracker, with_failure: Competition, reason: str
) -> None:
    workspace.settings_file.write_text('[mlflow]\nmodel_runs = "on"\n', "utf-8")
    done = record(with_failure, CHART)
    runs = {r.data.params["model"]: r for r in children_of(tracker, done[0])}
    assert set(runs) == {e.model for e in with_failure.entries}
    for entry in with_failure.entries:
        run = runs[entry.model]
        if entry.failure:
            assert run.info.status == "FAILED"
            assert run.data.tags["failure"] == reason
            assert "wis" not in run.data.metrics
        else:
            assert run.info.status == "FINISHED"
            assert run.data.metrics["wis"] == pytest.approx(entry.wis, abs=5e-5)
            assert run.data.metrics["horizon/coverage95"] == entry.coverage95_by_horizon[-1]
        assert run.data.params["floor"] == "true"
    chosen = runs[with_failure.choice.model]
    assert chosen.data.tags["chosen"] == "true"
    assert chosen.info.run_name.startswith("★ ")


def test_tables_and_chart_are_kept_as_artifacts(
    done, shared_tracker: Tracker, with_failure: Competition, reason: str
) -> None:
    folder = Path(read(shared_tracker, done[0]).info.artifact_uri)
    assert (folder / "chart.png").read_bytes() == CHART
    board = list(csv.DictReader(io.StringIO((folder / "leaderboard.csv").read_text("utf-8-sig"))))
    assert [r["model"] for r in board] == [e.model for e in with_failure.entries]
    assert float(board[0]["wis"]) == with_failure.entries[0].wis
    caps = json.loads((folder / "caps.json").read_text("utf-8"))
    assert caps[0]["value"] == 19900.0
    assert caps[0]["demo"] is True
    cells, table = pd.read_parquet(folder / "backtest.parquet"), with_failure.backtest.table()
    # Seven digits.
    pd.testing.assert_frame_equal(cells, table, check_dtype=False, rtol=6e-7)
    forecast = (folder / "forecast.csv").read_text("utf-8-sig")
    assert forecast.count("演示数据") == with_failure.champion_paths.horizon


def test_files_of_the_caller_come_first(record, tracker: Tracker, competition: Competition) -> None:
    run_id, _ = record(competition, **{"caps.json": b"[]", "extra.txt": b"more"})
    folder = Path(read(tracker, run_id).info.artifact_uri)
    assert (folder / "caps.json").read_bytes() == b"[]"
    assert (folder / "extra.txt").read_bytes() == b"more"


def test_each_command_is_a_new_run_and_a_new_version(
    record, competition: Competition, tracker: Tracker
) -> None:
    first, one = record(competition)
    second, two = record(competition)
    assert first != second
    assert (one.version, two.version) == ("1", "2")
    assert find(tracker, competition.series, "2") == two
    assert read(tracker, first).info.experiment_id == read(tracker, second).info.experiment_id
    assert list(tracker.signs.glob("*.alive")) == []


def test_the_experiment_is_one_series_laid_out_for_metrics(
    done, shared_tracker: Tracker, series: Series
) -> None:
    experiment = shared_tracker.call(
        "读取", lambda c: c.get_experiment_by_name(experiment_name(series))
    )
    assert experiment.name == "嘉定区登记失业人数（registered_unemployed.310114）"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    view = json.loads(experiment.tags["mlflow.sharedViewState.scores"])
    assert "metrics.`wis`" in json.loads(view["state"])["selectedColumns"]


@pytest.mark.parametrize(
    ("error", "status"), [(DataError("数据不行。"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_an_error_in_the_block_ends_the_run(
    workspace: Workspace,
    uri: str,
    competition: Competition,
    tracker: Tracker,
    error: BaseException,
    status: str,
) -> None:
    with (
        pytest.raises(type(error)),
        recorded(uri, workspace, competition.series) as recording,
    ):
        raise error
    run = read(tracker, recording.run_id)
    assert run.info.status == status
    assert run.info.run_name.startswith("未完成")
    assert run.data.tags["region"] == "310114"
    assert list(tracker.signs.glob("*.alive")) == []


def test_a_broken_database_is_found_before_the_work(
    empty: Workspace, uri: str, competition: Competition
) -> None:
    (empty.mlruns / "mlflow.db").write_bytes(b"no database" * 500)
    worked = False
    with (
        pytest.raises(StorageError),
        recorded(uri, empty, competition.series),
    ):
        worked = True
    assert not worked
