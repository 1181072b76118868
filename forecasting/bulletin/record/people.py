"""Groups among the registered unemployed in a bulletin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.records import Vintages
from employment_forecast.features.register import GROUP_LABELS
from employment_forecast.forecasting.bulletin.record.series import series_record
from employment_forecast.forecasting.bulletin.text import record_key

# A number of one or two people may tell who they are; see `features.sample.suppression`.
LEAST_PEOPLE = 3
SMALL = "基数过小，不予列示"


def _few(value: float | None) -> bool:
    return value is not None and 0 < value < LEAST_PEOPLE


def _guarded(comparison: Mapping[str, Any]) -> Mapping[str, Any]:
    """A comparison from which no small number can be worked out."""
    if not _few(comparison["base"]):
        return comparison
    return {**comparison, "base": None, "change": None, "percent": None, "reason": SMALL}


def people_record(
    groups: Mapping[str, Vintages],
    everybody: Vintages,
    region: Region,
    indicator: Indicator,
    month: pd.Period,
    as_of: date,
) -> dict[str, Any]:
    """Each group's number, how it compares, and its share of everybody.

    Parameters
    ----------
    groups : mapping
        Vintages by group code.
    everybody : Vintages
        The whole of which the groups are parts; groups overlap, so shares do not sum to 100.
    region, indicator : Region, Indicator
        Catalogue entries of the whole.
    month : pandas.Period
        Month the bulletin is about.
    as_of : datetime.date
        Day of knowledge.

    Returns
    -------
    dict
        By group code, what `series_record` gives, with `label` and `share` in percent, for groups
        with a value for the month. One that stands for fewer than `LEAST_PEOPLE`, but for
        somebody, has `label` and `withheld` alone; a comparison with such a number gives a reason.
    """
    whole = series_record(everybody, region, indicator, month, as_of)
    total = None if whole is None else whole["value"]
    found: dict[str, Any] = {}
    for code, vintages in groups.items():
        row = series_record(vintages, region, indicator, month, as_of)
        if row is None or row["value"] is None:
            continue
        label = GROUP_LABELS.get(code, code)
        if _few(row["value"]):
            source = f"{row['source']}（{label}）"
            found[record_key(code)] = {"label": label, "withheld": True, "source": source}
            continue
        found[record_key(code)] = {
            **row,
            **{k: _guarded(row[k]) for k in ("month_on_month", "year_on_year")},
            "label": label,
            "withheld": False,
            "share": round(100 * row["value"] / total, 1) if total else None,
            "source": f"{row['source']}（{label}）",
        }
    return found
