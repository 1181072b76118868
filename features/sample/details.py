"""Separations of the monitored firms by type and cause."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample.panel import FirmPanel, differing, read_months

# Separations the employer decides: what the layoff rule counts.
EMPLOYER_TYPES = ("用人单位解除",)


def check_details(panel: FirmPanel, details: pd.DataFrame) -> pd.DataFrame:
    """Compare separations by type and cause with the reported totals."""
    counted = separations_by(panel, details, ()).rename("counted").reset_index()
    table = panel.frame[["firm", "month", "separations"]].merge(
        counted, on=["firm", "month"], how="left"
    )
    return differing(table, "details", table["separations"].to_numpy(), table["counted"].to_numpy())


def separations_by(
    panel: FirmPanel, details: pd.DataFrame, keys: Sequence[str], types: Sequence[str] = ()
) -> pd.Series[float]:
    """Separations of reporting firms by firm, month and further keys."""
    absent = [c for c in ("firm", "month", "count", *keys) if c not in details.columns]
    if types and "type" not in details.columns:
        absent.append("type")
    if absent:
        raise DataError(f"减员分类表缺少列：{'、'.join(absent)}。", "请补齐这些列后重新导入。")
    table = details.assign(firm=details["firm"].astype(str), month=read_months(details["month"]))
    if types:
        table = table[table["type"].isin(types)]
    reported = panel.frame[["firm", "month"]]
    table = table.merge(reported, on=["firm", "month"], how="inner")
    return table.groupby(["firm", "month", *keys])["count"].sum().astype(float)
