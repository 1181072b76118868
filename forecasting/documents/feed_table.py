"""The threshold feed as a file to take away: sealed JSON, or a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import DEMO_MARK
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.files import as_csv, as_xlsx

_STATES = {"line": "", "unreachable": "不会达到", "already": "已达到"}


def feed_table(document: Mapping[str, Any]) -> pd.DataFrame:
    """One row a line, with what is needed to read it alone."""
    caps = {cap["id"]: cap["title"] for cap in document["caps"]}
    scheme = document["scheme"] or {"levels": []}
    names = {level["code"]: level["name"] for level in scheme["levels"]}
    level = document["level"]
    columns = [
        "region", "region_name", "indicator", "indicator_name", "cap", "month", "level",
        "level_name", "probability", "value", "unit", "note", "standard_error", "data_month",
        "valid_until", "state", "state_reason", "current_level", "champion", "demo",
    ]  # fmt: skip
    champion = document["champion"]
    common = {
        "region": document["region"]["code"],
        "region_name": document["region"]["name"],
        "indicator": document["indicator"],
        "indicator_name": document["indicator_name"],
        "unit": document["unit"],
        "data_month": document["data_month"],
        "valid_until": document["valid_until"],
        "state": document["state"],
        "state_reason": document["state_reason"],
        "current_level": "" if level is None else level["code"],
        "champion": ""
        if champion is None
        else f"{champion['registered_name']} v{champion['version']}",
        "demo": DEMO_MARK if document["demo"] else "",
    }
    rows = [
        {
            **common,
            "cap": caps[line["cap"]],
            "month": line["month"],
            "level": line["level"],
            "level_name": names[line["level"]],
            "probability": line["probability"],
            "value": line["value"],
            "note": _STATES[line["state"]] + ("，未经回测" if line["untested"] else ""),
            "standard_error": line["standard_error"],
        }
        for line in document["lines"]
    ]
    if not rows:
        rows = [{**common, "note": document["level_reason"] or "没有可评估的控制数"}]
    return pd.DataFrame(rows, columns=columns)


def as_file(document: Mapping[str, Any], form: str) -> bytes:
    """The document as `json`, or its table as `csv` or `xlsx`.

    The same document gives the same JSON, byte for byte, as was published.
    """
    if form == "json":
        return feed_files.encode(document)
    table = feed_table(document)
    return as_csv(table) if form == "csv" else as_xlsx(table)
