"""A figure is held against a published feed only if it can be that month's."""

from __future__ import annotations

from typing import Any

import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.data.feed.reading import demand_plausible


def feed(**fields: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "lines": [{"month": "2026-11"}], "unit": "人", "precision": 1.0, "latest": 13_612,
    }  # fmt: skip
    return {**given, **fields}


@pytest.mark.parametrize("value", [1.39, 1_390.0, 139_000.0])
def test_a_feed_of_an_earlier_release_is_not_fooled_by_a_slip(value: float) -> None:
    with pytest.raises(DataError, match="远在可能的范围"):
        demand_plausible(feed(), value, None)


@pytest.mark.parametrize("value", [9_000.0, 13_900.0, 30_000.0])
def test_nor_does_it_refuse_news(value: float) -> None:
    demand_plausible(feed(), value, None)


def test_the_published_law_decides_where_there_is_one() -> None:
    laws = [{"month": "2026-11", "low": 12_000.0, "high": 16_000.0}]
    demand_plausible(feed(laws=laws, published=[]), 15_999.0, "2026-11")
    published = [{"month": "2026-09", "value": 17_001.0}]
    with pytest.raises(DataError, match="2026-09 的公布数"):
        demand_plausible(feed(laws=laws, published=published), 17_001.0, "2026-11")
