"""All that was ever published of one series, and what of it was known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.clock import key_month, month_key
from data.shocks import Shock

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
    """

    values: pd.Series[float]
    published_on: npt.NDArray[np.datetime64]
    estimated: bool
    demo: bool
    sources: tuple[str, ...]
    shocks: tuple[Shock, ...] = ()


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
    """

    region: str
    indicator: str
    rows: pd.DataFrame
    shocks: tuple[Shock, ...] = ()

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
        rows = self.rows[self.rows["published_on"].to_numpy() <= np.datetime64(day)]
        rows = rows[~rows["month"].duplicated(keep="last").to_numpy()]
        keys = rows["month"].to_numpy(dtype=np.int64)
        since_1970 = (keys // 100 - 1970) * 12 + keys % 100 - 1
        months = pd.PeriodIndex(
            since_1970.astype("datetime64[M]").astype("datetime64[s]"), freq="M"
        )
        return Known(
            values=pd.Series(rows["value"].to_numpy(dtype=float), index=months, dtype=float),
            published_on=rows["published_on"].to_numpy().astype("datetime64[D]"),
            estimated=bool(rows["published_estimated"].any()),
            demo=bool(rows["demo"].any()),
            sources=tuple(dict.fromkeys(rows["source"])),
            shocks=tuple(each for each in self.shocks if each.known_on(day)),
        )

    def first_published(self, month: pd.Period) -> date | None:
        """Day a month was first published, None if it never was."""
        rows = self.rows[self.rows["month"].to_numpy() == month_key(month)]
        if rows.empty:
            return None
        day: date = rows["published_on"].min().date()
        return day

    @property
    def months(self) -> list[pd.Period]:
        """Months with any row, in order."""
        return [key_month(int(k)) for k in sorted(self.rows["month"].unique())]
