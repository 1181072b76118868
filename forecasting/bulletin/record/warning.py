"""The warning level and the warning lines in a bulletin, from the thresholds feed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from employment_forecast.forecasting.bulletin.text import record_key, retold, show

_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3})")
_BLANK = re.compile(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])")
_MONTH = re.compile(r"(?<![\d-])\d{4}-(0[1-9]|1[0-2])(?![\d-])")
_DAY = re.compile(r"(?<![\d-])\d{4}-\d{2}-\d{2}(?![\d-])")
_YEARS = re.compile(r"(?<=（)\d{4}(-\d{4})?(?=，)")
_LEVEL_KEYS = ("code", "name", "since", "reasons", "step", "report_hours")


def _official(region: str, text: str) -> str:
    """A text for the terminal as documents are set.

    No separators, no blanks beside Chinese, days, months and years as they are spoken of, and who
    set a cap in the words of the place.
    """
    said = _MONTH.sub(lambda match: show(match[0], "month"), _SEPARATOR.sub("", text))
    said = _DAY.sub(lambda match: show(match[0], "day"), said)
    said = _YEARS.sub(lambda match: show(match[0], "period"), said)
    return retold(region, _BLANK.sub("", said))


def _next_lines(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The lines of a cap's first month; none where it has no lines."""
    if not rows:
        return {"month": None, "lines": {}}
    month = min(str(row["month"]) for row in rows)
    return {
        "month": month,
        "lines": {
            str(row["level"]): {"value": row.get("value"), "state": row.get("state")}
            for row in rows
            if str(row["month"]) == month
        },
    }


def _urgency(rows: Sequence[Mapping[str, Any]], cap: str) -> tuple[list[tuple[str, float]], str]:
    """How soon and how low the lines of a cap call for a level, the mildest first."""
    own = [row for row in rows if row["cap"] == cap]
    never = float("inf")
    heights = {"already": -never, "unreachable": never}
    return [
        (row["month"], heights.get(row["state"], never if row["value"] is None else row["value"]))
        for row in own
    ], cap


def warning_record(
    feed: Mapping[str, Any], decimals: int, months: int, region: str
) -> dict[str, Any]:
    """What a bulletin tells of a feed document.

    Parameters
    ----------
    feed : mapping
        As the schema of thresholds describes it.
    decimals : int
        Digits the indicator is published with.
    months : int
        Coming months whose lines are told.
    region : str
        Name of the place.

    Returns
    -------
    dict
        `level`, `lines` by month and level code for the lowest cap, `level_names`, `cuts`.
    """
    level = feed.get("level")
    scheme = {str(each["code"]): each for each in feed["scheme"]["levels"]}
    values = {str(cap["id"]): cap["value"] for cap in feed["caps"]}
    rows = [row for row in feed["lines"] if values.get(row["cap"]) is not None]
    # Told in full are the lines of the cap that is the first to call for a level.
    first = min({row["cap"] for row in rows}, key=lambda cap: _urgency(rows, cap), default="")
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["cap"] != first:
            continue
        shown = {k: row.get(k) for k in ("value", "state", "standard_error")}
        lines.setdefault(str(row["month"]), {})[str(row["level"])] = shown
    others = {
        str(cap["id"]): {
            "title": _official(region, str(cap["title"])),
            **_next_lines([r for r in rows if r["cap"] == cap["id"]]),
        }
        for cap in feed["caps"]
        if cap["id"] != first and cap.get("value") is not None
    }
    if level is not None:
        level = {**level, "reasons": [_official(region, r) for r in level.get("reasons") or ()]}
    lines = dict(sorted(lines.items())[:months])
    return {
        "state": feed["state"],
        "state_reason": _official(region, feed.get("state_reason") or ""),
        "data_month": feed["data_month"],
        "unit": feed["unit"],
        "decimals": decimals,
        "level": None if level is None else {k: level.get(k) for k in _LEVEL_KEYS},
        "level_names": {code: str(each["name"]) for code, each in scheme.items()},
        "cuts": {code: each.get("probability") for code, each in scheme.items()},
        "lines_cap": values.get(first),
        "lines_title": next(
            (_official(region, str(c["title"])) for c in feed["caps"] if c["id"] == first), None
        ),
        "lines_event": next((c.get("event") for c in feed["caps"] if c["id"] == first), None),
        "lines": lines,
        "other_caps": {record_key(k): v for k, v in others.items()},
        "line_months": {month: month for month in lines},
        "demo": bool(feed.get("demo")),
        "source": "预警阈值文件",
    }
