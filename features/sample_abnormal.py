"""Abnormal separations (异常退工): which firms lost more people than their own past explains.

Counts are small, bursty and few, so a threshold on rates would flag the smallest firms every
month. Each firm's count is compared with a negative binomial predictive distribution:

- its expectation is headcount times the firm's own rate, shrunk towards the rate of all firms as
  far as its record is short (gamma–Poisson empirical Bayes), times the calendar month's usual
  factor; until three years of that month are known, times what the unsuspicious firms of the
  month show together if that is more, so that the departures after 春节 do not flag everybody;
- its overdispersion is learnt from the firm's own months, with the distribution over all firms as
  prior (a grid, weights by EM), and widened by the uncertainty of the rate;
- months that were themselves far out are left out of the firm's record (Farrington et al. 1996,
  JRSS A 159; Noufaily et al. 2013, Statistics in Medicine 32, for re-weighted baselines and
  negative binomial limits in outbreak detection);
- one test per firm and month calls for multiplicity control: q-values after Benjamini and
  Hochberg (1995, JRSS B 57). Exceedance probabilities of counts err on the safe side.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from data.errors import DataError
from features.sample_firms import FirmPanel, Floats, Integers

WINDOW_MONTHS = 60
FALSE_DISCOVERY_RATE = 0.05
LEAST_COUNT = 3
# 劳动合同法第四十一条: 20 or more people, or fewer but at least 10 % of the staff.
LAYOFF_COUNT, LAYOFF_SHARE = 20, 10

_DISPERSIONS = np.array([0.001, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
_FAR_OUT = 1e-3
_CALM, _CALM_STEPS = 0.01, 3
_SEASON_YEARS = 3
_PRIOR_SHAPES = (0.5, 50.0)
_EM_STEPS = 30


def layoff_rule(count: Floats, staff: Floats) -> npt.NDArray[np.bool_]:
    """Whether a layoff needs the procedure of 劳动合同法第四十一条.

    Parameters
    ----------
    count, staff : numpy.ndarray
        float64, shape (n,), people laid off and staff before.

    Returns
    -------
    numpy.ndarray
        bool: 20 or more people, or fewer but at least 10 % of the staff.
    """
    return np.asarray((count >= LAYOFF_COUNT) | ((count > 0) & (LAYOFF_SHARE * count >= staff)))


def tail_probability(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y >= count) of a negative binomial with variance mean + dispersion * mean**2.

    Parameters
    ----------
    count, mean, dispersion : numpy.ndarray
        float64, broadcastable; mean and dispersion positive.

    Returns
    -------
    numpy.ndarray
        float64 in [0, 1].
    """
    share = dispersion * mean / (1.0 + dispersion * mean)
    # The regularised incomplete beta function at count 0 is a limit SciPy does not take.
    tail = special.betainc(np.maximum(count, 1.0), 1.0 / dispersion, share)
    return np.asarray(np.where(count <= 0, 1.0, tail), dtype=np.float64)


def false_discovery_rates(probabilities: Floats) -> Floats:
    """q-values of independent or positively dependent tests, Benjamini and Hochberg (1995).

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64, shape (n,), p-values.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,).
    """
    n = len(probabilities)
    order = np.argsort(probabilities, kind="stable")[::-1]
    scaled = probabilities[order] * n / np.arange(n, 0, -1)
    result = np.empty(n)
    result[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return result


@dataclass(frozen=True)
class _Record:
    """Past reports: firm number, count and seasonally weighted headcount of each."""

    firms: Integers
    counts: Floats
    exposure: Floats
    size: int

    def per_firm(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.firms, values, self.size), dtype=np.float64)


@dataclass(frozen=True)
class _Rates:
    """Each firm's rate, shape (firms,), and the relative variance of what is not known of it."""

    rate: Floats
    variance: Floats


def abnormal_separations(
    panel: FirmPanel,
    month: pd.Period | None = None,
    *,
    layoffs: pd.Series[float] | None = None,
    window: int = WINDOW_MONTHS,
    rate: float = FALSE_DISCOVERY_RATE,
    least_count: int = LEAST_COUNT,
) -> pd.DataFrame:
    """Rank the firms of a month by how far their separations exceed their own past.

    Parameters
    ----------
    panel : FirmPanel
        Reports. Only months before `month` are the past.
    month : pandas.Period, optional
        Month to look at; the newest by default.
    layoffs : pandas.Series, optional
        People laid off by the employer, indexed by firm and month (see
        `features.sample_details.separations_by`), for the layoff rule. A firm not in it laid off
        nobody. Without it the rule counts all separations and so errs on the side of flagging.
    window : int
        Months of past used.
    rate : float
        Accepted share of false alarms among the flagged firms of a month.
    least_count : int
        Fewer separations are never flagged as abnormal.

    Returns
    -------
    pandas.DataFrame
        One row per reporting firm, most suspicious first: `firm`, `month`, `industry`, `size`,
        `street`, `headcount` (opening), `separations`, `expected`, `excess` (persons), `p_value`,
        `q_value`, `abnormal`, `layoffs`, `layoff` (bool, the rule), `history` (past reports
        used), `message` (Chinese).

    Raises
    ------
    DataError
        If nobody reported for the month.
    """
    if month is None and len(panel.months):
        month = panel.months[-1]
    if month is None or month not in panel.months:
        raise DataError(f"{month or '所选月份'}没有单位上报。", "请换一个有上报数据的月份。")
    ordinals = panel.months.asi8[panel.times]
    here = ordinals == month.ordinal
    past = (ordinals < month.ordinal) & (ordinals >= month.ordinal - window)
    firms = np.unique(panel.frame["firm"].to_numpy(), return_inverse=True)[1]
    counts = panel.column("separations")
    staff = np.maximum(panel.column("opening"), 1.0)
    season = _season(ordinals[past], counts[past], staff[past])
    exposure = staff * np.nan_to_num(season, nan=1.0)[ordinals % 12]
    record = _Record(firms[past], counts[past], exposure[past], int(firms.max()) + 1)
    outlook = _Outlook(record)
    expected, tail = outlook.predict(firms[here], counts[here], exposure[here])
    for _ in range(_CALM_STEPS if np.isnan(season[month.ordinal % 12]) else 0):
        calm = tail >= _CALM
        shift = max(counts[here][calm].sum() / max(expected[calm].sum(), 1.0), 1.0)
        exposure[here] *= shift
        expected, tail = outlook.predict(firms[here], counts[here], exposure[here])
    table = panel.frame.loc[here, ["firm", "month", "industry", "size", "street"]].assign(
        headcount=panel.column("opening")[here],
        separations=counts[here],
        expected=expected,
        excess=counts[here] - expected,
        p_value=tail,
        q_value=false_discovery_rates(tail),
    )
    table["abnormal"] = (table["q_value"] <= rate) & (counts[here] >= least_count)
    table["layoffs"] = _layoffs(table, layoffs)
    table["layoff"] = layoff_rule(
        table["layoffs"].to_numpy(dtype=float), table["headcount"].to_numpy(dtype=float)
    )
    table["history"] = np.bincount(record.firms, minlength=record.size)[firms[here]]
    layoff_note = "" if layoffs is not None else "(按全部减员计,请核实是否裁员)"
    table["message"] = [_message(row, layoff_note) for row in table.to_dict("records")]
    ranked: pd.DataFrame = table.sort_values(
        ["p_value", "excess", "firm"], ascending=[True, False, True], ignore_index=True
    )
    return ranked


def _season(ordinals: Integers, counts: Floats, staff: Floats) -> Floats:
    """Factor of each calendar month, shape (12,): median over years of its rate over its year's.

    NaN until three years of a month are known.
    """
    factors = np.full(12, np.nan)
    if not len(ordinals):
        return factors
    first = int(ordinals.min())
    size = int(ordinals.max()) - first + 1
    left = np.bincount(ordinals - first, counts, size)
    there = np.bincount(ordinals - first, staff, size)
    months = first + np.arange(size)
    relative = np.full(size, np.nan)
    for i in np.flatnonzero(there).tolist():
        around = slice(max(i - 11, 0), i + 12)
        usual = left[around].sum() / there[around].sum()
        if usual > 0:
            relative[i] = left[i] / there[i] / usual
    for k in range(12):
        known = relative[(months % 12 == k) & np.isfinite(relative)]
        if len(known) >= _SEASON_YEARS:
            factors[k] = max(float(np.median(known)), 0.1)
    return factors


def _shrunk_rates(record: _Record, weights: Floats) -> _Rates:
    """Empirical-Bayes rates; weights, shape (reports,), discount overdispersed and odd months."""
    left = record.per_firm(weights * record.counts)
    there = record.per_firm(weights * record.exposure)
    # Half a person more keeps the rate positive when nobody has ever left.
    mean = (left.sum() + 0.5) / max(there.sum(), 1.0)
    known = there > 0
    shape = _PRIOR_SHAPES[1]
    if known.sum() > 1:
        own = left[known] / there[known]
        total = there[known].sum()
        noise = mean * (known.sum() - 1)
        spread = (there[known] * (own - mean) ** 2).sum() - noise
        scale = total - (there[known] ** 2).sum() / total
        between = max(float(spread / scale), 1e-12) if scale > 0 else 1e-12
        shape = float(np.clip(mean**2 / between, *_PRIOR_SHAPES))
    return _Rates((shape + left) / (shape / mean + there), 1.0 / (shape + left))


def _log_likelihood(record: _Record, mean: Floats) -> Floats:
    """Negative binomial log-likelihood of each report and dispersion, up to a constant."""
    y, m = record.counts[:, np.newaxis], mean[:, np.newaxis]
    r = 1.0 / _DISPERSIONS
    result = special.gammaln(y + r) - special.gammaln(r) - r * np.log1p(m / r)
    return np.asarray(result + y * (np.log(m) - np.log(m + r)), dtype=np.float64)


class _Outlook:
    """What each firm's record says of a month to come."""

    def __init__(self, record: _Record) -> None:
        rates = _shrunk_rates(record, np.ones(len(record.counts)))
        mean = rates.rate[record.firms] * record.exposure
        likely = _log_likelihood(record, mean)
        common = _DISPERSIONS[int(np.argmax(likely.sum(axis=0)))]
        usual = tail_probability(record.counts, mean, np.full(len(mean), common)) >= _FAR_OUT
        self._rates = _shrunk_rates(record, usual / (1.0 + common * mean))
        likely = _log_likelihood(record, self._rates.rate[record.firms] * record.exposure)
        likely[~usual] = 0.0
        self._belief = _dispersion_belief(record, likely)

    def predict(self, firms: Integers, counts: Floats, exposure: Floats) -> tuple[Floats, Floats]:
        """Expectation and exceedance probability of each report, both of shape (reports,)."""
        expected = self._rates.rate[firms] * exposure
        unsure = self._rates.variance[firms][:, np.newaxis]
        total = _DISPERSIONS + unsure + _DISPERSIONS * unsure
        tails = tail_probability(counts[:, np.newaxis], expected[:, np.newaxis], total)
        return expected, np.clip((self._belief[firms] * tails).sum(axis=1), 0.0, 1.0)


def _dispersion_belief(record: _Record, likely: Floats) -> Floats:
    """Posterior over dispersions of each firm, shape (firms, dispersions)."""
    own = np.column_stack([record.per_firm(column) for column in likely.T])
    own = np.exp(own - own.max(axis=1, keepdims=True))
    prior = np.full(len(_DISPERSIONS), 1.0 / len(_DISPERSIONS))
    seen = np.unique(record.firms)
    for _ in range(_EM_STEPS if len(seen) else 0):
        belief = own[seen] * prior
        prior = (belief / belief.sum(axis=1, keepdims=True)).mean(axis=0)
    # No dispersion is ever ruled out by the prior alone.
    prior = (prior + 0.01) / (prior + 0.01).sum()
    belief = own * prior
    return np.asarray(belief / belief.sum(axis=1, keepdims=True), dtype=np.float64)


def _layoffs(table: pd.DataFrame, layoffs: pd.Series[float] | None) -> Floats:
    if layoffs is None:
        return np.asarray(table["separations"], dtype=np.float64)
    keys = pd.MultiIndex.from_frame(table[["firm", "month"]])
    return np.asarray(layoffs.reindex(keys).fillna(0.0), dtype=np.float64)


def _message(row: dict[Hashable, object], layoff_note: str) -> str:
    text = (
        f"{row['firm']} {row['month']} 减员 {row['separations']:.0f} 人,"
        f"按往常约 {row['expected']:.1f} 人"
    )
    parts = []
    if row["abnormal"]:
        parts.append("异常退工")
    if row["layoff"]:
        parts.append(f"人数达到劳动合同法第四十一条的标准{layoff_note}")
    return f"{text}:{'、'.join(parts)}" if parts else text
