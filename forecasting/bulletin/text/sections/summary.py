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
    ways = {}
    for key, name in (("month_on_month", "环比"), ("year_on_year", "同比")):
        change = (row.get(key) or {}).get("change")
        if change is not None:
            ways[name] = direction(change, row["kind"])
    if len(ways) > 1 and len(set(ways.values())) == 1:
        return sentence(f"{'、'.join(ways)}均{next(iter(ways.values()))}")
    return sentence("、".join(f"{name}{way}" for name, way in ways.items()))


# A comparable sample that moved by as much (percent, against a year before) is always told of.
NOTABLE_PERCENT = 5.0
_LED = ("registered_inflow", "job_openings", "job_seekers")


def _strongest(record: CitedRecord, *, others: bool = False) -> tuple[str, float] | None:
    """Pointer and percent of what moved most against a year before, the season being left out."""
    code = str(record.get("/indicator"))
    moved: dict[str, float] = {}
    for each in _LED if others else (code, *_LED):
        percent = record.get(f"/series/{each}/year_on_year/percent")
        if percent is not None:
            moved[f"/series/{each}/year_on_year/percent"] = percent
    flow = record.get("/series/new_jobs/flow/year_on_year/percent")
    if flow is not None:
        moved["/series/new_jobs/flow/year_on_year/percent"] = flow
    if record.get("/sample/matched/year_change") is not None:
        moved["/sample/matched/year_change"] = record.get("/sample/matched/year_change")
    if len(moved) < (1 if others else 2):
        return None
    pointer = max(moved, key=lambda p: abs(moved[p]))
    return pointer, moved[pointer]


def _movement(record: CitedRecord, pointer: str, percent: float) -> CitedText:
    name: CitedText = ("可比监测企业岗位",)
    digits = 2
    if pointer.startswith("/series/"):
        code = pointer.split("/")[2]
        name = (record.cite(f"/series/{code}/name"),)
        name = (*name, "当月数") if "/flow/" in pointer else name
        digits = 1
    return sentence(
        "{name}比上年同月{way}{size}%",
        name=name,
        way="增长" if percent > 0 else "下降",
        size=record.cite(pointer, "size", digits),
    )


def strongest_movement(record: CitedRecord, *, others: bool = False) -> CitedText:
    """What moved most against a year before, where it is notable; of all or of the others."""
    strongest = _strongest(record, others=others)
    if strongest is None or abs(strongest[1]) < NOTABLE_PERCENT:
        return ()
    return _movement(record, *strongest)


def _lead(record: CitedRecord) -> CitedText:
    said = strongest_movement(record)
    return sentence("变动最大的是{said}", said=said) if said else ()


def _sample(record: CitedRecord) -> CitedText:
    """Jobs of the comparable firms, where they moved notably and do not lead already."""
    pointer = "/sample/matched/year_change"
    percent, strongest = record.get(pointer), _strongest(record)
    if percent is None or abs(percent) < NOTABLE_PERCENT:
        return ()
    return (
        ()
        if strongest is not None and strongest[0] == pointer
        else _movement(record, pointer, percent)
    )


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


def _year(record: CitedRecord) -> CitedText:
    """That this year's new jobs are behind the calendar."""
    rows = record.get("/progress") or {}
    for key, row in rows.items():
        yearly = row["basis"] == "period_total" and row["period"] == str(record.get("/month"))[:4]
        if yearly and row["gap"] is not None and row["gap"] < 0:
            return sentence("{name}慢于序时进度", name=record.cite(f"/progress/{key}/name"))
    return ()


def _ended(record: CitedRecord) -> list[CitedText]:
    """Caps broken in a period that has just ended."""
    return [
        cap_chance(record, f"/outlook/ended/{key}") for key in record.get("/outlook/ended") or {}
    ]


def cap_told(record: CitedRecord) -> str | None:
    """Key of the cap that the summary tells of; no other section need say it again."""
    key = most_at_risk(record)
    if key is None or not _known(record):
        return None
    # That a horizon was not tested is said beside the other caps.
    return None if record.get(f"/outlook/caps/{key}/untested") else key


def _known(record: CitedRecord) -> bool:
    """Whether the month's main figure is there; without it there is no summary."""
    return record.get(f"/series/{record.get('/indicator')}/value") is not None


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
    """总的看: what moved most, the main figure, the cap most at risk, the level."""
    if not _known(record):
        return []
    code = str(record.get("/indicator"))
    parts = [
        _lead(record),
        _level(record, code),
        _sample(record),
        _year(record),
        *_ended(record),
        _threat(record),
        _warning(record),
    ]
    return [Paragraph(sentence("总的看，{said}。", said=join(parts)))]
