"""What a session reads of the workspace, whole and by region."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.store import add_targets
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session, Workspace, load_settings

CAP = Target(
    region="310114", indicator="registered_unemployed", tier="municipal", direction="cap",
    basis="any_month", qualifier="以内", period="2026", value=13_000.0, unit="人",
    announced_on=date(2026, 1, 20), announced_estimated=False, source="测试",
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "工作区")
    made.create()
    return made


def test_targets_of_a_region_are_those_on_file_of_it(workspace: Workspace) -> None:
    session = Session(workspace, load_settings(workspace))
    before = session.targets()
    for region in ("310114", "420115", "330921"):
        assert session.targets(region) == [t for t in before if t.region == region]
    add_targets(session.store, [CAP, replace(CAP, region="420115")], session.catalogue)
    assert session.targets("310114")[-1] == CAP
    assert len(session.targets()) == len(before) + 2
    session.store.close()


def test_a_steady_session_reads_targets_once(workspace: Workspace) -> None:
    session = Session(workspace, load_settings(workspace), steady=True)
    before = session.targets("310114")
    add_targets(session.store, [CAP], session.catalogue)
    assert session.targets("310114") == before
    session.store.close()
