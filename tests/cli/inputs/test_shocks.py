from __future__ import annotations

from typing import Any

from employment_forecast.data.errors import EXIT_NOT_FOUND, EXIT_REFUSED, EXIT_USAGE

EVENT = ("--month", "2022-03", "--kind", "暂时", "--name", "疫情", "--source", "测试通告")


def test_an_event_is_declared_listed_used_and_withdrawn(forecast: Any) -> None:
    done = forecast("shocks", "declare", "--region", "嘉定", *EVENT, "--json")
    assert done.code == 0, done.err
    assert done.json["shock"] == {
        "number": 1, "region": "310114", "indicator": None, "month": "2022-03",
        "kind": "temporary", "months": 6, "name": "疫情", "source": "测试通告",
        "declared_on": "2026-11-20", "withdrawn_on": None,
    }  # fmt: skip
    again = forecast("shocks", "declare", "--region", "嘉定", *EVENT)
    assert again.code == EXIT_REFUSED
    seen = forecast("features", "--region", "嘉定", "--json").json
    assert any("2022-03 疫情" in text for text in seen["notes"])
    earlier = forecast("features", "--region", "嘉定", "--as-of", "2026-11-19", "--json").json
    assert not any("疫情" in text for text in earlier["notes"])
    proposed = forecast(
        "shocks", "propose", "--region", "嘉定", "--indicator", "new_jobs", "--json"
    )
    (known,) = proposed.json["declared"]
    assert known["phrase"] == "2022-03 疫情（暂时，6 个月后剩一成）"
    assert known["effect"]
    assert all(row["command"].startswith("forecast shocks") for row in proposed.json["proposals"])
    listed = forecast("shocks", "list", "--region", "嘉定")
    assert "疫情" in listed.out
    assert "全部指标" in listed.out
    gone = forecast("shocks", "withdraw", "1")
    assert "已撤回" in gone.out
    assert forecast("shocks", "withdraw", "1").code == EXIT_NOT_FOUND


def test_statements_that_make_no_sense_are_refused(forecast: Any) -> None:
    for arguments in (
        ("--month", "2030-03", "--kind", "脉冲", "--name", "疫情", "--source", "甲"),
        (
            "--month",
            "2022-03",
            "--kind",
            "台阶",
            "--months",
            "3",
            "--name",
            "疫情",
            "--source",
            "甲",
        ),
        (*EVENT, "--declared-on", "2027-01-01"),
        ("--month", "2022-03", "--kind", "大浪", "--name", "疫情", "--source", "甲"),
    ):
        ran = forecast("shocks", "declare", "--region", "嘉定", *arguments)
        assert ran.code == EXIT_USAGE, ran.out
        assert "错误" in ran.err
