"""A record becomes a bulletin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from employment_forecast.forecasting.bulletin.text.blocks import (
    DEMO,
    Annex,
    Block,
    Bulletin,
    Chart,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.changes import divided
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.figures import CHANCES
from employment_forecast.forecasting.bulletin.text.sections import (
    explanation,
    model,
    outlook_annex,
    sample,
    sample_annex,
)
from employment_forecast.forecasting.bulletin.text.sections.outlook import outlook
from employment_forecast.forecasting.bulletin.text.sections.overview import (
    market_and_people,
    overview,
)
from employment_forecast.forecasting.bulletin.text.sections.parts import parts
from employment_forecast.forecasting.bulletin.text.sections.progress import progress
from employment_forecast.forecasting.bulletin.text.sections.warning import warning
from employment_forecast.forecasting.bulletin.text.sections.written import written
from employment_forecast.forecasting.bulletin.text.wording import signed_change

TITLE = "就业失业形势分析与失业预警月报"
NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十",
            *(f"十{n}" for n in "一二三四五六七八九"), "二十")  # fmt: skip
INTERVALS = {"inner": 80, "outer": 95}
_CHANGE_KEYS = ("label", "before", "after")


@dataclass(frozen=True)
class Stamp:
    """What issuing a bulletin adds (签发).

    Attributes
    ----------
    number : str
        发文字号, such as 嘉人社〔2026〕12号.
    addressee : str
        主送机关.
    signer : str
        签发人.
    date : str
        成文日期, YYYY-MM-DD.
    """

    number: str
    addressee: str
    signer: str
    date: str


@dataclass(frozen=True)
class Correction:
    """What a correction (更正) adds.

    Attributes
    ----------
    count : int
        n of 更正第n号.
    number : str
        发文字号 of what it corrects.
    changes : sequence of mapping
        Facts that differ, as `forecasting.bulletin.text.changes.changed_facts` gives them.
    """

    count: int
    number: str
    changes: Sequence[Mapping[str, str]]


def _numbered(sections: list[list[Block]]) -> tuple[Block, ...]:
    """Headings with their Chinese numbers: 一、 and （一）."""
    blocks: list[Block] = []
    for number, section in zip(NUMERALS, sections, strict=False):
        inner = 0
        for block in section:
            if not isinstance(block, Heading):
                blocks.append(block)
            elif block.level == 1:
                blocks.append(Heading((f"{number}、", *block.text), 1))
            else:
                blocks.append(Heading((f"（{NUMERALS[inner]}）", *block.text), 2))
                inner += 1
    return tuple(blocks)


def _marked(blocks: Sequence[Block]) -> list[Block]:
    """Tables and charts of demonstration data, that say so where they are copied elsewhere."""
    return [
        replace(each, caption=(*each.caption, DEMO))
        if isinstance(each, CitedTable | Chart)
        else each
        for each in blocks
    ]


def _indicators(cited: CitedRecord) -> list[Block]:
    """主要指标表."""

    def row(code: str) -> tuple[CitedText, ...]:
        pointer = f"/series/{code}"
        series = cited.get(pointer)
        digits, unit = series["decimals"], series["unit"]
        value: CitedText = ()
        if series["value"] is not None:
            value = (cited.cite(f"{pointer}/value", "plain", digits),)
        span: CitedText = ()
        if series["reporting"] == "year_to_date":
            span = sentence("（{span}累计）", span=cited.cite(f"{pointer}/month", "through"))
        return (
            sentence("{name}{span}", name=cited.cite(f"{pointer}/name"), span=span),
            () if unit in ("倍", "指数") else (unit,),
            value,
            signed_change(cited, f"{pointer}/month_on_month/change", digits),
            signed_change(cited, f"{pointer}/year_on_year/change", digits),
        )

    series = cited.get("/series") or {}
    if not series:
        return [Paragraph(sentence("本月没有已入库的指标。"))]
    titles = ("指标", "单位", "本月", "比上月", "比上年同期")
    return [
        CitedTable(
            caption=sentence("{month}主要指标", month=cited.cite("/month", "month")),
            columns=cited_columns(
                tuple((t,) for t in titles),
                (False, False, True, True, True),
                (0.40, 0.12, 0.16, 0.16, 0.16),
            ),
            rows=tuple(row(c) for c in series),
        ),
        Paragraph(sentence("注：{notes}。", notes=join(_indicator_notes(cited), "；")), note=True),
    ]


def _indicator_notes(cited: CitedRecord) -> list[CitedText]:
    """What the table of indicators does not say by itself, each dash that stands in it included."""
    series = cited.get("/series")
    notes = [sentence("率的变动为百分点，其余为绝对数")]
    summed = [c for c, row in series.items() if row["reporting"] == "year_to_date"]
    if summed:
        names = join([(cited.cite(f"/series/{c}/name"),) for c in summed], "、")
        notes.append(sentence("{names}为累计数，不与上月比较", names=names))
    if any(row["unit"] in ("倍", "指数") for row in series.values()):
        notes.append(sentence("单位栏的横线表示没有单位"))
    if any(row["value"] is None for row in series.values()):
        notes.append(sentence("本月栏的横线表示本月数据未入库，其变动也无从计算"))
    compared = [
        (row.get(key) or {}).get("change")
        for code, row in series.items()
        if row["value"] is not None
        for key in ("month_on_month", "year_on_year")
        if not (code in summed and key == "month_on_month")
    ]
    if None in compared:
        also = "其余" if len(notes) > 1 else ""
        notes.append(sentence("{also}横线表示没有可比的基数", also=also))
    return notes


def _scale(cited: CitedRecord) -> list[Block]:
    """概率用语."""
    rows = []
    for position, (_, word) in enumerate(CHANCES):
        # As probabilities are written: never none, never all.
        if position == len(CHANCES) - 1:
            shown = sentence(
                "不到{above}%", above=cited.cite(f"/scale/{position - 1}/low", "plain")
            )
        elif position == 0:
            shown = sentence("{low}%以上", low=cited.cite("/scale/0/low", "plain"))
        else:
            low, high = (cited.cite(f"/scale/{position}/{end}", "plain") for end in ("low", "high"))
            shown = sentence("{low}%—{high}%", low=low, high=high)
        rows.append(((word,), shown))
    return [
        CitedTable(
            caption=("概率用语",),
            columns=cited_columns(
                (("用语",), ("按整数百分比表示的概率",)), (False, True), (0.5, 0.5)
            ),
            rows=tuple(rows),
        ),
        Paragraph(
            sentence(
                "注：分级参照政府间气候变化专门委员会（IPCC）对不确定性用语的规定，改为互不重叠；"
                "概率由模拟路径得出，条数有限，故不说百分之百。"
            ),
            note=True,
        ),
    ]


def scale_record() -> list[dict[str, int]]:
    """Bands of the probability words in whole percent, highest first."""
    tops = [100, *(low - 1 for low, _ in CHANCES[:-1])]
    return [{"low": low, "high": high} for (low, _), high in zip(CHANCES, tops, strict=True)]


def _changes(cited: CitedRecord) -> list[Block]:
    """更正说明: what differs from what was issued, the main figures one by one."""
    lead = sentence(
        "本件更正{number}，以本件为准。",
        number=cited.cite("/correction/number"),
    )
    others = cited.get("/correction/others")
    counted = join(
        [
            sentence(
                "{section}{count}处",
                section=cited.cite(f"/correction/others/{key}/section"),
                count=cited.cite(f"/correction/others/{key}/count", "plain"),
            )
            for key in others
        ],
        "、",
    )
    listed = cited.get("/correction/listed")

    def cell(pointer: str) -> CitedText:
        return (cited.cite(pointer),) if cited.get(pointer) else ()

    blocks: list[Block] = [Paragraph(lead)]
    if listed:
        blocks.append(
            CitedTable(
                caption=sentence("更正内容"),
                columns=cited_columns(
                    (("内容",), ("原为",), ("现为",)), (False, True, True), (0.56, 0.22, 0.22)
                ),
                rows=tuple(
                    tuple(cell(f"/correction/listed/{i}/{k}") for k in _CHANGE_KEYS)
                    for i in range(len(listed))
                ),
            )
        )
    if counted:
        lead = sentence("此外，随之变动的还有" if listed else "变动的有")
        blocks.append(Paragraph(sentence("{lead}{n}。", lead=lead, n=counted)))
    elif not listed:
        blocks.append(Paragraph(sentence("正文各项内容没有变动。")))
    return blocks


def compose(
    record: Mapping[str, Any],
    stamp: Stamp | None = None,
    correction: Correction | None = None,
    *,
    reviewed: bool = False,
) -> Bulletin:
    """Write a bulletin.

    Parameters
    ----------
    record : mapping
        From the assembly of the stores; see `forecasting.bulletin.record`.
    stamp : Stamp, optional
        Of an issued bulletin; a draft without.
    correction : Correction, optional
        Where it corrects one that was issued.
    reviewed : bool
        Whether a draft has been reviewed.

    Returns
    -------
    Bulletin
        A pure function of its arguments.
    """
    full: dict[str, Any] = {
        **record,
        "intervals": INTERVALS,
        "scale": scale_record(),
        "annexes": [1, 2, 3, 4],
    }
    if stamp is not None:
        full["stamp"] = {
            "number": stamp.number,
            "addressee": stamp.addressee,
            "signer": stamp.signer,
            "date": stamp.date,
            "source": "签发",
        }
    if correction is not None:
        listed, others = divided(correction.changes)
        full["correction"] = {
            "count": correction.count,
            "number": correction.number,
            "listed": listed,
            "others": others,
            "source": "更正",
        }
    cited = CitedRecord(full)
    title = (
        sentence(
            "{region}{month}",
            region=cited.cite("/region/name"),
            month=cited.cite("/month", "month"),
        ),
        sentence(TITLE),
    )
    # What is to be decided first, what it rests on after it, what people conclude at the end;
    # how it was tested and made is for those who ask, in the annexes.
    sections = [
        overview(cited),
        warning(cited),
        outlook(cited),
        market_and_people(cited),
        parts(cited),
        sample(cited),
        progress(cited),
        *written(cited, draft=stamp is None),
    ]
    marks: list[CitedText] = []
    tell = _marked if record["demo"] else list[Block]
    if record["demo"]:
        marks.append(sentence("（演示数据，不代表真实情况）"))
    if stamp is None:
        marks.append(sentence("（已审核，未经签发）" if reviewed else "（草稿，未经审核签发）"))
    if correction is not None:
        marks.append(sentence("（更正第{n}号）", n=cited.cite("/correction/count", "plain")))

    def annexed(name: str, blocks: list[Block]) -> list[tuple[str, list[Block]]]:
        return [(name, tell(blocks))] if blocks else []

    ahead = outlook_annex(cited)
    appended = [
        (
            "主要指标、各月预测和概率用语" if ahead else "主要指标和概率用语",
            [*tell([*_indicators(cited), *ahead]), *_scale(cited)],
        ),
        *annexed("监测企业用工", sample_annex(cited)),
        ("检验、数据和模型说明", [*tell(explanation(cited)), *model(cited)]),
        *([("更正说明", tell(_changes(cited)))] if correction is not None else []),
    ]
    annexes = tuple(
        Annex((cited.cite(f"/annexes/{at}", "plain"),), sentence(name), tuple(blocks))
        for at, (name, blocks) in enumerate(appended)
    )
    issued = stamp is not None
    return Bulletin(
        letterhead=(cited.cite("/letterhead"),) if issued and record.get("letterhead") else (),
        title=title,
        marks=tuple(marks),
        number=(cited.cite("/stamp/number"),) if issued else (),
        signer=(cited.cite("/stamp/signer"),) if issued else (),
        addressee=(cited.cite("/stamp/addressee"),) if issued else (),
        blocks=_numbered([tell(section) for section in sections if section]),
        annexes=annexes,
        office=(cited.cite("/office"),) if issued and record.get("office") else (),
        date=(cited.cite("/stamp/date", "day"),) if issued else (),
        made_on=str(record["as_of"]) if stamp is None else stamp.date,
        facts=cited.facts,
        demo=bool(record["demo"]),
    )
