"""The first sentence: 总的看, what a reader must know who reads no further."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import Block, Paragraph
from employment_forecast.forecasting.bulletin.text.cap_wording import cap_chance, most_at_risk
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.wording import amount, direction
from employment_forecast.forecasting.early_warning.scheme import NONE


def _moves(record: CitedRecord, pointer: str) -> CitedText:
    """环比、同比均增加; 环比增加、同比减少; 环比持平."""
    row = record.get(pointer)
    found = {}
    for key, name in (("month_on_month", "环比"), ("year_on_year", "同比")):
        change = (row.get(key) or {}).get("change")
        if change is not None:
            found[name] = direction(change, row["kind"])
    if len(found) > 1 and len(set(found.values())) == 1:
        return sentence(f"{'、'.join(found)}均{next(iter(found.values()))}")
    return sentence("、".join(f"{name}{way}" for name, way in found.items()))


def _level(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/series/{code}"
    row = record.get(pointer)
    said = sentence(
        "{month}{end}{name}{value}",
        month=record.cite("/month", "month"),
        end="末" if code.startswith("registered_unemploy") else "",
        name=record.cite(f"{pointer}/name"),
        value=amount(record, f"{pointer}/value", row["unit"], row["decimals"]),
    )
    return join([said, _moves(record, pointer)], "，")


def _market(record: CitedRecord) -> CitedText:
    pointer = "/series/openings_to_seekers"
    if record.get(f"{pointer}/value") is None:
        return ()
    digits = record.get(f"{pointer}/decimals")
    ratio = record.cite(f"{pointer}/value", "plain", digits)
    return sentence("{name}{ratio}", name=record.cite(f"{pointer}/name"), ratio=ratio)


def _year(record: CitedRecord) -> CitedText:
    """Whether this year's new jobs are ahead of the calendar."""
    rows = record.get("/progress") or {}
    for key, row in rows.items():
        yearly = row["basis"] == "period_total" and row["period"] == str(record.get("/month"))[:4]
        if not yearly or row["gap"] is None:
            continue
        way = "快于" if row["gap"] > 0 else "慢于" if row["gap"] < 0 else "与"
        same = "" if row["gap"] else "一致"
        name = record.cite(f"/progress/{key}/name")
        return sentence("{name}{way}序时进度{same}", name=name, way=way, same=same)
    return ()


def _threat(record: CitedRecord) -> CitedText:
    key = most_at_risk(record)
    return () if key is None else cap_chance(record, f"/outlook/caps/{key}")


def _warning(record: CitedRecord) -> CitedText:
    if record.get("/warning/level") is None or record.get("/warning/data_month") != record.get(
        "/month"
    ):
        return ()
    name = record.cite("/warning/level/name")
    quiet = record.get("/warning/level/code") == NONE
    return sentence("{verb}{name}", verb="" if quiet else "预警等级为", name=name)


def summary(record: CitedRecord) -> list[Block]:
    """总的看: the main figure, the market, the year's task, the cap most at risk, the level."""
    code = str(record.get("/indicator"))
    if record.get(f"/series/{code}/value") is None:
        return []
    parts = [
        _level(record, code),
        _market(record),
        _year(record),
        _threat(record),
        _warning(record),
    ]
    return [Paragraph(sentence("总的看，{said}。", said=join(parts)))]
