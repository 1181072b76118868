"""Nothing published after the day moves a window, an effect or a forecast that rests on them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.features.calendar.regressors import optional_regressors
from employment_forecast.features.history.build import from_known
from employment_forecast.models import roster
from employment_forecast.models.effects import effects
from employment_forecast.models.effects.effects import effects_of
from employment_forecast.models.paths import SamplePaths

FIRST, MONTHS, ORIGIN = pd.Period("2012-01", "M"), 180, 150


@pytest.fixture(scope="module")
def inflow():
    """A flow with a step before the origin and one after it, which nobody may know of yet."""
    breaks = [{"month": m, "treatment": "dummy"} for m in ("2018-03", "2025-03")]
    entry = {"code": "inflow", "name": "流入", "kind": "flow", "unit": "人", "breaks": breaks}
    return load_catalogue((), [entry]).indicator("inflow")


def test_canary(vintages_of, monthly, jiading, inflow):
    rng = np.random.default_rng(2)
    table = optional_regressors(FIRST, MONTHS, "flow", date(2030, 1, 1)).to_numpy()
    step = np.arange(MONTHS) >= 74
    z = 7 + np.cumsum(rng.normal(0, 0.01, MONTHS)) + table @ [-0.1, -0.3, 0.2, 0.8] + 0.3 * step
    rows = monthly(str(FIRST), np.exp(z).round(2))
    day = rows[ORIGIN][2]
    clean = [r for r in rows if r[2] <= day]
    later = day + timedelta(days=1)
    dirty = [r if r[2] <= day else (r[0], 3 * r[1], r[2]) for r in rows]
    dirty += [(rows[i][0], 5.0 * rows[i][1], later) for i in range(100, 151)]

    def seen(given):
        # Remembered answers would hide a leak.
        effects._known.clear()
        history = from_known(vintages_of(given).as_of(day), jiading, inflow, day)
        estimated = effects_of(history)
        paths = [roster.create(m).forecast(history, 12, 50, 1) for m in ("theta", "ridge")]
        assert all(isinstance(p, SamplePaths) for p in paths)
        return history, estimated, [p.values.tobytes() for p in paths]

    history, estimated, paths = seen(clean)
    other_history, other, other_paths = seen(dirty)
    assert other_history.fingerprint == history.fingerprint
    assert other_history.festival == history.festival
    assert other == estimated
    assert other_paths == paths
    assert set(estimated.forced) == {"break_201803"}
    assert {"working_days", "festival_during"} <= set(estimated.optional)
    # Positive control: a revision on the day itself moves the effects.
    _, touched, _ = seen([*clean, (rows[140][0], 2.0 * rows[140][1], day)])
    assert touched != estimated


def test_the_working_days_of_a_year_are_unknown_before_it(history_of, wandering):
    facts = {"start": "2012-01", "kind": "flow"}
    values = wandering(150)
    before = history_of(values, as_of=date(2024, 12, 30), **facts)
    after = history_of(values, as_of=date(2024, 12, 31), **facts)
    columns = [h.optional(h.festival.windows)["working_days"] for h in (before, after)]
    assert not columns[0].equals(columns[1])
    assert columns[0][:"2024-12"].equals(columns[1][:"2024-12"])
    assert before.fingerprint != after.fingerprint
