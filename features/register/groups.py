"""Groups among the unemployed, and measures that must never be mixed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.register.flows import ratio

# A register and a household survey count different people; the youth rates with and without
# students are two series as well. The first matching beginning of an indicator code decides.
MEASURES = {
    "registered_": "登记失业（行政登记）",
    "surveyed_unemployment_rate_16_24_with_students": "调查失业（青年，含在校生）",
    "surveyed_unemployment_rate_16_24_without_students": "调查失业（青年，不含在校生）",
    "surveyed_": "调查失业（住户调查）",
}


def measure_of(indicator: str) -> str | None:
    """Measure an indicator code belongs to, in Chinese; None if it is none of the unemployed."""
    return next((name for begin, name in MEASURES.items() if indicator.startswith(begin)), None)


def refuse_mixed(indicators: Iterable[str]) -> None:
    """Refuse to compare or join series of different unemployment measures."""
    measures = dict.fromkeys(m for code in indicators if (m := measure_of(code)) is not None)
    if len(measures) > 1:
        raise DataError(
            f"{'与'.join(measures)}是不同的统计口径，不能合并或直接比较。",
            "请分别预测、分别列示。",
        )


def group_shares(groups: pd.DataFrame, total: pd.Series[float]) -> pd.DataFrame:
    """Share of each group in the registered unemployed; columns are the groups' names."""
    if not groups.index.equals(total.index):
        raise DataError("分组人数与总人数的月份不一致。", "请按相同的月份整理后重试。")
    whole = np.asarray(total, dtype=np.float64)
    shares = {}
    for name in groups.columns:
        part = groups[name].to_numpy(dtype=float)
        wrong = (part < 0) | (part > whole)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{groups.index[at]} 的{name} {part[at]:g} 人为负或多于总人数 {whole[at]:g} 人。",
                "请核对分组人数与总人数的口径。",
            )
        shares[name] = ratio(part, whole, 100.0)
    return pd.DataFrame(shares, index=groups.index)
