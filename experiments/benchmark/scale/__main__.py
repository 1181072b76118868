"""Run cycles over synthetic regions and print what they cost: `python -m` on this package."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.benchmark.scale.workspaces import (
    FIRST,
    MONTHS,
    PARENT_NAME,
    build,
    publish,
    published,
    series,
)

FOLDERS = ("cache", "mlruns", "bulletins", "site")
FOLLOWING = 2


@dataclass(frozen=True)
class Cycle:
    """What one cycle cost.

    Attributes
    ----------
    regions, month : int
        Size, and 0 for the first run, 1 and 2 for the months after it.
    done : int
        Regions carried through.
    cpu, wall : float
        Seconds of all processes, and of the clock.
    megabytes : float
        Most resident memory of a single process.
    hits : float
        Share of the back-test cells that the cache had.
    disk : dict
        Megabytes and files by folder, as they stand afterwards.
    index, summary : int
        Bytes of the index page and lines of the summary.
    """

    regions: int
    month: int
    done: int
    cpu: float
    wall: float
    megabytes: float
    hits: float
    disk: dict[str, tuple[float, int]]
    index: int
    summary: int


def _account() -> tuple[float, float]:
    """CPU seconds of all processes that have ended, and the megabytes of the largest of them."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    else:  # noqa: RET505  # only so is it clear which branch belongs to which system
        raise OSError("no such account on this system")


def _cycle(root: Path, regions: int, month: int, day: date) -> Cycle:
    command = [sys.executable, "-m", "employment_forecast.cli.main", "monthly", "--quiet", "--json"]
    (before, _), started = _account(), time.monotonic()
    environment = {**os.environ, "FORECAST_HOME": str(root)}
    counted = _cells(root)
    ran = subprocess.run(
        [*command, "--parent", PARENT_NAME, "--as-of", day.isoformat()],
        env=environment, capture_output=True, check=False,
    )  # fmt: skip
    after, megabytes = _account()
    report = json.loads(ran.stdout.decode("utf-8")) if ran.stdout else {"regions": []}
    if ran.returncode:
        sys.stderr.write(ran.stderr.decode("utf-8", "replace")[-2000:])
    cells = [now - then for now, then in zip(_cells(root), counted, strict=True)]
    return Cycle(
        regions=regions,
        month=month,
        done=sum(entry["state"] == "done" for entry in report["regions"]),
        cpu=after - before,
        wall=time.monotonic() - started,
        megabytes=megabytes,
        hits=cells[1] / max(sum(cells), 1),
        disk={name: _disk(root / name) for name in FOLDERS},
        index=(root / "bulletins" / "index.html").stat().st_size,
        summary=len(sorted((root / "monthly" / "summary").iterdir())[-1].read_text().splitlines()),
    )


def _cells(root: Path) -> tuple[float, float]:
    """Cells computed and reused in all runs so far."""
    file = Workspace(root).mlruns / "mlflow.db"
    if not file.is_file():
        return 0.0, 0.0
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT COALESCE(SUM(value), 0) FROM metrics WHERE key = ?"
        found = [
            float(connection.execute(query, (f"work/cells_{kind}",)).fetchone()[0])
            for kind in ("computed", "reused")
        ]
    return found[0], found[1]


def _disk(folder: Path) -> tuple[float, int]:
    files = [f for f in folder.rglob("*") if f.is_file()] if folder.is_dir() else []
    return sum(f.stat().st_size for f in files) / 1e6, len(files)


def cycles(regions: int, light: bool, jobs: int, root: Path) -> Iterator[Cycle]:
    """The first run and the months after it in a new workspace."""
    values = series(regions, MONTHS + FOLLOWING)
    session = build(root, regions, light, jobs)
    last = FIRST + MONTHS - 1
    publish(session, values, list(pd.period_range(FIRST, last, freq="M")))
    for month in range(FOLLOWING + 1):
        if month:
            publish(session, values, [last + month])
        yield _cycle(root, regions, month, published(last + month))
    session.store.close()


def _row(cycle: Cycle) -> str:
    disk = cycle.disk
    name = "first" if cycle.month == 0 else f"month {cycle.month}"
    cells = [
        cycle.regions, name, cycle.done, f"{cycle.cpu:.1f}", f"{cycle.cpu / cycle.regions:.2f}",
        f"{cycle.wall:.0f}", f"{cycle.megabytes:.0f}", f"{cycle.hits:.1%}",
        *(f"{disk[f][0] / cycle.regions:.2f} / {disk[f][1] / cycle.regions:.0f}" for f in FOLDERS),
        f"{cycle.index / 1e3:.0f}", cycle.summary,
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.scale",
        description="在已知规律的合成地区上运行月度作业，量出处理器时间、内存、磁盘与文件数。",
    )
    parser.add_argument("--regions", type=int, nargs="+", default=[1, 5, 20], help="地区数")
    parser.add_argument("--light", action="store_true", help="只用几个便宜的模型")
    parser.add_argument("--jobs", type=int, default=1, help="工作进程数")
    parser.add_argument("--out", type=Path, help="另存为 JSON 行")
    arguments = parser.parse_args()
    heads = (
        "regions", "cycle", "done", "CPU s", "CPU s per region", "wall s", "MB of a process",
        "cells reused", *(f"{f}: MB / files per region" for f in FOLDERS), "index KB",
        "summary lines",
    )  # fmt: skip
    sys.stdout.write(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n")
    for regions in arguments.regions:
        scratch = Path(tempfile.mkdtemp(prefix="scale-"))
        try:
            root = scratch / "workspace"
            for cycle in cycles(regions, arguments.light, arguments.jobs, root):
                sys.stdout.write(_row(cycle) + "\n")
                sys.stdout.flush()
                if arguments.out is not None:
                    with arguments.out.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(asdict(cycle)) + "\n")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
