"""Plan targets in a bulletin: what is reached of each and how that compares with the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.data.records import Vintages
from employment_forecast.data.targets import Target, in_force
from employment_forecast.forecasting.assessment import basis_of
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.series import cap_key

# Years a seasonal share is taken from; fewer say nothing.
LEAST_YEARS = 3


def seasonal_share(year_to_date: pd.Series[float], month: pd.Period) -> float | None:
    """Share of a year's total that is usually reached by a month."""
    shares = []
    for year in range(year_to_date.index[0].year, month.year):
        part = year_to_date.get(pd.Period(year=year, month=month.month, freq="M"))
        whole = year_to_date.get(pd.Period(year=year, month=12, freq="M"))
        if part is not None and whole is not None and whole > 0:
            shares.append(100 * part / whole)
    return float(np.median(shares)) if len(shares) >= LEAST_YEARS else None


def _published_total(
    values: pd.Series[float], indicator: Indicator, target: Target, month: pd.Period
) -> float | None:
    """Sum over the target's period up to a month; None where a part of it is missing."""
    inside = values[(values.index >= target.first_month) & (values.index <= month)]
    if indicator.reporting == "year_to_date":
        last = [
            min(month, pd.Period(year=y, month=12, freq="M"))
            for y in range(target.first_month.year, month.year + 1)
        ]
        known = [inside.get(m) for m in last]
        return None if any(v is None for v in known) else float(sum(v for v in known if v))
    whole = pd.period_range(target.first_month, month, freq="M")
    return float(inside.sum()) if len(inside) == len(whole) else None


def progress_record(
    context: RecordContext, targets: Sequence[Target], *, demo: bool
) -> dict[str, Any]:
    """Targets other than caps in force for a month, with what is reached of each.

    Parameters
    ----------
    context : RecordContext
        Region, month, day and series.
    targets : sequence of Target
        All on file.
    demo : bool
        Whether demonstration targets may be shown.

    Returns
    -------
    dict
        By indicator and `cap_key`: the target, `done`, `share`, `calendar` (elapsed part of the
        period) and `seasonal` (usual part, for one year's totals) in percent, `gap` in percentage
        points against the calendar; `reason` says why `done` is None.
    """
    month, as_of = context.month, context.as_of
    rows: dict[str, Any] = {}
    for code, indicator in context.indicators.items():
        for target in in_force(targets, context.region.code, code, month, as_of, demo=demo):
            if target.direction == "cap":
                continue
            rows[f"{code}.{target.direction}.{cap_key(target)}"] = _row(
                target, indicator, context.vintages.get(code), month, as_of
            )
    return rows


def _row(
    target: Target,
    indicator: Indicator,
    vintages: Vintages | None,
    month: pd.Period,
    as_of: date,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": indicator.name,
        "unit": indicator.unit,
        "decimals": indicator.decimals,
        "kind": indicator.kind,
        "month": str(month),
        "tier": target.tier,
        "direction": target.direction,
        "basis": target.basis,
        "qualifier": target.qualifier,
        "period": target.period,
        "value": None if target.value is None else figure(target.value, indicator),
        "limit": figure(target.limit, indicator) if target.limit and target.tolerance else None,
        "carried": target.carried,
        "demo": target.demo,
        "done": None,
        "share": None,
        "calendar": None,
        "seasonal": None,
        "gap": None,
        "reason": None,
        "source": target.source,
    }
    if target.value is None or not target.unit_confirmed:
        return {**row, "reason": "文件没有写明可评估的数值"}
    known = None if vintages is None else vintages.as_of(as_of).values
    if known is None or known.empty or month not in known.index:
        return {**row, "reason": "本月数据未入库"}
    if basis_of(target).functional != "sum":
        return {**row, "done": figure(float(known.get(month, 0.0)), indicator)}
    reached = _published_total(known, indicator, target, month)
    if reached is None:
        return {**row, "reason": "考核期内已过月份的数据不全"}
    share = round(100 * reached / target.value, 1) if target.value > 0 else None
    elapsed = (month - target.first_month).n + 1
    calendar = round(100 * elapsed / target.length, 1)
    usual = (
        seasonal_share(known, month)
        if indicator.reporting == "year_to_date" and target.length == 12
        else None
    )
    return {
        **row,
        "done": figure(reached, indicator),
        "share": share,
        "calendar": calendar,
        "seasonal": None if usual is None else round(usual, 1),
        "gap": None if share is None else round(share - calendar, 1),
    }
