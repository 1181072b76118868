"""The workspace is found as promised and made when missing."""

from __future__ import annotations

import pytest

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.workspace.folders import SETTINGS_FILE, Workspace, find_workspace


@pytest.fixture(autouse=True)
def _no_home(monkeypatch):
    monkeypatch.delenv("FORECAST_HOME", raising=False)


def test_the_variable_wins(tmp_path, monkeypatch):
    (tmp_path / SETTINGS_FILE).write_text("")
    monkeypatch.setenv("FORECAST_HOME", str(tmp_path / "别处"))
    assert find_workspace(tmp_path).root == (tmp_path / "别处").resolve()


def test_the_variable_knows_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FORECAST_HOME", "~/office")
    assert find_workspace().root == (tmp_path / "office").resolve()


def test_the_nearest_settings_file_upwards(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / SETTINGS_FILE).write_text("")
    assert find_workspace(inner).root == tmp_path.resolve()
    (tmp_path / "a" / SETTINGS_FILE).write_text("")
    assert find_workspace(inner).root == (tmp_path / "a").resolve()


def test_a_folder_of_that_name_is_not_a_settings_file(tmp_path):
    inner = tmp_path / "a"
    (inner / SETTINGS_FILE).mkdir(parents=True)
    (tmp_path / SETTINGS_FILE).write_text("")
    assert find_workspace(inner).root == tmp_path.resolve()


def test_else_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_workspace().root == tmp_path.resolve()


def test_what_is_missing_is_made_and_reported_once(tmp_path):
    place = Workspace(tmp_path / "新的" / "工作区")
    assert place.create()
    assert place.mlruns.is_dir()
    assert place.cells.parent.is_dir()
    assert not place.create()


def test_everything_lies_inside(tmp_path):
    place = Workspace(tmp_path)
    for path in (place.settings_file, place.database, place.mlruns, place.cells):
        assert path.is_relative_to(tmp_path)


def test_a_place_that_cannot_be_written_is_a_settings_error(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SettingsError, match="taken") as caught:
        Workspace(tmp_path / "taken").create()
    assert caught.value.exit_code == 5
    assert "FORECAST_HOME" in caught.value.hint


@pytest.mark.parametrize("name", ["50%", "为什么?"])
def test_a_path_no_database_url_can_name_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="路径含有"):
        Workspace(tmp_path / name).create()
    assert not (tmp_path / name).exists()
