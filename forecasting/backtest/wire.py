"""Tasks and their results as bytes, for a process on another machine: JSON, arrays, a checksum.

Only the classes named here are ever built from bytes, and no code travels. Numbers come back to the
bit: arrays as they lie in memory, single numbers as the shortest digits that give them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Break
from employment_forecast.data.records import Shock
from employment_forecast.features.history import Borrowed, Covariate, History, Revisions
from employment_forecast.forecasting.backtest.cells import Cell, Task, TaskResult
from employment_forecast.forecasting.backtest.codec import seal, unseal
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.models.paths import Failure, SamplePaths

_CLASSES = (
    *(Borrowed, Break, Cell, Covariate, TaskResult, Failure, History, Origin, Revisions),
    *(SamplePaths, Shock, Task),
)
_BY_NAME: Mapping[str, type] = {each.__name__: each for each in _CLASSES}
_ALIGNED = 8


class _Writer:
    """Values as JSON; objects that several hold, and arrays, are written once."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.body = bytearray()
        self._seen: dict[int, int] = {}

    def plain(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            # A number of numpy's is one of Python's here; it has the same value.
            return value.item() if isinstance(value, np.generic) else value
        if isinstance(value, np.integer | np.bool_):
            return value.item()
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        if isinstance(value, tuple):
            return {"tuple": [self.plain(each) for each in value]}
        if isinstance(value, dict):
            return {"dict": [[self.plain(k), self.plain(v)] for k, v in value.items()]}
        if isinstance(value, pd.Period) and value.freqstr == "M":
            return {"month": int(value.ordinal)}
        if isinstance(value, date):
            return {"day": value.isoformat()}
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            start = len(self.body)
            self.body += np.ascontiguousarray(value).tobytes()
            self.body += bytes(-len(self.body) % _ALIGNED)
            return {"array": [value.dtype.str, list(value.shape), start]}
        if is_dataclass(value) and type(value) in _CLASSES:
            return {"object": self._object(value)}
        raise TypeError(f"{type(value).__name__} does not travel")

    def _object(self, value: Any) -> int:
        if id(value) not in self._seen:
            content = {f.name: self.plain(getattr(value, f.name)) for f in fields(value)}
            self.objects.append([type(value).__name__, content])
            self._seen[id(value)] = len(self.objects) - 1
        return self._seen[id(value)]


class _Reader:
    """Inverse of `_Writer`; whatever is not of its form raises ValueError."""

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._objects: list[Any] = []

    def build(self, name: str, content: Mapping[str, Any]) -> None:
        made = _BY_NAME[name](**{key: self.value(each) for key, each in content.items()})
        self._objects.append(made)

    def value(self, raw: Any) -> Any:
        if isinstance(raw, list):
            return [self.value(each) for each in raw]
        if not isinstance(raw, dict):
            return raw
        ((kind, content),) = raw.items()
        if kind == "tuple":
            return tuple(self.value(each) for each in content)
        if kind == "dict":
            return {self.value(key): self.value(each) for key, each in content}
        if kind == "month":
            return pd.Period(ordinal=content, freq="M")
        if kind == "day":
            return date.fromisoformat(content)
        if kind == "array":
            return self._array(np.dtype(content[0]), *content[1:])
        if kind == "object":
            return self._objects[content]
        raise ValueError(kind)

    def _array(
        self, dtype: np.dtype[Any], shape: Sequence[int], start: int
    ) -> np.ndarray[Any, Any]:
        if dtype.kind not in "fiub":
            raise ValueError(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return np.frombuffer(self._body[start : start + size], dtype).reshape(shape).copy()


def pack(value: Any) -> bytes:
    """A value made of the classes above, lists, tuples, dicts, months, days and arrays, as bytes.

    Raises
    ------
    TypeError
        If something else is in it.
    """
    writer = _Writer()
    root = writer.plain(value)
    head = json.dumps({"objects": writer.objects, "root": root}, ensure_ascii=False).encode()
    return seal(len(head).to_bytes(8, "little") + head + writer.body)


def unpack(content: bytes) -> Any:
    """Inverse of `pack`.

    Raises
    ------
    ValueError
        If the bytes are damaged, or not of this form.
    """
    opened = unseal(content)
    length = int.from_bytes(opened[:8], "little")
    try:
        head = json.loads(opened[8 : 8 + length])
        reader = _Reader(memoryview(opened)[8 + length :])
        for name, fields_of in head["objects"]:
            reader.build(name, fields_of)
        return reader.value(head["root"])
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not of this form: {error}") from error
