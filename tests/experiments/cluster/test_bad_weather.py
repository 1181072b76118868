"""A scheduler that dies, a network that is cut or falls silent, workers without memory."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from support.cluster_node import TRIAL
from support.cluster_office import Network, Office

from employment_forecast.experiments.cluster import Cluster, cluster_state, elsewhere
from employment_forecast.forecasting.backtest.cells import Cell, Task, TaskResult, group
from employment_forecast.forecasting.backtest.wire import pack
from employment_forecast.forecasting.backtest.workers import (
    Results,
    compute_single_threaded,
    run_tasks,
)
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.models.paths import Failure, SamplePaths

KilledWorker = pytest.importorskip("distributed").KilledWorker
if sys.platform != "win32":
    import resource

MEMORY_GROUPS = Path("/sys/fs/cgroup/memory")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter, so that no test waits for minutes."""
    monkeypatch.setattr("employment_forecast.experiments.cluster.fingerprint.trial", lambda: TRIAL)
    monkeypatch.setattr(elsewhere, "_STALLED_SECONDS", 20.0)
    monkeypatch.setattr(elsewhere, "_WITHOUT_WORKERS_SECONDS", 5.0)
    monkeypatch.setattr(elsewhere, "_ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(elsewhere, "_AWAY_SECONDS", 0.0)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    started = Office(tmp_path)
    yield started
    started.processes.end()


Work = Callable[[int], list[Task]]


@pytest.fixture(scope="module")
def work(competition: Competition) -> Work:
    """Tasks that no cluster has had before."""
    models = ("random_walk", "drift", "seasonal_naive")
    return lambda seed: group(Cell(m, o, 6, 200, seed) for m in models for o in competition.origins)


def as_bytes(outcomes: object) -> dict[str, bytes]:
    return {k: p.values.tobytes() for k, p in outcomes.items() if isinstance(p, SamplePaths)}


def here(tasks: Sequence[Task]) -> Results:
    yield from ((task, compute_single_threaded(task)) for task in tasks)


def nowhere(tasks: Sequence[Task]) -> Results:
    raise AssertionError("computed here")
    yield


def all_of(stream: Results) -> dict[str, bytes]:
    cells = {c.key: o for t, d in stream for c, o in zip(t.cells, d.outcomes, strict=True)}
    return as_bytes(cells)


def test_a_connection_that_was_cut_can_be_left(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut:
        status = "closing"

        def close(self, timeout: float) -> None:
            raise ValueError("IOStream is not idle; cannot convert to SSL")

    cluster = Cluster("tcp://127.0.0.1:9", None)
    monkeypatch.setattr(cluster, "_client", Cut())
    assert all_of(cluster(work(1), here)) == as_bytes(run_tasks(work(1), 1))
    assert "集群不可用" in "".join(cluster.take_notes())


@pytest.mark.soak
def test_cut_silent_and_dead_in_the_middle_of_work_change_no_byte(
    office: Office, work: Work
) -> None:
    scheduler = office.scheduler()
    way, other = Network(office.port), Network(office.port)
    workers = office.workers(1), office.workers(1, other.url)
    cluster = Cluster(way.url, office.certificates)

    def in_the_middle(seed: int, happens: Callable[[], object]) -> tuple[bool, str]:
        """Whether the bytes are those of one process after an event with work open; the notes."""
        stream = cluster(work(seed), here)
        done = [next(stream)]
        happens()
        done += stream
        equal = all_of(iter(done)) == as_bytes(run_tasks(work(seed), 1))
        return equal, "".join(cluster.take_notes())

    # Between the office and the scheduler.
    equal, notes = in_the_middle(1, way.cut)
    assert equal
    assert "连接中断" in notes
    way.restore()
    assert all_of(cluster(work(2), nowhere)) == as_bytes(run_tasks(work(2), 1))
    equal, notes = in_the_middle(3, way.silence)
    assert equal
    assert "连接中断" in notes
    way.cut()
    way.restore()
    # Between the scheduler and one worker, which comes back by itself.
    assert in_the_middle(4, other.cut) == (True, "")
    assert "连接中断" in office.said(workers[1])
    other.restore()
    assert "已重新加入" in office.said(workers[1])
    assert cluster_state(cluster).workers == {"127.0.0.1": 2}
    # The scheduler itself.
    equal, notes = in_the_middle(5, scheduler.kill)
    assert equal
    assert "连接中断" in notes
    scheduler.wait()
    office.scheduler()
    for each in workers:
        assert "连接中断" in office.said(each)
        assert "已重新加入" in office.said(each)
    assert all_of(cluster(work(6), nowhere)) == as_bytes(run_tasks(work(6), 1))
    cluster.close()
    way.cut()
    other.cut()
    # A handshake that is cut leaves Tornado's socket open.
    for each in gc.get_objects():
        if type(each) is socket.socket and each.family == socket.AF_INET:
            each.close()


def large(work: list[Task], paths: int, seed: int) -> list[Task]:
    """A few tasks whose paths take 48 bytes each, several times over."""
    few = work[:2]
    return [Task(tuple(Cell(c.model, c.origin, 6, paths, seed) for c in t.cells)) for t in few]


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes")
def test_a_worker_that_may_not_have_the_memory_changes_no_byte(office: Office, work: Work) -> None:
    office.scheduler()
    office.workers(1)
    cluster = Cluster(office.url, office.certificates)
    (worker,) = cluster.connected().run(os.getpid).values()
    used = int(Path(f"/proc/{worker}/statm").read_text("ascii").split()[0]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
    resource.prlimit(worker, resource.RLIMIT_AS, (used + 40_000_000,) * 2)
    tasks = large(work(8), 600_000, 8)
    assert all_of(cluster(tasks, here)) == as_bytes(run_tasks(tasks, 1))
    print("limited addresses:", notes := "".join(cluster.take_notes()))
    assert "已在本机计算" in notes
    # It goes on with what fits.
    assert all_of(cluster(work(9), nowhere)) == as_bytes(run_tasks(work(9), 1))
    assert cluster.take_notes() == []
    cluster.close()


@pytest.mark.soak
@pytest.mark.skipif(not os.access(MEMORY_GROUPS, os.W_OK), reason="no control group of memory")
def test_workers_that_the_system_ends_for_their_memory_change_no_byte(
    office: Office, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for four of them to be started, and to end over the same work.
    for name in ("_STALLED_SECONDS", "_WITHOUT_WORKERS_SECONDS"):
        monkeypatch.setattr(elsewhere, name, 300.0)
    office.scheduler()
    node = office.workers(1)
    group_of = MEMORY_GROUPS / f"forecast-{node.pid}"
    group_of.mkdir()
    try:
        cluster = Cluster(office.url, office.certificates)
        first = cluster.connected().run(os.getpid)
        # What watches over the worker too: those that are started in its place are no freer.
        for pid in (node.pid, *first.values()):
            (group_of / "cgroup.procs").write_text(str(pid), "ascii")
        # Enough for a worker to start in, and for ordinary work.
        (group_of / "memory.limit_in_bytes").write_text("450000000", "ascii")
        tasks = large(work(10), 3_000_000, 10)
        assert all_of(cluster(tasks, here)) == as_bytes(run_tasks(tasks, 1))
        print("ended for their memory:", notes := "".join(cluster.take_notes()))
        print((group_of / "memory.oom_control").read_text("ascii"))
        assert "已在本机计算" in notes
        assert "其间有 4 个工作进程退出或失联，常见原因是内存不足" in notes
        cluster.close()
    finally:
        office.processes.end()
        # A worker outlives for a moment what has started it.
        while left := (group_of / "cgroup.procs").read_text("ascii").split():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.1)
        group_of.rmdir()


class Answered:
    """Work that a worker has answered."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def done(self) -> bool:
        return True

    def result(self, timeout: float) -> bytes:
        return self._answer


class Forgetful:
    """A connection to workers that lack the memory for a model."""

    status = "running"

    class scheduler:  # as Dask's client names it
        identity = None

    def sync(self, *_: object, callback_timeout: float) -> dict[str, dict[str, object]]:
        return {"workers": {"one": {}}}

    def submit(self, _: object, content: bytes, **__: object) -> Answered:
        failed = Failure("内存不足", passing=True)
        done = [TaskResult([failed] * len(task.cells)) for task in elsewhere.unpack(content)]
        return Answered(pack({"fingerprint": "same", "done": done}))


def test_what_a_worker_lacks_the_memory_for_is_computed_here(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster("tcp://127.0.0.1:8786", None)
    monkeypatch.setattr(cluster, "connected", Forgetful)
    monkeypatch.setattr(cluster, "_own", type("Own", (), {"digest": "same"}))
    assert all_of(cluster(work(7), here)) == as_bytes(run_tasks(work(7), 1))
    assert "内存不足" in cluster.take_notes()[0]


class Killed(Forgetful):
    """A connection to workers that end over every piece of work."""

    def submit(self, _: object, content: bytes, **__: object) -> Answered:
        class Lost(Answered):
            def result(self, timeout: float) -> bytes:
                raise KilledWorker("forecast-1", None, 3)

        return Lost(b"")


class Restarted(Forgetful):
    """A connection to workers that are always new ones, and answer nothing."""

    asked = 0

    def sync(self, *_: object, callback_timeout: float) -> dict[str, dict[str, object]]:
        self.asked += 1
        return {"workers": {f"tls://helper:{self.asked}": {}}}

    def submit(self, _: object, content: bytes, **__: object) -> Answered:
        class Open(Answered):
            def done(self) -> bool:
                return False

        return Open(b"")

    def cancel(self, _: object) -> None:
        """Nothing to take back."""


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (Killed, "一份工作没有完成，其间有 4 个工作进程退出"),
        # Asked for once to reach it and once to share out; then one was gone at the next look.
        (Restarted, "没有交出任何结果，其间有 1 个工作进程退出"),
    ],
)
def test_workers_that_ended_are_counted_and_what_they_left_is_computed_here(
    client: type, said: str, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_STALLED_SECONDS", 0.0)
    cluster = Cluster("tcp://127.0.0.1:8786", None)
    monkeypatch.setattr(cluster, "connected", client)
    monkeypatch.setattr(cluster, "_own", type("Own", (), {"digest": "same"}))
    assert all_of(cluster(work(7), here)) == as_bytes(run_tasks(work(7), 1))
    (note,) = cluster.take_notes()
    assert said in note
    assert "常见原因是内存不足：请在工作机上用 forecast cluster worker 的 --jobs 减少" in note
