from __future__ import annotations

from pathlib import Path


def test_features_as_table_and_picture(forecast, tmp_path: Path) -> None:
    file = tmp_path / "图.png"
    done = forecast("features", "--region", "嘉定", "--plot", str(file))
    assert done.code == 0, done.err
    for words in ("登记失业人数", "演示数据", "春节前", "工作日", "求人倍率", "监测企业岗位指数"):
        assert words in done.out
    assert "2026-10" in done.out
    assert file.read_bytes().startswith(b"\x89PNG")


def test_features_as_json_on_a_day(forecast) -> None:
    done = forecast(
        "features", "--region", "徐汇", "--indicator", "新增就业", "--as-of", "2025-02-25", "--json"
    )
    assert done.code == 0, done.err
    content = done.json
    assert content["indicator"] == "new_jobs"
    # January comes out with February.
    assert content["data_month"] == "2024-12"
    assert content["plot"] is None
    assert [row["indicator"] for row in content["indicators"]] == [
        "registered_unemployed", "registered_unemployment_rate",
    ]  # fmt: skip
    assert content["indicators"][0]["lag_months"] == -1
    assert any("合计不变" in note for note in content["notes"])


def test_features_of_nothing(forecast) -> None:
    done = forecast("features", "--region", "嘉定", "--as-of", "1999-01-01", "--json")
    assert done.code == 4
    assert done.json["error"]["message"]


def test_the_festival_is_compared_in_one_back_test(forecast) -> None:
    done = forecast("features", "--region", "全国", "--compare-festival", "--origins", "8")
    assert done.code == 0, done.err
    for words in ("不用春节变量", "默认窗口", "AICc选窗口", "程序做法", "春节窗口"):
        assert words in done.out
    assert "演示数据" not in done.out


def test_the_comparison_as_json(forecast) -> None:
    done = forecast(
        "features", "--region", "嘉定", "--compare-festival", "--origins", "4", "--json"
    )  # fmt: skip
    assert done.code == 0, done.err
    compared = done.json["festival_comparison"]
    assert compared["demo"] is True
    assert [v["policy"] for v in compared["variants"]] == [
        "none", "default", "chosen", "automatic",
    ]  # fmt: skip
    assert compared["variants"][0]["difference"] == 0
    assert done.json["effects"]["windows"]["before"] == [-7, -1]
