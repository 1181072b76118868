from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import (
    EXIT_BAD_DATA,
    EXIT_SETTINGS,
    EXIT_STORAGE,
    EXIT_UNKNOWN_NAME,
    EXIT_USAGE,
)
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.store import Store

Forecast = Callable[..., Any]
FAST = ("--models", "random_walk", "--origins", "4", "--jobs", "1")


def one_paragraph(text: str) -> bool:
    return text.startswith("错误：") and text.count("\n") == 1 and "Traceback" not in text


def fill(home: Path, values: dict[str, float], indicator: str = "registered_unemployed") -> None:
    """Real rows for 嘉定区, which displace the demonstration data."""
    home.mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{home / 'observations.db'}")
    rows = [
        Observation("310114", indicator, pd.Period(m, "M"), v, date(2026, 11, 1), "测试")
        for m, v in values.items()
    ]
    store.append(rows, load_catalogue(), command="test")
    store.close()


def months(start: str, count: int) -> list[str]:
    return [str(m) for m in pd.period_range(start, periods=count, freq="M")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--region", "嘉丁"), EXIT_UNKNOWN_NAME, "嘉定"),
        (("--region", "嘉定", "--indicator", "登记失业"), EXIT_UNKNOWN_NAME, "登记失业人数"),
        (("--region", "嘉定", "--models", "sarimax"), EXIT_UNKNOWN_NAME, "sarima"),
        (("--region", "嘉定", "--as-of", "2026-13-01"), EXIT_USAGE, "2026-13-01"),
        (("--region", "嘉定", "--as-of", "2009-01-01"), EXIT_BAD_DATA, "没有"),
        (("--region", "嘉定", "--horizon", "0"), EXIT_USAGE, "范围"),
        (("--region", "绍兴"), EXIT_BAD_DATA, "导入数据"),
        ((), EXIT_USAGE, "--region"),
    ],
)
def test_unusable_options(
    used: Forecast, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = used("run", *arguments)
    assert ran.code == code
    assert words in ran.err
    assert one_paragraph(ran.err.splitlines(keepends=True)[-1])
    assert ran.out == ""


def test_error_as_json(used: Forecast) -> None:
    ran = used("run", "--region", "嘉丁", "--json")
    assert ran.code == EXIT_UNKNOWN_NAME
    error = ran.json["error"]
    assert error["code"] == "unknown_name"
    assert error["exit_code"] == EXIT_UNKNOWN_NAME
    assert "嘉定" in error["hint"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({m: 100.0 + i for i, m in enumerate([*months("2024-01", 5), *months("2025-01", 20)])},
         ("2024-06", "补录")),
        ({m: 100.0 + i for i, m in enumerate(months("2026-08", 2))}, ("2 个月", "至少需要")),
    ],
)  # fmt: skip
def test_unusable_series(
    used: Forecast, home: Path, values: dict[str, float], words: tuple[str, ...]
) -> None:
    fill(home, values)
    ran = used("run", "--region", "嘉定", *FAST)
    assert ran.code == EXIT_BAD_DATA
    assert all(word in ran.err for word in words)
    assert one_paragraph(ran.err.splitlines(keepends=True)[-1])


@pytest.mark.soak
def test_a_series_that_never_changed_is_forecast_and_questioned(used: Forecast, home: Path) -> None:
    fill(home, dict.fromkeys(months("2024-01", 30), 500.0))
    ran = used("run", "--region", "嘉定", "--json", *FAST)
    assert ran.code == 0, ran.err
    assert ran.json["champion"]["model"] == "random_walk"
    assert any("30 个月的值全是 500人，请核对是否误填" in note for note in ran.json["notes"])


def test_a_missing_month_is_left_to_the_models_and_named(used: Forecast, home: Path) -> None:
    fill(
        home,
        {m: 100.0 + i % 7 for i, m in enumerate([*months("2023-01", 5), *months("2023-07", 36)])},
    )
    ran = used("run", "--region", "嘉定", "--json", *FAST)
    assert ran.code == 0, ran.err
    assert ran.json["data_start"] == "2023-01"
    assert "缺 2023-06，由模型补估，不作公布数" in ran.json["notes"]


@pytest.mark.soak
def test_gap_can_be_stepped_over_by_setting(used: Forecast, home: Path) -> None:
    fill(
        home,
        {m: 100.0 + i % 7 for i, m in enumerate([*months("2023-01", 5), *months("2023-07", 36)])},
    )
    (home / "forecast.toml").write_text('[history]\ngaps = "after"\n', "utf-8")
    ran = used("run", "--region", "嘉定", "--json", *FAST)
    assert ran.code == 0, ran.err
    assert ran.json["data_start"] == "2023-07"
    assert any("2023-06" in note for note in ran.json["notes"])


@pytest.mark.soak
def test_short_history_falls_back_to_what_can_run(used: Forecast, home: Path) -> None:
    fill(home, {m: 1000.0 + 13 * (i % 5) for i, m in enumerate(months("2025-06", 16))})
    ran = used("run", "--region", "嘉定", "--json", *FAST[2:], "--models", "random_walk,sarima")
    assert ran.code == 0, ran.err
    board = {row["model"]: row for row in ran.json["leaderboard"]}
    assert board["random_walk"]["failure"] is None
    assert "至少需要" in board["sarima"]["failure"]
    assert len(ran.json["forecast"]) >= 12


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run]\nhorizn = 12\n", "run.horizon"),
        ("[rnu]\nhorizon = 12\n", "run"),
        ("[run]\nhorizon = 99\n", "1—60"),
        ("[run\n", "TOML"),
        ('[[regions]]\ncode = "310199"\nname = "嘉定区"\n', "嘉定区"),
    ],
)
def test_unusable_settings(forecast: Forecast, home: Path, text: str, words: str) -> None:
    home.mkdir()
    (home / "forecast.toml").write_text(text, "utf-8")
    ran = forecast("run", "--region", "嘉定", *FAST)
    assert ran.code == EXIT_SETTINGS
    assert words in ran.err
    assert one_paragraph(ran.err.splitlines(keepends=True)[-1])


def test_database_that_is_none(forecast_in: Callable[[Path], Forecast], home: Path) -> None:
    home.mkdir()
    (home / "observations.db").write_text("not a database" * 100, "utf-8")
    ran = forecast_in(home)("run", "--region", "嘉定", *FAST)
    assert ran.code == EXIT_STORAGE
    assert "observations.db" in ran.err
    assert one_paragraph(ran.err.splitlines(keepends=True)[-1])


def test_workspace_that_cannot_be_made(forecast_in: Callable[[Path], Forecast], home: Path) -> None:
    home.write_text("a file where a folder should be", "utf-8")
    ran = forecast_in(home)("run", "--region", "嘉定", *FAST)
    assert ran.code == EXIT_SETTINGS
    assert "FORECAST_HOME" in ran.err


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ("1300人左右", "--value 1300 --qualifier 左右"),
        ("控制在 1.3 万人以内", "--value 1.3万 --qualifier 以内"),
        ("不低于900", "--value 900 --qualifier 不低于"),
        ("不超过1300人", "--value 1300 --qualifier 不超过"),
        ("1200-1300人", None),
        ("控制在2025年水平", None),
        ("控制在市下达指标内", None),
    ],
)
def test_a_number_is_not_registered_as_words(used: Forecast, words: str, way: str | None) -> None:
    ran = used(
        "caps", "set", "--region", "徐汇", "--tier", "区", "--period", "2031", "--basis", "各月",
        "--source", "某文号", "--words", words,
    )  # fmt: skip
    assert ran.code == (0 if way is None else 2), ran.err
    assert way is None or f"请改用 {way}。" in ran.err
