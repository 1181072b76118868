"""A declared event is known from its day on: no origin before it sees it, none after forgets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series
from employment_forecast.data.clock import month_end
from employment_forecast.data.records.shocks import Shock
from employment_forecast.forecasting.backtest.origins import rolling_origins

DAY = date(2023, 8, 20)
EVENT = Shock("310114", "", pd.Period("2022-03", "M"), "temporary", 6, "疫情", "通告", DAY)


@pytest.fixture(scope="module")
def scene(vintages_of, monthly, wandering, jiading, unemployed):
    rows = monthly("2015-01", wandering(108))
    plain = vintages_of(rows)

    def origins(vintages):
        current, past = rolling_origins(Series(jiading, unemployed), vintages, rows[-1][2], 20)
        return {o.month: o for o in (*past, current)}

    return origins(plain), origins(replace(plain, shocks=(EVENT,))), rows


def test_origins_before_the_declaration_are_bit_for_bit_the_same(scene):
    plain, declared, rows = scene
    published = {pd.Period(month, "M"): day for month, _, day in rows}
    seen = {month: bool(o.history.shocks) for month, o in declared.items()}
    assert seen == {month: published[month] >= DAY for month in seen}
    assert set(seen.values()) == {True, False}
    for month, known in seen.items():
        same = plain[month].history.fingerprint == declared[month].history.fingerprint
        assert same is not known
        if not known:
            assert plain[month].estimation.fingerprint == declared[month].estimation.fingerprint


def test_parameters_are_estimated_with_what_the_origin_knows(scene):
    """The estimation month lies before the declaration, the origin after it."""
    _, declared, _ = scene
    origin = declared[pd.Period("2023-08", "M")]
    assert origin.estimation.origin == pd.Period("2023-06", "M")
    assert month_end(origin.estimation.origin) < DAY
    assert [s.shape for s in origin.estimation.shocks] == [EVENT.shape]
    assert origin.estimation.forced.shape[1] == 1
