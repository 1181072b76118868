"""A forecast that rests on other regions: made and verified through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Forecast = Callable[..., Any]
# Six origins decide nothing, so that the default is chosen.
RUN = (
    "--models",
    "ets,theta,combination_pooled,combination_weighted,combination",
    "--origins",
    "6",
)
PLACE = ("--region", "嘉定")


@pytest.mark.soak
def test_the_shifted_combination_lives_like_any_model(forecast: Forecast) -> None:
    made = forecast("run", *PLACE, *RUN, "--jobs", "1", "--json")
    assert made.code == 0, made.err
    assert made.json["champion"]["model"] == "combination_pooled"
    assert "多地区修正" in made.json["choice_reason"]
    again = forecast("run", *PLACE, *RUN, "--jobs", "2", "--no-cache", "--json")
    assert [m["q50"] for m in again.json["forecast"]] == [m["q50"] for m in made.json["forecast"]]
    number = str(made.json["champion"]["version"])
    verified = forecast("models", "verify", *PLACE, "--version", number, "--jobs", "1", "--json")
    assert (verified.code, verified.json["state"]) == (0, "equal"), verified.out


@pytest.mark.soak
def test_other_regions_are_named_where_too_few_can_be_pooled(forecast: Forecast) -> None:
    made = forecast(
        "run", "--region", "全国", "--indicator", "surveyed_unemployment_rate", *RUN, "--json"
    )
    assert made.code == 0, made.err
    assert made.json["champion"]["model"] == "combination"
    (entry,) = [e for e in made.json["leaderboard"] if e["model"] == "combination_pooled"]
    assert "不足 5 个" in entry["failure"]


REGIONS = ("嘉定区", "徐汇区", "舟山市", "江夏区", "嵊州市")
SETTINGS = """
[run]
models = ["ets", "uc", "combination_pooled"]
origins = 6
paths = 200
jobs = 1

[import]
revisions = "accept"

[monthly]
settle_seconds = 0
"""


def table(months: int, regions: tuple[str, ...] = REGIONS, revised: int = 0) -> str:
    rng = np.random.default_rng(3)
    common = np.cumsum(rng.normal(0, 0.02, months))
    rows = ["地区,月份,登记失业人数（人）"]
    for k, name in enumerate(REGIONS):
        values = 9000 * np.exp(common + rng.normal(0, 0.01, months)) + 100 * k
        values[-1] += revised
        for t, value in enumerate(values):
            year, month = divmod(2018 * 12 + 10 + t, 12)
            if name in regions:
                rows.append(f"{name},{year}-{month + 1:02d},{value:.0f}")
    return "\n".join(rows) + "\n"


@pytest.mark.soak
def test_news_of_other_regions_is_news_for_what_rests_on_them(
    forecast: Forecast, home: Path
) -> None:
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    (inbox / "全部.csv").write_text(table(96), "utf-8")

    def cycle(day: str) -> dict[str, Any]:
        done = forecast("monthly", "--regions", "嘉定", "--json", env={"FORECAST_TODAY": day})
        assert done.code == 0, (done.out, done.err)
        (entry,) = done.json["regions"]
        return dict(entry)

    assert cycle("2026-11-20")["state"] == "done"
    shown = forecast("models", "list", *PLACE, "--json").json["versions"]
    assert [v["model"] for v in shown] == ["combination_pooled"]
    assert cycle("2026-11-20")["state"] == "unchanged"
    (inbox / "徐汇.csv").write_text(table(96, ("徐汇区",), revised=400), "utf-8")
    moved = cycle("2026-11-22")
    assert (moved["state"], moved["data_month"]) == ("done", "2026-10")
    assert cycle("2026-11-23")["state"] == "unchanged"
