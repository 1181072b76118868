"""The row that enters the store, and the limits its value must keep."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.errors import DataError


@dataclass(frozen=True)
class Observation:
    """One published figure.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    month : pandas.Period
        Month the figure is about.
    value : float
        In the indicator's unit and reporting form.
    published_on : datetime.date or None
        Day it became known; None if nobody knows, then it is estimated and flagged.
    source : str
        Document or office.
    """

    region: str
    indicator: str
    month: pd.Period
    value: float
    published_on: date | None
    source: str


def out_of_range(value: float, indicator: Indicator) -> str | None:
    """Why a value cannot be right, in Chinese; None if it can."""
    if not math.isfinite(value):
        return "不是有限的数"
    if value < 0 and indicator.kind != "flow":
        return "为负数"
    if indicator.kind == "rate" and value > 100:
        return "超过100%"
    return None


def check_observations(rows: Iterable[Observation], catalogue: Catalogue) -> None:
    """Refuse a batch that holds impossible or contradictory rows.

    Raises
    ------
    UnknownNameError
        For a region or indicator outside the catalogue.
    DataError
        For a value out of range, or a month given twice on one publication day.
    """
    seen: dict[tuple[str, str, int, date], float] = {}
    region_of, indicator_of = cache(catalogue.region), cache(catalogue.indicator)
    for row in rows:
        indicator, region = indicator_of(row.indicator), region_of(row.region)
        reason = out_of_range(row.value, indicator)
        if reason:
            named = _named(row, region, indicator)
            raise DataError(
                f"{named} 的值 {row.value:,.10g}{indicator.unit}{reason}。",
                f"请在来源“{row.source}”中核对并更正后重新导入。",
            )
        day = row.published_on or indicator.usually_published(row.month)
        key = (region.code, indicator.code, row.month.ordinal, day)
        if key in seen:
            named = _named(row, region, indicator)
            raise DataError(
                f"{named} 在同一批数据中出现两次（{seen[key]:,.10g} 与 {row.value:,.10g}）。",
                "请只保留一个；若是修订，请分别写明发布日期。",
            )
        seen[key] = row.value


def _named(row: Observation, region: Region, indicator: Indicator) -> str:
    return f"{region.name}“{indicator.name}”{row.month}"
