"""六、走势预测: words, chart, table and the probabilities of breaking the caps."""

from __future__ import annotations

from typing import Any

from employment_forecast.forecasting.assessment import BASES
from employment_forecast.forecasting.bulletin.text.blocks import (
    Block,
    Chart,
    CitedTable,
    Fan,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.cap_wording import cap_chance, measure
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    Part,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.figures import show
from employment_forecast.forecasting.bulletin.text.sections.summary import cap_told
from employment_forecast.forecasting.bulletin.text.tiers import cap_words
from employment_forecast.forecasting.bulletin.text.wording import amount, chance

_STATES = {
    "none": "尚无预测模型版本。请先运行 forecast run 并晋级现役模型，再生成月报。",
    "late": "没有以本月或此前数据为起点的预测版本，本期不作走势预测。",
}


def _range(record: CitedRecord, pointer: str, low: str, high: str) -> CitedText:
    digits = record.get("/outlook/digits")
    return sentence(
        "{low}—{high}",
        low=record.cite(f"{pointer}/{low}", "plain", digits),
        high=record.cite(f"{pointer}/{high}", "plain", digits),
    )


def _interval(record: CitedRecord, pointer: str) -> CitedText:
    """The 80% interval with its unit: 13560—14040人, 5.1%—5.4%."""
    unit, digits = _unit(record), record.get("/outlook/digits")
    return sentence(
        "{low}{first}—{high}{unit}",
        low=record.cite(f"{pointer}/q10", "plain", digits),
        first=unit if unit == "%" else "",
        high=record.cite(f"{pointer}/q90", "plain", digits),
        unit=unit,
    )


def _unit(record: CitedRecord) -> str:
    unit = str(record.get("/outlook/unit"))
    return "" if unit in ("倍", "指数") else unit


def _expected(record: CitedRecord, month: str, name: Part) -> CitedText:
    pointer = f"/outlook/months/{month}"
    return sentence(
        "{month}{name}{value}左右（{inner}%区间为{interval}）",
        month=record.cite(f"{pointer}/month", "month"),
        name=name,
        value=amount(
            record, f"{pointer}/q50", record.get("/outlook/unit"), record.get("/outlook/digits")
        ),
        inner=record.cite("/intervals/inner", "plain"),
        interval=_interval(record, pointer),
    )


def _trend(record: CitedRecord) -> CitedText:
    months = list(record.get("/outlook/months"))
    first, last = months[0], months[-1]
    highest = record.get("/outlook/highest_month")
    said = sentence(
        "预计{first}，高于{origin}水平{chance}",
        first=_expected(record, first, sentence("{name}为", name=record.cite("/outlook/name"))),
        origin=record.cite("/outlook/origin", "month"),
        chance=chance(record, f"/outlook/months/{first}/p_higher", ""),
    )
    if highest != first:
        said = sentence(
            "{said}；今后{count}个月中位数最高的是{high}",
            said=said,
            count=record.cite("/outlook/horizon", "plain"),
            high=_expected(record, highest, "，为"),
        )
    elif last != first:  # the annex has every month
        said = sentence("{said}；到{last}", said=said, last=_expected(record, last, "为"))
    return sentence("{said}。", said=said)


def _in_progress(record: CitedRecord) -> CitedText:
    """What is known of the month in progress, what it rests on and what it changed."""
    pointer = "/outlook/in_progress"
    row, unit = record.get(pointer), record.get("/outlook/unit")
    until = record.cite(f"{pointer}/last_day", "day")
    first = row["first_day"]
    days = sentence("截至{until}", until=until)
    if first != row["last_day"]:
        days = sentence(
            "{first}至{until}", first=record.cite(f"{pointer}/first_day", "day"), until=until
        )
    digits = row["digits"]
    return sentence(
        "{month}尚未公布，据{days}的月中数{value}，按{learned}个往月从同一工作日到月末的经验，"
        "预计为{median}左右（{inner}%区间为{low}—{high}{unit}），未用月中数时为{before}，"
        "区间{narrower}{share}。",
        month=record.cite(f"{pointer}/month", "month"),
        days=days,
        value=amount(record, f"{pointer}/value", unit, record.get("/outlook/decimals")),
        learned=record.cite(f"{pointer}/learned_months", "plain"),
        median=amount(record, f"{pointer}/q50", unit, digits),
        inner=record.cite("/intervals/inner", "plain"),
        low=record.cite(f"{pointer}/q10", "plain", digits),
        high=record.cite(f"{pointer}/q90", "plain", digits),
        unit=_unit(record),
        before=amount(record, f"{pointer}/q50_before", unit, digits),
        narrower="放宽" if row["wider"] else "收窄",
        share=record.cite(f"{pointer}/narrower", "per_cent"),
    )


def _status(record: CitedRecord) -> CitedText:
    return sentence(
        "目前没有现役模型，以下预测来自尚未晋级的候选模型“{label}”，仅供参考。",
        label=record.cite("/outlook/label"),
    )


def _cap_said(record: CitedRecord, key: str) -> list[CitedText]:
    """How likely a cap is broken, unless the summary says so, and when more likely than not."""
    pointer = f"/outlook/caps/{key}"
    row = record.get(pointer)
    open_ = not row["already_breached"] and row[measure(row["basis"])] is not None
    sentences: list[CitedText] = []
    if key != cap_told(record):
        said = cap_chance(record, pointer)
        untested = "（考核期末超出回测检验的范围）" if open_ and row["untested"] else ""
        sentences.append(sentence("{said}{untested}", said=said, untested=untested))
    if open_ and row["first_breach_month"] is not None and row["basis"] != "period_end":
        cap = cap_words(str(record.get("/region/name") or ""), row["tier"])
        first = record.cite(f"{pointer}/first_breach_month", "month")
        sentences.append(sentence("突破{cap}的概率累计过半的首月为{first}", cap=cap, first=first))
    return sentences


def _table(record: CitedRecord, months: list[str], caption: str) -> CitedTable:
    inner, outer = (
        record.cite("/intervals/inner", "plain"),
        record.cite("/intervals/outer", "plain"),
    )
    digits = record.get("/outlook/digits")

    def row(month: str) -> tuple[CitedText, ...]:
        pointer = f"/outlook/months/{month}"
        mark = "（未经回测）" if record.get(f"{pointer}/untested") else ""
        return (
            sentence("{month}{mark}", month=record.cite(f"{pointer}/month", "month"), mark=mark),
            (record.cite(f"{pointer}/q50", "plain", digits),),
            _range(record, pointer, "q10", "q90"),
            _range(record, pointer, "q025", "q975"),
        )

    unit = _unit(record)
    return CitedTable(
        caption=sentence(
            "{name}{caption}{unit}",
            name=record.cite("/outlook/name"),
            caption=caption,
            unit=f"（单位：{unit}）" if unit else "",
        ),
        columns=cited_columns(
            (
                ("月份",),
                ("中位数",),
                sentence("{inner}%区间", inner=inner),
                sentence("{outer}%区间", outer=outer),
            ),
            (False, True, True, True),
            (0.28, 0.18, 0.27, 0.27),
        ),
        rows=tuple(row(m) for m in months),
    )


def _drawn(record: CitedRecord) -> list[dict[str, Any]]:
    """Caps that are lines in the chart: those that single months are held against."""
    return [
        row
        for row in (record.get("/outlook/caps") or {}).values()
        if BASES[row["basis"]].by_month and row["value"] is not None
    ]


def fan(record: CitedRecord) -> Fan:
    """The chart's figures, all from the record."""
    outlook = record.get("/outlook")
    names = ("q025", "q10", "q50", "q90", "q975")
    region, name = record.cite("/region/name").text, record.cite("/outlook/name").text
    caps: dict[tuple[str, float], tuple[str, tuple[tuple[float, str, str], ...]]] = {}
    for row in _drawn(record):
        changed = row.get("changed") or ()
        spans = tuple((s["value"], s["first"], s["last"]) for s in changed)
        said = [show(v, "plain", outlook["decimals"]) for v, *_ in (*spans[:-1], (row["value"],))]
        marks = "，沿用上期" if row["carried"] else ""
        marks += f"，此前{'、'.join(said[:-1])}" if spans else ""
        label = f"{cap_words(region, row['tier'])}{said[-1]}"
        label += f"（{marks.removeprefix('，')}）" if marks else ""
        key = row["tier"], row["value"]
        drawn = spans or ((row["value"], *_span(row["period"])),)
        caps[key] = (label, tuple(dict.fromkeys((*caps.get(key, ("", ()))[1], *drawn))))
    return Fan(
        title=f"{region}{name}",
        unit=outlook["unit"],
        digits=outlook["decimals"],
        ahead_digits=outlook["digits"],
        past=tuple(outlook["past"].items()),
        ahead=tuple((m, *(row[n] for n in names)) for m, row in outlook["months"].items()),
        caps=tuple(caps.values()),
        demo=bool(record.get("/demo")),
    )


def _span(period: str) -> tuple[str, str]:
    if len(period) == 7:
        return period, period
    return f"{period[:4]}-01", f"{period[-4:]}-12"


def _chart(record: CitedRecord) -> Chart:
    months = list(record.get("/outlook/months"))
    pointer = f"/outlook/months/{months[-1]}"
    region = str(record.get("/region/name"))
    kinds = list(dict.fromkeys(cap_words(region, row["tier"]) for row in _drawn(record)))
    described = sentence(
        "{region}{name}扇形图：横轴为月份，黑线为已公布值，至{origin}为{latest}；"
        "虚线为预测中位数，深色带为{inner}%区间，浅色带为{outer}%区间，"
        "到{last}中位数为{median}，{inner}%区间为{interval}{lines}。",
        region=record.cite("/region/name"),
        name=record.cite("/outlook/name"),
        origin=record.cite("/outlook/origin", "month"),
        latest=amount(
            record, "/outlook/latest", record.get("/outlook/unit"), record.get("/outlook/decimals")
        ),
        inner=record.cite("/intervals/inner", "plain"),
        outer=record.cite("/intervals/outer", "plain"),
        last=record.cite(f"{pointer}/month", "month"),
        median=amount(
            record, f"{pointer}/q50", record.get("/outlook/unit"), record.get("/outlook/digits")
        ),
        interval=_interval(record, pointer),
        lines=f"；横线为{'、'.join(kinds)}" if kinds else "",
    )
    caption = sentence(
        "{region}{name}预测扇形图",
        region=record.cite("/region/name"),
        name=record.cite("/outlook/name"),
    )
    return Chart(fan(record), caption, described)


def outlook(record: CitedRecord) -> list[Block]:
    """走势预测, or one line on why there is none."""
    head = Heading(("走势预测",))
    status = record.get("/outlook/status")
    if status in _STATES:
        return [head, Paragraph(sentence(_STATES[status]))]
    blocks: list[Block] = [head]
    if status != "champion":
        blocks.append(Paragraph(_status(record)))
    if record.get("/outlook/origin") != record.get("/month"):
        blocks.append(
            Paragraph(
                sentence(
                    "该模型版本以{origin}数据为起点，没有用到{month}的数据。",
                    origin=record.cite("/outlook/origin", "month"),
                    month=record.cite("/month", "month"),
                )
            )
        )
    blocks.append(Paragraph(_trend(record)))
    # Earlier releases kept nothing of months in progress.
    if record.get("/outlook/in_progress"):
        blocks.append(Paragraph(_in_progress(record)))
    # What the last months of a period that has just ended broke belongs to no cap in force.
    ended = [
        sentence("{said}，考核期已结束。", said=cap_chance(record, f"/outlook/ended/{key}"))
        for key in record.get("/outlook/ended") or {}
    ]
    blocks += [Paragraph(join(ended, ""))] if ended else []
    caps = _by_number(record)
    if not caps:
        none = sentence("本地区该指标没有登记可评估的控制数，只作预测，不评估突破概率。")
        return [*blocks, Paragraph(none), _chart(record)]
    by_caps = [[said for key in keys for said in _cap_said(record, key)] for keys in caps]
    said = join([sentence("{said}。", said=join(each)) for each in by_caps if each], "")
    return [*blocks, *([Paragraph(said)] if said else []), _chart(record)]


def _by_number(record: CitedRecord) -> list[list[str]]:
    """Keys of caps; one number that is assessed on several bases is told of once."""
    groups: dict[tuple[str, float, str], list[str]] = {}
    for key, row in (record.get("/outlook/caps") or {}).items():
        groups.setdefault((row["tier"], row["value"], row["period"]), []).append(key)
    return list(groups.values())


def outlook_annex(record: CitedRecord) -> list[Block]:
    """Every month of the forecast."""
    if record.get("/outlook/status") in _STATES:
        return []
    return [_table(record, list(record.get("/outlook/months")), "各月预测")]
