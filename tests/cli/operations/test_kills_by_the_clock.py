"""Commands killed at any moment of their run: the workspace stays whole, the next try succeeds.

Each campaign prints what it tried, how often the process died with its work open, and what stayed
behind after the next command.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import tries
from support.processes import Processes

from employment_forecast.data.errors import EXIT_OK, EXIT_REFUSED

Forecast = Callable[..., Any]
KILLS = tries(40)
LARGE_FILES = 400
PLACE = ("--region", "嘉定")
SETTINGS = """
[run]
models = ["ets", "theta", "combination"]
origins = 8
paths = 300
jobs = 1

[import]
revisions = "accept"

[monthly]
settle_seconds = 0

[bulletin]
office = "嘉定区就业促进中心"
"""
COMMANDS = {
    "import": ("data", "import", "{file}"),
    "backup": ("backup", "{folder}/备份.zip"),
    "restore": ("restore", "{backup}"),
    "run": ("run", *PLACE, "--no-cache", "--json"),
    "promote": ("promote", *PLACE, "--force", "--why", "测试"),
    "export": ("thresholds", "export", *PLACE),
    "issue": (
        "bulletin", "issue", *PLACE, "--month", "2026-10", "--number", "嘉人社〔2026〕1号",
        "--to", "区人民政府", "--signer", "张三", "--date", "2026-11-23",
    ),
    "monthly": ("monthly", "--regions", "嘉定", "--json"),
}  # fmt: skip
# What must have happened before: the command of another row, or a draft to sign.
BEFORE = {
    "export": [("promote", *PLACE, "--force", "--why", "测试")],
    "issue": [
        ("promote", *PLACE, "--force", "--why", "测试"),
        ("bulletin", *PLACE, "--month", "2026-10"),
        ("bulletin", "review", *PLACE, "--month", "2026-10", "--reviewer", "李四"),
    ],
}


@dataclass
class Campaign:
    """One command, killed again and again, each time in a fresh copy of one workspace."""

    name: str
    base: Path
    folder: Path
    forecast_in: Callable[[Path], Forecast]
    environment_of: Callable[[Path], dict[str, str]]
    command_of: Callable[..., list[str]]
    processes: Processes

    def __post_init__(self) -> None:
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.words = [
            word.format(
                file=self.folder / "月报.csv", folder=self.folder, backup=self.folder / "来源.zip"
            )
            for word in COMMANDS[self.name]
        ]
        self.usual = self.usual_seconds()

    def fresh(self) -> Path:
        home = self.folder / "被杀"
        shutil.rmtree(home, ignore_errors=True)
        (self.folder / "备份.zip").unlink(missing_ok=True)
        if self.name != "restore":
            shutil.copytree(self.base, home)
        return home

    def start(self, home: Path) -> subprocess.Popen[bytes]:
        return self.processes.start(
            self.command_of(self.words),
            env={**self.environment_of(home), "TMPDIR": str(self.temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def usual_seconds(self) -> float:
        process, began = self.start(self.fresh()), time.monotonic()
        assert process.wait() == EXIT_OK, self.name
        return time.monotonic() - began

    def kill(self, share: float) -> bool:
        """Kill it after this share of the time it takes, and try again; whether it was at work."""
        home = self.fresh()
        process, began = self.start(home), time.monotonic()
        try:
            process.wait(share * self.usual)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.whole(home)
            return True
        self.usual = time.monotonic() - began  # the machine has become faster
        self.whole(home)
        return False

    def whole(self, home: Path) -> None:
        """The command succeeds, or says that it has been done; the workspace answers."""
        forecast = self.forecast_in(home)
        own = {"TMPDIR": str(self.temporary)}
        began = time.monotonic()
        again = forecast(*self.words, env=own)
        assert again.code in (EXIT_OK, EXIT_REFUSED), (self.name, again.out, again.err)
        self.usual = max(self.usual, time.monotonic() - began)  # or slower
        for question in (("data", "status"), ("models", "list", *PLACE)):
            answer = forecast(*question, "--json", env=own)
            assert answer.code == EXIT_OK, (self.name, question, answer.out)

    def leftovers(self) -> list[str]:
        """What lies where temporary files are made, and beside backups and workspaces."""
        mine = {"tmp", "被杀", "月报.csv", "来源.zip", "备份.zip"}
        beside = [f for f in self.folder.iterdir() if f.name not in mine]
        return sorted(f.name for f in (*self.temporary.iterdir(), *beside))


@pytest.fixture
def campaign(
    prepared: Any,
    tmp_path: Path,
    forecast_in: Callable[[Path], Forecast],
    environment_of: Callable[[Path], dict[str, str]],
    command_of: Callable[..., list[str]],
) -> Iterator[Callable[..., Campaign]]:
    processes = Processes()

    def make(name: str, large: bool = True) -> Campaign:
        base, folder = tmp_path / "之前", tmp_path / name
        folder.mkdir()
        shutil.copytree(prepared.home, base)
        (base / "forecast.toml").write_text(SETTINGS, "utf-8")
        rows = [f"嘉定区,2025-{m:02d},{11000 + 17 * m}" for m in range(1, 13)]
        table = "\n".join(["地区,月份,登记失业人数（人）", *rows]) + "\n"
        (folder / "月报.csv").write_text(table, "utf-8")
        forecast = forecast_in(base)
        for words in BEFORE.get(name, ()):
            done = forecast(*words)
            assert done.code == EXIT_OK, (words, done.err)
        if name == "restore":  # a large one: what it unpacks takes longer than its start
            many = base / "mlruns" / "artifacts" / "多"
            many.mkdir(parents=True)
            for number in range(LARGE_FILES if large else 0):
                (many / str(number)).write_bytes(random.Random(number).randbytes(1 << 16))
            assert forecast("backup", str(folder / "来源.zip")).code == EXIT_OK
        return Campaign(name, base, folder, forecast_in, environment_of, command_of, processes)

    yield make
    processes.end()


def wage(campaign: Campaign, kills: int, capsys: pytest.CaptureFixture[str]) -> int:
    """So many kills spread over the time it takes; gives how many met the work open."""
    dice = random.Random(20261129)
    at_work = sum(campaign.kill(dice.random()) for _ in range(kills))
    left = campaign.leftovers()
    with capsys.disabled():
        print(
            f"\n{campaign.name}: {kills} tried, {at_work} killed at work, {kills} survived, "
            f"{len(left)} left behind"
        )
    assert left == []
    return at_work


@pytest.mark.soak
@pytest.mark.parametrize("name", ["import", "restore"])
def test_a_killed_command_leaves_the_workspace_whole(
    name: str, campaign: Callable[..., Campaign], capsys: pytest.CaptureFixture[str]
) -> None:
    wage(campaign(name, large=False), 1, capsys)


@pytest.mark.soak
@pytest.mark.parametrize("name", list(COMMANDS))
def test_commands_killed_at_any_moment(
    name: str, campaign: Callable[..., Campaign], capsys: pytest.CaptureFixture[str]
) -> None:
    assert wage(campaign(name), KILLS, capsys) >= KILLS // 2
