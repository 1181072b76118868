"""Paths of past forecasts drawn again, where more is asked of them than the cache keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from employment_forecast.data.errors import NoModelError
from employment_forecast.forecasting.backtest.cells import (
    Cell,
    CellCache,
    Task,
    UndrawnPaths,
    decode_parameters,
    encode_parameters,
    group,
)
from employment_forecast.forecasting.backtest.workers import Progress, run_tasks
from employment_forecast.models import roster
from employment_forecast.models.contract import Parameters
from employment_forecast.models.paths import Failure, Outcome, SamplePaths


def tasks_for(cells: Iterable[Cell], estimated: Mapping[str, bytes]) -> list[Task]:
    """Tasks for cells with the parameters that were estimated before."""
    return [
        replace(task, known=decode_parameters(blob))
        if (blob := estimated.get(task.estimate_key))
        else task
        for task in group(cells)
    ]


class Redrawing:
    """Draws paths again to the bit; what has to be estimated for them is kept.

    Parameters
    ----------
    cache : CellCache or None
        Keeps results between runs.
    jobs : int
        Most worker processes.
    progress : callable, optional
        Called with cells done and cells to do, where several are drawn.

    Attributes
    ----------
    estimated : dict
        Parameters by key, as the cache has them.
    """

    def __init__(
        self, cache: CellCache | None, jobs: int = 1, progress: Progress | None = None
    ) -> None:
        self._cache, self._jobs = cache, jobs
        self.progress = progress
        self.estimated: dict[str, bytes] = {}

    def one(self, cell: Cell) -> SamplePaths:
        """The paths of a cell."""
        return self._drawn([cell], None)[cell.key]

    def all(self, forecasts: Iterable[Outcome]) -> None:
        """Have the paths of forecasts, and of what these are made of, ready together."""
        waiting = {r.cell.key: r for each in forecasts for r in _undrawn(each) if r.cell}
        if len(waiting) < 2:
            return
        paths = self._drawn([r.cell for r in waiting.values() if r.cell], self.progress)
        for key, each in waiting.items():
            each.take(paths[key])

    def _drawn(self, cells: Sequence[Cell], progress: Progress | None) -> dict[str, SamplePaths]:
        def keep(_: Mapping[str, Outcome], estimates: Mapping[str, Parameters]) -> None:
            fresh = {key: encode_parameters(each) for key, each in estimates.items()}
            self.estimated.update(fresh)
            if self._cache is not None and fresh:
                self._cache.save(fresh)

        outcomes = run_tasks(tasks_for(cells, self.estimated), self._jobs, progress, keep)
        paths = {}
        for cell in cells:
            outcome = outcomes[cell.key]
            if isinstance(outcome, Failure):
                # It forecast before: what is missing now is memory, or a library.
                raise NoModelError(
                    f"{roster.label(cell.model)}在 {cell.origin.month} 的模拟路径未能重新得出"
                    f"（{outcome.reason}）。",
                    "请检查可用内存后重试；仍不成功时用 --no-cache 重新计算。",
                )
            paths[cell.key] = outcome
        return paths


def _undrawn(forecast: Outcome) -> Iterator[UndrawnPaths]:
    """Cells that have to be drawn before the paths of a forecast are there."""
    if isinstance(forecast, UndrawnPaths) and not forecast.drawn:
        if forecast.cell is not None:
            yield forecast
        for each in forecast.made_of:
            yield from _undrawn(each)
