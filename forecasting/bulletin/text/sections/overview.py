"""一、总体情况 and 二、市场供求."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import Block, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.sections.summary import summary
from employment_forecast.forecasting.bulletin.text.wording import against_cap, amount, compared

# What the section on the market tells; everything else belongs to the general situation.
MARKET = ("job_openings", "job_seekers", "openings_to_seekers")
LEVELS = (
    "registered_unemployed",
    "registered_unemployment_rate",
    "surveyed_unemployment_rate",
    "surveyed_unemployment_rate_31_cities",
)
FLOWS = ("registered_inflow", "registered_reemployed", "registered_exited")


def _absent(book: CitedRecord, pointer: str) -> CitedText:
    return sentence(
        "{name}本月数据未入库，最新为{latest}的{value}",
        name=book.cite(f"{pointer}/name"),
        latest=book.cite(f"{pointer}/latest_month", "month"),
        value=amount(
            book, f"{pointer}/latest", book.get(f"{pointer}/unit"), book.get(f"{pointer}/decimals")
        ),
    )


def value_and_change(book: CitedRecord, code: str) -> CitedText:
    """One indicator in a sentence: value, 环比, 同比."""
    pointer = f"/series/{code}"
    series = book.get(pointer)
    if series["value"] is None:
        return _absent(book, pointer)
    value = amount(book, f"{pointer}/value", series["unit"], series["decimals"])
    name = book.cite(f"{pointer}/name")
    if series["reporting"] == "year_to_date":
        said = sentence(
            "{span}{name}累计{value}，{year}",
            span=book.cite(f"{pointer}/month", "through"),
            name=name,
            value=value,
            year=compared(book, f"{pointer}/year_on_year", series, "上年同期"),
        )
        if series["flow"] is None:
            return said
        flow = amount(book, f"{pointer}/flow/value", series["unit"], series["decimals"])
        year = compared(book, f"{pointer}/flow/year_on_year", series, "上年同月")
        return sentence("{said}；其中当月{flow}，{year}", said=said, flow=flow, year=year)
    return sentence(
        "{name}{value}，{month}，{year}",
        name=name,
        value=value,
        month=compared(book, f"{pointer}/month_on_month", series, "上月"),
        year=compared(book, f"{pointer}/year_on_year", series, "上年同月"),
    )


def _caps(book: CitedRecord, code: str) -> CitedText:
    series = book.get(f"/series/{code}")
    said = [
        against_cap(book, f"/series/{code}/caps/{key}", series) for key in series.get("caps", {})
    ]
    return join([t for t in said if t], "；")


def _told(book: CitedRecord, codes: tuple[str, ...]) -> list[str]:
    return [c for c in codes if book.get(f"/series/{c}") is not None]


def _flows_check(book: CitedRecord) -> CitedText:
    """A sentence where the change of the stock is not what the flows say."""
    if book.get("/flows/residual") is None:
        return ()
    return sentence(
        "登记失业人数的存量变动与流量（新登记减再就业、退出）相差{size}，{why}。",
        size=amount(book, "/flows/residual", "人"),
        why="存量已修订，流量尚未随之修订" if book.get("/flows/stock_revised") else "有待核对",
    )


def overview(book: CitedRecord) -> list[Block]:
    """总体情况: levels with their caps, flows of the register, new jobs, everything else."""
    blocks: list[Block] = [Heading(("总体情况",)), *summary(book)]
    month = book.cite("/month", "month")
    for code in _told(book, LEVELS):
        said = value_and_change(book, code)
        caps = _caps(book, code)
        known = book.get(f"/series/{code}/value") is not None
        lead = sentence("{month}末，", month=month) if known and code in LEVELS[:2] else ()
        lead = sentence("{month}，", month=month) if known and not lead else lead
        text = sentence("{lead}{said}。", lead=lead, said=said)
        if caps:
            name = book.cite(f"/series/{code}/name")
            text = sentence("{text}{name}{caps}。", text=text, name=name, caps=caps)
        blocks.append(Paragraph(text))
    flows = _told(book, FLOWS)
    if flows:
        said = join([value_and_change(book, c) for c in flows])
        text = sentence("从登记失业人员流动看，{said}。", said=said)
        blocks.append(Paragraph(sentence("{text}{check}", text=text, check=_flows_check(book))))
    rest = [c for c in book.get("/series") or {} if c not in (*LEVELS, *FLOWS, *MARKET)]
    rest.sort(key=lambda c: c != "new_jobs")
    blocks.extend(Paragraph(sentence("{said}。", said=value_and_change(book, c))) for c in rest)
    if len(blocks) == 1:
        blocks.append(Paragraph(sentence("本月没有已入库的就业失业指标。")))
    return blocks


def _ratio_meaning(ratio: float) -> str:
    """What the ratio says, at the precision at which it is printed."""
    shown = round(ratio, 2)
    if shown > 1:
        return "招聘人数多于求职人数"
    return "招聘人数少于求职人数" if shown < 1 else "招聘人数与求职人数大体相当"


def market(book: CitedRecord) -> list[Block]:
    """市场供求: openings, seekers and their ratio."""
    blocks: list[Block] = [Heading(("市场供求情况",))]
    told = _told(book, MARKET)
    if not told:
        blocks.append(Paragraph(sentence("本地区没有已入库的市场供求数据。")))
        return blocks
    said = join([value_and_change(book, c) for c in told])
    text = sentence("{month}，{said}。", month=book.cite("/month", "month"), said=said)
    ratio = book.get("/series/openings_to_seekers/value")
    if ratio is not None:
        text = sentence("{text}{meaning}。", text=text, meaning=_ratio_meaning(ratio))
    blocks.append(Paragraph(text))
    return blocks
