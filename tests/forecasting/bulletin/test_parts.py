"""Parts in a bulletin: one sentence, one table, no number of one or two people."""

from __future__ import annotations

import pandas as pd
import pytest

from employment_forecast.data.catalogue import Indicator, Region, load_catalogue
from employment_forecast.features.parts import PartChange, PartRow, PartsView
from employment_forecast.forecasting.bulletin.record import parts_record
from employment_forecast.forecasting.bulletin.text.blocks import CitedTable, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import CitedRecord, plain
from employment_forecast.forecasting.bulletin.text.sections.parts import parts

COUNT: Indicator = load_catalogue().indicator("registered_unemployed")


def row(name: str, value: float, change: float) -> PartRow:
    changes = {"month_on_month": PartChange(change, change / 10), "year_on_year": None}
    return PartRow(Region(name, name), value, value / 1000, changes, change > 0, False)


def view(*rows: PartRow) -> PartsView:
    total = row("全区", sum(r.value for r in rows), 0)
    return PartsView(pd.Period("2026-10", freq="M"), COUNT, total, rows, None, ())


def told(*rows: PartRow) -> tuple[str, list[list[str]]]:
    record = {"parts": parts_record(view(*rows), "测试"), "month": "2026-10", "source": "测试"}
    blocks = parts(CitedRecord(record))
    text = "".join(plain(b.text) for b in blocks if isinstance(b, Paragraph))
    (table,) = (b for b in blocks if isinstance(b, CitedTable))
    return text, [[plain(cell) for cell in line] for line in table.rows]


def test_one_sentence_and_one_table():
    text, lines = told(row("甲镇", 500, 30), row("乙镇", 300, -12), row("丙镇", 200, 4))
    assert text == (
        "2026年10月，各地区中增加最多的是甲镇（30人）；减少最多的是乙镇（12人）；"
        "3个下级地区中有2个连续三个月上升，或比近一年低点高出一成以上。"
    )
    assert lines[0] == ["甲镇", "500", "50.0%", "+30", "+3.00", "", ""]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        # Two people now: with the next smallest, or the total would give them away.
        (
            [row("甲镇", 500, 3), row("乙镇", 40, 5), row("丙镇", 2, 0)],
            [("甲镇", "500"), ("其余地区", "42")],
        ),
        # One person a month ago.
        (
            [row("甲镇", 500, 3), row("乙镇", 40, 5), row("丙镇", 5, 4)],
            [("甲镇", "500"), ("其余地区", "45")],
        ),
        # Two small ones hide each other, unless even together they are too few.
        (
            [row("甲镇", 500, 3), row("乙镇", 2, 0), row("丙镇", 2, 0)],
            [("甲镇", "500"), ("其余地区", "4")],
        ),
        (
            [row("甲镇", 500, 3), row("乙镇", 1, 0), row("丙镇", 1, 0)],
            [("其余地区", "502")],
        ),
        ([row("甲镇", 500, 3), row("乙镇", 0, 0)], [("甲镇", "500"), ("乙镇", "0")]),
    ],
)
def test_one_or_two_people_cannot_be_told_from_the_total(rows, shown):
    _, lines = told(*rows)
    assert [(line[0], line[1]) for line in lines] == shown


def test_breadth_ahead_is_one_sentence_and_one_table():
    rows = [
        {
            "month": f"2026-{m:02d}",
            "mean": m / 100,
            "q10": 0.0,
            "q50": 0.3,
            "q90": 0.667,
            "p_half": 0.2,
        }
        for m in (11, 12)
    ]
    record = {
        "parts": parts_record(view(row("甲镇", 500, 30), row("乙镇", 300, -12)), "测试", rows),
        "month": "2026-10", "source": "测试", "intervals": {"inner": 80, "source": "测试"},
    }  # fmt: skip
    *_, said, table = parts(CitedRecord(record))
    assert plain(said.text) == (
        "按各地区协调后的预测，2026年11月连续三个月上升或比近一年低点高出一成以上的下级地区平均占11%"
        "（80%区间为0%—67%）；达到半数的概率为20%（不太可能）。"
    )
    assert [[plain(cell) for cell in line] for line in table.rows] == [
        ["2026年11月", "11%", "0%—67%", "20%"],
    ]


def test_no_parts_no_section():
    assert parts_record(None, "测试") is None
    assert parts(CitedRecord({"source": "测试"})) == []
