"""A version drawn again from the recorded data gives the same paths; changed data are noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from employment_forecast.data.catalogue import Region
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NoModelError
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.experiments.job import ForecastJob
from employment_forecast.experiments.registry.stored_forecast import StoredForecast, load_version
from employment_forecast.experiments.tracking.program import program_version
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.experiments.watch.redraw import (
    Verification,
    differences,
    redraw,
    verify,
)
from employment_forecast.features.history.inputs import NO_INPUTS, ModelInputs, neighbours_identity
from employment_forecast.forecasting.competition.result import Competition, Options
from employment_forecast.models.paths import SamplePaths


@pytest.fixture(scope="module")
def stored(shared_record, competition: Competition, shared_tracker: Tracker) -> StoredForecast:
    return load_version(shared_tracker, shared_record(competition)[1])


@pytest.fixture
def job(series: Series, vintages: Vintages) -> ForecastJob:
    return ForecastJob(series, date(2026, 6, 30), Options(()), vintages)


@pytest.mark.soak
def test_a_version_is_reproduced_to_the_last_bit(stored: StoredForecast, job: ForecastJob) -> None:
    verification = verify(job, stored, program_version())
    assert (verification.state, verification.largest, verification.passed) == ("equal", 0.0, True)
    assert [m[0] for m in verification.months] == [str(m) for m in stored.paths.months]


def test_changed_data_are_noticed(stored: StoredForecast, job: ForecastJob) -> None:
    rows = job.vintages.rows.copy()
    rows.loc[rows.index[10], "value"] += 1
    changed = replace(job, vintages=replace(job.vintages, rows=rows))
    verification = verify(changed, stored, program_version())
    assert (verification.state, verification.passed) == ("data_changed", False)


def test_differences_and_what_they_mean(stored: StoredForecast, job: ForecastJob) -> None:
    other = SamplePaths(stored.paths.values * (1 + 1e-9), stored.paths.origin)
    np.testing.assert_allclose(differences(stored.paths, other), 1e-9, rtol=1e-5)
    near = verify(job, replace(stored, paths=other, base=other), "other libraries")
    assert (near.state, near.passed) == ("close", True)
    # On the same program and libraries the same bytes are promised.
    assert not replace(near, code_now=near.code_then).passed
    far = SamplePaths(stored.paths.values * 1.01, stored.paths.origin)
    verification = verify(job, replace(stored, paths=far, base=far), "other libraries")
    assert (verification.state, verification.passed) == ("different", False)
    assert isinstance(verification, Verification)


def test_a_model_that_left_the_roster_cannot_be_drawn(
    stored: StoredForecast, job: ForecastJob
) -> None:
    facts = {**stored.facts, "model": "gone", "model_label": "旧模型"}
    with pytest.raises(NoModelError, match="“旧模型”已不在参赛名单"):
        redraw(job, facts, stored.history.as_of, 12)


def test_revised_figures_of_other_regions_are_noticed(
    stored: StoredForecast, series: Series, job: ForecastJob, vintages: Vintages
) -> None:
    """Only where the version rests on them."""
    around = [
        (Region(f"31010{i}", f"地区{i}"), replace(vintages, region=f"31010{i}")) for i in "45"
    ]
    then = neighbours_identity(around, series.indicator, date.fromisoformat(stored.facts["as_of"]))
    shared = replace(stored, facts={**stored.facts, "neighbours": then})
    known = replace(job, inputs=ModelInputs((), around))
    assert verify(known, shared, program_version()).state == "equal"
    rows = vintages.rows.copy()
    rows.loc[rows.index[10], "value"] += 1
    revised = ModelInputs((), [(around[0][0], replace(around[0][1], rows=rows)), around[1]])
    for other in (revised, ModelInputs((), around[:1]), NO_INPUTS):
        changed = replace(job, inputs=other)
        assert verify(changed, shared, program_version()).state == "data_changed"
        assert verify(changed, stored, program_version()).state == "equal"
