"""Back-tests as evidence: of a competition just run, or read back from what a version keeps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import ForecastError, StorageError
from employment_forecast.experiments.archive import (
    BACKTEST,
    CAP_EVENTS,
    champion,
    decode_facts,
    unpacked_table,
)
from employment_forecast.experiments.registry import Version, file_of_run, state_folder
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.assessment import CapEvents
from employment_forecast.forecasting.assessment import past_caps as cap_events
from employment_forecast.forecasting.backtest import Backtest
from employment_forecast.forecasting.backtest import backtest as backtests
from employment_forecast.forecasting.competition import (
    DEFAULTS,
    LEVELS,
    Competition,
    Scored,
    common_origins,
    issued,
)
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models import roster

Floats = npt.NDArray[np.float64]
Table = TypeVar("Table")


@dataclass(frozen=True)
class GateEvidence:
    """What a competition showed about its models at past origins.

    Attributes
    ----------
    model, label : str
        The chosen model.
    backtest : Backtest
        Of all models that competed.
    events : CapEvents or None
        What they said about the caps.
    log : bool
        Intervals are calibrated on logarithms.
    demo : bool
        On demonstration data.
    """

    model: str
    label: str
    backtest: Backtest
    events: CapEvents | None
    log: bool
    demo: bool

    def issued(self, model: str) -> Floats:
        """Quantiles as each origin issued them, shape (n_origins, horizon, 9)."""
        backtest = self.backtest
        raw = backtest.records[model].quantiles
        if backtest.unmoved:
            return raw
        return issued(backtest.months, raw, backtest.outcomes, self.log)

    def scored(self, model: str, label: str, *, coverage: bool = False) -> Scored:
        """One model as the gate sees it; the candidate with its intervals as they were issued."""
        backtest = self.backtest
        covered = {}
        if coverage:
            quantiles = self.issued(model)
            unknown = np.isnan(backtest.outcomes) | np.isnan(quantiles[..., 0])
            covered = {
                level: np.where(
                    unknown, np.nan, scores.covered(quantiles, backtest.outcomes, level)
                )
                for level in LEVELS
            }
        brier = None if self.events is None else self.events.squared_errors(model)
        # What leads by rule was not chosen for its score.
        chosen = coverage and model not in DEFAULTS
        return Scored(
            model,
            label,
            backtest.scaled_interval_scores(model),
            covered,
            brier,
            len(backtest.records) if chosen else 1,
        )

    def floors(self) -> list[Scored]:
        """The simple floors that competed; one without history enough for most origins did not."""
        scored = common_origins(self.backtest)[0]
        present = [m for m in roster.floors() if m in scored]
        return [self.scored(m, roster.label(m)) for m in present]


def evidence_of(result: Competition) -> GateEvidence:
    """Evidence of a competition just run."""
    return GateEvidence(
        model=result.choice.model,
        label=champion(result).label,
        backtest=result.backtest,
        events=result.cap_events,
        log=result.history.transform == "log",
        demo=result.demo,
    )


def stored_evidence(tracker: Tracker, version: Version) -> GateEvidence:
    """Evidence that a version keeps, to the digits it was written with.

    Raises
    ------
    StorageError
        If its files are missing or damaged.
    """
    facts = decode_facts(state_folder(tracker, version))
    backtest = _read(_table(tracker, version, BACKTEST), backtests.from_table)
    if version.model not in backtest.records:
        # A run without past origins writes a table without rows.
        backtest = backtest.with_quantiles(version.model, backtest.months, np.empty((0, 0, 9)))
    try:
        events = _read(_table(tracker, version, CAP_EVENTS), cap_events.from_table)
    except ForecastError:
        # Written only where a monthly cap applied.
        events = None
    return GateEvidence(
        model=version.model,
        label=version.label,
        backtest=backtest,
        events=events,
        log=facts["history"]["transform"] == "log",
        demo=version.demo,
    )


def _table(tracker: Tracker, version: Version, name: str) -> Path:
    """A table of a version's run; earlier releases wrote CSV, compressed and before that not."""
    try:
        return file_of_run(tracker, version, name)
    except ForecastError:
        for form in (".csv.bz2", ".csv"):
            with suppress(ForecastError):
                return file_of_run(tracker, version, name.replace(".parquet", form))
        raise


def _read(file: Path, build: Callable[[pd.DataFrame], Table]) -> Table:
    try:
        if file.suffix == ".parquet":
            return build(unpacked_table(file))
        return build(pd.read_csv(file, encoding="utf-8-sig", dtype={"origin": str, "month": str}))
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(
            f"模型版本的回测记录“{file.name}”不完整或已损坏。",
            "请重新运行 forecast run，再晋级新的版本。",
        ) from error
