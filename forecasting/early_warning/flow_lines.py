"""Warning lines of the stock read as lines of the new registrations that would bring it there.

stock(t) = stock(t-1) + inflow(t) - outflow(t): with the outflow that is usual for the month, the
stock reaches its line exactly when the inflow reaches the line's distance plus that outflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from employment_forecast.features.history import History
from employment_forecast.features.register import RegisterFlows
from employment_forecast.forecasting.early_warning.lines import Line, State

FEWEST_YEARS = 3
MOST_YEARS = 5
YEAR = 12


@dataclass(frozen=True)
class FlowLine:
    """New registrations of the coming month that would bring the stock to its line.

    Attributes
    ----------
    month : pandas.Period
        The month after the last published stock.
    level : str
        Code of the warning level.
    value : float or None
        Smallest number of new registrations (人) that calls for the level; None without a line.
    state : {"line", "unreachable", "already"}
        As of the stock's line; `already` too if the stock would be there without any inflow.
    outflow : float
        Outflow that is assumed for the month (人).
    standard_error : float or None
        Of the value: the spread of past outflow rates and the error of the stock's line.
    assumption : str
        How the outflow was assumed, in Chinese.
    """

    month: pd.Period
    level: str
    value: float | None
    state: State
    outflow: float
    standard_error: float | None
    assumption: str


def _usual_outflow(rates: pd.Series[float], month: pd.Period) -> tuple[float, float, str] | None:
    """Mean and spread of the outflow rate (% of the opening stock) usual for a month."""
    known = rates.dropna()
    months = pd.PeriodIndex(known.index)
    same = np.asarray(known[np.asarray(months.month == month.month)], dtype=float)[-MOST_YEARS:]
    if len(same) >= FEWEST_YEARS:
        text = f"当月流出按近 {len(same)} 年同月平均流出率 {same.mean():.2f}% 估计"
        return float(same.mean()), float(same.std(ddof=1)), text
    last = np.asarray(known, dtype=float)[-YEAR:]
    if len(last) < YEAR:
        return None
    text = f"当月流出按近 {YEAR} 个月平均流出率 {last.mean():.2f}% 估计"
    return float(last.mean()), float(last.std(ddof=1)), text


def flow_lines(lines: Sequence[Line], history: History, flows: RegisterFlows) -> list[FlowLine]:
    """Lines of the next month's new registrations (新登记失业人数).

    Parameters
    ----------
    lines : sequence of Line
        Of the stock, from `warning_lines`; only those of the next month are used.
    history : History
        The stock (期末登记失业人数) up to the origin.
    flows : RegisterFlows
        Flows of the same register; its outflow rates are used up to the origin.

    Returns
    -------
    list of FlowLine
        In the order of `lines`; empty with less than a year of outflow rates.
    """
    month = history.origin + 1
    rates = flows.table["outflow_rate"]
    usual = _usual_outflow(rates[rates.index <= history.origin], month)
    if usual is None:
        return []
    rate, spread, assumption = usual
    stock = float(history.values[-1])
    outflow = stock * rate / 100
    registrations = []
    for line in lines:
        if line.month != month:
            continue
        value: float | None = None
        error: float | None = None
        state = line.state
        if line.value is not None:
            value = float(np.ceil(line.value - stock + outflow - 1e-6))
            error = float(np.hypot(line.standard_error or 0.0, stock * spread / 100))
            if value <= 0:
                value, error, state = None, None, "already"
        registrations.append(FlowLine(month, line.level, value, state, outflow, error, assumption))
    return registrations
