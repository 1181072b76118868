"""A forecast that rests on other regions: made and verified through the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Forecast = Callable[..., Any]
# Six origins decide nothing, so that the default is chosen.
RUN = ("--models", "ets,uc,combination_pooled,combination_weighted,combination", "--origins", "6")
PLACE = ("--region", "嘉定")


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


def test_other_regions_are_named_where_too_few_can_be_pooled(forecast: Forecast) -> None:
    made = forecast(
        "run", "--region", "全国", "--indicator", "surveyed_unemployment_rate", *RUN, "--json"
    )
    assert made.code == 0, made.err
    assert made.json["champion"]["model"] == "combination"
    (entry,) = [e for e in made.json["leaderboard"] if e["model"] == "combination_pooled"]
    assert "不足 5 个" in entry["failure"]
