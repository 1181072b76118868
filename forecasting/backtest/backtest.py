"""Score what each model said at past origins against what was published later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models.paths import QUANTILES, Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One model's forecasts at all past origins.

    Attributes
    ----------
    model : str
        Roster name.
    quantiles : numpy.ndarray
        Shape (n_origins, horizon, 9); NaN where the model failed.
    failures : dict
        Reason by origin month.
    """

    model: str
    quantiles: Floats
    failures: Mapping[pd.Period, str]

    @property
    def works(self) -> npt.NDArray[np.bool_]:
        """Origins with a forecast, shape (n_origins,)."""
        return np.asarray(~np.isnan(self.quantiles[:, 0, 0]), dtype=bool)


@dataclass(frozen=True)
class Backtest:
    """Forecasts of all models at common origins, with outcomes and scales.

    Attributes
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n_origins,).
    outcomes : numpy.ndarray
        Shape (n_origins, horizon): latest published value, NaN where still unknown and where a
        changed definition lies between origin and month.
    scales : numpy.ndarray
        Shape (n_origins,): seasonal-naive in-sample error of what was known at the origin.
    records : dict
        `Record` by model name.
    pseudo_real_time : bool
        True if publication days of the data are estimates.
    """

    months: pd.PeriodIndex
    outcomes: Floats
    scales: Floats
    records: Mapping[str, Record]
    pseudo_real_time: bool

    @property
    def horizon(self) -> int:
        """Months ahead."""
        return int(self.outcomes.shape[1])

    @property
    def unmoved(self) -> bool:
        """The series has never moved: one outcome, and one scale however long the history."""
        known = self.outcomes[np.isfinite(self.outcomes)]
        return len(set(known)) == 1 and len(set(self.scales)) == 1

    def scaled_interval_scores(self, model: str) -> Floats:
        """WIS of each cell over the seasonal-naive scale, shape (n_origins, horizon)."""
        raw = scores.interval_score(self.records[model].quantiles, self.outcomes)
        return np.asarray(raw / self.scales[:, None], dtype=float)

    def scaled_errors(self, model: str) -> Floats:
        """Absolute error of the median over the scale, shape (n_origins, horizon)."""
        raw = scores.absolute_error(self.records[model].quantiles, self.outcomes)
        return np.asarray(raw / self.scales[:, None], dtype=float)

    def coverage(self, model: str, level: int) -> Floats:
        """1 where the central interval holds the outcome, NaN where unknown."""
        quantiles = self.records[model].quantiles
        inside = scores.covered(quantiles, self.outcomes, level)
        unknown = np.isnan(self.outcomes) | np.isnan(quantiles[..., 0])
        return np.where(unknown, np.nan, inside)

    def table(self) -> pd.DataFrame:
        """Every cell as a row: model, origin, h, month, q025 ... q975, outcome, scale."""
        count, horizon = len(self.records), self.horizon
        steps = np.tile(np.arange(1, horizon + 1), len(self.months))
        origins = self.months.repeat(horizon)
        cells = len(origins)
        frame = pd.DataFrame(
            {
                "model": np.repeat(list(self.records), cells),
                "origin": np.tile(origins.astype(str), count),
                "h": np.tile(steps, count),
                "month": np.tile((origins + steps).astype(str), count),
            }
        )
        quantiles = [r.quantiles.reshape(cells, len(QUANTILES)) for r in self.records.values()]
        known = np.stack([self.outcomes.ravel(), self.scales.repeat(horizon)], axis=1)
        values = np.hstack(
            [
                np.concatenate([np.empty((0, len(QUANTILES))), *quantiles]),
                np.tile(known, (count, 1)),
            ]
        )
        columns = [*QUANTILES, "outcome", "scale"]
        return pd.concat([frame, pd.DataFrame(values, columns=columns)], axis=1)

    def joined(self, other: Backtest) -> Backtest:
        """The same back-test with the models of another one at the same origins."""
        return replace(self, records={**self.records, **other.records})

    def with_quantiles(self, model: str, months: pd.PeriodIndex, quantiles: Floats) -> Backtest:
        """The same back-test with a model that forecast elsewhere, aligned on these origins.

        Parameters
        ----------
        model : str
            Its name.
        months : pandas.PeriodIndex
            Its origins, shape (m,).
        quantiles : numpy.ndarray
            Its forecasts, shape (m, horizon of its own, 9); what lies at other origins or further
            ahead than here is left out, what is missing counts as failed.
        """
        rows = months.get_indexer(self.months)
        reach = min(self.horizon, quantiles.shape[1])
        aligned = np.full((len(self.months), self.horizon, len(QUANTILES)), np.nan)
        aligned[rows >= 0, :reach] = quantiles[rows[rows >= 0], :reach]
        absent = {m: "没有该起点的预测" for m, r in zip(self.months, rows, strict=True) if r < 0}
        return replace(self, records={**self.records, model: Record(model, aligned, absent)})


def from_table(table: pd.DataFrame) -> Backtest:
    """Inverse of `Backtest.table`."""
    missing = {"model", "origin", "h", "outcome", "scale", *QUANTILES} - set(table.columns)
    if missing:
        raise ValueError(f"columns missing: {sorted(missing)}")
    table = table.sort_values(["model", "origin", "h"], ignore_index=True)
    months = pd.PeriodIndex(sorted(table["origin"].unique()), freq="M")
    names = sorted(table["model"].unique())
    n, horizon = len(months), int(table["h"].max()) if len(table) else 0
    if len(table) != len(names) * n * horizon:
        raise ValueError("cells missing")
    first = table.iloc[: n * horizon]
    outcomes = first["outcome"].to_numpy(dtype=float).reshape(n, horizon)
    scales = first["scale"].to_numpy(dtype=float).reshape(n, horizon)[:, :1].ravel()
    cells = table[list(QUANTILES)].to_numpy(dtype=float)
    shape = (len(names), n, horizon, len(QUANTILES))
    records = {}
    for name, quantiles in zip(names, cells.reshape(shape), strict=True):
        works = ~np.isnan(quantiles[:, 0, 0])
        failures = {m: "未得出预测" for m, w in zip(months, works, strict=True) if not w}
        records[name] = Record(name, quantiles, failures)
    return Backtest(months, outcomes, scales, records, pseudo_real_time=True)


def assemble(
    origins: Sequence[Origin],
    current: Origin,
    outcomes: Mapping[str, Sequence[Outcome]],
    horizon: int,
) -> Backtest:
    """Bring the models' forecasts and the published outcomes together."""
    scaled = [_scale(o.history) for o in origins]
    keep = [i for i, s in enumerate(scaled) if np.isfinite(s)]
    months = pd.PeriodIndex([origins[i].month for i in keep], freq="M")
    published = current.history.values
    steps = np.arange(1, horizon + 1)
    at = months.asi8[:, np.newaxis] + steps - current.history.start.ordinal
    known = (at >= 0) & (at < len(published))
    actual = np.full(at.shape, np.nan)
    actual[known] = published[at[known]]
    for change in current.history.breaks:
        if change.treatment == "dummy":
            # What was forecast under the old definition was never published under the new one.
            ahead = np.asarray(change.month.ordinal - months.asi8)[:, np.newaxis]
            actual[(ahead >= 1) & (steps >= ahead)] = np.nan
    records = {}
    for name, given in outcomes.items():
        quantiles = np.full((len(keep), horizon, len(QUANTILES)), np.nan)
        failed: dict[pd.Period, str] = {}
        for row, i in enumerate(keep):
            outcome = given[i]
            if isinstance(outcome, SamplePaths):
                quantiles[row] = outcome.quantiles()[:horizon]
            else:
                failed[months[row]] = outcome.reason
        records[name] = Record(name, quantiles, failed)
    return Backtest(
        months=months,
        outcomes=actual,
        scales=np.array([scaled[i] for i in keep], dtype=float),
        records=records,
        pseudo_real_time=current.history.pseudo_real_time,
    )


def _scale(history: History) -> float:
    """Seasonal-naive error of what was known, no difference across a changed definition.

    What never changed may have been wrong by as much as its printing leaves out.
    """
    if history.unchanging:
        return history.precision / 2
    steps = [b.month for b in history.breaks if b.treatment == "dummy"]
    return scores.seasonal_scale(
        history.values, [int(month.ordinal - history.start.ordinal) for month in steps]
    )


def describe_failures(record: Record, current: Outcome) -> str | None:
    """One Chinese sentence about a model's failures, None if it never failed."""
    if isinstance(current, Failure):
        return current.reason
    if not record.failures:
        return None
    reasons = list(dict.fromkeys(record.failures.values()))
    few = f"{len(record.works)} 个起点中有 {len(record.failures)} 个未得出预测"
    return f"{few}（首个：{reasons[0]}）"
