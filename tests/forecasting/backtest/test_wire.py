from __future__ import annotations

from dataclasses import is_dataclass
from datetime import date
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.competitions import make_competition

from employment_forecast.data.catalogue import Break
from employment_forecast.forecasting.backtest.cells import Cell, Task, TaskResult, compute, group
from employment_forecast.forecasting.backtest.codec import seal
from employment_forecast.forecasting.backtest.wire import _CLASSES, pack, unpack
from employment_forecast.models.paths import Failure

months = st.integers(0, 900).map(lambda n: pd.Period(ordinal=n, freq="M"))
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.dates() | months | months.map(lambda m: Break("310114", m)) | st.text().map(Failure)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(values)
def test_what_is_packed_comes_back(value: Any) -> None:
    unpacked = unpack(pack(value))
    assert unpacked == value
    assert type(unpacked) is type(value)


@given(st.binary(max_size=60))
def test_foreign_bytes_build_nothing(content: bytes) -> None:
    for given_bytes in (content, seal(content)):
        with pytest.raises(ValueError):  # noqa: PT011  # any kind of it
            unpack(given_bytes)


def test_arrays_keep_bits_shape_and_kind() -> None:
    odd = np.array([[0.1, np.nan], [-0.0, np.inf]])
    for array in (odd, odd.T, odd.astype("f4"), np.arange(3), np.array([True, False, True])):
        unpacked = unpack(pack({"deep": (array, [array])}))["deep"][0]
        assert (unpacked.dtype, unpacked.shape) == (array.dtype, array.shape)
        assert unpacked.tobytes() == np.ascontiguousarray(array).tobytes()


def test_a_task_computes_the_same_elsewhere() -> None:
    result = make_competition()
    tasks = group(Cell("drift", origin, 3, 200, 1) for origin in result.origins)
    travelled = unpack(pack(tasks))
    assert [c.key for t in travelled for c in t.cells] == [c.key for t in tasks for c in t.cells]
    for mine, theirs in zip(tasks, travelled, strict=True):
        one, other = compute(mine), unpack(pack(compute(theirs)))
        assert pack(one) == pack(other)
    # Two cells of one origin hold one history, there as here.
    both = unpack(pack([Cell(m, result.origins[0], 3, 200, 1) for m in ("drift", "ets")]))
    assert both[0].origin is both[1].origin


def classes_in(kind: Any) -> set[type]:
    """Dataclasses that a type is made of."""
    if isinstance(kind, type) and is_dataclass(kind):
        inner = [classes_in(each) for each in get_type_hints(kind).values()]
        return {kind}.union(*inner)
    return set().union(*(classes_in(each) for each in get_args(kind)))


def test_every_class_that_a_task_holds_is_listed() -> None:
    assert classes_in(Task) | classes_in(TaskResult) == set(_CLASSES)


def test_nothing_but_our_classes_travels() -> None:
    for value in (object(), date, {1: 2}.keys(), np.array(["a"], dtype=object)):
        with pytest.raises(TypeError, match="does not travel"):
            pack([value])
    for text in ('{"objects": [["Path", {}]], "root": 1}', '{"root": 1}', "[1]"):
        head = text.encode()
        with pytest.raises(ValueError, match="not of this form"):
            unpack(seal(len(head).to_bytes(8, "little") + head))
