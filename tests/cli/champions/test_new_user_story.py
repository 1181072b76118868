"""A new user's own months from the file to the bulletin, and a revised figure: recomputed.

What the model serves is taken as it is; what the commands say of it is worked out here again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Forecast = Callable[..., Any]
PLACE = ("--region", "嘉定")
SMALL = '[run]\nmodels = ["theta"]\norigins = 8\npaths = 300\njobs = 1\n'
# The forecast begins in November 2026.
THIS_YEAR, NEXT_YEAR = slice(0, 2), slice(2, 14)


def good(ran: Any) -> Any:
    assert ran.code == 0, ran.err + ran.out
    return ran


def figures_of(months: int) -> list[int]:
    """So many months up to October 2026: a season of 3 % and small steps."""
    rng = np.random.default_rng(months)
    at = np.arange(months)
    walk = rng.normal(0, 0.008, months).cumsum()
    season = 0.03 * np.cos(2 * np.pi * ((9 - months + 1 + at) % 12 - 1) / 12)
    return [round(v) for v in 8_200 * np.exp(walk - walk[-1] + season - season[-1])]


def month_file(folder: Path, name: str, values: list[int]) -> Path:
    first = 2026 * 12 + 10 - len(values)
    rows = [f"{(first + i) // 12}年{(first + i) % 12 + 1}月,{v}" for i, v in enumerate(values)]
    file = folder / f"{name}.csv"
    file.write_text("\n".join(["月份,登记失业人数（人）", *rows]), "utf-8")
    return file


def chance(text: str, before: str) -> str:
    """What stands behind some words of a bulletin, up to the bracket."""
    return text.split(before, 1)[1].split("（", 1)[0]


def said(share: float) -> str:
    percent = 100 * round(share, 3)
    return "不到1%" if percent < 0.5 else "在99%以上" if percent > 99.5 else f"为{percent:.0f}%"


def served(forecast: Forecast) -> npt.NDArray[np.float64]:
    rows = good(forecast("predict", *PLACE, "--what", "paths", "--json")).json["rows"]
    return np.asarray(np.floor(np.array([list(row.values()) for row in rows]) + 0.5))


def told(forecast: Forecast, folder: Path, values: list[int], cap: int) -> str:
    """Hold run, feed and bulletin against the paths; gives the bulletin."""
    run = good(forecast("run", *PLACE, "--promote", "--json")).json
    good(forecast("thresholds", "export", *PLACE))
    feed = good(forecast("thresholds", "show", *PLACE, "--json")).json
    paths = served(forecast)
    year = (paths[:, THIS_YEAR] > cap).any(axis=1).mean()
    end = (paths[:, 1] > cap).mean()
    later = (paths[:, NEXT_YEAR] > cap + 200).any(axis=1).mean()
    for document in (run["caps"], feed["caps"]):
        rows = {(c["basis"], c["period"]): c for c in document}
        assert set(rows) == {("any_month", "2026"), ("period_end", "2026"), ("any_month", "2027")}
        assert rows["any_month", "2026"]["p_any"] == round(year, 3)
        assert rows["period_end", "2026"]["p_end"] == round(end, 3)
        assert rows["any_month", "2027"]["p_any"] == round(later, 3)
        assert rows["any_month", "2026"]["headroom"] == cap - values[-1]
    assert run["gate"]["passed"]
    assert (feed["state"], feed["latest"]) == ("current", values[-1])
    good(forecast("bulletin", *PLACE, "--format", "md", "--output", str(folder)))
    (text,) = (f.read_text("utf-8") for f in folder.glob("*.md"))
    assert chance(text, f"2026年内突破市控制数（{cap}人以内）的概率") == said(year)
    assert chance(text, f"2026年末突破市控制数（{cap}人以内）的概率") == said(end)
    assert chance(text, f"2027年内突破区控制数（{cap + 200}人以内）的概率") == said(later)
    higher = (paths[:, 0] > values[-1]).mean()
    assert chance(text, "高于2026年10月水平的概率") == said(higher)
    assert f"登记失业人数{values[-1]}人，" in text
    return str(text)


def slips(forecast: Forecast, values: list[int], right: int) -> None:
    """The right figure is answered; a slip never ends in an all-clear."""
    answer = forecast("thresholds", "check", str(right), *PLACE, "--json")
    wanted = [row["reached"] for row in answer.json["lines"]]
    limits = [row["value"] for row in answer.json["lines"]]
    assert wanted == [v is not None and right >= v for v in limits]
    for slip, meaning in (
        (right / 10_000, "以万人为单位"),
        (right // 10, "少写了一位"),
        (values[-1], "误用了 2026-10 的公布数"),
    ):
        refused = forecast("thresholds", "check", str(slip), *PLACE)
        assert (refused.code, meaning in refused.err) == (4, True), refused.err


def begin(forecast: Forecast, folder: Path, values: list[int], cap: int) -> None:
    good(forecast("data", "import", str(month_file(folder, "各月", values)), *PLACE))
    for tier, number, period, basis in (
        ("市", cap, "2026", "各月"), ("市", cap, "2026", "期末"), ("区", cap + 200, "2027", "各月"),
    ):  # fmt: skip
        given = ("--tier", tier, "--value", str(number), "--period", period, "--basis", basis)
        good(
            forecast(
                "caps", "set", *PLACE, *given, "--source", "文", "--announced-on", "2026-11-01"
            )
        )


def change_cap(forecast: Forecast, cap: int, right: int) -> None:
    """Lines drawn for another cap are no longer given as current."""
    given = ("--tier", "市", "--value", str(cap - 20), "--period", "2026", "--basis", "各月")
    good(forecast("caps", "set", *PLACE, *given, "--source", "改", "--announced-on", "2026-11-15"))
    changed = forecast("thresholds", "check", str(right), *PLACE)
    assert (changed.code, "控制数有变动" in changed.err) == (13, True)


def revise(forecast: Forecast, folder: Path, values: list[int], right: int) -> None:
    """A revision is asked for by name; then the lines of before are no longer given as current."""
    values[-1] += 40
    revised = str(month_file(folder, "修订", values))
    assert forecast("data", "import", revised, *PLACE).code == 4
    good(forecast("data", "import", revised, *PLACE, "--revise"))
    stale = forecast("thresholds", "check", str(right), *PLACE)
    assert (stale.code, "2026-10 的数据已修订" in stale.err) == (13, True)


@pytest.mark.soak  # what makes lines stale is tested beside the feed
def test_lines_are_no_longer_current_after_a_change(
    forecast: Forecast, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    (home / "forecast.toml").write_text(SMALL, "utf-8")
    values = figures_of(36)
    cap, right = max(values[-10:]) + 30, values[-1] + 7
    begin(forecast, tmp_path, values, cap)
    good(forecast("run", *PLACE, "--promote"))
    good(forecast("thresholds", "export", *PLACE))
    change_cap(forecast, cap, right)
    good(forecast("thresholds", "export", *PLACE))
    revise(forecast, tmp_path, values, right)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("months", "settings"), [(36, SMALL), (36, ""), (60, "")], ids=["small", "three", "five"]
)
def test_from_the_file_to_the_bulletin(
    forecast: Forecast, home: Path, tmp_path: Path, months: int, settings: str
) -> None:
    home.mkdir()
    (home / "forecast.toml").write_text(settings, "utf-8")
    values = figures_of(months)
    cap, right = max(values[-10:]) + 30, values[-1] + 7
    begin(forecast, tmp_path, values, cap)
    told(forecast, tmp_path / "初稿", values, cap)
    slips(forecast, values, right)
    revise(forecast, tmp_path, values, right)
    text = told(forecast, tmp_path / "修订稿", values, cap)
    assert f"登记失业人数2026年10月由{values[-1] - 40}人修订为{values[-1]}人" in text
    slips(forecast, values, right)
    change_cap(forecast, cap, right)
