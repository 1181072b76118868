"""`python -m employment_forecast.experiments.benchmark.transfer`: does a rule hold elsewhere.

Variants of a panel: the seasonal swing damped to a quarter and to nothing, level jumps of 0.5 in
logarithms, values rounded to hundreds, hardly anything but the season, clusters of areas that move
together. On each of them the
combination is scored with several rules for what members with a full season count for. A rule is
chosen on one variant, on every second area and origin, and scored on another with the rest.
Members only: no choice between models, no calibration, nothing pooled.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from employment_forecast.models.combining import MEMBERS, combine, season_weight, seasonal_evidence
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]
SEASON = 12
# Years over which the seasonal figures that are taken out may wander.
YEARS = 5
CLUSTER, OWN_SHARE, JUMP = 5, 0.3, 0.5
# What is left of all that is no season where hardly anything else moves.
CALM = 0.05
PATHS = 400

RULES: Mapping[str, Callable[[float, int], float]] = {
    "full": lambda evidence, n: 1.0,
    "evidence": lambda evidence, n: evidence,
    "beyond two years": lambda evidence, n: evidence * max(0.0, 1 - 2 * SEASON / n),
    "in force": season_weight,
    "half": lambda evidence, n: evidence / 2,
    "shrunken": lambda evidence, n: 0.0,
}


def seasonal_figures(z: Floats) -> Floats:
    """Additive seasonal figures that wander: weighted means of deviations from a yearly average."""
    kernel = np.r_[0.5, np.ones(SEASON - 1), 0.5] / SEASON
    half, n = SEASON // 2, len(z)
    away = np.full(n, np.nan)
    away[half:-half] = z[half:-half] - np.convolve(z, kernel, "valid")
    figures = np.empty(n)
    for month in range(SEASON):
        at = np.arange(month, n, SEASON)
        near = np.clip(1 - np.abs(np.subtract.outer(at, at)) / SEASON / YEARS, 0, None)
        near = near * np.isfinite(away[at])
        figures[at] = near @ np.nan_to_num(away[at]) / near.sum(axis=1)
    return figures - np.convolve(np.pad(figures, half, mode="wrap"), kernel, "valid")


def variants(panel: Panel) -> Iterator[tuple[str, Panel]]:
    """The panel itself and its variants; every series positive and without gaps."""
    names = list(panel.series)
    logs = {name: np.log(values.to_numpy()) for name, values in panel.series.items()}
    season = {name: seasonal_figures(z) for name, z in logs.items()}

    def made(logs_by_name: Mapping[str, Floats], digits: int | None = None) -> Panel:
        return Panel(
            {
                name: pd.Series(
                    np.exp(z) if digits is None else np.round(np.exp(z), digits),
                    index=panel.series[name].index,
                )
                for name, z in logs_by_name.items()
            }
        )

    quarter = {name: logs[name] - 0.75 * season[name] for name in names}
    yield "base", panel
    yield "quarter", made(quarter)
    yield "none", made({name: logs[name] - season[name] for name in names})
    yield (
        "jumps",
        made({name: logs[name] + _jumps(i, len(logs[name])) for i, name in enumerate(names)}),
    )
    yield "rounded", made(quarter, -2)
    calm = {
        name: logs[name].mean() + CALM * (logs[name] - season[name] - logs[name].mean())
        for name in names
    }
    yield "strong", made({name: calm[name] + season[name] for name in names})
    yield "clusters", made(_clustered(names, logs, season))


def _jumps(position: int, n: int) -> Floats:
    rng = np.random.default_rng([7, position])
    steps, at = np.zeros(n), int(rng.integers(12, 60))
    while at < n:
        steps[at:] += rng.choice([-JUMP, JUMP])
        at += int(rng.integers(36, 84))
    return steps


def _clustered(
    names: Sequence[str], logs: Mapping[str, Floats], season: Mapping[str, Floats]
) -> dict[str, Floats]:
    clustered = {}
    for start in range(0, len(names), CLUSTER):
        group = names[start : start + CLUSTER]
        moves = np.array([np.diff(logs[name] - season[name]) for name in group])
        common = moves.mean(axis=0)
        for name, own in zip(group, moves, strict=True):
            path = np.cumsum(common + OWN_SHARE * (own - common))
            level = logs[name][0] - season[name][0] + np.r_[0.0, path]
            clustered[name] = level + season[name]
    return clustered


def quantiles(history: History, horizon: int) -> dict[str, Floats]:
    """Quantiles of the combination by rule and of each member that could forecast."""
    members = {
        m: outcome
        for m in MEMBERS
        if isinstance(
            outcome := roster.create(m).forecast(history, horizon, PATHS, cell_seed(1, m, history)),
            SamplePaths,
        )
    }
    evidence, seed = seasonal_evidence(history), cell_seed(1, roster.COMBINATION, history)
    given = {m: paths.quantiles() for m, paths in members.items()}
    for name, rule in RULES.items():
        given[name] = combine(members, rule(evidence, len(history)), seed).quantiles()
    return given


def measure(
    panel: Panel, names: Sequence[str], origins: Sequence[pd.Period], window: int, horizon: int
) -> Iterator[dict[str, object]]:
    """Scaled WIS and cover of each series, origin, rule and member."""
    for number, origin in enumerate(origins):
        for position, name in enumerate(names):
            history = panel.history(name, origin, window)
            if history is None or len(history) < window:
                continue
            scale = scores.seasonal_scale(history.values)
            outcome = panel.outcome(name, origin, horizon)
            for rule, given in quantiles(history, horizon).items():
                yield {
                    "window": window,
                    "what": rule,
                    "half": (number + position) % 2,
                    "wis": float(scores.interval_score(given, outcome).mean()) / scale,
                    "cover80": float(scores.covered(given, outcome, 80).mean()),
                    "cover95": float(scores.covered(given, outcome, 95).mean()),
                    "origin": str(origin),
                }


def transfer(table: pd.DataFrame) -> pd.DataFrame:
    """WIS over that of the rule in force: a rule chosen on rows, on one half, scored on columns."""
    rules = table[table["what"].isin(list(RULES))]
    mean = rules.groupby(["variant", "half", "what"])["wis"].mean()
    names = list(dict.fromkeys(table["variant"]))
    rows = {}
    for chosen_on in names:
        best = str(mean[chosen_on, 0].idxmin())
        scored = [mean[on, 1, best] / mean[on, 1, "in force"] for on in names]
        rows[f"{chosen_on}: {best}"] = dict(zip(names, scored, strict=True))
    return pd.DataFrame(rows).T


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints mean WIS and cover, the transfer table and the best single member."""
    parser = argparse.ArgumentParser(description="组合规则在面板各变体之间的迁移。")
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--origins", required=True)
    parser.add_argument("--windows", default="24,36,48,60")
    parser.add_argument("--horizon", type=int, default=12)
    parser.add_argument("--every", type=int, nargs=2, default=(1, 1), help="每几个序列、起点取一个")
    parser.add_argument("--variants", default="", help="只算这些变体，逗号分隔")
    given = parser.parse_args(arguments)
    panel, wanted = read_panel(given.panel), set(filter(None, given.variants.split(",")))
    names = list(panel.series)[:: given.every[0]]
    origins = read_origins(given.origins)[:: given.every[1]]
    rows = []
    with threadpool_limits(limits=1):
        for variant, changed in variants(panel):
            if wanted and variant not in wanted:
                continue
            for window in map(int, given.windows.split(",")):
                measured = measure(changed, names, origins, window, given.horizon)
                rows += [{"variant": variant, **row} for row in measured]
    table = pd.DataFrame(rows)
    for score in ("wis", "cover80", "cover95"):
        wide = table.pivot_table(score, "what", ["window", "variant"])
        sys.stdout.write(f"{score}\n{wide.round(3).to_string()}\n")
    sys.stdout.write(f"transfer\n{transfer(table).round(3).to_string()}\n")
    return 0
