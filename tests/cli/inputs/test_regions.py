"""The districts of a city are entered by one command, which the refused file names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from employment_forecast.data.errors import EXIT_BAD_DATA, EXIT_UNKNOWN_NAME, EXIT_USAGE

Forecast = Callable[..., Any]
TABLE = """上海市各区登记失业人数统计表
区,2026年8月,2026年9月
黄浦区,14200,14300
嘉定区,12000,12100
崇明区,20100,20000
合计,46300,46400
"""


def test_a_table_of_districts_tells_how_to_enter_them(
    forecast: Forecast, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "各区.csv"
    file.write_text(TABLE, "utf-8")
    refused = forecast("data", "import", str(file))
    assert refused.code == EXIT_BAD_DATA
    assert "forecast regions add --below 上海市" in refused.err
    added = forecast("regions", "add", "--below", "上海", "--json")
    assert added.code == 0, added.err
    assert len(added.json["regions"]) == 14  # 徐汇 and 嘉定 are shipped
    again = forecast("regions", "add", "黄浦")
    assert (again.code, again.out.strip()) == (0, "这些地区都已登记。")
    assert forecast("data", "import", str(file)).code == 0
    shown = forecast("data", "show", "--region", "崇明", "--indicator", "登记失业人数", "--json")
    assert [row["value"] for row in shown.json["observations"]][-2:] == [20100, 20000]
    assert "默认指标" in forecast("regions", "list").out


def test_what_a_district_lies_in_is_entered_with_it(forecast: Forecast, home: Path) -> None:
    assert forecast("regions", "add", "武侯区").code == 0
    entries = tomllib.loads((home / "forecast.toml").read_text("utf-8"))["regions"]
    assert [(e["code"], e["parent"], e.get("parts_complete")) for e in entries] == [
        ("510000", "100000", False), ("510100", "510000", False), ("510107", "510100", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), EXIT_USAGE, "--below"),
        (("普陀区",), EXIT_USAGE, "浙江省舟山市普陀区"),
        (("安亭镇",), EXIT_UNKNOWN_NAME, "自编代码"),
        (("--below", "嘉定区"), EXIT_USAGE, "没有市、区县"),
    ],
)
def test_what_is_not_one_division_is_refused(
    forecast: Forecast, home: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = forecast("regions", "add", *words)
    assert done.code == code
    assert said in done.err
    assert not (home / "forecast.toml").exists()
