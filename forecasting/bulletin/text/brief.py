"""快报: half a page for the head of the bureau: the level, why, what to decide, three figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from employment_forecast.forecasting.bulletin.text.blocks import Block, Bulletin, Paragraph
from employment_forecast.forecasting.bulletin.text.cap_wording import cap_chance, most_at_risk
from employment_forecast.forecasting.bulletin.text.compose import INTERVALS, Stamp
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.sections.summary import strongest_movement
from employment_forecast.forecasting.bulletin.text.wording import amount, compared
from employment_forecast.forecasting.early_warning.scheme import NONE

TITLE = "就业失业快报"
MEASURES = "下一步措施"


def _level(record: CitedRecord) -> CitedText:
    if record.get("/warning/level") is None:
        return sentence("本月没有可评定的预警等级。")
    name = record.cite("/warning/level/name")
    if record.get("/warning/level/code") == NONE:
        return sentence("没有达到任何预警等级，为{name}。", name=name)
    reasons = record.get("/warning/level/reasons") or ()
    if not reasons:
        return sentence("预警等级为{name}。", name=name)
    why = record.cite("/warning/level/reasons/0", "reason")
    return sentence("预警等级为{name}。原因：{why}。", name=name, why=why)


def _figures(record: CitedRecord) -> CitedText:
    """Three figures: the main one, what moved most, and how likely the nearest cap is broken."""
    code = str(record.get("/indicator"))
    pointer = f"/series/{code}"
    row = record.get(pointer)
    said: list[CitedText] = []
    if row is not None and row["value"] is not None:
        value = amount(record, f"{pointer}/value", row["unit"], row["decimals"])
        year = compared(record, f"{pointer}/year_on_year", row, "上年同月")
        said.append(
            sentence(
                "{name}{value}，{year}", name=record.cite(f"{pointer}/name"), value=value, year=year
            )
        )
    if moved := strongest_movement(record, others=True):
        said.append(moved)
    if (key := most_at_risk(record)) is not None:
        said.append(cap_chance(record, f"/outlook/caps/{key}"))
    return sentence("{said}。", said=join(said)) if said else ()


def _decide(record: CitedRecord) -> list[CitedText]:
    """What the head is asked for: the step of the level, and what people propose."""
    asked: list[CitedText] = []
    level = record.get("/warning/level")
    if level is not None and level["code"] != NONE:
        name = record.cite("/warning/level/name")
        step = sentence("采取相应措施")
        if level.get("step"):
            step = sentence("采取措施：{step}", step=record.cite("/warning/level/step"))
        asked.append(sentence("提请研究：是否按{name}{step}。", name=name, step=step))
    for at, section in enumerate(record.get("/written/sections") or ()):
        if section["title"] == MEASURES and section["paragraphs"]:
            said = record.cite(f"/written/sections/{at}/paragraphs/0", "verbatim")
            asked.append(sentence("{title}：{said}", title=MEASURES, said=said))
    return asked or [sentence("本月没有提请决定的事项。")]


def compose_brief(record: Mapping[str, Any], stamp: Stamp | None = None) -> Bulletin:
    """Write the covering note of a bulletin.

    Parameters
    ----------
    record : mapping
        That of the bulletin; both say the same.
    stamp : Stamp, optional
        Of an issued bulletin.

    Returns
    -------
    Bulletin
        A pure function of its arguments.
    """
    cited = CitedRecord({**record, "intervals": INTERVALS})
    title = sentence(
        "{region}{month}{title}",
        region=cited.cite("/region/name"),
        month=cited.cite("/month", "month"),
        title=TITLE,
    )
    marks = [sentence("（演示数据，不代表真实情况）")] if record["demo"] else []
    marks += [] if stamp is not None else [sentence("（草稿，未经审核签发）")]
    texts = (_level(cited), _figures(cited), *_decide(cited))
    blocks: tuple[Block, ...] = tuple(Paragraph(t) for t in texts if t)
    office = (cited.cite("/office"),) if stamp is not None and record.get("office") else ()
    return Bulletin(
        title=(title,),
        marks=tuple(marks),
        number=(),
        signer=(),
        addressee=(),
        blocks=blocks,
        annexes=(),
        office=office,
        date=(),
        made_on=str(record["as_of"]) if stamp is None else stamp.date,
        facts=cited.facts,
        demo=bool(record["demo"]),
    )
