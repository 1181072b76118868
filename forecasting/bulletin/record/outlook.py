"""The forecast in a bulletin: quantiles, caps and probabilities of one registered version."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.bulletin.text import rounded
from employment_forecast.models.paths import SamplePaths

SHOWN_PAST = 36
# A forecast is written to a twentieth of the width of its narrowest 80 % interval: more digits
# would claim what the interval denies.
_PARTS = 20.0
_CAP_KEYS = (
    "tier", "basis", "qualifier", "value", "unit", "period", "demo", "carried", "p_any",
    "p_any_remaining", "p_end", "p_average", "p_ahead", "already_breached", "first_breach_month",
    "headroom", "reasons", "untested", "source",
)  # fmt: skip
_REVIEWED = ("q025", "q10", "q50", "q90", "q975")
_FLOOR_KEYS = ("p_reach", "expected", "q10", "q90", "needed_pace", "reasons", "untested")


def shown_digits(width: float, decimals: int) -> int:
    """Digits after the point that a forecast of a given uncertainty deserves."""
    if width <= 0:
        return decimals
    return min(decimals, -math.floor(math.log10(width / _PARTS)))


def outlook_record(
    paths: SamplePaths,
    history: History,
    indicator: Indicator,
    facts: Mapping[str, Any],
    identity: Mapping[str, Any],
    months: int,
) -> dict[str, Any]:
    """A version's forecast as figures.

    Parameters
    ----------
    paths : SamplePaths
        What the version serves.
    history : History
        What it was made from.
    indicator : Indicator
        Catalogue entry.
    facts : mapping
        The version's `forecast.json`: assessed caps and floors, tested horizon.
    identity : mapping
        `status` (champion or candidate), `model`, `label`, `registered_name`, `version`, and the
        scores its tags hold.
    months : int
        Months ahead that are shown.

    Returns
    -------
    dict
        `months` by month, `caps` by key, `past` for the chart, `digits` for forecasts.
    """
    table = paths.table().iloc[:months]
    latest = float(history.values[-1])
    tested = int(facts["tested_horizon"])
    digits = shown_digits(float((table["q90"] - table["q10"]).min()), indicator.decimals)
    ahead: dict[str, Any] = {}
    for step, (month, *row) in enumerate(table.itertuples(name=None), start=1):
        values = dict(zip(table.columns, (figure(v, indicator) for v in row), strict=True))
        ahead[str(month)] = {
            "month": str(month),
            **values,
            "p_higher": round(
                float(above(paths.values[:, step - 1], latest, indicator.precision).mean()), 3
            ),
            "untested": step > tested,
        }
    past = history.series.iloc[-SHOWN_PAST:]
    highest = table["q50"].idxmax()
    return {
        **identity,
        "indicator": indicator.code,
        "name": indicator.name,
        "unit": indicator.unit,
        "kind": indicator.kind,
        "decimals": indicator.decimals,
        "digits": digits,
        "origin": str(history.origin),
        "latest": figure(latest, indicator),
        "as_of": history.as_of.isoformat(),
        "data_start": str(history.start),
        "pseudo_real_time": history.pseudo_real_time,
        "tested_horizon": tested,
        "paths": paths.n_paths,
        "seed": facts.get("seed"),
        "data_fingerprint": facts.get("data_fingerprint"),
        "demo": bool(facts.get("demo", history.demo)),
        "past": {str(m): figure(float(v), indicator) for m, v in past.items()},
        "months": ahead,
        "in_progress": _in_progress(facts.get("nowcast"), digits, indicator.decimals),
        "highest_month": str(highest),
        "horizon": len(ahead),
        "caps": {_key(c): _cap(c) for c in _targets(facts, "caps")},
        "ended": {_key(c): _cap(c) for c in _targets(facts, "ended")},
        "floors": {
            _key(c): {
                **{k: c.get(k) for k in (*_CAP_KEYS[:8], *_FLOOR_KEYS)},
                "limit": _limit(c),
            }
            for c in _targets(facts, "floors")
        },
        "source": f"模型 {identity['registered_name']} 第{identity['version']}版",
    }


def _in_progress(
    nowcast: Mapping[str, Any] | None, digits: int, decimals: int
) -> dict[str, Any] | None:
    """What part-month figures made of the first month they speak of; None where none did."""
    if nowcast is None or not nowcast["months"]:
        return None
    first = nowcast["months"][0]
    before, after = first["without"], first["with"]
    return {
        "month": first["month"],
        "first_day": nowcast["first_day"],
        "last_day": nowcast["last_day"],
        "value": nowcast["value"],
        "learned_months": first["learned_months"],
        "q50_before": before["q50"],
        "q50": after["q50"],
        "q10": after["q10"],
        "q90": after["q90"],
        "narrower": round(abs(first["narrower"]), 3),
        "wider": first["narrower"] < 0,
        # As fine as its own interval deserves, which is narrower than those the digits come from.
        "digits": max(digits, shown_digits(after["q90"] - after["q10"], decimals)),
    }


def _cap(row: Mapping[str, Any]) -> dict[str, Any]:
    """One assessed cap."""
    return {
        **{k: row.get(k) for k in _CAP_KEYS},
        "limit": _limit(row),
        "breached": _breached(row),
        # Absent where the number was never changed, as in records of earlier releases.
        **({"changed": row["changed"]} if row.get("changed") else {}),
    }


def _limit(row: Mapping[str, Any]) -> float | None:
    """What an approximate value (左右) is held against; None where it is the value itself."""
    return row["limit"] if row.get("tolerance") else None


def _breached(cap: Mapping[str, Any]) -> dict[str, Any] | None:
    """A breach as a fact: its first month with value, how many months, by how much at most."""
    breach = cap.get("breach")
    if breach is None:
        return None
    first = breach["months"][0]
    return {
        "month": first["month"],
        "value": first["value"],
        "cap": None if first["cap"] == cap.get("limit", cap["value"]) else first["cap"],
        "months": len(breach["months"]),
        "excess": breach["largest_excess"],
        "newest_above": breach["newest_above"],
    }


def _targets(facts: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    targets: Sequence[Mapping[str, Any]] = facts.get(name) or ()
    return targets


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['tier']}.{row['basis']}.{row['period']}"


def review_record(
    paths: SamplePaths,
    indicator: Indicator,
    identity: Mapping[str, Any],
    month: pd.Period,
    actual: float,
) -> dict[str, Any] | None:
    """How an earlier version's forecast of a month did.

    Parameters
    ----------
    paths : SamplePaths
        Of a version whose data ended before the month.
    indicator : Indicator
        Catalogue entry.
    identity : mapping
        As for `outlook_record`.
    month : pandas.Period
        Month that has become known.
    actual : float
        Its published value.

    Returns
    -------
    dict or None
        `expected` (median), intervals, `error` (actual less expected) and whether the value lies
        in them; None if the forecast does not reach the month.
    """
    if month not in paths.months:
        return None
    table = paths.table()
    row = table[table.index == month].iloc[0]
    known = figure(actual, indicator)
    digits = shown_digits(float(row["q90"] - row["q10"]), indicator.decimals)
    shown = {name: float(rounded(float(row[name]), digits)) for name in _REVIEWED}
    # Against the median as it was printed, so that a reader's own subtraction agrees.
    median = shown.pop("q50")
    counted = indicator.kind in ("stock", "flow") and known > 0
    error = round(known - median, indicator.decimals)
    return {
        **identity,
        "month": str(month),
        "origin": str(paths.origin),
        "unit": indicator.unit,
        "kind": indicator.kind,
        "decimals": indicator.decimals,
        "digits": digits,
        "actual": known,
        "expected": median,
        **shown,
        "error": error,
        "error_percent": round(100 * abs(error) / known, 1) if counted else None,
        "inside80": bool(shown["q10"] <= known <= shown["q90"]),
        "inside95": bool(shown["q025"] <= known <= shown["q975"]),
        "source": f"模型 {identity['registered_name']} 第{identity['version']}版",
    }
