"""A cycle killed while a write is open, and run again, ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import tries
from support.paths import ROOT

from employment_forecast.data.errors import EXIT_BUSY, EXIT_OK
from employment_forecast.data.files.locks import try_lock

Forecast = Callable[..., Any]
KILLS = tries(12)
CLOCK_KILLS = tries(6)
DAY = "2026-11-20"
SETTINGS = """
[run]
models = ["ets", "theta", "combination"]
origins = 8
paths = 300
jobs = 1

[monthly]
settle_seconds = 0
"""
CYCLE = ("monthly", "--regions", "嘉定", "--as-of", DAY, "--json")

# The cycle in one process, which counts what it is about to make lasting (a commit, a file synced
# or put in its place) and dies at one of these points.
CHILD = """
import os, signal, sys
from pathlib import Path

home, last = sys.argv[1], int(sys.argv[2])
os.environ.update(FORECAST_HOME=home, FORECAST_TODAY=sys.argv[3])
from sqlalchemy import event
from sqlalchemy.engine import Engine
from employment_forecast.cli.shell import environment
environment.prepare()
import employment_forecast.experiments.cycle.cycle as cycle

class Here:
    def __init__(self, root, prepare, seconds):
        self.root, self.prepare, self.job = root, prepare, None
    def __enter__(self):
        return self
    def __exit__(self, *_):
        return None
    def ask(self, order):
        self.job = self.job or self.prepare(self.root)
        return self.job(order)

cycle.Worker = Here
seen, fsync, replace = [0], os.fsync, os.replace

def passing(*_):
    seen[0] += 1
    if seen[0] == last:
        print("open", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

def counted_fsync(handle):
    passing()
    fsync(handle)

def counted_replace(*names, **more):
    passing()
    replace(*names, **more)
    passing()

os.fsync, os.replace = counted_fsync, counted_replace
event.listen(Engine, "commit", passing)
from employment_forecast.cli.main import cli
from employment_forecast.cli.shell.failures import run_and_translate
code = run_and_translate(cli, ["monthly", "--regions", "嘉定", "--as-of", sys.argv[3], "--json"])
print("points", seen[0], code, file=sys.stderr)
sys.exit(code)
"""


def series(first: str, count: int) -> str:
    year, month = map(int, first.split("-"))
    rows = []
    for i in range(count):
        y, m = divmod(year * 12 + month - 1 + i, 12)
        rows.append(f"嘉定区,{y}-{m + 1:02d},{11000 + 37 * (i * i % 11) + 5 * i}")
    return "\n".join(["地区,月份,登记失业人数（人）", *rows]) + "\n"


def child(home: Path, last: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(home), str(last), DAY],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def outcome(forecast: Forecast, home: Path) -> dict[str, Any]:
    """What readers see afterwards, but for moments, run numbers and names of kept files."""
    feed = json.loads(
        (home / "thresholds" / "registered_unemployed.310114.json").read_text("utf-8")
    )
    journal = json.loads(
        (home / "monthly" / "journal" / "310114.registered_unemployed.json").read_text("utf-8")
    )
    warnings = forecast("warnings", "history", "--json").json["warnings"]
    bulletins = {
        str(f.relative_to(home)): f.read_bytes()
        for f in sorted((home / "bulletins").rglob("*"))
        if f.is_file() and f.suffix in (".md", ".html", ".docx", ".json") and f.name != "index.html"
    }
    unstable = ("created_at", "checksum")
    last = {k: v for k, v in journal["entries"][-1].items() if k != "run_id"}
    return {
        "feed": {k: v for k, v in feed.items() if k not in unstable},
        "journal": last,
        "warnings": [{k: v for k, v in w.items() if k != "issued_at"} for w in warnings],
        "bulletins": bulletins,
        "inbox": sorted(f.name for f in (home / "inbox").iterdir() if f.is_file()),
    }


@pytest.fixture
def before(tmp_path: Path, databases: Path, forecast_in: Callable[[Path], Forecast]) -> Path:
    """A workspace whose last cycle was a month ago, with the new month's file waiting."""
    home = tmp_path / "之前"
    shutil.copytree(databases, home)
    (home / "inbox").mkdir(exist_ok=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    (home / "inbox" / "历史.csv").write_text(series("2022-01", 57), "utf-8")
    forecast = forecast_in(home)
    caps = forecast(
        "caps", "set", "--basis", "各月",
            "--region", "嘉定", "--tier", "市", "--value", "11600", "--period", "2026",
        "--source", "测试", "--announced-on", "2026-01-15",
    )  # fmt: skip
    assert caps.code == 0, caps.err
    done = forecast("monthly", "--regions", "嘉定", "--as-of", "2026-10-20", "--json")
    assert done.code == EXIT_OK, done.err
    (home / "inbox" / "新.csv").write_text(series("2022-01", 58), "utf-8")
    return home


def kill_and_rerun(
    before: Path, tmp_path: Path, forecast_in: Callable[[Path], Forecast], kills: int
) -> None:
    def fresh(name: str) -> Path:
        home = tmp_path / name
        shutil.copytree(before, home)
        return home

    undisturbed = fresh("不受干扰")
    counted = child(undisturbed, 0)
    assert counted.returncode == EXIT_OK, counted.stderr
    points = int(counted.stderr.split("points ")[1].split()[0])
    assert points > 20
    expected = outcome(forecast_in(undisturbed), undisturbed)
    dice = random.Random(20261120)
    for at in sorted(dice.sample(range(1, points + 1), kills)):
        home = fresh("被杀")
        killed = child(home, at)
        assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "open\n"), killed.stderr
        forecast = forecast_in(home)
        again = forecast(*CYCLE)
        assert again.code == EXIT_OK, (at, again.out, again.err)
        assert outcome(forecast, home) == expected, f"killed at point {at} of {points}"
        shutil.rmtree(home)


@pytest.mark.soak
def test_killed_anywhere_and_run_again(
    before: Path, tmp_path: Path, forecast_in: Callable[[Path], Forecast]
) -> None:
    kill_and_rerun(before, tmp_path, forecast_in, KILLS)


def descendants(process: int) -> set[int]:
    """The process and all it has started, whatever session they lead."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    processes, more = {process}, {process}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more} - processes
        processes |= more
    return processes


def region_in_progress(home: Path) -> bool:
    """Whether a worker holds the lock under which it does a region."""
    with try_lock(home / "monthly" / "worker.lock") as mine:
        return not mine


@dataclass
class Cycle:
    """`forecast monthly` as cron starts it."""

    home: Path
    environment: dict[str, str]

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "employment_forecast.cli.main", *CYCLE],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def reach_region(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 600
        while not region_in_progress(self.home):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def region_seconds(self) -> float:
        """How long the region takes when nothing disturbs it."""
        process = self.start()
        self.reach_region(process)
        began = time.monotonic()
        while region_in_progress(self.home):
            time.sleep(0.01)
        took = time.monotonic() - began
        out, err = process.communicate(timeout=600)
        assert process.returncode == EXIT_OK, (out, err)
        return took

    def kill_after(self, seconds: float, *, whole_tree: bool) -> bool:
        """Kill it so long after its region was begun; whether the region was still being done."""
        process = self.start()
        self.reach_region(process)
        time.sleep(seconds)
        open_still = region_in_progress(self.home)
        doomed = descendants(process.pid)
        if whole_tree:
            for pid in doomed:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            # What reaches the group leaves the worker, which leads one of its own.
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=600)
        # Without the cycle, or after it, nothing was in progress: such a kill proves nothing.
        return open_still and process.returncode == -signal.SIGKILL and len(doomed) > 1


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc")
def test_processes_killed_at_any_moment_and_run_again(
    before: Path,
    tmp_path: Path,
    forecast_in: Callable[[Path], Forecast],
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    def fresh(name: str) -> Cycle:
        home = tmp_path / name
        shutil.copytree(before, home)
        return Cycle(home, {**environment_of(home), "FORECAST_TODAY": DAY})

    undisturbed = fresh("不受干扰")
    longest = undisturbed.region_seconds()
    expected = outcome(forecast_in(undisturbed.home), undisturbed.home)
    dice = random.Random(20261127)
    moments: list[float] = []
    for attempt in range(4 * CLOCK_KILLS):
        if len(moments) == CLOCK_KILLS:
            break
        cycle, moment = fresh(f"被杀{attempt}"), dice.uniform(0.0, longest)
        if cycle.kill_after(moment, whole_tree=attempt % 2 == 0):
            moments.append(moment)
        forecast = forecast_in(cycle.home)
        again = forecast(*CYCLE)
        assert again.code == EXIT_OK, (moment, again.out, again.err)
        told = f"killed {moment:.2f} s of {longest:.2f} s into the region"
        assert outcome(forecast, cycle.home) == expected, told
        shutil.rmtree(cycle.home)
    assert len(moments) == CLOCK_KILLS


@pytest.mark.soak
def test_two_cycles_and_a_single_run_started_together(
    before: Path,
    forks: Any,
    forecast_in: Callable[[Path], Forecast],
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    forecast = forecast_in(before)
    script = str(Path(sys.executable).with_name("forecast"))
    first = forks.begin([script, *CYCLE], environment_of(before), ROOT)
    until = time.monotonic() + 600
    while not region_in_progress(before):
        assert time.monotonic() < until, first.end()
        time.sleep(0.01)
    second = forecast(*CYCLE)
    assert second.code == EXIT_BUSY
    assert "另一个月度作业" in second.json["error"]["message"]
    # A single run of a person goes on beside it, of the same region too.
    single = forecast(
        "run", "--region", "嘉定", "--models", "random_walk", "--origins", "4", "--json"
    )
    assert single.code == EXIT_OK, single.err
    out, err = first.communicate(timeout=600)
    assert first.returncode == EXIT_OK, err.decode()
    assert json.loads(out)["complete"] is True
    told = forecast("models", "list", "--region", "嘉定", "--json").json["versions"]
    assert len({v["version"] for v in told}) == len(told) == 3
