from __future__ import annotations

import pytest

from employment_forecast.data.errors import DataError, NotFoundError, StorageError
from employment_forecast.experiments.tracking import runs
from employment_forecast.experiments.tracking import tracker as tracking
from employment_forecast.experiments.tracking.runs import INTERRUPTED, Figures, Run, begin, running
from employment_forecast.experiments.tracking.tracker import Tracker


@pytest.fixture
def experiment(tracker: Tracker) -> str:
    return tracker.experiment("试验", "test", {"region": "310114"})


def read(tracker: Tracker, run: Run):
    return tracker.call("读取", lambda c: c.get_run(run.id))


def status(tracker: Tracker, run: Run) -> str:
    return read(tracker, run).info.status


def test_a_run_shows_as_running_until_it_ends(tracker: Tracker, experiment: str) -> None:
    with running(tracker, experiment, "甲", {"region": "310114"}) as run:
        assert status(tracker, run) == "RUNNING"
    assert status(tracker, run) == "FINISHED"
    tags = read(tracker, run).data.tags
    assert tags["region"] == "310114"
    assert tags["mlflow.runName"] == "甲"
    assert tags[runs.PROCESS_TAG] == tracker.process


def test_figures_can_be_read_back(tracker: Tracker, experiment: str) -> None:
    run = begin(tracker, experiment, "甲", {})
    run.log(
        Figures(
            params={"horizon": "12"},
            metrics={"wis": 0.25, "mase": None, "coverage95": float("nan")},
            series={"horizon/wis": [0.1, float("nan"), 0.3]},
            tags={"choice": "季节朴素"},
        )
    )
    data = read(tracker, run).data
    assert data.params == {"horizon": "12"}
    assert data.metrics == {"wis": 0.25, "horizon/wis": 0.3}
    assert data.tags["choice"] == "季节朴素"
    history = tracker.call("读取", lambda c: c.get_metric_history(run.id, "horizon/wis"))
    assert [(m.step, m.value) for m in history] == [(1, 0.1), (3, 0.3)]


def test_more_than_a_request_holds_is_sent_in_parts(tracker: Tracker, experiment: str) -> None:
    run = begin(tracker, experiment, "甲", {})
    run.log(
        Figures(
            params={f"p{i}": "1" for i in range(150)},
            series={"horizon/wis": [float(i) for i in range(1100)]},
            tags={f"t{i}": "x" * 9000 for i in range(120)},
        )
    )
    data = read(tracker, run).data
    assert len(data.params) == 150
    assert data.metrics == {"horizon/wis": 1099.0}
    assert len([t for t in data.tags if t.startswith("t")]) == 120


def test_an_error_ends_the_run_as_failed_with_its_reason(tracker: Tracker, experiment: str) -> None:
    with pytest.raises(DataError), running(tracker, experiment, "甲", {}) as run:
        raise DataError("历史太短。", "请补录。")
    assert status(tracker, run) == "FAILED"
    assert read(tracker, run).data.tags[runs.END_TAG] == "历史太短。请补录。"


def test_ctrl_c_ends_the_run_as_killed(tracker: Tracker, experiment: str) -> None:
    with pytest.raises(KeyboardInterrupt), running(tracker, experiment, "甲", {}) as run:
        raise KeyboardInterrupt
    assert status(tracker, run) == "KILLED"
    assert read(tracker, run).data.tags[runs.END_TAG] == INTERRUPTED


def test_the_first_error_wins_when_mlflow_fails_too(
    tracker: Tracker, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageError("坏了。")

    def work() -> None:
        with tracker, running(tracker, experiment, "甲", {}) as run:
            begun.append(run)
            monkeypatch.setattr(tracker, "call", fail)
            raise ZeroDivisionError

    begun: list[Run] = []
    with pytest.raises(ZeroDivisionError):
        work()
    monkeypatch.undo()
    # The run could not be ended, so the sign of life stays for a later sweep to find.
    assert status(tracker, begun[0]) == "RUNNING"
    assert (tracker.signs / f"{tracker.process}.alive").exists()


def test_children_belong_to_their_parent(tracker: Tracker, experiment: str) -> None:
    with (
        running(tracker, experiment, "父", {}) as parent,
        running(tracker, experiment, "子", {}, parent.id) as child,
    ):
        pass
    assert read(tracker, child).data.tags["mlflow.parentRunId"] == parent.id


def test_leaving_the_tracker_takes_the_sign_back(tracker: Tracker, experiment: str) -> None:
    with tracker, running(tracker, experiment, "甲", {}):
        assert len(list(tracker.signs.glob("*.alive"))) == 1
    assert list(tracker.signs.glob("*.alive")) == []


def test_a_deleted_experiment_comes_back(tracker: Tracker, experiment: str) -> None:
    tracker.call("删除", lambda c: c.delete_experiment(experiment))
    assert tracker.experiment("试验", "test", {}) == experiment
    begin(tracker, experiment, "甲", {})


def test_what_is_busy_is_tried_again(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker.open()
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

    waited: list[float] = []
    monkeypatch.setattr(tracking.time, "sleep", waited.append)
    faults = iter([1, 2])

    def busy_twice(_: object) -> str:
        if next(faults, None):
            raise MlflowException("database is locked", error_code=TEMPORARILY_UNAVAILABLE)
        return "done"

    assert tracker.call("试", busy_twice) == "done"
    assert waited == list(tracking.PAUSES[:2])


def test_what_stays_busy_is_a_storage_error(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.open()
    from mlflow.exceptions import MlflowException

    monkeypatch.setattr(tracking.time, "sleep", lambda _: None)

    def busy(_: object) -> None:
        raise MlflowException("(sqlite3.OperationalError) database is locked\nmore")

    with pytest.raises(StorageError, match=r"试失败：.*database is locked。请检查"):
        tracker.call("试", busy)


def test_a_run_that_is_not_there_is_not_found(tracker: Tracker) -> None:
    with pytest.raises(NotFoundError):
        tracker.call("读取", lambda c: c.get_run("0" * 32))


def test_an_outdated_schema_names_the_remedy(tracker: Tracker) -> None:
    tracker.open()
    from mlflow.exceptions import MlflowException

    def outdated(_: object) -> None:
        raise MlflowException("Detected out-of-date database schema (found version 1bd49d398cd23)")

    with pytest.raises(StorageError) as caught:
        tracker.call("打开", outdated)
    assert "mlflow db upgrade sqlite:" in caught.value.hint
