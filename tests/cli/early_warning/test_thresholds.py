from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support.paths import ROOT

from employment_forecast.data.errors import (
    EXIT_BAD_DATA,
    EXIT_NO_THRESHOLDS,
    EXIT_STORAGE,
    EXIT_UNKNOWN_NAME,
    EXIT_USAGE,
    LEVEL_EXIT_CODES,
)

Forecast = Callable[..., Any]


@pytest.fixture(scope="module")
def with_thresholds(
    prepared: Any,
    tmp_path_factory: pytest.TempPathFactory,
    forecast_in: Callable[[Path], Forecast],
) -> Path:
    """The prepared workspace with a champion for 嘉定, its thresholds published."""
    home = tmp_path_factory.mktemp("published") / "工作区"
    shutil.copytree(prepared.home, home)
    call = forecast_in(home)
    for words in (("promote", "--force", "--why", "测试"), ("thresholds", "export")):
        done = call(*words, "--region", "嘉定")
        assert done.code == 0, done.err
    return home


@pytest.fixture
def published(
    with_thresholds: Path, home: Path, forecast_in: Callable[[Path], Forecast]
) -> Forecast:
    shutil.copytree(with_thresholds, home)
    return forecast_in(home)


def test_a_figure_is_answered_by_level_and_exit_code(published: Forecast) -> None:
    document = published("thresholds", "show", "--region", "嘉定", "--json").json
    assert document["state"] == "demo"
    lines = [x for x in document["lines"] if x["month"] == "2026-11" and x["value"] is not None]
    assert lines
    top = max(lines, key=lambda x: x["value"])
    at = published("thresholds", "check", str(top["value"]), "--region", "嘉定", "--json")
    assert at.code == LEVEL_EXIT_CODES[at.json["level"]["code"]] == at.json["exit_code"]
    assert at.json["level"]["code"] == top["level"]
    calm = str(round(0.9 * min(x["value"] for x in lines)))
    low = published("thresholds", "check", calm, "--region", "嘉定")
    assert (low.code, "无预警" in low.out, "演示数据" in low.out) == (0, True, True)
    odd = published("thresholds", "check", calm, "--region", "嘉定", "--month", "2031-01")
    assert odd.code == EXIT_USAGE


def test_an_impossible_figure_is_refused_with_what_it_means(published: Forecast) -> None:
    """万人 for 人, a missing digit, one too many: never an all-clear."""
    latest = published("thresholds", "show", "--region", "嘉定", "--json").json["latest"]
    slips = {latest / 10_000: "以万人为单位", latest // 10: "少写了一位", latest * 10: "多写了一位"}
    for slip, meaning in slips.items():
        done = published("thresholds", "check", str(slip), "--region", "嘉定")
        assert (done.code, meaning in done.err) == (EXIT_BAD_DATA, True)
    again = published("thresholds", "check", str(latest), "--region", "嘉定")
    assert (again.code, "2026-10 的公布数完全相同" in again.err) == (EXIT_BAD_DATA, True)
    near = f"{(latest + 1) / 10_000}万"
    meant = published("thresholds", "check", near, "--region", "嘉定", "--json")
    assert meant.json["value"] == latest + 1
    low = published("thresholds", "check", "1", "--region", "嘉定", "--confirmed")
    assert (low.code, "无预警" in low.out) == (0, True)


@pytest.mark.parametrize("figure", ["nan", "inf", "-inf"])
def test_a_figure_that_is_no_number_is_refused(forecast: Forecast, figure: str) -> None:
    done = forecast("thresholds", "check", "--region", "嘉定", "--", figure)
    assert done.code == EXIT_USAGE
    assert "不能读成一个数" in done.err


def test_an_unknown_region_is_not_called_unpublished(forecast: Forecast) -> None:
    assert forecast("thresholds", "show", "--region", "火星").code == EXIT_UNKNOWN_NAME
    assert forecast("thresholds", "show", "--region", "徐汇").code == EXIT_NO_THRESHOLDS
    named = forecast("thresholds", "show", "--region", "徐汇", "--indicator", "new_jobs")
    assert "没有发布过“徐汇区”的“城镇新增就业”的预警线" in named.err


def test_check_is_fast_because_nothing_heavy_is_imported(published: Forecast, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "employment_forecast.cli.main",
         "thresholds", "check", "1", "--region", "嘉定", "--confirmed"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"FORECAST_HOME": str(home), "FORECAST_TODAY": "2026-11-20", "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not imported & {"pandas", "numpy", "sqlalchemy", "mlflow", "rich"}


def test_stale_and_missing_thresholds_are_refused(published: Forecast) -> None:
    late = published(
        "thresholds", "check", "1", "--region", "嘉定", env={"FORECAST_TODAY": "2027-03-01"}
    )
    assert late.code == EXIT_NO_THRESHOLDS
    assert "已过期" in late.err
    none = published("thresholds", "check", "1", "--region", "徐汇", "--json")
    assert (none.code, none.json["error"]["code"]) == (EXIT_NO_THRESHOLDS, "no_thresholds")


def test_export_in_every_format(published: Forecast, tmp_path: Path) -> None:
    for form in ("json", "csv", "xlsx"):
        done = published(
            "thresholds", "export", "--region", "嘉定", "--output", str(tmp_path / f"线.{form}")
        )
        assert done.code == 0, done.err
    document = json.loads((tmp_path / "线.json").read_text("utf-8"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "线.csv").read_text("utf-8-sig"))))
    assert len(rows) == len(document["lines"])
    assert {row["demo"] for row in rows} == {"演示数据"}
    sheet = load_workbook(tmp_path / "线.xlsx").active
    assert sheet.max_row == len(rows) + 1
    odd = published(
        "thresholds", "export", "--region", "嘉定", "--output", str(tmp_path / "线.doc")
    )
    assert odd.code == EXIT_USAGE


@pytest.mark.soak
def test_a_failed_export_leaves_no_copy_that_looks_new(
    published: Forecast, home: Path, tmp_path: Path
) -> None:
    call = ("thresholds", "export", "--region", "嘉定", "--output")
    copy = tmp_path / "线.json"
    assert published(*call, str(copy)).code == 0
    current = home / "thresholds" / "registered_unemployed.310114.json"
    assert copy.read_bytes() == current.read_bytes()
    (home / "mlruns" / "mlflow.db").write_bytes(b"not a database")
    failed = published(*call, str(copy))
    assert failed.code == 6
    assert copy.read_bytes() == current.read_bytes()
    document = json.loads(copy.read_text("utf-8"))
    assert (document["state"], document["lines"]) == ("failed", [])
    assert "MLflow" in document["state_reason"]
    # Nothing is made where nothing was.
    published(*call, str(tmp_path / "新.csv"))
    assert not (tmp_path / "新.csv").exists()


@pytest.mark.soak  # beside the cycle it is tested too
def test_a_broken_store_leaves_no_lines_that_look_new(published: Forecast, home: Path) -> None:
    (home / "observations.db").write_bytes(b"x" * 4096)
    assert published("thresholds", "export", "--region", "嘉定").code == EXIT_STORAGE
    assert published("thresholds", "check", "11400", "--region", "嘉定").code == EXIT_NO_THRESHOLDS
    assert "更新失败" in published("thresholds", "show", "--region", "嘉定").out


def test_without_a_champion_nothing_is_published(used: Forecast, home: Path) -> None:
    done = used("thresholds", "export", "--region", "嘉定")
    assert done.code == EXIT_NO_THRESHOLDS
    assert not (home / "thresholds").exists() or not list((home / "thresholds").glob("*.json"))


def test_warnings_are_kept(published: Forecast) -> None:
    first = published("warnings", "issue", "--region", "嘉定", "--json").json["warnings"]
    assert all(w["new"] for w in first)
    again = published("warnings", "issue", "--region", "嘉定", "--json").json["warnings"]
    assert not any(w["new"] for w in again)
    kept = published("warnings", "history", "--json").json["warnings"]
    levels = [(w["level"], w["outcome_name"]) for w in kept if w["kind"] == "level"]
    assert levels == [(first[0]["level"], "待定")]
    assert [w["outcome_name"] for w in kept if w["kind"] == "sample"] == ["不计分"]
    sample = published("warnings", "sample", "--region", "嘉定", "--json").json
    assert sample["demo"] is True
    assert sample["firms"]
    none = published("warnings", "sample", "--region", "徐汇")
    assert none.code == 4
    assert "没有监测企业上报" in none.err


def test_schema_is_printed(forecast: Forecast) -> None:
    assert json.loads(forecast("thresholds", "schema").out)["title"]
