"""What of a file's group series and firm reports is new, and since when it is known.

The rules are those of observations: what is stored already is left out, another value is a revision
that must be wanted, and a revision that nobody dated became known today.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import FirmMonth, PartMonth, Reading, check_part_months
from employment_forecast.data.store import Store, part_vintages, usually_known
from employment_forecast.data.store import samples as sample_store

_SAME = 1e-9
# Powers of ten beyond which no stock or rate is from one month to the next, and the smallest count
# of persons that is held against it.
_APART, _SMALL = 0.9, 100
_REVISE = "若是修订请加 --revise；否则请改正文件。"


def new_groups(
    store: Store, readings: Sequence[Reading], catalogue: Catalogue, today: date, revise: bool
) -> list[Reading]:
    """Group observations that are to be stored."""
    stored: dict[tuple[str, str, str], dict[object, float]] = {}
    new = []
    for reading in readings:
        row = reading.observation
        key = (row.region, row.indicator, reading.group or "")
        if key not in stored:
            known = sample_store.group_vintages(store, *key).as_of(today)
            stored[key] = {} if known.demo else dict(known.values.items())
        before = stored[key].get(row.month)
        if before is not None and abs(before - row.value) <= _SAME * max(1.0, abs(before)):
            continue
        if before is not None and not revise:
            raise DataError(
                f"{reading.place}：{row.month} 的群体数据已有 {before:.12g}，"
                f"文件里是 {row.value:.12g}。",
                _REVISE,
            )
        usual = catalogue.indicator(row.indicator).usually_published(row.month)
        undated = row.published_on is None and (before is not None or usual > today)
        dated = replace(row, published_on=today) if undated else row
        new.append(replace(reading, observation=dated))
    return new


def _figures(row: FirmMonth) -> tuple[int | None, ...]:
    return (row.base, row.hires, row.separations, row.end, row.dispatched, row.hidden)


def new_firms(
    store: Store,
    rows: Sequence[FirmMonth],
    catalogue: Catalogue,
    today: date,
    revise: bool,
    region: str | None,
) -> list[FirmMonth]:
    """Firm reports that are to be stored; parameters and errors as for `new_groups`."""
    stored: dict[str, dict[tuple[str, object], tuple[int | None, ...]]] = {}
    new = []
    for row in rows:
        where = row.region or region
        if where is None:
            new.append(row)  # refused, with its reason, when it is stored
            continue
        code = catalogue.region(where).code
        if code not in stored:
            panel = sample_store.firm_panel(store, code, today)
            panel = panel[~panel["demo"].astype(bool)]
            columns = ("base", "hires", "separations", "end", "dispatched", "hidden")
            stored[code] = {
                (firm, month): tuple(None if v != v or v is None else int(v) for v in figures)
                for firm, month, *figures in panel[["firm", "month", *columns]].itertuples(
                    index=False
                )
            }
        before = stored[code].get((row.firm, row.month))
        if before == _figures(row):
            continue
        if before is not None and not revise:
            raise DataError(f"企业 {row.firm} {row.month} 的月报已有不同的数。", _REVISE)
        usual = clock.estimated_publication(row.month, sample_store.FIRM_LAG_DAYS)
        undated = row.published_on is None and (before is not None or usual > today)
        new.append(replace(row, published_on=today) if undated else row)
    return new


def new_part_months(
    store: Store, rows: Sequence[PartMonth], catalogue: Catalogue, today: date, revise: bool
) -> list[PartMonth]:
    """Part-month figures that are to be stored; parameters and errors as for `new_groups`.

    A figure of days that lie ahead is refused.
    """
    check_part_months(rows, catalogue)
    stored: dict[tuple[str, str], dict[tuple[date, date], float]] = {}
    new: dict[tuple[object, ...], PartMonth] = {}
    for row in rows:
        series = (catalogue.region(row.region).code, catalogue.indicator(row.indicator).code)
        if series not in stored:
            vintages = part_vintages(store, *series)
            real = vintages.rows["demo"].astype(bool).sum() == 0
            known = vintages.as_of(today) if real else None
            stored[series] = {} if known is None else known.by_days()
        label = f"{catalogue.region(series[0]).name}“{catalogue.indicator(series[1]).name}”"
        _demand_usual(store, row, catalogue, today, label)
        if row.last_day > today:
            raise DataError(
                f"{label}截至 {row.last_day} 的数在今天（{today}）之后。", "请核对截至日期的年份。"
            )
        before = stored[series].get((row.first_day, row.last_day))
        if before is not None and abs(before - row.value) <= _SAME * max(1.0, abs(before)):
            continue
        if before is not None and not revise:
            raise DataError(
                f"{label}截至 {row.last_day} 已有 {before:.12g}，文件里是 {row.value:.12g}。",
                _REVISE,
            )
        undated = row.published_on is None and (
            before is not None or usually_known(row.last_day) > today
        )
        dated = replace(row, published_on=today) if undated else row
        key = (*series, row.first_day, row.last_day)
        if key in new and new[key].value != row.value:
            raise DataError(
                f"{label}截至 {row.last_day} 在文件里有 {new[key].value:.12g} 和 "
                f"{row.value:.12g} 两个数。",
                "请只保留一个；若是修订，请分两次导入。",
            )
        new[key] = dated
    return list(new.values())


def _demand_usual(
    store: Store, row: PartMonth, catalogue: Catalogue, today: date, label: str
) -> None:
    """Refuse a stock or rate that is far from the latest months, and a flow since January."""
    indicator = catalogue.indicator(row.indicator)
    known = store.as_of(today, row.region, row.indicator)
    if indicator.reporting == "year_to_date" and not known.demo:
        year = str(row.last_day.year)
        published = [float(v) for m, v in known.values.items() if str(m)[:4] == year]
        if len(published) > 1 and row.value >= max(published):
            raise DataError(
                f"{label}截至 {row.last_day} 为 {row.value:.12g}，不小于本年已公布的累计"
                f" {max(published):.12g}，像是1月起的累计数。",
                "月中数只填当月1日（或起始日期）以来的数。",
            )
    if indicator.kind not in ("stock", "rate"):
        return
    usual = 0.0 if known.demo or known.values.empty else float(known.values.iloc[-12:].median())
    if usual < (_SMALL if indicator.kind == "stock" else 0) or usual == 0:
        return
    if row.value <= 0 or abs(math.log10(row.value / usual)) > _APART:
        raise DataError(
            f"{label}截至 {row.last_day} 为 {row.value:.12g}{indicator.unit}，"
            f"近一年的月度数约为 {usual:.12g}{indicator.unit}，相差悬殊。",
            "多半是单位或小数点写错，或以 0 表示未公布：请改正后重新导入；"
            "若月度数有误，请先用 --revise 修订月度数。",
        )
