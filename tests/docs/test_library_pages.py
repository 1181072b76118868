"""The Python on the pages for developers runs, and its model passes the suite it is shown with."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import employment_forecast as ef
from employment_forecast.models import roster

PAGES = Path(__file__).resolve().parents[2] / "docs" / "developers"
CHEAP = '[run]\norigins = 6\npaths = 200\njobs = 1\nmodels = ["random_walk"]\n'


@pytest.fixture
def performed(tmp_path, databases, monkeypatch):
    """Names that the code of a page leaves behind."""
    shutil.copytree(databases, tmp_path, dirs_exist_ok=True)
    (tmp_path / "forecast.toml").write_text(CHEAP, "utf-8")
    monkeypatch.setenv("FORECAST_HOME", str(tmp_path))
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-20")
    monkeypatch.setattr(roster, "_REGISTERED", {})

    def perform(page: str) -> dict:
        names: dict = {"__name__": "page"}
        text = (PAGES / page).read_text("utf-8")
        for code in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            exec(compile(code, page, "exec"), names)
        return names

    yield perform
    roster._families.cache_clear()
    plt.close("all")


@pytest.mark.soak
def test_the_library_page_runs(performed):
    names = performed("library.md")
    assert len(names["forecast"].to_frame()) == 12
    assert names["made"].result.assessments[0].target.value == 1100


@pytest.mark.soak
def test_the_model_of_the_page_passes_the_conformance_suite(performed):
    names = performed("model.md")
    suite = names["TestMeanChange"]()
    tests = [name for name in dir(suite) if name.startswith("test_")]
    assert len(tests) >= 8
    for name in tests:
        getattr(suite, name)()
    assert "mean_change" in ef.model_names()


def test_the_example_is_short():
    text = (PAGES / "model.md").read_text("utf-8")
    first = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert first is not None
    assert len([line for line in first[1].splitlines() if line.strip()]) <= 15
