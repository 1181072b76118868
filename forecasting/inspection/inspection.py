"""What the models see of a series, as one document: target, calendar, indicators, marks, notes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Break, Indicator, Region
from employment_forecast.data.records import KIND_NAMES
from employment_forecast.features.calendar import FIRST_YEAR
from employment_forecast.features.calendar import regressors as calendar
from employment_forecast.features.events import (
    MARK_LABELS,
    MONTH_ON_MONTH,
    YEAR_ON_YEAR,
    crosses,
    growth,
)
from employment_forecast.features.history import Covariate, History
from employment_forecast.forecasting.inspection.flows import flow_inspection
from employment_forecast.models.effects import effects_of

CALENDAR_BACK, CALENDAR_AHEAD = 2, 12
BREAK_LABEL = "口径变化"


def column_label(column: str) -> str:
    """Chinese name of a regressor column."""
    if column.startswith("break_"):
        return f"{BREAK_LABEL}台阶（{column[6:10]}-{column[10:]}）"
    if column.startswith("shock_"):
        _, month, kind, _ = column.split("_")
        return f"事件{KIND_NAMES[kind]}（{month[:4]}-{month[4:]}）"
    return calendar.COLUMN_LABELS.get(column, column)


def calendar_view(history: History) -> pd.DataFrame:
    """Calendar of the months around the origin."""
    first = max(history.start, history.origin - CALENDAR_BACK)
    last = history.origin + CALENDAR_AHEAD
    table = history.regressors.loc[first:last]
    if first.year < FIRST_YEAR:
        return table
    extra = calendar.calendar_table(
        first, len(table), history.as_of, history.festival.windows, stock=history.kind == "stock"
    )
    return pd.concat([table, extra.drop(columns=table.columns, errors="ignore")], axis=1)


def month_marks(history: History) -> dict[pd.Period, str]:
    """Marks of months, in Chinese: changes of definition and outlier candidates."""
    marks: dict[pd.Period, list[str]] = {}
    for change in history.breaks:
        marks.setdefault(change.month, []).append(f"{BREAK_LABEL}起")
    for mark in history.outliers:
        marks.setdefault(mark.month, []).append(f"{MARK_LABELS[mark.kind]}（{mark.score:+z.1f}倍）")
    return {month: "、".join(texts) for month, texts in sorted(marks.items())}


def known_effects(history: History) -> dict[str, Any]:
    """What known regressors explain of a history, JSON-able.

    Parameters
    ----------
    history : History
        Up to the origin.

    Returns
    -------
    dict
        `windows` of the festival and the `note` on their choice; `columns`, each with its
        `coefficient` and `standard_error` on the model scale (times 100: about percent for
        logarithms) and whether it is `forced`; `gains` of the optional groups (by how much each
        lowers the Bayesian information criterion, negative: does not pay, stays out).
    """
    effects = effects_of(history)
    estimates = {**effects.forced, **effects.optional}
    return {
        "windows": {name: list(span) for name, span in effects.windows._asdict().items()},
        "note": history.festival.note,
        "columns": [
            {
                "column": name,
                "name": column_label(name),
                "coefficient": value,
                "standard_error": effects.errors[name],
                "forced": name in effects.forced,
            }
            for name, value in estimates.items()
        ],
        "gains": dict(effects.gains),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _months(history: History) -> list[dict[str, Any]]:
    series, marks = history.series, month_marks(history)
    kind = history.kind
    return [
        {
            "month": str(month),
            "value": _number(value),
            "month_on_month": growth(series, month, MONTH_ON_MONTH, history.breaks, kind=kind),
            "year_on_year": growth(series, month, YEAR_ON_YEAR, history.breaks, kind=kind),
            "crosses_break": crosses(month, YEAR_ON_YEAR, history.breaks),
            "marks": marks.get(month),
        }
        for month, value in zip(history.months, history.values, strict=True)
    ]


def _indicator(each: Covariate, origin: pd.Period) -> dict[str, Any]:
    series = each.series
    known = np.flatnonzero(np.isfinite(each.values))
    months = [str(m) for m in series.index]
    kind = "rate" if each.unit == "%" else "index"
    breaks = [Break("*", month, "dummy") for month in each.breaks]
    return {
        "indicator": each.indicator,
        "name": each.name,
        "unit": each.unit,
        "first": str(each.start),
        "last": str(each.end),
        "lag_months": each.lag_behind(origin),
        "missing_months": len(each.values) - len(known),
        "latest": float(each.values[-1]),
        "month_on_month": growth(series, each.end, MONTH_ON_MONTH, breaks, kind=kind),
        "year_on_year": growth(series, each.end, YEAR_ON_YEAR, breaks, kind=kind),
        "pseudo_real_time": each.pseudo_real_time,
        "demo": each.demo,
        "breaks": [str(month) for month in each.breaks],
        "values": [
            {"month": m, "value": _number(v)} for m, v in zip(months, each.values, strict=True)
        ],
    }


def inspection(history: History, region: Region, indicator: Indicator) -> dict[str, Any]:
    """Everything a model is given, JSON-able.

    Parameters
    ----------
    history : History
        As of a day, with its lagged indicators.
    region, indicator : Region, Indicator
        Catalogue entries of the target.

    Returns
    -------
    dict
        `months` (values in the indicator's unit; growth in percent, of a rate in percentage
        points, null across a change of definition), `calendar` (rows around the origin),
        `indicators` (each with its lag behind the target in months), `breaks`, `outliers`,
        `effects` (see `known_effects`), `flows` (see
        `forecasting.inspection.flows`), `notes`, `left_out`, sources and flags.
    """
    table = calendar_view(history)
    return {
        "region": {"code": region.code, "name": region.name},
        "indicator": indicator.code,
        "name": indicator.name,
        "unit": history.unit,
        "kind": history.kind,
        "transform": history.transform,
        "as_of": history.as_of.isoformat(),
        "data_start": str(history.start),
        "data_month": str(history.origin),
        "demo": history.demo,
        "pseudo_real_time": history.pseudo_real_time,
        "sources": list(history.sources),
        "notes": list(history.notes),
        "left_out": list(history.left_out),
        "fingerprint": history.fingerprint,
        "months": _months(history),
        "regressors": list(history.regressors.columns),
        "effects": known_effects(history),
        "flows": flow_inspection(history),
        "calendar": [
            {"month": str(month), **{str(k): float(v) for k, v in row.items()}}
            for month, row in table.iterrows()
        ],
        "indicators": [_indicator(each, history.origin) for each in history.lagged],
        "breaks": [
            {"month": str(b.month), "treatment": b.treatment, "note": b.note}
            for b in history.breaks
        ],
        "outliers": [
            {"month": str(m.month), "kind": m.kind, "size": m.size, "score": m.score}
            for m in history.outliers
        ],
    }
