"""A workspace of the last release with folders as import names is taken over as it stands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

# The commit before the floors were laid out under one import name.
OLD = "05bf65c^"
SETTINGS = '[run]\nmodels = ["ets", "theta", "combination"]\norigins = 12\njobs = 1\n'
CAP = ("--region", "全国", "--tier", "自定", "--value", "5.4", "--period", "2026",
       "--source", "旧版所登", "--announced-on", "2026-02-01", "--basis", "any_month")  # fmt: skip
Call = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.soak


def caller(folder: Path, module: str, home: Path) -> Call:
    """Run one of the two programs with this interpreter, from its own folder."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    variables = {**kept, "FORECAST_HOME": str(home), "FORECAST_TODAY": "2026-11-20",
                 "LANG": "C.UTF-8", "PYTHONPATH": str(folder)}  # fmt: skip

    def call(*arguments: str, code: int = 0) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=folder, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        content: dict[str, Any] = json.loads(done.stdout) if "--json" in arguments else {}
        return content

    return call


@pytest.fixture
def old_tree(tmp_path: Path) -> Iterator[Path]:
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "cat-file", "-e", OLD], check=False, capture_output=True).returncode:
        pytest.skip("the history is not here")
    folder = tmp_path / "old"
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", folder, OLD], check=True)
    yield folder
    subprocess.run([*git, "worktree", "remove", "--force", folder], check=True)


def test_everything_of_the_last_release_is_taken_over(old_tree: Path, tmp_path: Path) -> None:
    home, saved = tmp_path / "工作区", tmp_path / "备份.zip"
    home.mkdir()
    (home / "forecast.toml").write_text(SETTINGS, "utf-8")
    old = caller(old_tree, "cli.main", home)
    new = caller(ROOT, "employment_forecast.cli.main", home)

    old("caps", "set", *CAP)
    old("run", "--region", "嘉定", "--promote")
    old("thresholds", "export", "--region", "嘉定")
    old("warnings", "issue", "--region", "嘉定")
    old("bulletin", "--region", "嘉定", "--format", "md,json")
    before = {
        "status": old("data", "status", "--json")["series"],
        "lines": old("thresholds", "show", "--region", "嘉定", "--json"),
        "paths": old("predict", "--region", "嘉定", "--json"),
        "warnings": old("warnings", "history", "--json")["warnings"],
        "bulletins": old("bulletin", "list", "--json")["bulletins"],
    }
    old("backup", str(saved))

    # The new program opens the same workspace; the database is brought up to date on the way.
    assert new("doctor", "--json", code=0)["checks"]
    status = {
        (s["region"]["code"], s["indicator"]): s for s in new("data", "status", "--json")["series"]
    }
    for row in before["status"]:
        now = status[row["region"]["code"], row["indicator"]]
        assert {k: now[k] for k in row} == row
    (cap,) = [t for t in new("caps", "list", "--json")["targets"] if t["source"] == "旧版所登"]
    assert (cap["value"], cap["basis"]) == (5.4, "any_month")
    assert (
        new("thresholds", "show", "--region", "嘉定", "--json")["lines"] == before["lines"]["lines"]
    )
    assert new("predict", "--region", "嘉定", "--json")["rows"] == before["paths"]["rows"]
    warnings = {w["id"]: w for w in new("warnings", "history", "--json")["warnings"]}
    assert len(warnings) == len(before["warnings"]) > 0
    for row in before["warnings"]:
        kept = ("level", "level_name", "data_month", "version", "data_fingerprint", "reasons")
        assert all(warnings[row["id"]][name] == row[name] for name in kept)
    assert len(new("bulletin", "list", "--json")["bulletins"]) == len(before["bulletins"])

    # A new run stands beside the old version, which can still be compared with.
    new("run", "--region", "嘉定")
    versions = new("models", "list", "--region", "嘉定", "--json")["versions"]
    assert [v["version"] for v in versions] == ["2", "1"]
    assert (
        new("models", "compare", "--region", "嘉定", "--json", "--versions", "1,2")["origins"] == 12
    )

    # The old program refuses what the new one has brought up to date; its backup is restored.
    old("data", "status", code=6)
    elsewhere = caller(ROOT, "employment_forecast.cli.main", tmp_path / "恢复")
    elsewhere("restore", str(saved))
    assert (
        elsewhere("models", "list", "--region", "嘉定", "--json")["versions"][0]["version"] == "1"
    )
    shutil.rmtree(home)
