"""Matched-sample link relatives of the monitored firms, chained to an index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.register import ratio
from employment_forecast.features.sample.panel import (
    FirmPanel,
    Floats,
    Integers,
    LargestFirms,
    largest_rows,
)


@dataclass(frozen=True)
class ChainedIndex:
    """Like-for-like employment of the sample.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed by every month from the first to the last report: `index` (100 in the base month,
        NaN in a month nobody reported and beyond a broken link), `link` (index over the index of
        the reporting month before), `change` (link less one, percent), `firms` (matched firms),
        `headcount` (their end headcount).
    base_month : pandas.Period
        Month in which the index is 100.
    notes : tuple of str
        Bridged months, broken links, strata without firms, in Chinese.
    """

    table: pd.DataFrame
    base_month: pd.Period
    notes: tuple[str, ...]


def chained_index(
    panel: FirmPanel,
    *,
    weights: pd.Series[float] | None = None,
    without: LargestFirms | None = None,
    base_month: pd.Period | None = None,
) -> ChainedIndex:
    """Chain the month-on-month changes of firms that reported for both months.

    Entry, exit and missing reports do not move the index: a link compares the same firms' end
    headcounts. A firm that closes moves it only with a last report of zero.

    Parameters
    ----------
    panel : FirmPanel
        Reports, with either basis.
    weights : pandas.Series, optional
        Employment of the whole population by stratum, indexed by (`industry`, `size`), in the
        base month. Each stratum is carried by its own links and the strata are added up. A
        stratum without matched firms in a month follows all matched firms together. Without
        weights the sample weighs itself.
    without : LargestFirms, optional
        Leave out the largest matched firms of each link, ranked by the headcount at its
        beginning.
    base_month : pandas.Period, optional
        Month in which the index is 100; the first reported month by default.

    Returns
    -------
    ChainedIndex

    Raises
    ------
    DataError
        If there are no reports, nobody reported for the base month, a stratum of the panel has no
        weight, a weight is negative, or a stratum's firms have all closed before the base month.

    References
    ----------
    US Bureau of Labor Statistics, Handbook of Methods, Current Employment Statistics: matched
    sample, link relatives by estimating cell, cells summed.
    """
    if not len(panel.months):
        raise DataError("样本企业表没有可用的记录。", "请先导入至少一个月的上报数据。")
    base = panel.months[0] if base_month is None else base_month
    if base not in panel.months:
        raise DataError(f"基期 {base} 没有单位上报。", "请换一个有上报数据的月份作基期。")
    at = int(panel.months.get_indexer(pd.PeriodIndex([base], freq="M"))[0])
    matched = panel.frame["previous_end"].notna().to_numpy()
    if without is not None:
        matched = matched & ~largest_rows(panel, panel.column("previous_end"), without)
    rows = np.flatnonzero(matched)
    times, size = panel.times[rows], len(panel.months)
    now, before = panel.column("end")[rows], panel.column("previous_end")[rows]
    pooled = ratio(_sums(times, now, size), _sums(times, before, size))
    notes = _bridged(panel.months)
    if weights is None:
        level = _chain(pooled[np.newaxis], at)[0]
    else:
        codes, shares = _strata(panel, rows, weights)
        cell = codes * size + times
        cells = len(shares) * size
        links = ratio(_sums(cell, now, cells), _sums(cell, before, cells))
        links = links.reshape(len(shares), size)
        borrowed = np.isnan(links) & np.isfinite(pooled)
        notes += _borrowed(borrowed[:, 1:], weights.index)
        chains = _chain(np.where(borrowed, pooled, links), at)
        level = shares @ chains
    link = np.full(size, np.nan)
    link[1:] = ratio(level[1:], level[:-1])
    notes += _broken(panel.months, pooled)
    table = pd.DataFrame(
        {
            "index": 100.0 * level,
            "link": link,
            "change": 100.0 * (link - 1.0),
            "firms": np.bincount(times, minlength=size),
            "headcount": _sums(times, now, size),
        },
        index=panel.months,
    )
    whole = pd.period_range(panel.months[0], panel.months[-1], freq="M")
    table = table.reindex(whole)
    table["firms"] = table["firms"].fillna(0).astype(np.int64)
    return ChainedIndex(table, base, tuple(notes))


def _sums(groups: Integers, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(groups, values, size), dtype=np.float64)


def _chain(links: Floats, at: int) -> Floats:
    """Levels of each row of links, 1 at column `at`; shape (strata, months)."""
    level = np.ones_like(links)
    level[:, at + 1 :] = np.cumprod(links[:, at + 1 :], axis=1)
    backward = links[:, at:0:-1]
    if (backward == 0).any():
        raise DataError(
            "有一类单位在基期之前全部关闭，基期以前的指数无法推算。",
            "请把基期改为更早的月份。",
        )
    level[:, :at] = np.cumprod(1.0 / backward, axis=1)[:, ::-1]
    return level


def _strata(
    panel: FirmPanel, rows: npt.NDArray[np.intp], weights: pd.Series[float]
) -> tuple[Integers, Floats]:
    """Stratum of each matched row, as position in `weights`, and the weights summing to 1."""
    values = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(values) & (values >= 0)).all() or values.sum() <= 0:
        raise DataError("行业×规模权数含有负数、空值或全为零。", "请填写各类单位的就业人数。")
    # The earlier month's traits: a firm that grows into another size class stays in its cell.
    traits = panel.frame.iloc[rows]
    cells = pd.MultiIndex.from_arrays([traits["previous_industry"], traits["previous_size"]])
    positions = pd.MultiIndex.from_tuples(list(weights.index)).get_indexer(cells)
    if (positions < 0).any():
        industry, size = cells[int(np.argmax(positions < 0))]
        raise DataError(
            f"权数表里没有行业“{industry}”、规模“{size}”。", "请补上该类单位的就业人数。"
        )
    return np.asarray(positions, dtype=np.int64), values / values.sum()


def _bridged(months: pd.PeriodIndex) -> list[str]:
    whole = pd.period_range(months[0], months[-1], freq="M")
    return [f"{month} 无单位上报，指数跨月链接" for month in whole.difference(months)]


def _borrowed(borrowed: npt.NDArray[np.bool_], strata: pd.Index) -> list[str]:
    return [
        f"“{'·'.join(str(part) for part in strata[i])}”有 {int(borrowed[i].sum())} 个月没有可比单位"
        "，按全部可比单位的变化推算"
        for i in np.flatnonzero(borrowed.any(axis=1)).tolist()
    ]


def _broken(months: pd.PeriodIndex, pooled: Floats) -> list[str]:
    return [
        f"{months[i]} 与 {months[i - 1]} 没有共同上报的单位，指数在此中断"
        for i in (np.flatnonzero(np.isnan(pooled[1:])) + 1).tolist()
    ]
