"""Evidence pooled over series: what an origin knew about earlier forecasts of all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import Backtest
from employment_forecast.forecasting.competition.calibration import Calibration, calibrate
from employment_forecast.forecasting.competition.choice import (
    FEWEST_ORIGINS,
    MOST_FAILURES,
    Choice,
    decide,
)
from employment_forecast.forecasting.scoring import Estimate, mean_and_error, scores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PooledEvidence:
    """Forecasts of many series at earlier origins.

    Attributes
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n,), ascending.
    outcomes : numpy.ndarray
        Shape (n, series, horizon), NaN where not known.
    scales : numpy.ndarray
        Shape (n, series): seasonal-naive in-sample error at the origin, NaN if there is none.
    quantiles : dict
        By model, shape (n, series, horizon, 9), NaN where it failed.
    """

    months: pd.PeriodIndex
    outcomes: Floats
    scales: Floats
    quantiles: Mapping[str, Floats]

    @classmethod
    def of(cls, backtest: Backtest, models: Sequence[str]) -> PooledEvidence:
        """The back-test of one series as evidence about some of its models."""
        return cls(
            backtest.months,
            backtest.outcomes[:, np.newaxis],
            backtest.scales[:, np.newaxis],
            {m: backtest.records[m].quantiles[:, np.newaxis] for m in models},
        )

    def since(self, first: int) -> PooledEvidence:
        """The same without the origins before one."""
        quantiles = {m: q[first:] for m, q in self.quantiles.items()}
        return PooledEvidence(
            self.months[first:], self.outcomes[first:], self.scales[first:], quantiles
        )

    def known_at(self, origin: pd.Period) -> PooledEvidence:
        """The part of it whose outcome months are not after `origin`."""
        keep = np.asarray(self.months < origin)
        months = self.months[keep]
        steps = np.arange(1, self.outcomes.shape[2] + 1)
        reach = np.array([m.ordinal for m in months], dtype=int)[:, None] + steps
        seen = reach <= origin.ordinal
        return PooledEvidence(
            months,
            np.where(seen[:, None, :], self.outcomes[keep], np.nan),
            self.scales[keep],
            {m: q[keep] for m, q in self.quantiles.items()},
        )

    def as_known(self, history: History) -> PooledEvidence:
        """What the back-test of one series told at an origin, by the figures published by then."""
        steps = np.arange(1, self.outcomes.shape[2] + 1)
        count = int(self.months.asi8.searchsorted(history.origin.ordinal))
        at = self.months.asi8[:count, None] + steps - history.start.ordinal
        inside = (at >= 0) & (at < len(history))
        known = np.where(inside, history.values[np.where(inside, at, 0)], np.nan)
        # What lies beyond a changed definition is no outcome.
        known[~np.isfinite(self.outcomes[:count, 0])] = np.nan
        return PooledEvidence(
            self.months[:count],
            known[:, np.newaxis],
            self.scales[:count],
            {m: q[:count] for m, q in self.quantiles.items()},
        )

    def comparable(self, models: Sequence[str]) -> list[str]:
        """Those of some models that forecast often enough to be compared."""
        works = np.array([np.isfinite(self.quantiles[m][..., 0, 0]) for m in models])
        asked = works.any(axis=0)
        if not asked.any():
            return []
        shares = works[:, asked].mean(axis=1)
        return [m for m, s in zip(models, shares, strict=True) if s >= 1 - MOST_FAILURES]

    def scaled_scores(self, models: Sequence[str]) -> Floats:
        """Scaled WIS, shape (n, series, horizon, models), NaN where unknown or failed."""
        quantiles = np.stack([self.quantiles[m] for m in models])
        raw = scores.interval_score(quantiles, self.outcomes) / self.scales[..., None]
        return np.ascontiguousarray(np.moveaxis(raw, 0, -1))

    def origin_scores(self, models: Sequence[str]) -> Floats:
        """Mean scaled WIS of each origin over the cells that all models have.

        Shape (n, models); NaN for origins without such a cell.
        """
        table = self.scaled_scores(models)
        common = np.asarray(np.isfinite(table).all(axis=-1))
        counts = common.sum(axis=(1, 2))
        sums = np.where(common[..., None], table, 0.0).sum(axis=(1, 2))
        return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], np.nan)

    def calibration(self, model: str, log: bool) -> Calibration:
        """Calibration of a model's paths from its earlier errors."""
        return calibrate(self.months, self.quantiles[model], self.outcomes, log)


def choose_pooled(
    evidence: PooledEvidence,
    floors: Collection[str],
    defaults: Sequence[str],
    label: Callable[[str], str],
) -> Choice:
    """Champion for all series by the rule of `forecasting.competition.choice.decide`.

    Parameters
    ----------
    evidence : PooledEvidence
        Only what was known when the choice is made; see `Evidence.known_at`.
    floors : collection of str
        Simple floors.
    defaults : sequence of str
        The first that competes stays unless clearly beaten.
    label : callable
        Chinese name of a model.

    Returns
    -------
    Choice
        The first default where fewer than eight origins can be compared. Series move together, so
        that the standard error is over origins and not over series.
    """
    n = len(evidence.months)
    scored = evidence.comparable(list(evidence.quantiles))
    table = evidence.origin_scores(scored) if scored else np.empty((n, 0))
    known = np.asarray(np.isfinite(table).all(axis=1) if scored else np.zeros(n, dtype=bool))
    origins = int(known.sum())
    if origins < FEWEST_ORIGINS:
        few = f"可比的回测起点只有 {origins} 个（至少需要 {FEWEST_ORIGINS} 个）"
        return Choice(defaults[0], f"{few}，默认采用{label(defaults[0])}。", {}, origins)
    means = table[known]
    column = {m: i for i, m in enumerate(scored)}
    wis = {m: float(means[:, i].mean()) for m, i in column.items()}
    overlap = _overlap(evidence.months[known], evidence.outcomes.shape[2])

    def compare(model: str, other: str) -> Estimate:
        gaps = means[:, [column[model]]] - means[:, [column[other]]]
        return mean_and_error(gaps, overlap)

    return decide(wis, [m for m in scored if m in floors], compare, origins, defaults, label)


def _overlap(months: pd.PeriodIndex, horizon: int) -> int:
    """Origins in a row whose forecasts overlap."""
    spacing = float(np.median(np.diff([m.ordinal for m in months])))
    return max(1, math.ceil(horizon / spacing))
