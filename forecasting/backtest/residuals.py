"""Residual checks of one-month forecasts: bias, dependence, shape, and whether the law fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.backtest.backtest import Backtest
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]
FEWEST = 8
_LAGS = 6


@dataclass(frozen=True)
class ResidualCheck:
    """One check.

    Attributes
    ----------
    name, label : str
        Code and Chinese name.
    statistic, p_value : float or None
        None where there are too few errors.
    n : int
        Errors it rests on.
    text : str
        Chinese sentence.
    """

    name: str
    label: str
    statistic: float | None
    p_value: float | None
    n: int
    text: str


def interpolated_transform(quantiles: Floats, outcomes: Floats) -> Floats:
    """Place of each outcome among nine quantiles, interpolated, shape (n,)."""
    low, high = float(LEVELS[0]), float(LEVELS[-1])
    places = [
        low / 2 if y < q[0] else (1 + high) / 2 if y > q[-1] else float(np.interp(y, q, LEVELS))
        for q, y in zip(quantiles, outcomes, strict=True)
    ]
    return np.array(places, dtype=float)


def ljung_box(values: Floats, lags: int) -> tuple[float, float]:
    """Portmanteau statistic of autocorrelation and its p-value.

    References
    ----------
    Ljung and Box (1978), On a measure of lack of fit in time series models.
    """
    from scipy.stats import chi2

    n = len(values)
    centred = values - values.mean()
    total = float(centred @ centred)
    shares = [float(centred[lag:] @ centred[:-lag]) / total for lag in range(1, lags + 1)]
    statistic = n * (n + 2) * sum(r**2 / (n - lag) for lag, r in enumerate(shares, start=1))
    return statistic, float(chi2.sf(statistic, lags))


def one_month(backtest: Backtest, model: str) -> list[ResidualCheck]:
    """Checks of a model's one-month errors, scaled by the seasonal-naive error."""
    from scipy import stats

    quantiles = backtest.records[model].quantiles[:, 0] if backtest.horizon else np.empty((0, 9))
    outcomes = backtest.outcomes[:, 0] if backtest.horizon else np.empty(0)
    known = np.isfinite(outcomes) & np.isfinite(quantiles).all(axis=1)
    errors = (outcomes - quantiles[:, 4])[known] / backtest.scales[known]
    n = len(errors)
    names = {
        "bias": "平均误差",
        "autocorrelation": f"前 {_LAGS} 阶自相关（Ljung-Box）",
        "normality": "正态性（Shapiro-Wilk）",
        "uniformity": "概率变换的均匀性（KS）",
    }
    if n < FEWEST or np.ptp(errors) == 0:
        text = f"只有 {n} 个误差，不作判断" if n < FEWEST else "误差没有变化，不作判断"
        return [ResidualCheck(k, label, None, None, n, text) for k, label in names.items()]
    t = stats.ttest_1samp(errors, 0.0)
    box, box_p = ljung_box(errors, min(_LAGS, n // 3))
    shape = stats.shapiro(errors)
    law = stats.kstest(interpolated_transform(quantiles[known], outcomes[known]), "uniform")
    tests = {
        "bias": (float(t.statistic), float(t.pvalue),
                 f"平均 {float(errors.mean()):+z.3f} 倍季节误差"),
        "autocorrelation": (box, box_p, f"首阶 {_first(errors):+z.2f}"),
        "normality": (float(shape.statistic), float(shape.pvalue), "只供参考：预测不假定正态"),
        "uniformity": (float(law.statistic), float(law.pvalue),
                       f"最大偏离 {float(law.statistic):.2f}"),
    }  # fmt: skip
    return [
        ResidualCheck(k, names[k], statistic, p, n, text)
        for k, (statistic, p, text) in tests.items()
    ]


def _first(errors: Floats) -> float:
    centred = errors - errors.mean()
    return float(centred[1:] @ centred[:-1]) / float(centred @ centred)
