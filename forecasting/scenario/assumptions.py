"""What a scenario rests on: figures measured from the register's flows, else stated defaults.

No default here is an official figure; each is shown with its source in every output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.features.history import History
from employment_forecast.features.register import register_flows
from employment_forecast.forecasting.scenario.impact import Assumptions, Range

STOCK, RATE = "registered_unemployed", "registered_unemployment_rate"
FLOWS = ("registered_inflow", "registered_reemployed", "registered_exited")

USER = "用户设定"
DEFAULT = "程序默认，非官方"
REGISTRATION = Range(0.4, 0.8)
PASS_THROUGH = Range(0.5, 1.0)
REEMPLOYMENT = Range(0.05, 0.15)
ABSORB_MONTHS = 6.0
# A single number of months is taken as the middle of a range of a third to either side.
ABSORB_SPREAD = 1 / 3
MEASURED_YEARS = 3
_MONTHS = range(1, 13)


@dataclass(frozen=True)
class Assumption:
    """One assumption as it is shown.

    Attributes
    ----------
    key, label : str
        Stable English name, Chinese name.
    low, high : float
        Range; shares, months or people.
    unit : {"share", "months", "people"}
        What the figures are.
    source : str
        Where they come from, in Chinese.
    profile : str
        How they act, in Chinese.
    """

    key: str
    label: str
    low: float
    high: float
    unit: str
    source: str
    profile: str

    @property
    def range(self) -> str:
        """The figures as people read them, a single one if nothing is uncertain."""
        scale, digits, unit = {
            "share": (100.0, 1, "%"),
            "months": (1.0, 1, " 个月"),
            "people": (1.0, 0, " 人"),
        }[self.unit]
        ends = [f"{round(end * scale, digits):,.12g}" for end in (self.low, self.high)]
        return "—".join(dict.fromkeys(ends)) + unit

    @property
    def shown(self) -> str:
        """Name, figures and source in one phrase."""
        return f"{self.label} {self.range}（{self.source}）"


@dataclass(frozen=True)
class GivenAssumptions:
    """What the user set; None for what was left to the program.

    Attributes
    ----------
    registration, absorb, pass_through, reemployment : Range or None
        Ranges; `absorb` of a single number has equal ends until it is spread.
    absorb_exact : bool
        True if the user gave a range of months.
    labour_force : float or None
        People, for a rate.
    behind : tuple of Assumption
        What the number of people laid off rests on, to be shown with the others.
    """

    registration: Range | None = None
    absorb: Range | None = None
    absorb_exact: bool = False
    pass_through: Range | None = None
    reemployment: Range | None = None
    labour_force: float | None = None
    behind: tuple[Assumption, ...] = ()


@dataclass(frozen=True)
class ScenarioBasis:
    """Assumptions ready for use, and how to show them.

    Attributes
    ----------
    assumptions : Assumptions
        For `forecasting.scenario.impact.apply`.
    persons_per_unit : float
        People in one unit of the series.
    stated : tuple of Assumption
        Everything assumed that matters for this scenario.
    """

    assumptions: Assumptions
    persons_per_unit: float
    stated: tuple[Assumption, ...]


def _beside(history: History, code: str) -> pd.Series[float] | None:
    for each in history.lagged:
        if each.indicator == code:
            return each.series
    return None


def registered(history: History) -> pd.Series[float] | None:
    """Registered unemployed as published, of the series itself or beside it."""
    own = history.series if history.indicator == STOCK else _beside(history, STOCK)
    known = None if own is None else own.dropna()
    return None if known is None or known.empty else known


def measured_rates(history: History) -> dict[str, dict[int, Range]] | None:
    """Monthly re-employment and exit rates of the last three years, by calendar month."""
    own = history.series.reindex(history.months)
    stock = own if history.indicator == STOCK else _beside(history, STOCK)
    if stock is None:
        return None
    flows = [_beside(history, code) for code in FLOWS]
    if sum(f is not None for f in flows) < 2:
        return None
    inflow, reemployed, exited = (None if f is None else f.reindex(stock.index) for f in flows)
    try:
        table = register_flows(stock, inflow, reemployed, exited).table
    except DataError:
        return None
    recent = table.iloc[-12 * MEASURED_YEARS :]
    rates: dict[str, dict[int, Range]] = {"reemployment": {}, "exits": {}}
    for key, column in (("reemployment", "reemployment_rate"), ("exits", "exit_rate")):
        shares = (recent[column] / 100.0).dropna().clip(0.0, 1.0)
        numbers = pd.PeriodIndex(shares.index).month
        for month in _MONTHS:
            own = shares[np.asarray(numbers == month)]
            if own.empty:
                return None
            rates[key][month] = Range(float(own.min()), float(own.max()))
    return rates


def persons_per_unit(
    history: History, labour_force: float | None
) -> tuple[float, Assumption | None]:
    """People in one unit of the series, and the labour force behind it for a rate."""
    if history.kind == "stock" and history.unit == "人":
        return 1.0, None
    if history.kind != "rate" or not history.indicator.endswith(
        ("unemployment_rate", "unemployment_rate_31_cities")
    ):
        raise UsageError(
            "情景只适用于失业人数（期末数）、失业率和城镇新增就业。",
            "请用 --indicator 换一个指标，如 登记失业人数。",
        )
    source = USER
    if labour_force is None:
        labour_force = _implied_labour_force(history)
        source = "由同月登记失业人数与登记失业率推算"
    if labour_force is None:
        raise UsageError(
            "失业率的情景需要知道劳动力总数（从业人员加失业人员），现有数据推算不出。",
            "请用 --labour-force 给出人数，如 --labour-force 960000。",
        )
    profile = "情景期内不变：被裁人员由从业转为失业，劳动力总数不变"
    return labour_force / 100.0, Assumption(
        "labour_force", "劳动力总数", labour_force, labour_force, "people", source, profile
    )


def _implied_labour_force(history: History) -> float | None:
    stock = _beside(history, STOCK)
    if history.indicator != RATE or stock is None:
        return None
    people = stock.reindex(history.months).to_numpy(dtype=float)
    both = np.isfinite(people) & (history.values > 0)
    if not both.any():
        return None
    last = int(np.flatnonzero(both)[-1])
    return float(100.0 * people[last] / history.values[last])


def basis(history: History, given: GivenAssumptions, *, layoffs: bool, jobs: bool) -> ScenarioBasis:
    """Put the assumptions of a scenario together."""
    unit, force = persons_per_unit(history, given.labour_force)
    stated = [] if force is None else [force]
    registration = given.registration or REGISTRATION
    absorb, absorb_source = _absorb(given)
    if layoffs:
        register = "登记" if history.indicator in (STOCK, RATE) else "计为失业"
        stated += [
            Assumption("registration", f"被裁人员{register}比例", registration.low,
                       registration.high, "share",
                       _source(given.registration), f"裁员当月全部{register}"),
            Assumption("absorb", "吸纳月数", absorb.low, absorb.high, "months", absorb_source,
                   "自次月起每月等量离开，期满全部离开"),
        ]  # fmt: skip
    pass_through = given.pass_through or PASS_THROUGH
    rates = None if given.reemployment is not None else measured_rates(history)
    plain = given.reemployment or REEMPLOYMENT
    reemployment = dict.fromkeys(_MONTHS, plain) if rates is None else rates["reemployment"]
    if jobs:
        source = _source(given.reemployment)
        if rates is not None:
            source = f"近 {MEASURED_YEARS} 年同月再就业流量实测"
        stated += [
            Assumption("pass_through", "新增就业变动传导至再就业的比例", pass_through.low,
                   pass_through.high, "share", _source(given.pass_through),
                   "期内每月再就业人数按“变动幅度 × 传导比例”增减"),
            Assumption("reemployment", "每月再就业人数占上月末失业人数的比例",
                   min(s.low for s in reemployment.values()),
                   max(s.high for s in reemployment.values()), "share", source,
                   "多留（或少留）的人以后各月按同一比例再就业"),
        ]  # fmt: skip
    assumptions = Assumptions(
        registration=registration,
        absorb=absorb,
        pass_through=pass_through,
        reemployment=reemployment,
        exits={} if rates is None else rates["exits"],
    )
    return ScenarioBasis(assumptions, unit, tuple(stated))


def _source(given: Range | None) -> str:
    return DEFAULT if given is None else USER


def _absorb(given: GivenAssumptions) -> tuple[Range, str]:
    middle = given.absorb or Range(ABSORB_MONTHS, ABSORB_MONTHS)
    if given.absorb is not None and given.absorb_exact:
        return middle, USER
    spread = Range(
        max(middle.low * (1 - ABSORB_SPREAD), 1.0), max(middle.high * (1 + ABSORB_SPREAD), 1.0)
    )
    if given.absorb is None:
        return spread, DEFAULT
    return spread, f"{USER} {middle.low:g} 个月；上下各三分之一的范围为{DEFAULT}"


def assumption_row(stated: Assumption) -> Mapping[str, str | float]:
    """One assumption as a JSON-able row."""
    return {
        "key": stated.key, "label": stated.label, "low": round(stated.low, 6),
        "high": round(stated.high, 6), "unit": stated.unit, "range": stated.range,
        "source": stated.source, "profile": stated.profile,
    }  # fmt: skip
