"""A real scheduler and two real workers on this machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.cluster_node import TRIAL
from support.cluster_office import Office

from employment_forecast.experiments.cluster import Cluster, ClusterError, cluster_state, elsewhere
from employment_forecast.experiments.cluster.certificates import make_certificates
from employment_forecast.experiments.cluster.elsewhere import shared_out
from employment_forecast.forecasting.backtest.cells import Cell, Task, group
from employment_forecast.forecasting.backtest.workers import (
    Results,
    compute_single_threaded,
    run_tasks,
)
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.models.paths import SamplePaths

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    started = Office(tmp_path_factory.mktemp("cluster"))
    yield started
    started.processes.end()


@pytest.fixture(autouse=True)
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("employment_forecast.experiments.cluster.fingerprint.trial", lambda: TRIAL)


@pytest.fixture(scope="module")
def tasks(competition: Competition) -> list[Task]:
    models = ("random_walk", "drift", "seasonal_naive")
    return group(Cell(m, o, 6, 200, 1) for m in models for o in competition.origins)


def as_bytes(outcomes: dict[str, object]) -> dict[str, bytes]:
    return {k: p.values.tobytes() for k, p in outcomes.items() if isinstance(p, SamplePaths)}


def here(tasks: Sequence[Task]) -> Results:
    raise AssertionError("computed here")
    yield


@pytest.mark.soak
def test_a_cluster_gives_the_same_bytes_whatever_becomes_of_its_workers(
    office: Office, tasks: list[Task]
) -> None:
    expected = as_bytes(run_tasks(tasks, 1))
    cluster = Cluster(office.url, office.certificates)
    # Nobody is there yet: computed here, and said once.
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == expected
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == expected
    (note,) = cluster.take_notes()
    assert "没有应答" in note

    scheduler = office.scheduler()
    other = office.start("worker", office.url, "1", str(office.helper), "different")
    assert "试算结果的末位不同" in office.said(other)
    assert other.wait(timeout=600) == 9
    workers = office.workers(2)

    cluster = Cluster(office.url, office.certificates)
    assert cluster_state(cluster).workers == {"127.0.0.1": 2}
    results = list(cluster(tasks, here))
    assert {id(task) for task, _ in results} == {id(task) for task in tasks}
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == expected
    assert cluster.take_notes() == []

    # One is killed while the other tasks are still to come: another takes its work.
    client = cluster.connected()
    pids = list(client.run(os.getpid).values())
    late = [Task(tuple(Cell(c.model, c.origin, 6, 200, 2) for c in t.cells)) for t in tasks]
    stream = cluster(late, here)
    done = [next(stream)]
    os.kill(pids[0], signal.SIGKILL)
    done += stream
    outcomes = {c.key: o for t, d in done for c, o in zip(t.cells, d.outcomes, strict=True)}
    assert as_bytes(outcomes) == as_bytes(run_tasks(late, 1))

    # All of them leave, then the scheduler.
    workers.terminate()
    assert workers.wait(timeout=600) == 0
    scheduler.kill()
    scheduler.wait()
    deadline = time.monotonic() + 600
    while client.status == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == expected
    assert cluster.take_notes()
    cluster.close()


@pytest.mark.soak  # processes of a cluster
def test_certificates_of_another_office_are_refused(tmp_path: Path, tasks: list[Task]) -> None:
    office = Office(tmp_path)
    try:
        office.scheduler()
        (strange,) = make_certificates(tmp_path / "别处", ["stranger"])
        with pytest.raises(ClusterError, match="没有应答"):
            Cluster(office.url, strange).connected()
        refused = office.start("worker", office.url, "1", str(strange), TRIAL)
        assert "没有应答" in office.said(refused)
        assert refused.wait(timeout=600) != 0
    finally:
        office.processes.end()


class Silent:
    """A connection whose workers are there, take work and give nothing back."""

    status = "running"
    cancelled = 0

    class scheduler:  # as Dask's client names it
        identity = None

    def sync(self, *_: object, callback_timeout: float) -> dict[str, dict[str, object]]:
        return {"workers": {"one": {}}}

    def submit(self, *_: object, key: str, **__: object) -> Silent.Future:
        return Silent.Future()

    def cancel(self, futures: Sequence[object]) -> None:
        self.cancelled += len(futures)

    class Future:
        def done(self) -> bool:
            return False


def test_work_that_hangs_elsewhere_is_done_here(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_STALLED_SECONDS", 0.0)
    monkeypatch.setattr(elsewhere, "_pause", lambda waiting: None)
    cluster, silent = Cluster("tcp://127.0.0.1:8786", None), Silent()
    monkeypatch.setattr(cluster, "connected", lambda: silent)
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == as_bytes(run_tasks(tasks, 1))
    assert silent.cancelled == 2
    assert "没有交出任何结果" in cluster.take_notes()[0]
    # The next region does not ask again.
    assert as_bytes(run_tasks(tasks, 1, elsewhere=cluster)) == as_bytes(run_tasks(tasks, 1))
    assert silent.cancelled == 2


@pytest.mark.parametrize(("done_at", "slept"), [(1, 0.0), (5, 0.2), (1000, 2.0)])
def test_between_two_questions_to_the_scheduler_only_this_process_is_asked(
    done_at: int, slept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, sleeps = iter(range(1, 1000)), list[float]()
    monkeypatch.setattr(elsewhere.time, "sleep", sleeps.append)
    future = type("Future", (), {"done": lambda _: next(looks) >= done_at})()
    elsewhere._pause([future])
    assert sum(sleeps) == pytest.approx(slept)


@pytest.mark.soak
def test_a_stopped_worker_and_a_second_client_change_no_byte(
    tmp_path: Path, tasks: list[Task]
) -> None:
    office = Office(tmp_path)
    try:
        office.scheduler()
        office.workers(2)
        one, two = (Cluster(office.url, office.certificates) for _ in range(2))
        pids = list(one.connected().run(os.getpid).values())
        expected = as_bytes(run_tasks(tasks, 1))
        # Both have the same work done at the same time, and the first one leaves in the middle.
        first, second = one(tasks, here), two(tasks, here)
        next(first)
        done = [next(second)]
        first.close()
        done += second
        outcomes = {c.key: o for t, d in done for c, o in zip(t.cells, d.outcomes, strict=True)}
        assert as_bytes(outcomes) == expected
        # One is stopped with work in its hands: after a minute another has it.
        late = [Task(tuple(Cell(c.model, c.origin, 6, 200, 3) for c in t.cells)) for t in tasks]
        stream = two(late, lambda some: ((t, compute_single_threaded(t)) for t in some))
        os.kill(pids[0], signal.SIGSTOP)
        outcomes = {c.key: o for t, d in stream for c, o in zip(t.cells, d.outcomes, strict=True)}
        assert as_bytes(outcomes) == as_bytes(run_tasks(late, 1))
        one.close()
        two.close()
    finally:
        office.processes.end()


def test_shares_cost_about_the_same(tasks: list[Task]) -> None:
    shares = shared_out(tasks, 2)
    assert len(shares) == 4
    assert sorted(id(task) for share in shares for task in share) == sorted(map(id, tasks))
    costs = [sum(t.cost for t in share) for share in shares]
    assert max(costs) - min(costs) <= max(t.cost for t in tasks)


@pytest.mark.soak
def test_kills_while_work_is_open_change_no_byte(tmp_path: Path, competition: Competition) -> None:
    office = Office(tmp_path)
    try:
        office.scheduler()
        office.workers(2)
        cluster = Cluster(office.url, office.certificates)
        client = cluster.connected()
        for seed in range(25):
            models = ("random_walk", "drift", "theta", "seasonal_naive")
            tasks = group(Cell(m, o, 6, 1000, seed) for m in models for o in competition.origins)
            stream = cluster(tasks, lambda some: ((t, compute_single_threaded(t)) for t in some))
            done = [next(stream)]
            # More is to come: the kill meets work that is open.
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
            done += stream
            outcomes = {c.key: o for t, d in done for c, o in zip(t.cells, d.outcomes, strict=True)}
            assert as_bytes(outcomes) == as_bytes(run_tasks(tasks, 1))
        cluster.close()
    finally:
        office.processes.end()
