"""The identity of a cell covers all code that can change its numbers, and nothing else."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from employment_forecast.forecasting.backtest import identity

PACKAGE = "employment_forecast"
ENTRANCES = ("models", "features/history")
# Libraries that schedule, guard or describe, and compute no number of a cell.
NEUTRAL = {"threadpoolctl", "statsforecast"}


def _file(root: Path, module: str) -> Path | None:
    """File of a module of the package; None where the name is that of an object in a module."""
    path = root.joinpath(*module.split(".")[1:])
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.is_file():
            return file
    return None


def _imported(file: Path) -> set[str]:
    """Every dotted name that a file imports, at the top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _reachable(root: Path) -> tuple[set[Path], set[str]]:
    """Files of features and models reached from the entrances, and libraries they import."""
    waiting = [f for part in ENTRANCES for f in (root / part).rglob("*.py")]
    reached: set[Path] = set()
    libraries: set[str] = set()
    while waiting:
        file = waiting.pop()
        if file in reached:
            continue
        reached.add(file)
        for name in _imported(file):
            top, _, rest = name.partition(".")
            if top != PACKAGE:
                libraries.add(top)
            elif rest.split(".")[0] in {"features", "models"}:
                target = _file(root, name)
                waiting += [target] if target else []
    return reached, libraries - set(sys.stdlib_module_names)


def test_every_module_that_models_and_history_reach_is_covered(root):
    reached, _ = _reachable(root)
    covered = {file for part in identity.CELL_CODE for file in identity._files(root / part)}
    assert len(reached) > 40
    # The faces of the two floors hold a sentence and no code.
    faces = {root / "features/__init__.py"}
    assert {f.relative_to(root).as_posix() for f in reached - covered - faces} == set()


def test_every_library_they_import_is_part_of_the_identity(root):
    _, libraries = _reachable(root)
    modules = {"scikit-learn": "sklearn"}
    known = {modules.get(name, name) for name in identity._LIBRARIES}
    assert libraries - NEUTRAL <= known


def test_covered_folders_hold_nothing_but_code(root):
    folders = [root / part for part in identity.CELL_CODE if (root / part).is_dir()]
    others = [
        f.relative_to(root).as_posix()
        for folder in folders
        for f in folder.rglob("*")
        if f.is_file() and f.suffix not in {".py", ".pyc"}
    ]
    assert others == []


@pytest.fixture
def version_after(root, tmp_path, monkeypatch):
    """Identity of a copy of the code in which one file has been rewritten."""
    for part in identity.CELL_CODE:
        source, target = root / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    monkeypatch.setattr(identity, "_ROOT", tmp_path)

    def rewrite(path: str, edit: Callable[[str], str]) -> str:
        file = tmp_path / path
        before = file.read_text("utf-8")
        file.write_text(edit(before), "utf-8")
        after = identity.code_version.__wrapped__()
        assert file.read_text("utf-8") != before
        file.write_text(before, "utf-8")
        return after

    return rewrite


def test_words_change_nothing_and_a_number_does(version_after):
    season = "SEASON = 12"
    before = identity.code_version.__wrapped__()

    def replaced(old: str, new: str) -> str:
        return version_after("models/scale.py", lambda source: source.replace(old, new, 1))

    assert replaced(season, f"# A year has twelve months.\n{season}") == before
    assert replaced('"""What a hook sees', '"""What hooks see') == before
    assert replaced(season, f"{season}  \n\n") == before
    assert replaced(season, "SEASON = 13") != before


def test_a_line_anywhere_is_another_identity(version_after, root):
    before = identity.code_version.__wrapped__()
    for part in identity.CELL_CODE:
        path = root / part
        file = path if path.is_file() else sorted(path.rglob("*.py"))[-1]
        name = file.relative_to(root).as_posix()
        assert version_after(name, lambda s: f"{s}\nNUMBER = 1\n") != before, name
