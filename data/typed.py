"""A figure that somebody typed: 12500, 12,500, 1.25万, 5.5%. Nothing heavy is imported."""

from __future__ import annotations

import re

from employment_forecast.data.errors import UsageError

_VALUE = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+)(万)?(人|%|个|元)?")


def read_value(text: str, unit: str, name: str) -> float:
    """A figure as people type it: 12500, 12,500, 1.25万, 5.5%.

    Parameters
    ----------
    text : str
        As typed.
    unit : str
        Unit of the indicator, the only one that may be written behind the figure; empty where it
        is not known yet.
    name : str
        What the figure is called in an error.

    Returns
    -------
    float
        In the indicator's unit.

    Raises
    ------
    UsageError
        If it is no finite number, or in another unit.
    """
    plain = text.strip().replace("，", ",").replace("％", "%")
    match = _VALUE.fullmatch(plain)
    hint = "请写成数字，如 12500、1.25万 或 5.5。"
    if match is None:
        raise UsageError(f"{name}“{text}”不是有限的数。", hint)
    number, ten_thousands, written = match.groups()
    if unit and written and written != unit:
        raise UsageError(f"{name}“{text}”的单位是{written}，该指标的单位是{unit}。", hint)
    value = float(number.replace(",", "")) * (10_000 if ten_thousands else 1)
    # Decimals of a figure in 万 are exact people: 1.2345万 is 12345.
    return round(value, 9)
