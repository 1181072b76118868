"""Build the modelling history of a series as of a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region, phrase
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import Known, Vintages, out_of_range
from employment_forecast.features.events import (
    MONTHS_BEFORE,
    estimable_steps,
    marked_breaks,
    splitting_break,
    usable_shocks,
)
from employment_forecast.features.history.covariates import (
    CovariateSource,
    covariates_of,
)
from employment_forecast.features.history.history import History
from employment_forecast.features.history.revisions import Revisions, final_law
from employment_forecast.features.monthly import listed, monthly_figures

# A longer gap hides half a season; with more of a series missing, its rhythm is the filler's.
LONGEST_GAP, ONE_IN = 6, 5
# What is left after a gap too long to fill must show two years.
FEWEST_LEFT = 24
# Normal quantile of 90 %.
NINE_TENTHS = 1.2816


class VintageSource(Protocol):
    """What `build` needs of the store."""

    def vintages(self, region: str, indicator: str) -> Vintages:
        """Every row of one series."""


def _without_gaps(
    known: Known, region: Region, indicator: Indicator, gaps: str
) -> tuple[Known, str]:
    """The part of a series that can be used; a month is missing if absent or not told (NaN)."""
    published = ~np.isnan(known.values.to_numpy())
    months = pd.PeriodIndex(known.values.index)
    if published.all() and len(months) == months.asi8[-1] - months.asi8[0] + 1:
        return known, ""
    span = pd.period_range(months[0], months[-1], freq="M")
    missing = span.difference(months[published])
    first, note = None, ""
    if gaps == "after" and published[-1]:
        first = missing[-1] + 1
        note = f"缺 {listed(missing)}，只用 {first} 以后的数据"
    elif gaps == "fill" and published.any():
        first, note = _fillable(months[published])
    if first is None:
        fewest = f"；程序只补估连续不超过 {LONGEST_GAP} 个月、合计不超过五分之一的缺月"
        raise DataError(
            f"{region.name}“{indicator.name}”在 {span[0]} 至 {span[-1]} 之间"
            f"缺 {len(missing)} 个月：{listed(missing)}{fewest if gaps == 'fill' else ''}。",
            '请补录所缺月份；若无法补录，可在 forecast.toml 设 history.gaps = "after"，'
            "只用最后一个缺口之后的数据。",
        )
    keep = published & np.asarray(months >= first)
    return replace(known, values=known.values[keep], published_on=known.published_on[keep]), note


def _fillable(published: pd.PeriodIndex) -> tuple[pd.Period | None, str]:
    """First month from which few enough are missing, and a note; None if too little is left.

    None after a gap of more than `LONGEST_GAP` months; from the first month on at most one in
    `ONE_IN` missing.
    """
    ordinals = published.asi8
    lengths = np.diff(ordinals) - 1
    starts = np.r_[0, np.flatnonzero(lengths) + 1]
    longest = np.flatnonzero(lengths > LONGEST_GAP)
    for at in starts[starts > (longest[-1] if len(longest) else -1)]:
        first, span = published[at], int(ordinals[-1] - ordinals[at]) + 1
        absent = span - (len(ordinals) - at)
        if absent * ONE_IN > span or (at > 0 and span < FEWEST_LEFT):
            continue
        within = pd.period_range(first, published[-1], freq="M").difference(published)
        parts = [f"缺 {listed(within)}，由模型补估，不作公布数"] if len(within) else []
        if at > 0:
            before = pd.period_range(published[0], first, freq="M").difference(published)
            parts.insert(0, f"{listed(before)} 缺得太多，只用 {first} 以后的数据")
        return first, "；".join(parts)
    return None, ""


def from_known(
    known: Known,
    region: Region,
    indicator: Indicator,
    as_of: date,
    gaps: str = "fill",
    others: Sequence[CovariateSource] = (),
    revisions: Revisions | None = None,
) -> History:
    """Turn known values into a history, or say why that cannot be done.

    Parameters
    ----------
    known : Known
        What the store knew on `as_of`.
    region, indicator : Region, Indicator
        Catalogue entries.
    as_of : datetime.date
        Day of knowledge.
    gaps : {"fill", "refuse", "after"}
        Leave missing months to the models, unless more than six in a row or one in five are
        missing: then what follows is used if it spans two years, else the series is refused.
        Refuse every series with missing months. Use what follows the last gap. For year-to-date
        figures a month is missing if its flow cannot be told, not if it was published together
        with the next.
    others : sequence of (Indicator, KnownSource)
        Indicators that go beside the target, each looked at as of the same day.
    revisions : Revisions, optional
        Law of the corrections of its newest figures.

    Returns
    -------
    History

    Raises
    ------
    DataError
        If there are no values, too many missing, or values out of range.
    """
    label = f"{region.name}“{indicator.name}”"
    if known.values.empty:
        reasons = "".join(f"{note}。" for note in known.notes)
        raise DataError(
            f"截至 {as_of} 没有{label}的数据。{reasons}",
            "请先导入数据，或换一个指标、地区或 --as-of 日期。",
        )
    for at, value in enumerate(known.values.tolist()):
        reason = out_of_range(value, indicator)
        if reason:
            raise DataError(
                f"{label}{known.values.index[at]} 的值 {value:,.10g}{indicator.unit}{reason}。",
                "请更正该月数据后重新导入。",
            )
    notes = list(known.notes)
    first, last = known.values.index[0], known.values.index[-1]
    split = splitting_break(indicator, region.code, known.demo, first, last)
    if split is not None:
        known = _since(known, split.month)
        notes.append(f"{split.month} 起口径变化，只用变化后的数据")
    known, estimates = monthly_figures(known, indicator)
    if split is not None:
        # Totals since January of the new definition reach back to months of the old one.
        known = _since(known, split.month)
    notes.extend(estimates)
    if known.values.empty:
        raise DataError(
            f"截至 {as_of} {label}的累计数不足以得出任何一个月的当月数。",
            "请补录当年各月的累计数。",
        )
    # After the break: a month missing under the old definition is missed by nobody.
    known, note = _without_gaps(known, region, indicator, gaps)
    if note:
        notes.append(note)
    published = np.asarray(known.values, dtype=np.float64)
    start, end = known.values.index[0], known.values.index[-1]
    values = np.full((end - start).n + 1, np.nan)
    values[pd.PeriodIndex(known.values.index).asi8 - start.ordinal] = published
    if len(published) > 1 and np.ptp(published) == 0:
        notes.append(
            f"自 {start} 起 {len(published)} 个月的值全是 {published[0]:,.10g}{indicator.unit}，"
            "请核对是否误填；按随机游走预测：以一直没有变动的可能为一半，定每月变动的大小"
        )
    breaks = marked_breaks(indicator, region.code, known.demo, start, end)
    estimated, too_near = estimable_steps(breaks, start, end)
    notes.extend(f"{b.month} 起口径变化，以台阶变量处理，环比、同比不跨该月" for b in estimated)
    notes.extend(f"{b.month} 起口径变化，环比、同比不跨该月" for b in too_near)
    shocks, unused = usable_shocks(known.shocks, start, end)
    notes.extend(f"{s.phrase}已申报，其影响单独估计，不计入季节规律" for s in shocks)
    notes.extend(
        f"{s.phrase}已申报，但该月前数据不足 {MONTHS_BEFORE} 个月，无法估计其影响"
        for s in unused
        if s.month <= end
    )
    lagged, absent = covariates_of(others, as_of, demo=known.demo) if others else ((), ())
    history = History(
        region=region.code,
        indicator=indicator.code,
        start=start,
        values=values,
        unit=indicator.unit,
        kind=indicator.kind,
        transform=indicator.transform if published.min() > 0 else "none",
        precision=indicator.precision,
        as_of=as_of,
        demo=known.demo,
        pseudo_real_time=known.estimated,
        sources=known.sources,
        notes=(*notes, *absent),
        breaks=breaks,
        lagged=lagged,
        shocks=shocks,
        revisions=revisions,
        signed=indicator.signed,
    )
    if revisions is None:
        return history
    # The law is learned on the scale of the indicator's models and says nothing on another one.
    if history.transform != indicator.transform:
        return replace(history, revisions=None)
    return replace(history, notes=(*history.notes, _final_note(history, revisions, indicator)))


def _final_note(history: History, revisions: Revisions, indicator: Indicator) -> str:
    """What the newest figure may be corrected to, in 80 of 100 cases."""
    mean, covariance = final_law(history.scaled, revisions)
    middle, spread = float(mean[-1]), float(np.sqrt(max(covariance[-1, -1], 0.0)))
    ends = np.array([middle - NINE_TENTHS * spread, middle + NINE_TENTHS * spread])
    low, high = np.exp(ends) if history.transform == "log" else ends
    return (
        f"{history.origin} 最终数可能为 {phrase(float(low), indicator)}—"
        f"{phrase(float(high), indicator)}{indicator.unit}"
        f"（80%，按 {revisions.learned} 次首发与最终数之差），预测由此出发"
    )


def _since(known: Known, month: pd.Period) -> Known:
    keep = np.asarray(known.values.index >= month)
    return replace(known, values=known.values[keep], published_on=known.published_on[keep])


def build(
    store: VintageSource,
    region: Region,
    indicator: Indicator,
    as_of: date,
    gaps: str = "fill",
    others: Sequence[Indicator] = (),
) -> History:
    """History of a region and indicator as it was known on a day.

    Parameters
    ----------
    store : VintageSource
        The observation store.
    region, indicator : Region, Indicator
        Catalogue entries.
    as_of : datetime.date
        Day of knowledge.
    gaps : {"fill", "refuse", "after"}
        As in `from_known`.
    others : sequence of Indicator
        Further stored indicators of the region, to go beside the target.

    Returns
    -------
    History

    Raises
    ------
    DataError
        As in `from_known`.
    """
    known = store.vintages(region.code, indicator.code).as_of(as_of)
    beside = [(each, store.vintages(region.code, each.code)) for each in others]
    return from_known(known, region, indicator, as_of, gaps, beside)
