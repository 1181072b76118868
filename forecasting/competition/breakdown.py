"""A back-test by length of history, by day of the month in progress and by maturity of figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import PartVintages, Vintages
from employment_forecast.features.history import History, ModelInputs
from employment_forecast.forecasting.backtest import (
    Cell,
    Lenders,
    Origin,
    Progress,
    cell_seed,
    group,
    run_tasks,
)
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.forecasting.nowcast import conditioned
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models.combining import MEMBERS, combine, season_share
from employment_forecast.models.paths import SamplePaths
from employment_forecast.models.roster import COMBINATION

Floats = npt.NDArray[np.float64]
By = Literal["length", "day", "maturity"]
Row = dict[str, Any]
Lend = Callable[[History], History]

LENGTHS = (12, 24, 36, 48, 60)
# Every length is computed anew at each origin; so many, evenly spaced, are enough to compare them.
MOST_ORIGINS = 12
DAYS = (1, 10, 20, 30)
# Months after a figure first came out.
MATURITIES = (0, 1, 3, 6, 12)


def by_length(
    result: Competition, lend: Lend = lambda history: history, progress: Progress | None = None
) -> list[Row]:
    """Scores of the robust combination had the history been shorter.

    Parameters
    ----------
    result : Competition
        Its members are what is combined; the one it chose where none of them competed.
    lend : callable, optional
        Gives a short history what it borrows from other regions.
    progress : callable, optional
        Called with cells done and cells in all.

    Returns
    -------
    list of dict
        Lengths in months that fewer months than the whole history have, then the whole: None. All
        on the same origins and in the unit of the whole history.
    """
    models = [m for m in MEMBERS if m in result.past_forecasts] or [result.choice.model]
    months = set(result.backtest.months)
    origins = [o for o in result.origins if o.month in months]
    lengths = [n for n in LENGTHS if n < min((len(o.history) for o in origins), default=0)]
    every = -(-len(origins) // MOST_ORIGINS) or 1
    origins = origins[::-1][::every][::-1]
    options, table = result.options, []
    for length in (*lengths, None):
        cut = [o.history if length is None else lend(o.history.last(length)) for o in origins]
        cells = {
            (m, i): Cell(m, Origin(h, h), options.horizon, options.n_paths, options.seed)
            for m in models
            for i, h in enumerate(cut)
        }
        outcomes = run_tasks(group(cells.values()), options.jobs, progress)
        quantiles = np.full((len(cut), options.horizon, 9), np.nan)
        for i, history in enumerate(cut):
            given = {
                m: o for m in models if isinstance(o := outcomes[cells[m, i].key], SamplePaths)
            }
            if given:
                seed = cell_seed(options.seed, COMBINATION, history)
                quantiles[i] = combine(given, season_share(history), seed).quantiles()
        rows = [list(result.backtest.months).index(o.month) for o in origins]
        actual, scales = result.backtest.outcomes[rows], result.backtest.scales[rows]
        table.append({"length": length, **_scored(quantiles, actual, scales)})
    return table


def by_day(result: Competition, parts: PartVintages | None) -> list[Row]:
    """How near the chosen model came to a month, by day of that month, with its part-month figures.

    Parameters
    ----------
    result : Competition
        Its origins, and what its model forecast there, before calibration.
    parts : PartVintages or None
        Figures of months in progress; without them the days differ by what was published.

    Returns
    -------
    list of dict
        One row for each day, over the months whose figure is known; errors in percent of it.
    """
    history, model = result.history, result.choice.model
    origins, hindcasts = result.origins, result.past_forecasts[model]
    ones = np.ones(result.options.horizon)
    table: list[Row] = []
    for number in DAYS:
        cases: list[tuple[float, float, float, float]] = []
        for month in history.months[~history.missing]:
            day = date(month.year, month.month, min(number, month.days_in_month))
            known = [i for i, o in enumerate(origins) if o.history.as_of <= day]
            paths = hindcasts[known[-1]] if known else None
            ahead = (month - origins[known[-1]].month).n if known else 0
            actual = float(history.values[(month - history.start).n])
            if not isinstance(paths, SamplePaths) or not 1 <= ahead <= paths.horizon or not actual:
                continue
            at = known[-1]
            given = paths
            if parts is not None:
                given, _ = conditioned(
                    paths, origins[at].history, parts, day, origins[:at], hindcasts[:at], ones
                )
            without, law = (p.quantiles()[ahead - 1] for p in (paths, given))
            errors = (abs(q[4] - actual) / abs(actual) for q in (law, without))
            inside = (float(q[0] <= actual <= q[1]) for q in (law[[2, 6]], law[[0, 8]]))
            cases.append((*errors, *inside))
        names = ("error", "error_without", "coverage80", "coverage95")
        means = np.mean(cases, axis=0).tolist() if cases else [None] * len(names)
        table.append({"day": number, "months": len(cases), **dict(zip(names, means, strict=True))})
    return table


def by_maturity(result: Competition, vintages: Vintages) -> list[Row]:
    """Scores of the chosen model against figures as they stood so long after they came out.

    Parameters
    ----------
    result : Competition
        Back-test.
    vintages : Vintages
        The series with its publication days; figures of months, not totals since January.

    Returns
    -------
    list of dict
        Months after the first publication, then the newest figures: None. Each is scored on the
        months that are so old by now; `wis_newest` is the score of the same months by their newest
        figures.
    """
    backtest, as_of = result.backtest, result.history.as_of
    quantiles = backtest.records[result.choice.model].quantiles
    table = []
    for maturity in MATURITIES:
        actual = np.full(backtest.outcomes.shape, np.nan)
        for (at, step), value in np.ndenumerate(backtest.outcomes):
            month = backtest.months[at] + step + 1
            if np.isfinite(value):
                actual[at, step] = _at(vintages, month, maturity, as_of)
        same = np.where(np.isfinite(actual), backtest.outcomes, np.nan)
        newest = _scored(quantiles, same, backtest.scales)["wis"]
        row = _scored(quantiles, actual, backtest.scales)
        table.append({"maturity": maturity, **row, "wis_newest": newest})
    whole = _scored(quantiles, backtest.outcomes, backtest.scales)
    return [*table, {"maturity": None, **whole, "wis_newest": whole["wis"]}]


def _at(vintages: Vintages, month: pd.Period, maturity: int, as_of: date) -> float:
    """A month's figure so many months after it first came out; NaN where that is yet to come."""
    first = vintages.first_published(month)
    day = None if first is None else (pd.Timestamp(first) + pd.DateOffset(months=maturity)).date()
    if day is None or day > as_of:
        return float("nan")
    return float(vintages.as_of(day).values.get(month, np.nan))


def _scored(quantiles: Floats, actual: Floats, scales: Floats) -> Row:
    known = np.isfinite(actual) & np.isfinite(quantiles[..., 0])
    wis = scores.interval_score(quantiles, actual) / scales[:, None]
    errors = np.abs(quantiles[..., 4] - actual) / scales[:, None]
    covered = (scores.covered(quantiles, actual, level) for level in (80, 95))
    names = ("wis", "mase", "coverage80", "coverage95")
    means = [float(v[known].mean()) if known.any() else None for v in (wis, errors, *covered)]
    return {"origins": int(known.any(axis=1).sum()), **dict(zip(names, means, strict=True))}


def broken_down(
    result: Competition,
    by: By,
    vintages: Vintages,
    inputs: ModelInputs,
    progress: Progress | None = None,
) -> list[Row]:
    """Rows of one of the breakdowns."""
    if by == "length":
        return by_length(result, Lenders(inputs.neighbours, result.indicator).lend, progress)
    if by == "day":
        return by_day(result, inputs.part_months)
    return by_maturity(result, vintages)
