"""Forecast origins (预测起点): histories as they were known, month by month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import Vintages
from employment_forecast.features.history import (
    CovariateSource,
    History,
    Neighbour,
    Revisions,
    RevisionSource,
    from_known,
    learn_revisions,
)

# Parameters are estimated on the data of these calendar months and filtered forward in between,
# so that no result depends on which months happened to be run.
ESTIMATION_MONTHS = (6, 12)
# A shorter estimation history gains more from the newest months than re-use saves.
SETTLED_MONTHS = 60


@dataclass(frozen=True)
class Origin:
    """One origin with the history to estimate on.

    Attributes
    ----------
    history : History
        What was known when the origin's month was published.
    estimation : History
        What was known at the estimation month; `history` itself while histories are short.
    """

    history: History
    estimation: History

    @property
    def month(self) -> pd.Period:
        """The origin's last known month."""
        return self.history.origin


HistoryAt = Callable[[pd.Period], History | None]
RevisionsOn = Callable[[date], Revisions | None]
Lend = Callable[[History], History]


def _revisions_on(
    series: Series, vintages: Vintages, neighbours: Sequence[Neighbour]
) -> RevisionsOn:
    """Law of the corrections as it could be learned on a day; none of totals since January."""
    log = series.indicator.transform == "log"
    own = RevisionSource(vintages, log)
    if series.indicator.reporting == "year_to_date" or not own.revised:
        return lambda _: None
    others = [RevisionSource(each, log) for _, each in neighbours]
    return lambda day: learn_revisions(own, others, day)


def _history_at(
    series: Series,
    vintages: Vintages,
    as_of: date,
    gaps: str,
    others: Sequence[CovariateSource],
    revisions: RevisionsOn,
    lend: Lend,
) -> HistoryAt:
    """Look-up of the history known when a month was first published; None where there is none."""
    built: dict[pd.Period, History | None] = {}

    def lookup(month: pd.Period) -> History | None:
        if month not in built:
            built[month] = None
            day = vintages.first_published(month)
            if day is not None and day <= as_of:
                try:
                    known = vintages.as_of(day)
                    history = lend(
                        from_known(
                            known, series.region, series.indicator, day, gaps, others,
                            revisions(day),
                        )
                    )  # fmt: skip
                except DataError:
                    return None
                # Two months published on one day are one origin, the later.
                built[month] = history if history.origin == month else None
        return built[month]

    return lookup


def _estimation_for(history: History, history_at: HistoryAt) -> History:
    month = history.origin - min((history.origin.month - m) % 12 for m in ESTIMATION_MONTHS)
    estimation = history if month == history.origin else history_at(month)
    if estimation is None or estimation.start != history.start or len(estimation) < SETTLED_MONTHS:
        return history
    # An event declared since then is known at the origin: it must not bend the parameters either.
    return estimation.knowing(history.shocks)


def origin_days(vintages: Vintages, as_of: date, count: int) -> list[date]:
    """Days whose state of knowledge a back-test of so many origins may ask for."""
    months = vintages.months[-(count + 12 // len(ESTIMATION_MONTHS) + 1) :]
    early = len(months) - count - 1
    asked = [m for i, m in enumerate(months) if i >= early or m.month in ESTIMATION_MONTHS]
    days = [vintages.first_published(m) for m in asked]
    return [as_of, *(day for day in days if day is not None and day <= as_of)]


def rolling_origins(
    series: Series,
    vintages: Vintages,
    as_of: date,
    count: int,
    gaps: str = "fill",
    others: Sequence[CovariateSource] = (),
    neighbours: Sequence[Neighbour] = (),
    lend: Lend = lambda history: history,
) -> tuple[Origin, list[Origin]]:
    """Current origin and the `count` monthly origins before it, every one through `as_of`.

    Parameters
    ----------
    series : Series
        What is forecast.
    vintages : Vintages
        Its values with all their publication days.
    as_of : datetime.date
        Nothing published later is looked at.
    count : int
        Most origins to go back.
    gaps : {"fill", "refuse", "after"}
        As in `features.history.from_known`.
    others : sequence of (Indicator, KnownSource)
        Indicators beside the target, each looked at as of the origin's day.
    neighbours : sequence of (Region, Vintages)
        The same indicator of other regions: their corrections count too.
    lend : callable, optional
        Gives a short history what it borrows from them, see `Lenders`.

    Returns
    -------
    current : Origin
        History known on `as_of`.
    past : list of Origin
        Oldest first. Months without a publication of their own, and origins before a change of
        definition, are left out.

    Raises
    ------
    DataError
        If the current history cannot be built.
    """
    revisions = _revisions_on(series, vintages, neighbours)
    history_at = _history_at(series, vintages, as_of, gaps, others, revisions, lend)
    known = vintages.as_of(as_of)
    now = lend(
        from_known(known, series.region, series.indicator, as_of, gaps, others, revisions(as_of))
    )
    past: list[Origin] = []
    for back in range(count, 0, -1):
        earlier = history_at(now.origin - back)
        # A later start is a back file that came in afterwards: less was known, of the same kind.
        # What is said of a series that has never changed tells nothing of one that has.
        alike = earlier is not None and earlier.unchanging == now.unchanging
        if earlier is not None and alike and earlier.start >= now.start:
            past.append(Origin(earlier, _estimation_for(earlier, history_at)))
    return Origin(now, _estimation_for(now, history_at)), past
