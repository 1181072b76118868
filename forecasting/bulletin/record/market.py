"""求人倍率 where an office reports openings and seekers but not their ratio."""

from __future__ import annotations

from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import figure
from employment_forecast.features.events import MONTH_ON_MONTH, YEAR_ON_YEAR, crosses
from employment_forecast.features.register import openings_to_seekers
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.series import comparison

RATIO, OPENINGS, SEEKERS = "openings_to_seekers", "job_openings", "job_seekers"


def ratio_record(context: RecordContext) -> dict[str, Any] | None:
    """The ratio of a month from openings and seekers as they were known on a day.

    Parameters
    ----------
    context : RecordContext
        With openings and seekers among its series.

    Returns
    -------
    dict or None
        As `series_record` gives it; None where a part of the month is not known.
    """
    vintages, indicators, region = context.vintages, context.indicators, context.region
    month, as_of = context.month, context.as_of
    if OPENINGS not in vintages or SEEKERS not in vintages:
        return None
    openings, seekers = (vintages[code].as_of(as_of) for code in (OPENINGS, SEEKERS))
    shared = openings.values.index.intersection(seekers.values.index)
    indicator = indicators[RATIO]
    values, _ = openings_to_seekers(openings.values.loc[shared], seekers.values.loc[shared])
    here = values.get(month)
    if here is None or pd.isna(here):
        return None
    breaks = [
        b
        for code in (OPENINGS, SEEKERS, RATIO)
        for b in indicators[code].breaks_in(region.code, openings.demo)
    ]

    def compared(lag: int) -> dict[str, Any]:
        return comparison(values, month, lag, indicator, broken=crosses(month, lag, breaks))

    return {
        "indicator": RATIO,
        "name": indicator.name,
        "unit": indicator.unit,
        "kind": indicator.kind,
        "reporting": indicator.reporting,
        "decimals": indicator.decimals,
        "month": str(month),
        "value": figure(float(here), indicator),
        "latest_month": str(month),
        "latest": figure(float(here), indicator),
        "demo": openings.demo,
        "source": f"{region.name}“{indicators[OPENINGS].name}”除以“{indicators[SEEKERS].name}”",
        "month_on_month": compared(MONTH_ON_MONTH),
        "year_on_year": compared(YEAR_ON_YEAR),
        "caps": {},
    }
