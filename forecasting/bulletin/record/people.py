"""Groups among the registered unemployed in a bulletin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.data.records import Vintages
from employment_forecast.forecasting.assessment import Assessment
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.series import series_record
from employment_forecast.forecasting.bulletin.text import record_key
from employment_forecast.forecasting.documents import cap_document
from employment_forecast.models.paths import SamplePaths

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


def group_outlook(
    paths: SamplePaths, caps: Sequence[Assessment], indicator: Indicator
) -> dict[str, Any]:
    """The last month ahead that a group's paths reach in its cap's period, and the cap.

    Parameters
    ----------
    paths : SamplePaths
        Of the version the bulletin rests on.
    caps : sequence of Assessment
        Caps of the group in force.
    indicator : Indicator
        The group's.

    Returns
    -------
    dict
        `month`, `q10`, `q50`, `q90` of the year's last month ahead, and `caps` with the
        probability of each.
    """
    table = paths.table()
    last = min(paths.origin + (12 - paths.origin.month or 12), paths.origin + len(table))
    row = table.iloc[(last - paths.origin).n - 1]
    return {
        "month": str(last),
        **{name: figure(float(row[name]), indicator) for name in ("q10", "q50", "q90")},
        "caps": [
            {**document, "decimals": indicator.decimals}
            for document in (cap_document(cap, indicator) for cap in caps)
            if document["p_any"] is not None
        ],
    }
