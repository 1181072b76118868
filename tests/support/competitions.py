"""A competition on sixty generated months, also for the processes that tests start."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.clock import month_end, month_key
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.data.targets.target import Target
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Competition, Options


def make_vintages() -> Vintages:
    months = pd.period_range(end="2026-10", periods=60, freq="M")
    step = np.arange(len(months))
    noise = np.random.default_rng(5).normal(0, 60, len(months)).cumsum()
    rows = pd.DataFrame(
        {
            "month": [month_key(m) for m in months],
            "value": np.round(19500 + noise + 300 * np.sin(2 * np.pi * step / 12)),
            "published_on": pd.to_datetime([month_end(m) + timedelta(days=15) for m in months]),
            "published_estimated": True,
            "source": "生成的数列",
            "demo": True,
            "id": step,
        }
    )
    return Vintages("310114", "registered_unemployed", rows)


def _cap() -> Target:
    return Target(
        region="310114",
        indicator="registered_unemployed",
        tier="municipal",
        direction="cap",
        basis="any_month",
        qualifier="以内",
        period="2026",
        value=19900.0,
        unit="人",
        announced_on=date(2026, 2, 1),
        announced_estimated=True,
        source="演示控制数",
        demo=True,
    )


def make_competition() -> Competition:
    """The floors compete on sixty generated months against a demonstration cap."""
    catalogue = load_catalogue()
    floors = ("random_walk", "drift", "seasonal_naive")
    return compete(
        Series(catalogue.region("嘉定"), catalogue.indicator("registered_unemployed")),
        make_vintages(),
        date(2026, 11, 20),
        [_cap()],
        Options(models=floors, origins=12, n_paths=200),
    )
