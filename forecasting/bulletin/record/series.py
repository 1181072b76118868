"""One indicator in a bulletin: its value, how it compares, and where it stands against its caps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Break, Indicator, Region, figure
from employment_forecast.data.records import Known, Vintages
from employment_forecast.data.targets import Target, in_force
from employment_forecast.features.events import MONTH_ON_MONTH, YEAR_ON_YEAR, crosses
from employment_forecast.features.monthly import to_monthly
from employment_forecast.forecasting.assessment import basis_of
from employment_forecast.forecasting.bulletin.record.context import RecordContext

# Below this base a percentage says more than the numbers do.
LEAST_BASE = 10.0
BREAK = "口径变化，不可比"
ABSENT = "基数缺失，不可比"


def comparison(
    values: pd.Series[float], month: pd.Period, lag: int, indicator: Indicator, *, broken: bool
) -> dict[str, Any]:
    """A month against an earlier one, both as published."""
    before = month - lag
    base = values.get(before)
    empty = {"base_month": str(before), "base": None, "change": None, "percent": None}
    if broken:
        return {**empty, "reason": BREAK}
    if base is None or pd.isna(base):
        return {**empty, "reason": ABSENT}
    now, then = figure(float(values.get(month, 0.0)), indicator), figure(float(base), indicator)
    change = round(now - then, indicator.decimals)
    counted = indicator.kind in ("stock", "flow") and then >= LEAST_BASE
    return {
        "base_month": str(before),
        "base": then,
        "change": change,
        "percent": round(100 * change / then, 1) if counted else None,
        "reason": None,
    }


def cap_key(target: Target) -> str:
    """Name of a target within a record, the same from month to month."""
    return f"{target.tier}.{target.basis}.{target.period}"


def _caps(
    value: float | None,
    targets: Sequence[Target],
    region: Region,
    indicator: Indicator,
    month: pd.Period,
    as_of: date,
    demo: bool,
) -> dict[str, Any]:
    caps = in_force(targets, region.code, indicator.code, month, as_of, demo=demo)
    return {
        cap_key(t): {
            "tier": t.tier,
            "basis": t.basis,
            "qualifier": t.qualifier,
            "period": t.period,
            "value": figure(t.value, indicator),
            "limit": figure(t.limit, indicator) if t.tolerance else None,
            "carried": t.carried,
            "demo": t.demo,
            "headroom": None
            if value is None or not basis_of(t).by_month
            else round(figure(t.limit, indicator) - value, indicator.decimals),
            "source": t.source,
        }
        for t in caps
        if t.direction == "cap" and t.value is not None and t.limit is not None and t.unit_confirmed
    }


def series_record(
    context: RecordContext,
    vintages: Vintages,
    indicator: Indicator,
    targets: Sequence[Target] = (),
) -> dict[str, Any] | None:
    """One indicator of one month as it was known on a day.

    Parameters
    ----------
    context : RecordContext
        Region, month and day.
    vintages : Vintages
        The series with its publication days.
    indicator : Indicator
        Catalogue entry.
    targets : sequence of Target
        All on file; the caps in force are picked.

    Returns
    -------
    dict or None
        `value` is None where the month is not published; the newest month is then in
        `latest_month`. A year-to-date figure has its month's flow under `flow`. None if nothing
        of the series was known.
    """
    region, month, as_of = context.region, context.month, context.as_of
    known = vintages.as_of(as_of)
    if known.values.empty:
        return None
    values = known.values[known.values.index <= month]
    if values.empty:
        return None
    last = values.index[-1]
    breaks = indicator.breaks_in(region.code, known.demo)

    def compared(series: pd.Series[float], lag: int) -> dict[str, Any]:
        broken = crosses(month, lag, breaks)
        return comparison(series, month, lag, indicator, broken=broken)

    current = values.get(month)
    value = None if current is None else figure(float(current), indicator)
    record: dict[str, Any] = {
        "indicator": indicator.code,
        "name": indicator.name,
        "unit": indicator.unit,
        "kind": indicator.kind,
        "reporting": indicator.reporting,
        "decimals": indicator.decimals,
        "month": str(month),
        "value": value,
        "latest_month": str(last),
        "latest": figure(float(values[last]), indicator),
        "demo": known.demo,
        "source": f"观测库 {region.name}“{indicator.name}”，{known.sources[-1]}",
    }
    if current is not None:
        at = list(known.values.index).index(month)
        record["published_on"] = str(known.published_on[at])
        record["year_on_year"] = compared(values, YEAR_ON_YEAR)
        if indicator.reporting == "year_to_date":
            record["flow"] = _flow(known, indicator, month, breaks)
        else:
            record["month_on_month"] = compared(values, MONTH_ON_MONTH)
    record["caps"] = _caps(value, targets, region, indicator, month, as_of, known.demo)
    return record


def _flow(
    known: Known, indicator: Indicator, month: pd.Period, breaks: Sequence[Break]
) -> dict[str, Any] | None:
    """The month's own part of a year-to-date figure; None where it was not published by itself."""
    monthly = to_monthly(known.values, published_on=known.published_on)
    flows = monthly.values.where(monthly.marks.isin(["observed"]))
    flow = flows.get(month)
    if flow is None or pd.isna(flow):
        return None

    def compared(lag: int) -> dict[str, Any]:
        return comparison(flows, month, lag, indicator, broken=crosses(month, lag, breaks))

    return {
        "value": figure(float(flow), indicator),
        "month_on_month": compared(MONTH_ON_MONTH),
        "year_on_year": compared(YEAR_ON_YEAR),
    }
