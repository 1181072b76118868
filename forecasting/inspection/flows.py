"""Flows of the unemployment register beside its stock: rates, and the check of the identity."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.history import History
from employment_forecast.features.register import STATUS_LABELS, register_flows

STOCK = "registered_unemployed"
FLOWS = ("registered_inflow", "registered_reemployed", "registered_exited")
SHOWN_MONTHS = 13


def flow_inspection(history: History) -> dict[str, Any] | None:
    """Inflow and outflow rates of the last months, and whether the flows add up to the stock."""
    if history.indicator != STOCK:
        return None
    known = {each.indicator: each.series for each in history.lagged if each.indicator in FLOWS}
    if len(known) < 2:
        return None
    stock = history.series.reindex(history.months)
    inflow, reemployed, exited = (
        known[code].reindex(stock.index) if code in known else None for code in FLOWS
    )
    try:
        # Half a person: stored counts are whole, sums of them carry no fractions.
        flows = register_flows(stock, inflow, reemployed, exited, tolerance=0.5)
    except DataError:
        return None
    status = flows.table["status"]
    columns = (
        "inflow", "reemployed", "exited", "residual", "inflow_rate", "outflow_rate", "steady_stock",
    )  # fmt: skip
    return {
        "months": [
            {
                "month": str(month),
                **{name: _number(row[name]) for name in columns},
                "status": row["status"],
                "status_label": STATUS_LABELS[row["status"]],
            }
            for month, row in flows.table.iloc[-SHOWN_MONTHS:].iterrows()
        ],
        "checked": int(status.isin(["agrees", "differs"]).sum()),
        "differing": int((status == "differs").sum()),
        "notes": list(flows.notes),
    }


def _number(value: float) -> float | None:
    return None if pd.isna(value) or math.isinf(value) else round(float(value), 4)
