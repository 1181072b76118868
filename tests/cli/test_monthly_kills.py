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
from pathlib import Path
from typing import Any

import pytest

from data.errors import EXIT_BUSY, EXIT_OK

Forecast = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
KILLS = 25
DAY = "2026-11-20"
SETTINGS = """
[run]
models = ["ets", "theta", "combination"]
origins = 8
paths = 300
jobs = 1
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
from cli import environment
environment.prepare()
import experiments.cycle.cycle as cycle

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
from cli.main import cli
from cli.failures import run_and_translate
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
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"),
             "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


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
def before(tmp_path: Path, forecast_in: Callable[[Path], Forecast]) -> Path:
    """A workspace whose last cycle was a month ago, with the new month's file waiting."""
    home = tmp_path / "之前"
    (home / "inbox").mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    (home / "inbox" / "历史.csv").write_text(series("2022-01", 57), "utf-8")
    forecast = forecast_in(home)
    caps = forecast(
        "caps", "set", "--region", "嘉定", "--tier", "市", "--value", "11600", "--period", "2026",
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


def test_of_two_started_together_one_runs_and_one_says_so(
    before: Path, forecast_in: Callable[[Path], Forecast]
) -> None:
    command = [sys.executable, "-m", "cli.main", *CYCLE]
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8",
        "FORECAST_HOME": str(before),
    }  # fmt: skip
    first = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    log = before / "logs" / "monthly.log"
    began = log.read_text("utf-8").count("月度作业开始")
    deadline = time.monotonic() + 60
    while log.read_text("utf-8").count("月度作业开始") == began:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = forecast_in(before)(*CYCLE)
    out, err = first.communicate(timeout=170)
    assert first.returncode == EXIT_OK, err.decode()
    assert second.code == EXIT_BUSY
    assert "另一个月度作业" in second.json["error"]["message"]
    assert json.loads(out)["complete"] is True
