"""Compute every model's paths at every origin, with the CPU time each took; resumable."""

from __future__ import annotations

import multiprocessing
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from employment_forecast.data.workspace import FileCellCache
from employment_forecast.experiments.benchmark.panel import Panel
from employment_forecast.forecasting.backtest import (
    THREAD_VARIABLES,
    Cell,
    Origin,
    Task,
    compute,
    pack,
    unpack,
)
from employment_forecast.models.paths import Outcome

# A benchmark's folder is its own, to be deleted as a whole; nothing in it may be evicted.
MEGABYTES = 1_000_000
_CPU = "cpu:"


@dataclass(frozen=True)
class Plan:
    """What a run computes.

    Attributes
    ----------
    panel : Panel
        Series.
    models : tuple of str
        Roster names without the combination.
    window, horizon, n_paths, seed : int
        Most months of a history, months ahead, Monte Carlo settings.
    """

    panel: Panel
    models: tuple[str, ...]
    window: int
    horizon: int
    n_paths: int
    seed: int

    def cells(self, origin: pd.Period) -> dict[tuple[str, str], Cell]:
        """Cells of an origin by (model, series id)."""
        cells = {}
        for name in self.panel.series:
            history = self.panel.history(name, origin, self.window)
            if history is None:
                continue
            # Origins of a benchmark lie far apart: there is nothing to re-use between them.
            forecast_origin = Origin(history, history)
            for model in self.models:
                cells[model, name] = Cell(
                    model, forecast_origin, self.horizon, self.n_paths, self.seed
                )
        return cells


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for (Prophet's Stan)."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def compute_origin(plan: Plan, origin: pd.Period, file: Path) -> int:
    """Compute the cells of one origin that the file does not hold."""
    cache = FileCellCache(file, MEGABYTES, str(origin))
    wanted = {cell.key: cell for cell in plan.cells(origin).values()}
    known = cache.load(list(wanted))
    missing = [cell for key, cell in wanted.items() if key not in known]
    results: dict[str, bytes] = {}
    with threadpool_limits(limits=1):
        for cell in missing:
            _ = cell.origin.history.regressors  # the calendar is no model's cost
            before = cpu_seconds()
            outcome = compute(Task((cell,))).outcomes[0]
            spent = cpu_seconds() - before
            results[cell.key] = pack(outcome)
            results[_CPU + cell.key] = struct.pack("<d", spent)
    if results:
        cache.save(results)
    return len(missing)


def compute_all(
    plan: Plan,
    origins: Sequence[pd.Period],
    file: Path,
    jobs: int,
    progress: Callable[[int, int], None],
) -> None:
    """Compute every origin, in worker processes with one BLAS thread each."""
    if jobs <= 1:
        for done, origin in enumerate(origins, start=1):
            compute_origin(plan, origin, file)
            progress(done, len(origins))
        return
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(origins)), mp_context=context) as pool:
        waiting = [pool.submit(compute_origin, plan, origin, file) for origin in origins]
        for done, future in enumerate(as_completed(waiting), start=1):
            future.result()
            progress(done, len(origins))


def load_origin(
    plan: Plan, origin: pd.Period, file: Path
) -> Iterator[tuple[str, str, Cell, Outcome, float]]:
    """Model, series id, cell, outcome and CPU seconds of everything computed at an origin."""
    cache = FileCellCache(file, MEGABYTES, str(origin))
    cells = plan.cells(origin)
    keys = [cell.key for cell in cells.values()]
    blobs = cache.load([*keys, *(_CPU + key for key in keys)])
    for (model, name), cell in cells.items():
        try:
            outcome = unpack(blobs[cell.key])
        except ValueError as error:
            raise OSError(f"damaged cell in {file}: delete the file and run again") from error
        yield model, name, cell, outcome, struct.unpack("<d", blobs[_CPU + cell.key])[0]
