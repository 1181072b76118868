"""What models said at past origins about months above a cap, and what came of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.targets import Target, in_force
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.bases import basis_of
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.models.paths import Outcome, SamplePaths

Floats = npt.NDArray[np.float64]
Shares = Callable[[str, Sequence[Outcome], Floats, float], Floats]


class _WhenAsked(Mapping[str, Floats]):
    """Arrays by model, each worked out when it is first asked for."""

    def __init__(self, models: Collection[str], make: Callable[[str], Floats]) -> None:
        self._models, self._make = models, make
        self._made: dict[str, Floats] = {}

    def __getitem__(self, model: str) -> Floats:
        if model not in self._models:
            raise KeyError(model)
        if model not in self._made:
            self._made[model] = self._make(model)
        return self._made[model]

    def __contains__(self, model: object) -> bool:
        return model in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


@dataclass(frozen=True)
class CapEvents:
    """Months above a cap: probabilities at past origins, and outcomes.

    Attributes
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n,).
    caps : dict
        By tier, shape (n, horizon): the monthly cap that applied to the month ahead as far as the
        origin knew; NaN where there was none.
    events : dict
        By tier, same shape: 1 where the published month was above that cap, 0 where not, NaN where
        unknown.
    probabilities : dict
        By tier and model, same shape, NaN where the model failed; worked out when asked for.
    """

    months: pd.PeriodIndex
    caps: Mapping[str, Floats]
    events: Mapping[str, Floats]
    probabilities: Mapping[str, Mapping[str, Floats]]

    @property
    def months_above(self) -> int:
        """Distinct months, of any tier, that were above their cap."""
        return len(
            {
                (tier, self.months[row] + step + 1)
                for tier, came in self.events.items()
                for row, step in zip(*np.nonzero(came == 1), strict=True)
            }
        )

    def first(self, count: int) -> CapEvents:
        """The same of the first origins alone."""
        caps = {tier: c[:count] for tier, c in self.caps.items() if np.isfinite(c[:count]).any()}

        def cut(tier: str, model: str) -> Floats:
            return self.probabilities[tier][model][:count]

        said = {t: _WhenAsked(self.probabilities[t].keys(), partial(cut, t)) for t in caps}
        events = {tier: self.events[tier][:count] for tier in caps}
        return CapEvents(self.months[:count], caps, events, said)

    def squared_errors(self, model: str) -> Floats | None:
        """Brier score of each cell, shape (n, tiers * horizon); None if the model is not here.

        References
        ----------
        Brier (1950), Verification of forecasts expressed in terms of probability.
        """
        if not self.events or any(model not in said for said in self.probabilities.values()):
            return None
        pieces = [(self.probabilities[t][model] - came) ** 2 for t, came in self.events.items()]
        return np.concatenate(pieces, axis=1)

    def brier(self, model: str) -> float | None:
        """Mean Brier score of a model; None where nothing is known."""
        cells = self.squared_errors(model)
        return None if cells is None or np.isnan(cells).all() else float(np.nanmean(cells))

    def table(self, wanted: Callable[[str], bool] = lambda _: True) -> pd.DataFrame:
        """Every cell as a row: model, tier, origin, h, month, cap, probability, event.

        Parameters
        ----------
        wanted : callable, optional
            Whether a model is to be in it.
        """
        columns = ["model", "tier", "origin", "h", "month", "cap", "probability", "event"]
        parts = [
            (model, tier, self.caps[tier], by_model[model], self.events[tier])
            for tier, by_model in self.probabilities.items()
            for model in by_model
            if wanted(model)
        ]
        if not parts:
            return pd.DataFrame(columns=columns)
        steps = np.arange(1, self._horizon + 1)
        origins = self.months.repeat(len(steps))
        ahead = np.tile(steps, len(self.months))
        # Texts are made once and repeated: to make them for each model is most of the work.
        again = np.tile(np.arange(len(ahead)), len(parts))
        origin, month = (each.astype(str).take(again) for each in (origins, origins + ahead))
        models, tiers, *figures = zip(*parts, strict=True)
        model, tier = (pd.Index(each).repeat(len(ahead)) for each in (models, tiers))
        cells = (np.concatenate(each, axis=None) for each in figures)
        values = [model, tier, origin, ahead[again], month, *cells]
        return pd.DataFrame(dict(zip(columns, values, strict=True)))

    @property
    def _horizon(self) -> int:
        return max((int(c.shape[1]) for c in self.caps.values()), default=0)


def from_table(table: pd.DataFrame) -> CapEvents:
    """Inverse of `CapEvents.table`."""
    missing = {"model", "tier", "origin", "h", "cap", "probability", "event"} - set(table.columns)
    if missing:
        raise ValueError(f"columns missing: {sorted(missing)}")
    table = table.sort_values(["tier", "model", "origin", "h"], ignore_index=True)
    months = pd.PeriodIndex(sorted(table["origin"].unique()), freq="M")
    caps: dict[str, Floats] = {}
    events: dict[str, Floats] = {}
    said: dict[str, dict[str, Floats]] = {}
    for (tier, model), cells in table.groupby(["tier", "model"], sort=True):
        columns = cells[["cap", "event", "probability"]].to_numpy(dtype=float)
        limits, came, shares = columns.T.reshape(3, len(months), -1)
        caps[str(tier)], events[str(tier)] = limits, came
        said.setdefault(str(tier), {})[str(model)] = shares
    return CapEvents(months, caps, events, said)


def _monthly_caps(targets: Sequence[Target], month: pd.Period, day: date) -> dict[str, float]:
    if not targets:
        return {}
    caps = in_force(targets, targets[0].region, targets[0].indicator, month, day)
    return {t.tier: t.limit for t in caps if t.limit is not None}


def share_above(paths: SamplePaths, limits: Floats, precision: float) -> Floats:
    """Share of the paths above the cap of each month, shape (horizon,); NaN where there is none."""
    values = paths.values[:, : len(limits)]
    return np.where(np.isnan(limits), np.nan, above(values, limits, precision).mean(axis=0))


def shares_above(model: str, given: Sequence[Outcome], limits: Floats, precision: float) -> Floats:
    """`share_above` of one model at every origin, shape of the limits; NaN where it failed."""
    shares = np.full(limits.shape, np.nan)
    for row, outcome in enumerate(given):
        if isinstance(outcome, SamplePaths) and np.isfinite(limits[row]).any():
            shares[row] = share_above(outcome, limits[row], precision)
    return shares


def cap_events(
    months: pd.PeriodIndex,
    known_on: Sequence[date],
    outcomes: Floats,
    paths: Mapping[str, Sequence[Outcome]],
    targets: Sequence[Target],
    history: History,
    shares: Shares = shares_above,
) -> CapEvents:
    """Hold the paths of past origins against the caps that were known to apply.

    Parameters
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n,).
    known_on : sequence of datetime.date
        Day of knowledge of each origin.
    outcomes : numpy.ndarray
        Shape (n, horizon), NaN where unknown.
    paths : mapping
        Per model one forecast or failure for each origin.
    targets : sequence of Target
        All on file.
    history : History
        Names the series and how it is printed; real figures are not held against demonstration
        caps.
    shares : callable
        Gives the shares of one model's paths above the caps.

    Returns
    -------
    CapEvents
        Empty of tiers where no monthly cap ever applied.
    """
    monthly_caps = [
        t
        for t in targets
        if (t.region, t.indicator) == (history.region, history.indicator)
        and t.direction == "cap"
        and basis_of(t).functional == "each"
        and t.assessable
        and t.unit == history.unit
        and (history.demo or not t.demo)
    ]
    n, horizon = outcomes.shape
    caps: dict[str, Floats] = {}
    # What applies changes with what is known of the caps, and with the months where a period of
    # theirs begins, is over, or has been carried over once.
    turns = sorted({t.first_month.ordinal + k * t.length for t in monthly_caps for k in range(3)})
    applied: dict[tuple[tuple[bool, ...], int], dict[str, float]] = {}
    for row, (origin, day) in enumerate(zip(months, known_on, strict=True)):
        known = tuple(t.known_on(day) for t in monthly_caps)
        for step in range(horizon):
            state = known, bisect_right(turns, origin.ordinal + step + 1)
            if state not in applied:
                applied[state] = _monthly_caps(monthly_caps, origin + step + 1, day)
            for tier, value in applied[state].items():
                caps.setdefault(tier, np.full((n, horizon), np.nan))[row, step] = value
    events: dict[str, Floats] = {}
    said: dict[str, Mapping[str, Floats]] = {}

    def share(limits: Floats, model: str) -> Floats:
        return shares(model, paths[model], limits, history.precision)

    for tier, limits in caps.items():
        over = above(outcomes, limits, history.precision)
        unknown = np.isnan(outcomes) | np.isnan(limits)
        events[tier] = np.where(unknown, np.nan, over)
        said[tier] = _WhenAsked(paths.keys(), partial(share, limits))
    return CapEvents(months, caps, events, said)
