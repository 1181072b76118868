"""Sources in one line, however many files a series came from."""

from __future__ import annotations

from employment_forecast.data.catalogue import sources_phrase


def test_a_few_sources_are_all_named() -> None:
    assert sources_phrase(["甲", "乙"]) == "甲；乙"
    assert sources_phrase([]) == ""


def test_of_many_the_newest_are_named_and_all_are_counted() -> None:
    name = "月登记失业情况月报（市局汇总，区人社局报送，定稿）.xlsx"
    files = [f"{2016 + i // 12}年{i % 12 + 1}{name}" for i in range(120)]
    told = sources_phrase(files)
    assert told.endswith("等共 120 个来源")
    assert told.startswith("2025年10月")
    assert len(told) < 140
