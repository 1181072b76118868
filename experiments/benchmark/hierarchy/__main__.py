"""The panel as a tree: base and reconciled paths at every origin, scored by level."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.experiments.benchmark.cells import Plan, compute_all
from employment_forecast.experiments.benchmark.hierarchy.scoring import (
    Truth,
    level_scores,
    means,
)
from employment_forecast.experiments.benchmark.panel import Panel, read_origins, read_panel
from employment_forecast.experiments.benchmark.standings import CHAMPION, Times, standings
from employment_forecast.forecasting.reconciliation import (
    Sum,
    Tree,
    TreeEvidence,
    choose_tree,
    coherent,
)
from employment_forecast.forecasting.scoring import seasonal_scale
from employment_forecast.models import roster

Floats = npt.NDArray[np.float64]
WHOLE = "whole"
# The roster without what needs other libraries or much time; the default combination is in it.
MODELS = (
    "random_walk,drift,seasonal_naive,ets,ets_level,sarima,sarima_level,ridge,ridge_level,uc,"
    "combination,combination_pooled,combination_weighted"
)


@dataclass(frozen=True)
class Base:
    """Base forecasts of all members at one origin.

    Attributes
    ----------
    month : int
        Ordinal of the origin.
    paths : numpy.ndarray
        Shape (members, n_paths, horizon).
    truth : Truth
        What came.
    """

    month: int
    paths: Floats
    truth: Truth


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def tree_panel(panel: Panel, groups: pd.DataFrame) -> tuple[Panel, Tree, Tree]:
    """The panel with its sums, and it as a tree of two and of three levels."""
    areas = list(panel.series)
    group = dict(zip(groups["series_id"], groups["group"], strict=True))
    middle = {
        name: tuple(a for a in areas if group[a] == name) for name in sorted(set(group.values()))
    }
    sums = {
        name: pd.concat([panel.series[a] for a in parts], axis=1).sum(axis=1, skipna=False)
        for name, parts in {WHOLE: tuple(areas), **middle}.items()
    }
    two = Tree.of([Sum(WHOLE, tuple(areas))])
    three = Tree.of([Sum(WHOLE, tuple(middle)), *(Sum(k, v) for k, v in middle.items())])
    return Panel({**panel.series, **sums}), two, three


def bases(plan: Plan, origins: Sequence[pd.Period], file: Path) -> Iterator[Base]:
    """The champion's calibrated paths of every series, in the order of the panel."""
    names = list(plan.panel.series)
    for standing in standings(plan, origins, file, Times()):
        values = [standing.histories[name].values for name in names]
        yield Base(
            standing.origin.ordinal,
            np.stack([standing.forecasts[CHAMPION][name].values for name in names]),
            Truth(
                np.stack([plan.panel.outcome(n, standing.origin, plan.horizon) for n in names]),
                np.array([seasonal_scale(v) for v in values]),
                np.array([v[-1] for v in values]),
                np.array([np.nanmax(v[-12:]) for v in values]),
            ),
        )


def evidence_of(past: Sequence[Base], levels: Floats) -> TreeEvidence:
    """What the origins so far have said, with all outcomes; `known_at` shows them in time."""
    return TreeEvidence(
        np.array([base.month for base in past], dtype=np.int64),
        np.stack([np.moveaxis(np.quantile(b.paths, levels, axis=1), 0, -1) for b in past]),
        np.stack([base.truth.outcomes for base in past]),
        np.stack([base.truth.scales for base in past]),
    )


def of_members(evidence: TreeEvidence, rows: Sequence[int]) -> TreeEvidence:
    """The evidence of some members, in an order."""
    at = list(rows)
    return TreeEvidence(
        evidence.months, evidence.quantiles[:, at], evidence.outcomes[:, at], evidence.scales[:, at]
    )


def run(arguments: argparse.Namespace) -> None:
    """Compute what is missing, reconcile at every origin, write scores.csv and base.npz."""
    from employment_forecast.models.paths import LEVELS

    origins = read_origins(arguments.origins)
    groups = pd.read_csv(arguments.groups, dtype=str)
    panel, two, three = tree_panel(read_panel(arguments.panel), groups)
    models = tuple(m for m in roster.resolve(MODELS) if m not in roster.COMBINATIONS)
    plan = Plan(panel, models, 132, 12, 1000, 1)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    cells = out / "cells.db"
    compute_all(plan, origins, cells, arguments.jobs, lambda done, n: _say(f"起点 {done}/{n}"))
    all_bases = list(bases(plan, origins, cells))
    whole, names = evidence_of(all_bases, LEVELS), list(panel.series)
    np.savez_compressed(
        out / "base.npz",
        names=np.array(names),
        groups=groups[["series_id", "group"]].to_numpy(str),
        months=whole.months,
        quantiles=whole.quantiles,
        outcomes=whole.outcomes,
        mean=np.stack([b.paths.mean(axis=1) for b in all_bases]),
        spread=np.stack([b.paths.std(axis=1) for b in all_bases]),
    )
    rows: list[dict[str, object]] = []
    for title, tree in (("two levels", two), ("three levels", three)):
        at = [names.index(key) for key in tree.members]
        evidence = of_members(whole, at)
        constraints, worst, lowest = tree.constraints(tree.members), 0.0, np.inf
        left_alone, learned = 0, 0
        reconciled = []
        for base in all_bases:
            known = evidence.known_at(base.month)
            own = base.paths[at]
            choice = choose_tree(tree, known)
            paths = coherent(tree, own, known.law(tree, own, learned=choice.learned))
            gap = np.abs(np.einsum("sm,mnh->snh", constraints, paths)) / paths[0]
            worst, lowest = max(worst, float(gap.max())), min(lowest, float(paths.min()))
            left_alone += not choice.reconcile
            learned += choice.learned
            reconciled.append(paths)
        _say(
            f"{title}: largest gap {worst:.1e} of the whole, smallest value {lowest:.0f}, "
            f"by choice not reconciled at {left_alone} of {len(all_bases)} origins "
            f"and with learned weights at {learned}"
        )
        given = {"base": [b.paths[at] for b in all_bases], "reconciled": reconciled}
        reference = out / "reference.npz"
        if reference.exists():
            given |= {k: list(v) for k, v in np.load(reference).items() if k.endswith(title[:3])}
        rows += _scored(title, tree, all_bases, at, given)
    pd.DataFrame(rows).to_csv(out / "scores.csv", index=False, float_format="%.5g")


def _scored(
    title: str,
    tree: Tree,
    all_bases: Sequence[Base],
    at: Sequence[int],
    given: dict[str, list[Floats]],
) -> list[dict[str, object]]:
    key = {name: i for i, name in enumerate(tree.members)}
    rows: list[dict[str, object]] = []
    for method, paths in given.items():
        for level in tree.levels():
            scored = [
                {
                    "month": base.month,
                    **level_scores(
                        each,
                        Truth(*(getattr(base.truth, f)[list(at)] for f in
                                ("outcomes", "scales", "last", "highest"))),
                        [key[name] for name in level],
                    ),
                }
                for base, each in zip(all_bases, paths, strict=True)
                if np.isfinite(each).all()
            ]  # fmt: skip
            named = {"tree": title, "method": method, "members": len(level)}
            rows += [{**named, **row} for row in scored]
            of = f"{len(level)} members, {len(scored)} origins"
            _say(f"{title} {method} {of}: {means(scored)}")
    return rows


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--groups", type=Path, required=True, help="CSV: series_id,group")
    parser.add_argument("--origins", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    run(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
