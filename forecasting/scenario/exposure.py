"""How many people an industry employs, so that a shock to it can be carried through the register.

Nobody counts a district's employed by industry each month. The monitored firms (失业动态监测) show
which share of their staff an industry has; that share of all employed is an estimate, and its
sampling error is carried along as the width of a range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from employment_forecast.data.errors import DataError, UnknownNameError, UsageError, suggestion
from employment_forecast.features.history import History
from employment_forecast.forecasting.scenario.assumptions import RATE, STOCK, USER, Assumption
from employment_forecast.forecasting.scenario.impact import Layoff, Range

EMPLOYED = "employed_at_period_end"
# Fewer firms of an industry say something of themselves, not of it; so the secrecy rules, too.
FEWEST_FIRMS = 3
# Normal quantile of 95 %: the range holds nine in ten samples.
_NINE_IN_TEN = 1.645


@dataclass(frozen=True)
class Exposure:
    """People employed in an industry.

    Attributes
    ----------
    industries : tuple of str
        As the monitored firms state them.
    share : Range
        Of all employed.
    employed : float
        People employed in the region.
    firms, of : int
        Monitored firms of the industry, and all.
    month : pandas.Period
        Of the reports.
    source : str
        Where the number of employed is from, in Chinese.
    """

    industries: tuple[str, ...]
    share: Range
    employed: float
    firms: int
    of: int
    month: pd.Period
    source: str

    def layoff(self, month: pd.Period, part: float) -> Layoff:
        """A part of the industry's people laid off in a month."""
        low, high = (end * self.employed * part for end in (self.share.low, self.share.high))
        return Layoff(month, (low + high) / 2, low, high)

    @property
    def stated(self) -> tuple[Assumption, ...]:
        """Both estimates as they are shown."""
        name = "、".join(self.industries)
        return (
            Assumption(
                "industry_share", f"{name}占从业人员的比重", self.share.low, self.share.high,
                "share", f"{self.month} 监测企业 {self.of} 家中的 {self.firms} 家，90% 抽样误差",
                "监测企业的构成代表全体从业人员",
            ),
            Assumption(
                "employed", "从业人员", self.employed, self.employed, "people", self.source,
                "情景期内不变",
            ),
        )  # fmt: skip


def industry_exposure(
    reports: pd.DataFrame, industry: str, history: History, labour_force: float | None
) -> Exposure:
    """Share of an industry in the staff of the monitored firms, and the people behind it.

    Parameters
    ----------
    reports : pandas.DataFrame
        Firm months as known on a day, from `data.store.firm_panel`.
    industry : str
        As the firms state it, or a part of that: 汽车制造 finds 汽车制造业.
    history : History
        Data up to the origin, with the indicators beside the target.
    labour_force : float or None
        Employed and unemployed, where the user gave them.

    Returns
    -------
    Exposure
        The range of the share holds nine in ten samples of as many firms: the standard error is
        that of the jackknife over firms (Efron and Stein 1981, Annals of Statistics 9).

    Raises
    ------
    UnknownNameError
        If no monitored firm is of that industry.
    DataError
        If there are no reports, or fewer than three firms of it.
    UsageError
        If the number of employed is not known.
    """
    if reports.empty or bool(reports["demo"].any()) != history.demo:
        raise DataError(
            "没有可用的监测企业月报，不知道该行业有多少从业人员。",
            "请先导入监测企业月报，或去掉 --industry，用 --layoff 月份:人数 直接给出人数。",
        )
    month = reports["month"].max()
    last = reports[reports["month"] == month]
    stated = last["industry"].fillna("").astype(str)
    wanted = "".join(industry.split())
    chosen = (
        stated == wanted if (stated == wanted).any() else stated.str.contains(wanted, regex=False)
    )
    if not wanted or not chosen.any():
        names = sorted(set(stated) - {""})
        raise UnknownNameError(
            f"监测企业中没有行业“{industry}”。",
            suggestion(industry, names) + f"监测企业的行业有：{'、'.join(names)}。",
        )
    if chosen.sum() < FEWEST_FIRMS:
        raise DataError(
            f"行业“{industry}”只有 {int(chosen.sum())} 家监测企业，代表不了全行业。",
            "请用更大的行业，或去掉 --industry，用 --layoff 月份:人数 直接给出人数。",
        )
    employed, source = _employed(history, labour_force)
    return Exposure(
        tuple(sorted(set(stated[chosen]))),
        _share(last["end"].to_numpy(dtype=float), chosen.to_numpy()),
        employed,
        int(chosen.sum()),
        len(last),
        month,
        source,
    )


def _share(staff: np.ndarray, chosen: np.ndarray) -> Range:
    """The industry's share of the staff, give or take its sampling error."""
    whole, own = staff.sum(), staff[chosen].sum()
    share = own / whole
    without = (own - staff * chosen) / np.maximum(whole - staff, 1e-9)
    n = len(staff)
    error = np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2))
    # Symmetric, so that the middle of the range stays the estimate; no share is below zero.
    half = min(_NINE_IN_TEN * float(error), float(share), 1.0 - float(share))
    return Range(float(share) - half, float(share) + half)


def _employed(history: History, labour_force: float | None) -> tuple[float, str]:
    """People employed, and where the number is from."""
    beside = {each.indicator: each.series.dropna() for each in history.lagged}
    own = history.series.dropna()
    stock = own if history.indicator == STOCK else beside.get(STOCK)
    if labour_force is not None:
        lost = 0.0 if stock is None or stock.empty else float(stock.iloc[-1])
        return labour_force - lost, f"{USER}的劳动力总数减登记失业人数"
    if EMPLOYED in beside and len(beside[EMPLOYED]):
        return float(beside[EMPLOYED].iloc[-1]), f"{beside[EMPLOYED].index[-1]} 期末从业人员"
    rate = own if history.indicator == RATE else beside.get(RATE)
    if stock is not None and rate is not None:
        both = stock.index.intersection(rate[rate > 0].index)
        if len(both):
            last = both[-1]
            people = float(stock[last]) * (100.0 / float(rate[last]) - 1.0)
            return people, f"由 {last} 登记失业人数与登记失业率推算"
    raise UsageError(
        "不知道本地区有多少从业人员，行业的裁员比例折算不成人数。",
        "请用 --labour-force 给出劳动力总数，或先导入期末从业人员、登记失业率。",
    )
