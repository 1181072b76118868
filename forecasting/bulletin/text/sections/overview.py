"""总体情况, 市场供求和重点群体."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import Block, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.sections.people import people
from employment_forecast.forecasting.bulletin.text.sections.summary import summary
from employment_forecast.forecasting.bulletin.text.wording import (
    against_cap,
    against_year,
    amount,
    compared,
)

# What the section on the market tells; everything else belongs to the general situation.
MARKET = ("job_openings", "job_seekers", "openings_to_seekers")
LEVELS = (
    "registered_unemployed",
    "registered_unemployment_rate",
    "surveyed_unemployment_rate",
    "surveyed_unemployment_rate_31_cities",
)
FLOWS = ("registered_inflow", "registered_reemployed", "registered_exited")


def _absent(record: CitedRecord, pointer: str) -> CitedText:
    return sentence(
        "{name}本月数据未入库，最新为{latest}的{value}",
        name=record.cite(f"{pointer}/name"),
        latest=record.cite(f"{pointer}/latest_month", "month"),
        value=amount(
            record,
            f"{pointer}/latest",
            record.get(f"{pointer}/unit"),
            record.get(f"{pointer}/decimals"),
        ),
    )


def value_and_change(
    record: CitedRecord, code: str, *, by_month: bool = True, known: bool = False
) -> CitedText:
    """One indicator in a sentence: value, 环比, 同比; the annex's table has both of every one.

    Without `by_month` 环比 is told only where there is no 同比, and 同比 in few words; the value
    of what is `known` has been told.
    """
    pointer = f"/series/{code}"
    series = record.get(pointer)
    if series["value"] is None:
        return _absent(record, pointer)
    name = record.cite(f"{pointer}/name")
    value: CitedText = ()
    if not known:
        value = amount(record, f"{pointer}/value", series["unit"], series["decimals"])
        value = sentence("{value}，", value=value)
    if series["reporting"] == "year_to_date":
        said = sentence(
            "{span}{name}累计{value}{year}",
            span=record.cite(f"{pointer}/month", "through"),
            name=name,
            value=value,
            year=against_year(record, f"{pointer}/year_on_year", series),
        )
        if series["flow"] is None:
            return said
        flow = amount(record, f"{pointer}/flow/value", series["unit"], series["decimals"])
        year = against_year(record, f"{pointer}/flow/year_on_year", series)
        return sentence("{said}；其中当月{flow}，{year}", said=said, flow=flow, year=year)
    if not by_month and series["year_on_year"]["change"] is not None:
        year = against_year(record, f"{pointer}/year_on_year", series)
        return sentence("{name}{value}{year}", name=name, value=value, year=year)
    year = compared(record, f"{pointer}/year_on_year", series, "上年同月")
    month = compared(record, f"{pointer}/month_on_month", series, "上月")
    return sentence("{name}{value}{month}，{year}", name=name, value=value, month=month, year=year)


def _caps(record: CitedRecord, code: str) -> CitedText:
    series = record.get(f"/series/{code}")
    # One number that is held against on two bases is one cap.
    caps = {
        (c["tier"], c["value"], c["period"]): key
        for key, c in series.get("caps", {}).items()
        if c["headroom"] is not None
    }
    said = [against_cap(record, f"/series/{code}/caps/{key}", series) for key in caps.values()]
    return join([t for t in said if t], "；")


def _recorded(record: CitedRecord, codes: tuple[str, ...]) -> list[str]:
    return [c for c in codes if record.get(f"/series/{c}") is not None]


def _flows_check(record: CitedRecord) -> CitedText:
    """A sentence where the change of the stock is not what the flows say."""
    if record.get("/flows/residual") is None:
        return ()
    return sentence(
        "登记失业人数的存量变动与流量（新登记减再就业、退出）相差{size}，{why}。",
        size=amount(record, "/flows/residual", "人"),
        why="存量已修订，流量尚未随之修订" if record.get("/flows/stock_revised") else "有待核对",
    )


def overview(record: CitedRecord) -> list[Block]:
    """总体情况: levels with their caps, flows of the register, new jobs, everything else."""
    blocks: list[Block] = [Heading(("总体情况",)), *summary(record)]
    month = record.cite("/month", "month")
    levels: CitedText = ()
    for code in _recorded(record, LEVELS):
        # The summary has said month and value.
        known = code == record.get("/indicator") and len(blocks) > 1
        main = code == record.get("/indicator")
        said = value_and_change(record, code, by_month=main, known=known)
        caps = _caps(record, code)
        lead: CitedText = ()
        if record.get(f"/series/{code}/value") is not None and not known:
            end = "末" if code in LEVELS[:2] else ""
            lead = sentence("{month}{end}，", month=month, end=end)
        text = sentence("{lead}{said}。", lead=() if levels else lead, said=said)
        if caps:
            name = record.cite(f"/series/{code}/name")
            text = sentence("{text}{name}{caps}。", text=text, name=name, caps=caps)
        levels = (*levels, *text)
    if levels:
        blocks.append(Paragraph(levels))
    sentences: list[CitedText] = []
    flows = _recorded(record, FLOWS)
    if flows:
        said = join([value_and_change(record, c, by_month=False) for c in flows])
        sentences.append(
            sentence("从流动看，{said}。{check}", said=said, check=_flows_check(record))
        )
    # A series without the month's figure is told of once, among the delays.
    series = record.get("/series") or {}
    rest = [
        c
        for c, row in series.items()
        if c not in (*LEVELS, *FLOWS, *MARKET) and row["value"] is not None
    ]
    rest.sort(key=lambda c: c != "new_jobs")
    sentences += [sentence("{said}。", said=value_and_change(record, c)) for c in rest[:1]]
    blocks += [Paragraph(join(sentences, ""))] if sentences else []
    blocks += [Paragraph(sentence("{said}。", said=value_and_change(record, c))) for c in rest[1:]]
    if len(blocks) == 1:
        blocks.append(Paragraph(sentence("本月没有已入库的就业失业指标。")))
    return blocks


def _market(record: CitedRecord) -> list[Block]:
    """Openings, seekers and their ratio."""
    codes = _recorded(record, MARKET)
    if not codes:
        return []
    said = join([value_and_change(record, c, by_month=False) for c in codes])
    return [Paragraph(sentence("{said}。", said=said))]


def market_and_people(record: CitedRecord) -> list[Block]:
    """市场供求和重点群体."""
    market, groups = _market(record), people(record)
    names = [name for name, told in (("市场供求", market), ("重点群体", groups)) if told]
    return [Heading(("和".join(names),)), *market, *groups] if names else []
