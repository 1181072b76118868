"""How figures were corrected later, by their age and month, learned from the store's vintages.

A correction takes back noise or brings news. Noise shows in that a figure that stands out from the
year before is corrected towards it; the share of noise is learned from that. Regions are pooled,
large corrections cut off, everything shrunk towards figures that stay as they are. A calendar month
has a bias of its own as far as its years agree on it, beyond chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import Vintages
from employment_forecast.features.airline import airline_regression

Floats = npt.NDArray[np.float64]

# Ages that are learned: figures older than a year are taken for final.
AGES = 12
SEASON = 12
# Corrections of a month first published more recently may still be to come.
SETTLED_MONTHS = 6
# So many first publications weigh as much as the belief that nothing is corrected.
PRIOR = 4.0
FEWEST = 6
# Of the usual monthly change: corrections this small cost more to follow than they matter.
NEGLIGIBLE = 0.05
# Years that weigh as much as the belief that a calendar month is corrected as all others are.
PRIOR_YEARS, PRIOR_YEARS_OF_SPREAD = 1.0, 2.0
# Below two standard errors from the others a month has no bias of its own.
HARD = 4.0
# Regions are asked, the nearest first, until so many first publications are found.
ENOUGH = 120
# Corrections beyond this quantile count as large as it.
CUT = 0.95
MOST_PERSISTENT = 0.95
_NORMAL_MAD = 1.4826
_MAD_VARIANCE = 5.4


@dataclass(frozen=True)
class Revisions:
    """Law of first-to-final corrections on the model scale, newest figure first.

    Attributes
    ----------
    bias, spread : tuple of float
        Mean and standard deviation by age in months, 0 to `AGES` - 1, for the calendar months that
        have these ages on the day.
    persistence : float
        Correlation of the corrections of neighbouring ages.
    noise : float
        Share of noise, 0 to 1; the rest is news.
    learned : int
        First publications it rests on.
    """

    bias: tuple[float, ...]
    spread: tuple[float, ...]
    persistence: float
    noise: float
    learned: int

    def covariance(self, n: int) -> Floats:
        """Covariance of the corrections of the last n months, oldest first."""
        spread = np.asarray(self.spread)[:n][::-1]
        lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        return np.outer(spread, spread) * self.persistence**lag


@dataclass(frozen=True)
class _Corrections:
    """What became of first publications.

    Attributes
    ----------
    rows : numpy.ndarray
        Shape (n, AGES), corrections of the figures known then, newest first, NaN where unknown.
    moves : numpy.ndarray
        Shape (n,), how far each newest figure stood from the year before.
    months : numpy.ndarray
        int64, shape (n,), ordinal of the newest month.
    """

    rows: Floats
    moves: Floats
    months: npt.NDArray[np.int64]


@dataclass(frozen=True)
class RevisionSource:
    """A series whose corrections can be looked at on any day.

    Attributes
    ----------
    vintages : Vintages
        Monthly figures; year-to-date figures are not looked at.
    log : bool
        The model scale is the logarithm.
    """

    vintages: Vintages
    log: bool

    @cached_property
    def revised(self) -> bool:
        """Whether any month was ever published with two values."""
        month, value = (self.vintages.rows[name].to_numpy() for name in ("month", "value"))
        # Rows of one month lie together.
        return bool(((month[1:] == month[:-1]) & (value[1:] != value[:-1])).any())

    @cached_property
    def _first(self) -> list[tuple[date, int, Floats, float]]:
        """First publications of months that came out alone or last on their day.

        The day, the month's ordinal, the last `AGES` figures known then, oldest first, and how far
        the newest stood from the year before.
        """
        publications = []
        for month in self.vintages.months:
            day = self.vintages.first_published(month)
            if day is None:
                continue
            known = self.vintages.as_of(day).values
            if known.index[-1] == month and len(known) > SEASON:
                first = self._last_months(known, month.ordinal, SEASON + 1)
                publications.append(
                    (day, month.ordinal, first[-AGES:], float(first[-1] - first[0]))
                )
        return publications

    def corrections(self, day: date) -> _Corrections:
        """What became of first publications by a day."""
        final = self.vintages.as_of(day).values
        rows, moves, months = [], [], []
        if len(final):
            last = final.index[-1].ordinal
            oldest = min([last, *(newest for _, newest, _, _ in self._first)]) - AGES + 1
            figures = self._last_months(final, last, last - oldest + 1)
            for seen, newest, first, move in self._first:
                if seen <= day and last - newest >= SETTLED_MONTHS:
                    end = newest - oldest + 1
                    rows.append((figures[end - AGES : end] - first)[::-1])
                    moves.append(move)
                    months.append(newest)
        return _Corrections(
            np.array(rows, dtype=float).reshape(-1, AGES),
            np.array(moves, dtype=float),
            np.array(months, dtype=np.int64),
        )

    def newest(self, day: date) -> int:
        """Ordinal of the last month known on a day."""
        return int(self.vintages.as_of(day).values.index[-1].ordinal)

    def usual_change(self, day: date) -> float:
        """Standard deviation of the monthly changes known on a day."""
        return float(np.nanstd(np.diff(self._scaled(self.vintages.as_of(day).values))))

    def _last_months(self, values: pd.Series[float], last: int, count: int) -> Floats:
        """Figures of so many months up to the one of an ordinal; NaN where none is known."""
        at = pd.PeriodIndex(values.index).asi8 - (last - count + 1)
        inside = (at >= 0) & (at < count)
        figures = np.full(count, np.nan)
        figures[at[inside]] = self._scaled(values)[inside]
        return figures

    def _scaled(self, values: pd.Series[float]) -> Floats:
        figures = np.asarray(values, dtype=float)
        if not self.log:
            return figures
        return np.where(figures > 0, np.log(np.where(figures > 0, figures, 1.0)), np.nan)


def learn_revisions(
    own: RevisionSource, others: Sequence[RevisionSource], day: date
) -> Revisions | None:
    """Law of the corrections of a series as it could be learned on a day.

    Parameters
    ----------
    own : RevisionSource
        The series.
    others : sequence of RevisionSource
        The same indicator of other regions, the nearest first; as many as are needed for
        `ENOUGH` first publications.
    day : datetime.date
        Day of knowledge.

    Returns
    -------
    Revisions or None
        None for a series that had never been corrected by that day, where corrections are
        negligible beside the monthly changes, and where fewer than six first publications can be
        compared.

    References
    ----------
    Mankiw and Shapiro (1986), News or noise? An analysis of GNP revisions.
    """
    if not own.revised:
        return None
    corrections = [own.corrections(day)]
    if not (np.nan_to_num(corrections[0].rows) != 0).any():
        return None
    for other in others:
        if sum(len(each.rows) for each in corrections) >= ENOUGH:
            break
        corrections.append(other.corrections(day))
    rows = np.concatenate([each.rows for each in corrections])
    moves = np.concatenate([each.moves for each in corrections])
    months = np.concatenate([each.months for each in corrections])
    n = len(rows)
    if n < FEWEST:
        return None
    # All figures of a row are of the same calendar months as those of a row a year later: the
    # month of the newest stands for all.
    slots, today = months % SEASON, own.newest(day) % SEASON
    biases, sure, years = _month_biases(rows, months)
    rows = rows - biases[slots]
    known = np.isfinite(rows).sum(axis=0)
    limit = np.nanquantile(np.where(known > 0, np.abs(rows), 0.0), CUT, axis=0)
    cut = np.clip(rows, -limit, limit)
    trust = known / (known + PRIOR)
    common = np.nan_to_num(_median(cut)) * trust
    left = cut - common
    variance = np.nansum(left**2, axis=0) / np.maximum(known, 1)
    # What noise is held against: all months, as the corrections it is learned from.
    plain = float(np.sqrt(variance * trust)[0])
    of_month = slots == today
    if of_month.any():
        # The cut takes corrections of one month for odd ones: its own usual size may widen the
        # law, as far as it is beyond chance (variance of a squared median deviation).
        usual = _NORMAL_MAD * np.nan_to_num(_median(np.abs(rows - common)[of_month]))
        excess = np.maximum(usual**2 - variance, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = (
                HARD * _MAD_VARIANCE * variance**2 / (np.maximum(years[today] - 1, 0) * excess**2)
            )
        beyond = np.nan_to_num(np.maximum(1.0 - chance, 0.0))
        variance += years[today] / (years[today] + PRIOR_YEARS_OF_SPREAD) * beyond * excess
    # Either the month has a bias of its own or it has none: mean and variance of the two.
    bias = common + sure[today] * biases[today]
    doubt = sure[today] * (1.0 - sure[today]) * biases[today] ** 2
    spread = np.sqrt(variance * trust + doubt)
    if max(spread.max(), np.abs(bias).max()) <= NEGLIGIBLE * own.usual_change(day):
        return None
    return Revisions(
        tuple(bias.tolist()),
        tuple(spread.tolist()),
        _persistence(left),
        _noise(left[:, 0], moves, plain),
        n,
    )


def _median(rows: Floats) -> Floats:
    """Median of the known figures of each column, NaN where none is known."""
    ordered, column = np.sort(rows, axis=0), np.arange(rows.shape[1])
    known = np.isfinite(rows).sum(axis=0)
    return np.asarray((ordered[(known - 1) // 2, column] + ordered[known // 2, column]) / 2)


def _month_biases(
    rows: Floats, months: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Bias of each calendar month of the newest figure beyond the common one, and how sure it is.

    Both of shape (12, AGES), by age, like the count of years known. A year counts once, by the
    median of its regions: they are corrected together. Months whose years differ too much for a
    bias of two standard errors have none (the nonnegative garrote of Breiman 1995), nor have
    months seen in one year.
    """
    away = rows - np.nan_to_num(_median(rows))
    each = np.unique(months)
    yearly = np.array([_median(away[months == month]) for month in each])
    slots = each % SEASON
    middles, sums = np.zeros((SEASON, AGES)), np.zeros((SEASON, AGES))
    years = np.zeros((SEASON, AGES), dtype=np.int64)
    for slot in np.unique(slots):
        own = yearly[slots == slot]
        middle, years[slot] = _median(own), np.isfinite(own).sum(axis=0)
        sums[slot] = np.nansum((own - middle) ** 2, axis=0)
        middles[slot] = np.where(years[slot] > 1, middle, 0.0)
    degrees = np.maximum(years - 1, 0)
    pooled = sums.sum(axis=0) / np.maximum(degrees.sum(axis=0), 1)
    # A month's own years may differ more than those of the others.
    noise = np.maximum(sums / np.maximum(degrees, 1), pooled)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = HARD * noise / (years * middles**2)
    trust = years / (years + PRIOR_YEARS)
    sure = np.nan_to_num(np.maximum(1.0 - chance, 0.0) * trust)
    return np.where(sure > 0, middles, 0.0), sure, years


def _persistence(rows: Floats) -> float:
    left, right = np.nan_to_num(rows[:, :-1]), np.nan_to_num(rows[:, 1:])
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    correlation = float((left * right).sum()) / size if size > 0 else 0.0
    return float(np.clip(correlation, 0.0, MOST_PERSISTENT))


def _noise(newest: Floats, moves: Floats, spread: float) -> float:
    """Share of noise: under noise a figure's error is in its movement too, with the other sign."""
    known = np.isfinite(newest) & np.isfinite(moves)
    if known.sum() < FEWEST or spread == 0:
        return 0.0
    error, move = newest[known], moves[known] - np.median(moves[known])
    limit = np.quantile(np.abs(move), CUT)
    shared = -float(np.mean(error * np.clip(move, -limit, limit)))
    trust = known.sum() / (known.sum() + PRIOR)
    return float(np.clip(trust * shared / spread**2, 0.0, 1.0))


def final_law(z: Floats, law: Revisions) -> tuple[Floats, Floats]:
    """Mean and covariance of the final figures of the last months given those published.

    Parameters
    ----------
    z : numpy.ndarray
        float64, shape (n,), published figures on the model scale, nothing missing.
    law : Revisions
        Of the corrections.

    Returns
    -------
    mean : numpy.ndarray
        Shape (k,), k = min(AGES, n // 2), oldest first. As far as corrections are noise, the
        figure and what an airline model of the older months expects are weighed by their
        variances; as far as they are news, the figure itself stands.
    covariance : numpy.ndarray
        Shape (k, k).
    """
    k = min(AGES, len(z) // 2)
    dummies = np.zeros((len(z), k))
    dummies[np.arange(len(z) - k, len(z)), np.arange(k)] = 1.0
    fit = airline_regression(z, dummies)
    published = z[-k:] + np.asarray(law.bias)[:k][::-1]
    expected, doubt = z[-k:] - fit.coefficients, fit.covariance
    corrections = law.covariance(k)
    gain = corrections @ np.linalg.pinv(doubt + corrections)
    mean = published + law.noise * gain @ (expected - published)
    after = doubt - doubt @ np.linalg.pinv(doubt + corrections) @ doubt
    covariance = law.noise * after + (1.0 - law.noise) * corrections
    return np.asarray(mean), np.asarray((covariance + covariance.T) / 2)
