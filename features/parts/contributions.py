"""What each part adds to the change of the whole, as it was known on a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Indicator, Region, figure
from employment_forecast.data.records import Vintages
from employment_forecast.features.events import MONTH_ON_MONTH, YEAR_ON_YEAR, crosses
from employment_forecast.features.monthly import monthly_figures
from employment_forecast.features.parts.breadth import LOW_MONTHS, broad

# One part of this size decides the whole; the others' contributions are noise beside it.
DOMINANT = 0.95
LAGS = {"month_on_month": MONTH_ON_MONTH, "year_on_year": YEAR_ON_YEAR}
_NAMED = 6


@dataclass(frozen=True)
class PartChange:
    """A change, and how many percentage points of the whole's growth it makes."""

    change: float
    points: float | None


@dataclass(frozen=True)
class PartRow:
    """One part.

    Attributes
    ----------
    region : Region or None
        None for what no part counts.
    value : float
        Of the month.
    share : float or None
        Of the whole.
    changes : mapping of str to PartChange or None
        By key of `LAGS`; None where a month is unknown or a definition changed between.
    rising, above_low : bool or None
        See `broad`; None with fewer than twelve months.
    """

    region: Region | None
    value: float
    share: float | None
    changes: Mapping[str, PartChange | None]
    rising: bool | None = None
    above_low: bool | None = None


@dataclass(frozen=True)
class PartsView:
    """A whole and its parts in one month.

    Attributes
    ----------
    month : pandas.Period
        Newest month that the whole and all parts have told.
    indicator : Indicator
        What is counted.
    whole : PartRow
        The whole, `points` being its own growth.
    parts : tuple of PartRow
        Those with the largest monthly change first.
    rest : PartRow or None
        The whole less its parts; None where they add up.
    notes : tuple of str
        Parts left out and why; a part that decides the whole; zeros.
    """

    month: pd.Period
    indicator: Indicator
    whole: PartRow
    parts: tuple[PartRow, ...]
    rest: PartRow | None
    notes: tuple[str, ...]

    @property
    def judged(self) -> int:
        """Parts with twelve months."""
        return sum(p.rising is not None for p in self.parts)

    @property
    def broad(self) -> int:
        """Parts that have risen for three months or stand 10 % above their low."""
        return sum(bool(p.rising or p.above_low) for p in self.parts)


def parts_of(
    catalogue: Catalogue,
    vintages_of: Callable[[str, str], Vintages],
    region: Region,
    indicator: Indicator,
    as_of: date,
) -> PartsView | None:
    """The parts of a region's figure.

    Parameters
    ----------
    catalogue : Catalogue
        Regions and their parts.
    vintages_of : callable
        Series by codes of region and indicator.
    region, indicator : Region, Indicator
        The whole.
    as_of : datetime.date
        Day of knowledge.

    Returns
    -------
    PartsView or None
        None where the indicator has no parts, or no month is known of the whole and all of them.
    """
    below = catalogue.children(region) if catalogue.lists_parts(region) else ()
    if indicator.aggregation != "sum" or not below:
        return None
    whole = _monthly(vintages_of(region.code, indicator.code), indicator, as_of)
    flows = {r.code: _monthly(vintages_of(r.code, indicator.code), indicator, as_of) for r in below}
    months = {code: set(values.dropna().index) for code, values in flows.items()}

    def complete(month: pd.Period) -> bool:
        parts = catalogue.parts(region, indicator, month)
        return bool(parts) and all(month in months[p.code] for p in parts)

    month = next((m for m in sorted(whole.dropna().index, reverse=True) if complete(m)), None)
    if month is None:
        return None
    members = catalogue.parts(region, indicator, month)
    total = _row(region, whole, month, indicator, whole)
    rows = [_row(p, flows[p.code], month, indicator, whole) for p in members]
    rows.sort(key=lambda r: -abs(c.change if (c := r.changes["month_on_month"]) else 0.0))
    return PartsView(
        month, indicator, total, tuple(rows), _rest(total, rows, indicator), _notes(rows, month)
    )


def _monthly(vintages: Vintages, indicator: Indicator, as_of: date) -> pd.Series[float]:
    known = vintages.as_of(as_of)
    return known.values if known.values.empty else monthly_figures(known, indicator)[0].values


def _row(
    region: Region,
    values: pd.Series[float],
    month: pd.Period,
    indicator: Indicator,
    whole: pd.Series[float],
) -> PartRow:
    value, total = float(values.get(month, np.nan)), float(whole.get(month, np.nan))
    breaks = indicator.breaks_in(region.code, demo=False)
    changes: dict[str, PartChange | None] = {}
    for name, lag in LAGS.items():
        before, base = (float(s.get(month - lag, np.nan)) for s in (values, whole))
        known = np.isfinite(before) and not crosses(month, lag, breaks)
        points = 100 * (value - before) / base if np.isfinite(base) and base > 0 else None
        changes[name] = PartChange(value - before, points) if known else None
    last = values.reindex(pd.period_range(month - (LOW_MONTHS - 1), month, freq="M"))
    course = np.asarray(last, dtype=np.float64)
    rising, above = (None, None)
    if np.isfinite(course).all():
        rising, above = (bool(flag) for flag in broad(course))
    return PartRow(region, value, value / total if total > 0 else None, changes, rising, above)


def _rest(whole: PartRow, parts: list[PartRow], indicator: Indicator) -> PartRow | None:
    """What the whole has beyond its parts; None where rounding explains it."""
    value = whole.value - sum(p.value for p in parts)
    if abs(value) <= indicator.precision / 2:
        return None
    changes: dict[str, PartChange | None] = {}
    for name in LAGS:
        own, each = whole.changes[name], [p.changes[name] for p in parts]
        known = [c for c in each if c is not None]
        if own is None or len(known) < len(each):
            changes[name] = None
            continue
        points = [c.points for c in known if c.points is not None]
        left = own.points - sum(points) if own.points is not None and points else None
        changes[name] = PartChange(own.change - sum(c.change for c in known), left)
    return PartRow(None, value, value / whole.value if whole.value > 0 else None, changes)


def _notes(parts: list[PartRow], month: pd.Period) -> tuple[str, ...]:
    def named(rows: list[PartRow]) -> str:
        names = "、".join(r.region.name for r in rows[:_NAMED] if r.region is not None)
        return f"{names}等 {len(rows)} 个" if len(rows) > _NAMED else names

    short = [p for p in parts if p.rising is None]
    zero = [p for p in parts if p.value == 0]
    large = [p for p in parts if p.share is not None and p.share >= DOMINANT]
    notes = []
    if short:
        notes.append(f"{named(short)}不足 {LOW_MONTHS} 个月的数据，不计入扩散面")
    if zero:
        notes.append(f"{named(zero)} {month} 为 0")
    if large:
        notes.append(f"{named(large)}占总数 {large[0].share:.0%}，总数的变动几乎全由它决定")
    return tuple(notes)


def parts_document(view: PartsView | None) -> dict[str, Any] | None:
    """Parts as one JSON-able object; None where there are none."""
    if view is None:
        return None
    both = (*view.parts, *([view.rest] if view.rest is not None else []))
    return {
        "month": str(view.month),
        "whole": _written(view.whole, view.indicator),
        "parts": [_written(row, view.indicator) for row in both],
        "breadth": {
            "parts": view.judged,
            "broad": view.broad,
            "rising": sum(bool(p.rising) for p in view.parts),
            "above_low": sum(bool(p.above_low) for p in view.parts),
            "share": round(view.broad / view.judged, 3) if view.judged else None,
        },
        "notes": list(view.notes),
    }


def _written(row: PartRow, indicator: Indicator) -> dict[str, Any]:
    changes = {
        name: None
        if c is None
        else {
            "change": figure(c.change, indicator),
            "points": None if c.points is None else round(c.points, 2),
        }
        for name, c in row.changes.items()
    }
    return {
        "code": None if row.region is None else row.region.code,
        "name": "未分到下级" if row.region is None else row.region.name,
        "value": figure(row.value, indicator),
        "share": None if row.share is None else round(row.share, 4),
        **changes,
        "rising": row.rising,
        "above_low": row.above_low,
    }
