from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from employment_forecast.data.errors import EXIT_INTERRUPTED

Forecast = Callable[..., Any]
FAST = ("--models", "ets,theta,combination", "--origins", "12", "--jobs", "1")  # as prepared
SMALL = ("--models", "random_walk", "--origins", "4", "--jobs", "1")
QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]


@pytest.fixture
def quick(used: Forecast) -> Callable[..., Any]:
    def call(*arguments: str, **more: Any) -> Any:
        return used("run", *arguments, *SMALL, **more)

    return call


def test_json_has_what_machines_were_promised(prepared: Any) -> None:
    ran = prepared.district
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["region"] == {"code": "310114", "name": "嘉定区"}
    assert content["indicator"] == "registered_unemployed"
    assert content["data_month"] == "2026-10"
    assert content["demo"] is True
    assert content["champion"]["registered_name"] == "registered_unemployed.310114"
    assert content["champion"]["model"] in {row["model"] for row in content["leaderboard"]}
    assert len(content["forecast"]) >= 12
    for row in content["forecast"]:
        figures = [row[q] for q in QUANTILES]
        assert figures == sorted(figures)
    tiers = {cap["tier"] for cap in content["caps"]}
    assert tiers == {"municipal", "district"}
    for cap in content["caps"]:
        assert cap["demo"] is True
        for name in ("p_any", "p_any_remaining", "p_end", "p_average"):
            assert cap[name] is None or 0 <= cap[name] <= 1
            assert cap[name] is not None or cap["reasons"][name]
        assert cap["p_any"] >= cap["p_any_remaining"] >= cap["p_end"]
    floors = {row["model"] for row in content["leaderboard"] if row["floor"]}
    assert {"random_walk", "drift", "seasonal_naive"} <= floors


def demand_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for key in set(other) - {"run_id", "cells_computed", "cells_reused", "champion", "gate"}:
        assert one[key] == other[key], key
    assert one["gate"]["checks"] == other["gate"]["checks"]
    assert one["champion"]["model"] == other["champion"]["model"]


def test_second_run_computes_nothing_and_says_the_same(prepared: Any, used: Forecast) -> None:
    first = prepared.nation.json
    again = ("run", "--region", "全国", "--json", *FAST)
    second = used(*again).json
    assert first["cells_computed"] > 0
    assert second["cells_computed"] == 0
    assert second["cells_reused"] == first["cells_computed"] + first["cells_reused"]
    demand_the_same(second, first)
    assert second["run_id"] != first["run_id"]


@pytest.mark.soak
def test_a_run_without_the_cache_says_the_same(prepared: Any, used: Forecast) -> None:
    fresh = used("run", "--region", "全国", "--json", *FAST, "--no-cache").json
    demand_the_same(fresh, prepared.nation.json)


@pytest.mark.soak
def test_any_number_of_processes_gives_the_same(forecast: Forecast) -> None:
    # Enough work that a second process is worth starting.
    work = ("run", "--region", "全国", "--models", "boosting", "--origins", "14", "--no-cache")
    alone = forecast(*work, "--jobs", "1", "--json").json
    both = forecast(*work, "--jobs", "2", "--json").json
    for key in set(alone) - {"run_id", "champion", "gate"}:
        assert both[key] == alone[key], key


def test_national_yardstick_is_average_and_monthly_ceiling(prepared: Any) -> None:
    content = prepared.nation.json
    assert content["demo"] is False
    bases = {cap["basis"]: cap for cap in content["caps"]}
    assert set(bases) == {"period_average", "any_month"}
    assert all(cap["value"] == 5.5 for cap in bases.values())
    assert bases["period_average"]["p_average"] is not None
    assert bases["any_month"]["p_any"] is not None
    assert any("国家统计局" in source for source in content["sources"])


def test_output_files(quick: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    ran = quick("--region", "徐汇", "--output", str(folder), "--format", "xlsx")
    assert ran.code == 0, ran.err
    (book,) = folder.glob("*.xlsx")
    assert "试算" in openpyxl.load_workbook(book).sheetnames
    raw = (folder / "forecast.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    content = json.loads((folder / "forecast.json").read_text("utf-8"))
    assert [r["month"] for r in rows] == [r["month"] for r in content["forecast"]]
    assert all(r["demo"] == "演示数据" for r in rows)
    assert (folder / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert not [f for f in folder.iterdir() if f.name.startswith(".")]


@pytest.mark.soak
def test_report_for_people(quick: Callable[..., Any]) -> None:
    ran = quick("--region", "嵊州")
    assert ran.code == 0, ran.err
    for words in ("嵊州市", "演示数据", "模型竞赛", "控制数", "已突破", "2027-10", "运行编号"):
        assert words in ran.out
    assert "nan" not in ran.out.lower()
    for chatter in ("Warning", "alembic", "INFO", "plotly", "cmdstan"):
        assert chatter not in ran.out + ran.err


@pytest.mark.parametrize(
    "env",
    [
        pytest.param(
            {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            marks=pytest.mark.soak,
        ),
        {"LC_ALL": "zh_CN.GB18030", "PYTHONIOENCODING": "gb18030"},
    ],
)
def test_terminals_without_utf8(used: Forecast, env: dict[str, str]) -> None:
    ran = used("data", "status", env=env)
    assert ran.code == 0, ran.err
    assert "嘉定区" in ran.out


@pytest.mark.soak
def test_json_is_utf8_whatever_the_terminal(used: Forecast) -> None:
    env = {"LC_ALL": "zh_CN.GB18030", "PYTHONIOENCODING": "gb18030"}
    as_json = used("data", "status", "--json", env=env)
    assert "嘉定区" in {row["region"]["name"] for row in as_json.json["series"]}


def test_as_of_sees_nothing_later(quick: Callable[..., Any]) -> None:
    content = quick("--region", "全国", "--as-of", "2022-03-20", "--json").json
    assert content["data_month"] <= "2022-02"
    assert {cap["period"] for cap in content["caps"]} == {"2022"}
    assert all(cap["announced_on"] <= "2022-03-20" for cap in content["caps"])


@pytest.mark.soak
def test_region_without_cap_still_forecasts(quick: Callable[..., Any]) -> None:
    ran = quick("--region", "全国", "--indicator", "pmi_manufacturing")
    assert ran.code == 0, ran.err
    assert "没有登记可评估的控制数" in ran.out


def wait_for_open_run(home: Path) -> None:
    """Return while the run is recorded as running: its computation takes far longer than this."""
    deadline = time.monotonic() + 600
    while "RUNNING" not in statuses(home):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_interrupt_leaves_everything_usable(
    used: Forecast, home: Path, start: Callable[..., Any]
) -> None:
    process = start("run", "--region", "徐汇", "--jobs", "1")
    wait_for_open_run(home)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == EXIT_INTERRUPTED
    assert "已中断" in err.decode()
    assert b"Traceback" not in err
    after = used("run", "--region", "嘉定", "--json", *SMALL)
    assert after.code == 0, after.err
    assert statuses(home).count("RUNNING") == 0
    assert "KILLED" in statuses(home)


@pytest.mark.soak  # beside the tracking it is tested too
def test_kill_shows_as_killed_after_the_next_command(
    used: Forecast, home: Path, start: Callable[..., Any]
) -> None:
    process = start("run", "--region", "徐汇", "--jobs", "1")
    wait_for_open_run(home)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=600)
    after = used("run", "--region", "嘉定", "--json", *SMALL)
    assert after.code == 0, after.err
    assert statuses(home).count("RUNNING") == 0
    assert "KILLED" in statuses(home)


def statuses(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "mlruns" / "mlflow.db")) as connection:
        return [r[0] for r in connection.execute("SELECT status FROM runs")]


def test_several_regions_are_one_table(forecast: Forecast) -> None:
    work = ("run", *SMALL, "--dry-run")
    ran = forecast(*work, "--region", "嘉定", "--region", "330683")
    assert ran.code == 0, ran.err
    lines = [line for line in ran.out.splitlines() if "演示" in line]
    assert [line.split()[1] for line in lines] == ["嘉定区", "嵊州市"]
    assert forecast("run").code == 2


@pytest.mark.soak
def test_one_that_fails_is_told_and_keeps_no_other_from_running(forecast: Forecast) -> None:
    mixed = forecast(
        "run",
        *SMALL,
        "--dry-run",
        "--region",
        "嘉定",
        "--region",
        "嵊州",
        "--json",
        "--indicator",
        "registered_inflow",
    )
    assert mixed.code == 12
    first, second = mixed.json["runs"]
    assert first["content"]["region"]["code"] == "310114"
    assert first["failure"] == ""
    assert second["content"] is None
    assert second["failure"]


@pytest.mark.soak
def test_what_is_below_a_region_is_run(forecast: Forecast) -> None:
    below = forecast("run", *SMALL, "--dry-run", "--parent", "上海市", "--json").json["runs"]
    assert {run["content"]["region"]["code"] for run in below} == {"310104", "310114"}
