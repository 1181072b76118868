"""Plain official Chinese for values, comparisons, caps and probabilities.

Counts rise (增加) and fall (减少) by persons, rates go up (上升) and down (下降) by percentage
points (个百分点), never by a percentage of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from employment_forecast.data.targets import FOLLOWING
from employment_forecast.forecasting.bulletin.text.facts import (
    Cited,
    CitedRecord,
    CitedText,
    Part,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.figures import percent_of
from employment_forecast.forecasting.bulletin.text.tiers import cap_words

# From here on people are counted in 万人.
LARGE = 100_000
TOLD_APART = 0.05  # a percentage below this would be printed as zero
_COUNTED = ("stock", "flow")
_POINT = "个百分点"


def _ten_thousand_digits(value: float) -> int:
    """Digits that give a count in 万 exactly, two at most."""
    return next((d for d in (0, 1) if round(value) % 10 ** (4 - d) == 0), 2)


def amount(record: CitedRecord, pointer: str, unit: str, digits: int = 0) -> CitedText:
    """The size of a value with its unit: 13520人, 120.6万人, 2.66%, 1.17."""
    value = record.get(pointer)
    if unit == "人":
        if abs(value) >= LARGE:
            shown = record.cite(pointer, "ten_thousands", _ten_thousand_digits(value))
            return sentence("{shown}万人", shown=shown)
        return sentence("{shown}人", shown=record.cite(pointer, "size", min(digits, 0)))
    suffix = unit if unit not in ("倍", "指数") else ""
    return sentence("{shown}{suffix}", shown=record.cite(pointer, "size", digits), suffix=suffix)


def difference(record: CitedRecord, pointer: str, unit: str, digits: int) -> CitedText:
    """The size of a change: percentage points for what is measured in percent."""
    if unit == "%":
        return sentence("{shown}{point}", shown=record.cite(pointer, "size", digits), point=_POINT)
    return amount(record, pointer, unit, digits)


def direction(change: float, kind: str) -> str:
    """增加 or 减少 for counts, 上升 or 下降 otherwise, 持平 for no change."""
    if change == 0:
        return "持平"
    up, down = ("增加", "减少") if kind in _COUNTED else ("上升", "下降")
    return up if change > 0 else down


def compared(
    record: CitedRecord, pointer: str, series: Mapping[str, Any], reference: str
) -> CitedText:
    """A comparison: 比上月增加120人（增长0.9%）, 比上月下降0.05个百分点, 与上月持平."""
    change = record.get(f"{pointer}/change")
    kind, unit, digits = series["kind"], series["unit"], series["decimals"]
    if change is None:
        why = record.cite(f"{pointer}/reason")
        return sentence("与{reference}相比：{why}", reference=reference, why=why)
    if change == 0:
        return sentence("与{reference}持平", reference=reference)
    percent = record.get(f"{pointer}/percent")
    said = sentence(
        "比{reference}{way}{size}",
        reference=reference,
        way=direction(change, kind),
        size=difference(record, f"{pointer}/change", unit, digits),
    )
    if percent is None or abs(percent) < TOLD_APART:
        return said
    way = "增长" if percent > 0 else "下降"
    share = record.cite(f"{pointer}/percent", "size", 1)
    return sentence("{said}（{way}{share}%）", said=said, way=way, share=share)


def against_year(record: CitedRecord, pointer: str, series: Mapping[str, Any]) -> CitedText:
    """A comparison with a year before in few words: 同比增长7.9%, 同比下降0.12, 同比持平."""
    change, percent = record.get(f"{pointer}/change"), record.get(f"{pointer}/percent")
    if change is None:
        return compared(record, pointer, series, "上年同期")
    if change == 0:
        return sentence("同比持平")
    if percent is not None and abs(percent) >= TOLD_APART:
        way = "增长" if percent > 0 else "下降"
        return sentence(
            "同比{way}{share}%", way=way, share=record.cite(f"{pointer}/percent", "size", 1)
        )
    return sentence(
        "同比{way}{size}",
        way=direction(change, series["kind"]),
        size=difference(record, f"{pointer}/change", series["unit"], series["decimals"]),
    )


def signed_change(record: CitedRecord, pointer: str, digits: int) -> CitedText:
    """A change in a table cell: +120, -0.05, 0; empty where there is none."""
    if record.get(pointer) is None:
        return ()
    return (record.cite(pointer, "signed", digits),)


def qualified(record: CitedRecord, pointer: str, unit: str, digits: int) -> CitedText:
    """A target's value with its word where the language puts it: 14300人以内, 不低于27500人."""
    # As it was set: 2.5%, not 2.50%.
    stated = float(record.get(f"{pointer}/value"))
    digits = next((d for d in range(digits) if stated == round(stated, d)), digits)
    value = amount(record, f"{pointer}/value", unit, digits)
    word = str(record.get(f"{pointer}/qualifier") or "")
    if not word:
        return value
    shown = record.cite(f"{pointer}/qualifier")
    said: CitedText = (*value, shown) if word in FOLLOWING else (shown, *value)
    if record.get(pointer).get("limit") is None:  # or a record of an earlier release
        return said
    limit = amount(record, f"{pointer}/limit", unit, digits)
    return sentence("{said}，含容差为{limit}", said=said, limit=limit)


def cap_name(record: CitedRecord, pointer: str, unit: str, digits: int) -> CitedText:
    """A cap by who set it: 市控制数（14300人以内）, 国家预期目标（5.5%左右）."""
    row = record.get(pointer)
    return sentence(
        "{cap}（{value}{carried}）",
        cap=cap_words(str(record.get("/region/name") or ""), row["tier"]),
        value=qualified(record, pointer, unit, digits),
        carried="，沿用上期" if row["carried"] else "",
    )


def against_cap(record: CitedRecord, pointer: str, series: Mapping[str, Any]) -> CitedText:
    """A value beside its cap: 低于市控制数（14300人以内），余量780人; 已超出…; 与…持平."""
    headroom = record.get(f"{pointer}/headroom")
    if headroom is None:
        return ()
    unit, digits = series["unit"], series["decimals"]
    name = cap_name(record, pointer, unit, digits)
    if headroom == 0:
        return sentence("与{name}持平", name=name)
    size = difference(record, f"{pointer}/headroom", unit, digits)
    if headroom > 0:
        return sentence("低于{name}，余量{size}", name=name, size=size)
    return sentence("高于{name}，超出{size}", name=name, size=size)


def chance(record: CitedRecord, pointer: str, event: Part) -> CitedText:
    """A probability in words with its percent: 突破的概率为17%（不太可能）."""
    percent = percent_of(record.get(pointer))
    return sentence(
        "{event}的概率{is_}{share}（{word}）",
        event=event,
        is_="" if percent < 1 else "在" if percent > 99 else "为",
        share=record.cite(pointer, "probability"),
        word=record.cite(pointer, "chance"),
    )


def month_of(record: CitedRecord, pointer: str) -> Cited:
    """A month with its year."""
    return record.cite(pointer, "month")
