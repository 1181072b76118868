"""Choose the lengths of the festival windows from a series, by AICc over a small grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.features.calendar.festival import DEFAULT_WINDOWS, Windows, centred_shares

Floats = npt.NDArray[np.float64]

# The festival's own days end where the after-window begins; each length is one usual choice
# shorter and one longer than the default.
GRID: tuple[Windows, ...] = tuple(
    Windows((-before, -1), (0, during), (during + 1, during + after))
    for before, during, after in product((7, 14, 21), (3, 7, 14), (7, 14, 21))
)
# Candidates differ in one or two months a year only, so a choice wants ten festivals. With five to
# eight (national surveyed rate from 2018) the chosen windows forecast worse than the default.
MIN_MONTHS = 120
# Below this the default still has considerable support (Burnham and Anderson 2002, ch. 2.6).
MARGIN = 4.0
_OUTLIER = 5.0
_NORMAL_MAD = 1.4826


@dataclass(frozen=True)
class WindowChoice:
    """Windows chosen for a series.

    Attributes
    ----------
    windows : Windows
        The choice.
    aicc : dict
        AICc of every candidate; empty if the series is too short to choose.
    aicc_without : float
        AICc without any festival effect, on the same months; NaN if too short to choose.
    left_out : tuple of pandas.Period
        Months whose change no candidate explains, such as 2020-02; used by none of them.
    note : str
        What was done and why, in Chinese.
    """

    windows: Windows
    aicc: dict[Windows, float]
    aicc_without: float
    left_out: tuple[pd.Period, ...]
    note: str

    @property
    def helps(self) -> bool | None:
        """Whether the festival effects earn their three coefficients; None if unknown."""
        return self.aicc[self.windows] < self.aicc_without if self.aicc else None


def _residuals(target: Floats, design: Floats) -> Floats:
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    return np.asarray(target - design @ solution, dtype=np.float64)


def _prewhitened(columns: Floats, rho: float) -> Floats:
    return columns[1:] - rho * columns[:-1]


def _autocorrelation(residuals: Floats) -> float:
    total = float(residuals @ residuals)
    rho = float(residuals[1:] @ residuals[:-1]) / total if total > 0 else 0.0
    return min(max(rho, -0.9), 0.9)


def _unexplained(residuals: Floats) -> npt.NDArray[np.bool_]:
    """Rows that are outliers under every candidate; residuals of shape (candidates, rows)."""
    spread = _NORMAL_MAD * np.median(np.abs(residuals), axis=1, keepdims=True)
    spread = np.maximum(spread, 0.5 * residuals.std(axis=1, keepdims=True))
    return np.asarray((np.abs(residuals) > _OUTLIER * spread).all(axis=0))


def choose_windows(
    values: Floats,
    start: pd.Period,
    *,
    stock: bool = False,
    candidates: Sequence[Windows] = GRID,
    min_months: int = MIN_MONTHS,
) -> WindowChoice:
    """Choose festival windows for a series.

    Month-on-month changes are regressed on month dummies and the changes of the centred festival
    shares, after removing first-order autocorrelation with one coefficient common to all
    candidates (Cochrane–Orcutt), so that their AICc values compare. The default windows stay
    unless another candidate's AICc is lower by more than 4, and in short series.

    Parameters
    ----------
    values : numpy.ndarray
        float64, shape (n,), the series up to the origin on the model scale (logarithms for most
        indicators), finite and without gaps.
    start : pandas.Period
        Month of the first value.
    stock : bool
        The series is a month-end stock; see `features.calendar.festival.centred_shares`.
    candidates : sequence of Windows
        What to choose from; the default windows are always among them.
    min_months : int
        Shorter series keep the default windows.

    Returns
    -------
    WindowChoice

    Raises
    ------
    ValueError
        If values are not finite or not one-dimensional.
    DataError
        If the months are outside the festival calendar.

    References
    ----------
    Hurvich and Tsai (1989), Biometrika 76, for AICc. U.S. Census Bureau, X-13ARIMA-SEATS
    reference manual, `aictest`, for choosing holiday lengths by AICc.
    """
    z = np.asarray(values, dtype=np.float64)
    if z.ndim != 1 or not np.isfinite(z).all():
        raise ValueError("values must be one-dimensional and finite")
    if len(z) < min_months:
        note = f"历史不足 {min_months} 个月，春节窗口用默认值"
        return WindowChoice(DEFAULT_WINDOWS, {}, float("nan"), (), note)
    grid = tuple(dict.fromkeys((DEFAULT_WINDOWS, *candidates)))
    change = np.diff(z)
    months = (start.month + np.arange(len(change))) % 12
    dummies = np.eye(12)[months]
    designs = [_design(start, len(z), windows, dummies, stock) for windows in grid]
    rho = _autocorrelation(_residuals(change, designs[0]))
    target = _prewhitened(change, rho)
    designs = [_prewhitened(design, rho) for design in designs]
    residuals = [_residuals(target, design) for design in designs]
    keep = ~_unexplained(np.array(residuals))
    if not keep.all():
        residuals = [_residuals(target[keep], design[keep]) for design in designs]
    scores = {
        windows: _aicc(left, designs[0].shape[1])
        for windows, left in zip(grid, residuals, strict=True)
    }
    best = min(grid, key=lambda windows: scores[windows])
    if not scores[best] < scores[DEFAULT_WINDOWS] - MARGIN:
        best = DEFAULT_WINDOWS
    # Row 0 is the change from the second to the third month: one month is lost to the difference
    # and one to the autocorrelation.
    left_out = tuple(start + int(i) + 2 for i in np.flatnonzero(~keep))
    plain = designs[0][keep, :12]
    without = _aicc(_residuals(target[keep], plain), plain.shape[1])
    return WindowChoice(best, scores, without, left_out, _note(best, scores, left_out))


def _design(
    start: pd.Period, periods: int, windows: Windows, dummies: Floats, stock: bool
) -> Floats:
    shares = [centred_shares(start, periods, window, stock=stock) for window in windows]
    return np.column_stack([dummies, np.diff(np.column_stack(shares), axis=0)])


def _aicc(residuals: Floats, coefficients: int) -> float:
    n = len(residuals)
    k = coefficients + 1
    # A floor keeps a perfectly explained series comparable instead of minus infinity.
    variance = max(float(residuals @ residuals) / n, 1e-24)
    return n * float(np.log(variance)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def _note(best: Windows, scores: dict[Windows, float], left_out: tuple[pd.Period, ...]) -> str:
    spans = "、".join(f"{first}..{last}" for first, last in best)
    gain = scores[DEFAULT_WINDOWS] - scores[best]
    chosen = (
        f"春节窗口用默认值（{spans} 天）"
        if best == DEFAULT_WINDOWS
        else f"春节窗口选 {spans} 天（AICc 比默认窗口低 {gain:.1f}）"
    )
    if not left_out:
        return chosen
    return f"{chosen}，{'、'.join(str(m) for m in left_out)} 变化异常，未参与选择"
