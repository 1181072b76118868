"""One validator for every TOML file: settings, catalogue, plans, mapping and warning levels."""

from pathlib import Path

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import SettingsError
from employment_forecast.data.files.toml_tables import (
    TableSchema,
    check_table,
    integer,
    is_code,
    one_of,
    read_toml,
    text,
)
from employment_forecast.data.readers.vocabulary import read_mapping
from employment_forecast.data.targets.plans import parse_plan
from employment_forecast.data.workspace.settings import parse_settings
from employment_forecast.forecasting.early_warning import load_scheme

CATALOGUE = load_catalogue()


def _settings(content):
    return parse_settings(content, Path("forecast.toml"))


def _catalogue(content):
    settings = _settings(content)
    return load_catalogue(settings.regions, settings.indicators)


READERS = {
    "settings": _settings,
    "catalogue": _catalogue,
    "plans": lambda content: parse_plan(content, "plan.toml", CATALOGUE),
    "mapping": lambda content: read_mapping(read_toml(content, "mapping.toml"), CATALOGUE),
    "levels": lambda content: load_scheme(_settings(content)),
}


@pytest.mark.parametrize(
    ("reader", "content", "file", "key", "said"),
    [
        ("settings", "[run]\nhorzion = 3", "forecast.toml", "run.horzion", "run.horizon"),
        ("settings", "[run]\nhorizon = 99", "forecast.toml", "run.horizon", "1—60"),
        ("catalogue", "[[regions]]\nnam = 'x'", "forecast.toml", "nam", "name"),
        ("catalogue", "[[regions]]\nname = 'x'", "forecast.toml", "code", "补上"),
        (
            "catalogue",
            "[[indicators]]\nkind = 'stok'",
            "forecast.toml",
            "kind",
            "stock",
        ),
        ("plans", "titel = 'x'", "plan.toml", "titel", "title"),
        ("plans", "period = '21'", "plan.toml", "period", "2021-2025"),
        ("mapping", "[table]\nhedder = 1", "mapping.toml", "hedder", "header_rows"),
        ("mapping", "[columns]\n'期别' = 'mont'", "mapping.toml", "期别", "month"),
        ("levels", "[[warning_levels]]\ncode = 'rad'", "forecast.toml", "code", "red"),
        ("levels", "[[warning_levels]]\nmonhts = 3", "forecast.toml", "monhts", "months"),
    ],
)
def test_errors_name_file_and_key_and_say_what_may_be(reader, content, file, key, said):
    with pytest.raises(SettingsError) as caught:
        READERS[reader](content)
    assert file in caught.value.message
    assert key in caught.value.message
    assert said in caught.value.hint


@pytest.mark.parametrize("reader", ["settings", "plans", "mapping"])
@pytest.mark.parametrize("content", ["[x", "a = " + "[" * 3000, "a = 1" + "0" * 5000])
def test_what_is_no_toml_is_refused(reader, content):
    with pytest.raises(SettingsError):
        READERS[reader](content)


def test_a_chinese_key_without_quotes_is_explained():
    with pytest.raises(SettingsError, match="引号"):
        READERS["mapping"]("[columns]\n期别 = 'month'")


def test_a_value_that_may_hold_a_password_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        _settings('[store]\nurl = ["postgresql://u:geheim@h/d"]')
    assert "store.url" in caught.value.message
    assert "geheim" not in str(caught.value)


def test_control_characters_never_reach_a_message():
    schema = TableSchema({"a": one_of("x"), "b": integer(1, 2), "c": text()})
    for raw in ({"\x1b[31m\n": 1}, {"a": "\x1b[2J\n\u202e"}, {"b": {"\r": 1}}):
        with pytest.raises(SettingsError) as caught:
            check_table(raw, schema, "文件")
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "code", ["310114", "310114101", "某街道", "new_jobs", "a.b-c_d", "a..b", "x" * 80]
)
def test_codes_that_can_name_files_and_models(code):
    assert is_code(code)


@pytest.mark.parametrize(
    "code",
    ["a/b:c", "../../evil", "..", ".", "", "a b", "a\n", "a\\b", "-rf", ".x", "x.", "a:b", "a%b",
     "a*", "a\x00", "３１０１１４", "x" * 81, 'a"b', "a'b", "$HOME", "a|b", "<a>", 310114, None],
)  # fmt: skip
def test_codes_that_would_leave_their_folder_or_their_registry_are_refused(code):
    assert not is_code(code)
    for table in ("regions", "indicators"):
        raw = {"code": code, "name": "某", "kind": "stock", "unit": "人"}
        rows = [{k: v for k, v in raw.items() if table == "indicators" or k in ("code", "name")}]
        with pytest.raises(SettingsError, match="code"):
            load_catalogue(rows, ()) if table == "regions" else load_catalogue((), rows)


def test_regions_whose_parents_run_in_a_circle_are_refused():
    rows = [
        {"code": "a", "name": "甲", "parent": "b"},
        {"code": "b", "name": "乙", "parent": "a"},
    ]
    with pytest.raises(SettingsError, match="绕成了圈"):
        load_catalogue(rows)
