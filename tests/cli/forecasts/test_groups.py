"""A group of people is a series like any other: forecast, held against a cap of its own."""

from __future__ import annotations

from typing import Any

import pytest

FAST = ("--models", "theta", "--origins", "3", "--jobs", "1")


@pytest.mark.soak
def test_a_group_is_forecast_against_its_own_cap(used: Any) -> None:
    said = ("--region", "嘉定", "--group", "毕业生")
    cap = used(
        "caps", "set", *said, "--tier", "区", "--value", "2000", "--period", "2026",
        "--basis", "各月", "--source", "某文", "--announced-on", "2026-01-15",
    )  # fmt: skip
    assert cap.code == 0, cap.err
    ran = used("run", *said, *FAST, "--dry-run", "--json")
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["indicator"] == "registered_unemployed.graduates"
    assert content["champion"]["registered_name"] == "registered_unemployed.graduates.310114"
    assert [c["value"] for c in content["caps"]] == [2000]


def test_an_unknown_group_and_a_rate_are_refused(used: Any) -> None:
    unknown = used("run", "--region", "嘉定", "--group", "毕业声", "--dry-run")
    assert (unknown.code, "毕业生" in unknown.err) == (3, True)
    rate = used("run", "--region", "嘉定", "--indicator", "登记失业率", "--group", "青年")
    assert (rate.code, "不是人数" in rate.err) == (4, True)
