"""What makes a cycle do a region anew, and what does not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.cycle.identity import identity
from employment_forecast.features.history.build import from_known


@pytest.fixture
def session(tmp_path: Path, databases: Path) -> Iterator[Session]:
    workspace = Workspace(tmp_path)
    shutil.copytree(databases, workspace.root, dirs_exist_ok=True)
    opened = Session(workspace, Settings())
    yield opened
    opened.store.close()


def test_who_signs_and_whom_to_tell_makes_no_new_forecast(session: Session) -> None:
    place = session.catalogue.region("嘉定")
    what = session.catalogue.default_indicator(place)
    day = date(2026, 11, 20)
    known = session.store.vintages(place.code, what.code).as_of(day)
    history = from_known(known, place, what, day, session.settings["history.gaps"], ())

    def under(**changed: object) -> str:
        values = {
            **session.settings.values,
            **{k.replace("__", "."): v for k, v in changed.items()},
        }
        return identity(Session(session.workspace, Settings(values)), history, session.targets())

    usual = under()
    assert under(bulletin__office="嘉定区人社局") == usual
    assert under(monthly__inbox="别处") == usual
    assert under(run__origins=13) != usual
