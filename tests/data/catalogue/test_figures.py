"""Sources in one line, however many files a series came from."""

from __future__ import annotations

import numpy as np
import pytest

from employment_forecast.data.catalogue import figure, load_catalogue, printed, sources_phrase


@pytest.mark.parametrize("code", ["registered_unemployed", "surveyed_unemployment_rate"])
def test_a_figure_alone_is_printed_as_among_others(code: str) -> None:
    indicator = load_catalogue().indicator(code)
    values = np.array([5.55, 5.549, -0.04, 0.0, 27500.5, 1e12 / 3, 2.0**53 + 2])
    expected = printed(values, indicator.precision).round(indicator.decimals).tolist()
    alone = [figure(value, indicator) for value in values.tolist()]
    assert alone == expected
    assert {type(each) for each in alone} == {int if indicator.decimals == 0 else float}


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
