"""Run the command as a real process, the way a person or cron does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.forks import Fork
from support.paths import ROOT
from support.shared import made_once


@dataclass(frozen=True)
class Ran:
    """What a finished process left."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.raw.decode("utf-8"))
        return content


Forecast = Callable[..., Ran]

FAST = ("--models", "ets,theta,combination", "--origins", "12", "--jobs", "1")
# As the workspace sets it, such a run is no trial and may be promoted.
FAST_SETTINGS = '[run]\nmodels = ["ets", "theta", "combination"]\norigins = 12\n'


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment with its own workspace."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")}
    return {
        **kept,
        "FORECAST_HOME": str(home),
        "FORECAST_TODAY": "2026-11-20",
        "LANG": "C.UTF-8",
        **(extra or {}),
    }


def command(arguments: Sequence[str]) -> list[str]:
    """The console script of this interpreter, or the module where it is not installed."""
    script = Path(sys.executable).with_name("forecast")
    return (
        [str(script), *arguments]
        if script.exists()
        else [sys.executable, "-m", "employment_forecast.cli.main", *arguments]
    )


def needs_own_start(extra: Mapping[str, str] | None) -> bool:
    """Whether variables act while the interpreter or a library starts."""
    names = extra or {}
    return any(n.startswith(("PYTHON", "LC_", "LD_")) or n in ("LANG", "PATH") for n in names)


def caller(home: Path, forks: Any) -> Forecast:
    """`forecast ARGUMENTS...` in one workspace, each call in a process of its own."""

    def call(*arguments: str, env: Mapping[str, str] | None = None, timeout: float = 600.0) -> Ran:
        variables = environment(home, env)
        if needs_own_start(env):
            done = subprocess.run(
                command(arguments),
                env=variables,
                cwd=ROOT,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        else:
            script = Path(sys.executable).with_name("forecast")
            code, out, err = forks.run([str(script), *arguments], variables, ROOT, timeout)
        encoding = "gb18030" if "GB18030" in (env or {}).get("LC_ALL", "") else "utf-8"
        return Ran(code, out.decode(encoding, "replace"), err.decode(encoding, "replace"), out)

    return call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "工作区"


@pytest.fixture
def forecast(home: Path, databases: Path, forks: Any) -> Forecast:
    """Call `forecast ARGUMENTS...` in a workspace of its own, new but for its databases."""
    call = caller(home, forks)

    def begin(*arguments: str, **how: Any) -> Ran:
        # A test may have settled the workspace before its first command.
        if not (home / "mlruns").exists():
            shutil.copytree(databases, home, dirs_exist_ok=True)
        return call(*arguments, **how)

    return begin


@dataclass(frozen=True)
class Prepared:
    """A workspace in which 嘉定 and 全国 have been run once, and what those runs printed."""

    home: Path
    district: Ran
    nation: Ran


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, forks: Any) -> Prepared:
    def make(folder: Path) -> None:
        home = folder / "工作区"
        home.mkdir()
        (home / "forecast.toml").write_text(FAST_SETTINGS, "utf-8")
        for name, region in (("district", "嘉定"), ("nation", "全国")):
            ran = caller(home, forks)("run", "--region", region, "--json", *FAST)
            (folder / name).write_text(json.dumps([ran.code, ran.out, ran.err]), "utf-8")

    folder = made_once(tmp_path_factory, "prepared", make)
    printed = (json.loads((folder / name).read_text("utf-8")) for name in ("district", "nation"))
    district, nation = (Ran(code, out, err, out.encode()) for code, out, err in printed)
    return Prepared(folder / "工作区", district, nation)


@pytest.fixture
def used(prepared: Prepared, home: Path, forks: Any) -> Forecast:
    """Call `forecast ARGUMENTS...` in a copy of the prepared workspace."""
    shutil.copytree(prepared.home, home)
    return caller(home, forks)


@pytest.fixture
def start(home: Path, forks: Any) -> Iterator[Callable[..., Fork]]:
    """Start `forecast ARGUMENTS...` without waiting for it."""
    started: list[Fork] = []

    def call(*arguments: str) -> Fork:
        script = Path(sys.executable).with_name("forecast")
        started.append(forks.begin([str(script), *arguments], environment(home), ROOT))
        return started[-1]

    yield call
    for process in started:
        process.end()


@pytest.fixture(scope="session")
def forecast_in(forks: Any) -> Callable[[Path], Forecast]:
    """Call `forecast` in a workspace of the test's choice."""
    return lambda home: caller(home, forks)


@pytest.fixture
def environment_of() -> Callable[[Path], dict[str, str]]:
    """Environment of a workspace, for processes a test starts itself."""
    return environment


@pytest.fixture(scope="session")
def command_of() -> Callable[[Sequence[str]], list[str]]:
    """Words of the console script, for processes a test starts itself."""
    return command
