"""What a figure that somebody typed probably means where it cannot be true.

Nothing heavy is imported: `forecast thresholds check` answers at once.
"""

from __future__ import annotations

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
