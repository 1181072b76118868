"""五、计划目标进度."""

from __future__ import annotations

from typing import Any

from employment_forecast.forecasting.bulletin.text.blocks import Block, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.tiers import tier_word
from employment_forecast.forecasting.bulletin.text.wording import amount, chance, qualified

_KINDS = {"floor": "目标", "level": "目标值"}


def _target(record: CitedRecord, pointer: str, *, named: bool) -> CitedText:
    row = record.get(pointer)
    value: CitedText = ()
    if row["value"] is not None:
        value = qualified(record, pointer, row["unit"], row["decimals"])
    return sentence(
        "{period}{name}{tier}{kind}{value}{carried}{demo}",
        period=record.cite(f"{pointer}/period", "period"),
        name=() if named else record.cite(f"{pointer}/name"),
        tier="" if row["tier"] == "own" else tier_word(record.get("/region/name"), row["tier"]),
        kind=_KINDS[row["direction"]],
        value=value,
        carried="（沿用上期）" if row["carried"] else "",
        demo="（演示目标）" if row["demo"] and not record.get("/demo") else "",
    )


def _against_calendar(record: CitedRecord, pointer: str) -> CitedText:
    row = record.get(pointer)
    calendar = record.cite(f"{pointer}/calendar", "plain", 1)
    if row["gap"] == 0:
        said = sentence("与序时进度（{calendar}%）一致", calendar=calendar)
    else:
        said = sentence(
            "{way}序时进度（{calendar}%）{gap}个百分点",
            way="快于" if row["gap"] > 0 else "慢于",
            calendar=calendar,
            gap=record.cite(f"{pointer}/gap", "size", 1),
        )
    if row["seasonal"] is None:
        return said
    usual = record.cite(f"{pointer}/seasonal", "plain", 1)
    return sentence("{said}，往年同期通常完成{usual}%", said=said, usual=usual)


def _one(record: CitedRecord, pointer: str, *, named: bool, counted: bool) -> CitedText:
    """What is reached of a target; `named` and `counted` is what has been told already."""
    row = record.get(pointer)
    target = _target(record, pointer, named=named)
    if row["reason"] is not None:
        return sentence("{target}：{why}", target=target, why=record.cite(f"{pointer}/reason"))
    if row["share"] is None:
        done = amount(record, f"{pointer}/done", row["unit"], row["decimals"])
        return sentence("{target}，本月为{done}", target=target, done=done)
    until: CitedText = ()
    if not counted:
        until = sentence(
            "截至{month}末完成{done}，",
            month=record.cite(f"{pointer}/month", "month_of_year"),
            done=amount(record, f"{pointer}/done", row["unit"], row["decimals"]),
        )
    said = sentence(
        "{target}，{until}为目标的{share}%，{pace}",
        target=target,
        until=until,
        share=record.cite(f"{pointer}/share", "plain", 1),
        pace=_against_calendar(record, pointer),
    )
    if record.get(f"{pointer}/p_reach") is None:
        return said
    return sentence("{said}，{p}", said=said, p=chance(record, f"{pointer}/p_reach", "到期完成"))


def _told_before(record: CitedRecord) -> set[tuple[Any, ...]]:
    """Totals of the year that the general situation has told, with their month."""
    return {
        (row["name"], row["value"], row["month"])
        for row in (record.get("/series") or {}).values()
        if row["reporting"] == "year_to_date"
    }


def progress(record: CitedRecord) -> list[Block]:
    """计划目标进度: every target other than a cap, those of one indicator together."""
    rows = record.get("/progress") or {}
    if not rows:
        return []
    together: dict[tuple[str, str], list[str]] = {}
    for key, row in rows.items():
        together.setdefault((row["name"], row["unit"]), []).append(key)
    blocks: list[Block] = [Heading(("计划目标进度",))]
    for keys in together.values():
        told = _told_before(record)
        said = []
        for key in keys:
            done = tuple(rows[key].get(part) for part in ("name", "done", "month"))
            counted = done in told
            said.append(_one(record, f"/progress/{key}", named=key != keys[0], counted=counted))
            told.add(done)
        blocks.append(Paragraph(sentence("{said}。", said=join(said))))
    return blocks
