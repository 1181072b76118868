"""Does the Spring Festival help? One model with and without it, in the same back-test.

The airline model forecasts from the same origins four times: without festival regressors, with the
default windows, with windows chosen by AICc inside each origin (also where a run would keep the
default because the series is short), and as in a run, where a criterion decides at each origin
whether they enter at all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Indicator, Region, Series
from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.data.files import to_json
from employment_forecast.data.records import Vintages
from employment_forecast.data.workspace import Session, find_workspace, load_settings
from employment_forecast.features.calendar import DEFAULT_WINDOWS
from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import Backtest, Origin, cell_seed, rolling_origins
from employment_forecast.forecasting.backtest import backtest as backtests
from employment_forecast.forecasting.competition import paired_difference
from employment_forecast.models.contract import Parameters
from employment_forecast.models.effects import MIN_MONTHS, Policy, effects_of
from employment_forecast.models.families import Airline
from employment_forecast.models.paths import Failure, Outcome

Floats = npt.NDArray[np.float64]

BASE: Policy = "none"
LABELS: Mapping[Policy, str] = {
    "none": "不用春节变量",
    "default": "春节，默认窗口",
    "chosen": "春节，AICc选窗口",
    "automatic": "程序做法（按BIC取舍）",
}
# Months that a festival window reaches.
AFFECTED = (1, 2, 3)


@dataclass(frozen=True)
class Variant:
    """Scores of one treatment of the festival; scores are over the seasonal-naive scale.

    Attributes
    ----------
    policy, label : str
        Which, and its Chinese name.
    wis, mase : float or None
        Mean scaled interval score and absolute error of all cells.
    wis_affected : float or None
        Mean scaled interval score of forecasts for January to March.
    coverage80 : float or None
        Share of outcomes within the central 80 % interval. None of the four where there is no
        forecast with an outcome.
    difference : float
        Mean scaled interval score less that without the festival.
    standard_error : float or None
        Its long-run error; None where too few origins do not overlap.
    entered : int
        Origins whose estimation had the festival in.
    other_windows : int
        Of those, with windows other than the default.
    """

    policy: Policy
    label: str
    wis: float | None
    mase: float | None
    wis_affected: float | None
    coverage80: float | None
    difference: float
    standard_error: float | None
    entered: int
    other_windows: int


@dataclass(frozen=True)
class FestivalComparison:
    """The table and what it rests on.

    Attributes
    ----------
    history : History
        Data up to the current origin.
    variants : tuple of Variant
        Without the festival first.
    origins, cells, horizon : int
        Origins, forecasts with an outcome, months ahead.
    """

    history: History
    variants: tuple[Variant, ...]
    origins: int
    cells: int
    horizon: int


def compare_festival(
    vintages: Vintages,
    region: Region,
    indicator: Indicator,
    as_of: date,
    *,
    origins: int = 36,
    horizon: int = 12,
    n_paths: int = 1000,
    seed: int = 1,
    gaps: str = "refuse",
    progress: Callable[[int, int], None] | None = None,
) -> FestivalComparison:
    """Back-test the airline model with and without festival regressors."""
    current, past = rolling_origins(Series(region, indicator), vintages, as_of, origins, gaps)
    long_enough = [o for o in past if len(o.estimation) >= MIN_MONTHS]
    if not long_enough:
        raise ShortHistoryError(
            f"{region.name}“{indicator.name}”没有一个历史起点达到 {MIN_MONTHS} 个月，"
            "春节影响无法比较。"
        )
    models = {policy: _airline(policy) for policy in LABELS}
    estimated: dict[tuple[Policy, str], Parameters | Failure] = {}
    outcomes: dict[str, list[Outcome]] = {policy: [] for policy in LABELS}
    for done, origin in enumerate(long_enough, start=1):
        for policy, model in models.items():
            key = (policy, origin.estimation.fingerprint)
            if key not in estimated:
                estimated[key] = model.estimate(origin.estimation)
            parameters = estimated[key]
            if not isinstance(parameters, Failure):
                number = cell_seed(seed, model.name, origin.history)
                outcomes[policy].append(
                    model.draw(origin.history, parameters, horizon, n_paths, number)
                )
            else:
                outcomes[policy].append(parameters)
        if progress:
            progress(done, len(long_enough))
    backtest = backtests.assemble(long_enough, current, outcomes, horizon)
    variants = tuple(_variant(policy, backtest, long_enough) for policy in LABELS)
    cells = int(np.isfinite(backtest.scaled_interval_scores(BASE)).sum())
    return FestivalComparison(current.history, variants, len(backtest.months), cells, horizon)


def _airline(policy: Policy) -> Airline:
    model = Airline()
    model.policy = policy
    return model


def _variant(policy: Policy, backtest: Backtest, origins: Sequence[Origin]) -> Variant:
    scores = backtest.scaled_interval_scores(policy)
    gap = None if policy == BASE else paired_difference(backtest, policy, BASE)
    first = backtest.months.month.to_numpy()[:, np.newaxis]
    target = (first + np.arange(backtest.horizon)) % 12 + 1
    effects = [effects_of(origin.estimation, policy) for origin in origins]
    entered = [e for e in effects if "festival_during" in e.optional]
    return Variant(
        policy=policy,
        label=LABELS[policy],
        wis=_mean(scores),
        mase=_mean(backtest.scaled_errors(policy)),
        wis_affected=_mean(scores[np.isin(target, AFFECTED)]),
        coverage80=_mean(backtest.coverage(policy, 80)),
        difference=0.0 if gap is None else gap.mean,
        standard_error=None if gap is None or not gap.freedom else gap.error,
        entered=len(entered),
        other_windows=sum(e.windows != DEFAULT_WINDOWS for e in entered),
    )


def _mean(cells: Floats) -> float | None:
    known = cells[np.isfinite(cells)]
    return float(known.mean()) if len(known) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 4)


def comparison_document(
    comparison: FestivalComparison, region: Region, indicator: Indicator
) -> dict[str, Any]:
    """The comparison as a JSON-able document."""
    history = comparison.history
    return {
        "kind": "festival_comparison",
        "region": {"code": region.code, "name": region.name},
        "indicator": indicator.code,
        "indicator_name": indicator.name,
        "model": Airline.name,
        "data_start": str(history.start),
        "data_month": str(history.origin),
        "as_of": history.as_of.isoformat(),
        "demo": history.demo,
        "pseudo_real_time": history.pseudo_real_time,
        "backtest_origins": comparison.origins,
        "cells": comparison.cells,
        "horizon": comparison.horizon,
        "variants": [
            {
                "policy": v.policy,
                "label": v.label,
                "wis": _rounded(v.wis),
                "mase": _rounded(v.mase),
                "wis_january_to_march": _rounded(v.wis_affected),
                "coverage80": _rounded(v.coverage80),
                "difference": _rounded(v.difference),
                "standard_error": _rounded(v.standard_error),
                "origins_with_festival": v.entered,
                "origins_with_other_windows": v.other_windows,
            }
            for v in comparison.variants
        ],
        "notes": [*history.notes, *history.left_out],
    }


def main(region: str) -> None:
    """Compare on a region of the workspace and print the document."""
    workspace = find_workspace()
    session = Session(workspace, load_settings(workspace))
    place = session.catalogue.region(region)
    indicator = session.catalogue.default_indicator(place)
    vintages = session.store.vintages(place.code, indicator.code)
    compared = compare_festival(vintages, place, indicator, clock.today(), origins=60)
    sys.stdout.write(to_json(comparison_document(compared, place, indicator)))


if __name__ == "__main__":
    main(sys.argv[1])
