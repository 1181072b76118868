"""Back-tests of several versions on the origins they share: what differs is the model alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.forecasting.backtest.backtest import Backtest
from employment_forecast.forecasting.scoring import DieboldMariano, diebold_mariano, mean_and_error

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ComparedVersion:
    """One version on the common cells.

    Attributes
    ----------
    name : str
        Of the version.
    wis, mase, coverage80, coverage95 : float or None
        Means over the common cells; None if there are none.
    wis_by_horizon : tuple of float
        By months ahead.
    difference, error : float or None
        Mean scaled WIS less that of the first version, and its long-run standard error.
    one_step : DieboldMariano or None
        Test of equal accuracy one month ahead, against the first version.
    """

    name: str
    wis: float | None
    mase: float | None
    coverage80: float | None
    coverage95: float | None
    wis_by_horizon: tuple[float, ...]
    difference: float | None
    error: float | None
    one_step: DieboldMariano | None


@dataclass(frozen=True)
class VersionComparison:
    """Versions side by side.

    Attributes
    ----------
    months : pandas.PeriodIndex
        Common origins.
    cells : int
        Common cells.
    rows : tuple of ComparedVersion
        In the order given.
    """

    months: pd.PeriodIndex
    cells: int
    rows: tuple[ComparedVersion, ...]


def compare_versions(
    backtests: Mapping[str, tuple[Backtest, str]], newest: str
) -> VersionComparison:
    """Hold versions against each other at common origins, with the same outcomes and scales.

    Parameters
    ----------
    backtests : mapping
        By name of the version: a back-test, and which of its models counts. The others are
        compared with the first.
    newest : str
        Whose outcomes and scales are used: it has seen the most.

    Returns
    -------
    Comparison
    """
    names = list(backtests)
    merged, _ = backtests[newest]
    for name, (backtest, model) in backtests.items():
        merged = merged.with_quantiles(name, backtest.months, backtest.records[model].quantiles)
    wis = {name: merged.scaled_interval_scores(name) for name in names}
    table = np.stack(list(wis.values()))
    cells = np.asarray(np.isfinite(table).all(axis=0))
    rows = np.asarray(cells.any(axis=1))

    def common(values: Floats) -> Floats:
        return np.where(cells, values, np.nan)[rows]

    first = common(wis[names[0]])
    aligned = []
    for name in names:
        scores = common(wis[name])
        gap = mean_and_error(scores - first) if name != names[0] else None
        step = scores[:, 0] - first[:, 0] if scores.size else np.empty(0)
        aligned.append(
            ComparedVersion(
                name,
                _mean(scores),
                _mean(common(merged.scaled_errors(name))),
                _mean(common(merged.coverage(name, 80))),
                _mean(common(merged.coverage(name, 95))),
                tuple(
                    float(np.nanmean(column)) for column in scores.T if np.isfinite(column).any()
                ),
                None if gap is None else gap.mean,
                None if gap is None or not gap.freedom else gap.error,
                None if name == names[0] else diebold_mariano(step[np.isfinite(step)], 1),
            )
        )
    return VersionComparison(merged.months[rows], int(cells.sum()), tuple(aligned))


def _mean(cells: Floats) -> float | None:
    return float(np.nanmean(cells)) if np.isfinite(cells).any() else None
