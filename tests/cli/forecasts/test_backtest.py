"""`forecast backtest` as a process: leaderboard, reliability, picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Forecast = Callable[..., Any]
FAST = ("--models", "ets,theta,combination", "--origins", "12", "--jobs", "1")  # as prepared


@pytest.fixture
def quick(used: Forecast) -> Callable[..., Any]:
    def call(*arguments: str, **more: Any) -> Any:
        return used("backtest", *arguments, *FAST, **more)

    return call


def test_json_has_leaderboard_and_reliability(quick: Callable[..., Any], tmp_path: Path) -> None:
    picture = tmp_path / "可靠性.png"
    ran = quick("--region", "全国", "--json", "--plot", str(picture))
    assert ran.code == 0, ran.err
    content = ran.json
    models = [row["model"] for row in content["leaderboard"]]
    assert content["champion"] in models
    assert {"random_walk", "drift", "seasonal_naive", "combination"} <= set(models)
    scores = [row["wis"] for row in content["leaderboard"] if row["wis"] is not None]
    assert scores == sorted(scores)
    for row in content["reliability"]:
        assert row["observed"] == sorted(row["observed"])
        assert 0 <= row["observed"][0] <= row["observed"][-1] <= 1
        assert row["cells"] > 0
    assert any("校准" in note for note in content["notes"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_people_get_tables(quick: Callable[..., Any]) -> None:
    ran = quick("--region", "全国")
    assert ran.code == 0, ran.err
    for text in ("模型竞赛", "可靠性", "★", "选用：", "第12月"):
        assert text in ran.out


def test_unknown_model_is_refused_with_a_hint(used: Forecast) -> None:
    ran = used("backtest", "--region", "全国", "--models", "nothing")
    assert ran.code != 0
    assert "nothing" in ran.err
