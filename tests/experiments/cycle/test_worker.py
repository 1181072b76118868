from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.cycle_jobs import temperamental

from employment_forecast.data.catalogue import Region, load_catalogue
from employment_forecast.data.errors import DataError, ForecastError
from employment_forecast.data.files.locks import lock, try_lock
from employment_forecast.experiments.cycle.cycle import _carry_through
from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.worker import (
    RegionTask,
    RegionTimeout,
    Worker,
    WorkerDied,
    Workers,
)

DAY = date(2026, 11, 20)


def order(region: str) -> RegionTask:
    return RegionTask(region, "i", DAY)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def worker(root: Path) -> Iterator[Worker]:
    """One for all, since each start imports everything; it starts again where a test ended it."""
    with Worker(root, temperamental, 600) as started:
        yield started


def test_one_process_does_many_and_errors_come_back(tmp_path: Path) -> None:
    with Worker(tmp_path, temperamental, 600) as worker:
        (first,) = worker.ask(order("a"))
        with pytest.raises(DataError, match="缺月") as told:
            list(worker.ask(order("known")))
        assert told.value.hint == "请补录。"
        with pytest.raises(ForecastError, match="KeyError"):
            list(worker.ask(order("odd")))
        (second,) = worker.ask(order("b"))
        assert second.message == first.message != str(os.getpid())
    deadline = time.monotonic() + 600
    while alive(int(first.message)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(int(first.message))


@pytest.mark.soak  # a process that imports everything
def test_a_process_that_dies_is_replaced(worker: Worker) -> None:
    (first,) = worker.ask(order("a"))
    with pytest.raises(WorkerDied):
        list(worker.ask(order("die")))
    (second,) = worker.ask(order("c"))
    assert second.message != first.message


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="/proc")
def test_what_hangs_is_ended_with_its_children(
    worker: Worker, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(worker.ask(order("a")))
    monkeypatch.setattr(worker, "_seconds", 10.0)
    with pytest.raises(RegionTimeout):
        list(worker.ask(order("hang")))
    child = int((root / "child").read_text())
    deadline = time.monotonic() + 600
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(child)
    monkeypatch.undo()
    assert [each.state for each in worker.ask(order("b"))] == ["done"]


@pytest.mark.soak  # four processes that import everything
def test_regions_go_to_whoever_is_free(tmp_path: Path) -> None:
    given = {}

    def ask(worker: Worker, task: RegionTask) -> Iterator[RegionResult]:
        given[task.region] = task.jobs
        try:
            yield from worker.ask(task)
        except WorkerDied:
            yield RegionResult(task.region, "", task.indicator, "", str(DAY), "failed")

    with Workers(tmp_path, temperamental, 600, 4) as workers:
        results = {r.region: r for r in workers.results([order(r) for r in ("die", "a")], ask)}
        assert given == {"die": 2, "a": 2}
        assert (results["die"].state, results["a"].state) == ("failed", "done")
        again = list(workers.results([order(r) for r in "abcdefgh"], ask))
        assert sorted(r.region for r in again) == list("abcdefgh")
        assert given["h"] == 1
        assert len({r.message for r in again}) <= 4
        with pytest.raises(ForecastError, match="KeyError"):
            list(workers.results([order("odd"), order("a")], ask))


@pytest.mark.parametrize(
    ("fault", "said"), [("die", "处理进程意外退出"), ("known", "缺月。"), ("odd", "KeyError")]
)
def test_members_of_a_tree_that_ended_before_a_fault_stay_done(
    worker: Worker, fault: str, said: str
) -> None:
    members = ("a", "b", fault, "c")
    indicator = load_catalogue().indicator("registered_unemployed")
    named = [(Region(code, code, None, "district"), indicator) for code in members]
    task = replace(order("a"), members=members, indicator=indicator.code)
    told = list(_carry_through(worker, named, task, 10))
    assert [(each.region, each.state) for each in told] == [
        ("a", "done"),
        ("b", "done"),
        (fault, "failed"),
        ("c", "failed"),
    ]
    assert all(said in each.message for each in told[2:])


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    file = tmp_path / "x.lock"
    with try_lock(file) as first:
        assert first
        with try_lock(file) as second:
            assert not second
    with try_lock(file) as third:
        assert third
    with lock(file, shared=True), lock(file, shared=True), try_lock(file) as alone:
        assert not alone
