"""Trees that cannot add up: each has a rule and a message, and none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.trees import DISTRICT, EMPTY, STREETS, street_values

Forecast = Callable[..., Any]
ALL = {**STREETS, **EMPTY}
SETTINGS = '[run]\nmodels = ["random_walk"]\norigins = 6\npaths = 200\n'


def streets(regions: Mapping[str, str]) -> str:
    return "".join(
        f'[[regions]]\ncode = "{code}"\nname = "{name}"\nparent = "{DISTRICT}"\nlevel = "street"\n'
        for code, name in regions.items()
    )


def fill(
    home: Path, forecast: Forecast, regions: Mapping[str, str], figures: Mapping[str, np.ndarray]
) -> None:
    """Import months up to 2026-10 of some regions."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "forecast.toml").write_text(SETTINGS + streets(regions), "utf-8")
    rows = [
        (region, month, int(value))
        for region, values in figures.items()
        for month, value in zip(
            pd.period_range(end="2026-10", periods=len(values), freq="M"), values, strict=True
        )
    ]
    file = home / "街镇.csv"
    pd.DataFrame(rows, columns=["地区", "月份", "登记失业人数"]).to_csv(file, index=False)
    done = forecast("data", "import", str(file), "--yes")
    assert done.code == 0, done.err


@pytest.mark.soak
def test_a_street_without_history_is_named_and_nothing_stands_in_for_it(
    home: Path, forecast: Forecast
) -> None:
    values = street_values(20)
    fill(home, forecast, ALL, {STREETS[code]: v for code, v in values.items()})
    ran = forecast("run", "--region", "徐汇", "--with-parts")
    assert ran.code == 7
    assert "2026-10 缺丁镇，没有汇总" in ran.err
    alone = forecast("run", "--region", "甲街道", "--json")
    assert alone.code == 0, alone.err


@pytest.mark.soak
def test_parts_that_never_add_up_one_nearly_all_one_nobody_and_two_young(
    home: Path, forecast: Forecast
) -> None:
    values = street_values(24)
    small = {code: np.round(figures / 5) for code, figures in values.items()}
    large = {"甲街道": 40 * small["310104001"], "乙街道": small["310104002"]}
    # The last two are younger than the whole's series.
    young = {"丙镇": small["310104003"][6:], "丁镇": np.zeros(18)}
    whole = 1.03 * (large["甲街道"] + large["乙街道"] + small["310104003"])
    fill(home, forecast, ALL, {**large, **young, "徐汇": whole})
    ran = forecast("run", "--region", "徐汇", "--with-parts", "--json")
    assert ran.code == 0, ran.err
    tree = ran.json["tree"]
    assert tree["reconciled"] is False
    assert any("相差的中位数为 2.9 %，超过 2 %" in note for note in tree["notes"])
    assert len(tree["parts"]) == 4
    assert any("甲街道占总数" in note for note in ran.json["parts"]["notes"])
    assert any("多数月份少 2.9%" in note for note in ran.json["notes"])


@pytest.mark.soak  # what a sum stands in for is tested beside the store
def test_streets_older_than_the_whole_reach_back_as_its_sum(home: Path, forecast: Forecast) -> None:
    values = street_values(24)
    whole = np.sum(list(values.values()), axis=0)[-8:]
    named = {STREETS[code]: v for code, v in values.items()}
    fill(home, forecast, STREETS, {**named, "徐汇": whole})
    ran = forecast("run", "--region", "徐汇", "--with-parts", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["data_start"] == "2024-11"
    assert any(n.startswith("汇总：2024-11 至 2026-02 由 3 个") for n in ran.json["notes"])
    assert ran.json["tree"]["reconciled"] is True


@pytest.mark.soak
def test_forty_streets_of_eighteen_months(home: Path, forecast: Forecast) -> None:
    names = {f"3101042{at:02d}": f"第{at}街道" for at in range(40)}
    rng = np.random.default_rng(2)
    figures = {
        name: np.round(rng.uniform(20, 900) + rng.normal(0, 5, 18)) for name in names.values()
    }
    fill(home, forecast, names, figures)
    ran = forecast("run", "--region", "徐汇", "--with-parts", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    tree = ran.json["tree"]
    assert tree["reconciled"] is True
    assert "默认协调" in tree["choice"]["reason"]
    assert len(tree["parts"]) == 40
    for at, row in enumerate(ran.json["forecast"]):
        parts = sum(part["forecast"][at]["mean"] for part in tree["parts"])
        assert row["mean"] == pytest.approx(parts, abs=20)  # each is rounded to whole people
