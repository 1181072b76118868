"""Read a panel and its origins; cut the history that is known at an origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.clock import month_end
from employment_forecast.data.errors import DataError
from employment_forecast.features.history import History

Floats = npt.NDArray[np.float64]

COLUMNS = ("series_id", "month", "value")
FEWEST_MONTHS = 13


@dataclass(frozen=True)
class Panel:
    """Monthly series.

    Attributes
    ----------
    series : dict
        Values by series id, indexed by month without gaps; NaN where a month is missing.
    """

    series: Mapping[str, pd.Series[float]]

    def history(self, series_id: str, origin: pd.Period, window: int) -> History | None:
        """What is known of a series at an origin."""
        values = self.series[series_id]
        months = pd.period_range(origin - window + 1, origin, freq="M")
        cut = np.asarray(values.reindex(months), dtype=np.float64)
        published = np.flatnonzero(np.isfinite(cut))
        if len(published) < FEWEST_MONTHS or np.isnan(cut[-1]):
            return None
        begin = int(published[0])
        known = cut[published]
        if np.ptp(known) == 0:
            return None
        return History(
            region=series_id,
            indicator="benchmark",
            start=months[begin],
            values=cut[begin:],
            unit="",
            kind="stock" if known.min() >= 0 else "flow",
            transform="log" if known.min() > 0 else "none",
            precision=1e-9,
            as_of=month_end(origin),
            demo=False,
            pseudo_real_time=True,
            sources=("benchmark",),
        )

    def outcome(self, series_id: str, origin: pd.Period, horizon: int) -> Floats:
        """Values of the months after an origin, shape (horizon,), NaN where there is none."""
        months = pd.period_range(origin + 1, periods=horizon, freq="M")
        return np.asarray(self.series[series_id].reindex(months), dtype=np.float64)


def read_panel(file: Path) -> Panel:
    """Read a panel."""
    try:
        table = pd.read_csv(file, dtype={"series_id": str})
    except (OSError, ValueError) as error:
        raise DataError(f"无法读取面板文件 {file}。", "请给出带列名的 CSV 文件。") from error
    absent = [c for c in COLUMNS if c not in table.columns]
    if absent:
        raise DataError(
            f"面板文件 {file} 缺少列：{'、'.join(absent)}。", "需要 series_id、month、value。"
        )
    table = table.assign(month=pd.PeriodIndex(_months(table["month"], file)))
    twice = table.duplicated(["series_id", "month"])
    if twice.any():
        row = table[twice].iloc[0]
        raise DataError(f"面板中序列 {row.series_id} 的 {row.month} 出现两次。", "请去掉重复行。")
    series = {}
    for name, rows in table.groupby("series_id"):
        values = rows.set_index("month")["value"].sort_index().astype(float)
        span = pd.period_range(values.index[0], values.index[-1], freq="M")
        series[str(name)] = values.reindex(span)
    return Panel(series)


def read_origins(given: str) -> list[pd.Period]:
    """Origins from a comma-separated list or a file with one month a line, oldest first."""
    try:
        listed = Path(given).read_text(encoding="utf-8").split()
    except (OSError, ValueError):  # a long list is too long for a name
        listed = given.split(",")
    texts: Sequence[str] = [t.strip() for t in listed if t.strip()]
    if not texts:
        raise DataError("没有给出预测起点。", "用逗号分隔月份，如 2007-12,2012-06，或给出文件。")
    return sorted(set(_months(pd.Series(texts), given)))


def _months(texts: pd.Series[str], where: object) -> list[pd.Period]:
    try:
        return list(pd.PeriodIndex(texts.astype(str), freq="M"))
    except ValueError as error:
        raise DataError(f"{where} 中有不能识别的月份。", "月份写作 YYYY-MM。") from error
