"""One validator for every TOML file: settings, catalogue, plans, mapping and warning levels."""

import re
from pathlib import Path
from random import Random

import pytest
from support.campaigns import tries

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import ForecastError, SettingsError
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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[run]\nhorizon = 1\nhorizon = 2\n", "第 3 行第 12 列：一个键写了两次"),
        ("[run]\n[run]", "第 2 行第 5 列：一个表写了两次"),
        ("[run]\nhorizon = １２", "该行的 １２ 是全角"),
        ("[run]\nhorizon = 12，", "该行的 ， 是全角"),
        ("[run]\nhorizon：12", "键名后面应当是等号"),
        ("[bulletin]\noffice = “甲局”", "该行的 “” 是全角"),
        ('[bulletin]\noffice = "甲局', "引号没有写完"),
        ("[run]\norigins = [1", "文件末尾：括号没有写完"),
        ("[run", "方括号没有写完"),
    ],
)
def test_what_is_no_toml_is_explained_in_chinese(content, said):
    with pytest.raises(SettingsError) as caught:
        _settings(content)
    assert said in str(caught.value)
    assert not re.search("line|column|Invalid|Expected|Cannot", str(caught.value))


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


WHOLE = {
    "settings": """
[store]
url = "postgresql+psycopg://user:hidden-word@host/db"
[run]
models = ["ets", "combination"]
origins = 36
horizon = 12
[import]
revisions = "accept"
[monthly]
regions = ["嘉定"]
[smtp]
host = "mail"
port = 465
to = ["a@b.gov.cn"]
""",
    "catalogue": """
[[regions]]
code = "T1"
name = "测试街道"
level = "street"
parent = "310114"
aliases = ["测试"]
default_indicator = "registered_unemployed"
[[indicators]]
code = "net"
name = "净增就业"
kind = "flow"
unit = "人"
reporting = "year_to_date"
""",
    "mapping": """
[table]
header_rows = [1, 2]
unit = "万人"
month = "2026-01"
[columns]
"人数" = "value"
[indicators]
"失业登记率" = "registered_unemployment_rate"
[regions]
"甲" = "310114"
[groups]
"青年人" = "youth"
""",
    "levels": """
[[warning_levels]]
code = "yellow"
name = "Ⅲ级"
colour = "黄色"
probability = 0.25
release = 0.15
[[warning_levels]]
code = "red"
name = "Ⅰ级"
colour = "红色"
miss_cost = 0.25
months = 2
""",
}
ODD = (
    *("", "[", "]", "=", '"', "'''", "#", "\n[run]\n", "nan", "inf", "-1", "1e309", "0x7f", "true"),
    *("9" * 400, "x" * 20_000, "[" * 300, "{a=1}", "1979-05-27", "\u202e", "\u2028", "\x00"),
    *("\\u0000", "[[regions]]\n", "../../evil", "a/b:c", "{" * 40, "a.b.c = 1\n", "\r", "\\"),
)


def read_changed(kind: str, count: int) -> int:
    """Read so many changed files of one kind; how many of them were refused."""
    refused: list[ForecastError] = []
    for seed in range(count):
        dice = Random(seed)
        content = WHOLE[kind]
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(content))
            content = content[:at] + dice.choice(ODD) + content[at + dice.choice((0, 0, 1, 6)) :]
        try:
            READERS[kind](content)
        except ForecastError as error:
            refused.append(error)
    assert all(error.hint for error in refused)
    assert not any("hidden-word" in str(error) for error in refused)
    assert max(len(str(error)) for error in refused) < 2000
    return len(refused)


def test_an_address_in_place_of_its_table_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        _settings('store = "postgresql://u:hidden-word@h/x"\n')
    assert "hidden-word" not in str(refused.value)


@pytest.mark.parametrize("kind", WHOLE)
def test_changed_files_are_refused_or_read(kind: str) -> None:
    READERS[kind](WHOLE[kind])
    assert read_changed(kind, 40) > 20


@pytest.mark.soak
@pytest.mark.parametrize("kind", WHOLE)
def test_six_hundred_changed_files(kind: str) -> None:
    count = tries(150)
    print(f"{kind}: {count} tried, {read_changed(kind, count)} refused, none unexpected")
