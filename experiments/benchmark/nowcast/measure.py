"""`python -m employment_forecast.experiments.benchmark.nowcast`: the month in progress on claims.

On day 1, 10, 20 and 30 of each month: the engine with and without the weekly figures known then,
against the last complete month plus last year's seasonal change, and against the plain ratio
(latest week over the same week a year before, times last year's month).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.errors import DataError, RefusedError
from employment_forecast.data.files import write_atomically
from employment_forecast.experiments.benchmark.claims import INDICATOR, Claims, read_claims
from employment_forecast.experiments.benchmark.output import write_table
from employment_forecast.features.history import History, from_known
from employment_forecast.forecasting.backtest import Origin, cell_seed, engine_version
from employment_forecast.forecasting.nowcast import conditioned
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models import roster
from employment_forecast.models.combining import combine, season_share
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

DAYS = (1, 10, 20, 30)
FIRST, LAST = pd.Period("2023-01", "M"), pd.Period("2026-06", "M")
# First origin the models may learn closings from; before it they have too few months.
EARLIEST = pd.Period("2021-12", "M")
ORIGINS, HORIZON, PATHS = 36, 4, 400
YEAR = timedelta(days=364)
CLAIMS = Indicator(
    code=INDICATOR, name="claims", kind="stock", unit="人", transform="log", lag_days=10,
    precision=1.0,
)  # fmt: skip


def history_on(claims: Claims, day: date) -> History:
    """Monthly means known on a day."""
    region = Region(code=claims.area, name=claims.area, level="province", parent=None)
    return from_known(claims.months.as_of(day), region, CLAIMS, day)


def forecast(history: History, members: Sequence[str]) -> SamplePaths:
    """Combination of the members that can run; of the floors where none can."""
    for names in (members, roster.floors()):
        given = {
            m: paths
            for m in names
            if isinstance(
                paths := roster.create(m).forecast(
                    history, HORIZON, PATHS, cell_seed(1, m, history)
                ),
                SamplePaths,
            )
        }
        if given:
            seed = cell_seed(1, roster.COMBINATION, history)
            return combine(given, season_share(history), seed)
    raise DataError(f"{history.region} {history.origin}: no forecast", "")


def references(claims: Claims, history: History, month: pd.Period, day: date) -> tuple[float, ...]:
    """Logarithms of last month plus seasonal change, and of the plain ratio."""
    known = dict(zip(history.months.asi8.tolist(), history.scaled.tolist(), strict=True))
    last_year, newest_month = known[month.ordinal - 12], history.origin.ordinal
    weeks = claims.weeks.as_of(day)
    by_day = dict(zip(weeks.last_day.tolist(), weeks.values.tolist(), strict=True))
    newest: date = weeks.last_day[-1].astype(object)
    ratio = float(np.log(by_day[newest]) - np.log(by_day[newest - YEAR]))
    seasonal = known[newest_month] + last_year - known[newest_month - 12]
    return seasonal, last_year + ratio


def measure(claims: Claims, members: Sequence[str]) -> Iterator[dict[str, float | str]]:
    """One row for each month and day of an area."""
    origins: list[Origin] = []
    hindcasts: list[SamplePaths] = []
    for month in pd.period_range(EARLIEST, LAST, freq="M"):
        day = claims.months.first_published(month)
        history = None if day is None else history_on(claims, day)
        if history is not None and history.origin == month:
            origins.append(Origin(history, history))
            hindcasts.append(forecast(history, members))
    at = {o.month: row for row, o in enumerate(origins)}
    for month in pd.period_range(FIRST, LAST, freq="M"):
        for number in DAYS:
            day = date(month.year, month.month, min(number, month.days_in_month))
            history = history_on(claims, day)
            row, ahead = at.get(history.origin), (month - history.origin).n
            if row is None or not 1 <= ahead <= HORIZON or month not in claims.final.index:
                continue
            past = slice(max(row - ORIGINS, 0), row)
            plain = hindcasts[row]
            given, _ = conditioned(
                plain, history, claims.weeks, day, origins[past], hindcasts[past], np.ones(HORIZON)
            )
            outcome = float(claims.final.to_numpy()[claims.final.index.get_loc(month)])
            seasonal, ratio = references(claims, history, month, day)
            without, with_parts = (p.quantiles()[ahead - 1] for p in (plain, given))
            yield {
                "area": claims.area,
                "month": str(month),
                "day": number,
                "seasonal": abs(np.log(outcome) - seasonal),
                "ratio": abs(np.log(outcome) - ratio),
                "without": abs(np.log(outcome / without[4])),
                "nowcast": abs(np.log(outcome / with_parts[4])),
                "wis_without": float(scores.interval_score(without, np.asarray(outcome))) / outcome,
                "wis_nowcast": float(scores.interval_score(with_parts, np.asarray(outcome)))
                / outcome,
                "cover80": float(with_parts[2] <= outcome <= with_parts[6]),
                "cover95": float(with_parts[0] <= outcome <= with_parts[8]),
            }


def _claim(out: Path, claims: Path, members: Sequence[str]) -> None:
    """Take the folder for these members, claims and this program; refuse one of others."""
    settings = {
        "members": ",".join(members),
        "claims": hashlib.sha256(claims.read_bytes()).hexdigest(),
        "program": engine_version(),
    }
    file = out / "settings.json"
    # Figures without settings may be of any.
    known = json.loads(file.read_bytes()) if file.is_file() else {}
    if known != settings and (known or any(out.glob("*.csv"))):
        words = {"members": "成员", "claims": "申领数据", "program": "程序版本"}
        other = "、".join(words[key] for key in settings if known.get(key) != settings[key])
        raise RefusedError(
            f"{out} 中已有的结果与本次不同：{other}。", "请换一个文件夹，或先清空它。"
        )
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(settings, indent=1).encode("utf-8"))


def _area(claims: Claims, members: Sequence[str], out: Path | None) -> pd.DataFrame:
    """Rows of an area, from the folder where it has been measured before."""
    if out is not None and (out / f"{claims.area}.csv").is_file():
        return pd.read_csv(out / f"{claims.area}.csv", dtype={"area": str})
    table = pd.DataFrame(measure(claims, members))
    if out is not None:
        write_table(out, f"{claims.area}.csv", [table])
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; prints means by day."""
    parser = argparse.ArgumentParser(description="月中估计在周度申领数据上的误差。")
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument(
        "--areas", type=int, nargs=2, default=(1, 0), help="每几个取一个，从第几个起"
    )
    parser.add_argument("--members", default="ets,sarima,theta,ets_level")
    parser.add_argument("--out", type=Path, help="各地区的各行另存于此文件夹；中断后可续算")
    given = parser.parse_args(arguments)
    step, first = given.areas
    members = given.members.split(",")
    if given.out is not None:
        try:
            _claim(given.out, given.claims, members)
        except RefusedError as error:
            sys.stderr.write(f"错误：{error.message}\n提示：{error.hint}\n")
            return 1
    with threadpool_limits(limits=1):
        table = pd.concat(
            _area(claims, members, given.out)
            for claims in list(read_claims(given.claims))[first::step]
        )
    mean = table.drop(columns=["area", "month"]).groupby("day").mean()
    mean["below_seasonal"] = 1 - mean["nowcast"] / mean["seasonal"]
    mean["over_ratio"] = mean["nowcast"] / mean["ratio"] - 1
    sys.stdout.write(mean.round(4).to_string() + "\n")
    return 0
