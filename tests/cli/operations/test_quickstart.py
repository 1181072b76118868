"""A few answers, by options or by a person, lead to a first forecast of one's own data."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT
from support.terminals import at_a_terminal

from employment_forecast.data.errors import EXIT_USAGE

Forecast = Callable[..., Any]
CHEAP = '[run]\norigins = 6\npaths = 200\njobs = 1\nmodels = ["random_walk"]\n'
FILE = ROOT / "docs" / "examples" / "示例街道月报.csv"


@pytest.fixture
def cheap(home: Path) -> Path:
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(CHEAP, "utf-8")
    return home


def test_options_answer_everything(forecast: Forecast, cheap: Path, tmp_path: Path) -> None:
    out = tmp_path / "我的结果"
    done = forecast(
        "quickstart", "--region", "示例街道", "--code", "310114999", "--file", str(FILE),
        "--cap", "1200", "--tier", "区", "--basis", "各月", "--source", "某文号",
        "--output", str(out),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert {f.name for f in out.iterdir()} == {"forecast.csv", "forecast.json", "chart.png"}
    assert "$ forecast run --region 示例街道 --output" in done.out
    settings = tomllib.loads((cheap / "forecast.toml").read_text("utf-8"))
    assert settings["run"]["origins"] == 6
    assert settings["regions"] == [
        {"code": "310114999", "name": "示例街道", "parent": "310114", "level": "street"}
    ]
    (cap,) = forecast("caps", "list", "--region", "示例街道", "--json").json["targets"]
    assert (cap["value"], cap["period"], cap["basis"]) == (1200, "2026", "any_month")


def test_the_code_of_a_division_need_not_be_known(
    forecast: Forecast, cheap: Path, tmp_path: Path
) -> None:
    file = tmp_path / "黄浦.csv"
    months = [f"{y}-{m:02d}" for y in (2024, 2025) for m in range(1, 13)]
    file.write_text(
        "月份,登记失业人数\n"
        + "".join(f"{m},{12000 + i % 7 * 90}\n" for i, m in enumerate(months)),
        "utf-8",
    )
    done = forecast(
        "quickstart", "--region", "黄浦", "--file", str(file), "--output", str(tmp_path / "出")
    )
    assert done.code == 0, done.err
    (entry,) = tomllib.loads((cheap / "forecast.toml").read_text("utf-8"))["regions"]
    assert (entry["code"], entry["name"], entry["parent"]) == ("310101", "黄浦区", "310000")


@pytest.mark.parametrize(
    "given",
    [
        (),
        ("--region", "示例街道"),
        ("--region", "示例街道", "--code", "31011"),
        ("--region", "示例街道", "--code", "310114999"),
        ("--region", "嘉定", "--cap", "12500"),
        ("--region", "嘉定", "--cap", "12500", "--tier", "区", "--source", "某文号"),
    ],
)
def test_what_nobody_can_be_asked_is_refused(used: Forecast, given: tuple[str, ...]) -> None:
    done = used("quickstart", *given)
    assert done.code == EXIT_USAGE
    assert "请" in done.err
    assert "$ forecast" not in done.out  # nothing was done by halves


@pytest.mark.soak
@pytest.mark.skipif(os.name == "nt", reason="pty")
def test_a_person_is_asked(
    cheap: Path,
    tmp_path: Path,
    environment_of: Callable[[Path], dict[str, str]],
    command_of: Callable[[list[str]], list[str]],
) -> None:
    words = command_of(["quickstart", "--output", str(tmp_path / "结果")])
    code, said = at_a_terminal(
        words,
        environment_of(cheap),
        {
            "地区（": "示例街道", "行政区划代码（": "310114999", "数据文件": f"'{FILE}'",
            "今年的控制数": "1200", "由哪一级": "区", "文号": "某文号", "写入吗": "y",
            "怎样考核 (": "各月",
        },
    )  # fmt: skip
    assert code == 0, said
    assert "1,046—1,243人" in said
    assert "区控制数 1,200人以内" in said
    assert (tmp_path / "结果" / "chart.png").is_file()
