"""All that was ever published of one series, and what of it was known on a day."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.clock import key_month, month_key
from employment_forecast.data.records.shocks import Shock

_MONTHLY = pd.PeriodDtype("M")
COLUMNS = ("month", "value", "published_on", "published_estimated", "source", "demo", "id")


@dataclass(frozen=True)
class Known:
    """One series as it was known on a day.

    Attributes
    ----------
    values : pandas.Series
        float64 with a sorted `PeriodIndex[M]`; months never published are absent, not NaN.
    published_on : numpy.ndarray
        datetime64[D], the day each of these values became known.
    estimated : bool
        True if any of those days is an estimate.
    demo : bool
        True for demonstration data (演示数据).
    sources : tuple of str
        Distinct sources, in order of first appearance.
    shocks : tuple of Shock
        Declared events that were known on the day.
    notes : tuple of str
        How figures came about that nobody published as they are: sums of parts (汇总).
    """

    values: pd.Series[float]
    published_on: npt.NDArray[np.datetime64]
    estimated: bool
    demo: bool
    sources: tuple[str, ...]
    shocks: tuple[Shock, ...] = ()
    notes: tuple[str, ...] = ()


class Composition(Protocol):
    """How rows were made of those of other regions."""

    def notes(self, day: date) -> tuple[str, ...]:
        """What was added up, what is missing and what was revised, as known on a day."""


@dataclass(frozen=True)
class _Columns:
    """Columns of the rows as arrays: a back-test looks at every day of a series many times."""

    month: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    published_on: npt.NDArray[np.datetime64]
    estimated: npt.NDArray[np.bool_]
    demo: npt.NDArray[np.bool_]
    source: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Vintages:
    """Every stored row of one (region, indicator).

    Demonstration rows are here only if there is no real row at all: the two are never spliced.

    Attributes
    ----------
    region, indicator : str
        Codes.
    rows : pandas.DataFrame
        Columns `month` (YYYYMM), `value`, `published_on` (datetime64), `published_estimated`,
        `source`, `demo`, `id`; sorted by month, published_on, id.
    shocks : tuple of Shock
        Every event ever declared for the series, withdrawn ones too.
    composition : Composition or None
        What of it was made of other regions' rows; None if all of it is the region's own.
    """

    region: str
    indicator: str
    rows: pd.DataFrame
    shocks: tuple[Shock, ...] = ()
    composition: Composition | None = None

    def as_of(self, day: date) -> Known:
        """What was known at the end of a day: of each month the latest value published by then.

        Parameters
        ----------
        day : datetime.date
            Last day of publication to look at.

        Returns
        -------
        Known
            Empty if nothing had been published.
        """
        columns = self._columns
        seen = np.flatnonzero(columns.published_on <= np.datetime64(day))
        keys = columns.month[seen]
        # Rows are in the order of months, the newest of each month last.
        at = seen[np.append(keys[1:] != keys[:-1], True)] if len(seen) else seen
        keys = columns.month[at]
        since_1970 = (keys // 100 - 1970) * 12 + keys % 100 - 1
        months = pd.PeriodIndex(pd.arrays.PeriodArray(since_1970, dtype=_MONTHLY), copy=False)
        return Known(
            values=pd.Series(columns.value[at], index=months, dtype=float),
            published_on=columns.published_on[at].astype("datetime64[D]"),
            estimated=bool(columns.estimated[at].any()),
            demo=bool(columns.demo[at].any()),
            sources=tuple(dict.fromkeys(columns.source[at])),
            shocks=tuple(each for each in self.shocks if each.known_on(day)),
            notes=() if self.composition is None else self.composition.notes(day),
        )

    @cached_property
    def _hashes(self) -> dict[date, bytes | None]:
        """Of days that were asked about: regions that share a neighbour ask about the same."""
        return {}

    def known_hash(self, day: date) -> bytes | None:
        """Hash of everything that was known at the end of a day; None if nothing was."""
        if day not in self._hashes:
            self._hashes[day] = self._hash(day)
        return self._hashes[day]

    def _hash(self, day: date) -> bytes | None:
        columns = self._columns
        seen = columns.published_on <= np.datetime64(day)
        if not seen.any():
            return None
        digest = hashlib.sha256(columns.month[seen].tobytes())
        digest.update(columns.value[seen].tobytes())
        digest.update(columns.published_on[seen].astype("datetime64[D]").tobytes())
        digest.update(repr([each for each in self.shocks if each.known_on(day)]).encode())
        return digest.digest()

    def first_published(self, month: pd.Period) -> date | None:
        """Day a month was first published, None if it never was."""
        columns = self._columns
        days = columns.published_on[columns.month == month_key(month)]
        if not len(days):
            return None
        first: date = days.min().astype("datetime64[D]").item()
        return first

    @cached_property
    def _columns(self) -> _Columns:
        rows = self.rows
        return _Columns(
            month=rows["month"].to_numpy(dtype=np.int64),
            value=rows["value"].to_numpy(dtype=float),
            published_on=rows["published_on"].to_numpy(),
            estimated=rows["published_estimated"].to_numpy(dtype=bool),
            demo=rows["demo"].to_numpy(dtype=bool),
            source=rows["source"].to_numpy(dtype=object),
        )

    @property
    def months(self) -> list[pd.Period]:
        """Months with any row, in order."""
        return [key_month(int(k)) for k in sorted(self.rows["month"].unique())]
