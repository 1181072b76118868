"""Commands with a real cluster of this machine: the same figures, and a disk that fills."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.cluster_office import free_port
from support.paths import ROOT
from support.processes import Processes
from support.trees import DISTRICT, STREETS, street_values

pytest.importorskip("distributed")

SETTINGS = '[run]\nmodels = ["ets"]\norigins = 9\npaths = 200\njobs = 1\n{compute}' + "".join(
    f'[[regions]]\ncode = "{code}"\nname = "{name}"\nparent = "{DISTRICT}"\nlevel = "street"\n'
    for code, name in STREETS.items()
)
COMPUTE = '[compute]\nengine = "dask"\nscheduler = "tcp://127.0.0.1:{port}"\n'


@pytest.fixture
def streets(home: Path, forecast: Callable[..., Any]) -> Callable[..., Any]:
    """Real figures of three streets, and their district as the sum."""
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS.format(compute=""), "utf-8")
    months = pd.period_range(end="2026-10", periods=48, freq="M")
    rows = [
        (STREETS[code], month, int(value))
        for code, values in street_values(48).items()
        for month, value in zip(months, np.asarray(values), strict=True)
    ]
    file = home / "街镇.csv"
    pd.DataFrame(rows, columns=["地区", "月份", "登记失业人数"]).to_csv(file, index=False)
    assert forecast("data", "import", str(file)).code == 0
    return forecast


@pytest.fixture
def port(
    home: Path,
    command_of: Callable[..., list[str]],
    environment_of: Callable[[Path], dict[str, str]],
) -> Iterator[int]:
    """A scheduler and a worker, as IT starts them."""
    started, number = Processes(), free_port()
    for words in (
        ("scheduler", "--port", str(number)),
        ("worker", f"tcp://127.0.0.1:{number}", "--jobs", "1"),
    ):
        process = started.start(
            command_of(["cluster", *words]), env=environment_of(home), cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert "已" in process.stdout.readline()
    yield number
    started.end()


def figures(content: Any) -> Any:
    """What a run says, without the work it took and the moment."""
    if isinstance(content, dict):
        left = ("cells_computed", "cells_reused", "seconds", "work")
        return {k: figures(v) for k, v in content.items() if k not in left}
    return [figures(each) for each in content] if isinstance(content, list) else content


def recorded(workspace: Path) -> dict[str, bytes]:
    """What the versions and runs of a workspace keep, by series and file."""
    names = ("paths.csv.gz", "quantiles.csv", "history.csv", "backtest.parquet", "leaderboard.csv")
    artifacts = workspace / "mlruns" / "artifacts"
    return {
        f"{series.name} {name}": file.read_bytes()
        for series in sorted(artifacts.iterdir())
        for name in names
        for file in sorted(series.rglob(name))
    }


@pytest.mark.soak
def test_two_cycles_at_one_cluster_are_those_of_two_offices(
    streets: Callable[..., Any],
    home: Path,
    port: int,
    command_of: Callable[..., list[str]],
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    words = command_of(["monthly", "--json", "--quiet", "--parent", "徐汇"])
    found: dict[tuple[str, int], dict[str, bytes]] = {}
    for compute in ("", COMPUTE.format(port=port)):
        cycles = []
        # Of other seeds: neither may be given what is the other's.
        for seed in (1, 2):
            workspace = home.with_name(f"{seed}{'集群' if compute else '本机'}")
            shutil.copytree(home, workspace)
            text = SETTINGS.format(compute=f"seed = {seed}\n{compute}")
            (workspace / "forecast.toml").write_text(text, "utf-8")
            started = subprocess.Popen(
                words, env=environment_of(workspace), cwd=ROOT,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            cycles.append((seed, workspace, started))
        for seed, workspace, started in cycles:
            said, problems = started.communicate(timeout=1200)
            assert started.returncode == 0, problems.decode()
            regions = json.loads(said)["regions"]
            assert [entry["state"] for entry in regions] == ["done"] * len(STREETS)
            assert not any("集群" in entry["message"] for entry in regions)
            found[compute, seed] = recorded(workspace)
    (here_1, here_2, away_1, away_2) = found.values()
    assert len(here_1) >= 5 * len(STREETS)
    assert (away_1, away_2) == (here_1, here_2)
    assert here_1.keys() == here_2.keys()
    assert here_1 != here_2


@pytest.mark.soak
@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes")
def test_the_same_figures_and_a_full_disk_of_the_recorder(
    streets: Callable[..., Any],
    home: Path,
    port: int,
    command_of: Callable[..., list[str]],
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    asked = (
        ("run", "--region", "甲街道", "--region", "乙街道"),
        ("run", "--region", "徐汇", "--with-parts"),
    )
    more = ("--dry-run", "--no-cache", "--json")
    local = [streets(*each, *more) for each in asked]
    text = SETTINGS.format(compute=COMPUTE.format(port=port))
    (home / "forecast.toml").write_text(text, "utf-8")
    checked = streets("cluster", "check")
    assert checked.code == 0, checked.err
    away = [streets(*each, *more) for each in asked]
    for one, other in zip(local, away, strict=True):
        assert (one.code, other.code) == (0, 0), other.err
        assert "集群不可用" not in other.err
        assert figures(one.json) == figures(other.json)
    # Files may not grow beyond what some already are: as on a disk that is full.
    largest = max(f.stat().st_size for f in home.rglob("*") if f.is_file())
    words = command_of(["monthly", "--json", "--quiet"])
    codes = []
    for limit in (4096, largest // 2, largest + 200_000, None):

        def filled(limit: int | None = limit) -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        ran = subprocess.run(
            # Else it would cut off the interpreter's own files.
            words, env={**environment_of(home), "PYTHONDONTWRITEBYTECODE": "1"}, cwd=ROOT,
            preexec_fn=filled,
            capture_output=True, timeout=600, check=False,
        )  # fmt: skip
        codes.append(ran.returncode)
        assert b"Traceback" not in ran.stderr + ran.stdout, ran.stderr.decode()
    print("full disk, exit codes:", codes)
    assert codes[-1] == 0
    assert set(codes[:-1]) <= {0, 6, 11, 12}
    report = json.loads(ran.stdout)
    assert {entry["state"] for entry in report["regions"]} <= {"done", "unchanged"}
    # What was kept on the full disk is whole.
    again = streets(*asked[1], "--dry-run", "--json")
    assert figures(again.json) == figures(local[1].json)
