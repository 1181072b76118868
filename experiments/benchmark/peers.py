"""The peers: statsforecast's models with their default settings, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from employment_forecast.experiments.benchmark.cells import cpu_seconds
from employment_forecast.experiments.benchmark.output import QUANTILE_COLUMNS, write_table
from employment_forecast.experiments.benchmark.panel import Panel
from employment_forecast.experiments.benchmark.standings import SEASON, Times
from employment_forecast.models.paths import QUANTILES

NAMES = ("AutoARIMA", "AutoETS", "AutoTheta", "AutoCES", "SeasonalNaive")
MEDIAN_OF = NAMES[:4]
SCUM = "SCUM"
# Central intervals in percent whose ends are the nine quantiles.
INTERVALS = (50, 80, 90, 95)


def installed() -> bool:
    """Whether statsforecast can be imported."""
    return importlib.util.find_spec("statsforecast") is not None


def interval_columns(name: str) -> dict[str, str]:
    """Column of statsforecast's table by quantile."""
    columns = {"q50": name}
    for level, low, high in zip(
        INTERVALS, ("q25", "q10", "q05", "q025"), ("q75", "q90", "q95", "q975"), strict=True
    ):
        columns[low] = f"{name}-lo-{level}"
        columns[high] = f"{name}-hi-{level}"
    return columns


def run_peers(
    panel: Panel,
    origins: Sequence[pd.Period],
    window: int,
    horizon: int,
    folder: Path,
    times: Times,
) -> list[pd.DataFrame]:
    """Forecast every series at every origin with the peers and SCUM, their median."""
    pieces = []
    folder.mkdir(parents=True, exist_ok=True)
    for origin in origins:
        name = f"peers-{origin}-{window}-{horizon}.csv"
        if not (folder / name).is_file():
            write_table(folder, name, [_origin(panel, origin, window, horizon, times)])
        pieces.append(pd.read_csv(folder / name, dtype={"series_id": str}))
    return pieces


def _origin(
    panel: Panel, origin: pd.Period, window: int, horizon: int, times: Times
) -> pd.DataFrame:
    core = importlib.import_module("statsforecast")
    models = importlib.import_module("statsforecast.models")
    histories = {s: panel.history(s, origin, window) for s in panel.series}
    long = pd.concat(
        [
            pd.DataFrame({"unique_id": s, "ds": h.months.to_timestamp(), "y": h.values})
            for s, h in histories.items()
            if h is not None
        ]
    )
    tables = {}
    for name in NAMES:
        engine = core.StatsForecast(
            models=[getattr(models, name)(season_length=SEASON, alias=name)], freq="MS", n_jobs=1
        )
        started = cpu_seconds()
        table = engine.forecast(df=long, h=horizon, level=list(INTERVALS)).reset_index()
        times.add(name, cpu_seconds() - started, table["unique_id"].nunique())
        tables[name] = quantile_table(table, name, origin)
    middle = np.median([tables[m][["mean", *QUANTILES]].to_numpy() for m in MEDIAN_OF], axis=0)
    scum = tables[MEDIAN_OF[0]].copy()
    scum["model"] = SCUM
    scum[["mean", *QUANTILES]] = middle
    times.add(SCUM, 0.0, scum["series_id"].nunique())
    return pd.concat([*tables.values(), scum], ignore_index=True)


def quantile_table(table: pd.DataFrame, name: str, origin: pd.Period) -> pd.DataFrame:
    """One model's forecasts, as statsforecast gives them, in the columns of quantiles.csv."""
    ordered = table.sort_values(["unique_id", "ds"], ignore_index=True)
    columns = interval_columns(name)
    out = pd.DataFrame({q: ordered[columns[q]].to_numpy(dtype=float) for q in QUANTILES})
    out["model"] = name
    out["series_id"] = ordered["unique_id"].astype(str)
    out["origin"] = str(origin)
    out["h"] = ordered.groupby("unique_id").cumcount() + 1
    out["mean"] = ordered[name].to_numpy(dtype=float)
    return out[list(QUANTILE_COLUMNS)]
