"""`python -m employment_forecast.experiments.benchmark.transfer.windows`: short windows.

The benchmark, champion, members and, if asked for, peers in one run, on variants of a panel and
several windows, for a systematic sample of areas and origins. What has been computed stays in
`--out`: a later run with a closer sample adds to it. A horizon below that of the run is its first
months.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from employment_forecast.experiments.benchmark.__main__ import main as run_benchmark
from employment_forecast.experiments.benchmark.cells import Plan, load_origin
from employment_forecast.experiments.benchmark.output import QUANTILE_COLUMNS, write_table
from employment_forecast.experiments.benchmark.panel import Panel, read_origins, read_panel
from employment_forecast.experiments.benchmark.peers import SCUM
from employment_forecast.experiments.benchmark.transfer.measure import variants
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS, combine, season_share
from employment_forecast.models.paths import QUANTILES, SamplePaths

CHAMPION, FLOOR = "champion", "seasonal_naive"
# The combination's two groups alone: any rule for what each counts for is a mixture of these.
GROUPS = {"full": 1.0, "shrunken": 0.0}
HORIZONS = (6, 12)
SCORES = ("wis", "mase", "cover80", "cover95")
PATHS, SEED = 400, 1


def written(panel: Panel, names: Sequence[str], file: Path) -> None:
    """Some series of a panel as the benchmark reads them."""
    pieces = [
        pd.DataFrame({"series_id": n, "month": s.index.astype(str), "value": s.to_numpy()})
        for n in names
        for s in [panel.series[n]]
    ]
    write_table(file.parent, file.name, pieces)


def group_rows(panel: Panel, origins: Sequence[pd.Period], window: int, out: Path) -> pd.DataFrame:
    """Quantiles of the combination's groups from the cells of a run, and the share in force."""
    plan = Plan(panel, MEMBERS, window, max(HORIZONS), PATHS, SEED)
    rows = []
    for origin in origins:
        given: dict[str, dict[str, SamplePaths]] = {}
        histories = {}
        for model, name, cell, outcome, _ in load_origin(plan, origin, out / "cells.db"):
            histories[name] = cell.origin.history
            if isinstance(outcome, SamplePaths):
                given.setdefault(name, {})[model] = outcome
        for name, members in given.items():
            share = season_share(histories[name])
            for group, weight in GROUPS.items():
                combined = combine(members, weight, SEED)
                table = np.column_stack([combined.mean(), combined.quantiles()])
                for h, values in enumerate(table.tolist(), start=1):
                    rows.append((group, name, str(origin), h, *values, share))
    return pd.DataFrame(rows, columns=[*QUANTILE_COLUMNS, "share"])


def scored(forecasts: pd.DataFrame, panel: Panel, window: int) -> pd.DataFrame:
    """Mean WIS, absolute error in units of the seasonal naive error, and cover of each forecast.

    One row for each model, series, origin and horizon.
    """
    rows = []
    for (origin, name), of_model in forecasts.groupby(["origin", "series_id"]):
        at = pd.Period(str(origin), "M")
        history = panel.history(str(name), at, window)
        if history is None or len(history) < window:
            continue
        scale = scores.seasonal_scale(history.values)
        outcome = panel.outcome(str(name), at, max(HORIZONS))
        for model, table in of_model.groupby("model"):
            q = table.sort_values("h")[list(QUANTILES)].to_numpy()
            for horizon in HORIZONS:
                law, seen = q[:horizon], outcome[:horizon]
                rows.append(
                    {
                        "model": model, "series_id": name, "origin": origin, "horizon": horizon,
                        "wis": float(scores.interval_score(law, seen).mean()) / scale,
                        "mase": float(np.abs(law[:, 4] - seen).mean()) / scale,
                        "cover80": float(scores.covered(law, seen, 80).mean()),
                        "cover95": float(scores.covered(law, seen, 95).mean()),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def ratio(table: pd.DataFrame, score: str, model: str, other: str) -> tuple[float, float]:
    """Mean score of a model over that of another, and its standard error over origins.

    The jackknife leaves out one origin at a time.
    """
    by = table.pivot_table(score, "origin", "model")[[model, other]].dropna()
    whole = float(by[model].sum() / by[other].sum())
    left = (by[model].sum() - by[model]) / (by[other].sum() - by[other])
    n = len(by)
    return whole, float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())) if n > 1 else 0.0


def summary(table: pd.DataFrame) -> dict[str, object]:
    """The champion of one split against SCUM, the seasonal naive and the best single member."""
    mean = table.groupby("model")[list(SCORES)].mean()
    best = str(mean.loc[[m for m in MEMBERS if m in mean.index], "wis"].idxmin())
    row: dict[str, object] = {
        "cases": len(table[table["model"] == CHAMPION]),
        **dict(zip(SCORES, mean.loc[CHAMPION].to_numpy(dtype=float).round(3), strict=True)),
    }
    for score in ("wis", "mase"):
        for other in (SCUM, FLOOR, best):
            if other in mean.index:
                value, error = ratio(table, score, CHAMPION, other)
                label = "best" if other == best else other
                row[f"{score}/{label}"] = f"{value:.3f}±{error:.3f}"
    return {**row, "best": best}


def compute(given: argparse.Namespace) -> Iterator[tuple[str, int, pd.DataFrame]]:
    """Variant, window and scores of each split, the benchmark run where it has not been."""
    panel, wanted = read_panel(given.panel), given.variants.split(",")
    names = list(panel.series)[given.first :: given.every[0]]
    origins = read_origins(given.origins)[:: given.every[1]]
    models = ",".join((*MEMBERS, *roster.floors()))
    for variant, changed in variants(panel):
        if variant not in wanted:
            continue
        for window in map(int, given.windows.split(",")):
            out: Path = given.out / f"{variant}-{window}"
            out.mkdir(parents=True, exist_ok=True)
            written(changed, names, out / "panel.csv")
            sample = read_panel(out / "panel.csv")
            asked = ["--panel", str(out / "panel.csv"), "--origins", ",".join(map(str, origins))]
            asked += ["--window", str(window), "--horizon", str(max(HORIZONS)), "--out", str(out)]
            asked += ["--models", models, "--paths", str(PATHS), "--seed", str(SEED)]
            if run_benchmark([*asked, *(["--peers"] if given.peers else [])]) != 0:
                continue
            write_table(out, "groups.csv", [group_rows(sample, origins, window, out)])
            forecasts = pd.read_csv(out / "quantiles.csv", dtype={"series_id": str})
            table = scored(forecasts, sample, window)
            write_table(out, "scores.csv", [table])
            yield variant, window, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints a row for each variant, window and horizon, and names what failed."""
    parser = argparse.ArgumentParser(description="短历史上的现役模型与对照模型。")
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--origins", required=True)
    parser.add_argument("--windows", default="24,36,48,60")
    parser.add_argument("--variants", default="base,quarter,none")
    parser.add_argument("--every", type=int, nargs=2, default=(1, 1), help="每几个序列、起点取一个")
    parser.add_argument("--first", type=int, default=0, help="从第几个序列起")
    parser.add_argument("--peers", action="store_true", help="同时运行 statsforecast 的模型")
    parser.add_argument("--out", type=Path, required=True, help="原始结果；可续算")
    given = parser.parse_args(arguments)
    measured = {(variant, window): table for variant, window, table in compute(given)}
    rows = [
        {"variant": variant, "window": window, "horizon": horizon, **summary(part)}
        for (variant, window), table in measured.items()
        for horizon, part in table.groupby("horizon")
    ]
    sys.stdout.write(pd.DataFrame(rows).to_string(index=False) + "\n")
    wanted = product(given.variants.split(","), map(int, given.windows.split(",")))
    missing = [
        f"{variant}-{window}" for variant, window in wanted if (variant, window) not in measured
    ]
    if missing:
        sys.stderr.write(f"未能测算：{'、'.join(missing)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
