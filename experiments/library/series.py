"""A series with its observations: from a data frame, or from a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from employment_forecast.data import catalogue, clock
from employment_forecast.data.catalogue import Indicator, Region, load_catalogue
from employment_forecast.data.errors import DataError, UnknownNameError
from employment_forecast.data.records import Vintages
from employment_forecast.data.records.vintages import COLUMNS
from employment_forecast.data.targets import Target, period_months
from employment_forecast.data.targets.target import Basis, Direction, Tier
from employment_forecast.data.workspace import Settings
from employment_forecast.experiments.library.notebook import drawing, html
from employment_forecast.features.history import NO_INPUTS, History, ModelInputs, from_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from employment_forecast.forecasting.backtest import CellCache

_OWN_CODE = "own"


@dataclass(frozen=True)
class Series:
    """A region's indicator with all that was published of it.

    Attributes
    ----------
    name : data.catalogue.Series
        Region and indicator.
    vintages : Vintages
        Values with the days on which they became known.
    inputs : ModelInputs
        Covariates and the same indicator of other regions, where a workspace holds them.
    targets : tuple of Target
        Targets on file.
    settings : Settings
        Of the workspace; the defaults without one.
    cache : CellCache or None
        Back-test cells of the workspace.
    """

    name: catalogue.Series
    vintages: Vintages
    inputs: ModelInputs = NO_INPUTS
    targets: tuple[Target, ...] = ()
    settings: Settings = field(default_factory=Settings)
    cache: CellCache | None = None

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame | pd.Series[float],
        *,
        indicator: str | Indicator = "registered_unemployed",
        region: str | Region = "本地区",
        value: str = "value",
        month: str = "month",
        published_on: str = "published_on",
        source: str = "DataFrame",
        demo: bool = False,
    ) -> Series:
        """Make a series of a data frame, without any workspace.

        Parameters
        ----------
        frame : pandas.DataFrame or pandas.Series
            One row for each month, or several where values were revised. A series, and a frame
            without a column of months, has the months in its index.
        indicator : str or Indicator
            Code or name of a shipped indicator, or an `Indicator` of one's own.
        region : str or Region
            Shipped region by code or name, or any other name.
        value, month, published_on : str
            Columns. Months are periods, timestamps or text such as `2026-10`. The day of
            publication may be missing, or missing in part; it is then estimated by the
            indicator's usual delay.
        source : str
            Where the figures come from, shown in every output.
        demo : bool
            True for demonstration data (演示数据), which every output then marks.

        Returns
        -------
        Series

        Raises
        ------
        UnknownNameError
            For an indicator that does not ship with the program.
        DataError
            For months that cannot be read, values that are no finite numbers, and two values of
            one month that became known on the same day.
        """
        shipped = load_catalogue()
        known = shipped.indicator(indicator) if isinstance(indicator, str) else indicator
        series = catalogue.Series(_region(region, shipped), known)
        rows = _rows(frame, known, value, month, published_on, source, demo)
        return cls(series, Vintages(series.region.code, known.code, rows))

    @property
    def title(self) -> str:
        """Chinese name of region and indicator."""
        return self.name.title

    @property
    def demo(self) -> bool:
        """Whether the figures are demonstration data (演示数据)."""
        return bool(self.vintages.rows["demo"].any())

    def target(
        self,
        value: float,
        period: str,
        *,
        basis: Basis = "any_month",
        direction: Direction = "cap",
        tier: Tier = "own",
        announced_on: date | str | None = None,
        source: str = "",
    ) -> Target:
        """A target for this series.

        Parameters
        ----------
        value : float
            In the indicator's unit.
        period : str
            `2026` (a year), `2021-2025` or `2026-10` (a month).
        basis : {"any_month", "period_end", "period_total", "period_average", "point"}
            What is compared with the value.
        direction : {"cap", "floor", "level"}
            Not above, not below, or a figure to arrive at.
        tier : {"national", "municipal", "district", "own"}
            Who set it.
        announced_on : datetime.date or str, optional
            Before this day it does not exist; the first day of the period by default.
        source : str
            Document it is from.

        Raises
        ------
        DataError
            If a value cannot be.
        """
        first, _ = period_months(period)
        return Target(
            region=self.name.region.code,
            indicator=self.name.indicator.code,
            tier=tier,
            direction=direction,
            basis=basis,
            qualifier={"cap": "以内", "floor": "不低于"}.get(direction, ""),
            period=period,
            value=value,
            unit=self.name.indicator.unit,
            announced_on=first.start_time.date() if announced_on is None else day_of(announced_on),
            announced_estimated=announced_on is None,
            source=source,
            demo=self.demo,
        )

    def with_targets(self, *targets: Target) -> Series:
        """The same series with further targets on file."""
        return replace(self, targets=(*self.targets, *targets))

    def without_targets(self) -> Series:
        """The same series with no target on file."""
        return replace(self, targets=())

    def history(self, as_of: date | str | None = None) -> History:
        """What the models may see as of a day; today by default."""
        day = day_of(as_of)
        return from_known(
            self.vintages.as_of(day),
            self.name.region,
            self.name.indicator,
            day,
            self.settings["history.gaps"],
            self.inputs.others,
        )

    def to_frame(self, as_of: date | str | None = None) -> pd.DataFrame:
        """Values as known on a day: index of months, columns `value` and `published_on`."""
        known = self.vintages.as_of(day_of(as_of))
        return pd.DataFrame(
            {"value": known.values, "published_on": known.published_on.astype("datetime64[s]")},
            index=known.values.index.rename("month"),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the values known today."""
        table = self.to_frame()
        with drawing(ax, demo=self.demo) as axes:
            months = pd.PeriodIndex(table.index, freq="M").to_timestamp()
            axes.plot(months, table["value"], color="#222222", lw=1.5)
            axes.set_title(self.title, loc="left")
            axes.set_ylabel(self.name.indicator.unit)
        return axes

    def _repr_html_(self) -> str:
        return html(self.title, self.to_frame().tail(12), demo=self.demo)


def day_of(day: date | str | None) -> date:
    """A day as given, as text `2026-06-30`, or today."""
    if day is None:
        return clock.today()
    return clock.parse_day(day, "as_of") if isinstance(day, str) else day


def _region(region: str | Region, shipped: catalogue.Catalogue) -> Region:
    if isinstance(region, Region):
        return region
    try:
        return shipped.region(region)
    except UnknownNameError:
        return Region(code=_OWN_CODE, name=region)


def _rows(
    frame: pd.DataFrame | pd.Series[float],
    indicator: Indicator,
    value: str,
    month: str,
    published_on: str,
    source: str,
    demo: bool,
) -> pd.DataFrame:
    """Rows of `Vintages` in their order."""
    given = frame.to_frame(value) if isinstance(frame, pd.Series) else frame
    if value not in given:
        raise DataError(f"数据表里没有“{value}”列。", "请用 value= 指明数值所在的列。")
    months = _months(given[month].to_list() if month in given else given.index.to_list())
    values = pd.to_numeric(given[value], errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(values).all():
        bad = [str(m) for m, v in zip(months, values, strict=True) if not np.isfinite(v)]
        raise DataError(f"{'、'.join(bad[:3])} 的值不是数。", "缺数的月份请整行略去。")
    days = given[published_on].to_list() if published_on in given else [None] * len(given)
    known = [None if pd.isna(day) else pd.Timestamp(day).date() for day in days]
    table = pd.DataFrame(
        {
            "month": [clock.month_key(m) for m in months],
            "value": values,
            "published_on": [
                indicator.usually_published(m) if day is None else day
                for m, day in zip(months, known, strict=True)
            ],
            "published_estimated": [day is None for day in known],
            "source": source,
            "demo": demo,
            "id": range(1, len(given) + 1),
        }
    )
    table["published_on"] = pd.to_datetime(table["published_on"]).astype("datetime64[s]")
    twice = table.loc[table.duplicated(["month", "published_on"], keep=False), "month"]
    if len(twice):
        raise DataError(
            f"{clock.key_month(int(twice.iloc[0]))} 在同一公布日期有两个值。",
            f"修订请在“{published_on}”列写明各自的公布日期。",
        )
    ordered = table.sort_values(["month", "published_on", "id"], ignore_index=True)
    return ordered[list(COLUMNS)]


def _months(given: Sequence[Any]) -> list[pd.Period]:
    months = []
    for each in given:
        try:
            month = each.asfreq("M") if isinstance(each, pd.Period) else pd.Period(each, freq="M")
        except (ValueError, TypeError) as error:
            raise DataError(
                f"月份“{each}”无法识别。", "请写成 2026-10，或用 month= 指明月份所在的列。"
            ) from error
        if not isinstance(month, pd.Period):
            raise DataError("有一行没有月份。", "请补上月份，或略去该行。")
        months.append(month)
    return months
