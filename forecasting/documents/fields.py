"""How each field of a result is written in a document: declared once, at its office's precision.

A layout names the keys of a document in their order, each with the way its value is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.data.targets import Span

Way = Callable[[Any, Indicator | None], Any]
Layout = Mapping[str, Way]


def written(item: object, layout: Layout, indicator: Indicator | None = None) -> dict[str, Any]:
    """The fields of an object that a layout names, JSON-able and in its order."""
    return {name: way(getattr(item, name), indicator) for name, way in layout.items()}


def same(value: Any, _: Indicator | None = None) -> Any:
    """As it is."""
    return value


def share(value: float | None, _: Indicator | None = None) -> float | None:
    """A probability or share to three digits, which is what the number of paths can carry."""
    return None if value is None else round(value, 3)


def second(value: float | None, _: Indicator | None = None) -> float | None:
    """To two digits."""
    return None if value is None else round(value, 2)


def fourth(value: Any, _: Indicator | None = None) -> Any:
    """Scores to four digits, one or several; what is no score stays as it is."""
    if isinstance(value, tuple):
        return [fourth(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def published(value: float | None, indicator: Indicator | None) -> float | int | None:
    """A figure at the precision of its office."""
    assert indicator is not None
    return None if value is None else figure(value, indicator)


def mean(value: float | None, indicator: Indicator | None) -> float | None:
    """A mean, to one digit more than the indicator is published with."""
    assert indicator is not None
    return None if value is None else round(value, indicator.decimals + 1)


def month(value: pd.Period | None, _: Indicator | None = None) -> str | None:
    """YYYY-MM."""
    return None if value is None else str(value)


def day(value: date, _: Indicator | None = None) -> str:
    """YYYY-MM-DD."""
    return value.isoformat()


def spans(value: Iterable[Span], _: Indicator | None = None) -> list[dict[str, Any]]:
    """Which number of a target applied when."""
    return [
        {"first": str(each.first), "last": str(each.last), "value": each.value} for each in value
    ]


def months_with_shares(
    value: Iterable[tuple[pd.Period, float]], _: Indicator | None = None
) -> list[dict[str, Any]]:
    """Months, each with its probability."""
    return [{"month": str(each), "probability": share(p)} for each, p in value]
