"""Stock and flows: inflow and outflow rate are forecast together, the register follows.

stock(t) = stock(t-1) + inflow(t) - rate(t) x stock(t-1). Flows move before the stock does, and the
stock they lead to, inflow over outflow rate, is known long before it is reached.
Barnichon and Nekarda (2012), The Ins and Outs of Forecasting Unemployment, Brookings Papers on
Economic Activity. Inflow is a count here: a register has no figure of the employed beside it, and
their number hardly moves within a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.features.airline import airline_regression
from employment_forecast.features.history import History
from employment_forecast.models.contract import Competitor, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.effects import MIN_MONTHS
from employment_forecast.models.families.theta import Theta, smooth
from employment_forecast.models.laws import stratified_normals, student_divisors

Floats = npt.NDArray[np.float64]

INFLOW, REEMPLOYED, EXITED = "registered_inflow", "registered_reemployed", "registered_exited"
TARGET = "registered_unemployed"
# As in the other families with a season and a trend.
SHORTEST = 37
NO_FLOWS = "没有新登记失业、再就业与退出登记的流量，无法由流量推算期末数"
# A median gap between the change of the stock and its flows above this share of the outflow means
# that they do not belong together.
LARGEST_GAP = 0.1
# Nobody entering or leaving has no logarithm; nobody can leave twice.
LEAST_PEOPLE, MOST_LEAVING = 0.5, 0.95
MOST_CORRELATED = 0.95


class _Level(Theta):
    """Simple exponential smoothing beside a fixed season: flows have no lasting trend."""

    share = 0.0


_SMOOTHING = _Level()


@dataclass(frozen=True)
class Register:
    """A register's months as far as they are known; positions count from the stock's first month.

    Attributes
    ----------
    stock : numpy.ndarray
        float64, shape (n,), persons.
    inflow : numpy.ndarray
        Persons, positions `first` to `inflow_end` - 1, which may lie beyond the stock.
    leaving : numpy.ndarray
        Outflow as a share of the month before's stock, positions `first` to `leaving_end` - 1.
    first : int
        Position of the first month of both flows.
    """

    stock: Floats
    inflow: Floats
    leaving: Floats
    first: int

    @property
    def inflow_end(self) -> int:
        """Position after the last known inflow."""
        return self.first + len(self.inflow)

    @property
    def leaving_end(self) -> int:
        """Position after the last known outflow."""
        return self.first + len(self.leaving)


def register(data: Scaled) -> Register:
    """Bring stock and flows together by the identity.

    With the inflow known, the outflow is what the identity leaves, whatever was reported; else the
    inflow is. So the flows explain every change of the stock.
    """
    stock = np.exp(data.z) if data.logs else data.z
    if (stock <= 0).any():
        raise ModelFailure("期末数有零或负数，不能计算流出率")
    n = len(stock)
    flows = {b.code: np.exp(b.values) if b.log else b.values for b in data.beside}
    length = max([n, *(len(v) for v in flows.values())])

    def column(code: str) -> Floats:
        values = np.full(length, np.nan)
        known = flows.get(code, values)
        values[: len(known)] = known
        return values

    inflow, outflow = column(INFLOW), column(REEMPLOYED) + column(EXITED)
    if not (np.isfinite(inflow).any() or np.isfinite(outflow).any()):
        raise ModelFailure(NO_FLOWS)
    change = np.r_[np.nan, np.diff(stock), np.full(length - n, np.nan)]
    gap = np.abs(change - inflow + outflow)
    if np.isfinite(gap).any() and np.nanmedian(gap) > LARGEST_GAP * np.nanmedian(outflow):
        raise ModelFailure("流量与期末数的变动不符，无法由流量推算期末数")
    inflow = np.where(np.isfinite(inflow), inflow, change + outflow)
    # Beyond the stock an outflow has no share yet; the inflow is used as soon as it is known.
    leaving = (inflow[1:n] - change[1:n]) / stock[:-1]
    both = np.r_[False, np.isfinite(leaving)]
    if not both.any():
        raise ModelFailure("流量与期末数没有共同的月份")
    last = int(np.flatnonzero(both)[-1])
    gaps = np.flatnonzero(~both[: last + 1])
    first = max(int(gaps[-1]), data.since) + 1
    if last + 1 - first < SHORTEST:
        raise ModelFailure(f"流量连续的月份只有 {last + 1 - first} 个，至少需要 {SHORTEST} 个")
    ahead = np.flatnonzero(~np.isfinite(inflow[last + 1 :]))
    end = last + 1 + (int(ahead[0]) if len(ahead) else length - last - 1)
    return Register(
        stock=stock,
        inflow=np.maximum(inflow[first:end], LEAST_PEOPLE),
        leaving=np.clip(leaving[first - 1 : last], LEAST_PEOPLE / stock.max(), MOST_LEAVING),
        first=first,
    )


class StockFlow(Competitor):
    """Inflow and outflow rate by simple exponential smoothing with correlated innovations."""

    name = "stock_flow"
    label = "存量流量模型"
    tags = Tags(min_months=SHORTEST + 1, cost=1.0, targets=(TARGET,), needs=(INFLOW, REEMPLOYED))
    # An event's people are in the flows too: a stock without them would not add up.
    events = False

    def fit(self, history: History) -> Parameters:
        """See `Competitor.fit`; without any flow there is no search for effects of the calendar."""
        self._demand_length(history)
        if history.transform == "log" and not history.lagged:
            raise ModelFailure(NO_FLOWS)
        return super().fit(history)

    def _fit(self, data: Scaled) -> Parameters:
        counts = register(data)
        flows = {
            "inflow": _estimate(np.log(counts.inflow), counts.first, data),
            "leaving": _estimate(np.log(counts.leaving), counts.first, data),
        }
        errors = [
            _errors(np.log(values), counts.first, data, flows[name])
            for name, values in (("inflow", counts.inflow), ("leaving", counts.leaving))
        ]
        both = min(len(e) for e in errors)
        correlation = float(np.corrcoef(errors[0][:both], errors[1][:both])[0, 1])
        return {**flows, "correlation": float(np.clip(correlation, -1, 1)) * MOST_CORRELATED}

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        counts = register(data)
        n = len(counts.stock)
        # Months that some flow is drawn for; those of the past are drawn where a flow comes late.
        begin = min(counts.leaving_end, counts.inflow_end)
        count = n + horizon - begin
        normals = stratified_normals(n_paths, 2 * count, rng)
        share = parameters["correlation"]
        entering, other = normals[:, :count], normals[:, count:]
        going = share * entering + np.sqrt(1 - share**2) * other
        inflow = _drawn(
            np.log(counts.inflow), counts.first, data, parameters["inflow"], entering, begin, rng
        )
        leaving = _drawn(
            np.log(counts.leaving), counts.first, data, parameters["leaving"], going, begin, rng
        )
        levels = np.empty((n_paths, horizon))
        level = np.full(n_paths, counts.stock[-1])
        for step in range(horizon):
            left = np.minimum(np.exp(leaving[:, n - begin + step]), MOST_LEAVING)
            level = level * (1 - left) + np.exp(inflow[:, n - begin + step])
            levels[:, step] = level
        return np.log(levels) if data.logs else levels


def _estimate(x: Floats, first: int, data: Scaled) -> Parameters:
    """Smoothing of one flow, its calendar effects taken out where they pay."""
    known = data.known[first : first + len(x)]
    effects = np.zeros(known.shape[1])
    if len(x) >= MIN_MONTHS and known.shape[1]:
        plain, full = (airline_regression(x, d) for d in (known[:, :0], known))
        if full.criterion < plain.criterion:
            effects = full.coefficients
    months = _months(data, first, len(x))
    smoothed = _SMOOTHING._estimate(Scaled(x - known @ effects, months, known[:, :0]))
    return {**smoothed, "effects": effects.tolist()}


def _months(data: Scaled, first: int, count: int) -> pd.PeriodIndex:
    return pd.period_range(data.months[0] + first, periods=count, freq="M")


def _errors(x: Floats, first: int, data: Scaled, parameters: Parameters) -> Floats:
    """One-step errors of a flow, shape (n,)."""
    plain = x - data.known[first : first + len(x)] @ np.asarray(parameters["effects"])
    months = _months(data, first, len(x)).month.to_numpy()
    seasonal = np.asarray(parameters["seasonal"])
    return smooth(plain - seasonal[months - 1], parameters["weight"], parameters["drift"])[1]


def _drawn(
    x: Floats,
    first: int,
    data: Scaled,
    parameters: Parameters,
    normals: Floats,
    begin: int,
    rng: np.random.Generator,
) -> Floats:
    """Known values of a flow from position `begin` on, then draws, shape as `normals`."""
    end = first + len(x)
    known = end - begin
    effects = np.asarray(parameters["effects"])
    horizon = normals.shape[1] - known
    plain = Scaled(
        x - data.known[first:end] @ effects, _months(data, first, len(x)), data.known[:, :0]
    )
    law = _SMOOTHING._law(plain, parameters, horizon)
    divisors = student_divisors(parameters["degrees"], len(normals), rng)
    drawn = normals[:, known:] @ law.factor.T / divisors
    ahead = law.mean + data.known[end : end + horizon] @ effects
    return np.hstack([np.tile(x[len(x) - known :], (len(normals), 1)), ahead + drawn])
