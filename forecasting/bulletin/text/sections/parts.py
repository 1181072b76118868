"""各地区情况: what each part adds to the change of the whole, and how broad the trouble is."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import (
    Block,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.wording import amount, chance, signed_change

# Those with the largest changes of the month; the others are in the workbook and in JSON.
SHOWN = 12
_HEADS = ("地区", "数值", "占比", "环比增减", "拉动（百分点）", "同比增减", "拉动（百分点）")
_AHEAD = ("月份", "平均占比", "八成区间", "达到半数的概率")
_WIDTHS = (0.22, 0.13, 0.13, 0.13, 0.13, 0.13, 0.13)


def _row(record: CitedRecord, pointer: str, digits: int) -> tuple[CitedText, ...]:
    cells: list[CitedText] = [
        (record.cite(f"{pointer}/name"),),
        (record.cite(f"{pointer}/value", "plain", digits),),
        ()
        if record.get(f"{pointer}/share") is None
        else (record.cite(f"{pointer}/share", "per_cent", 1),),
    ]
    for name in ("month_on_month", "year_on_year"):
        known = record.get(f"{pointer}/{name}") is not None
        cells.append(signed_change(record, f"{pointer}/{name}/change", digits) if known else ())
        cells.append(signed_change(record, f"{pointer}/{name}/points", 2) if known else ())
    return tuple(cells)


def _moved(record: CitedRecord, rows: list[int], *, up: bool) -> CitedText:
    """The part with the largest change in one direction, and its change."""
    changes = {at: record.get(f"/parts/parts/{at}/month_on_month") for at in rows}
    moved = {a: c["change"] for a, c in changes.items() if c and (c["change"] > 0) == up}
    moved = {a: c for a, c in moved.items() if c}
    if not moved:
        return ()
    at = max(moved, key=lambda a: abs(moved[a]))
    unit, digits = record.get("/parts/unit"), record.get("/parts/decimals")
    return sentence(
        "{way}最多的是{name}（{size}）",
        way="增加" if up else "减少",
        name=record.cite(f"/parts/parts/{at}/name"),
        size=amount(record, f"/parts/parts/{at}/month_on_month/change", unit, digits),
    )


def _breadth(record: CitedRecord) -> CitedText:
    if not record.get("/parts/breadth/parts"):
        return ()
    return sentence(
        "{parts}个下级地区中有{broad}个连续三个月上升，或比近一年低点高出一成以上",
        parts=record.cite("/parts/breadth/parts", "plain"),
        broad=record.cite("/parts/breadth/broad", "plain"),
    )


def _ahead(record: CitedRecord) -> list[Block]:
    """How broad the trouble will be: one sentence, one table."""
    rows = record.get("/parts/ahead") or ()
    if not rows:
        return []
    last = f"/parts/ahead/{len(rows) - 1}"
    said = sentence(
        "按各地区协调后的预测，{month}连续三个月上升或比近一年低点高出一成以上的下级地区平均占{mean}"
        "（{inner}%区间为{low}—{high}）；{half}。",
        month=record.cite(f"{last}/month", "month"),
        mean=record.cite(f"{last}/mean", "per_cent"),
        inner=record.cite("/intervals/inner", "plain"),
        low=record.cite(f"{last}/q10", "per_cent"),
        high=record.cite(f"{last}/q90", "per_cent"),
        half=chance(record, f"{last}/p_half", "达到半数"),
    )
    table = CitedTable(
        ("扩散面预测",),
        cited_columns([(h,) for h in _AHEAD], [False] + [True] * 3, (0.25,) * 4),
        tuple(
            (
                (record.cite(f"{pointer}/month", "month"),),
                (record.cite(f"{pointer}/mean", "per_cent"),),
                sentence(
                    "{low}—{high}",
                    low=record.cite(f"{pointer}/q10", "per_cent"),
                    high=record.cite(f"{pointer}/q90", "per_cent"),
                ),
                (record.cite(f"{pointer}/p_half", "probability"),),
            )
            for pointer in (f"/parts/ahead/{at}" for at in range(len(rows)))
        ),
    )
    return [Paragraph(said), table]


def parts(record: CitedRecord) -> list[Block]:
    """各地区情况: what each part adds, then how broad the trouble will be."""
    rows = list(range(len(record.get("/parts/parts") or ())))
    if not rows:
        return []
    told = join(
        [
            t
            for t in (
                _moved(record, rows, up=True),
                _moved(record, rows, up=False),
                _breadth(record),
            )
            if t
        ]
    )
    digits = record.get("/parts/decimals")
    blocks: list[Block] = [Heading(("各地区情况",))]
    if told:
        month = record.cite("/month", "month")
        blocks.append(Paragraph(sentence("{month}，各地区中{told}。", month=month, told=told)))
    table = CitedTable(
        ("各地区对总数变动的拉动",),
        cited_columns([(h,) for h in _HEADS], [False] + [True] * 6, _WIDTHS),
        tuple(_row(record, f"/parts/parts/{at}", digits) for at in rows[:SHOWN]),
    )
    return [*blocks, table, *_ahead(record)]
