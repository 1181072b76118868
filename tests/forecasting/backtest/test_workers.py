"""Results do not depend on the number of workers, and no worker is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from employment_forecast.forecasting.backtest import workers
from employment_forecast.forecasting.backtest.cells import Cell, Task, group
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.forecasting.backtest.workers import WorkerError, run_tasks
from employment_forecast.models.paths import Failure

MODELS = ("random_walk", "drift", "seasonal_naive", "theta", "ets")


@pytest.fixture(scope="module")
def cells(history_of, wandering) -> list[Cell]:
    histories = [history_of(wandering(n)) for n in (60, 61, 62, 63)]
    return [
        Cell(model, Origin(history, histories[0]), horizon=6, n_paths=50, seed=3)
        for model in MODELS
        for history in histories
    ]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes for the smallest work."""
    monkeypatch.setattr(workers, "WORTH_A_WORKER", 1e-6)


@pytest.mark.usefixtures("always")
def test_one_worker_and_two_give_the_same_bytes(cells):
    seen: list[tuple[int, int]] = []
    alone = run_tasks(group(cells), 1, lambda done, total: seen.append((done, total)))
    both = run_tasks(group(cells), 2)
    assert alone.keys() == both.keys() == {c.key for c in cells}
    for key, outcome in alone.items():
        assert outcome.values.tobytes() == both[key].values.tobytes()
    assert not any(isinstance(o, Failure) for o in alone.values())
    assert seen == [(4 * (i + 1), 20) for i in range(5)]
    assert multiprocessing.active_children() == []


def test_nothing_to_do_starts_nothing(monkeypatch):
    monkeypatch.setattr(workers, "_pool", None)
    assert run_tasks([], 8) == {}


def test_little_work_starts_nothing(cells, monkeypatch):
    monkeypatch.setattr(workers, "_pool", None)
    assert len(run_tasks(group(cells), 8)) == len(cells)


@pytest.mark.parametrize(
    ("costs", "jobs", "expected"),
    [([], 4, 1), ([29.0], 4, 1), ([20.0] * 3, 4, 2), ([20.0] * 30, 4, 4), ([500.0], 4, 1)],
)
def test_processes_follow_the_work(costs: list[float], jobs: int, expected: int) -> None:
    tasks = [SimpleNamespace(cost=cost) for cost in costs]
    assert workers.workers_for(tasks, jobs) == expected


def test_a_failing_model_is_a_result_and_not_an_error(cells, history_of):
    short = history_of([1.0, 2.0])
    cell = Cell("seasonal_naive", Origin(short, short), horizon=2, n_paths=4, seed=1)
    (outcome,) = run_tasks([Task((cell,))], 1).values()
    assert isinstance(outcome, Failure)
    assert "2 个月" in outcome.reason


class Deadly:
    """A task whose arrival ends the worker, as the kernel does when memory runs out."""

    cells = (None,)
    cost = 1000.0

    def __reduce__(self):
        return os._exit, (9,)


@pytest.mark.soak  # a pool of processes
def test_a_dead_worker_is_a_clear_error():
    with pytest.raises(WorkerError, match="意外退出") as caught:
        run_tasks([Deadly(), Deadly(), Deadly()], 2)
    assert "--jobs 1" in caught.value.hint
    assert multiprocessing.active_children() == []


@pytest.mark.soak  # a pool of processes
@pytest.mark.usefixtures("always")
def test_an_interrupted_report_of_progress_stops_the_workers(cells):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(group(cells), 2, interrupt)
    assert multiprocessing.active_children() == []


SCRIPT = """
import sys, time
from pathlib import Path
from employment_forecast.forecasting.backtest.workers import run_tasks

class Sleeper:
    cells = (None,)
    cost = 1000.0
    def __reduce__(self):
        text = f"import os, pathlib, time; pathlib.Path({sys.argv[1]!r}, str(os.getpid())).touch()"
        return exec, (text + "; time.sleep(3600)",)

if __name__ == "__main__":
    try:
        run_tasks([Sleeper() for _ in range(6)], 2)
    except KeyboardInterrupt:
        print("stopped", flush=True)
"""

Started = Callable[[str], tuple[subprocess.Popen[str], Path]]


def members(session: int) -> set[int]:
    """Living processes of a session."""
    processes = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z" and int(fields[3]) == session:
                processes.add(int(entry.name))
    return processes


def wait_until(reached: Callable[[], bool], seconds: float = 600.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if reached():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def sleeping(tmp_path) -> Iterator[Started]:
    """Start a run whose workers sleep; it leads a session of its own, as under a terminal."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc")
    running = []

    def start(name: str) -> tuple[subprocess.Popen[str], Path]:
        folder = tmp_path / name
        folder.mkdir()
        script = tmp_path / f"{name}.py"
        script.write_text(SCRIPT)
        process = subprocess.Popen(
            [sys.executable, str(script), str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A background shell starts its children with Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        running.append(process)
        return process, folder

    yield start
    for process in running:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.soak  # three pools of processes
def test_ctrl_c_and_kill_leave_no_process_behind(sleeping):
    working, busy = sleeping("working")
    starting, _ = sleeping("starting")
    killed, occupied = sleeping("killed")

    # The first worker exists but has imported nothing yet: it must not print a traceback.
    assert wait_until(lambda: len(members(starting.pid)) >= 3)
    os.killpg(starting.pid, signal.SIGINT)
    out, err = starting.communicate(timeout=600)
    assert (out, err, starting.returncode) == ("stopped\n", "", 0)
    assert wait_until(lambda: not members(starting.pid))

    assert wait_until(lambda: len(list(busy.iterdir())) == 2)
    os.killpg(working.pid, signal.SIGINT)
    out, err = working.communicate(timeout=600)
    assert (out, err, working.returncode) == ("stopped\n", "", 0)
    assert wait_until(lambda: not members(working.pid))

    assert wait_until(lambda: len(list(occupied.iterdir())) == 2)
    os.kill(killed.pid, signal.SIGKILL)
    assert wait_until(lambda: not members(killed.pid))
