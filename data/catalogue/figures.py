"""How a figure of an indicator is printed: rounding, separators, the mark of demonstration data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue.schema import Indicator

Floats = npt.NDArray[np.float64]

DEMO_MARK = "演示数据"
# Of the last printed digit: keeps 5.55, stored just below itself, from rounding down.
TOLERANCE = 1e-6


def figure(value: float, indicator: Indicator) -> float | int:
    """A value at published precision: an integer for counts, else rounded to the last digit."""
    rounded = float(printed(np.array([value]), indicator.precision)[0])
    return round(rounded) if indicator.decimals == 0 else round(rounded, indicator.decimals)


def phrase(value: float, indicator: Indicator) -> str:
    """A value as people read it: thousands separators for counts, fixed decimals for rates."""
    return f"{figure(value, indicator):,.{indicator.decimals}f}"


def printed(values: Floats, precision: float) -> Floats:
    """Values as they would be published: rounded half up to the last printed digit.

    Parameters
    ----------
    values : numpy.ndarray
        Any shape.
    precision : float
        Last printed digit.

    Returns
    -------
    numpy.ndarray
        Same shape. The small shift keeps 5.55, stored just below itself, from rounding down.
    """
    return np.asarray(np.floor(values / precision + 0.5 + TOLERANCE) * precision, dtype=float)
