"""A figure that somebody typed: what it says, and what it probably means where it cannot be true.

Nothing heavy is imported: `forecast thresholds check` answers at once.
"""

from __future__ import annotations

import re

from employment_forecast.data.errors import UsageError

_VALUE = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+)(万)?(人|%|个|元)?")
# A figure this many times smaller or larger than what it means, and how that happens.
_SLIPS = (
    (10_000.0, "是否以万{unit}为单位，即"),
    (1e-4, "是否多乘了一万，应为"),
    (10.0, "是否少写了一位，应为"),
    (0.1, "是否多写了一位，应为"),
    (100.0, "是否少写了两位或写成了比例，应为"),
    (0.01, "是否多写了两位，应为"),
    (1000.0, "是否以千{unit}为单位，即"),
    (0.001, "是否多写了三位，应为"),
)


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


def likely_meaning(value: float, low: float, high: float, unit: str, decimals: int) -> str:
    """What a figure outside a plausible range probably means, in Chinese; empty if nothing fits.

    Parameters
    ----------
    value : float
        As typed.
    low, high : float
        Range in which it would be plausible.
    unit : str
        Unit of the indicator.
    decimals : int
        Digits the indicator is published with.
    """
    for factor, words in _SLIPS:
        meant = value * factor
        if low <= meant <= high and not (unit == "%" and factor in (10_000.0, 1000.0, 1e-4, 0.001)):
            return f"{words.format(unit=unit)} {meant:,.{decimals}f}{unit}"
    return ""


def plausible_range(q025: float, q50: float, q975: float) -> tuple[float, float]:
    """Range of figures that a month's law leaves thinkable.

    Four times as far from the median as the 95 % interval, and never less than a quarter of the
    median: a real jump passes, a slip of a digit or of the unit does not.
    """
    low = min(q50 - 4 * (q50 - q025), q50 - 0.25 * abs(q50))
    high = max(q50 + 4 * (q975 - q50), q50 + 0.25 * abs(q50))
    return (max(low, 0.0) if q025 >= 0 else low), high
