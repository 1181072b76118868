"""What declaring an event is worth: a command run with `python -m` and `--out DIR`.

The national surveyed rate with the epidemic declared in 2020-02 and 2022-04, each on the day that
month was published and always as a temporary change of the usual length, against the same back-test
without a declaration. Other kinds are shown beside it, to tell what a wrong kind costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from employment_forecast.data.bundled import sync
from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.data.files import write_atomically
from employment_forecast.data.records import USUAL_MONTHS, Shock, ShockKind, Vintages
from employment_forecast.data.store import Store
from employment_forecast.data.workspace import FileCellCache
from employment_forecast.forecasting.backtest import Backtest
from employment_forecast.forecasting.competition import Options
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.scoring import interval_score
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS

EVENTS = ("2020-02", "2022-04")
CASES: dict[str, ShockKind | None] = {
    "none": None,
    "temporary": "temporary",
    "pulse": "pulse",
    "step": "step",
}
# Origins: the year after each event, the year between, and what came later.
SPANS = {
    "2020-02..2021-01": ("2020-02", "2021-01"),
    "2021-02..2022-03": ("2021-02", "2022-03"),
    "2022-04..2023-03": ("2022-04", "2023-03"),
    "2023-04..": ("2023-04", "2099-12"),
    "all": ("2020-02", "2099-12"),
}


def declared(vintages: Vintages, kind: ShockKind | None) -> Vintages:
    """The series with the two events known from the publication of their month on."""
    if kind is None:
        return vintages
    events = []
    for text in EVENTS:
        month = pd.Period(text, freq="M")
        day = vintages.first_published(month)
        assert day is not None
        length = USUAL_MONTHS[kind]
        events.append(Shock(vintages.region, "", month, kind, length, "疫情", "回放", day))
    return replace(vintages, shocks=tuple(events))


def table(backtests: dict[str, Backtest], models: Sequence[str]) -> pd.DataFrame:
    """Mean WIS (percentage points) and 80 % coverage by model, span of origins and case."""
    rows = []
    for model in models:
        works = np.all([b.records[model].works for b in backtests.values()], axis=0)
        for name, (first, last) in SPANS.items():
            months = next(iter(backtests.values())).months
            inside = np.asarray(
                (months >= pd.Period(first, "M")) & (months <= pd.Period(last, "M"))
            )
            used = inside & works
            row: dict[str, object] = {"model": model, "origins": name, "n": int(used.sum())}
            if not used.any():
                continue
            for case, each in backtests.items():
                quantiles, outcomes = each.records[model].quantiles[used], each.outcomes[used]
                known = np.isfinite(outcomes)
                score = interval_score(quantiles, outcomes)
                covered = (outcomes >= quantiles[..., 2]) & (outcomes <= quantiles[..., 6])
                row[f"wis.{case}"] = round(float(score[known].mean()), 4)
                row[f"cover80.{case}"] = round(float(covered[known].mean()), 3)
            rows.append(row)
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write national_shocks.csv and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.national_shocks",
        description="全国城镇调查失业率：申报疫情与不申报的回测比较（准实时）。",
    )
    parser.add_argument("--out", type=Path, required=True, help="输出文件夹；中断后可续算")
    parser.add_argument("--origins", type=int, default=84, help="预测起点数")
    parser.add_argument("--paths", type=int, default=1000, help="每次预测的模拟路径数")
    parser.add_argument("--seed", type=int, default=1, help="随机种子")
    parser.add_argument("--jobs", type=int, default=1, help="工作进程数；结果与其无关")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    catalogue = load_catalogue()
    region = catalogue.region("全国")
    indicator = catalogue.indicator("surveyed_unemployment_rate")
    store = Store(f"sqlite:///{given.out / 'observations.db'}")
    try:
        sync(store, catalogue)
        vintages = store.vintages(region.code, indicator.code)
    finally:
        store.close()
    options = Options(
        models=(*MEMBERS, *roster.floors(), roster.COMBINATION), horizon=12, origins=given.origins,
        n_paths=given.paths, seed=given.seed, jobs=given.jobs,
    )  # fmt: skip
    last = max(vintages.rows["published_on"]).date()
    cells = FileCellCache(given.out / "cells", 512)
    backtests = {
        case: compete(
            Series(region, indicator), declared(vintages, kind), last, (), options, cells
        ).backtest
        for case, kind in CASES.items()
    }
    shown = table(backtests, (roster.COMBINATION, *MEMBERS, *roster.floors()))
    write_atomically(
        given.out / "national_shocks.csv",
        shown.to_csv(index=False, lineterminator="\n").encode("utf-8"),
    )
    sys.stdout.write(shown.to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
