from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.data.errors import NotFoundError, StorageError
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.recording import recorded
from employment_forecast.experiments.registry.registry import annotate, promote, rollback
from employment_forecast.experiments.registry.serving import chosen_version
from employment_forecast.experiments.registry.versions import (
    Version,
    champion_of,
    find,
    look_again,
    remembered,
    stored_paths,
    versions,
)
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.forecasting.early_warning.scheme import default_scheme

SCHEME = default_scheme(3)


@pytest.fixture
def first(record, competition: Competition) -> Version:
    version: Version = record(competition)[1]
    return version


def aliases(tracker: Tracker, series: Series) -> dict[str, str]:
    stored = tracker.call("读取", lambda c: c.get_registered_model(series.registered_name))
    return {alias: str(number) for alias, number in stored.aliases.items()}


def test_a_version_is_named_tagged_and_described(
    first: Version, competition: Competition, tracker: Tracker, series: Series
) -> None:
    assert (first.registered_name, first.version) == ("registered_unemployed.310114", "1")
    assert first.aliases == ("candidate",)
    assert first.model == competition.choice.model
    assert first.demo
    assert first.data_month == "2026-10"
    assert first.tags["data_fingerprint"] == competition.history.fingerprint
    assert 0 <= float(first.tags["coverage95"]) <= 1
    model = tracker.call("读取", lambda c: c.get_registered_model(first.registered_name))
    assert model.tags["region_name"] == "嘉定区"
    assert "嘉定区登记失业人数预测模型" in model.description
    described = tracker.call("读取", lambda c: c.get_model_version(first.registered_name, "1"))
    assert described.description.startswith("2026-10 演示 ")
    assert described.run_id == first.run_id


def test_a_steady_tracker_asks_once_and_sees_what_it_did(
    first: Version, tracker: Tracker, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = Tracker(tracker.uri, tracker.home, steady=True)
    asked = []
    whole = Tracker.call

    def call(self: Tracker, purpose: str, action: Callable, **named: Any) -> Any:
        asked.append(purpose)
        return whole(self, purpose, action, **named)

    monkeypatch.setattr(Tracker, "call", call)
    assert champion_of(steady, series) is None
    assert find(steady, series, first.version) == first
    assert asked == ["列出模型版本"]
    promote(steady, series, first.version)
    assert champion_of(steady, series).version == first.version
    assert asked[1:] == ["读取现役版本", "记录晋级", "移动别名"]
    promote(tracker, series, first.version, "再次")
    count = len(asked)
    assert [v.version for v in versions(tracker, series)] == [first.version]
    assert champion_of(tracker, series).aliases == ("candidate", "champion")
    assert len(asked) == count + 2


def test_what_was_done_is_remembered_as_mlflow_has_it(
    record, workspace: Workspace, competition: Competition, tracker: Tracker, series: Series
) -> None:
    first = record(competition)[1]
    with recorded(tracker.uri, workspace, series) as recording:
        second, own = recording.register(competition), recording.run.tracker
        assert versions(own, series) == versions(tracker, series)
        checks = {"tags": {"gate": "通过"}, "run_tags": {}, "files": {}}
        annotate(own, second, **checks, section=("### 检查", "：通过"))
        assert remembered(own, series.registered_name) == versions(tracker, series)
        for number, keep in ((first.version, False), (second.version, True)):
            done = promote(own, series, number, keep_previous=keep)
            assert done.champion == find(tracker, series, number)
            assert remembered(own, series.registered_name) == versions(tracker, series)
        for _ in range(2):
            done = rollback(own, series)
            assert done.champion == find(tracker, series, done.version)
        done = promote(own, series, first.version, keep_previous=True)
        assert done.champion == find(tracker, series, first.version)


def test_what_others_put_in_force_is_seen(
    record, competition: Competition, tracker, series
) -> None:
    first, second = (record(each)[1].version for each in (competition, competition))
    steady = Tracker(tracker.uri, tracker.home, steady=True)
    assert champion_of(steady, series) is None
    look_again(steady, series)
    assert remembered(steady, series.registered_name)
    promote(tracker, series, first)
    look_again(steady, series)
    assert champion_of(steady, series).version == first
    promote(tracker, series, second)
    assert promote(steady, series, first).previous == second


def test_a_first_version_of_others_is_seen(record, competition: Competition, tracker, series):
    steady = Tracker(tracker.uri, tracker.home, steady=True)
    assert versions(steady, series) == []
    number = record(competition)[1].version
    assert promote(steady, series).version == number


def test_paths_are_kept_to_the_last_bit(
    first: Version, competition: Competition, tracker: Tracker
) -> None:
    kept = stored_paths(tracker, first)
    np.testing.assert_array_equal(kept.values, competition.champion_paths.values)
    assert kept.origin == competition.history.origin


def test_the_same_competition_gives_the_same_state(
    competition: Competition, series: Series
) -> None:
    assert state.encode(series, competition, SCHEME) == state.encode(series, competition, SCHEME)


@pytest.mark.parametrize("damage", ["missing", "cut", "short", "facts"])
def test_a_damaged_version_is_a_storage_error(
    competition: Competition, series: Series, tmp_path: Path, damage: str
) -> None:
    files = state.encode(series, competition, SCHEME)
    if damage == "missing":
        del files[state.PATHS]
    elif damage == "cut":
        files[state.PATHS] = files[state.PATHS][:-200]
    elif damage == "short":
        rows = gzip.decompress(files[state.PATHS]).splitlines(keepends=True)
        files[state.PATHS] = gzip.compress(b"".join(rows[:-1]))
    else:
        files[state.FACTS] = b"{}"
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StorageError, match="不完整或已损坏"):
        state.decode_paths(tmp_path)


def test_a_figure_missing_where_no_checksum_tells_is_damage(
    competition: Competition, series: Series, tmp_path: Path
) -> None:
    files = state.encode(series, competition, SCHEME)
    files[state.FACTS] = json.dumps({**json.loads(files[state.FACTS]), "format": 1}).encode()
    for name in (state.FACTS, state.PATHS):
        (tmp_path / name).write_bytes(files[name])
    assert np.isfinite(state.decode_paths(tmp_path).values).all()
    header, first, *rows = gzip.decompress(files[state.PATHS]).splitlines(keepends=True)
    emptied = [header, first[first.index(b",") :], *rows]
    (tmp_path / state.PATHS).write_bytes(gzip.compress(b"".join(emptied)))
    with pytest.raises(StorageError, match="不完整或已损坏"):
        state.decode_paths(tmp_path)


def test_nothing_can_be_promoted_before_the_first_run(tracker: Tracker, series: Series) -> None:
    assert champion_of(tracker, series) is None
    assert versions(tracker, series) == []
    with pytest.raises(NotFoundError, match="还没有候选") as caught:
        promote(tracker, series)
    assert "forecast run --region 嘉定区。" in caught.value.hint
    other = replace(series, indicator=load_catalogue().indicator("城镇调查失业率"))
    for asked in (partial(promote, tracker, other), partial(chosen_version, tracker, other, None)):
        with pytest.raises(NotFoundError) as caught:
            asked()
        assert (
            "forecast run --region 嘉定区 --indicator surveyed_unemployment_rate"
            in caught.value.hint
        )


def test_promotion_moves_the_champion_and_remembers_the_previous(
    first: Version,
    record,
    competition: Competition,
    tracker: Tracker,
    series: Series,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-23")
    done = promote(tracker, series, why="首次")
    assert (done.version, done.previous, done.demo) == ("1", None, True)
    assert aliases(tracker, series) == {"candidate": "1", "champion": "1"}
    assert done.champion.tags["promoted_why"] == "首次"
    assert done.champion.tags["promoted_at"].startswith("2026-11-23T")
    assert done.champion.tags["promoted_at"].endswith("+08:00")
    assert done.champion.tags["promoted_by"]

    record(competition)
    assert aliases(tracker, series) == {"candidate": "2", "champion": "1"}
    again = promote(tracker, series)
    assert (again.version, again.previous) == ("2", "1")
    assert again.champion.tags["promoted_over"] == "1"
    assert aliases(tracker, series) == {"candidate": "2", "champion": "2", "previous": "1"}

    # A second time changes nothing: the version before last is not forgotten.
    assert promote(tracker, series).previous is None
    assert aliases(tracker, series) == {"candidate": "2", "champion": "2", "previous": "1"}

    back = rollback(tracker, series)
    assert (back.version, back.previous) == ("1", "2")
    assert aliases(tracker, series) == {"candidate": "2", "champion": "1", "previous": "2"}
    assert [(v.version, v.aliases) for v in versions(tracker, series)] == [
        ("2", ("candidate", "previous")),
        ("1", ("champion",)),
    ]
    assert champion_of(tracker, series) == find(tracker, series, "1")


def test_a_version_that_is_not_there_is_not_found(
    first: Version, tracker: Tracker, series: Series
) -> None:
    with pytest.raises(NotFoundError, match="没有第 7 版"):
        promote(tracker, series, version="7")
    with pytest.raises(NotFoundError, match="没有前任"):
        rollback(tracker, series)
    assert aliases(tracker, series) == {"candidate": "1"}


@pytest.mark.soak
def test_a_promotion_cut_short_is_completed_by_doing_it_again(
    first: Version,
    record,
    competition: Competition,
    tracker: Tracker,
    series: Series,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(tracker, series)
    record(competition)
    call = tracker.call
    moves: list[str] = []

    def killed_at_the_second_move(purpose: str, action, **about: str):
        if purpose == "移动别名":
            moves.append(purpose)
            if len(moves) == 2:
                raise KeyboardInterrupt
        return call(purpose, action, **about)

    monkeypatch.setattr(tracker, "call", killed_at_the_second_move)
    with pytest.raises(KeyboardInterrupt):
        promote(tracker, series)
    monkeypatch.undo()
    assert aliases(tracker, series)["champion"] == "1"
    assert promote(tracker, series).previous == "1"
    assert aliases(tracker, series) == {"candidate": "2", "champion": "2", "previous": "1"}
