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
        "registered_unemployed",
        "registered_unemployment_rate",
    ]
    assert content["indicators"][0]["lag_months"] == -1
    assert any("合计不变" in note for note in content["notes"])


def test_features_of_nothing(forecast) -> None:
    done = forecast("features", "--region", "嘉定", "--as-of", "1999-01-01", "--json")
    assert done.code == 4
    assert done.json["error"]["message"]


def test_demonstration_indicators_beside_real_figures_are_said_to_be_that(
    forecast, tmp_path: Path
) -> None:
    rows = [f"嘉定区,{2024 + i // 12}年{i % 12 + 1}月,{11000 + 37 * (i % 9)}" for i in range(24)]
    file = tmp_path / "登记失业.csv"
    file.write_text("\n".join(["地区,月份,登记失业人数", *rows]), "utf-8")
    assert forecast("data", "import", str(file), "--yes").code == 0
    done = forecast("features", "--region", "嘉定")
    said = "".join(done.out.replace("│", "").split())
    assert "求人倍率" in said
    assert "是演示数据，不与真实数据合用，未作先行指标" in said
    assert "先行指标：其他已入库的指标都不可用，原因见上。" in done.out
