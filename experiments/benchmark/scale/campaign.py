"""Cycles of one size, measured, in a folder in which an interrupted measurement goes on."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from employment_forecast.data.files import write_atomically
from employment_forecast.data.workspace import Session, Workspace, load_settings
from employment_forecast.experiments.benchmark.scale import account
from employment_forecast.experiments.benchmark.scale.workspaces import (
    FIRST,
    INDICATOR,
    MONTHS,
    PARENT_NAME,
    build,
    codes,
    environment,
    publish,
    published,
    series,
)

FOLDERS = ("cache", "mlruns", "bulletins", "site")
FOLLOWING = 2
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Size:
    """How many regions, and which models compete.

    Attributes
    ----------
    regions : int
        Number.
    light : bool
        Five cheap models instead of the default roster.
    """

    regions: int
    light: bool

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{'light' if self.light else 'whole'}-{self.regions}"


@dataclass(frozen=True)
class Cycle:
    """What one cycle cost.

    Attributes
    ----------
    regions, light
        As `Size`.
    month : int
        0 for the first run, 1 and 2 for the months after it.
    done : int
        Regions carried through.
    cpu, wall : float
        Seconds of all processes, and of the clock.
    process, all_processes : float
        Most resident megabytes of a single process, and of all at a time: pages that they share
        count for each.
    computed, reused : float
        Cells of all cycles so far.
    hits : float
        Share of this cycle's cells that the cache had.
    disk : dict
        Megabytes and files by folder, as they stand afterwards.
    index, summary : int
        Bytes of the index page and lines of the summary.
    pieces : int
        Runs that the cycle took; more than one where the measurement was interrupted.
    load : float
        Processes that wanted to run on the machine, in the last minute of it.
    """

    regions: int
    light: bool
    month: int
    done: int
    cpu: float
    wall: float
    process: float
    all_processes: float
    computed: float
    reused: float
    hits: float
    disk: dict[str, tuple[float, int]]
    index: int
    summary: int
    pieces: int = 1
    load: float = field(default=0.0)


def measured(folder: Path, size: Size, jobs: int) -> Iterator[Cycle]:
    """The first run and the months after it; what an earlier call measured is read back."""
    folder.mkdir(parents=True, exist_ok=True)
    results, root, built = folder / "cycles.jsonl", folder / "workspace", folder / "built"
    cycles = []
    if results.is_file():
        cycles = [Cycle(**json.loads(line)) for line in results.read_text("utf-8").splitlines()]
    yield from cycles
    if len(cycles) > FOLLOWING:
        return
    values = series(size.regions, MONTHS + FOLLOWING)
    if not built.is_file():
        shutil.rmtree(root, ignore_errors=True)
        session = build(root, values, size.light, jobs)
        publish(session, values, list(pd.period_range(FIRST, FIRST + MONTHS - 1, freq="M")))
        built.touch()
    else:
        session = Session(Workspace(root), load_settings(Workspace(root)))
    for month in range(len(cycles), FOLLOWING + 1):
        newest = FIRST + MONTHS - 1 + month
        last = session.store.vintages(codes(size.regions)[-1], INDICATOR).months[-1]
        if last < newest:
            publish(session, values, [newest])
        cycle = _cycle(folder, root, size, month, newest, cycles)
        cycles.append(cycle)
        with results.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(cycle)) + "\n")
        yield cycle
    session.store.close()
    shutil.rmtree(root, ignore_errors=True)


def _cycle(
    folder: Path, root: Path, size: Size, month: int, newest: pd.Period, before: list[Cycle]
) -> Cycle:
    used, report = _run(folder / f"month-{month}.json", root, newest)
    computed, reused = _cells(root)
    earlier = (before[-1].computed, before[-1].reused) if before else (0.0, 0.0)
    fresh, again = computed - earlier[0], reused - earlier[1]
    # To be looked at, when the workspace is gone.
    summary = sorted((root / "monthly" / "summary").iterdir())[-1]
    shutil.copy(summary, folder / f"month-{month}-summary.txt")
    index = root / "bulletins" / "index.html"
    shutil.copy(index, folder / f"month-{month}-index.html")
    return Cycle(
        regions=size.regions,
        light=size.light,
        month=month,
        done=sum(entry["state"] in ("done", "unchanged") for entry in report["regions"]),
        cpu=used["cpu"],
        wall=used["wall"],
        process=used["process"],
        all_processes=used["all"],
        computed=computed,
        reused=reused,
        hits=again / max(fresh + again, 1),
        disk={name: _disk(root / name) for name in FOLDERS},
        index=index.stat().st_size,
        summary=len(summary.read_text("utf-8").splitlines()),
        pieces=int(used["pieces"]),
        load=account.load(),
    )


def _run(file: Path, root: Path, newest: pd.Period) -> tuple[dict[str, float], Any]:
    """What a cycle used, with what its earlier pieces did, and its report.

    What is used is written down as it goes, so that a measurement that is killed loses seconds.
    """
    before = dict.fromkeys(("cpu", "wall", "process", "all", "pieces"), 0.0)
    if file.is_file():
        before = json.loads(file.read_text("utf-8"))
    command = [sys.executable, "-m", "employment_forecast.cli.main", "monthly", "--quiet", "--json"]
    day = published(newest).isoformat()
    started = time.monotonic()
    earlier = account.of_ended()
    answer, words = file.with_suffix(".out"), file.with_suffix(".err")
    used = before
    with answer.open("wb") as out, words.open("wb") as err, subprocess.Popen(
        [*command, "--parent", PARENT_NAME],
        env={**environment(root), "FORECAST_TODAY": day}, stdout=out, stderr=err,
    ) as running:  # fmt: skip

        def sofar(now: account.Use) -> dict[str, float]:
            return {
                "cpu": before["cpu"] + now.cpu,
                "wall": before["wall"] + time.monotonic() - started,
                "process": max(used["process"], now.largest),
                "all": max(used["all"], now.together),
                "pieces": before["pieces"] + 1,
            }

        try:
            while running.poll() is None:
                used = sofar(account.of_running(running.pid))
                write_atomically(file, json.dumps(used).encode())
                time.sleep(_LOOK_SECONDS)
        except BaseException:
            running.terminate()
            running.wait()
            raise
    ended = account.of_ended()
    used = sofar(account.Use(ended.cpu - earlier.cpu, 0.0, ended.largest))
    said = answer.read_text("utf-8")
    if not said:
        # It broke off: there is nothing to measure, and the next call goes on here.
        write_atomically(file, json.dumps(used).encode())
        sys.exit(words.read_text("utf-8", "replace")[-2000:])
    return used, json.loads(said)


def _cells(root: Path) -> tuple[float, float]:
    """Cells computed and reused in all runs so far."""
    file = Workspace(root).mlruns / "mlflow.db"
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT COALESCE(SUM(value), 0) FROM metrics WHERE key = ?"
        counts = [
            float(connection.execute(query, (f"work/cells_{kind}",)).fetchone()[0])
            for kind in ("computed", "reused")
        ]
    return counts[0], counts[1]


def _disk(folder: Path) -> tuple[float, int]:
    files = [f for f in folder.rglob("*") if f.is_file()] if folder.is_dir() else []
    return sum(f.stat().st_size for f in files) / 1e6, len(files)
