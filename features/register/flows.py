"""Flows into and out of a register of the unemployed, and the ratio of openings to seekers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError

Floats = npt.NDArray[np.float64]

STATUS_LABELS = {"agrees": "相符", "differs": "不符", "derived": "推算", "unknown": "无法核对"}


@dataclass(frozen=True)
class RegisterFlows:
    """Flows, rates and the check of the stock identity.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by month. `stock`, `opening` (the month before's stock), `inflow`, `reemployed`,
        `exited`, `outflow` in persons; `residual`, the change of the stock less inflow plus
        outflow; `status`, a key of `STATUS_LABELS`; `inflow_rate`, `reemployment_rate`,
        `exit_rate`, `outflow_rate` in percent of the opening stock; `steady_stock`, the stock at
        which this month's inflow and outflow rate would balance.
    notes : tuple of str
        What does not agree or was derived, in Chinese.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]


def register_flows(
    stock: pd.Series[float],
    inflow: pd.Series[float] | None = None,
    reemployed: pd.Series[float] | None = None,
    exited: pd.Series[float] | None = None,
    *,
    tolerance: float = 0.0,
) -> RegisterFlows:
    """Inflow and outflow rates of a register from stock(t) = stock(t-1) + inflow(t) - outflow(t).

    One unknown flow of a month follows from the identity and is marked `derived`. With both known
    the identity is checked. Without a separate count, outflow is re-employment plus exits; if
    only one of these two is known, the other is what the identity leaves.

    Parameters
    ----------
    stock : pandas.Series
        Registered unemployed at month end, 登记失业人数, consecutive months, NaN where unknown.
    inflow : pandas.Series, optional
        Newly registered in the month, 新登记; on the months of `stock`, as all that follow.
    reemployed : pandas.Series, optional
        Left for a job, 再就业.
    exited : pandas.Series, optional
        Left for other reasons, 退出 (retired, moved, lapsed).
    tolerance : float
        Largest residual, in persons, that still counts as agreement.

    Returns
    -------
    RegisterFlows

    Raises
    ------
    DataError
        If months are not consecutive or do not match, or a count is negative.

    Notes
    -----
    `steady_stock` = inflow / outflow rate leads the stock while flows change (Barnichon and
    Nekarda 2012, "The Ins and Outs of Forecasting Unemployment", Brookings Papers).
    """
    months = _months(stock)
    level = _column(stock, months, "期末登记失业人数")
    entered = _column(inflow, months, "新登记人数")
    hired = _column(reemployed, months, "再就业人数")
    left = _column(exited, months, "退出人数")
    opening = np.concatenate(([np.nan], level[:-1]))
    change = level - opening
    status = np.full(len(months), "unknown", dtype=object)

    complete = np.isfinite(change) & np.isfinite(entered) & np.isfinite(hired) & np.isfinite(left)
    residual = change - entered + hired + left
    agrees = complete & (np.abs(residual) <= tolerance)
    status[complete] = np.where(agrees[complete], "agrees", "differs")

    unknown = np.isnan(entered).astype(int) + np.isnan(hired) + np.isnan(left)
    single = np.isfinite(change) & (unknown == 1)
    with np.errstate(invalid="ignore"):
        entered = np.where(single & np.isnan(entered), change + hired + left, entered)
        hired = np.where(single & np.isnan(hired), entered - change - left, hired)
        left = np.where(single & np.isnan(left), entered - change - hired, left)
        outflow = hired + left
        whole = np.isfinite(change) & np.isnan(outflow) & np.isfinite(entered)
        outflow = np.where(whole, entered - change, outflow)
    status[single | whole] = "derived"

    table = pd.DataFrame(
        {
            "stock": level,
            "opening": opening,
            "inflow": entered,
            "reemployed": hired,
            "exited": left,
            "outflow": outflow,
            "residual": residual,
            "status": status,
            "inflow_rate": ratio(entered, opening, 100.0),
            "reemployment_rate": ratio(hired, opening, 100.0),
            "exit_rate": ratio(left, opening, 100.0),
            "outflow_rate": ratio(outflow, opening, 100.0),
            "steady_stock": ratio(entered * opening, outflow),
        },
        index=months,
    )
    return RegisterFlows(table, _notes(table))


def _months(series: pd.Series[float]) -> pd.PeriodIndex:
    index = series.index
    if not isinstance(index, pd.PeriodIndex) or index.freqstr != "M":
        raise DataError("期末登记失业人数的索引不是月份。", "请用 2021-01 这样的月份作索引。")
    if (np.diff(index.asi8) != 1).any():
        raise DataError("期末登记失业人数的月份不连续。", "请补齐缺少的月份，未知的值留空。")
    return index


def _column(series: pd.Series[float] | None, months: pd.PeriodIndex, name: str) -> Floats:
    if series is None:
        return np.full(len(months), np.nan)
    if not series.index.equals(months):
        raise DataError(f"{name}的月份与期末登记失业人数不一致。", "请按相同的月份整理后重试。")
    values = np.asarray(series, dtype=np.float64)
    if (values < 0).any():
        wrong = months[int(np.argmax(values < 0))]
        raise DataError(f"{wrong} 的{name}为负数。", "请核对并更正该月数据。")
    return values


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    notes = [
        f"{month} 存量变动与流量不符，差 {residual:+g} 人（期末 − 期初 − 新登记 + 再就业 + 退出）"
        for month, residual in table.loc[table["status"] == "differs", "residual"].items()
    ]
    derived = table["status"] == "derived"
    if derived.any():
        notes.append(f"{int(derived.sum())} 个月有一项流量未报，由存量恒等式推算")
    flows = table.loc[derived, ["inflow", "reemployed", "exited", "outflow"]]
    negative = flows.index[np.asarray((flows < 0).any(axis=1))]
    notes.extend(f"{month} 推算的流量为负，请核对期末数与已报流量" for month in negative)
    return tuple(notes)


def ratio(numerator: Floats, denominator: Floats, scale: float = 1.0) -> Floats:
    """Quotient that is NaN, without a warning, where the denominator is zero or unknown.

    Parameters
    ----------
    numerator, denominator : numpy.ndarray
        float64, of equal shape.
    scale : float
        Factor, 100 for percent.

    Returns
    -------
    numpy.ndarray
        float64, same shape.
    """
    result = np.full(np.shape(denominator), np.nan)
    np.divide(scale * numerator, denominator, out=result, where=np.asarray(denominator) > 0)
    return result


def openings_to_seekers(
    openings: pd.Series[float], seekers: pd.Series[float]
) -> tuple[pd.Series[float], tuple[str, ...]]:
    """求人倍率: openings (需求人数) per job seeker (求职人数).

    Parameters
    ----------
    openings, seekers : pandas.Series
        Counts of the same months or quarters.

    Returns
    -------
    ratio : pandas.Series
        float64, named `openings_to_seekers`; NaN where there were no seekers or a count is
        unknown.
    notes : tuple of str
        Months without a ratio and why, in Chinese.

    Raises
    ------
    DataError
        If the periods differ or a count is negative.
    """
    if not openings.index.equals(seekers.index):
        raise DataError("招聘人数与求职人数的时期不一致。", "请按相同的月份或季度整理后重试。")
    wanted = np.asarray(openings, dtype=np.float64)
    looking = np.asarray(seekers, dtype=np.float64)
    negative = (wanted < 0) | (looking < 0)
    if negative.any():
        wrong = openings.index[int(np.argmax(negative))]
        raise DataError(f"{wrong} 的招聘人数或求职人数为负数。", "请核对并更正后重新导入。")
    notes = [f"{period} 求职人数为 0，求人倍率无法计算" for period in openings.index[looking == 0]]
    notes.extend(
        f"{period} 缺招聘人数或求职人数，求人倍率无法计算"
        for period in openings.index[np.isnan(wanted) | np.isnan(looking)]
    )
    values = pd.Series(
        ratio(wanted, looking), index=openings.index, name="openings_to_seekers", dtype=float
    )
    return values, tuple(notes)
