"""Part-month figures through the command line: import, nowcast, run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FLOORS = ("--models", "random_walk")


def tables(folder: Path) -> tuple[Path, Path]:
    """Five years of a monthly stock to 2026-10, and its figures of the 20th to 2026-11."""
    rng = np.random.default_rng(4)
    months = pd.period_range("2021-11", "2026-11", freq="M")
    values = np.round(12_000 * np.exp(np.cumsum(rng.normal(0, 0.02, len(months)))))
    monthly = [f"嘉定,{m},{v:.0f}" for m, v in zip(months[:-1], values, strict=False)]
    parts = [f"嘉定,{m}-20,{v + 12:.0f}" for m, v in zip(months, values, strict=True)]
    files = folder / "月报.csv", folder / "月中.csv"
    files[0].write_text("地区,月份,登记失业人数\n" + "\n".join(monthly) + "\n", "utf-8")
    files[1].write_text("地区,截至日期,登记失业人数\n" + "\n".join(parts) + "\n", "utf-8")
    return files


@pytest.mark.soak  # the library, which the same is asked of, holds it against the command
def test_the_month_in_progress(forecast, home, tmp_path):
    home.mkdir()
    (home / "forecast.toml").write_text("[run]\norigins = 6\njobs = 1\n", "utf-8")
    monthly, parts = tables(tmp_path)
    day = {"FORECAST_TODAY": "2026-11-24"}
    assert forecast("data", "import", str(monthly), env=day).code == 0
    asked = ("nowcast", "--region", "嘉定", *FLOORS, "--json")
    plain = forecast(*asked, env=day).json
    assert plain["nowcast"] is None
    told = forecast("data", "import", str(parts), env=day)
    assert told.code == 0
    assert "月中数 61 个" in told.out
    known = forecast(*asked, env=day).json
    (month,) = known["nowcast"]["months"]
    assert month["month"] == "2026-11"
    assert month["narrower"] > 0.5
    assert known["forecast"][0]["q50"] == month["with"]["q50"]
    assert plain["forecast"][0]["q50"] == month["without"]["q50"]
    # The figure became known on the 23rd.
    before = forecast(*asked, "--as-of", "2026-11-22", env=day).json
    assert before["forecast"] == plain["forecast"]
    run = forecast("run", "--region", "嘉定", *FLOORS, "--json", env=day).json
    assert run["forecast"][0] == known["forecast"][0]
    assert any("月中数已知截至 2026-11-20" in note for note in run["notes"])
    printed = forecast("nowcast", "--region", "嘉定", *FLOORS, env=day)
    assert "往月从同一工作日到月末的经验" in printed.out
