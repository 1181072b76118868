"""What a short series borrows from the same indicator of other regions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta

from employment_forecast.data.catalogue import Indicator
from employment_forecast.features.history import (
    Borrowed,
    History,
    Neighbour,
    histories_beside,
    neighbours_identity,
)
from employment_forecast.forecasting.backtest.cells import CellCache
from employment_forecast.forecasting.backtest.codec import seal_json, unseal_json
from employment_forecast.forecasting.backtest.identity import code_version
from employment_forecast.models.laws import level_season

# A season seen one and a half times speaks better for itself; the nearest regions are asked.
OWN_MONTHS, MOST_LENDERS = 18, 12
# A region lends if it knows a season, and no older months than a borrower could have.
FEWEST_MONTHS, LATEST_MONTHS = 24, 60


class Lenders:
    """Other regions, looked at twice a year, so that a month costs nothing new.

    Parameters
    ----------
    neighbours : sequence of (Region, Vintages)
        The nearest first.
    indicator : Indicator
        Catalogue entry.
    cache : CellCache, optional
        Keeps what was learned between runs.
    """

    def __init__(
        self, neighbours: Sequence[Neighbour], indicator: Indicator, cache: CellCache | None = None
    ) -> None:
        self._neighbours = neighbours[:MOST_LENDERS]
        self._indicator = indicator
        self._cache = cache
        self._known: dict[tuple[date, bool, str], Borrowed | None] = {}

    def lend(self, history: History) -> History:
        """The history with what it borrows; itself if it is long enough."""
        if len(history) >= OWN_MONTHS:
            return history
        day = _half_year_before(history.as_of)
        key = (day, history.demo, history.transform)
        if key not in self._known:
            self._known[key] = self._learned(history, day)
        borrowed = self._known[key] or level_season.usual(history)
        return replace(history, borrowed=borrowed, notes=(*history.notes, _note(history, borrowed)))

    def _learned(self, history: History, day: date) -> Borrowed | None:
        if len(self._neighbours) < level_season.FEWEST_LENDERS:
            return None
        inputs = neighbours_identity(self._neighbours, self._indicator, day)
        text = f"borrowed|{code_version()}|{inputs}|{history.demo}|{history.transform}"
        key = hashlib.sha256(text.encode()).hexdigest()
        stored = self._cache.load([key]) if self._cache is not None else {}
        if key in stored:
            try:
                values = unseal_json(stored[key])
                return None if values is None else Borrowed.of(values)
            except (ValueError, TypeError):
                pass
        beside = histories_beside(self._neighbours, replace(history, as_of=day), self._indicator)
        borrowed = level_season.lend(
            [h.last(LATEST_MONTHS) for h in beside if len(h) >= FEWEST_MONTHS]
        )
        if self._cache is not None:
            self._cache.save({key: seal_json(None if borrowed is None else asdict(borrowed))})
        return borrowed


def _half_year_before(day: date) -> date:
    """The newest end of June or December before a day."""
    return date(day.year, 7, 1) - timedelta(1) if day.month > 6 else date(day.year - 1, 12, 31)


def _note(history: History, borrowed: Borrowed) -> str:
    own = f"历史只有 {len(history)} 个月，季节、波动和误差增长"
    if borrowed.series == 0:
        return f"{own}以程序所附全国失业率序列的平均情形为默认先验，并非本地区数据所示"
    return f"{own}向同一指标的 {borrowed.series} 个地区借用，随本地区数据增加而减弱"
