from __future__ import annotations

import pandas as pd

from employment_forecast.features.sample.warnings import SampleWarnings, by_street, sample_warnings


def sample(streets: list[str]) -> SampleWarnings:
    firms = pd.DataFrame(
        {
            "firm": [f"F{i}" for i in range(len(streets))],
            "street": streets,
            "separations": [10.0 * (i + 1) for i in range(len(streets))],
        }
    )
    return SampleWarnings(pd.Period("2026-10", freq="M"), True, 60, firms)


def test_cells_of_one_or_two_firms_are_merged() -> None:
    rows = by_street(sample(["甲", "甲", "甲", "乙", "丙", "丙"]))
    assert rows == [
        {"street": "甲", "firms": 3, "separations": 60},
        {"street": "其他（合并）", "firms": 3, "separations": 150},
    ]


def test_too_few_firms_are_not_listed_at_all() -> None:
    assert by_street(sample(["甲", "乙"])) == []
    assert by_street(sample([])) == []


def test_nobody_reported() -> None:
    empty = pd.DataFrame({"base_is": []})
    assert sample_warnings(empty, {}) is None
