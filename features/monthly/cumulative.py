"""Year-to-date figures become monthly flows, and flows become year-to-date figures again.

Rules, in the order in which they apply inside a calendar year:

1. A total of zero after a positive one was not published.
2. The flow of a month is its total less the one before, January's is its total. Mark `observed`.
3. Months reported together (January with February, or a gap) share their common flow by the split
   rule, if there are no more than `longest_split` of them: mark `split`, an estimate whose sum is
   the published flow. Longer gaps, and months after the last total of a year: mark `missing`.
4. A negative flow, or a December out of all proportion, is a correction of earlier months. It is
   reported (`correction`), spread over the year (`spread`) or kept as it is, as the caller chooses.

Whatever the choice, the flows of a year with a December total add up to that total.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.calendar import FIRST_YEAR, working_days
from employment_forecast.features.monthly.rules import Block, December, blocks_of, profile_shares

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
SplitRule = Literal["working_days", "equal", "profile"]
CorrectionRule = Literal["report", "spread", "keep"]

MARK_LABELS = {
    "observed": "实报",
    "split": "拆分估计",
    "missing": "缺报",
    "correction": "年内更正",
    "spread": "更正分摊",
    "unsynchronised": "修订未同步",
}
RULE_LABELS = {"working_days": "工作日", "equal": "均等", "profile": "往年同月份额"}


@dataclass(frozen=True)
class MonthlyFlows:
    """Monthly flows from year-to-date totals.

    Attributes
    ----------
    values : pandas.Series
        float64 with consecutive months, in the unit of the totals; NaN where missing.
    marks : pandas.Series
        One key of `MARK_LABELS` for each month.
    notes : tuple of str
        What was estimated, corrected or left out, in Chinese.
    """

    values: pd.Series[float]
    marks: pd.Series[str]
    notes: tuple[str, ...]


def to_monthly(
    year_to_date: pd.Series[float],
    *,
    rule: SplitRule = "working_days",
    longest_split: int = 3,
    correction: CorrectionRule = "report",
    published_on: npt.NDArray[np.datetime64] | None = None,
) -> MonthlyFlows:
    """Turn totals since January into monthly flows.

    Parameters
    ----------
    year_to_date : pandas.Series
        Totals since January by month (`PeriodIndex[M]`, ascending); unpublished months absent.
    rule : {"working_days", "equal", "profile"}
        How months reported together share their flow: by working days, evenly, or by the median
        shares of the same months in years that reported them singly (at least three, else by
        working days); evenly before 2001.
    longest_split : int
        Most months reported together that are still split.
    correction : {"report", "spread", "keep"}
        What happens to a correction: marked and left where it was published; spread over the
        year's months up to it in proportion to their flows; or kept like any other value.
    published_on : numpy.ndarray, optional
        datetime64[D], the day each total became known. A total revised after its successor's
        publication, without a revision of the successor, is marked on the successor.

    Returns
    -------
    MonthlyFlows
        From the first month that can be told to the last total.

    Raises
    ------
    DataError
        If the index is not made of ascending months or a total is not finite.
    """
    notes: list[str] = []
    ordinals, totals, dates = _published(year_to_date, published_on, notes)
    blocks = blocks_of(ordinals, totals)
    usable = [block for block in blocks if block.length <= longest_split]
    first = usable[0].first if usable else blocks[-1].last + 1
    last = blocks[-1].last
    if first > blocks[0].first:
        notes.append(_missing_note(blocks[0].first, first - 1))
    values = np.full(last - first + 1, np.nan)
    marks = np.full(last - first + 1, "missing", dtype=object)
    for block in usable:
        at = slice(block.first - first, block.last - first + 1)
        values[at] = block.flow * _shares(block, blocks, rule, notes)
        marks[at] = "observed" if block.length == 1 else "split"
    where = np.flatnonzero(marks == "missing") + first
    runs = np.split(where, np.flatnonzero(np.diff(where) > 1) + 1)
    notes.extend(_missing_note(int(run[0]), int(run[-1])) for run in runs if len(run))
    if correction != "keep":
        december = December(blocks)
        for block in usable:
            expected = december.expected(block)
            if expected is not None:
                notes.append(_corrected(values, marks, first, block, expected, correction))
    if dates is not None:
        _mark_revisions(marks, first, ordinals, dates, notes)
    months = pd.period_range(_month(first), periods=len(values), freq="M")
    return MonthlyFlows(
        pd.Series(values, index=months, dtype=float),
        pd.Series(marks, index=months, dtype=object),
        tuple(dict.fromkeys(notes)),
    )


def accumulate(flows: Floats, start: pd.Period, carried: float = 0.0) -> Floats:
    """Year-to-date totals of consecutive monthly flows.

    Parameters
    ----------
    flows : numpy.ndarray
        float64, shape (..., n): one series, or sample paths of months to come.
    start : pandas.Period
        Month of the first column.
    carried : float
        Published total of the year up to the month before `start`; 0 if `start` is January.

    Returns
    -------
    numpy.ndarray
        float64, shape (..., n); totals restart in every January, and NaN lasts to December.

    Raises
    ------
    ValueError
        If something is carried into January.
    """
    if start.month == 1 and carried != 0.0:
        raise ValueError("nothing can be carried into January")
    totals = np.array(flows, dtype=np.float64)
    months = totals.shape[-1]
    begin = 0
    while begin < months:
        end = min(months, begin + 12 - (start.month - 1 + begin) % 12)
        totals[..., begin:end] = np.cumsum(totals[..., begin:end], axis=-1)
        begin = end
    totals[..., : 13 - start.month] += carried
    return totals


def to_year_to_date(flows: pd.Series[float], carried: float = 0.0) -> pd.Series[float]:
    """Year-to-date totals for reporting; the inverse of `to_monthly`."""
    if flows.empty:
        return flows.astype(float)
    ordinals = _ordinals(flows.index)
    if (np.diff(ordinals) != 1).any():
        raise DataError("当月数的月份不连续，无法累计。", "请补齐缺少的月份，或先标为缺报。")
    totals = accumulate(np.asarray(flows, dtype=np.float64), flows.index[0], carried)
    return pd.Series(totals, index=flows.index, dtype=float)


def _month(ordinal: int) -> pd.Period:
    return pd.Period(ordinal=ordinal, freq="M")


def _ordinals(index: pd.Index) -> Integers:
    if not isinstance(index, pd.PeriodIndex) or index.freqstr != "M":
        raise DataError("数据的索引不是月份。", "请用 2021-01 这样的月份作索引。")
    return np.asarray(index.asi8, dtype=np.int64)


def _published(
    year_to_date: pd.Series[float],
    published_on: npt.NDArray[np.datetime64] | None,
    notes: list[str],
) -> tuple[Integers, Floats, npt.NDArray[np.datetime64] | None]:
    """Checked months, totals and days, without the zeros that were not published."""
    ordinals = _ordinals(year_to_date.index)
    totals = np.asarray(year_to_date, dtype=np.float64)
    if not len(totals):
        raise DataError("累计数为空，无法换算当月数。", "请先导入至少一个月的累计数。")
    if (np.diff(ordinals) <= 0).any():
        raise DataError("累计数的月份有重复或没有按先后排列。", "请每月只保留一个值并按月份排序。")
    finite = np.isfinite(totals)
    if not finite.all():
        raise DataError(
            f"{_month(int(ordinals[np.argmin(finite)]))} 的累计数不是有限的数。",
            "未公布的月份请留空，不要填写。",
        )
    if published_on is not None and len(published_on) != len(totals):
        raise ValueError("published_on must have one day for each total")
    positive = {int(o) // 12: int(o) for o in ordinals[totals > 0][::-1]}
    keep = (totals != 0) | np.array([o <= positive.get(o // 12, o) for o in ordinals.tolist()])
    notes.extend(
        f"{_month(o)} 累计数为 0 而此前为正，按未公布处理" for o in ordinals[~keep].tolist()
    )
    return ordinals[keep], totals[keep], None if published_on is None else published_on[keep]


def _shares(block: Block, blocks: list[Block], rule: SplitRule, notes: list[str]) -> Floats:
    if block.length == 1:
        return np.ones(1)
    used = rule
    shares = np.full(block.length, 1 / block.length)
    if rule == "profile":
        known = profile_shares(block, blocks)
        used, shares = ("working_days", shares) if known is None else (rule, known)
    if used == "working_days" and block.start.year < FIRST_YEAR:
        used = "equal"
    elif used == "working_days":
        shares = _by_working_days(int(block.start.ordinal), block.length)
    notes.append(
        f"{block.start} 至 {block.end} 合并公布，按{RULE_LABELS[used]}拆分为估计值，合计不变"
    )
    return shares


@cache
def _by_working_days(first: int, length: int) -> Floats:
    """Shares of consecutive months; read-only, since every origin of a back-test asks again."""
    days = working_days(_month(first), length)["days"].to_numpy(dtype=float)
    shares: Floats = days / days.sum()
    shares.flags.writeable = False
    return shares


def _missing_note(begin: int, end: int) -> str:
    span = f"{_month(begin)}" if begin == end else f"{_month(begin)} 至 {_month(end)}"
    return f"{span} 缺少累计数，当月数无法得出"


def _corrected(
    values: Floats,
    marks: npt.NDArray[np.object_],
    first: int,
    block: Block,
    expected: float,
    rule: CorrectionRule,
) -> str:
    """Spread or mark one correction in place; say which in Chinese."""
    at = slice(block.first - first, block.last - first + 1)
    kind = "为负" if block.flow < 0 else "明显偏离常年水平"
    sentence = f"{block.end} 当月数 {block.flow:g} {kind}，视为年内更正"
    before = block.total - block.flow
    if rule == "report" or block.total <= 0 or before + expected <= 0:
        marks[at] = "correction"
        return f"{sentence}，未改动"
    year = slice(max(block.january - first, 0), at.stop)
    # Proportional to flows, the correcting month itself counting with what it should have been.
    values[at] = expected / block.length
    values[year] *= block.total / (before + expected)
    marks[year] = np.where(marks[year] == "missing", "missing", "spread")
    return f"{sentence}，已按各月份额分摊到 {block.january_month} 至 {block.end}，合计不变"


def _mark_revisions(
    marks: npt.NDArray[np.object_],
    first: int,
    ordinals: Integers,
    dates: npt.NDArray[np.datetime64],
    notes: list[str],
) -> None:
    for i in np.flatnonzero(dates[:-1] > dates[1:]).tolist():
        revised, later = int(ordinals[i]), int(ordinals[i + 1])
        if revised // 12 != later // 12 or later < first:
            continue
        if marks[later - first] == "observed":
            marks[later - first] = "unsynchronised"
        notes.append(
            f"{_month(revised)} 累计数在 {_month(later)} 公布之后又有修订而后者未同步，"
            f"{_month(later)} 当月数含修订差额"
        )
