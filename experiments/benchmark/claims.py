"""Weekly claims with their publication days, as a monthly target and figures of its weeks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from employment_forecast.data.clock import month_key
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import PART_COLUMNS, PartVintages, Vintages

INDICATOR = "continued_claims"


@dataclass(frozen=True)
class Claims:
    """One area.

    Attributes
    ----------
    area : str
        Its code.
    months : Vintages
        Mean of the weeks that end in a month, published with its last week and whenever one
        changes.
    weeks : PartVintages
        Every week as a stock on its last day.
    final : pandas.Series
        Monthly means as finally published, of months with at least four weeks.
    """

    area: str
    months: Vintages
    weeks: PartVintages
    final: pd.Series[float]


def read_claims(file: Path) -> Iterator[Claims]:
    """Every area of the file."""
    table = pd.read_csv(file, parse_dates=["published_on", "week_end"])
    table = table.dropna(subset=[INDICATOR]).sort_values(["area", "week_end", "published_on"])
    twice = table[table.duplicated(["area", "week_end", "published_on"])]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(
            f"{file.name}：地区 {row['area']} 截至 {row['week_end']:%Y-%m-%d} 的一周在"
            f" {row['published_on']:%Y-%m-%d} 发布了不止一次（共 {len(twice)} 处）。",
            "每个地区、每周、每个发布日只能有一行；请删去多余的行。",
        )
    for area, rows in table.groupby("area"):
        yield _area(f"{area:02d}", rows)


def _area(area: str, rows: pd.DataFrame) -> Claims:
    month = rows["week_end"].dt.to_period("M")
    last = rows.groupby("week_end")[INDICATOR].last()
    by_month = last.groupby(pd.DatetimeIndex(last.index).to_period("M"))
    final = by_month.mean()[by_month.count() >= 4]
    published = [
        _published(each, weeks) for each, weeks in rows.groupby(month) if each in final.index
    ]
    months = pd.concat(published, ignore_index=True)
    weeks = pd.DataFrame(
        {
            "first_day": rows["week_end"],
            "last_day": rows["week_end"],
            "value": rows[INDICATOR].astype(float),
            "published_on": rows["published_on"],
        }
    )
    for frame in (months, weeks):
        frame["published_estimated"], frame["source"], frame["demo"] = False, "", False
        frame["id"] = np.arange(len(frame))
    return Claims(
        area,
        Vintages(area, INDICATOR, months),
        PartVintages(area, INDICATOR, weeks[list(PART_COLUMNS)].reset_index(drop=True)),
        final,
    )


def _published(month: pd.Period, rows: pd.DataFrame) -> pd.DataFrame:
    """Monthly mean on every day it first appeared or changed."""
    count = rows["week_end"].nunique()
    latest: dict[pd.Timestamp, float] = {}
    means: list[tuple[pd.Timestamp, float]] = []
    for day, of_day in rows.sort_values("published_on", kind="stable").groupby("published_on"):
        latest |= dict(zip(of_day["week_end"], of_day[INDICATOR].astype(float), strict=True))
        mean = sum(latest.values()) / count
        if len(latest) == count and (not means or mean != means[-1][1]):
            means.append((pd.Timestamp(str(day)), mean))
    days, values = zip(*means, strict=True)
    return pd.DataFrame({"month": month_key(month), "value": values, "published_on": days})
