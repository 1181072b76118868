"""A district of three streets on generated months, for what parts and whole have to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Region, load_catalogue
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.clock import month_end, month_key
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.data.targets.target import Target
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Competition, Options
from employment_forecast.forecasting.reconciliation import Sum

DAY = date(2026, 11, 20)
STREETS = {"310104001": "甲街道", "310104002": "乙街道", "310104003": "丙镇"}
# A street that has nobody, and always had.
EMPTY = {"310104004": "丁镇"}
DISTRICT = "310104"
SUMS = (Sum(DISTRICT, tuple(STREETS)),)
CAP = Target(
    region=DISTRICT, indicator="registered_unemployed", tier="municipal", direction="cap",
    basis="any_month", qualifier="以内", period="2026", value=13500.0, unit="人",
    announced_on=DAY, announced_estimated=True, source="演示控制数", demo=True,
)  # fmt: skip


def street_values(months: int, seed: int = 5) -> dict[str, np.ndarray]:
    """Whole numbers of each street; most of their movement is shared."""
    rng = np.random.default_rng(seed)
    step, shared = np.arange(months), rng.normal(0, 0.01, months).cumsum()
    values = {}
    for size, code in zip((9000, 4000, 300), STREETS, strict=True):
        own = rng.normal(0, 0.008, months).cumsum()
        values[code] = np.round(size * np.exp(shared + own + 0.02 * np.sin(2 * np.pi * step / 12)))
    return values


def vintages(code: str, values: Sequence[float], end: str = "2026-10", demo: bool = True):
    months = pd.period_range(end=end, periods=len(values), freq="M")
    rows = pd.DataFrame(
        {
            "month": [month_key(m) for m in months],
            "value": np.asarray(values, dtype=float),
            "published_on": pd.to_datetime([month_end(m) + timedelta(days=15) for m in months]),
            "published_estimated": True,
            "source": "生成的数列",
            "demo": demo,
            "id": np.arange(len(months)),
        }
    )
    return Vintages(code, "registered_unemployed", rows)


def series_of(code: str) -> Series:
    catalogue = load_catalogue()
    indicator = catalogue.indicator("registered_unemployed")
    if code in STREETS:
        return Series(Region(code, STREETS[code], parent=DISTRICT, level="street"), indicator)
    return Series(catalogue.region(code), indicator)


def competition(
    code: str,
    values: Sequence[float],
    *,
    end: str = "2026-10",
    demo: bool = True,
    targets: Sequence[Target] = (),
    origins: int = 12,
) -> Competition:
    """The floors compete on one member."""
    floors = ("random_walk", "drift", "seasonal_naive")
    options = Options(models=floors, origins=origins, n_paths=200)
    return compete(series_of(code), vintages(code, values, end, demo), DAY, targets, options)


def competitions(values: Mapping[str, Sequence[float]], **options) -> dict[str, Competition]:
    """The streets and the district as their sum."""
    whole = np.sum(list(values.values()), axis=0)
    return {
        code: competition(code, each, **options)
        for code, each in {DISTRICT: whole, **values}.items()
    }
