"""五、计划目标进度."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import Block, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.tiers import tier_word
from employment_forecast.forecasting.bulletin.text.wording import amount, chance, qualified

_KINDS = {"floor": "目标", "level": "目标值"}


def _target(record: CitedRecord, pointer: str) -> CitedText:
    row = record.get(pointer)
    value: CitedText = ()
    if row["value"] is not None:
        value = qualified(record, pointer, row["unit"], row["decimals"])
    return sentence(
        "{period}{name}{tier}{kind}{value}{carried}{demo}",
        period=record.cite(f"{pointer}/period", "period"),
        name=record.cite(f"{pointer}/name"),
        tier="" if row["tier"] == "own" else tier_word(record.get("/region/name"), row["tier"]),
        kind=_KINDS[row["direction"]],
        value=value,
        carried="（沿用上期）" if row["carried"] else "",
        demo="（演示目标）" if row["demo"] else "",
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


def _one(record: CitedRecord, pointer: str) -> CitedText:
    row = record.get(pointer)
    target = _target(record, pointer)
    if row["reason"] is not None:
        return sentence("{target}：{why}", target=target, why=record.cite(f"{pointer}/reason"))
    done = amount(record, f"{pointer}/done", row["unit"], row["decimals"])
    if row["share"] is None:
        return sentence("{target}，本月为{done}", target=target, done=done)
    said = sentence(
        "{target}，截至{month}末完成{done}，为目标的{share}%，{pace}",
        target=target,
        month=record.cite(f"{pointer}/month", "month_of_year"),
        done=done,
        share=record.cite(f"{pointer}/share", "plain", 1),
        pace=_against_calendar(record, pointer),
    )
    if record.get(f"{pointer}/p_reach") is None:
        return said
    return sentence("{said}，{p}", said=said, p=chance(record, f"{pointer}/p_reach", "到期完成"))


def progress(record: CitedRecord) -> list[Block]:
    """计划目标进度: every target other than a cap, a sentence each."""
    rows = list(record.get("/progress") or {})
    if not rows:
        return []
    return [
        Heading(("计划目标进度",)),
        *(Paragraph(sentence("{said}。", said=_one(record, f"/progress/{key}"))) for key in rows),
    ]
