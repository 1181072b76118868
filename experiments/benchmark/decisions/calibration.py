"""What intervals of a known wrong width cover after calibration, by months ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from employment_forecast.experiments.benchmark.decisions import former
from employment_forecast.experiments.benchmark.decisions.laws import (
    HORIZON,
    LAWS,
    Law,
    errors,
    sizes,
    unknown,
)
from employment_forecast.forecasting.competition.calibration import calibrate
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]

ORIGINS = 36
SHOWN = (1, 3, 6, 9, 12)
MONTHS = pd.period_range("2020-01", periods=ORIGINS, freq="M")
_Z = np.asarray(norm.ppf(LEVELS), dtype=float)


def coverages(
    law: Law, width: float, series: int, runs: int, seed: int, shared: float = 0.0, level: int = 95
) -> Floats:
    """Coverage of the next forecasts before and after, shape (2, runs, horizon).

    Of Gaussian laws, in closed form.

    Parameters
    ----------
    law : Law
        Gaussian.
    width : float
        Stated spread over the right one.
    series, runs, seed : int
        Regions pooled, replications.
    shared : float
        Share of the variance of errors that regions have in common.
    level : int
        Nominal coverage in percent.
    """
    rng = np.random.default_rng(seed)
    size, reach = sizes(law), norm.ppf((1 + level / 100) / 2)
    quantiles = np.broadcast_to(
        (width * size)[:, None] * _Z, (ORIGINS, series, HORIZON, len(LEVELS))
    )
    factors = np.empty((2, runs, HORIZON))
    for run in range(runs):
        error = np.sqrt(1 - shared) * errors(law, rng, series, ORIGINS)
        if shared:
            error = error + np.sqrt(shared) * errors(law, rng, 1, ORIGINS)
        outcomes = np.where(unknown(ORIGINS), np.nan, error * size)
        outcomes = np.moveaxis(outcomes, 0, 1)
        factors[0, run] = former.stretched(MONTHS, quantiles, outcomes)
        factors[1, run] = calibrate(MONTHS, quantiles, outcomes, log=False).factors
    return np.asarray(2 * norm.cdf(reach * width * factors) - 1)


def rows(runs: int, seed: int = 31, laws: Sequence[Law] = LAWS[:3]) -> list[tuple[str, ...]]:
    """Coverage of 95 % intervals at some months ahead."""
    table = []
    for law in laws:
        for width in (0.6, 1.0, 1.4):
            for series, shared in ((10, 0.0), (10, 0.5), (1, 0.0)):
                both = coverages(law, width, series, runs, seed, shared)
                for rule, coverage in zip(("before", "after"), both, strict=True):
                    mean, error = coverage.mean(axis=0), coverage.std(axis=0) / np.sqrt(runs)
                    cells = [f"{mean[h - 1]:.1%} ± {1.96 * error[h - 1]:.1%}" for h in SHOWN]
                    cells = [cell.replace("%", " %") for cell in cells]
                    case = (law.name, str(width), f"{series}", f"{shared}", rule)
                    table.append((*case, *cells, str(runs)))
    return table
