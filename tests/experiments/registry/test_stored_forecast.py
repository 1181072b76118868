"""What a version keeps is read back whole, in this process or another, or refused."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.campaigns import tries

from employment_forecast.data.catalogue.schema import Break
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import ForecastError, StorageError
from employment_forecast.data.records.shocks import Shock
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.stored_forecast import (
    champion_on,
    load_champion,
    load_version,
)
from employment_forecast.experiments.registry.versions import SEAL_TAG, Version, find, state_folder
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.features.history.borrowed import Borrowed
from employment_forecast.features.history.covariates import Covariate
from employment_forecast.features.history.revisions import Revisions
from employment_forecast.forecasting.competition.result import Competition

READ = """
import json, os
from pathlib import Path
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.registry.stored_forecast import load_champion
from employment_forecast.data.catalogue.series import Series
from employment_forecast.experiments.tracking.tracker import open_tracker

workspace = Workspace(Path(os.environ["WORKSPACE"]))
catalogue = load_catalogue()
series = Series(catalogue.region("嘉定"), catalogue.indicator("registered_unemployed"))
with open_tracker(f"sqlite:///{workspace.mlruns / 'mlflow.db'}", workspace) as tracker:
    stored = load_champion(tracker, series)
print(json.dumps({
    "version": stored.version.version,
    "paths": stored.paths.values.sum(),
    "fingerprint": stored.history.fingerprint,
}))
"""


def rich(competition: Competition) -> Competition:
    """The same with a covariate, a change of definition, a missing month and what it borrowed."""
    history = competition.history
    beside = Covariate(
        region="310114",
        indicator="openings_ratio",
        name="求人倍率",
        unit="倍",
        start=history.start + 3,
        values=np.array([1.1, np.nan, 0.1 + 0.2]),
        transform="log",
        demo=True,
        pseudo_real_time=True,
    )
    step = Break("*", history.start + 20, "dummy", "口径")
    event = Shock(
        "310114", "", history.start + 30, "temporary", 6, "疫情", "通告", history.as_of, None, 3
    )
    values = history.values.copy()
    values[5] = np.nan
    law = Revisions((0.001,) * 12, (0.1 + 0.2,) * 12, 0.5, 0.25, 40)
    lent = Borrowed((0.1 + 0.2,) * 12, (0.125,) * 8, (0.5, 0.5), 4e-4, 3.0, 5)
    seen = replace(
        history, values=values, lagged=(beside,), breaks=(step,), shocks=(event,), revisions=law,
        borrowed=lent, signed=True,
    )  # fmt: skip
    return replace(competition, history=seen)


@pytest.fixture(scope="module")
def registered(shared_record: Callable, competition: Competition) -> Version:
    return shared_record(competition)[1]


@pytest.fixture
def version(registered: Version, tmp_path: Path) -> Version:
    """A registered version with files of its own, to be damaged."""
    files = tmp_path / "model"
    shutil.copytree(registered.source, files)
    return replace(registered, source=str(files))


def test_no_champion_before_the_first_promotion(record, competition, tracker, series) -> None:
    assert load_champion(tracker, series) is None
    record(competition)
    assert load_champion(tracker, series) is None


def test_paths_history_and_facts_come_back_as_they_were(
    record: Callable, competition: Competition, tracker: Tracker, series: Series
) -> None:
    made = rich(competition)
    _, version = record(made)
    promote(tracker, series)
    stored = load_champion(tracker, series)
    assert stored is not None
    assert stored.version.version == version.version
    np.testing.assert_array_equal(stored.paths.values, competition.champion_paths.values)
    kept, given = stored.history, made.history
    np.testing.assert_array_equal(kept.values, given.values)
    assert kept.fingerprint == given.fingerprint == stored.facts["data_fingerprint"]
    assert kept.breaks == given.breaks
    assert kept.shocks == given.shocks
    assert kept.revisions == given.revisions
    assert kept.missing.sum() == 1
    pd.testing.assert_frame_equal(kept.lagged_table, given.lagged_table)
    assert kept.lagged[0].name == "求人倍率"
    names = ("region", "indicator", "start", "unit", "kind", "transform", "precision", "as_of")
    for name in (*names, "demo", "pseudo_real_time", "sources", "notes"):
        assert getattr(kept, name) == getattr(given, name), name
    assert stored.tested_horizon == competition.tested_horizon
    assert stored.facts["caps"][0]["value"] == 19900.0


@pytest.mark.soak  # a process that imports everything
def test_another_process_reads_the_same(record, competition, tracker, series, python) -> None:
    record(competition)
    promote(tracker, series)
    read = python.json(READ)
    assert read == {
        "version": "1",
        "paths": competition.champion_paths.values.sum(),
        "fingerprint": competition.history.fingerprint,
    }


@pytest.mark.parametrize(
    "damage", ["missing", "history", "paths", "quantiles", "fingerprint", "newer", "swapped"]
)
def test_damage_is_a_storage_error(version: Version, shared_tracker: Tracker, damage: str) -> None:
    folder = state_folder(shared_tracker, version)
    facts = json.loads((folder / state.FACTS).read_text("utf-8"))
    if damage == "missing":
        (folder / state.HISTORY).unlink()
    elif damage in ("history", "quantiles"):
        file = folder / (state.HISTORY if damage == "history" else state.QUANTILES)
        file.write_bytes(file.read_bytes().replace(b"1", b"2", 1))
    elif damage == "paths":
        (folder / state.PATHS).write_bytes((folder / state.PATHS).read_bytes()[:-100])
    elif damage == "fingerprint":
        facts["data_fingerprint"] = "0" * 64
    elif damage == "newer":
        facts["format"] = state.FORMAT + 1
    else:
        facts["region"] = "420115"
    (folder / state.FACTS).write_text(json.dumps(facts), "utf-8")
    with pytest.raises(StorageError):
        load_version(shared_tracker, version)


def test_a_version_of_the_first_format_is_still_read(
    record, competition: Competition, tracker: Tracker, series: Series
) -> None:
    made = rich(competition)
    _, version = record(made)
    folder = state_folder(tracker, version)
    facts = json.loads((folder / state.FACTS).read_text("utf-8"))
    del facts["sha256"], facts["history"]["lagged"], facts["history"]["breaks"]
    facts["format"] = 1
    (folder / state.FACTS).write_text(json.dumps(facts), "utf-8")
    (folder / state.SEAL).unlink()
    version = replace(version, tags={k: v for k, v in version.tags.items() if k != SEAL_TAG})
    (folder / state.LAGGED).unlink()
    stored = load_version(tracker, version)
    np.testing.assert_array_equal(stored.history.values, made.history.values)
    assert stored.history.lagged == ()


def test_the_champion_of_a_day_is_the_last_promoted_by_then(
    record, competition: Competition, tracker: Tracker, series: Series, monkeypatch
) -> None:
    record(competition)
    record(competition)
    for day, version in (("2026-11-20", "1"), ("2026-11-25", "2"), ("2026-11-28", "1")):
        monkeypatch.setenv("FORECAST_TODAY", day)
        promote(tracker, series, version)
    history = {"2026-11-20": "1", "2026-11-24": "1", "2026-11-25": "2", "2026-11-27": "2"}
    for day, version in {**history, "2026-11-28": "1", "2027-01-01": "1"}.items():
        champion = champion_on(tracker, series, date.fromisoformat(day))
        assert champion is not None
        assert champion.version == version, day
    assert champion_on(tracker, series, date(2026, 11, 19)) is None
    assert load_champion(tracker, series, date(2026, 11, 19)) is None
    assert find(tracker, series, "1").tags["promoted_at"].startswith("2026-11-28")


def test_a_version_that_saw_a_later_day_was_not_in_force_before_it(
    record, competition: Competition, tracker: Tracker, series: Series, monkeypatch
) -> None:
    record(competition)  # as of 2026-11-20
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-10")
    promote(tracker, series)
    assert champion_on(tracker, series, date(2026, 11, 19)) is None
    assert champion_on(tracker, series, date(2026, 11, 20)) is not None


def test_the_folder_is_where_the_version_says(registered: Version, shared_tracker: Tracker) -> None:
    assert Path(registered.source) in state_folder(shared_tracker, registered).parents


def test_a_change_sealed_anew_is_noticed_by_what_was_registered(
    version: Version, shared_tracker: Tracker
) -> None:
    folder = state_folder(shared_tracker, version)
    facts = json.loads((folder / state.FACTS).read_text("utf-8"))
    facts["caps"] = []
    (folder / state.FACTS).write_text(json.dumps(facts), "utf-8")
    with pytest.raises(StorageError, match="已损坏"):
        state.decode_facts(folder)
    (folder / state.SEAL).write_text(state.seal_of(folder), "ascii")
    assert state.decode_facts(folder)["caps"] == []
    with pytest.raises(StorageError, match="已损坏"):
        load_version(shared_tracker, version)


def spoilt(value: Any, dice: random.Random) -> Any:
    """A copy of a document in which one value is another, or gone."""
    whole = copy.deepcopy(value)
    node = whole
    while True:
        key = dice.choice(sorted(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or not node[key] or dice.random() < 0.3:
            break
        node = node[key]
    if isinstance(node, dict) and dice.random() < 0.3:
        del node[key]
    else:
        node[key] = dice.choice((None, True, -1, 1e308, "", "x", [], {}, [None], "2026-13"))
    return whole


def read_spoilt(sound: Path, folder: Path, count: int) -> int:
    """Read states of nonsense whose seals hold; how often they were refused."""
    refused = 0
    shutil.copytree(sound, folder)
    facts = json.loads((sound / state.FACTS).read_text("utf-8"))
    for seed in range(count):
        dice = random.Random(seed)
        changed = spoilt(facts, dice)
        if "sha256" in changed and dice.random() < 0.3:
            name = dice.choice((state.PATHS, state.HISTORY, state.LINES))
            data = bytearray((sound / name).read_bytes())
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            (folder / name).write_bytes(data)
            changed = {**facts, "sha256": {}}
        (folder / state.FACTS).write_text(json.dumps(changed), "utf-8")
        (folder / state.SEAL).write_text(state.seal_of(folder), "ascii")
        try:
            for read in (state.decode_facts, state.decode_history, state.decode_paths,
                         state.decode_lines):  # fmt: skip
                read(folder)
        except ForecastError:
            refused += 1
        for name in (state.PATHS, state.HISTORY, state.LINES):
            shutil.copyfile(sound / name, folder / name)
    return refused


def test_states_of_nonsense_are_refused_or_read(
    version: Version, shared_tracker: Tracker, tmp_path: Path
) -> None:
    assert read_spoilt(state_folder(shared_tracker, version), tmp_path / "x", 25) > 5


@pytest.mark.soak
def test_three_hundred_states_of_nonsense(
    version: Version, shared_tracker: Tracker, tmp_path: Path
) -> None:
    count = tries(300)
    refused = read_spoilt(state_folder(shared_tracker, version), tmp_path / "x", count)
    print(f"version states: {count} tried, {refused} refused, none unexpected")
