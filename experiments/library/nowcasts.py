"""The month in progress as a library call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from employment_forecast.experiments.library.forecasts import ForecastResult, forecast
from employment_forecast.experiments.library.notebook import drawing, html
from employment_forecast.experiments.library.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from employment_forecast.forecasting.backtest import Progress
    from employment_forecast.forecasting.nowcast import MonthInProgress

_COLUMNS = ("q10", "q50", "q90")


@dataclass(frozen=True)
class NowcastResult:
    """The law of the months in progress, before and after their part-month figures (月中数).

    Attributes
    ----------
    forecast : ForecastResult
        Its paths start from that law.
    """

    forecast: ForecastResult

    @property
    def months(self) -> tuple[MonthInProgress, ...]:
        """Months whose law changed; none without part-month figures, or experience with them."""
        in_progress = self.forecast.result.nowcast
        return () if in_progress is None else in_progress.months

    @property
    def notes(self) -> tuple[str, ...]:
        """What is known and what it rests on, in Chinese."""
        from employment_forecast.forecasting.documents import nowcast_notes

        return nowcast_notes(self.forecast.result)

    def to_frame(self) -> pd.DataFrame:
        """One row for each month in progress.

        Returns
        -------
        pandas.DataFrame
            Index `month`; `without_q10` to `without_q90` and `with_q10` to `with_q90`, `learned`
            (earlier months it rests on), `narrower` (share by which the 80 % interval shrank).
        """
        rows = [
            {
                "month": each.month,
                **{f"without_{n}": v for n, v in zip(_COLUMNS, each.before, strict=True)},
                **{f"with_{n}": v for n, v in zip(_COLUMNS, each.after, strict=True)},
                "learned": each.learned,
                "narrower": each.narrower,
            }
            for each in self.months
        ]
        names = [f"{when}_{n}" for when in ("without", "with") for n in _COLUMNS]
        table = pd.DataFrame(rows, columns=["month", *names, "learned", "narrower"])
        return table.set_index("month")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw median and 80 % interval of each month, without and with the figures."""
        with drawing(ax, demo=self.forecast.result.demo) as axes:
            for at, each in enumerate(self.months):
                for shift, law, colour, label in (
                    (-0.1, each.before, "#888888", "不用月中数"),
                    (0.1, each.after, "#1f5fa8", "用月中数"),
                ):
                    low, middle, high = law
                    spread = [[middle - low], [high - middle]]
                    named = label if at == 0 else None
                    axes.errorbar(
                        [at + shift], [middle], spread, fmt="o", color=colour, label=named
                    )
            axes.set_xticks(range(len(self.months)), [str(each.month) for each in self.months])
            axes.set_ylabel(self.forecast.history.unit)
            axes.set_title(f"{self.forecast.series.title}：月中估计（80% 区间）", loc="left")
            if self.months:
                axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        title = f"{self.forecast.series.title}：月中估计"
        demo = self.forecast.result.demo
        return html(title, self.to_frame(), demo=demo, notes=self.notes)


def nowcast(
    series: Series,
    *,
    as_of: date | str | None = None,
    models: str | Sequence[str] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> NowcastResult:
    """Estimate the months in progress from their part-month figures, as `forecast nowcast` does.

    Parameters
    ----------
    series : Series
        From a workspace that holds part-month figures (月中数); without any, the result is the
        model's own forecast.
    as_of : datetime.date or str, optional
        Nothing known later is looked at; today by default.
    models, jobs, progress
        As for `forecast`.

    Returns
    -------
    NowcastResult
    """
    bare = series.without_targets()
    return NowcastResult(forecast(bare, as_of=as_of, models=models, jobs=jobs, progress=progress))
