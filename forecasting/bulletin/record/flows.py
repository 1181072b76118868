"""Whether the register's stock and its flows agree in a month, as they were known on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.clock import month_key
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import Vintages
from employment_forecast.features.events import MONTH_ON_MONTH, crosses
from employment_forecast.features.register import register_flows
from employment_forecast.forecasting.bulletin.record.context import RecordContext

STOCK = "registered_unemployed"
FLOWS = ("registered_inflow", "registered_reemployed", "registered_exited")
TOLERANCE = 0.5  # counts are whole persons


def flows_record(context: RecordContext) -> dict[str, Any] | None:
    """The month's check of stock(t) = stock(t-1) + inflow(t) - re-employed(t) - exited(t).

    Parameters
    ----------
    context : RecordContext
        With the stock and the three flows among its series.

    Returns
    -------
    dict or None
        `residual` in persons, the change of the stock less inflow plus outflow, and
        `stock_revised`, whether the stock of either month was changed after the flows were last
        published. None where they agree, where one of the five figures is not known, and across a
        change of definition.
    """
    vintages, indicators, region = context.vintages, context.indicators, context.region
    month, as_of = context.month, context.as_of
    if any(code not in vintages for code in (STOCK, *FLOWS)):
        return None
    known = {code: vintages[code].as_of(as_of) for code in (STOCK, *FLOWS)}
    if any(
        crosses(month, MONTH_ON_MONTH, indicators[code].breaks_in(region.code, series.demo))
        for code, series in known.items()
    ):
        return None
    months = pd.period_range(month - 1, month, freq="M")
    try:
        table = register_flows(
            *(known[code].values.reindex(months) for code in (STOCK, *FLOWS)), tolerance=TOLERANCE
        ).table
    except DataError:
        return None
    if table["status"].iloc[-1] != "differs":
        return None
    flows_published = max(
        known[code].published_on[known[code].values.index == month][0] for code in FLOWS
    )
    return {
        "month": str(month),
        "residual": round(float(table["residual"].iloc[-1])),
        "stock_revised": any(
            _changed_after(vintages[STOCK], m, flows_published, as_of) for m in months
        ),
        "source": f"观测库 {region.name}“{indicators[STOCK].name}”与各项流量核对",
    }


def _changed_after(vintages: Vintages, month: pd.Period, day: np.datetime64, as_of: date) -> bool:
    """Whether a month got another value after a day."""
    rows = vintages.rows[vintages.rows["month"] == month_key(month)]
    rows = rows[rows["published_on"] <= pd.Timestamp(as_of)]
    before = rows[rows["published_on"] <= pd.Timestamp(day)]
    return len(before) > 0 and bool(before["value"].iloc[-1] != rows["value"].iloc[-1])
