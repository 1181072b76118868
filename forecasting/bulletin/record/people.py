"""Groups among the registered unemployed in a bulletin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from employment_forecast.data.catalogue import Group, Indicator, figure
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
TELLING = "基数按保密规则不予列示"


def _few(value: float | None) -> bool:
    return value is not None and 0 < value < LEAST_PEOPLE


def _withheld(
    values: Mapping[str, float],
    divisions: Sequence[Sequence[str]],
    total: float | None,
    held: Set[str] = frozenset(),
) -> set[str]:
    """Groups of one or two people, those `held`, and those from which a small one would follow."""
    withheld = {code for code, value in values.items() if code in held or _few(value)}
    for codes in divisions:
        known = {code: values[code] for code in codes if code in values}
        hidden = [known[code] for code in known if code in withheld]
        if known and total is not None and len(known) < len(codes):
            # Subtraction gives those who are in the groups without a number.
            hidden.append(total - sum(known.values()))
        for code in sorted(known.keys() - withheld, key=lambda c: (known[c], c)):
            if not _few(sum(hidden)):
                break
            withheld.add(code)
            hidden.append(known[code])
    return withheld


def _guarded(comparison: Mapping[str, Any]) -> Mapping[str, Any]:
    """A comparison from which no number can be worked out."""
    reason = SMALL if _few(comparison["base"]) else TELLING
    return {**comparison, "base": None, "change": None, "percent": None, "reason": reason}


def people_record(
    context: RecordContext,
    groups: Mapping[str, Vintages],
    everybody: Vintages,
    indicator: Indicator,
    catalogued: Sequence[Group],
) -> dict[str, Any]:
    """Each group's number, how it compares, and its share of everybody.

    Parameters
    ----------
    context : RecordContext
        Region, month and day.
    groups : mapping
        Vintages by group code.
    everybody : Vintages
        The whole of which the groups are parts; shares sum to 100 within a partition alone.
    indicator : Indicator
        Catalogue entry of the whole.
    catalogued : sequence of Group
        All that there are, for their names and partitions.

    Returns
    -------
    dict
        By group code, what `series_record` gives, with `label`, `partition` and `share` in percent,
        for groups with a value for the month. One that stands for fewer than `LEAST_PEOPLE`, but
        for somebody, has `label`, `partition` and `withheld` alone, and so has the smallest other
        of a partition where the total would give it away; a comparison with a number that is
        withheld in the same way gives a reason.
    """
    whole = series_record(context, everybody, indicator) or {}
    total = whole.get("value")
    known = {code: series_record(context, v, indicator) for code, v in groups.items()}
    rows = {code: row for code, row in known.items() if row and row["value"] is not None}
    of = {group.code: group.partition for group in catalogued}
    divisions = [[c for c in of if of[c] == name] for name in dict.fromkeys(of.values()) if name]
    small = _withheld({code: row["value"] for code, row in rows.items()}, divisions, total)
    for lag in ("month_on_month", "year_on_year"):
        bases = {c: row[lag]["base"] for c, row in rows.items() if row[lag]["base"] is not None}
        for code in _withheld(bases, divisions, whole.get(lag, {}).get("base"), small):
            rows[code][lag] = _guarded(rows[code][lag])
    labels = {group.code: group.name for group in catalogued}
    people: dict[str, Any] = {}
    for code, row in rows.items():
        group = {
            "label": labels.get(code, code),
            "partition": of.get(code, ""),
            "withheld": code in small,
            "source": f"{row['source']}（{labels.get(code, code)}）",
        }
        share = round(100 * row["value"] / total, 1) if total else None
        people[record_key(code)] = group if code in small else {**row, **group, "share": share}
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
