"""Groups among the registered unemployed in a bulletin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from data.catalogue import Indicator, Region
from data.vintages import Vintages
from features.groups import GROUP_LABELS
from forecasting.bulletin.facts import record_key
from forecasting.bulletin.record.series import series_record

# A number of one or two people may tell who they are; see `features.suppression`.
LEAST_PEOPLE = 3


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
        By group code, what `series_record` gives, with `label` and `share` in percent; only groups
        with a value for the month that stands for nobody or for `LEAST_PEOPLE` and more.
    """
    whole = series_record(everybody, region, indicator, month, as_of)
    total = None if whole is None else whole["value"]
    found: dict[str, Any] = {}
    for code, vintages in groups.items():
        row = series_record(vintages, region, indicator, month, as_of)
        if row is None or row["value"] is None or 0 < row["value"] < LEAST_PEOPLE:
            continue
        label = GROUP_LABELS.get(code, code)
        found[record_key(code)] = {
            **row,
            "label": label,
            "share": round(100 * row["value"] / total, 1) if total else None,
            "source": f"{row['source']}（{label}）",
        }
    return found
