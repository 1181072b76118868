"""Read a published threshold feed and hold a figure against it. Nothing heavy is imported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import (
    DataError,
    FailedThresholdsError,
    NoThresholdsError,
    StaleThresholdsError,
    StorageError,
    UsageError,
    series_options,
)
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed.meaning import likely_meaning

_BITS = 1e-6
_TIMES_NEWEST = 3.0
# Thinkable figures of a month from which on two months hardly ever publish the same one.
_STEPS = 1000


@dataclass(frozen=True)
class Answer:
    """What a figure calls for.

    Attributes
    ----------
    level, name : str
        Code and Chinese name of the highest level called for; `none`, 无预警.
    month : str
        Month of the figure.
    value : float
        The figure, rounded as it would be published.
    rows : list of dict
        The lines of the month, each with `reached`.
    broken : list of dict
        Caps that the figure by itself breaks: `title`, `value`, `excess`.
    """

    level: str
    name: str
    month: str
    value: float
    rows: list[dict[str, Any]]
    broken: list[dict[str, Any]]


def find(folder: Path, region: str, indicator: str | None, day: date | None) -> dict[str, Any]:
    """The published document of a region.

    Parameters
    ----------
    folder : pathlib.Path
        `thresholds/` of the workspace.
    region : str
        Code, name or alias.
    indicator : str, optional
        Code or name; by default the one that the region's documents call its default.
    day : datetime.date, optional
        The document that was current at the end of that day; the present one by default.

    Raises
    ------
    NoThresholdsError
        If nothing was published.
    StorageError
        If the document cannot be relied on.
    """
    broken: StorageError | None = None
    for file in feed_files.current(folder):
        try:
            head = feed_files.read(file)
        except StorageError as error:
            # Perhaps another region's: it speaks only if the one asked for is not found.
            broken = broken or error
            continue
        if head is None or not _is_of(head, region, indicator):
            continue
        if indicator is None:
            document = _meant(folder, head["region"]["code"], day)
        else:
            document = _on(folder, head["indicator"], head["region"]["code"], day)
        if document is not None:
            return document
    if broken is not None:
        raise broken
    when = "" if day is None else f"截至 {day} "
    about, option = (f"的“{indicator}”", f" --indicator {indicator}") if indicator else ("", "")
    raise NoThresholdsError(
        f"{when}没有发布过“{region}”{about}的预警线。",
        f"请先运行 forecast thresholds export --region {region}{option}。",
    )


def _is_of(document: Mapping[str, Any], region: str, indicator: str | None) -> bool:
    entry = document["region"]
    if region not in (entry["code"], entry["name"], *entry["aliases"]):
        return False
    return indicator in (None, document["indicator"], document["indicator_name"])


def _on(folder: Path, indicator: str, region: str, day: date | None) -> dict[str, Any] | None:
    """The document of a series: the present one, or that of the end of a day."""
    if day is None:
        return feed_files.read(folder / feed_files.file_name(indicator, region))
    return feed_files.published_by(folder, indicator, region, day)


def _meant(folder: Path, region: str, day: date | None) -> dict[str, Any] | None:
    """The document of a region that is meant where no indicator is named; None if there is none.

    Each says which indicator was the default when it was published; the newest with lines of real
    figures is believed, or where there is none the newest. What went stale or failed was dated
    anew by that, without asking again.
    """
    documents, broken = [], None
    end = feed_files.file_name("", region)
    for file in feed_files.current(folder):
        if not file.name.endswith(end):
            continue
        try:
            document = _on(folder, file.name.removesuffix(end), region, day)
        except StorageError as error:
            broken = broken or error
            continue
        if document is not None:
            documents.append(document)
    valid = [d for d in documents if d["state"] == "current"]
    # The broken one may be of the real figures.
    if broken is not None and not valid:
        raise broken
    newest = max(valid or documents, key=lambda d: str(d["created_at"]), default=None)
    return newest and _on(folder, newest["region"]["default_indicator"], region, day)


def state_on(document: Mapping[str, Any], day: date) -> tuple[str, str]:
    """State of a document on a day and the reason: its time may have run out since it was made."""
    state, reason = document["state"], document["state_reason"]
    until = document["valid_until"]
    if state in ("current", "demo") and until is not None and day.isoformat() > until:
        return "stale", f"有效期至 {until}，已过期"
    return state, reason


def demand_usable(document: Mapping[str, Any], day: date) -> None:
    """Refuse a document that gives no lines to rely on.

    Raises
    ------
    StaleThresholdsError, FailedThresholdsError
        With the reason.
    """
    state, reason = state_on(document, day)
    name = f"{document['region']['name']}{document['indicator_name']}"
    region, default = document["region"]["name"], document["region"]["default_indicator"]
    options = series_options(region, document["indicator"], default)
    hint = (
        f"请导入最新数据，重新运行 forecast run {options} --promote，"
        f"再运行 forecast thresholds export {options}。"
    )
    if state == "failed":
        raise FailedThresholdsError(f"{name}的预警线更新失败：{reason}。", hint)
    if state == "stale":
        raise StaleThresholdsError(f"{name}的预警线已过时：{reason}。", hint)


def rounded(value: float, precision: float) -> float:
    """A figure as it would be published, halves up."""
    digits = max(0, round(-math.log10(precision)))
    return round(math.floor(value / precision + 0.5 + _BITS) * precision, digits)


def check(document: Mapping[str, Any], value: float, month: str | None) -> Answer:
    """Hold a figure against the lines of a month.

    Parameters
    ----------
    document : mapping
        A usable one, see `demand_usable`.
    value : float
        Figure in the unit of the indicator.
    month : str, optional
        `YYYY-MM`; the first month with lines by default.

    Returns
    -------
    Answer

    Raises
    ------
    NoThresholdsError
        If the document has no lines.
    UsageError
        If it has none for the month.
    """
    lines: Sequence[Mapping[str, Any]] = document["lines"]
    months = sorted({line["month"] for line in lines})
    if not months:
        raise NoThresholdsError(
            f"{document['region']['name']}{document['indicator_name']}没有预警线。",
            document["level_reason"] or "没有可评估的控制数，请先用 forecast caps set 登记。",
        )
    at = month or months[0]
    if at not in months:
        raise UsageError(
            f"--month 的值“{at}”没有预警线。", f"有预警线的月份：{months[0]} 至 {months[-1]}。"
        )
    figure = rounded(value, float(document["precision"]))
    order = [level["code"] for level in document["scheme"]["levels"]]
    names = {level["code"]: level["name"] for level in document["scheme"]["levels"]}
    rows = []
    highest = -1
    for line in lines:
        if line["month"] != at:
            continue
        limit = line["value"]
        reached = line["state"] == "already" or (
            limit is not None and figure >= limit - _BITS * document["precision"]
        )
        rows.append({**line, "reached": reached})
        if reached:
            highest = max(highest, order.index(line["level"]))
    level = "none" if highest < 0 else order[highest]
    return Answer(
        level, names.get(level, "无预警"), at, figure, rows, _broken(document, at, figure)
    )


def _broken(document: Mapping[str, Any], month: str, figure: float) -> list[dict[str, Any]]:
    """Caps that a figure of a month breaks by itself; none in documents of earlier releases."""
    return [
        {"title": cap["title"], "value": cap["value"], "excess": figure - _limit(cap)}
        for cap in document.get("caps", ())
        if cap.get("counted_from") is not None
        and cap["counted_from"] <= month <= cap["counted_to"]
        and figure > _limit(cap) + _BITS * document["precision"]
    ]


def _limit(cap: Mapping[str, Any]) -> float:
    """What figures are held against; documents of earlier releases know no tolerance."""
    return float(cap.get("limit", cap["value"]))


def _repeated(published: Sequence[Mapping[str, Any]], value: float, month: str) -> str | None:
    """Month of a figure that is easily taken for another's: the newest two, a year before."""
    year_before = f"{int(month[:4]) - 1}{month[4:]}"
    near = {row["month"]: row["value"] for row in published[-2:]}
    near |= {row["month"]: row["value"] for row in published if row["month"] == year_before}
    return next((m for m in sorted(near, reverse=True) if near[m] == value), None)


def demand_plausible(document: Mapping[str, Any], value: float, month: str | None) -> None:
    """Refuse a figure that is a slip, not news: far outside the month's law, or another month's.

    Parameters
    ----------
    document : mapping
        A usable one.
    value : float
        Figure in the unit of the indicator.
    month : str, optional
        `YYYY-MM`; the first month with lines by default.

    Raises
    ------
    DataError
        With the range, and what the figure probably means.
    """
    lines = document["lines"]
    at = month or min((line["month"] for line in lines), default=None)
    law = next((row for row in document.get("laws", ()) if row["month"] == at), None)
    if law is None and document["latest"]:
        # Published by an earlier release: nothing but the newest figure is there to compare with.
        newest = float(document["latest"])
        law = {"low": newest / _TIMES_NEWEST, "high": newest * _TIMES_NEWEST}
    if law is None:
        return
    unit, digits = document["unit"], max(0, round(-math.log10(document["precision"])))
    shown = f"{value:,.12g}{unit}"
    published = document.get("published", ())
    if law["low"] <= value <= law["high"]:
        again = _repeated(published, value, str(at))
        if again is None or law["high"] - law["low"] < _STEPS * document["precision"]:
            return
        raise DataError(
            f"{at} 的数值 {shown} 与 {again} 的公布数完全相同，不作判断。",
            f"是否误用了 {again} 的公布数？如两月确实相同，请加 --confirmed 重试。",
        )
    meaning = likely_meaning(value, law["low"], law["high"], unit, digits)
    same = next((r["month"] for r in published if r["value"] == value), None)
    if not meaning and same is not None:
        meaning = f"是否误用了 {same} 的公布数"
    low, high = (f"{law[k]:,.{digits}f}" for k in ("low", "high"))
    raise DataError(
        f"{at} 的数值 {shown} 远在可能的范围（{low}—{high}{unit}）之外，不作判断。",
        (f"{meaning}？" if meaning else "请核对数值、单位和月份。")
        + "如确属此数，请加 --confirmed 重试。",
    )
