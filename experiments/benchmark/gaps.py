"""`python -m employment_forecast.experiments.benchmark.gaps`: what missing months cost.

The default combination forecasts from whole histories and from the same histories with single
months blanked at random, neither of the first thirteen nor of the last six. Members only: no
choice and no calibration, which the missing months reach through the members alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from employment_forecast.experiments.benchmark.panel import Panel, read_origins, read_panel
from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import cell_seed
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS, combine, season_share
from employment_forecast.models.paths import LEVELS, SamplePaths

Floats = npt.NDArray[np.float64]

FIRST, LAST = 13, 6


def blanked(history: History, count: int, seed: int) -> History:
    """The history as if single months had never been published."""
    rng = np.random.default_rng([seed, history.origin.ordinal, len(history)])
    values = history.values.copy()
    values[rng.choice(np.arange(FIRST, len(values) - LAST), count, replace=False)] = np.nan
    return replace(history, values=values)


def after_last_gap(history: History) -> History:
    """What is left of a history after its last missing month."""
    return history.last(len(history) - 1 - int(np.flatnonzero(history.missing)[-1]))


def combination_quantiles(history: History, horizon: int, n_paths: int) -> Floats:
    """Quantiles of the members' robust combination, shape (horizon, 9); NaN if too short."""
    given = {
        m: paths
        for m in MEMBERS
        if isinstance(
            paths := roster.create(m).forecast(history, horizon, n_paths, cell_seed(1, m, history)),
            SamplePaths,
        )
    }
    if not given:
        return np.full((horizon, len(LEVELS)), np.nan)
    seed = cell_seed(1, roster.COMBINATION, history)
    return combine(given, season_share(history), seed).quantiles()


def measure(
    panel: Panel, names: Sequence[str], origins: Sequence[pd.Period], window: int, count: int
) -> pd.DataFrame:
    """Scaled WIS of each series, origin and kind of history: whole, filled, after."""
    rows = []
    for origin in origins:
        for position, name in enumerate(names):
            whole = panel.history(name, origin, window)
            if whole is None:
                continue
            gap = blanked(whole, count, position)
            scale = scores.seasonal_scale(whole.values)
            outcome = panel.outcome(name, origin, 12)
            for kind, history in (
                ("whole", whole),
                ("filled", gap),
                ("after", after_last_gap(gap)),
            ):
                quantiles = combination_quantiles(history, 12, 400)
                wis = float(scores.interval_score(quantiles, outcome).mean()) / scale
                rows.append((str(origin), name, kind, wis))
    return pd.DataFrame(rows, columns=["origin", "series_id", "kind", "wis"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints cells, mean WIS of whole histories, of the others, and the ratio."""
    parser = argparse.ArgumentParser(description="缺月使预测差多少。")
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--origins", required=True)
    parser.add_argument("--window", type=int, default=132)
    parser.add_argument("--missing", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="只取每第几个起点和序列")
    given = parser.parse_args(arguments)
    panel = read_panel(given.panel)
    with threadpool_limits(limits=1):
        table = measure(
            panel,
            list(panel.series)[:: given.every],
            read_origins(given.origins)[:: given.every],
            given.window,
            given.missing,
        )
    wide = table.pivot_table("wis", ["origin", "series_id"], "kind")
    for kind in ("filled", "after"):
        both = wide[["whole", kind]].dropna()
        whole, other = both.mean()
        sys.stdout.write(f"{kind:8s}{len(both):6d}{whole:9.4f}{other:9.4f}{other / whole:9.4f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
