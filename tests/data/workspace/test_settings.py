"""Settings are optional, validated, and explained by their own template."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import SettingsError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.settings import (
    KEYS,
    Settings,
    load_settings,
    parse_settings,
    template,
)

FILE = Path("forecast.toml")


def refused(text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, FILE)
    assert caught.value.exit_code == 5
    assert "forecast.toml" in caught.value.message
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return caught.value


def test_defaults_satisfy_their_own_checks():
    for key in KEYS:
        assert key.constraint.fits(key.default), key.path
    assert dict(Settings().values) == {key.path: key.default for key in KEYS}


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_settings(Workspace(tmp_path)) == Settings()


def test_the_template_changes_nothing_until_a_line_is_uncommented():
    assert parse_settings(template(), FILE) == Settings()


def test_every_line_of_the_template_is_valid_once_uncommented():
    text = re.sub(r"(?m)^# (?=[a-z_]+ = |\[\[)", "", template())
    raw = tomllib.loads(text)
    assert {f"{s}.{k}" for s, t in raw.items() if isinstance(t, dict) for k in t} == {
        key.path for key in KEYS
    }
    settings = parse_settings(text, FILE)
    street = load_catalogue(settings.regions, settings.indicators).region("某街")
    assert (street.code, street.parent, street.level) == ("310114101", "310114", "street")


def test_values_are_taken():
    settings = parse_settings(
        '[run]\nhorizon = 18\nmodels = ["theta"]\n[history]\ngaps = "after"\n', FILE
    )
    assert settings["run.horizon"] == 18
    assert settings["run.models"] == ["theta"]
    assert settings["history.gaps"] == "after"
    assert settings["run.origins"] == 36


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[run]\nhorzion = 3", "run.horizon"),
        ("[runs]\nhorizon = 3", "run"),
        ("horizon = 3", "run.horizon"),
        ("[store]\nuri = 'x'", "store.url"),
        ("[[region]]\ncode = 'x'", "regions"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(text, nearest):
    assert nearest in refused(text).hint


def test_an_unknown_key_like_no_other_gets_the_whole_list():
    assert "run.horizon" in refused("[run]\nzzzzzz = 3").hint


@pytest.mark.parametrize(
    "text",
    [
        "[run]\nhorizon = 0",
        "[run]\nhorizon = 61",
        "[run]\nhorizon = 12.0",
        "[run]\nhorizon = true",
        "[run]\norigins = -1",
        "[run]\npaths = 199",
        "[run]\nseed = -1",
        "[run]\nmodels = 'theta'",
        "[run]\nmodels = [1]",
        "[history]\ngaps = 'guess'",
        "[history]\ngaps = ['after']",
        "[cache]\nmegabytes = 'many'",
        "[store]\nurl = 1",
        "run = 3",
        "[regions]\ncode = 'x'",
        "regions = ['x']",
        "[run\nhorizon = 3",
    ],
)
def test_bad_values_and_forms_are_refused(text):
    refused(text)


def test_a_file_saved_by_an_office_editor(tmp_path):
    place = Workspace(tmp_path)
    place.settings_file.write_bytes("\ufeff# 设置\r\n[run]\r\nseed = 7\r\n".encode())
    assert load_settings(place)["run.seed"] == 7
    place.settings_file.write_bytes('[store]\nurl = "嘉定"\n'.encode("gb18030"))
    with pytest.raises(SettingsError, match=r"forecast\.toml") as caught:
        load_settings(place)
    assert "UTF-8" in caught.value.hint


def test_addresses_default_to_the_workspace(tmp_path):
    place = Workspace(tmp_path)
    assert Settings().store_url(place) == f"sqlite:///{tmp_path / 'observations.db'}"
    assert Settings().tracking_uri(place) == f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"
    other = parse_settings('[store]\nurl = "sqlite://"\n[mlflow]\ntracking_uri = "http://x"', FILE)
    assert (other.store_url(place), other.tracking_uri(place)) == ("sqlite://", "http://x")


def test_jobs_default_to_the_processors():
    assert Settings().jobs >= 1
    assert parse_settings("[run]\njobs = 3", FILE).jobs == 3
