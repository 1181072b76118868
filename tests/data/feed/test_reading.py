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


@pytest.mark.parametrize(
    ("value", "whose"),
    [(13_612.0, "2026-10"), (13_500.0, "2026-09"), (13_100.0, "2025-11"), (13_000.0, None)],
)
def test_another_months_figure_is_recognised(value: float, whose: str | None) -> None:
    laws = [{"month": "2026-11", "low": 12_000.0, "high": 16_000.0}]
    months = {"2025-11": 13_100.0, "2026-08": 13_000.0, "2026-09": 13_500.0, "2026-10": 13_612.0}
    published = [{"month": m, "value": v} for m, v in months.items()]
    if whose is None:  # months apart, a figure may come again
        demand_plausible(feed(laws=laws, published=published), value, "2026-11")
        return
    with pytest.raises(DataError, match=f"与 {whose} 的公布数完全相同"):
        demand_plausible(feed(laws=laws, published=published), value, "2026-11")


def test_a_rate_often_stays_as_it_was() -> None:
    laws = [{"month": "2026-11", "low": 4.0, "high": 6.5}]
    fields = {"laws": laws, "published": [{"month": "2026-10", "value": 5.2}], "precision": 0.1}
    demand_plausible(feed(unit="%", **fields), 5.2, "2026-11")
