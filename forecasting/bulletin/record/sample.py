"""The monitored sample firms in a bulletin: like for like, causes, industries, largest movers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample import (
    DEFAULT_LARGEST,
    LEAST_FIRMS,
    UNKNOWN_TRAIT,
    Basis,
    FirmPanel,
    LargestFirms,
    abnormal_separations,
    chained_index,
    coverage,
    merge_small_cells,
    monthly_rates,
    read_panel,
    shared_cells,
)
from employment_forecast.forecasting.bulletin.text import record_key

MOST_MOVERS = 5
OTHER = "其他（合并）"
_COUNTS = ("firms", "opening", "hires", "separations", "end", "net")
_RATES = ("loss_rate", "hiring_rate", "month_change_rate", "hidden_rate", "diffusion")


def _number(value: Any, digits: int) -> float | int | None:
    if value is None or not np.isfinite(value):
        return None
    return round(float(value)) if digits == 0 else round(float(value), digits)


def _totals(panel: FirmPanel, month: pd.Period) -> dict[str, Any]:
    table = monthly_rates(panel)
    row = table[table.index == month].iloc[0]
    counts = {name: _number(row[name], 0) for name in _COUNTS}
    counts["net"] = _number(row["end"] - row["opening"], 0)
    return {**counts, **{name: _number(row[name], 2) for name in _RATES}}


def _matched(panel: FirmPanel, month: pd.Period, without: LargestFirms | None) -> dict[str, Any]:
    """Change of the firms that reported for both months and, over the links, for the year."""
    table = chained_index(panel, without=without).table
    if month not in table.index:
        return {"firms": 0, "change": None, "year_change": None}
    row = table[table.index == month].iloc[0]
    if row["firms"] < LEAST_FIRMS:
        return {"firms": int(row["firms"]), "change": None, "year_change": None}
    before = table["index"].get(month - 12)
    yearly = None if before is None else 100 * (row["index"] / before - 1)
    return {
        "firms": int(row["firms"]),
        "change": _number(row["change"], 2),
        "year_change": _number(yearly, 2),
    }


def _industries(panel: FirmPanel, month: pd.Period, named: set[str]) -> dict[str, Any]:
    """Headcount by industry; industries with too few firms beside the named are shown together."""
    rows = panel.frame[panel.frame["month"] == month].copy()
    rows["industry"] = rows["industry"].replace("", UNKNOWN_TRAIT)
    rows["named"] = rows["firm"].isin(named).astype(float)
    table = rows.groupby("industry")[["opening", "hires", "separations", "end", "named"]].sum()
    table["firms"] = rows.groupby("industry")["firm"].nunique().astype(float)
    table = table.sort_values("end", ascending=False, kind="stable")
    shown = merge_small_cells(table, "firms", OTHER, named="named")
    return {
        record_key(name): {
            "industry": str(name),
            **{k: _number(row[k], 0) for k in ("firms", "opening", "hires", "separations", "end")},
            "net": _number(row["end"] - row["opening"], 0),
            "change": _number(100 * (row["end"] / row["opening"] - 1), 2)
            if row["opening"] > 0
            else None,
        }
        for name, row in shown.iterrows()
    }


def _divided(details: pd.DataFrame, month: pd.Period, kind: str) -> dict[str, Any]:
    """Separations of a month by type or cause; those of one or two firms are shown together."""
    rows = details[(details["month"] == month) & (details["count"] > 0)]
    if rows.empty:
        return {}
    # A firm may have separations of several kinds: its rows are not as many firms.
    names = shared_cells(rows, kind, "firm", OTHER)
    if not names:
        return {}
    counts = rows.groupby(rows[kind].astype(str).map(names))["count"].sum().astype(float)
    total = float(counts.sum())
    counts = counts.sort_values(ascending=False, kind="stable")
    counts = counts.reindex(
        [name for name in counts.index if name != OTHER]
        + [name for name in counts.index if name == OTHER]
    )
    return {
        record_key(name): {
            "name": str(name),
            "count": _number(count, 0),
            "share": _number(100 * count / total, 1),
        }
        for name, count in counts.items()
    }


def _movers(panel: FirmPanel, month: pd.Period, most: int) -> dict[str, Any]:
    """Firms whose headcount moved most, by code."""
    rows = panel.frame[panel.frame["month"] == month].copy()
    rows["net"] = rows["end"] - rows["opening"]
    rows["size_of_move"] = rows["net"].abs()
    rows = rows[rows["size_of_move"] > 0]
    rows = rows.sort_values(["size_of_move", "firm"], ascending=[False, True]).head(most)
    return {
        record_key(row["firm"]): {
            "firm": str(row["firm"]),
            "industry": str(row["industry"]),
            **{k: _number(row[k], 0) for k in ("opening", "hires", "separations", "end", "net")},
        }
        for row in rows.to_dict("records")
    }


def _abnormal(
    panel: FirmPanel, month: pd.Period, named: set[str], most: int
) -> tuple[dict[str, Any], int]:
    """Firms with separations beyond their own usual, and how many are left out for secrecy."""
    table = abnormal_separations(panel, month)
    table = table[table["abnormal"]].sort_values(
        ["separations", "firm"], ascending=[False, True], kind="stable"
    )
    further = ~table["firm"].isin(named)
    shown = ~further | (further.cumsum() + len(named) <= most)
    return {
        record_key(row["firm"]): {
            "firm": str(row["firm"]),
            "separations": _number(row["separations"], 0),
            "expected": _number(row["expected"], 1),
        }
        for row in table[shown].to_dict("records")
    }, int((~shown).sum())


def sample_record(
    reports: pd.DataFrame,
    types: pd.DataFrame,
    causes: pd.DataFrame,
    month: pd.Period,
) -> dict[str, Any] | None:
    """What the monitored firms show for a month.

    Parameters
    ----------
    reports : pandas.DataFrame
        Firm months as `data.store.samples.firm_panel` gives them, known on the bulletin's day.
    types, causes : pandas.DataFrame
        Their separations by type and by cause, see `data.store.samples.separation_details`.
    month : pandas.Period
        Month the bulletin is about.

    Returns
    -------
    dict or None
        `totals` of all who reported, `matched` and `matched_without_largest` (like for like),
        `industries`, `types`, `causes`, `movers`, `abnormal`, `coverage`; `reason` alone where the
        month cannot be shown. None if no firm ever reported. Together they tell of no firm without
        a code and of no two (see `features.sample.suppression`).
    """
    known = reports[reports["month"] <= month]
    if known.empty:
        return None
    source = f"失业动态监测企业月报，{known['source'].iloc[-1]}"
    demo = bool(known["demo"].any())
    basis: Basis = "fixed" if known["base_is"].iloc[-1] == "january" else "chained"
    panel = read_panel(known, basis)
    if month not in panel.months:
        return {"source": source, "demo": demo, "reason": "本月没有监测企业上报"}
    reporting = int((panel.frame["month"] == month).sum())
    if reporting < LEAST_FIRMS:
        return {
            "source": source,
            "demo": demo,
            "reason": "本月上报的监测企业太少，按保密规则不予列示",
        }
    try:
        matched = _matched(panel, month, None)
        rest = _matched(panel, month, DEFAULT_LARGEST)
    except DataError as error:
        return {"source": source, "demo": demo, "reason": error.message.rstrip("。")}
    # More firms by code, and one or two others could be had by subtraction from the totals.
    most = max(reporting - LEAST_FIRMS, 0)
    movers = _movers(panel, month, min(MOST_MOVERS, most))
    codes = {row["firm"] for row in movers.values()}
    abnormal, withheld = _abnormal(panel, month, codes, most)
    codes |= {row["firm"] for row in abnormal.values()}
    covered = coverage(panel)
    seen = covered[covered.index == month].iloc[0]
    return {
        "source": source,
        "demo": demo,
        "month": str(month),
        "totals": _totals(panel, month),
        "matched": matched,
        "matched_without_largest": {**rest, "largest": DEFAULT_LARGEST.count},
        "industries": _industries(panel, month, codes),
        "types": _divided(types, month, "type"),
        "causes": _divided(causes, month, "cause"),
        "movers": movers,
        "movers_withheld": most == 0,
        "abnormal": abnormal,
        "abnormal_withheld": withheld,
        "coverage": {name: int(seen[name]) for name in ("reporting", "missing", "entered", "left")},
        "contradictions": int((panel.findings["month"] == month).sum())
        if len(panel.findings)
        else 0,
    }
