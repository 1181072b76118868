"""Small inputs that once went wrong: the right value in the store, or a refusal for its cause."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from employment_forecast.data.errors import EXIT_BAD_DATA

Forecast = Callable[..., Any]
STREET = """
[[regions]]
code = "T1"
name = "测试街道"
level = "street"
default_indicator = "{indicator}"
"""
FAST = ("--models", "theta,seasonal_naive,combination", "--origins", "4", "--jobs", "1")


@pytest.fixture(scope="module")
def forecast(
    tmp_path_factory: pytest.TempPathFactory,
    databases: Path,
    forecast_in: Callable[[Path], Forecast],
) -> Forecast:
    """Commands in one workspace, whose store every case leaves as it was."""
    home = tmp_path_factory.mktemp("first") / "工作区"
    shutil.copytree(databases, home)
    return forecast_in(home)


def months(head: str, cells: list[str], start: str = "2025-01") -> bytes:
    year, month = map(int, start.split("-"))
    rows = []
    for i, cell in enumerate(cells):
        years, number = divmod(month - 1 + i, 12)
        rows.append(f"{year + years}-{number + 1:02d},{cell}")
    return ("\n".join([f"月份,{head}", *rows]) + "\n").encode()


def sheet(rows: list[list[object]], change: Callable[[Any], None] = lambda page: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def formatted(cell: str, form: str) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        page[cell].number_format = form

    return change


def hidden_rows(page: Any) -> None:
    page.row_dimensions[3].hidden = page.row_dimensions[4].hidden = True


def hidden_column(page: Any) -> None:
    page.column_dimensions["B"].hidden = True


YOUTH = ["0.153", "0.16", "0.159", "0.182", "0.184", "0.193", "0.199", "0.187", "0.179", "0.213"]
WAN = "嘉定区2025年登记失业人数,\n月份,登记失业人数\n1月,1.36\n2月,1.37\n注：本表数据单位为{}。,\n"
DRAFTS = [["月份", "登记失业人数"], *([f"2025-{i:02d}", 9000 + 88 * i] for i in range(1, 5))]
SPAN = [["月份", "城镇新增就业人数"], [date(2026, 1, 9), 15230]]
SPANS = [["指标", *(date(2026, 1, i) for i in (1, 2, 3))], ["城镇新增就业人数", 100, 220, 350]]
STOCK, FLOW, SURVEYED = "登记失业人数", "新登记失业人数", "城镇调查失业率"
YOUTH_RATE = "16—24岁人口城镇调查失业率(含在校生)"

TAKEN = {
    "fractions of the youth rate": (
        "rate16_24.csv", months("16-24岁人口调查失业率", YOUTH), YOUTH_RATE,
        {"2025-01": 15.3, "2025-10": 21.3}, "小数",
    ),
    "a unit in the number format": (
        "wanren.xlsx", sheet([["月份", STOCK], ["2025年1月", 1.37]], formatted("B2", '0.00"万人"')),
        STOCK, {"2025-01": 13700}, "",
    ),
    "a unit below the table": (
        "wan.csv", WAN.format("万人").encode(), STOCK, {"2025-01": 13600, "2025-02": 13700}, "万人",
    ),
    "thousands below the table": (
        "qian.csv", WAN.format("千人").encode(), STOCK, {"2025-01": 1360, "2025-02": 1370}, "千人",
    ),
    "traditional characters": (
        "traditional.csv", months("登記失業人數", ["9000", "9001"]), STOCK, {"2025-02": 9001}, "",
    ),
    "hidden rows": (
        "hidden_rows.xlsx", sheet(DRAFTS, hidden_rows), STOCK,
        {"2025-01": 9088, "2025-04": 9352}, "隐藏的行",
    ),
    "January and February together": (
        "jf_drop.csv", "月份,新登记失业人数\n2025年1-2月,300\n2025年3月,180\n".encode(), FLOW,
        {"2025-01": 150, "2025-02": 150, "2025-03": 180}, "各半",
    ),
    "January and February alone": (
        "jf_drop_only.csv", "月份,新登记失业人数\n2025年1-2月,300\n".encode(), FLOW,
        {"2025-01": 150, "2025-02": 150}, "各半",
    ),
}  # fmt: skip
REFUSED = {
    "a negative count": ("inflow.csv", months(FLOW, ["(201)"]), ["B2", "负"]),
    "a span turned into a day": ("e10.xlsx", sheet(SPAN, formatted("A2", 'm"月"d"日"')), ["1-9"]),
    "spans turned into days": ("cols.xlsx", sheet(SPANS), ["1-9"]),
    "a name of no indicator": ("two.csv", months("失业登记率", ["3.1"]), [
        "失业登记率", "登记失业率", "mapping.toml"]),
    "a hidden column": ("hidden_column.xlsx", sheet(DRAFTS, hidden_column), ["隐藏的列", "B列"]),
    "averages since January": (
        "avgspan2.csv", "月份,城镇调查失业率\n2025年1-9月,5.2\n2025年1-10月,5.2\n".encode(),
        ["平均"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_taken_in_is_right_and_said(case: str, forecast: Forecast, tmp_path: Path) -> None:
    name, content, indicator, right, said = TAKEN[case]
    (tmp_path / name).write_bytes(content)
    done = forecast("data", "import", str(tmp_path / name), "--region", "嘉定", "--json")
    assert done.code == 0, done.err
    assert said in done.out + done.err
    shown = forecast("data", "show", "--region", "嘉定", "--indicator", indicator, "--json").json
    values = {o["month"]: o["value"] for o in shown["observations"] if o["source"].startswith(name)}
    assert {m: values[m] for m in right} == pytest.approx(right)
    assert forecast("data", "withdraw", str(done.json["batch"])).code == 0


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_for_its_cause(
    case: str, forecast: Forecast, tmp_path: Path
) -> None:
    name, content, said = REFUSED[case]
    (tmp_path / name).write_bytes(content)
    batches = forecast("data", "batches", "--json").json
    done = forecast("data", "import", str(tmp_path / name), "--region", "嘉定")
    assert done.code == EXIT_BAD_DATA
    assert name in done.err
    assert all(word in done.err for word in said)
    assert forecast("data", "batches", "--json").json == batches


def test_the_one_column_of_numbers_is_what_the_option_says(
    forecast: Forecast, tmp_path: Path
) -> None:
    file = tmp_path / "two.csv"
    file.write_bytes(months("失业登记率", ["3.1", "3.2"]))
    words = ("--region", "嘉定", "--indicator", "登记失业率", "--dry-run")
    assert "失业登记率" in forecast("data", "import", str(file), *words).out


def test_a_group_named_by_the_file_is_told(forecast: Forecast, tmp_path: Path) -> None:
    file = tmp_path / "青年.csv"
    file.write_bytes(months(STOCK, ["900", "910"]))
    done = forecast("data", "import", str(file), "--region", "嘉定", "--dry-run")
    assert "群体" in done.out
    assert "文件名" in done.out


def street(home: Path, indicator: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "forecast.toml").write_text(STREET.format(indicator=indicator), "utf-8")


def quantiles(content: Any) -> list[float]:
    """Every figure of the forecast, wherever it stands."""
    if isinstance(content, dict):
        return [x for value in content.values() for x in quantiles(value)]
    if isinstance(content, list):
        return [x for value in content for x in quantiles(value)]
    return [content] if isinstance(content, float | int) else []


@pytest.mark.soak  # bounds are tested beside the models
def test_no_forecast_of_a_small_count_is_negative(
    databases: Path, forecast_in: Callable[[Path], Forecast], tmp_path: Path
) -> None:
    shutil.copytree(databases, tmp_path / "区")
    street(tmp_path / "区", "registered_inflow")
    forecast, dice = forecast_in(tmp_path / "区"), random.Random(1)
    counts = [min(dice.randint(0, 15), dice.randint(0, 15)) for _ in range(60)]
    counts = [0 if i % 12 == 1 else c for i, c in enumerate(counts)]
    file = tmp_path / "small_street.csv"
    file.write_bytes(months(FLOW, list(map(str, counts)), "2021-11"))
    assert forecast("data", "import", str(file), "--region", "T1").code == 0
    content = forecast("run", "--region", "T1", "--json", *FAST).json
    assert len(content["forecast"]) >= 12
    assert min(x for month in content["forecast"] for x in quantiles(month)) >= 0


@pytest.mark.soak
def test_thirteen_months_give_a_forecast_and_no_foreign_word(
    databases: Path, forecast_in: Callable[[Path], Forecast], tmp_path: Path
) -> None:
    shutil.copytree(databases, tmp_path / "区")
    street(tmp_path / "区", "registered_unemployed")
    forecast, file = forecast_in(tmp_path / "区"), tmp_path / "in.csv"
    file.write_bytes(months(STOCK, [str(9000 + 97 * (i % 7)) for i in range(13)], "2025-10"))
    assert forecast("data", "import", str(file), "--region", "T1").code == 0
    ran = forecast("run", "--region", "T1", *FAST)
    assert ran.code == 0
    assert "Warning" not in ran.err
    assert "site-packages" not in ran.err
