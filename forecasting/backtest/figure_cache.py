"""What is kept between runs beside the cells: arrays of numbers, written in few transactions."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.backtest.cells import CellCache
from employment_forecast.forecasting.backtest.codec import seal, unseal
from employment_forecast.forecasting.backtest.identity import engine_version

Floats = npt.NDArray[np.float64]
K = TypeVar("K", bound=Hashable)

SAVE_SECONDS = 5.0


class BufferedCache:
    """A cache that is written every five seconds at most in a `with` block, and at its end.

    Each save is a transaction; a run that is killed loses no more than this.
    """

    def __init__(self, cache: CellCache) -> None:
        self._cache = cache
        self._waiting: dict[str, bytes] = {}
        self._saved = time.monotonic()
        self._gathering = False

    def load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Stored results by key; unknown keys are absent."""
        here = {key: self._waiting[key] for key in keys if key in self._waiting}
        return {**self._cache.load([key for key in keys if key not in here]), **here}

    def save(self, results: Mapping[str, bytes]) -> None:
        """Keep results."""
        self._waiting.update(results)
        if not self._gathering or time.monotonic() - self._saved >= SAVE_SECONDS:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._cache.save(self._waiting)
        self._waiting = {}
        self._saved = time.monotonic()

    def __enter__(self) -> Self:
        self._gathering = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gathering = False
        self._write()


def content_key(kind: str, *parts: str | bytes) -> str:
    """Content hash of what was worked out from parts by the whole engine."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return hashlib.sha256(b"|".join([f"{kind}|{engine_version()}".encode(), *encoded])).hexdigest()


def cached_arrays(
    cache: CellCache | None,
    wanted: Mapping[K, str],
    make: Callable[[K], Floats],
    prepare: Callable[[Sequence[K]], None] = lambda _: None,
) -> dict[K, Floats]:
    """Arrays of one dimension from the cache; what is missing or damaged is made and kept.

    Parameters
    ----------
    cache : CellCache or None
        Keeps results between runs.
    wanted : mapping
        Content hash by whatever tells one array from another.
    make : callable
        Makes one.
    prepare : callable, optional
        Called first with all that are to be made.
    """
    stored = cache.load(list(wanted.values())) if cache is not None else {}
    read = {each: _decoded(stored[key]) for each, key in wanted.items() if key in stored}
    known = {each: values for each, values in read.items() if values is not None}
    missing = [each for each in wanted if each not in known]
    prepare(missing)
    made = {each: make(each) for each in missing}
    fresh = {wanted[each]: seal(v.astype(np.float64).tobytes()) for each, v in made.items()}
    arrays = {each: made[each] if each in made else known[each] for each in wanted}
    if cache is not None and fresh:
        cache.save(fresh)
    return arrays


def _decoded(blob: bytes) -> Floats | None:
    try:
        return np.frombuffer(unseal(blob), dtype=np.float64)
    except ValueError:
        return None


@dataclass(frozen=True)
class FigureCache:
    """Figures worked out from single forecasts, kept under what each was worked out from.

    Attributes
    ----------
    cache : CellCache or None
        Keeps results between runs.
    keys : mapping
        Per model the content hash of its forecast at each origin.
    recall : callable
        Has the paths of forecasts ready, by model and number of the origin.
    """

    cache: CellCache | None = None
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    recall: Callable[[Sequence[tuple[str, int]]], None] = lambda _: None

    def figures(
        self,
        kind: str,
        wanted: Mapping[tuple[str, int], bytes],
        make: Callable[[tuple[str, int]], Floats],
    ) -> dict[tuple[str, int], Floats]:
        """Figures by model and number of the origin.

        Parameters
        ----------
        kind : str
            What they are.
        wanted : mapping
            What each rests on beside the forecast, as bytes.
        make : callable
            Works them out, shape (n,).
        """
        if self.cache is None:
            return {each: make(each) for each in wanted}
        keys = {
            (model, at): content_key(kind, self.keys[model][at], other)
            for (model, at), other in wanted.items()
        }
        return cached_arrays(self.cache, keys, make, self.recall)
