"""Every fixture gives its hand-typed values; every broken twin is refused at the right cell."""

import importlib.util
import sys
import tomllib
from datetime import date

import pytest
from support.paths import FIXTURES

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports.checks import Batch, run_checks
from employment_forecast.data.readers import read_file
from employment_forecast.data.records.readings import ReadResult

FOLDER = FIXTURES
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
TODAY = date(2026, 11, 23)
STREETS = [
    {"code": "310114102", "name": "安亭镇", "parent": "310114", "level": "street"},
    {"code": "310114103", "name": "南翔镇", "parent": "310114", "level": "street"},
]


@pytest.fixture(scope="module")
def catalogue():
    return load_catalogue(extra_regions=STREETS)


def read(path, wanted, catalogue) -> ReadResult:
    options = {k: wanted[k] for k in ("region", "indicator", "mapping") if k in wanted}
    return read_file(path, catalogue, **options)


def all_findings(result, catalogue):
    batch = Batch.of([result], catalogue, TODAY)
    checked = [f for r in run_checks(batch) for f in r.findings]
    return [*result.findings, *checked]


def lines(text):
    return sorted(tuple(line.split()) for line in text.strip().splitlines())


def printed(reading):
    row = reading.observation
    value = f"{row.value:.10g}"
    group = (reading.group,) if reading.group else ()
    return (row.region, row.indicator, str(row.month), value, *group)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_fixture_gives_its_values(name, catalogue):
    wanted = EXPECTED[name]
    result = read(FOLDER / name, wanted, catalogue)
    values = sorted(printed(r) for r in (*result.readings, *result.groups))
    typed = sorted(
        (*line[:3], f"{float(line[3]):.10g}", *line[4:]) for line in lines(wanted["values"])
    )
    assert values == typed
    firms = [
        (f.firm, str(f.month), *(str(n) for n in (f.base, f.hires, f.separations, f.end)))
        for f in result.firms
    ]
    assert sorted(firms) == lines(wanted.get("firms", ""))
    findings = all_findings(result, catalogue)
    assert [f for f in findings if f.severity == "error"] == []
    named = [f.place.address for f in result.findings if f.place]
    assert named == wanted.get("warnings", [])
    for word in wanted.get("notes", []):
        assert any(word in note for note in result.notes)
    if "published" in wanted:
        assert [str(r.observation.published_on) for r in result.readings] == wanted["published"]
        assert [r.observation.source for r in result.readings] == wanted["sources"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_broken_twin_is_refused_at_the_right_cell(name, catalogue):
    wanted = EXPECTED[name]
    stem, dot, ending = name.partition(".")
    result = read(FOLDER / f"{stem}-broken{dot}{ending}", wanted, catalogue)
    errors = [f for f in all_findings(result, catalogue) if f.severity == "error"]
    first = next(f for f in errors if f.check == wanted["check"])
    assert first.place is not None
    assert first.place.address == wanted["broken"]
    assert first.remedy
    if "sheet" in wanted:
        assert first.sheet == wanted["sheet"]
    # Nothing else is blamed, but for totals that the broken value is part of.
    others = {f.place.address for f in errors if f.place} - {wanted["broken"]}
    assert not others or {f.check for f in errors} <= {
        wanted["check"],
        "total_mismatch",
        "unit_jump",
        "rate_against_counts",
        "part_of_person",
    }


def test_the_files_are_what_the_script_makes(monkeypatch):
    spec = importlib.util.spec_from_file_location("make_fixtures", FOLDER / "make.py")
    make = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_fixtures", make)
    spec.loader.exec_module(make)
    made = {case.name: case for case in make.CASES}
    assert set(made) == set(EXPECTED)
    assert len(made) >= 30
    for name, case in made.items():
        if case.kind in ("csv", "html"):
            assert case.render() == (FOLDER / name).read_bytes()


def test_all_formats_and_encodings_are_there(catalogue):
    kinds = {
        (r.format, r.encoding)
        for r in (read(FOLDER / n, w, catalogue) for n, w in EXPECTED.items())
    }
    assert kinds >= {
        ("csv", "utf-8"),
        ("csv", "utf-8-sig"),
        ("csv", "gb18030"),
        ("csv", "utf-16"),
        ("xlsx", None),
        ("xls", None),
        ("html", "utf-8"),
        ("html", "gb18030"),
    }
