"""Monitored sample firms (失业动态监测): the checked panel of monthly reports.

What the panel yields is in `features.sample.rates` (rates, diffusion, coverage),
`features.sample.index` (chained index) and `features.sample.abnormal` (abnormal separations).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Basis = Literal["chained", "fixed"]

COLUMN_LABELS = {
    "firm": "单位",
    "month": "月份",
    "base": "建档期就业人数",
    "hires": "新招人数",
    "separations": "减员人数",
    "end": "调查期末就业人数",
    "dispatched": "劳务派遣人数",
    "hidden": "隐性失业人数",
    "industry": "行业",
    "size": "规模",
    "street": "所在街镇",
}
REQUIRED = ("firm", "month", "base", "hires", "separations", "end")
COUNTS = ("base", "hires", "separations", "end")
OPTIONAL_COUNTS = ("dispatched", "hidden")
TRAITS = ("industry", "size", "street")
UNKNOWN_TRAIT = "未填"
CHECK_LABELS = {
    "identity": "期末 = 期初 + 新招 − 减员",
    "continuity": "建档期 = 上月期末",
    "fixed_base": "年内建档期不变",
    "hidden": "隐性失业不多于期末人数",
    "details": "分类减员合计 = 减员人数",
}


@dataclass(frozen=True)
class LargestFirms:
    """Which firms count as the largest of a month (大户), by headcount at its beginning.

    Attributes
    ----------
    count : int
        So many of the largest.
    share : float or None
        And every firm with more than this share (0 to 1) of all headcount.
    """

    count: int = 0
    share: float | None = None

    def __post_init__(self) -> None:
        if self.count < 0 or not (self.share is None or 0 < self.share < 1):
            raise ValueError("count must not be negative and share must lie between 0 and 1")


@dataclass(frozen=True)
class FirmPanel:
    """Checked reports, one row per firm and month.

    Attributes
    ----------
    frame : pandas.DataFrame
        Sorted by firm and month, with the columns of `COLUMN_LABELS`, and `opening`, the headcount
        at the beginning of the month (建档期 if chained, else 期末 − 新招 + 减员), `time`, the
        position of the month in `months`, and `previous_end`, `previous_industry`,
        `previous_size` from the firm's report for the reporting month before, missing if it did
        not report then.
    basis : {"chained", "fixed"}
        建档期 is last month's end, or one base for the whole year.
    months : pandas.PeriodIndex
        Months with any report, ascending. A month without any is bridged.
    notes : tuple of str
        Rows that were left out and why, in Chinese.
    """

    frame: pd.DataFrame
    basis: Basis
    months: pd.PeriodIndex
    notes: tuple[str, ...]

    @cached_property
    def findings(self) -> pd.DataFrame:
        """Reports that contradict themselves; they stay in the panel.

        Columns `firm`, `month`, `check` (a key of `CHECK_LABELS`), `expected`, `found`, `message`
        (Chinese).
        """
        return _findings(self.frame, self.basis)

    def column(self, name: str) -> Floats:
        """One count as float64, shape (rows,)."""
        return np.asarray(self.frame[name], dtype=np.float64)

    @property
    def times(self) -> Integers:
        """Position in `months` of every row."""
        return np.asarray(self.frame["time"], dtype=np.int64)


def read_panel(frame: pd.DataFrame, basis: Basis = "chained") -> FirmPanel:
    """Check reports of monitored firms and link each to the firm's report before.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per firm and month with columns `firm`, `month`, `base`, `hires`, `separations`,
        `end` (persons), and if known `dispatched`, `hidden`, `industry`, `size`, `street`. Firms
        may enter, leave and miss months; a row without an end headcount is a missing report.
    basis : {"chained", "fixed"}
        Whether 建档期 is last month's end or the same base all year; the file says which.

    Returns
    -------
    FirmPanel

    Raises
    ------
    DataError
        If columns are missing, a firm reports twice for a month, a month cannot be read, or a
        count is negative or not a number.
    """
    absent = [COLUMN_LABELS[c] for c in REQUIRED if c not in frame.columns]
    if absent:
        raise DataError(f"样本企业表缺少列：{'、'.join(absent)}。", "请补齐这些列后重新导入。")
    table, notes = _typed(frame)
    twice = table.duplicated(["firm", "month"]).to_numpy()
    if twice.any():
        row = table.iloc[int(np.argmax(twice))]
        raise DataError(
            f"单位“{row['firm']}”{row['month']} 上报了两次。", "请每个单位每月只保留一条记录。"
        )
    table = table.sort_values(["firm", "month"], kind="stable", ignore_index=True)
    months = pd.PeriodIndex(table["month"].unique(), freq="M").sort_values()
    table["time"] = months.get_indexer(pd.PeriodIndex(table["month"]))
    if basis == "chained":
        table["opening"] = table["base"]
    else:
        table["opening"] = table["end"] - table["hires"] + table["separations"]
    _link(table)
    return FirmPanel(table, basis, months, tuple(notes))


def read_months(column: pd.Series) -> pd.PeriodIndex:
    """Months of a reported table."""
    texts = column.astype(str) if pd.api.types.is_numeric_dtype(column) else column
    try:
        # Periods as they are; texts and dates one by one.
        months = pd.PeriodIndex(texts if texts.dtype == "period[M]" else texts.to_numpy(), freq="M")
    except (ValueError, TypeError) as error:
        raise DataError(
            f"样本企业表的月份无法识别（{error}）。", "请写成 2024-03 这样的年-月。"
        ) from error
    if months.hasnans:
        raise DataError("样本企业表有空的月份。", "请补上月份，写成 2024-03 这样的年-月。")
    return months


def _typed(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    table = pd.DataFrame({"firm": frame["firm"].astype(str).array})
    table["month"] = read_months(frame["month"])
    for name in (*COUNTS, *OPTIONAL_COUNTS):
        given = frame[name] if name in frame.columns else pd.Series(np.nan, index=frame.index)
        try:
            table[name] = pd.to_numeric(given).to_numpy(dtype=float, na_value=np.nan)
        except (ValueError, TypeError) as error:
            raise DataError(
                f"样本企业表的“{COLUMN_LABELS[name]}”含有不是数字的内容（{error}）。",
                "请改为数字，未报的留空。",
            ) from error
        _refuse_bad_counts(table, name)
    for name in TRAITS:
        if name in frame.columns:
            trait = frame[name] if frame[name].dtype == "str" else frame[name].astype(object)
            table[name] = trait.where(trait.notna(), UNKNOWN_TRAIT).astype(str).array
        else:
            table[name] = UNKNOWN_TRAIT
    unreported = table[list(COUNTS)].isna().any(axis=1).to_numpy()
    notes = []
    if unreported.any():
        notes.append(f"{int(unreported.sum())} 条记录缺建档期、新招、减员或期末人数，按未上报处理")
    return table[~unreported].reset_index(drop=True), notes


def _refuse_bad_counts(table: pd.DataFrame, name: str) -> None:
    values = table[name].to_numpy()
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        row = table.iloc[int(np.argmax(wrong))]
        raise DataError(
            f"单位“{row['firm']}”{row['month']} 的{COLUMN_LABELS[name]}为 {row[name]:g}。",
            "人数不能为负或无穷，请核对后重新导入。",
        )


def _link(table: pd.DataFrame) -> None:
    """Add what the same firm reported for the reporting month before."""
    firms = table["firm"].to_numpy()
    times = table["time"].to_numpy()
    linked = np.zeros(len(table), dtype=bool)
    linked[1:] = (firms[1:] == firms[:-1]) & (times[1:] == times[:-1] + 1)
    table["previous_end"] = table["end"].shift(1).where(linked)
    for name in ("industry", "size"):
        table[f"previous_{name}"] = table[name].shift(1).where(linked)


def _findings(table: pd.DataFrame, basis: Basis) -> pd.DataFrame:
    base, end, before = (table[c].to_numpy() for c in ("base", "end", "previous_end"))
    start = base if basis == "chained" else before
    findings = [
        differing(
            table,
            "identity",
            start + table["hires"].to_numpy() - table["separations"].to_numpy(),
            end,
        ),
        _exceeding_hidden(table),
    ]
    if basis == "chained":
        findings.append(differing(table, "continuity", before, base))
    else:
        years = table["month"].dt.year
        usual = table.groupby(["firm", years])["base"].transform("first")
        findings.append(differing(table, "fixed_base", usual.to_numpy(), base))
    nonempty = [f for f in findings if not f.empty]
    return pd.concat(nonempty, ignore_index=True) if nonempty else findings[0]


def _exceeding_hidden(table: pd.DataFrame) -> pd.DataFrame:
    hidden, end = table["hidden"].to_numpy(), table["end"].to_numpy()
    return differing(table, "hidden", np.where(hidden > end, end, np.nan), hidden)


def differing(table: pd.DataFrame, check: str, expected: Floats, reported: Floats) -> pd.DataFrame:
    """Findings for the rows in which two known numbers differ."""
    wrong = np.isfinite(expected) & np.isfinite(reported) & (expected != reported)
    rows = table.loc[wrong, ["firm", "month"]].assign(
        check=check, expected=expected[wrong], found=reported[wrong]
    )
    rows["message"] = [
        f"单位“{firm}”{month}：{CHECK_LABELS[check]} 不成立，应为 {wanted:g}，上报 {given:g}"
        for firm, month, wanted, given in zip(
            rows["firm"], rows["month"], rows["expected"], rows["found"], strict=True
        )
    ]
    result: pd.DataFrame = rows.reset_index(drop=True)
    return result


def largest_rows(
    panel: FirmPanel, headcount: Floats, largest: LargestFirms
) -> npt.NDArray[np.bool_]:
    """Rows of the largest firms of each month."""
    ranked = pd.Series(headcount)
    by_month = ranked.groupby(panel.times)
    chosen = by_month.rank(method="first", ascending=False).to_numpy() <= largest.count
    if largest.share is not None:
        chosen |= headcount > largest.share * by_month.transform("sum").to_numpy()
    return np.asarray(chosen & np.isfinite(headcount))
