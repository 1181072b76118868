"""A district and its streets in the monthly cycle: forecast together, published one by one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.trees import DISTRICT, EMPTY, STREETS, street_values

import employment_forecast as ef
from employment_forecast.data.catalogue import Indicator, Series
from employment_forecast.data.workspace.session import Session
from employment_forecast.experiments.cycle.journal import Journal
from employment_forecast.experiments.cycle.records import journal_folder
from employment_forecast.experiments.cycle.region import _Together, carry_tree
from employment_forecast.experiments.cycle.series import tasks_of
from employment_forecast.experiments.job import TreeJob, open_tree, run_options
from employment_forecast.experiments.registry import load_champion
from employment_forecast.experiments.tracking import open_tracker
from employment_forecast.forecasting.competition import Competition, rechosen

DAY = date(2026, 11, 20)
TWO = {code: name for code, name in STREETS.items() if name != "乙街道"}
ALL = {**TWO, **EMPTY}
SETTINGS = '[run]\nmodels = ["random_walk"]\norigins = 9\npaths = 200\n' + "".join(
    f'[[regions]]\ncode = "{code}"\nname = "{name}"\nparent = "{DISTRICT}"\nlevel = "street"\n'
    for code, name in ALL.items()
)


@pytest.fixture
def session(tmp_path: Path, databases: Path) -> Iterator[Session]:
    """A workspace with forty months of two streets and of one that has nobody."""
    shutil.copytree(databases, tmp_path, dirs_exist_ok=True)
    (tmp_path / "forecast.toml").write_text(SETTINGS, "utf-8")
    months = pd.period_range(end="2026-10", periods=40, freq="M")
    values = street_values(40) | {each: np.zeros(40) for each in EMPTY}
    rows = [
        (name, month, int(value))
        for code, name in ALL.items()
        for month, value in zip(months, values[code], strict=True)
    ]
    file = tmp_path / "街镇.csv"
    pd.DataFrame(rows, columns=["地区", "月份", "登记失业人数"]).to_csv(file, index=False)
    with ef.open_workspace(tmp_path) as workspace:
        workspace.import_files(file)
        yield workspace.session


@pytest.fixture
def indicator(session: Session) -> Indicator:
    return session.catalogue.indicator("registered_unemployed")


def test_a_tree_is_one_task_and_nothing_is_done_twice(
    session: Session, indicator: Indicator
) -> None:
    chosen = [(session.catalogue.region(c), indicator) for c in ("310114", DISTRICT, *ALL)]
    alone, together = tasks_of(session, chosen, DAY)
    assert (alone.region, alone.members) == ("310114", ())
    assert (together.region, together.members) == (DISTRICT, (DISTRICT, *ALL))
    # Groups that make up everybody are done with them, others by themselves.
    grouped = session.catalogue.grouped
    groups = [
        (chosen[1][0], grouped(indicator, session.catalogue.group(g)))
        for g in ("women", "men", "graduates")
    ]
    _, wider, apart = tasks_of(session, [*chosen, *groups], DAY)
    assert wider.members[-2:] == (f"{DISTRICT}/women", f"{DISTRICT}/men")
    assert (apart.indicator, apart.members) == (groups[2][1].code, ())

    # Those of a part are in no tree of the whole.
    street = session.catalogue.region(next(iter(ALL)))
    own = [(street, group) for _, group in groups[:2]]
    _, same, *others = tasks_of(session, [*chosen, *own], DAY)
    assert same == together
    assert [(t.region, t.indicator, t.members) for t in others] == [
        (street.code, group.code, ()) for _, group in own
    ]

    first = list(carry_tree(session, None, together))
    assert [each.state for each in first] == ["done"] * 4
    journal = Journal(journal_folder(session.workspace))
    for each in first:
        journal.write(each)
    again = list(carry_tree(session, None, together))
    assert [each.state for each in again] == ["unchanged"] * 4
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        stored = [
            load_champion(tracker, Series(session.catalogue.region(code), indicator))
            for code in (DISTRICT, *ALL)
        ]
    paths = [each.paths.values for each in stored if each is not None]
    np.testing.assert_allclose(paths[0], np.sum(paths[1:], axis=0), rtol=1e-9)


@pytest.mark.soak
def test_a_fault_in_one_member_is_no_fault_of_the_others(
    session: Session, indicator: Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What will be refused is not what the others are made to add up with.
    job = open_tree(session, Series(session.catalogue.region(DISTRICT), indicator), DAY,
                    run_options(session.settings))  # fmt: skip
    refused = list(TWO)[-1]  # a small one: the levels stand
    tree = job.compete(
        instead=lambda r: rechosen(r, "random_walk", "沿用") if r.region.code == refused else None
    )
    assert tree.candidate(refused).choice.model != tree.results[refused].choice.model
    assert tree.candidate(DISTRICT) is tree.results[DISTRICT]
    each = {code: tree.results[code].champion_paths.values for code in (DISTRICT, *ALL)}
    np.testing.assert_allclose(each[DISTRICT], sum(each[code] for code in ALL), rtol=1e-9)

    def broken(result: Competition) -> None:
        if result.region.code == refused:
            raise ValueError("坏了")

    short = job.compete(instead=broken)
    assert set(short.results) == {DISTRICT, *ALL} - {refused}
    assert "丙镇未得出预测：程序内部错误（ValueError：坏了）" in short.notes[0]

    # One of the whole tree is met once.
    calls = []

    def failing(*_: object, **__: object) -> None:
        calls.append(1)
        raise ValueError("坏了")

    monkeypatch.setattr(TreeJob, "compete", failing)
    once = _Together(session, job)
    for _ in range(2):
        with pytest.raises(ValueError, match="坏了"):
            _ = once.result
    assert len(calls) == 1
