"""Identity of the program: what its code computes, whatever its comments and docstrings say."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "prophet", "holidays")
_ROOT = Path(__file__).resolve().parents[2]
# Folders whose code can change a cell's numbers. A test walks the imports of the models and of the
# history and finds nothing outside.
CELL_CODE = (
    "models",
    "features/airline",
    "features/calendar",
    "features/events",
    "features/history",
    "features/monthly",
    "features/register",
    "features/sample",
    "forecasting/backtest/cells.py",
    "forecasting/backtest/codec.py",
)


def _files(part: str) -> Iterable[Path]:
    path = _ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def syntax(source: str) -> str:
    """Syntax tree of a module without docstrings: equal for sources that compute the same."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for file in _files(part):
            digest.update(file.relative_to(_ROOT).as_posix().encode())
            digest.update(syntax(file.read_text("utf-8")).encode())
    for name in _LIBRARIES:
        digest.update(f"{name}={metadata.version(name)}".encode())
    return digest.hexdigest()[:16]


@cache
def code_version() -> str:
    """Hash of everything that can change a cell's numbers: our model code and its libraries."""
    return _digest(CELL_CODE)


@cache
def engine_version() -> str:
    """Hash of everything that can change a forecast: cells, and what is decided on top of them."""
    return _digest(("features", "models", "forecasting"))
