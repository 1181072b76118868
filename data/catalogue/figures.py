"""How figures and their sources are printed, and the mark of demonstration data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue.schema import Indicator

Floats = npt.NDArray[np.float64]

DEMO_MARK = "演示数据"
# Of the last printed digit: keeps 5.55, stored just below itself, from rounding down.
TOLERANCE = 1e-6
_SOURCES_SHOWN = 3
_SOURCE_CHARACTERS = 40


def figure(value: float, indicator: Indicator) -> float | int:
    """A value at published precision: an integer for counts, else rounded to the last digit."""
    rounded, decimals = float(printed(value, indicator.precision)), indicator.decimals
    return round(rounded) if decimals == 0 else round(rounded, decimals)


def phrase(value: float, indicator: Indicator) -> str:
    """A value as people read it: thousands separators for counts, fixed decimals for rates."""
    return f"{figure(value, indicator):,.{indicator.decimals}f}"


def printed(values: Floats | float, precision: float) -> Floats:
    """Values as they would be published: rounded half up to the last printed digit.

    Parameters
    ----------
    values : numpy.ndarray or float
        Any shape.
    precision : float
        Last printed digit.

    Returns
    -------
    numpy.ndarray
        Same shape. The small shift keeps 5.55, stored just below itself, from rounding down.
    """
    return np.asarray(np.floor(values / precision + 0.5 + TOLERANCE) * precision, dtype=float)


def sources_phrase(sources: Sequence[str]) -> str:
    """Sources as people read them: the newest few, shortened; the full list stays in JSON.

    Parameters
    ----------
    sources : sequence of str
        In the order in which they first gave a figure.

    Returns
    -------
    str
        One line, joined by semicolons.
    """
    shown = [
        s if len(s) <= _SOURCE_CHARACTERS else f"{s[: _SOURCE_CHARACTERS - 1]}…"
        for s in sources[-_SOURCES_SHOWN:]
    ]
    more = f"等共 {len(sources)} 个来源" if len(sources) > _SOURCES_SHOWN else ""
    return "；".join(shown) + more
