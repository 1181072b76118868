"""Identity of the program: what its code computes, whatever its comments and docstrings say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from types import CodeType

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
    """What a module's code does, as text: equal for sources that compute the same.

    Parameters
    ----------
    source : str
        Python code.

    Returns
    -------
    str
        Instructions, names and constants; comments, line breaks, docstrings and assertions leave
        no trace in it.
    """
    # The compiler strips docstrings, and is three times as fast as walking the tree in Python.
    return _code(compile(source, "", "exec", optimize=2, dont_inherit=True))


def _code(code: CodeType) -> str:
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    # From Python 3.13 on a class keeps the number of its first line among its constants.
    line = code.co_firstlineno if "__firstlineno__" in code.co_names else None
    constants = ["line" if type(c) is int and c == line else _constant(c) for c in code.co_consts]
    return repr((code.co_code, names, counts, constants))


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, tuple):
        return f"({','.join(map(_constant, value))})"
    # The order of a set changes from process to process.
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_constant, value)))}}}"
    return f"{type(value).__name__}:{value!r}"


@cache
def _computed(source: str) -> bytes:
    # Most sources count for both versions below.
    return hashlib.sha256(syntax(source).encode()).digest()


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for file in _files(part):
            digest.update(file.relative_to(_ROOT).as_posix().encode())
            digest.update(_computed(file.read_text("utf-8")))
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
