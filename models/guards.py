"""What is refused of what a model returns, and how its failures are told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.features.history import History
from employment_forecast.models.paths import Failure
from employment_forecast.models.scale import SEASON, Floats


class ModelFailure(Exception):
    """Raised by a hook that cannot go on; becomes a `Failure` with this reason (Chinese)."""


@contextmanager
def quietly() -> Iterator[None]:
    """Keep numerical warnings of the libraries off the terminal; results are guarded instead."""
    # Recorded as well as ignored: a library imported inside the block may add filters of its own
    # that let its warnings through.
    with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def failure_of(error: Exception | SystemExit) -> Failure:
    """Reason of a failure: our own in Chinese as it is, a library's with its type."""
    if isinstance(error, ShortHistoryError):
        return Failure(error.message)
    if isinstance(error, ModelFailure):
        return Failure(str(error))
    return Failure(f"{type(error).__name__}: {error}", passing=True)


def demand_storable(value: Any) -> None:
    """Refuse parameters that are not finite or that JSON cannot hold."""
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise ModelFailure(f"估计结果的键应为文字，不是 {key!r}")
            demand_storable(each)
    elif isinstance(value, list | tuple):
        for each in value:
            demand_storable(each)
    elif isinstance(value, float):
        if not np.isfinite(value):
            raise ModelFailure("估计结果不是有限的数")
    elif not (value is None or isinstance(value, str | int | bool)):
        raise ModelFailure(f"估计结果含有不能写成 JSON 的 {type(value).__name__}")


def demand_plausible(values: Floats, history: History) -> None:
    """Refuse exploding forecasts: medians far outside anything the series ever did."""
    lowest, highest, limit = values.min(), values.max(), np.finfo(np.float32).max
    if not -limit < lowest <= highest < limit:
        raise ModelFailure("模拟路径含有非有限的数")
    low, high = np.nanmin(history.values), np.nanmax(history.values)
    # A series that has not moved by a printed digit may move by one.
    room = 2.0 * max(high - low, history.precision)
    least, most = min(low - room, low / 4), high + room
    # What a series of less than a year ranged over is not what it can range over.
    share = 0.05 if len(history) > SEASON else 0.25
    widest = 4.0 * max(high - low, abs(high) * share, history.precision)
    # Quantiles lie between the ends, which are found in no time.
    if least <= lowest and highest <= most and highest - lowest <= widest:
        return
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    if median.max() > most or median.min() < least:
        raise ModelFailure("预测中位数远离历史取值范围，视为发散")
    if (upper - lower).max() > widest:
        raise ModelFailure("预测区间远宽于历史波动，视为发散")
