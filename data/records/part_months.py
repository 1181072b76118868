"""Figures of a month in progress (月中数): a stock on a day, or a flow between two days."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.records.observation import out_of_range

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]

PART_COLUMNS = (
    "first_day", "last_day", "value", "published_on", "published_estimated", "source", "demo", "id",
)  # fmt: skip


@dataclass(frozen=True)
class PartMonth:
    """One figure of a part of a month.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    first_day, last_day : datetime.date
        Days a flow was counted over; equal for a stock, which stood so on that day.
    value : float
        In the indicator's unit; never a total since January.
    published_on : datetime.date or None
        Day it became known; None if nobody knows, then it is estimated and flagged.
    source : str
        Document or office.
    """

    region: str
    indicator: str
    first_day: date
    last_day: date
    value: float
    published_on: date | None
    source: str


@dataclass(frozen=True)
class KnownParts:
    """Part-month figures of one series as they were known on a day, by last day.

    Attributes
    ----------
    first_day, last_day : numpy.ndarray
        datetime64[D], shape (n,), ascending by last day, then first.
    values : numpy.ndarray
        float64, shape (n,).
    """

    first_day: Days
    last_day: Days
    values: Floats

    def by_days(self) -> dict[tuple[date, date], float]:
        """Values by first and last day."""
        days = zip(self.first_day.tolist(), self.last_day.tolist(), strict=True)
        return dict(zip(days, self.values.tolist(), strict=True))


@dataclass(frozen=True)
class PartVintages:
    """Every part-month figure of one (region, indicator), real or else demonstration data.

    Attributes
    ----------
    region, indicator : str
        Codes.
    rows : pandas.DataFrame
        Columns `PART_COLUMNS`; sorted by last_day, first_day, published_on, id.
    """

    region: str
    indicator: str
    rows: pd.DataFrame

    def as_of(self, day: date) -> KnownParts:
        """What was known at the end of a day: of each span the latest value published by then."""
        first, last, value, published = self._columns
        seen = np.flatnonzero(published <= np.datetime64(day))
        same = (first[seen][1:] == first[seen][:-1]) & (last[seen][1:] == last[seen][:-1])
        at = seen[np.append(~same, True)] if len(seen) else seen
        return KnownParts(first[at], last[at], value[at])

    def known_hash(self, day: date) -> str:
        """Hash of everything that was known at the end of a day; empty if nothing was."""
        first, last, value, published = self._columns
        seen = published <= np.datetime64(day)
        if not seen.any():
            return ""
        digest = hashlib.sha256()
        for column in (first, last, value, published):
            digest.update(np.ascontiguousarray(column[seen]).tobytes())
        return digest.hexdigest()

    @cached_property
    def _columns(self) -> tuple[Days, Days, Floats, Days]:
        rows = self.rows
        first, last, published = (
            rows[name].to_numpy(dtype="datetime64[D]")
            for name in ("first_day", "last_day", "published_on")
        )
        return first, last, rows["value"].to_numpy(dtype=float), published


def check_part_months(rows: Iterable[PartMonth], catalogue: Catalogue) -> None:
    """Refuse a batch of part-month figures that holds impossible rows.

    Raises
    ------
    UnknownNameError
        For a region or indicator outside the catalogue.
    DataError
        For a value out of range, or days that are no part of a month.
    """
    for row in rows:
        indicator, region = catalogue.indicator(row.indicator), catalogue.region(row.region)
        label = f"{region.name}“{indicator.name}”截至 {row.last_day}"
        reason = out_of_range(row.value, indicator)
        if reason:
            raise DataError(
                f"{label} 的值 {row.value:,.10g}{indicator.unit}{reason}。",
                f"请在来源“{row.source}”中核对并更正后重新导入。",
            )
        if row.first_day > row.last_day or (row.last_day - row.first_day).days > 31:
            raise DataError(
                f"{label} 的起止日 {row.first_day} 至 {row.last_day} 不是一个月之内的一段。",
                f"请在来源“{row.source}”中核对起止日。",
            )
