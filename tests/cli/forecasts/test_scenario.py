from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from employment_forecast.data.errors import EXIT_STORAGE, EXIT_USAGE

FAST = ("--models", "ets,theta,combination", "--origins", "12", "--jobs", "1")  # as prepared
EVENTS = ("--layoff", "2026-12:1500", "--layoff", "2027-02:300", "--new-jobs", "-20%",
          "--from", "2026-12", "--absorb", "3")  # fmt: skip


def test_a_scenario_beside_the_baseline(
    prepared: Any, used: Any, home: Path, tmp_path: Path
) -> None:
    """The baseline is what `run` said; the result is kept as a run, and no version is made."""
    ran = used(
        "scenario", "--region", "嘉定", *EVENTS, *FAST, "--output", str(tmp_path / "结果"), "--json"
    )
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["baseline"]["forecast"] == prepared.district.json["forecast"]
    assert content["demo"] is True
    assert content["events"]["layoffs"] == [
        {"month": "2026-12", "people": 1500},
        {"month": "2027-02", "people": 300},
    ]
    for before, after in zip(content["baseline"]["caps"], content["scenario"]["caps"], strict=True):
        assert after["p_any"] > before["p_any"]
    assert content["scenario"]["level"]["code"] == "red"
    assert "不是官方" in content["levels_source"]
    sources = {row["key"]: row["source"] for row in content["assumptions"]}
    assert sources["registration"] == "程序默认，非官方"
    assert sources["absorb"].startswith("用户设定")
    assert "实测" in sources["reemployment"]
    written = {file.name for file in (tmp_path / "结果").iterdir()}
    assert written == {"scenario.json", "scenario.csv", "scenario.png"}
    assert json.loads((tmp_path / "结果" / "scenario.json").read_text("utf-8")) == content

    with closing(sqlite3.connect(home / "mlruns" / "mlflow.db")) as connection:
        kinds = connection.execute(
            "SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'scenario'"
        ).fetchall()
        versions = connection.execute("SELECT run_id FROM model_versions").fetchall()
    assert kinds == [(content["run_id"],)]
    assert (content["run_id"],) not in versions


@pytest.mark.soak
def test_the_baseline_is_the_champion_in_force_as_published(used: Any) -> None:
    """Without one it says so; with one forecast, caps and level are those of the feed."""
    before = used("scenario", "--region", "嘉定", *EVENTS[:2], *FAST, "--json").json
    assert before["baseline_source"]["in_force"] is False
    assert "没有现役版本" in before["baseline_source"]["text"]
    assert used("promote", "--region", "嘉定", "--force", "--why", "测试").code == 0
    used("thresholds", "export", "--region", "嘉定")
    feed = used("thresholds", "show", "--region", "嘉定", "--json").json
    # A roster of its own changes nothing: the baseline is what is in force.
    trial = ("--models", "drift", "--origins", "6", "--jobs", "1")
    after = used("scenario", "--region", "嘉定", *EVENTS[:2], *trial, "--json").json
    source = after["baseline_source"]
    assert (source["in_force"], source["version"]) == (True, feed["champion"]["version"])
    assert after["model"] == feed["champion"]["model"]
    published = {c["id"].rsplit(".", 1)[0]: c["p_any"] for c in feed["caps"]}
    shown = {
        f"{c['tier']}.{c['basis']}.{c['period']}": c["p_any"] for c in after["baseline"]["caps"]
    }
    assert published == shown
    assert after["baseline"]["level"]["code"] == feed["level"]["code"]


@pytest.mark.soak
def test_the_report_is_in_chinese_and_says_what_it_assumes(used: Any) -> None:
    ran = used("scenario", "--region", "嘉定", *EVENTS[:2], *FAST)
    assert ran.code == 0, ran.err
    for text in (
        "情景推演",
        "演示数据",
        "程序默认，非官方",
        "基线",
        "首次突破月",
        "不登记模型版本",
        "预警等级",
    ):
        assert text in ran.out


@pytest.mark.soak
def test_a_scenario_is_shown_even_if_mlflow_does_not_take_it(used: Any, home: Path) -> None:
    (home / "mlruns" / "mlflow.db").write_bytes(b"not a database")
    ran = used("scenario", "--region", "嘉定", *EVENTS[:2], *FAST, "--json")
    assert ran.code == EXIT_STORAGE
    assert "未能记入 MLflow" in ran.err
    assert ran.json["run_id"] is None
    assert ran.json["unrecorded"]
    assert ran.json["scenario"]["forecast"]


def test_scenarios_that_make_no_sense_are_refused(used: Any) -> None:
    for arguments, text in (
        ((), "没有给出情景"),
        (("--layoff", "1500"), "--layoff"),
        (("--new-jobs", "20"), "--new-jobs"),
        (("--layoff", "2026-10:1500", *FAST), "已经公布"),
    ):
        ran = used("scenario", "--region", "嘉定", *arguments)
        assert ran.code == EXIT_USAGE, ran.out
        assert text in ran.err
