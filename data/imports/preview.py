"""What files were understood to hold, series by series, before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Catalogue, phrase
from employment_forecast.data.records import ReadResult, shown


@dataclass(frozen=True)
class SeriesPreview:
    """One series of the files.

    Attributes
    ----------
    label : str
        Text of the file that was taken for the indicator; empty where an option named it.
    region, indicator : str
        Catalogue codes.
    group : str or None
        Code of a group of people; None for everybody.
    partial : bool
        Figures of months in progress.
    first, last : pandas.Period
        Months.
    months : int
        How many figures.
    smallest, largest : float
        In the indicator's unit.
    """

    label: str
    region: str
    indicator: str
    group: str | None
    partial: bool
    first: pd.Period
    last: pd.Period
    months: int
    smallest: float
    largest: float


_Figure = tuple[tuple[str, str, str, str | None, bool], pd.Period, float]


def _figures(results: Iterable[ReadResult]) -> Iterator[_Figure]:
    for result in results:
        for reading in (*result.readings, *result.groups):
            row = reading.observation
            key = (reading.label, row.region, row.indicator, reading.group, False)
            yield key, row.month, row.value
        for part in result.part_months:
            month = pd.Period(part.last_day, freq="M")
            yield ("", part.region, part.indicator, None, True), month, part.value


def preview(results: Iterable[ReadResult]) -> tuple[SeriesPreview, ...]:
    """Series of files as they were read, in the order in which they first appear."""
    by_series: dict[Any, tuple[list[pd.Period], list[float]]] = {}
    for key, month, value in _figures(results):
        months, values = by_series.setdefault(key, ([], []))
        months.append(month)
        values.append(value)
    return tuple(
        SeriesPreview(
            shown(label), region, indicator, group, partial,
            min(months), max(months), len(values), min(values), max(values),
        )
        for (label, region, indicator, group, partial), (months, values) in by_series.items()
    )  # fmt: skip


def preview_rows(previews: Iterable[SeriesPreview], catalogue: Catalogue) -> list[dict[str, str]]:
    """Preview for people: names instead of codes, values as they are published."""
    rows = []
    for series in previews:
        indicator = catalogue.indicator(series.indicator)
        whom = f"（{catalogue.group(series.group).name}）" if series.group else ""
        values = _span(phrase(series.smallest, indicator), phrase(series.largest, indicator))
        rows.append(
            {
                "label": series.label or ("月中数" if series.partial else "（选项指定）"),
                "indicator": indicator.name + whom,
                "region": catalogue.region(series.region).name,
                "months": f"{_span(series.first, series.last)}，{series.months}个",
                "range": f"{values}{indicator.unit}",
            }
        )
    return rows


def _span(first: object, last: object) -> str:
    return f"{first}" if first == last else f"{first}—{last}"
