"""Predictive distributions of small, overdispersed counts, each firm's from its own record.

The expectation is exposure times the firm's own rate, shrunk towards the rate of all firms as far
as its record is short (gamma–Poisson empirical Bayes). The overdispersion is learnt from the
firm's own reports, with its distribution over all firms as prior (a grid, weights by EM), and
widened by the uncertainty of the rate. Reports that were themselves far out are left out
(Farrington et al. 1996, JRSS A 159; Noufaily et al. 2013, Statistics in Medicine 32, for
re-weighted baselines and negative binomial limits in outbreak detection).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_DISPERSIONS = np.array([0.001, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
_FAR_OUT = 1e-4
_PRIOR_SHAPES = (0.5, 50.0)
_EM_STEPS = 30


def tail_probability(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """P(Y >= count) of a negative binomial with variance mean + dispersion * mean**2."""
    share = dispersion * mean / (1.0 + dispersion * mean)
    # The regularised incomplete beta function at count 0 is a limit SciPy does not take.
    tail = special.betainc(np.maximum(count, 1.0), 1.0 / dispersion, share)
    return np.asarray(np.where(count <= 0, 1.0, tail), dtype=np.float64)


def false_discovery_rates(probabilities: Floats) -> Floats:
    """q-values of independent or positively dependent tests, Benjamini and Hochberg (1995)."""
    n = len(probabilities)
    order = np.argsort(probabilities, kind="stable")[::-1]
    scaled = probabilities[order] * n / np.arange(n, 0, -1)
    result = np.empty(n)
    result[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return result


@dataclass(frozen=True)
class CountRecord:
    """Past reports.

    Attributes
    ----------
    firms : numpy.ndarray
        int64, shape (reports,), number of the firm from 0.
    counts, exposure : numpy.ndarray
        float64, shape (reports,), people who left and seasonally weighted headcount.
    size : int
        Number of firms, those without a report included.
    """

    firms: Integers
    counts: Floats
    exposure: Floats
    size: int

    def per_firm(self, values: Floats) -> Floats:
        """Sums of one value per report, shape (size,)."""
        return np.asarray(np.bincount(self.firms, values, self.size), dtype=np.float64)


@dataclass(frozen=True)
class _Rates:
    """Gamma posterior of each firm's rate; arrays of shape (firms,) but `prior` and `shape`."""

    prior: float
    shape: float
    left: Floats
    there: Floats

    def mean(self, left: Floats | float = 0.0, there: Floats | float = 0.0) -> Floats:
        """Posterior mean, without the given part of the record."""
        rest = np.maximum(self.there - there, 0.0)
        return np.asarray((self.shape + self.left - left) / (self.shape / self.prior + rest))

    def variance(self, left: Floats | float = 0.0) -> Floats:
        """Squared coefficient of variation, without the given part of the record."""
        return np.asarray(1.0 / (self.shape + self.left - left))

    def of(self, firms: Integers) -> _Rates:
        """The same for each of many reports."""
        return _Rates(self.prior, self.shape, self.left[firms], self.there[firms])


def _shrunk_rates(record: CountRecord, weights: Floats) -> _Rates:
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
    return _Rates(mean, shape, left, there)


def _total(variance: Floats) -> Floats:
    """Dispersion of a count whose rate is uncertain, shape (reports, dispersions)."""
    unsure = variance[:, np.newaxis]
    return np.asarray(_DISPERSIONS + unsure + _DISPERSIONS * unsure)


def _log_likelihood(record: CountRecord, rates: _Rates, weights: Floats) -> Floats:
    """Negative binomial log-likelihood of each report and dispersion, up to a constant.

    Each report is foretold from the firm's other reports: a firm with few of them would else
    look steadier than it is.
    """
    own = rates.of(record.firms)
    left = weights * record.counts
    mean = own.mean(left, weights * record.exposure) * record.exposure
    y, m = record.counts[:, np.newaxis], mean[:, np.newaxis]
    r = 1.0 / _total(own.variance(left))
    result = special.gammaln(y + r) - special.gammaln(r) - r * np.log1p(m / r)
    return np.asarray(result + y * (np.log(m) - np.log(m + r)), dtype=np.float64)


class CountOutlook:
    """What each firm's record says of a month to come.

    Parameters
    ----------
    record : CountRecord
        Reports of the past only.
    """

    def __init__(self, record: CountRecord) -> None:
        everything = np.ones(len(record.counts))
        rates = _shrunk_rates(record, everything)
        likely = _log_likelihood(record, rates, everything)
        common = _DISPERSIONS[int(np.argmax(likely.sum(axis=0)))]
        mean = rates.mean()[record.firms] * record.exposure
        usual = tail_probability(record.counts, mean, np.full(len(mean), common)) >= _FAR_OUT
        weights = usual / (1.0 + common * mean)
        self._rates = _shrunk_rates(record, weights)
        likely = _log_likelihood(record, self._rates, weights)
        likely[~usual] = 0.0
        self._belief = _dispersion_belief(record, likely)

    def predict(self, firms: Integers, counts: Floats, exposure: Floats) -> tuple[Floats, Floats]:
        """Expectation and exceedance probability of reports of one month."""
        rates = self._rates.of(firms)
        expected = rates.mean() * exposure
        total = _total(rates.variance())
        tails = tail_probability(counts[:, np.newaxis], expected[:, np.newaxis], total)
        return expected, np.clip((self._belief[firms] * tails).sum(axis=1), 0.0, 1.0)


def _dispersion_belief(record: CountRecord, likely: Floats) -> Floats:
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
