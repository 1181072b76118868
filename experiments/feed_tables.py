"""The threshold feed as a table, for those who read it in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.export import as_csv, as_xlsx
from forecasting.document import DEMO_MARK

_STATES = {"line": "", "unreachable": "不会达到", "already": "已达到"}


def feed_table(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a line, with what is needed to read it alone.

    Parameters
    ----------
    document : mapping
        From `experiments.thresholds.build_feed`.

    Returns
    -------
    pandas.DataFrame
        English column keys, Chinese texts; no rows where there are no lines.
    """
    caps = {cap["id"]: cap["title"] for cap in document["caps"]}
    scheme = document["scheme"] or {"levels": []}
    names = {level["code"]: level["name"] for level in scheme["levels"]}
    level = document["level"]
    columns = [
        "region", "region_name", "indicator", "indicator_name", "cap", "month", "level",
        "level_name", "probability", "value", "unit", "note", "standard_error", "data_month",
        "valid_until", "state", "current_level", "champion", "demo",
    ]  # fmt: skip
    champion = document["champion"] or {}
    rows = [
        {
            "region": document["region"]["code"],
            "region_name": document["region"]["name"],
            "indicator": document["indicator"],
            "indicator_name": document["indicator_name"],
            "cap": caps[line["cap"]],
            "month": line["month"],
            "level": line["level"],
            "level_name": names[line["level"]],
            "probability": line["probability"],
            "value": line["value"],
            "unit": document["unit"],
            "note": _STATES[line["state"]] + ("，未经回测" if line["untested"] else ""),
            "standard_error": line["standard_error"],
            "data_month": document["data_month"],
            "valid_until": document["valid_until"],
            "state": document["state"],
            "current_level": "" if level is None else level["code"],
            "champion": f"{champion.get('registered_name')} v{champion.get('version')}",
            "demo": DEMO_MARK if document["demo"] else "",
        }
        for line in document["lines"]
    ]
    return pd.DataFrame(rows, columns=columns)


def as_table(document: Mapping[str, Any], form: str) -> bytes:
    """The table as `csv` or `xlsx`."""
    table = feed_table(document)
    return as_csv(table) if form == "csv" else as_xlsx(table)
