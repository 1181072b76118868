from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from employment_forecast.data.errors import DataError, ForecastError
from employment_forecast.data.files.locks import try_lock
from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.worker import (
    RegionTask,
    RegionTimeout,
    Worker,
    WorkerDied,
)

DAY = date(2026, 11, 20)


def job(root: Path) -> Callable[[RegionTask], RegionResult]:
    return partial(work, root)


def work(root: Path, order: RegionTask) -> RegionResult:
    """Stands for a region's work; what it does depends on the region's name."""
    if order.region == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (root / "child").write_text(str(child.pid))
        time.sleep(60)
    if order.region == "die":
        os._exit(3)
    if order.region == "known":
        raise DataError("缺月。", "请补录。")
    if order.region == "odd":
        raise KeyError("x")
    pid = str(os.getpid())
    return RegionResult(
        order.region, "甲", order.indicator, "乙", str(order.day), "done", message=pid
    )


def order(region: str) -> RegionTask:
    return RegionTask(region, "i", DAY)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_one_process_does_many_and_errors_come_back(tmp_path: Path) -> None:
    with Worker(tmp_path, job, 60) as worker:
        first = worker.ask(order("a"))
        with pytest.raises(DataError, match="缺月") as told:
            worker.ask(order("known"))
        assert told.value.hint == "请补录。"
        with pytest.raises(ForecastError, match="KeyError"):
            worker.ask(order("odd"))
        assert worker.ask(order("b")).message == first.message != str(os.getpid())
        with pytest.raises(WorkerDied):
            worker.ask(order("die"))
        assert worker.ask(order("c")).message != first.message
    deadline = time.monotonic() + 10
    while alive(int(first.message)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(int(first.message))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="/proc")
def test_what_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    with Worker(tmp_path, job, 60) as warm:
        warm.ask(order("a"))
        warm._seconds = 2.0
        with pytest.raises(RegionTimeout):
            warm.ask(order("hang"))
        child = int((tmp_path / "child").read_text())
        deadline = time.monotonic() + 10
        while alive(child) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not alive(child)
        warm._seconds = 60.0
        assert warm.ask(order("b")).state == "done"


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    file = tmp_path / "x.lock"
    with try_lock(file) as first:
        assert first
        with try_lock(file) as second:
            assert not second
    with try_lock(file) as third:
        assert third
