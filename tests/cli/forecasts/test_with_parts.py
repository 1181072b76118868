"""`forecast run --with-parts` and `forecast caps allocate` on a district and its streets."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from support.trees import DISTRICT, EMPTY, STREETS, street_values

Forecast = Callable[..., Any]
PARTS = {code: name for code, name in {**STREETS, **EMPTY}.items() if name != "乙街道"}
SETTINGS = '[run]\nmodels = ["random_walk"]\norigins = 9\npaths = 200\n' + "".join(
    f'[[regions]]\ncode = "{code}"\nname = "{name}"\nparent = "{DISTRICT}"\nlevel = "street"\n'
    for code, name in PARTS.items()
)


@pytest.fixture
def streets(home: Path, forecast: Forecast) -> Forecast:
    """Real figures of three streets, one of them empty; the district is their sum."""
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    months = pd.period_range(end="2026-10", periods=48, freq="M")
    values = street_values(48) | {each: np.zeros(48) for each in EMPTY}
    rows = [
        (name, month, int(value))
        for code, name in PARTS.items()
        for month, value in zip(months, values[code], strict=True)
    ]
    file = home / "街镇.csv"
    pd.DataFrame(rows, columns=["地区", "月份", "登记失业人数"]).to_csv(file, index=False)
    assert forecast("data", "import", str(file)).code == 0
    return forecast


def test_a_district_with_its_streets_adds_up_and_is_promoted(streets: Forecast) -> None:
    ran = streets("run", "--region", "徐汇", "--with-parts", "--promote", "--json")
    assert ran.code == 0, ran.err
    content, tree = ran.json, ran.json["tree"]
    assert tree["reconciled"] is True
    assert content["coherence"]["members"] == [DISTRICT, *PARTS]
    assert [part["version"] for part in tree["parts"]] == ["1", "1", "1"]
    assert sum(part["share"] for part in tree["parts"]) == pytest.approx(1)
    for at, row in enumerate(content["forecast"]):
        parts = sum(part["forecast"][at]["mean"] for part in tree["parts"])
        assert row["mean"] == pytest.approx(parts, abs=3)  # each is rounded to whole people
    assert any("已与上下级协调" in note for note in content["notes"])
    empty = tree["parts"][-1]
    assert (empty["region"]["name"], empty["model"]) == ("丁镇", "random_walk")
    assert any("全是 0人" in note for note in empty["notes"])
    alone = streets("run", "--region", "甲街道", "--with-parts")
    assert alone.code == 2
    assert "没有可以相加的下级" in alone.err


@pytest.mark.soak
def test_a_version_of_a_street_is_verified_with_the_others(streets: Forecast) -> None:
    assert streets("run", "--region", "徐汇", "--with-parts", "--promote").code == 0
    verified = streets("models", "verify", "--region", "甲街道", "--json")
    assert verified.json["state"] == "equal"


def test_a_cap_is_shared_out_saved_as_a_proposal_and_imported(
    streets: Forecast, tmp_path: Path
) -> None:
    file = tmp_path / "提议.csv"
    asked = ("caps", "allocate", "--region", "徐汇", "--period", "2027", "--output", str(file))
    ran = streets(*asked, "--value", "1万", "--keep", "丙镇=310", "--json", "--format", "xlsx")
    assert ran.code == 0, ran.err
    book = load_workbook(file.with_suffix(".xlsx"))["分解提议"]
    (kept,) = [row for row in book.iter_rows(values_only=True) if row[0] == "丙镇（已定）"]
    assert kept[1] == kept[4] == 310
    rules = {rule["rule"]: rule for rule in ran.json["rules"]}
    caps = [part["cap"] for part in rules["equal-risk"]["parts"]]
    assert sum(caps) == 10000
    assert caps[1] == 310
    assert 0 <= caps[2] <= 5
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [int(row["数值"]) for row in rows] == caps
    assert streets("caps", "list", "--region", "甲街道", "--json").json == {"targets": []}
    assert streets("caps", "import", str(file), "--json").json == {"recorded": 3}
    again = streets(*asked, "--value", "10000", "--rule", "last-year")
    assert again.code == 2
    assert "没有上年同期的控制数" in again.err
    for words, said in (
        (("--value", "10万"), "是否多写了一位"),
        (("--value", "1万", "--keep", "丙镇=²"), "不能读成一个数"),
        (("--value", "1万", "--keep", "丙镇=3100"), "3,100人 不像是它的目标数"),
        (("--value", "1万", "--keep", "丙镇=310", "--keep", "丙镇=300"), "每个下级一次"),
        (("--value", "1万", "--basis", "当月"), "不是一个月，不能按当月考核"),
    ):
        refused = streets(*asked, *words)
        assert refused.code in (2, 4)
        assert said in refused.err


@pytest.mark.soak
def test_women_and_men_add_up_to_the_district(home: Path, forecast: Forecast) -> None:
    home.mkdir(parents=True)
    short = '[run]\nmodels = ["random_walk"]\norigins = 9\npaths = 200\n'
    (home / "forecast.toml").write_text(short, "utf-8")
    whole = np.sum(list(street_values(36).values()), axis=0)
    lines = ["徐汇区（人）", "月份,登记失业人数,其中：女,其中：男,其中：毕业生"]
    for at, month in enumerate(pd.period_range(end="2026-10", periods=36, freq="M")):
        women = round(0.4 * whole[at]) + at % 5
        lines.append(f"{month},{whole[at]:.0f},{women},{whole[at] - women:.0f},{900 + at}")
    file = home / "群体.csv"
    file.write_text("\n".join(lines), "utf-8")
    done = forecast("data", "import", str(file), "--yes")
    assert done.code == 0, done.err
    ran = forecast("run", "--region", "徐汇", "--with-parts", "--promote", "--json")
    assert ran.code == 0, ran.err
    tree = ran.json["tree"]
    assert tree["reconciled"] is True
    assert ran.json["coherence"]["members"] == [DISTRICT, f"{DISTRICT}/women", f"{DISTRICT}/men"]
    assert [part["group"]["name"] for part in tree["parts"]] == ["女性", "男性"]
    assert "女性、男性合起来等于总数，不与各地区相加" in tree["notes"]
    assert tree["breadth"] is None
    for at, row in enumerate(ran.json["forecast"]):
        total = sum(part["forecast"][at]["mean"] for part in tree["parts"])
        assert row["mean"] == pytest.approx(total, abs=3)
    served = forecast("predict", "--region", "徐汇", "--group", "女", "--json")
    expected = [each["mean"] for each in tree["parts"][0]["forecast"]]
    assert [each["mean"] for each in served.json["rows"]] == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            'code = "310104001"\nname = "甲街道"\nparent = "310114"\nlevel = "street"\n',
            "两个上级",
        ),
        (
            'code = "310104"\nname = "徐汇区"\nparent = "310104001"\nlevel = "district"\n',
            "绕成了圈",
        ),
    ],
)
def test_a_tree_that_cannot_be_is_refused_with_its_region(
    home: Path, forecast: Forecast, more: str, said: str
) -> None:
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text(f"{SETTINGS}[[regions]]\n{more}", "utf-8")
    ran = forecast("run", "--region", "嘉定")
    assert ran.code == 5
    assert said in ran.err
    assert "forecast.toml" in ran.err
