"""The scorers' files, written in one piece each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from employment_forecast.data.files import write_atomically
from employment_forecast.experiments.benchmark.standings import (
    SEASON,
    Standing,
    Times,
    event_shares,
)
from employment_forecast.models.paths import QUANTILES

QUANTILE_COLUMNS = ("model", "series_id", "origin", "h", "mean", *QUANTILES)
CAP_COLUMNS = ("model", "series_id", "origin", "p_any", "p_end")


def quantile_rows(standing: Standing) -> pd.DataFrame:
    """Rows of quantiles.csv for one origin."""
    rows = [
        (model, name, str(standing.origin), step, *values)
        for model, by_series in standing.quantiles.items()
        for name, table in by_series.items()
        for step, values in enumerate(table.tolist(), start=1)
    ]
    return pd.DataFrame(rows, columns=list(QUANTILE_COLUMNS))


def cap_rows(standing: Standing) -> pd.DataFrame:
    """Rows of caps.csv for one origin; none for horizons or histories shorter than a year."""
    rows = [
        (model, name, str(standing.origin), *event_shares(paths, standing.histories[name]))
        for model, by_series in standing.forecasts.items()
        for name, paths in by_series.items()
        if paths.horizon >= SEASON
    ]
    return pd.DataFrame(rows, columns=list(CAP_COLUMNS))


def choice_row(standing: Standing) -> dict[str, object]:
    """What was chosen at an origin, and why."""
    choice, calibration = standing.choice, standing.calibration
    return {
        "origin": str(standing.origin),
        "champion": choice.model,
        "origins_known": choice.origins,
        "reason": choice.reason,
        "widened": round(float(calibration.factors.mean()), 4),
        "calibration": calibration.note,
    }


def write_table(folder: Path, name: str, pieces: Iterable[pd.DataFrame]) -> Path:
    """Write tables under one header, numbers with ten digits."""
    file = folder / name
    table = pd.concat(list(pieces), ignore_index=True)
    text = table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    write_atomically(file, text.encode("utf-8"))
    return file


def times_table(times: Times) -> pd.DataFrame:
    """CPU seconds by competitor; of a combination without its members' time."""
    rows = [(m, round(s, 4), times.cells[m]) for m, s in times.seconds.items()]
    return pd.DataFrame(rows, columns=["model", "cpu_seconds", "cells"])
