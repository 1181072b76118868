"""What a plan says: its targets, the figures it reports as achieved, and what of it is in doubt.

A plan is kept as printed. Where its words allow more than one reading, the reading taken is
stored, the field is listed in `unconfirmed`, and the note says what else the words could mean.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from employment_forecast.data.targets.target import Basis, Tier, period_months

Domain = Literal["employment", "labour_relations"]
PlanDirection = Literal[
    "cap",
    "floor",
    "level",
    "achieved",
    "achieved_cap",
    "decrease",
    "dynamic_zero",
    "near_zero",
    "full_coverage",
    "no_event",
    "trigger",
]
Repeat = Literal["period", "year"]
Measure = Literal[
    "period_total", "yearly_mean", "every_year", "period_end", "throughout", "baseline"
]
Doubt = Literal["value", "unit", "basis", "scope"]
Attribute = Literal["约束性", "预期性", "未载明"]

DOMAIN_NAMES: dict[Domain, str] = {"employment": "就业", "labour_relations": "劳动关系"}
DIRECTION_NAMES: dict[PlanDirection, str] = {
    "cap": "控制数",
    "floor": "下限",
    "level": "目标数",
    "achieved": "已完成数",
    "achieved_cap": "实际控制水平",
    "decrease": "降低",
    "dynamic_zero": "动态为零",
    "near_zero": "基本消除",
    "full_coverage": "全覆盖",
    "no_event": "底线",
    "trigger": "启动线",
}
UNCONFIRMED_NAMES: dict[Doubt, str] = {
    "value": "数值",
    "unit": "单位",
    "basis": "考核方式",
    "scope": "地区口径",
}
# Directions that a forecast of numbers can be held against.
_NUMERIC = ("cap", "floor", "level")


@dataclass(frozen=True)
class Achieved:
    """A figure that the plan itself reports beside a target.

    Attributes
    ----------
    value : float or None
        In `unit`; None where the plan claims success without a number.
    unit : str
        As printed, without 万.
    measure : str
        `period_total` 合计, `yearly_mean` 年均, `every_year` 每年, `period_end` 期末,
        `throughout` 始终, or `baseline` (the state before the period begins).
    qualifier : str
        The word that loosens the figure, as printed: 近, 超过, 以内.
    quote : str
        The phrase as printed.
    """

    measure: Measure
    quote: str
    value: float | None = None
    unit: str = ""
    qualifier: str = ""


@dataclass(frozen=True)
class PlanTarget:
    """One target, or one achieved figure, of a plan.

    Attributes
    ----------
    region : str
        Code of the plan's region.
    plan : str
        The plan's title.
    key : str
        Name of the entry, unique in its plan.
    indicator : str
        Catalogue code where the catalogue knows the indicator, else a stable English code.
    name : str
        Indicator as the plan calls it.
    catalogued : bool
        True if the catalogue knows the indicator.
    period : str
        `2016-2020`, `2009` or `2015-12`.
    direction : str
        `cap` 控制数, `floor` 下限, `level` 目标数; reported figures are `achieved` or
        `achieved_cap`; the others (see `DIRECTION_NAMES`) ask for a state and not for a number.
    basis : {"any_month", "period_end", "period_total", "period_average", "point"}
        What is compared, within each year if `repeat` is "year", else within the period.
    quote : str
        The phrase as printed; columns of a table are parted by ` | `.
    domain : {"employment", "labour_relations"}
        Labour relations (劳动关系) have warning systems of their own and are kept for reference.
    period_name : str
        Period as the plan calls it.
    repeat : {"period", "year"}
        Whether the value holds for the period as a whole or for each of its years.
    qualifier : str
        The operative word as printed (以内, 不低于, …), empty where there is none.
    value : float or None
        In `unit`, without 万; None where the plan gives no number.
    no_value : str
        Why there is no number; empty if there is one.
    set_by : tuple of str
        Tiers of government that set the number elsewhere.
    unit : str
        As printed, without 万; empty where it cannot be read.
    attribute : {"约束性", "预期性", "未载明"}
        Binding, expected, or not said.
    unconfirmed : tuple of str
        What the words leave open: `value`, `unit`, `basis`, `scope`.
    part_of : str
        Key of the entry this one is an `其中` of.
    same_as : str
        Key of the entry that says the same elsewhere in the plan; only that one is assessed.
    achieved : tuple of Achieved
        What the plan reports beside the target.
    note : str
        Remarks, in Chinese.
    """

    region: str
    plan: str
    key: str
    indicator: str
    name: str
    catalogued: bool
    period: str
    direction: PlanDirection
    basis: Basis
    quote: str
    domain: Domain = "employment"
    period_name: str = ""
    repeat: Repeat = "period"
    qualifier: str = ""
    value: float | None = None
    no_value: str = ""
    set_by: tuple[Tier, ...] = ()
    unit: str = ""
    attribute: Attribute = "未载明"
    unconfirmed: tuple[Doubt, ...] = ()
    part_of: str = ""
    same_as: str = ""
    achieved: tuple[Achieved, ...] = ()
    note: str = ""

    @property
    def first_month(self) -> pd.Period:
        """First month of the period."""
        return period_months(self.period)[0]

    @property
    def last_month(self) -> pd.Period:
        """Last month of the period."""
        return period_months(self.period)[1]

    @property
    def unit_confirmed(self) -> bool:
        """False where the unit can be read in more than one way."""
        return "unit" not in self.unconfirmed

    @property
    def numeric(self) -> bool:
        """Whether a forecast of numbers could be held against it: a cap, floor or level."""
        return self.direction in _NUMERIC

    @property
    def not_assessed(self) -> str:
        """Why the target is shown and not assessed, in Chinese; empty if it can be assessed."""
        if self.domain == "labour_relations":
            return "属劳动关系，不在就业失业评估之列"
        if self.direction in ("achieved", "achieved_cap"):
            return "是规划回顾的已完成数，不是目标"
        if not self.numeric:
            return f"“{DIRECTION_NAMES[self.direction]}”不是按数值评估的目标"
        if self.same_as:
            return "与同一规划的另一处为同一目标，不重复评估"
        if self.value is None:
            return self.no_value
        doubts = [UNCONFIRMED_NAMES[d] for d in self.unconfirmed if d in ("value", "unit")]
        if doubts:
            return f"{'、'.join(doubts)}未确认，确认前不评估"
        if not self.catalogued:
            return "指标不在指标目录中，没有月度数据"
        return ""

    def as_record(self) -> dict[str, Any]:
        """Give the entry as plain values for JSON, `not_assessed` and `unit_confirmed` included."""
        return {
            **asdict(self),
            "unit_confirmed": self.unit_confirmed,
            "not_assessed": self.not_assessed,
        }


@dataclass(frozen=True)
class Plan:
    """A published plan of one region.

    Attributes
    ----------
    region : str
        Catalogue code.
    title : str
        As on the document.
    period : str
        Years the plan is for: `2016-2020` or `2009`.
    announced_on : datetime.date
        Day its own targets became known.
    announced_estimated : bool
        True if that day is an estimate; `note` says how it was made.
    targets : tuple of PlanTarget
        In the document's order, the review of the period before first.
    number, issuer : str
        Document number and office, empty where the text has none.
    signed_on : datetime.date or None
        Date under the document.
    page_dated : datetime.date or None
        Date of the web page it was read from, not necessarily of the plan.
    note : str
        Remarks on the text, in Chinese.
    """

    region: str
    title: str
    period: str
    announced_on: date
    announced_estimated: bool
    targets: tuple[PlanTarget, ...]
    number: str = ""
    issuer: str = ""
    signed_on: date | None = None
    page_dated: date | None = None
    note: str = ""

    @property
    def source(self) -> str:
        """Title and number, as a document is cited."""
        return f"《{self.title}》" + (f"（{self.number}）" if self.number else "")

    def announced(self, target: PlanTarget) -> tuple[date, bool]:
        """Day a target of this plan became known, and whether that is an estimate.

        A target of the period before is only reviewed here; the plan that set it is not at hand.
        It is taken as announced at the end of its period's first year, because the five-year
        plans whose date is known (徐汇 2016-11-28, 嘉定 2021-11-18) came late in that year.
        """
        if target.last_month < period_months(self.period)[0]:
            return date(target.first_month.year, 12, 31), True
        return self.announced_on, self.announced_estimated
