"""`python -m employment_forecast.experiments.benchmark.revisions`: what corrections cost.

From a panel as it was once published the members' combination forecasts the final figures: as the
figures were first known, with the law of their corrections, and from the final history, which
nobody had. The law comes from the corrections between two other states of the panel.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from employment_forecast.data.clock import month_key
from employment_forecast.data.records import COLUMNS, Vintages
from employment_forecast.experiments.benchmark.gaps import combination_quantiles
from employment_forecast.experiments.benchmark.panel import Panel, read_panel
from employment_forecast.features.history import Revisions, RevisionSource, learn_revisions
from employment_forecast.forecasting.scoring import scores

Floats = npt.NDArray[np.float64]

# Days stand for the states of the panel; only their order counts.
FIRST_STATE, SECOND_STATE = date(2001, 1, 1), date(2002, 1, 1)
HORIZON, PATHS = 12, 400


def _vintages(name: str, states: Sequence[pd.Series[float]]) -> Vintages:
    frames = []
    for day, values in zip((FIRST_STATE, SECOND_STATE), states, strict=True):
        months = pd.PeriodIndex(values.index)
        frames.append(
            pd.DataFrame(
                {
                    "month": [month_key(m) for m in months],
                    "value": values.to_numpy(),
                    "published_on": pd.Timestamp(day),
                }
            )
        )
    rows = pd.concat(frames).assign(published_estimated=False, source="", demo=False)
    rows["id"] = np.arange(len(rows))
    rows = rows.sort_values(["month", "published_on"], ignore_index=True)
    return Vintages(name, "benchmark", rows[list(COLUMNS)])


def laws(first: Panel, second: Panel) -> dict[str, Revisions | None]:
    """Law of each series from two states, the ten series that follow lending theirs."""
    names = [name for name in first.series if name in second.series]
    sources = [
        RevisionSource(_vintages(n, (first.series[n], second.series[n])), log=True) for n in names
    ]
    by_series = {}
    for at, name in enumerate(names):
        others = [*sources[at + 1 :], *sources[:at]]
        by_series[name] = learn_revisions(sources[at], others, SECOND_STATE)
    return by_series


def measure(
    known: Panel, final: Panel, law: dict[str, Revisions | None], window: int, every: int
) -> pd.DataFrame:
    """Scaled WIS and cover of each series from its last month on."""
    rows = []
    for name in [n for n in law if n in final.series][::every]:
        origin = known.series[name].index[-1]
        first = known.history(name, origin, window)
        last = final.history(name, origin, window)
        outcome = final.outcome(name, origin, HORIZON)
        if first is None or last is None:
            continue
        scale, seen = scores.seasonal_scale(first.values), np.isfinite(outcome)
        row: dict[str, float | str] = {"series_id": name}
        for kind, history in (
            ("known", first),
            ("law", replace(first, revisions=law[name])),
            ("final", last),
        ):
            quantiles = combination_quantiles(history, HORIZON, PATHS)[seen]
            row[kind] = float(scores.interval_score(quantiles, outcome[seen]).mean()) / scale
            for level in (80, 95):
                row[f"{kind}{level}"] = float(
                    scores.covered(quantiles, outcome[seen], level).mean()
                )
        rows.append(row)
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints means and the ratio of the law's WIS to that of the known figures."""
    parser = argparse.ArgumentParser(description="数据修订使预测差多少。")
    parser.add_argument("--known", type=Path, required=True, help="当时公布的面板")
    parser.add_argument("--final", type=Path, required=True, help="最终的面板")
    parser.add_argument("--learn", type=Path, nargs=2, required=True, help="据以估计修订的两个版本")
    parser.add_argument("--window", type=int, default=132)
    parser.add_argument("--every", type=int, default=1, help="只取每第几个序列")
    given = parser.parse_args(arguments)
    known, final, first, second = map(read_panel, (given.known, given.final, *given.learn))
    with threadpool_limits(limits=1):
        table = measure(known, final, laws(first, second), given.window, given.every)
    mean = table.drop(columns="series_id").mean()
    sys.stdout.write(mean.round(4).to_string() + f"\nratio {mean['law'] / mean['known']:.4f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
