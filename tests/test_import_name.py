"""A notebook beside a `models.py` and a `data` folder of its own can import the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = """
import models                                    # the notebook's own
from data import rows                            # the notebook's own
import cli, experiments
import employment_forecast
from employment_forecast.models.contract import Competitor
from employment_forecast.models.paths import SamplePaths
from employment_forecast.models import roster
from employment_forecast.data.store import Store

assert models.MINE and rows.MINE
assert Competitor.__module__ == "employment_forecast.models.contract"
assert len(roster.names()) > 5
print(employment_forecast.__name__)
"""


@pytest.mark.soak  # processes of their own
def test_a_notebook_beside_folders_of_our_names(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("MINE = True\n", "utf-8")
    for folder in ("data", "cli", "experiments", "features", "forecasting"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("", "utf-8")
    (tmp_path / "data" / "rows.py").write_text("MINE = True\n", "utf-8")
    (tmp_path / "notebook.py").write_text(NOTEBOOK, "utf-8")
    done = subprocess.run(
        [sys.executable, "notebook.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "employment_forecast\n"
