"""Abnormal separations (异常退工): which firms lost more people than their own past explains.

Counts are small, bursty and few, so a threshold on rates would flag the smallest firms every
month. Each firm's count is compared with a negative binomial predictive distribution:

- it is the firm's own record that counts, as far as it reaches, see `count_prediction`;
- expectations carry the calendar month's usual factor; until three years of that month are known,
  what the unsuspicious firms of the month show together if that is more, so that the departures
  after 春节 do not flag everybody;
- one test per firm and month calls for multiplicity control: q-values after Benjamini and
  Hochberg (1995, JRSS B 57). Exceedance probabilities of counts err on the safe side.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample.count_prediction import (
    CountOutlook,
    CountRecord,
    false_discovery_rates,
)
from employment_forecast.features.sample.panel import FirmPanel, Floats, Integers

WINDOW_MONTHS = 60
FALSE_DISCOVERY_RATE = 0.05
LEAST_COUNT = 3
# 劳动合同法第四十一条: 20 or more people, or fewer but at least 10 % of the staff.
LAYOFF_COUNT, LAYOFF_SHARE = 20, 10

_CALM, _CALM_STEPS = 0.01, 3
_SEASON_YEARS = 3


def layoff_rule(count: Floats, staff: Floats) -> npt.NDArray[np.bool_]:
    """Whether a layoff needs the procedure of 劳动合同法第四十一条."""
    return np.asarray((count >= LAYOFF_COUNT) | ((count > 0) & (LAYOFF_SHARE * count >= staff)))


def abnormal_separations(
    panel: FirmPanel,
    month: pd.Period | None = None,
    *,
    layoffs: pd.Series[float] | None = None,
    window: int = WINDOW_MONTHS,
    rate: float = FALSE_DISCOVERY_RATE,
    least_count: int = LEAST_COUNT,
) -> pd.DataFrame:
    """Rank the firms of a month by how far their separations exceed their own past.

    Parameters
    ----------
    panel : FirmPanel
        Reports. Only months before `month` are the past.
    month : pandas.Period, optional
        Month to look at; the newest by default.
    layoffs : pandas.Series, optional
        People laid off by the employer, indexed by firm and month (see
        `features.sample.details.separations_by`), for the layoff rule. A firm not in it laid off
        nobody. Without it the rule counts all separations and so errs on the side of flagging.
    window : int
        Months of past used.
    rate : float
        Accepted share of false alarms among the flagged firms of a month.
    least_count : int
        Fewer separations are never flagged as abnormal.

    Returns
    -------
    pandas.DataFrame
        One row per reporting firm, most suspicious first: `firm`, `month`, `industry`, `size`,
        `street`, `headcount` (opening), `separations`, `expected`, `excess` (persons), `p_value`,
        `q_value`, `abnormal`, `layoffs`, `layoff` (bool, the rule), `history` (past reports
        used), `message` (Chinese).

    Raises
    ------
    DataError
        If nobody reported for the month.
    """
    if month is None and len(panel.months):
        month = panel.months[-1]
    if month is None or month not in panel.months:
        raise DataError(f"{month or '所选月份'}没有单位上报。", "请换一个有上报数据的月份。")
    ordinals = panel.months.asi8[panel.times]
    here = ordinals == month.ordinal
    past = (ordinals < month.ordinal) & (ordinals >= month.ordinal - window)
    firms = np.unique(panel.frame["firm"].to_numpy(), return_inverse=True)[1]
    counts = panel.column("separations")
    staff = np.maximum(panel.column("opening"), 1.0)
    season = _season(ordinals[past], counts[past], staff[past])
    exposure = staff * np.nan_to_num(season, nan=1.0)[ordinals % 12]
    record = CountRecord(firms[past], counts[past], exposure[past], int(firms.max()) + 1)
    outlook = CountOutlook(record)
    expected, tail = outlook.predict(firms[here], counts[here], exposure[here])
    for _ in range(_CALM_STEPS if np.isnan(season[month.ordinal % 12]) else 0):
        calm = tail >= _CALM
        shift = max(counts[here][calm].sum() / max(expected[calm].sum(), 1.0), 1.0)
        exposure[here] *= shift
        expected, tail = outlook.predict(firms[here], counts[here], exposure[here])
    table = panel.frame.loc[here, ["firm", "month", "industry", "size", "street"]].assign(
        headcount=panel.column("opening")[here],
        separations=counts[here],
        expected=expected,
        excess=counts[here] - expected,
        p_value=tail,
        q_value=false_discovery_rates(tail),
    )
    table["abnormal"] = (table["q_value"] <= rate) & (counts[here] >= least_count)
    table["layoffs"] = _layoffs(table, layoffs)
    table["layoff"] = layoff_rule(
        table["layoffs"].to_numpy(dtype=float), table["headcount"].to_numpy(dtype=float)
    )
    table["history"] = np.bincount(record.firms, minlength=record.size)[firms[here]]
    layoff_note = "" if layoffs is not None else "（按全部减员计，请核实是否裁员）"
    table["message"] = [_message(row, layoff_note) for row in table.to_dict("records")]
    ranked: pd.DataFrame = table.sort_values(
        ["p_value", "excess", "firm"], ascending=[True, False, True], ignore_index=True
    )
    return ranked


def _season(ordinals: Integers, counts: Floats, staff: Floats) -> Floats:
    """Factor of each calendar month, shape (12,): median over years of its rate over its year's.

    NaN until three years of a month are known.
    """
    factors = np.full(12, np.nan)
    if not len(ordinals):
        return factors
    first = int(ordinals.min())
    size = int(ordinals.max()) - first + 1
    left = np.bincount(ordinals - first, counts, size)
    there = np.bincount(ordinals - first, staff, size)
    months = first + np.arange(size)
    relative = np.full(size, np.nan)
    for i in np.flatnonzero(there).tolist():
        inputs = slice(max(i - 11, 0), i + 12)
        usual = left[inputs].sum() / there[inputs].sum()
        if usual > 0:
            relative[i] = left[i] / there[i] / usual
    for k in range(12):
        known = relative[(months % 12 == k) & np.isfinite(relative)]
        if len(known) >= _SEASON_YEARS:
            factors[k] = max(float(np.median(known)), 0.1)
    return factors


def _layoffs(table: pd.DataFrame, layoffs: pd.Series[float] | None) -> Floats:
    if layoffs is None:
        return np.asarray(table["separations"], dtype=np.float64)
    keys = pd.MultiIndex.from_frame(table[["firm", "month"]])
    return np.asarray(layoffs.reindex(keys).fillna(0.0), dtype=np.float64)


def _message(row: dict[Hashable, object], layoff_note: str) -> str:
    text = (
        f"{row['firm']} {row['month']} 减员 {row['separations']:.0f} 人，"
        f"按往常约 {row['expected']:.1f} 人"
    )
    parts = []
    if row["abnormal"]:
        parts.append("异常退工")
    if row["layoff"]:
        parts.append(f"人数达到劳动合同法第四十一条的标准{layoff_note}")
    return f"{text}：{'、'.join(parts)}" if parts else text
