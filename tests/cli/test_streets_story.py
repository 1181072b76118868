"""A new user's story: streets registered, one sheet imported, the district run and reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from employment_forecast.forecasting.bulletin.text.figures import show

SETTINGS = """
[run]
models = ["theta"]
origins = 9
paths = 200
jobs = 1

[[regions]]
code = "310114901"
name = "东街道"
parent = "310114"
level = "street"

[[regions]]
code = "310114902"
name = "西街道"
parent = "310114"
level = "street"

[[regions]]
code = "310114903"
name = "南镇"
parent = "310114"
level = "street"
"""


def sheet(home: Path, *, total: bool) -> Path:
    """46 months of three streets as columns; the last month by hand: 300 + 400 + 310."""
    lines = ["嘉定区各街镇登记失业人数（人）", "月份,东街道,西街道,南镇" + ",合计" * total]
    for at in range(46):
        values = [300 + 5 * (at % 12), 400 + 3 * (at % 7), 265 + at]
        if at == 45:
            values = [300, 400, 310]
        cells = [*values, *([sum(values)] if total else [])]
        lines.append(f"{2023 + at // 12}-{at % 12 + 1:02d}," + ",".join(map(str, cells)))
    file = home / "街镇.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.mark.soak  # the run alone is told in forecasts/test_with_parts.py
@pytest.mark.parametrize("total", [True, False], ids=["with a total", "without"])
def test_a_district_is_the_sum_of_its_streets(forecast: Any, home: Path, total: bool) -> None:
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    brought = forecast("data", "import", str(sheet(home, total=total)))
    assert brought.code == 0, brought.err
    assert ("合计作为嘉定区自己的数导入" in brought.out + brought.err) == total
    asked = ("caps", "set", "--region", "嘉定", "--tier", "区", "--value", "1040")
    cap = forecast(*asked, "--period", "2027", "--basis", "各月", "--source", "区府〔2026〕9号")
    assert cap.code == 0, cap.err
    ran = forecast("run", "--region", "嘉定", "--with-parts", "--promote", "--json")
    assert ran.code == 0, ran.err
    content = ran.json
    assert (content["latest"], content["data_month"], content["demo"]) == (1010, "2026-10", False)
    summed = any(note.startswith("汇总：2023-01 至 2026-10 由 3 个") for note in content["notes"])
    assert summed == (not total)
    rows = {row["name"]: row for row in content["parts"]["parts"]}
    assert {name: row["value"] for name, row in rows.items()} == {
        "东街道": 300,
        "西街道": 400,
        "南镇": 310,
    }
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1, abs=1e-3)
    # The probability is that of paths that add up, and those of the parts are in the same table.
    tree = content["tree"]
    assert tree["reconciled"] is True
    for at, row in enumerate(content["forecast"]):
        means = [part["forecast"][at]["mean"] for part in tree["parts"]]
        assert row["mean"] == pytest.approx(sum(means), abs=2)
    assert 0 <= content["caps"][0]["p_any"] <= 1
    if total:
        return
    text = forecast(
        "bulletin", "--region", "嘉定", "--format", "md", "--output", str(home / "月报")
    )
    assert text.code == 0, text.err
    (file,) = (home / "月报").glob("*月报.md")
    written = file.read_text("utf-8")
    assert "| 西街道 | 400 | 39.6% |" in written
    ahead = tree["breadth"][2]
    assert "扩散面预测" in written
    assert f"| 2027年1月 | {show(ahead['mean'], 'per_cent', 0)} |" in written


def test_a_street_that_is_missing_is_named_and_no_demonstration_data_stand_in(
    forecast: Any, home: Path
) -> None:
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    file = home / "一街.csv"
    file.write_text("地区,月份,登记失业人数(人)\n东街道,2026-10,300\n", "utf-8")
    assert forecast("data", "import", str(file)).code == 0
    ran = forecast("run", "--region", "嘉定", "--dry-run")
    assert ran.code == 4
    assert "2026-10 缺西街道、南镇，没有汇总" in ran.err
