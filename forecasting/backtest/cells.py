"""A back-test cell: one model at one origin, identified by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest.codec import seal, seal_json, unseal, unseal_json
from employment_forecast.forecasting.backtest.identity import code_version
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.models import roster
from employment_forecast.models.contract import Parameters
from employment_forecast.models.paths import NEAR_MONTHS, QUANTILES, Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]


def cell_seed(seed: int, model: str, history: History) -> int:
    """Seed of a cell: independent over models and origins, the same in every process and order."""
    text = f"{seed}|{model}|{history.region}|{history.indicator}|{history.origin}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@dataclass(frozen=True)
class Cell:
    """What is to be computed.

    Attributes
    ----------
    model : str
        Roster name.
    origin : Origin
        Histories to estimate on and to forecast from.
    horizon, n_paths, seed : int
        Shape of the result and the run's seed.
    """

    model: str
    origin: Origin
    horizon: int
    n_paths: int
    seed: int

    @cached_property
    def key(self) -> str:
        """Content hash: data up to the origin, model, settings, code version."""
        identity = [
            self.model,
            code_version(),
            roster.identity(self.model),
            self.origin.history.fingerprint,
            self.origin.estimation.fingerprint,
            self.horizon,
            self.n_paths,
            self.seed,
        ]
        text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class CellCache(Protocol):
    """Where results are kept between runs."""

    def load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Stored results by key; unknown keys are absent."""

    def save(self, results: Mapping[str, bytes]) -> None:
        """Keep results."""


class UndrawnPaths(SamplePaths):
    """Paths of which the quantiles are kept; asked for more, they are drawn again to the bit."""

    _points: Floats | None = None
    _log: bool = False
    _shape: tuple[int, int] = (0, 0)
    _draw: Callable[[], SamplePaths] | None = None
    # What has to be drawn for them: a cell, or other forecasts.
    cell: Cell | None = None
    made_of: tuple[SamplePaths, ...] = ()

    @classmethod
    def of(
        cls,
        points: Floats,
        log: bool,
        n_paths: int,
        origin: pd.Period,
        draw: Callable[[], SamplePaths],
        rests_on: Cell | Iterable[SamplePaths],
    ) -> UndrawnPaths:
        """Paths that are not there yet.

        Parameters
        ----------
        points : numpy.ndarray
            Shape (horizon, 9) or, with what `near` gives in the first rows, (horizon, 11).
        log : bool
            Scale of the latter.
        n_paths, origin
            Of the paths.
        draw : callable
            Draws them.
        rests_on : Cell or iterable of SamplePaths
            What is drawn, or what they are made of.
        """
        made = object.__new__(cls)
        kept = {"_points": points, "_log": log, "_shape": (n_paths, points.shape[0]), "_draw": draw}
        if isinstance(rests_on, Cell):
            kept["cell"] = rests_on
        else:
            kept["made_of"] = tuple(rests_on)
        made.__dict__.update(kept, origin=origin)
        return made

    @property
    def drawn(self) -> bool:
        """Whether the paths are there."""
        return "values" in self.__dict__

    def take(self, paths: SamplePaths) -> None:
        """Have paths that were drawn elsewhere."""
        self.__dict__["values"] = paths.values

    def __getattr__(self, name: str) -> Floats:
        if name != "values" or self._draw is None:
            raise AttributeError(name)
        self.__dict__["values"] = self._draw().values
        return self.values

    @property
    def horizon(self) -> int:
        """Months ahead."""
        return super().horizon if self._points is None else self._shape[1]

    @property
    def n_paths(self) -> int:
        """Number of draws."""
        return super().n_paths if self._points is None else self._shape[0]

    def quantiles(self) -> Floats:
        """As kept."""
        return super().quantiles() if self._points is None else self._points[:, : len(QUANTILES)]

    def near(self, log: bool) -> Floats:
        """As kept on the scale of the series."""
        kept = self._points is not None and self._points.shape[1] > len(QUANTILES)
        if self._points is None or not kept or log != self._log:
            return super().near(log)
        return self._points[:NEAR_MONTHS, len(QUANTILES) :]


def encode(outcome: Outcome, log: bool) -> bytes:
    """What later months ask of a result: a checksum, a JSON header line, doubles.

    Parameters
    ----------
    outcome : SamplePaths or Failure
        A result.
    log : bool
        Whether the series is forecast on logarithms.
    """
    if isinstance(outcome, Failure):
        return seal(json.dumps({"failure": outcome.reason}, ensure_ascii=False).encode() + b"\n")
    header = json.dumps({"shape": [outcome.n_paths, outcome.horizon], "log": log}).encode() + b"\n"
    return seal(header + outcome.quantiles().tobytes() + outcome.near(log).tobytes())


def decode(
    blob: bytes,
    origin: pd.Period,
    shape: tuple[int, int],
    draw: Callable[[], SamplePaths],
    rests_on: Cell | Iterable[SamplePaths] = (),
) -> Outcome | None:
    """Inverse of `encode`; None if the bytes are damaged, so that the cell is computed anew.

    Parameters
    ----------
    blob : bytes
        From `encode`.
    origin : pandas.Period
        Last known month.
    shape : tuple of int
        Paths and months ahead.
    draw : callable
        Draws the paths again.
    rests_on : Cell or iterable of SamplePaths, optional
        What is drawn then, or what they are made of.
    """
    n_paths, horizon = shape
    near = min(horizon, NEAR_MONTHS)
    points = np.full((horizon, len(QUANTILES) + 2), np.nan)
    try:
        head, _, body = unseal(blob).partition(b"\n")
        header = _header(head)
        if "failure" in header:
            return Failure(str(header["failure"]))
        if tuple(header["shape"]) != shape:
            return None
        values = np.frombuffer(body, dtype=np.float64)
        points[:, : len(QUANTILES)] = values[: -2 * near].reshape(horizon, len(QUANTILES))
        points[:near, len(QUANTILES) :] = values[-2 * near :].reshape(near, 2)
        log = bool(header["log"])
        return UndrawnPaths.of(points, log, n_paths, origin, draw, rests_on)
    except (ValueError, KeyError, TypeError):
        return None


# The cells of a back-test differ in their numbers and hardly in their headers.
@lru_cache(maxsize=64)
def _header(head: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(head)
    return header


@dataclass(frozen=True)
class Task:
    """Cells of one model that share an estimation, the unit of work of a worker process.

    Attributes
    ----------
    cells : tuple of Cell
        At least one.
    known : dict or None
        The model's parameters, where an earlier run has estimated them.
    """

    cells: tuple[Cell, ...]
    known: Parameters | None = None

    @property
    def cost(self) -> float:
        """Rough relative cost, for scheduling."""
        fit = 0.0 if self.known else roster.tags(self.cells[0].model).cost
        return fit + 0.1 * len(self.cells)

    @property
    def estimate_key(self) -> str:
        """Content hash of the estimation."""
        model = self.cells[0].model
        fingerprint = _estimation(self.cells[0]).fingerprint
        text = json.dumps([model, code_version(), roster.identity(model), fingerprint])
        return "parameters:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TaskResult:
    """What a task gave.

    Attributes
    ----------
    outcomes : list of SamplePaths or Failure
        One per cell.
    estimate : dict or None
        Parameters that were estimated now: those of a model that filters serve later months too.
    """

    outcomes: list[Outcome]
    estimate: Parameters | None = None


def encode_parameters(parameters: Parameters) -> bytes:
    """Parameters as bytes: a checksum and JSON, which gives every number back to the bit."""
    return seal_json(parameters)


def decode_parameters(blob: bytes) -> Parameters | None:
    """Inverse of `encode_parameters`; None if the bytes are damaged."""
    try:
        parameters = unseal_json(blob)
    except ValueError:
        return None
    return parameters if isinstance(parameters, dict) else None


def _estimation(cell: Cell) -> History:
    """What the model is estimated on: for one that is fitted anew at every origin, all there is."""
    filters = roster.tags(cell.model).filters
    return cell.origin.estimation if filters else cell.origin.history


def group(cells: Iterable[Cell]) -> list[Task]:
    """Tasks for cells, most expensive first."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.model, _estimation(cell).fingerprint), []).append(cell)
    return sorted((Task(tuple(g)) for g in groups.values()), key=lambda t: -t.cost)


def compute(task: Task) -> TaskResult:
    """Run the cells of a task in order, estimating once.

    Parameters
    ----------
    task : Task
        Cells with a common model and estimation history.

    Returns
    -------
    TaskResult
    """
    try:
        model = roster.create(task.cells[0].model)
    # Another package's model may be broken in a worker process only.
    except Exception as error:  # noqa: BLE001
        reason = f"不能建立模型：{type(error).__name__}: {error}"
        return TaskResult([Failure(reason, passing=True)] * len(task.cells))
    fitted = model.estimate(_estimation(task.cells[0])) if task.known is None else task.known
    if isinstance(fitted, Failure):
        return TaskResult([fitted] * len(task.cells))
    outcomes = []
    for cell in task.cells:
        history = cell.origin.history
        seed = cell_seed(cell.seed, cell.model, history)
        outcomes.append(model.draw(history, fitted, cell.horizon, cell.n_paths, seed))
    return TaskResult(outcomes, fitted if task.known is None else None)
