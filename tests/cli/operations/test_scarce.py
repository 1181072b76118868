"""A full disk, little memory, a clock that jumps: a documented code, and nothing is lost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from employment_forecast.data.errors import EXIT_CODES, EXIT_OK, EXIT_UNEXPECTED

Forecast = Callable[..., Any]
SETTINGS = """
[run]
models = ["ets", "theta", "combination"]
origins = 8
paths = 300
jobs = 1

[monthly]
regions = ["嘉定"]
settle_seconds = 0
"""
COMMANDS = {
    "import": ("data", "import", "{file}", "--json"),
    "run": ("run", "--region", "嘉定", "--no-cache", "--json"),
    "backup": ("backup", "{home}/备份.zip"),
    "monthly": ("monthly", "--json"),
}
ROWS = [f"嘉定区,{2023 + m // 12}-{m % 12 + 1:02d},{11000 + 17 * (m % 9)}" for m in range(46)]


def documented(ran: Any, name: str) -> None:
    assert ran.code in EXIT_CODES, (name, ran.code, ran.err)
    assert ran.code != EXIT_UNEXPECTED, (name, ran.err)
    assert "Traceback" not in ran.err, (name, ran.err)


def months(forecast: Forecast) -> Any:
    return forecast("data", "show", "--region", "嘉定", "--json").json["observations"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    table = tmp_path / "月报.csv"
    table.write_text("\n".join(["地区,月份,登记失业人数（人）", *ROWS]) + "\n", "utf-8")
    return table


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MB of our own; only the super-user can have one."""
    folder = tmp_path / "盘"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("这里不能挂载自己的文件系统，跳过磁盘写满的测试")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Leave so many bytes free."""
    ballast = disk / "压舱"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(1, free - left))
    return ballast


@pytest.mark.soak
@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_full_disk_at_three_levels(
    name: str, disk: Path, file: Path, prepared: Any, forecast_in: Callable[[Path], Forecast]
) -> None:
    home = disk / "工作区"
    for left in (0, 64_000, 1_500_000):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(prepared.home, home)
        (home / "forecast.toml").write_text(SETTINGS, "utf-8")
        forecast, before = forecast_in(home), months(forecast_in(home))
        words = [w.format(file=file, home=home) for w in COMMANDS[name]]
        ballast = fill(disk, left)
        full = forecast(*words, env={"TMPDIR": str(disk)})
        documented(full, f"{name}, {left} bytes left")
        ballast.unlink()
        assert months(forecast) == before or full.code == EXIT_OK
        again = forecast(*words, env={"TMPDIR": str(disk)})
        documented(again, f"{name} afterwards")
        assert forecast("data", "status", "--json").code == EXIT_OK
        assert forecast("models", "list", "--region", "嘉定", "--json").code == EXIT_OK
        print(f"disk: {name} with {left} bytes left ended with {full.code}, then {again.code}")


def limited(words: Sequence[str], megabytes: int, variables: dict[str, str]) -> Any:
    """A command that may address only so much memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    done = subprocess.run(
        words, env=variables, preexec_fn=limit, capture_output=True, check=False, timeout=600
    )

    class Ran:
        code, err = done.returncode, done.stderr.decode("utf-8", "replace")

    return Ran


@pytest.mark.soak
@pytest.mark.parametrize("name", ["import", "run"])
def test_little_memory_at_three_levels(
    name: str,
    used: Forecast,
    home: Path,
    file: Path,
    command_of: Callable[[Sequence[str]], list[str]],
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    before = months(used)
    words = command_of([w.format(file=file, home=home) for w in COMMANDS[name]])
    variables = {**environment_of(home), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    for megabytes in (300, 600, 1200):
        ran = limited(words, megabytes, variables)
        print(f"memory: {name} with {megabytes} MB ended with {ran.code}")
        documented(ran, f"{name} in {megabytes} MB")
        assert months(used) == before or ran.code == EXIT_OK
    assert used(*COMMANDS["run"]).code == EXIT_OK


@pytest.mark.soak
def test_a_clock_that_jumps_loses_nothing(used: Forecast, home: Path, file: Path) -> None:
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    done = []
    for day in ("2026-11-20", "2026-09-01", "2027-03-05", "2026-11-21", "1999-01-01", "2026-11-22"):
        for words in (COMMANDS["monthly"], ("thresholds", "export", "--region", "嘉定")):
            ran = used(*words, env={"FORECAST_TODAY": day})
            documented(ran, f"{words[0]} on {day}")
            done.append(ran.code)
    print(f"clock: {len(done)} commands on six days ended with {done}")
    assert done[-2] == EXIT_OK
    assert used(*COMMANDS["import"][:2], str(file), "--json").code == EXIT_OK
    assert used("bulletin", "list", "--json").code == EXIT_OK
