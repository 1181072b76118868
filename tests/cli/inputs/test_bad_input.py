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


def registered(forecast: Forecast) -> list[int]:
    """Numbers of the targets that were entered here, without those that ship."""
    rows = forecast("caps", "list", "--real", "--json").json["targets"]
    return [row["number"] for row in rows if row["number"]]


CAP = ("caps", "set", "--region", "嘉定", "--tier", "区", "--period", "2026", "--basis", "各月")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--value", "13900", "--source", " "), EXIT_USAGE, "--source 的文号不能为空"),
        (("--value", "13900", "--source", "甲\n乙"), EXIT_USAGE, "含有换行"),
        (("--words", "一万三千人以内", "--source", "甲"), EXIT_USAGE, "请改用 --value 阿拉伯数字"),
        (("--value", "139000", "--source", "甲"), EXIT_BAD_DATA, "是否多写了一位，应为 13,900人"),
        (
            ("--value", "13900", "--source", "甲", "--announced-on", "2062-01-20"),
            EXIT_USAGE,
            "晚于今天",
        ),
        (
            ("--value", "13900", "--source", "甲", "--announced-on", "2006-01-20"),
            EXIT_BAD_DATA,
            "不像是 2006-01-20 公布的",
        ),
        (
            ("--value", "27500", "--source", "甲", "--indicator", "城镇新增就业"),
            EXIT_BAD_DATA,
            "是不超过还是不低于",
        ),
        (
            ("--value", "55", "--source", "甲", "--indicator", "城镇调查失业率"),
            EXIT_BAD_DATA,
            "百分数写 5.5",
        ),
    ],
)
def test_a_cap_that_cannot_be_meant_is_not_registered(
    used: Forecast, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = used(*CAP, *words)
    assert (ran.code, said in ran.err, one_paragraph(ran.err)) == (code, True, True), ran.err
    assert registered(used) == []


def test_a_cap_is_registered_as_it_is_meant_and_withdrawn_with_a_reason(used: Forecast) -> None:
    def kept(*words: str) -> list[Any]:
        ran = used(*CAP[:6], *words, "--source", "甲", "--json")
        assert ran.code == 0, ran.err
        target = ran.json["target"]
        return [target[k] for k in ("period", "value", "direction", "announced_on")]

    held = ("--basis", "全年累计", "--indicator", "城镇新增就业", "--qualifier", "不低于")
    assert kept("--value", "２．７５万", "--period", "2026年", *held) == [
        "2026", 27_500, "floor", "2026-11-20",
    ]  # fmt: skip
    assert kept("--value", "13,900人", "--period", "2026年10月", "--announced-on", "2026/1/20") == [
        "2026-10", 13_900, "cap", "2026-01-20",
    ]  # fmt: skip
    said = used(*CAP, "--value", "13900", "--source", "甲").out
    assert "没有写公布日，按今天 2026-11-20 计" in said
    number = max(registered(used))
    assert used("caps", "withdraw", str(number), "--reason", " ").code == EXIT_USAGE
    assert used("caps", "withdraw", str(number), "--reason", "录错").code == 0


def test_nothing_is_known_as_of_a_day_to_come(used: Forecast) -> None:
    for command in (("run",), ("nowcast",), ("thresholds", "export"), ("plan", "progress")):
        ran = used(*command, "--region", "嘉定", "--as-of", "2026-11-21")
        assert (ran.code, ran.out) == (EXIT_USAGE, "")
        assert "晚于今天（2026-11-20）" in ran.err
    assert used("monthly", "--as-of", "2026-11-21").code == EXIT_USAGE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--layoff", "2026-12:100", "--from", "2026-12"), "--from 只在给出 --new-jobs 时有作用"),
        (("--new-jobs", "-5%", "--absorb", "3"), "--absorb 只在给出 --layoff 时有作用"),
        (("--industry", "制造业", "--layoff", "60%", "--layoff", "2026-12:50%"), "超过 100%"),
        (("--layoff", "2026-12:100", "--labour-force", "nan"), "不能读成一个数"),
    ],
)
def test_a_scenario_with_options_that_cannot_be_meant(
    used: Forecast, words: tuple[str, ...], said: str
) -> None:
    ran = used("scenario", "--region", "嘉定", *words)
    assert (ran.code, said in ran.err, ran.out) == (EXIT_USAGE, True, ""), ran.err
