"""Groups among the registered unemployed in a bulletin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.records import Vintages
from employment_forecast.forecasting.bulletin.record.context import RecordContext
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
    context: RecordContext,
    groups: Mapping[str, Vintages],
    everybody: Vintages,
    indicator: Indicator,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """Each group's number, how it compares, and its share of everybody.

    Parameters
    ----------
    context : RecordContext
        Region, month and day.
    groups : mapping
        Vintages by group code.
    everybody : Vintages
        The whole of which the groups are parts; groups overlap, so shares do not sum to 100.
    indicator : Indicator
        Catalogue entry of the whole.
    labels : mapping
        Names of the groups by code.

    Returns
    -------
    dict
        By group code, what `series_record` gives, with `label` and `share` in percent, for groups
        with a value for the month. One that stands for fewer than `LEAST_PEOPLE`, but for
        somebody, has `label` and `withheld` alone; a comparison with such a number gives a reason.
    """
    whole = series_record(context, everybody, indicator)
    total = None if whole is None else whole["value"]
    people: dict[str, Any] = {}
    for code, vintages in groups.items():
        row = series_record(context, vintages, indicator)
        if row is None or row["value"] is None:
            continue
        label = labels.get(code, code)
        if _few(row["value"]):
            source = f"{row['source']}（{label}）"
            people[record_key(code)] = {"label": label, "withheld": True, "source": source}
            continue
        people[record_key(code)] = {
            **row,
            **{k: _guarded(row[k]) for k in ("month_on_month", "year_on_year")},
            "label": label,
            "withheld": False,
            "share": round(100 * row["value"] / total, 1) if total else None,
            "source": f"{row['source']}（{label}）",
        }
    return people
