"""An office of a region with demonstration data brings its own figures of another indicator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from employment_forecast.cli.forecasts.run_many import parts_with_data
from employment_forecast.data.workspace import Session, Workspace
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.cycle.series import series_to_do
from employment_forecast.experiments.library.workspace import OpenWorkspace
from employment_forecast.experiments.site.publishing import site_series

Forecast = Callable[..., Any]
PLACE = ("--region", "江夏")
COUNT, RATE = "registered_unemployed", "registered_unemployment_rate"
SAID = (
    "江夏区的登记失业率没有真实数据，改用有真实数据的登记失业人数；"
    "仍要用前者请加 --indicator registered_unemployment_rate。\n"
)
CHEAP = '[run]\nmodels = ["random_walk"]\norigins = 9\npaths = 200\njobs = 1\n'


def good(ran: Any) -> Any:
    assert ran.code == 0, ran.err + ran.out
    return ran


def month_file(folder: Path) -> Path:
    """Counts of five years, up to October 2026."""
    rows = [
        f"江夏区,{2021 + k // 12}-{k % 12 + 1:02d},{11_000 + 37 * k + 211 * (k % 5)}"
        for k in range(10, 70)
    ]
    file = folder / "江夏.csv"
    file.write_text("\n".join(["地区,月份,登记失业人数（人）", *rows]), "utf-8")
    return file


@pytest.mark.soak  # the rule is tested beside the workspace
def test_her_own_figures_take_the_place_of_demonstration_data(
    forecast: Forecast, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "forecast.toml").write_text(CHEAP, "utf-8")
    demonstration = good(forecast("run", *PLACE, "--promote", "--json"))
    assert demonstration.json["indicator"] == RATE
    assert "真实数据" not in demonstration.err
    good(forecast("thresholds", "export", *PLACE))
    rates = good(forecast("thresholds", "show", *PLACE, "--json")).json
    assert (rates["indicator"], rates["demo"]) == (RATE, True)
    (page,) = _files(home, good(forecast("bulletin", *PLACE, "--format", "md")))

    good(forecast("data", "import", str(month_file(tmp_path))))
    ran = good(forecast("run", *PLACE, "--promote", "--json"))
    assert (ran.json["indicator"], ran.json["demo"]) == (COUNT, False)
    assert ran.err.count(SAID) == 1
    named = good(forecast("data", "show", *PLACE, "--indicator", RATE, "--json"))
    assert {row["indicator"] for row in named.json["observations"]} == {RATE}
    assert "真实数据" not in named.err

    cap = ("--value", "15000", "--period", "2026", "--basis", "各月")
    good(forecast("caps", "set", *PLACE, *cap, "--tier", "区", "--source", "某文号"))
    exported = good(forecast("thresholds", "export", *PLACE, "--json")).json
    assert (exported["indicator"], exported["demo"]) == (COUNT, False)
    assert exported["region"]["default_indicator"] == COUNT
    assert good(forecast("thresholds", "check", "13900", *PLACE, "--json")).json["demo"] is False
    held = good(forecast("thresholds", "show", *PLACE, "--indicator", RATE, "--json")).json
    assert held["lines"] == rates["lines"]

    # The name of a bulletin once written stays: the count's has another.
    (own,) = _files(home, good(forecast("bulletin", *PLACE, "--format", "md")))
    assert page.name == "江夏区2026年10月就业失业月报.md"
    assert own.name == "江夏区2026年10月就业失业月报（登记失业人数）.md"
    assert "演示数据" in page.read_text("utf-8")
    assert "演示数据" not in own.read_text("utf-8")

    (done,) = good(forecast("monthly", "--regions", "江夏", "--json")).json["regions"]
    assert done["indicator"] == COUNT
    out = tmp_path / "结果"
    quick = good(forecast("quickstart", *PLACE, "--output", str(out)))
    assert f"$ forecast run --region 江夏区 --output {out}" in quick.out
    assert json.loads((out / "forecast.json").read_text("utf-8"))["indicator"] == COUNT
    asked = forecast("quickstart", *PLACE, "--indicator", RATE, "--output", str(out))
    assert f"--indicator {RATE}" in good(asked).out
    assert json.loads((out / "forecast.json").read_text("utf-8"))["indicator"] == RATE
    _every_way_of_asking_agrees(home)


def _files(home: Path, ran: Any) -> list[Path]:
    written = [line.removeprefix("已写出：") for line in ran.out.splitlines() if "已写出：" in line]
    assert all(str(home) in file for file in written)
    return [Path(file) for file in written]


def _every_way_of_asking_agrees(home: Path) -> None:
    session = Session(Workspace(home), Settings())
    try:
        chosen = ("420115", COUNT)
        shown = {(s.region.code, s.indicator.code) for s in site_series(session)}
        assert chosen in shown
        assert ("420115", RATE) not in shown
        assert ("330900", RATE) in shown
        assert [(r.code, i.code) for r, i in series_to_do(session)][-1] == chosen
        (part,) = parts_with_data(session, ["武汉"], None)
        assert (part.region.code, part.indicator.code) == chosen
        name = OpenWorkspace(session).series("江夏").name
        assert (name.region.code, name.indicator.code) == chosen
    finally:
        session.store.close()
