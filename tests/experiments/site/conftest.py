"""A workspace with a competition on the demonstration data of one region."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Competition, Options

DAY = date(2026, 11, 20)


@pytest.fixture
def session(workspace: Workspace) -> Iterator[Session]:
    opened = Session(workspace, Settings())
    yield opened
    opened.store.close()


@pytest.fixture
def result(session: Session) -> Competition:
    region = session.catalogue.region("嘉定")
    series = Series(region, session.catalogue.default_indicator(region))
    vintages = session.store.vintages(region.code, series.indicator.code)
    options = Options(models=("random_walk", "drift", "seasonal_naive"), origins=6, n_paths=300)
    return compete(series, vintages, DAY, session.targets(), options)
