"""Indicators computed from many reports, kept between runs like cells.

What the monitored firms showed on a past day is the same next month, and working it out for every
origin takes longer than the models' new origin does. A series is kept under the content of the
reports that were known on its day, so a back file or a correction is worked out anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from employment_forecast.data.records import Known
from employment_forecast.features.history import CovariateSource, KnownSource
from employment_forecast.forecasting.backtest.cells import CellCache
from employment_forecast.forecasting.backtest.codec import seal_json, unseal_json
from employment_forecast.forecasting.backtest.identity import code_version


@runtime_checkable
class Identified(KnownSource, Protocol):
    """A source that can tell cheaply what its answer for a day depends on."""

    def identity(self, day: date) -> bytes:
        """Hash of everything that was known at the end of a day."""


@dataclass(frozen=True)
class CachedCovariate:
    """A source whose answers for some days are there already.

    Attributes
    ----------
    source : KnownSource
        Answers for all other days.
    answers : dict
        By day.
    """

    source: KnownSource
    answers: Mapping[date, Known]

    @property
    def region(self) -> str:
        """Code of the region."""
        return self.source.region

    def as_of(self, day: date) -> Known:
        """What was known at the end of a day."""
        answer = self.answers.get(day)
        return self.source.as_of(day) if answer is None else answer


def cached_covariates(
    others: Sequence[CovariateSource], days: Iterable[date], cache: CellCache
) -> list[CovariateSource]:
    """Answer for the days of a back-test from the cache; what is missing is computed and kept.

    Parameters
    ----------
    others : sequence of (Indicator, KnownSource)
        Those whose source is `Identified` are kept; the others are quick and stay as they are.
    days : iterable of datetime.date
        Days that will be asked for.
    cache : CellCache
        Keeps results between runs.

    Returns
    -------
    list of (Indicator, KnownSource)
        In the same order, with the same answers.
    """
    wanted = {
        (i, day): _key(indicator.code, source, day)
        for i, (indicator, source) in enumerate(others)
        if isinstance(source, Identified)
        for day in sorted(set(days))
    }
    if not wanted:
        return list(others)
    stored = cache.load(list(wanted.values()))
    answers: dict[int, dict[date, Known]] = {}
    fresh: dict[str, bytes] = {}
    for (i, day), key in wanted.items():
        known = _decode(stored[key]) if key in stored else None
        if known is None:
            known = others[i][1].as_of(day)
            fresh[key] = _encode(known)
        answers.setdefault(i, {})[day] = known
    if fresh:
        cache.save(fresh)
    return [
        (indicator, CachedCovariate(source, answers[i]) if i in answers else source)
        for i, (indicator, source) in enumerate(others)
    ]


def _key(code: str, source: Identified, day: date) -> str:
    text = f"known|{code_version()}|{source.region}|{code}|".encode()
    return hashlib.sha256(text + source.identity(day)).hexdigest()


def _encode(known: Known) -> bytes:
    """A checksum and JSON: numbers are written so that they are read back to the last bit."""
    months = pd.PeriodIndex(known.values.index)
    return seal_json(
        {
            "months": months.asi8.tolist(),
            "values": known.values.to_numpy(dtype=float).tolist(),
            "published_on": known.published_on.astype("datetime64[D]").astype(str).tolist(),
            "estimated": known.estimated,
            "demo": known.demo,
            "sources": list(known.sources),
            "name": known.values.name,
        }
    )


def _decode(blob: bytes) -> Known | None:
    """Inverse of `_encode`; None if the bytes are damaged."""
    try:
        content = unseal_json(blob)
    except ValueError:
        return None
    since_1970 = np.array(content["months"], dtype=np.int64)
    months = pd.PeriodIndex(since_1970.astype("datetime64[M]").astype("datetime64[s]"), freq="M")
    return Known(
        values=pd.Series(content["values"], index=months, dtype=float, name=content["name"]),
        published_on=np.array(content["published_on"], dtype="datetime64[D]"),
        estimated=content["estimated"],
        demo=content["demo"],
        sources=tuple(content["sources"]),
    )
