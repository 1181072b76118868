"""The same cycle by one process, by a pool, by two workers of a cluster and by two of its hosts.

`python -m` on this module. The hosts are two nodes of this machine, each with certificates of its
own, so that clocks tell little: what is shown is whose processor time is spent, and equal bytes.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from employment_forecast.experiments.benchmark.scale import account
from employment_forecast.experiments.benchmark.scale.report import markdown
from employment_forecast.experiments.benchmark.scale.workspaces import (
    FIRST,
    MONTHS,
    PARENT_NAME,
    build,
    environment,
    publish,
    published,
    series,
)
from employment_forecast.experiments.cluster import make_certificates

HOSTS = ("office", "helper")
HEADS = ("cycle", "by", "CPU s of the cycle", "of its processes", "of the cluster's", "wall s",
         "load", "bytes")  # fmt: skip
# What versions and runs keep of a forecast; neither moments nor names of runs are in them.
_KEPT = ("paths.csv.gz", "quantiles.csv", "history.csv", "backtest.parquet", "leaderboard.csv")
_LOOK_SECONDS = 0.5
_COMMAND = (sys.executable, "-m", "employment_forecast.cli.main")


@dataclass(frozen=True)
class Mode:
    """Who computes.

    Attributes
    ----------
    name : str
        In the table.
    jobs : int
        Processes of the cycle.
    workers : tuple of int
        Worker processes of each host of the cluster; none where it is local.
    """

    name: str
    jobs: int
    workers: tuple[int, ...] = ()


MODES = (
    Mode("one process", 1),
    Mode("a pool of two", 2),
    Mode("two Dask workers", 2, (2,)),
    Mode("two hosts with a Dask worker each", 2, (1, 1)),
)


@contextmanager
def _started(words: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A node of the cluster, from its first line to the end of the block."""
    with subprocess.Popen(
        [*_COMMAND, "cluster", *words], env=environment(folder),
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if "已" not in said:
                sys.exit(f"{words[0]}: {said}")
            yield process
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kept(root: Path) -> dict[str, list[bytes]]:
    """What the runs of a workspace keep of their forecasts, by series and name of the file."""
    contents: dict[str, list[bytes]] = {}
    for folder in (root / "mlruns" / "artifacts").iterdir():
        for name in _KEPT:
            files = sorted(folder.rglob(name), key=lambda file: file.stat().st_mtime_ns)
            contents[f"{folder.name} {name}"] = [file.read_bytes() for file in files]
    return contents


def _cycle(root: Path, day: str, nodes: Sequence[int]) -> Sequence[str]:
    """Do a month; processor seconds of the cycle, of its processes, of the nodes, and the clock."""
    before = sum(account.of_running(node).cpu for node in nodes)
    held, started = account.of_ended(), time.monotonic()
    by_process: dict[int, float] = {}
    with subprocess.Popen(
        [*_COMMAND, "monthly", "--quiet", "--json", "--parent", PARENT_NAME],
        env={**environment(root), "FORECAST_TODAY": day}, stdout=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        while running.poll() is None:
            by_process |= account.by_process(running.pid)
            time.sleep(_LOOK_SECONDS)
    if running.returncode:
        sys.exit(f"the cycle ended with {running.returncode}")
    spent = sorted((cpu for cpu in by_process.values() if cpu >= 1.0), reverse=True)
    there = sum(account.of_running(node).cpu for node in nodes) - before
    return (
        f"{account.of_ended().cpu - held.cpu:.1f}", " + ".join(f"{cpu:.0f}" for cpu in spent),
        f"{there:.1f}" if nodes else "", f"{time.monotonic() - started:.0f}",
        f"{account.load():.0f}",
    )  # fmt: skip


def _measured(out: Path, mode: Mode, regions: int, light: bool) -> tuple[list[list[str]], object]:
    root = out / mode.name.replace(" ", "-")
    shutil.rmtree(root, ignore_errors=True)
    values, rows = series(regions, MONTHS + 1), []
    session = build(root, values, light, mode.jobs)
    publish(session, values, list(pd.period_range(FIRST, periods=MONTHS, freq="M")))
    with ExitStack() as nodes:
        pids: list[int] = []
        if mode.workers:
            certificates = make_certificates(out / "certificates", list(HOSTS))
            url = f"tls://127.0.0.1:{(port := _free_port())}"
            words = ["scheduler", "--port", str(port), "--certificates", str(certificates[0])]
            pids.append(nodes.enter_context(_started(words, root)).pid)
            for jobs, own in zip(mode.workers, certificates, strict=False):
                words = ["worker", url, "--jobs", str(jobs), "--certificates", str(own)]
                pids.append(nodes.enter_context(_started(words, root)).pid)
            with session.workspace.settings_file.open("a", encoding="utf-8") as file:
                file.write(
                    f'[compute]\nengine = "dask"\nscheduler = "{url}"\n'
                    f"certificates = '{certificates[0]}'\n"
                )
        for month, name in enumerate(("first", "month 1")):
            newest = FIRST + MONTHS - 1 + month
            if month:
                publish(session, values, [newest])
            rows.append([name, mode.name, *_cycle(root, published(newest).isoformat(), pids)])
    session.store.close()
    return rows, kept(root)


def main() -> int:
    """Entry point; returns the exit code: 0 where all gave the same bytes."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.scale.cluster",
        description="同一月度作业分别由一个进程、本机进程池、集群的两个工作进程和两台“主机”完成，"
        "比较结果的字节和处理器时间。",
    )
    parser.add_argument("--out", type=Path, required=True, help="工作区所在的文件夹")
    parser.add_argument("--regions", type=int, default=6, help="地区数")
    parser.add_argument("--light", action="store_true", help="只用几个便宜模型")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    first = None
    for mode in MODES:
        measured, contents = _measured(arguments.out, mode, arguments.regions, arguments.light)
        first = first or contents
        rows += [[*row, "same" if contents == first else "OTHER"] for row in measured]
    sys.stdout.write(markdown(HEADS, rows))
    return int(any(row[-1] != "same" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
