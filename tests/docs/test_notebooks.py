"""Every cell of every notebook runs, on settings that make it cheap."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from employment_forecast.cli.main import cli
from employment_forecast.cli.shell import failures
from employment_forecast.models import roster

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS / "tools"))

import notebooks  # noqa: E402
import pages  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
BOOKS = sorted((DOCS / "notebooks").glob("[a-z]*.md"))
CHEAP = '[run]\norigins = 9\npaths = 200\njobs = 1\nmodels = ["random_walk"]\n'


@pytest.mark.soak  # the build of the manual runs them too
@pytest.mark.parametrize("book", BOOKS, ids=lambda f: f.stem)
def test_every_cell_runs(book, tmp_path, databases, monkeypatch, capfd):
    shutil.copytree(databases, tmp_path, dirs_exist_ok=True)
    (tmp_path / "forecast.toml").write_text(CHEAP, "utf-8")
    monkeypatch.setenv("FORECAST_HOME", str(tmp_path))
    monkeypatch.setenv("FORECAST_TODAY", pages.TODAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(roster, "_REGISTERED", {})

    def execute(words: list[str], folder: Path) -> tuple[int, str]:
        assert words[0] == "forecast"
        code = failures.run_and_translate(cli, words[1:])
        return code, "".join(capfd.readouterr())

    text = book.read_text("utf-8")
    made = notebooks.run_cells(text, tmp_path, execute)
    roster._families.cache_clear()
    assert len(made) == len(notebooks.cells(text)) >= 4
    assert any(made)
    # Figures of demonstration data, and invented ones, are called so.
    shown = "".join(content for outputs in made for kind, content in outputs if kind != "png")
    assert "演示" in shown or "数字虚构" in text
