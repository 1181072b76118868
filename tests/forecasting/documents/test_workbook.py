"""Workbooks: numbers are numbers, texts never run, a figure typed in shows its level."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from employment_forecast.forecasting.bulletin.render.pdf import program
from employment_forecast.forecasting.documents.region_sheets import (
    NO_LEVEL,
    TRIAL,
    forecast_sheet,
    region_sheets,
)
from employment_forecast.forecasting.documents.tables import (
    PROBABILITY,
    Table,
    columns,
    figures,
    number,
)
from employment_forecast.forecasting.documents.workbook import WorkbookSheet, workbook

DAY = date(2026, 11, 20)
HOSTILE = '=HYPERLINK("http://example.org","点我")'
PUBLISHED = [(f"{2024 + m // 12}-{m % 12 + 1:02d}", 13_000.0 + 10 * m) for m in range(34)]
QUANTILES = {"q025": 13_300, "q10": 13_400, "q50": 13_500, "q90": 13_600, "q975": 13_700}
LEVELS = [
    {"code": "yellow", "name": "Ⅲ级（黄色）", "probability": 0.25},
    {"code": "orange", "name": "Ⅱ级（橙色）", "probability": 0.5},
    {"code": "red", "name": "Ⅰ级（红色）", "probability": 0.8},
]


def cap(tier: str, value: float) -> dict[str, Any]:
    return {
        "id": f"{tier}.any_month.2026.{value:.12g}", "title": f"{tier} {value:.12g}",
        "tier": tier, "basis": "any_month", "qualifier": "以内", "value": value, "unit": "人",
        "period": "2026", "demo": True, "carried": False, "untested": False, "p_any": 1.0,
        "p_any_remaining": 0.0, "p_end": 0.237, "p_average": None, "already_breached": False,
        "first_breach_month": None, "first_breach": [], "expected_months_above": None,
        "excess_if_broken": None, "headroom": value - 13_330,
    }  # fmt: skip


def line(cap_id: str, month: str, level: str, value: float | None, state: str) -> dict[str, Any]:
    return {"cap": cap_id, "month": month, "level": level, "value": value, "state": state}


CAPS = [cap("municipal", 14_300.0), cap("district", 14_000.0)]
LINES = [
    line(CAPS[1]["id"], "2026-11", "yellow", 13_500, "line"),
    line(CAPS[0]["id"], "2026-11", "yellow", 13_800, "line"),
    line(CAPS[1]["id"], "2026-11", "orange", 13_700, "line"),
    line(CAPS[1]["id"], "2026-11", "red", None, "unreachable"),
    line(CAPS[1]["id"], "2026-12", "yellow", None, "already"),
    line(CAPS[1]["id"], "2026-12", "orange", None, "unreachable"),
    line(CAPS[1]["id"], "2026-12", "red", None, "unreachable"),
]
CONTENT = {
    "region": {"code": "310114", "name": HOSTILE}, "indicator": "registered_unemployed",
    "indicator_name": "登记失业人数", "unit": "人", "demo": True, "data_start": "2024-01",
    "data_month": "2026-10", "as_of": DAY.isoformat(), "latest": 13_330, "sources": [HOSTILE],
    "notes": [HOSTILE], "pseudo_real_time": True, "data_fingerprint": "ab12",
    "champion": {"model": "theta", "registered_name": "registered_unemployed.310114",
                 "version": "3"},
    "model_label": "Theta 法", "backtest_origins": 36, "choice_reason": "得分最低",
    "leaderboard": [{"model": "theta", "label": "Theta 法", "floor": False, "wis": 0.25,
                     "mase": 0.5, "coverage80": 0.81, "coverage95": 0.95, "failure": None}],
    "forecast": [{"month": m, **QUANTILES, "untested": m == "2026-12"}
                 for m in ("2026-11", "2026-12")],
    "caps": CAPS, "caps_joint": None, "floors": [], "levels_assessed": [],
    "tested_horizon": 1, "seed": 1, "paths": 1000,
}  # fmt: skip
FEED = {"caps": CAPS, "lines": LINES, "scheme": {"levels": LEVELS}, "level": None,
        "level_reason": "没有评定"}  # fmt: skip


@pytest.fixture
def book(catalogue: Any) -> bytes:
    indicator = catalogue.indicator("registered_unemployed")
    sheets = region_sheets(CONTENT, PUBLISHED, indicator, FEED)
    return workbook(sheets, title="嘉定区", as_of=DAY, demo=True, locked=(TRIAL,))


def test_sheets_are_named_in_chinese_frozen_and_ready_to_print(book: bytes) -> None:
    opened = load_workbook(io.BytesIO(book))
    assert opened.sheetnames == [
        "走势图",
        "预测",
        "控制数",
        "警戒线",
        TRIAL,
        "模型",
        "数据",
        "说明",
    ]
    for sheet in opened:
        assert sheet.print_area
        assert sheet.page_setup.paperSize == 9
        assert "演示数据" in sheet.oddHeader.center.text
    data = opened["数据"]
    head = next(row[0].row for row in data.iter_rows() if row[0].value == "月份")
    assert data.freeze_panes == f"B{head + 1}"
    assert data.print_title_rows == f"${head}:${head}"
    newest = [cell.value for cell in data[head + 1]][:4]
    assert newest == ["2026-10", 13_330, 10, 120]
    assert data.cell(head + 1, 2).number_format == "#,##0"
    assert len(opened["走势图"]._charts) == 1
    assert opened[TRIAL].protection.sheet


def test_a_cap_stands_in_each_month_at_the_number_that_applied(catalogue: Any) -> None:
    changed = [
        {"first": "2026-01", "last": "2026-06", "value": 15_000.0},
        {"first": "2026-07", "last": "2026-12", "value": 14_300.0},
    ]
    caps = [{**CAPS[0], "changed": changed}, {**CAPS[1], "carried": True}]
    content = {**CONTENT, "caps": caps}
    indicator = catalogue.indicator("registered_unemployed")
    (table,) = forecast_sheet(content, PUBLISHED, indicator).tables
    titles = [c.title for c in table.columns]
    assert titles[-3:] == ["市控制数（2026）", "区控制数（2026，沿用上期）", "说明"]
    shown = {row[0]: row[-3:-1] for row in table.rows}
    assert shown["2025-12"] == ("", "")
    assert shown["2026-06"] == (15_000.0, 14_000.0)
    assert shown["2026-07"] == shown["2026-12"] == (14_300.0, 14_000.0)


def test_the_same_content_gives_the_same_bytes(book: bytes, catalogue: Any) -> None:
    sheets = region_sheets(CONTENT, PUBLISHED, catalogue.indicator("registered_unemployed"), FEED)
    again = workbook(sheets, title="嘉定区", as_of=DAY, demo=True, locked=(TRIAL,))
    assert again == book


def test_texts_are_never_formulas_or_links(book: bytes) -> None:
    for sheet in load_workbook(io.BytesIO(book)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert sheet.title == TRIAL
                    assert "HYPERLINK" not in str(cell.value)


def test_an_end_of_the_probability_scale_is_not_shown_as_certain(book: bytes) -> None:
    assert [PROBABILITY.text(p) for p in (0.0, 0.5, 1.0)] == ["<0.1%", "50.0%", ">99.9%"]
    caps = load_workbook(io.BytesIO(book))["控制数"]
    formats = {c.value: c.number_format for row in caps.iter_rows() for c in row}
    assert formats[1.0] == formats[0.0] == '[<0.0005]"<0.1%";[>=0.9995]">99.9%";0.0%'


def typed(book: bytes, month: str, value: float) -> bytes:
    opened = load_workbook(io.BytesIO(book))
    for row in opened[TRIAL].iter_rows():
        if row[0].value == month:
            row[1].value = value
    stream = io.BytesIO()
    opened.save(stream)
    return stream.getvalue()


def converted(content: bytes, folder: Path, sheet: str) -> str:
    """A sheet as LibreOffice calculates and shows it."""
    tool = program()
    if tool is None:
        pytest.skip("LibreOffice is not installed")
    (folder / "book.xlsx").write_bytes(content)
    profile = (folder / "profile").as_uri()
    # 44 is a comma, 76 UTF-8, and -1 writes every sheet to a file of its own.
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    subprocess.run(
        [tool, f"-env:UserInstallation={profile}", "--headless", "--convert-to", form,
         "--outdir", str(folder), str(folder / "book.xlsx")],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (folder / f"book-{sheet}.csv").read_text("utf-8")
    shutil.rmtree(folder / "profile")
    return text


@pytest.mark.parametrize(
    ("month", "value", "level"),
    [
        pytest.param("2026-11", 13_499, NO_LEVEL, marks=pytest.mark.soak),
        ("2026-11", 13_500, "Ⅲ级（黄色）"),
        pytest.param("2026-11", 20_000, "Ⅱ级（橙色）", marks=pytest.mark.soak),
        pytest.param("2026-12", 1, "Ⅲ级（黄色）", marks=pytest.mark.soak),
    ],
)
def test_a_figure_typed_in_shows_its_level(
    book: bytes, tmp_path: Path, month: str, value: float, level: str
) -> None:
    text = converted(typed(book, month, value), tmp_path, TRIAL)
    row = next(r for r in text.splitlines() if r.startswith(month))
    assert row.rstrip(",").endswith(level)
    # Margins and changes follow: 14,000 is the lower of the two caps, 13,330 was published last.
    cells = row.split(",")
    assert {str(value - 13_330), str(14_000 - value), str(14_300 - value)} <= set(cells)


def test_what_stands_there_before_anybody_types_agrees_with_the_formulas(
    book: bytes, tmp_path: Path
) -> None:
    cached = load_workbook(io.BytesIO(book), data_only=True)[TRIAL]
    months = [row for row in cached.iter_rows(values_only=True) if row[0] in ("2026-11", "2026-12")]
    shown = converted(book, tmp_path, TRIAL).splitlines()
    for row in months:
        line_shown = next(r for r in shown if r.startswith(str(row[0])))
        # A text below may reach over one more column: how widths add up depends on the Python.
        level = [cell for cell in row if cell is not None][-1]
        assert line_shown.rstrip(",").endswith(str(level))


def test_a_column_of_figures_keeps_its_digits() -> None:
    form = number(2, signed=True)
    assert (form.text(0.5), form.number_format) == ("+0.50", "+#,##0.00;-#,##0.00;#,##0.00")
    sheet = WorkbookSheet(
        "表", "题", (Table("表", (*columns("a"), *figures("b", form=form)), (("x", 0.5),)),)
    )
    opened = load_workbook(io.BytesIO(workbook([sheet], title="题", as_of=DAY, demo=False)))
    cells = {c.value: c.number_format for row in opened["表"].iter_rows() for c in row}
    assert cells[0.5] == form.number_format
