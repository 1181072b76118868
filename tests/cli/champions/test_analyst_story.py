"""Five years of an office's figures, caps of every kind: each output recomputed from the paths.

What the model serves is taken as it is; what every command says of it is worked out here again,
from the published figures, the caps and the paths alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Forecast = Callable[..., Any]
# A district in which no firms are watched: their figures would be worked out for every origin.
PLACE = ("--region", "徐汇")
SETTINGS = '[run]\nmodels = ["theta"]\norigins = 8\npaths = 300\njobs = 1\n'
JANUARY = {"FORECAST_TODAY": "2027-01-20"}
# Announced for January, raised in June: three months broke the first number, none the second.
THIS_YEAR = [12216, 12372, 12267, 12140, 12122, 11909, 11808, 11768, 11894, 12001]
LAST_TWO = [12179, 12600]
CAPS = (
    ("市", "12200", "2026", "各月", "2026-01-20"),
    ("市", "1.25万", "2026", "各月", "2026-06-10"),
    ("市", "12500", "2026", "期末", "2026-06-10"),
    ("区", "12100", "2026", "全年平均", "2026-02-10", "--qualifier", "左右"),
    ("市", "12700", "2027", "各月", "2026-11-10"),
)


def good(ran: Any) -> Any:
    assert ran.code == 0, ran.err + ran.out
    return ran


def month_file(folder: Path, name: str, first: int, values: list[int]) -> Path:
    """Months from so many after January 2022, as an office writes them."""
    rows = [
        f"{2022 + (first + i) // 12}-{(first + i) % 12 + 1:02d},{v}" for i, v in enumerate(values)
    ]
    file = folder / f"{name}.csv"
    file.write_text("\n".join(["月份,登记失业人数", *rows]), "utf-8")
    return file


def told(percent: float) -> str:
    """A probability as a bulletin prints it."""
    return "不到1%" if percent < 0.5 else "在99%以上" if percent > 99.5 else f"为{percent:.0f}%"


@pytest.mark.soak  # the whole way of a figure; its parts are tested where they are
def test_every_figure_is_that_of_the_paths(forecast: Forecast, home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    season = 350 * np.cos(2 * np.pi * (np.arange(48) - 1) / 12)
    moves = np.random.default_rng(5).normal(8, 90, 48).cumsum()
    before = [round(v) for v in 11_700 + moves - moves[-1] + season]
    good(
        forecast(
            "data", "import", str(month_file(tmp_path, "五年", 0, [*before, *THIS_YEAR])), *PLACE
        )
    )
    for tier, value, period, basis, day, *more in CAPS:
        given = ("--tier", tier, "--value", value, "--period", period, "--basis", basis)
        given += ("--announced-on", day, "--source", "文件", *more)
        good(forecast("caps", "set", *PLACE, *given))
    run = good(forecast("run", *PLACE, "--promote", "--json")).json
    served = good(forecast("predict", *PLACE, "--what", "paths", "--json")).json
    paths = np.floor(np.array([list(row.values()) for row in served["rows"]]) + 0.5)
    assert list(served["rows"][0])[:2] == ["2026-11", "2026-12"]

    ahead, year = paths[:, :2], np.array(THIS_YEAR)
    averages = (year.sum() + ahead.sum(axis=1)) / 12
    next_year = (paths[:, 2:14] > 12_700).any(axis=1)
    expected: dict[tuple[str, str, str], dict[str, Any]] = {
        ("municipal", "any_month", "2026"): {
            "p_any": 1.0, "p_any_remaining": (ahead > 12_500).any(axis=1).mean(),
            "p_ahead": (ahead > 12_500).any(axis=1).mean(), "p_end": (ahead[:, 1] > 12_500).mean(),
            "headroom": 499, "already_breached": True, "first_breach_month": "2026-01",
            "expected_months_above": round(3 + (ahead > 12_500).sum(axis=1).mean(), 2),
        },
        ("municipal", "period_end", "2026"): {
            "p_any": None, "p_end": (ahead[:, 1] > 12_500).mean(), "already_breached": False,
        },
        ("district", "period_average", "2026"): {
            "p_average": (averages > 12_221).mean(), "headroom": 220, "tolerance": 121.0,
            "limit": 12_221.0, "value": 12_100.0,
        },
        ("municipal", "any_month", "2027"): {
            "p_any": next_year.mean(), "already_breached": False, "headroom": 699,
        },
    }  # fmt: skip
    good(forecast("thresholds", "export", *PLACE))
    feed = good(forecast("thresholds", "show", *PLACE, "--json")).json
    supposed = good(forecast("scenario", *PLACE, "--layoff", "2026-12:800", "--json")).json
    progress = good(forecast("plan", "progress", *PLACE, "--json")).json
    ours = [c for row in progress["targets"] for c in row.get("caps", ())
            if row["plan"] == "《另行登记的控制数和目标》"]  # fmt: skip
    for document in (run["caps"], feed["caps"], supposed["baseline"]["caps"], ours):
        rows = {(c["tier"], c["basis"], c["period"]): c for c in document}
        assert set(rows) == set(expected)
        for key, figures in expected.items():
            for name, figure in figures.items():
                wanted = (
                    round(figure, 3) if name.startswith("p_") and figure is not None else figure
                )
                assert rows[key][name] == wanted, (key, name)
        breach = rows["municipal", "any_month", "2026"]["breach"]
        assert [(m["month"], m["value"], m["cap"]) for m in breach["months"]] == [
            ("2026-01", 12_216, 12_200),
            ("2026-02", 12_372, 12_200),
            ("2026-03", 12_267, 12_200),
        ]
    # Three numbers, one of them on two bases.
    joint = run["caps_joint"]
    assert (len(joint["caps"]), joint["p_at_least_one"]) == (3, 1.0)
    assert joint["p_all"] == round(((averages > 12_221) & next_year).mean(), 3)

    again = 100 * (ahead > 12_500).any(axis=1).mean()
    words = {row["key"]: row["result"] for row in progress["targets"] if not row["missing"]}
    assert words["registered_unemployed.municipal.cap.any_month.2026"].startswith(
        "2026 年已突破 12,200人（2026-01 起 3 个月），今后再突破 12,500人 的概率 "
    )
    report = good(forecast("run", *PLACE, "--dry-run", "--models", "theta")).out
    assert "自 2026-01 起共 3 个月高于控制数，最多高出 172人（2026-02 为 12,372人）" in report
    assert "2026-01 至 2026-03 按当时的控制数 12,200人 计，最新月已回到控制数以内" in report
    titles = {c["title"] for c in feed["caps"]}
    assert "区控制数 12,100人左右（2026，全年平均，含容差为 12,221人）" in titles

    folder = tmp_path / "月报"
    good(forecast("bulletin", *PLACE, "--format", "md", "--output", str(folder)))
    (text,) = [f.read_text("utf-8") for f in folder.glob("*.md")]
    assert (
        "2026年内已突破市控制数（12500人以内），首次在2026年1月（12216人，当时控制数为12200人），"
        f"共3个月，最多高出172人，今后各月再次突破的概率{told(again)}"
    ) in text
    average = 100 * (averages > 12_221).mean()
    assert f"全年平均突破区控制数（12100人左右，含容差为12221人）的概率{told(average)}" in text
    assert f"2027年内突破市控制数（12700人以内）的概率{told(100 * next_year.mean())}" in text
    assert "低于市控制数（12500人以内），余量499人" in text

    for slip, meaning in (("1240", "12,400"), ("1.24", "12,400")):
        refused = forecast("thresholds", "check", slip, *PLACE)
        assert (refused.code, meaning in refused.err + refused.out) == (4, True)
    broken = forecast("thresholds", "check", "12510", *PLACE)
    assert (broken.code, "高出 10人" in broken.out) == (23, True)

    # December is published above the cap: in January that is a fact of a period that is over.
    good(
        forecast(
            "data", "import", str(month_file(tmp_path, "年末", 58, LAST_TWO)), *PLACE, env=JANUARY
        )
    )
    over = good(forecast("run", *PLACE, "--json", env=JANUARY)).json
    assert {c["period"] for c in over["caps"]} == {"2027"}
    assert [c["breach_words"] for c in over["caps_ended"]] == [
        "已突破市控制数 12,500人以内（2026，各月）：自 2026-01 起共 4 个月高于控制数，"
        "最多高出 172人"
        "（2026-02 为 12,372人），2026-01 至 2026-03 按当时的控制数 12,200人 计，考核期已结束"
    ]
    watched = good(forecast("monitor", *PLACE, "--json", env=JANUARY)).json
    medians = np.median(np.array([list(row.values()) for row in served["rows"]]), axis=0)
    first = watched["forecasts"][0]
    assert (watched["months"], first["month"], first["outcome"]) == (1, "2026-11", 12_179)
    assert first["error"] == pytest.approx(12_179 - medians[0], abs=0.001)
