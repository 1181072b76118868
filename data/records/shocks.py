"""Declared events (疫情, 大规模裁员) that a series should not learn its habits from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast, get_args

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.data.typed import read_line

ShockKind = Literal["pulse", "temporary", "step"]

KIND_NAMES: dict[str, str] = {"pulse": "脉冲", "temporary": "暂时", "step": "台阶"}
KIND_MEANINGS: dict[str, str] = {
    "pulse": "只影响所列的几个月，过后即恢复",
    "temporary": "当月最大，以后逐月消退",
    "step": "自该月起停在新的水平",
}
# A pulse of one month; a temporary change of which a tenth is left after half a year, close to the
# rate of 0.7 a month that TRAMO and X-13ARIMA-SEATS use.
USUAL_MONTHS: dict[str, int] = {"pulse": 1, "temporary": 6, "step": 0}
MOST_MONTHS = 36
# So long before it begins an event may be known of: a law, the closing of a works.
MOST_MONTHS_AHEAD = 24


@dataclass(frozen=True)
class Shock:
    """One declared event.

    Attributes
    ----------
    region : str
        Catalogue code.
    indicator : str
        Catalogue code; empty if it concerns every indicator of the region.
    month : pandas.Period
        First month concerned.
    kind : {"pulse", "temporary", "step"}
        What the event does to the series, see `KIND_MEANINGS`.
    months : int
        Of a pulse its length; of a temporary change after how many months a tenth of it is left;
        0 for a step.
    name, source : str
        What people call it, and the document or person behind the declaration.
    declared_on : datetime.date
        Before this day nobody knows of it.
    withdrawn_on : datetime.date or None
        From this day on it no longer holds.
    number : int
        Number in the store; 0 before.

    Raises
    ------
    DataError
        If a field has a value it cannot have.
    """

    region: str
    indicator: str
    month: pd.Period
    kind: ShockKind
    months: int
    name: str
    source: str
    declared_on: date
    withdrawn_on: date | None = None
    number: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ShockKind):
            raise DataError(
                f"事件“{self.name}”的类型不能是“{self.kind}”。",
                f"可用的类型：{'、'.join(KIND_NAMES)}。",
            )
        least = 0 if self.kind == "step" else 1
        most = 0 if self.kind == "step" else MOST_MONTHS
        if not least <= self.months <= most:
            raise DataError(
                f"事件“{self.name}”的月数 {self.months} 不可用。",
                f"脉冲和暂时事件为 1—{MOST_MONTHS} 个月，台阶不设月数。",
            )

    def known_on(self, day: date) -> bool:
        """Whether the declaration was known and in force at the end of a day."""
        return self.declared_on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    @property
    def shape(self) -> tuple[str, str, int]:
        """All that a model can see of it: month, kind and length."""
        return str(self.month), self.kind, self.months

    @property
    def phrase(self) -> str:
        """Month, name and kind for people."""
        length = {
            "pulse": f"，{self.months} 个月" if self.months > 1 else "",
            "temporary": f"，{self.months} 个月后剩一成",
            "step": "",
        }[self.kind]
        return f"{self.month} {self.name}（{KIND_NAMES[self.kind]}{length}）"


def read_shock(
    *,
    region: str,
    indicator: str,
    month: str,
    kind: str,
    months: int | None,
    name: str,
    source: str,
    declared_on: date,
) -> Shock:
    """An event as a person states it.

    Parameters
    ----------
    region, indicator : str
        Catalogue codes; an empty indicator for all of them.
    month : str
        As people type it, at most `MOST_MONTHS_AHEAD` months after `declared_on`.
    kind : str
        One of `KIND_NAMES`.
    months : int or None
        As `Shock.months`; None for what is usual.
    name, source : str
        Not empty.
    declared_on : datetime.date
        Not after today.

    Returns
    -------
    Shock

    Raises
    ------
    UsageError
        If something is missing, unreadable or in the future.
    """
    begins = clock.parse_month(month, "--month")
    name, source = read_line(name, "事件的名称"), read_line(source, "事件的依据")
    if kind == "step" and months is not None:
        raise UsageError("台阶停在新的水平，没有月数。", "请去掉 --months，或改用 脉冲、暂时。")
    if declared_on > clock.today():
        raise UsageError(
            f"申报日 {declared_on} 晚于今天。", "请填事件为外界所知的日期，或不给 --declared-on。"
        )
    if begins > pd.Period(declared_on, freq="M") + MOST_MONTHS_AHEAD:
        raise UsageError(
            f"事件 {begins} 才开始，{declared_on} 不会已为外界所知。",
            "请核对 --month 和 --declared-on 的年份。",
        )
    return Shock(
        region=region,
        indicator=indicator,
        month=begins,
        kind=cast("ShockKind", kind),
        months=USUAL_MONTHS.get(kind, 0) if months is None else months,
        name=name,
        source=source,
        declared_on=declared_on,
    )
