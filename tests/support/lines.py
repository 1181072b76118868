"""Which lines of the product are executed: the program marks them itself.

Tracing, as coverage does it before Python 3.12, adds most of what a test costs once more. Here each
module is compiled with marks between its statements, a tenth of that, so that all tests can be
measured, and the commands that they run in forks, which mark in the same file. What was begun and
broken off by an error counts as not executed. The report is coverage's own.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import marshal
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import zip_longest
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("cli", "data", "experiments", "features", "forecasting", "models")
# `make test` asks for it; the first process says in which file the others mark too.
ASKED, FILE = "MEASURE_LINES", "EXECUTED_LINES"
COMPILED = ROOT / ".pytest_cache" / "lines"
NAME = "__executed__"
_OWN = Path(__file__).read_bytes()  # kept programs are marked as this one marks


def mark(tree: ast.Module) -> dict[int, list[int]]:
    """Put the marks into a program; gives the lines that each of them stands for."""
    meanings: dict[int, list[int]] = {}
    for node in list(ast.walk(tree)):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, list(_marked(node, block, meanings)))
    ast.fix_missing_locations(tree)
    return meanings


def _marked(
    parent: ast.AST, block: Sequence[ast.stmt], meanings: dict[int, list[int]]
) -> Iterator[ast.stmt]:
    """A block with its marks.

    One stands for the statements before it and for the one that it precedes: for what comes in one
    go, up to the last simple statement or the head of the next block.
    """
    lines = []
    if isinstance(parent, ast.ExceptHandler):
        lines = [parent.lineno]
    elif isinstance(parent, ast.match_case):
        lines = [parent.pattern.lineno]
    for statement, following in zip_longest(block, block[1:]):
        lines += [d.lineno for d in getattr(statement, "decorator_list", ())]
        lines.append(statement.lineno)
        if following is None or isinstance(statement, ast.Match) or hasattr(statement, "body"):
            # Nothing may stand before a docstring or an import of the future.
            first = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            first |= isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            number = statement.lineno
            meanings[number] = lines
            place = ast.Subscript(ast.Name(NAME, ast.Load()), ast.Constant(number), ast.Store())
            sign = ast.copy_location(ast.Assign([place], ast.Constant(1)), statement)
            yield from (statement, sign) if first else (sign, statement)
            lines = []
        else:
            yield statement


class Lines(MetaPathFinder):
    """The marks of all modules in a file that processes share, and the import of what marks."""

    def __init__(self) -> None:
        self._at: dict[str, slice] = {}
        size = 0
        for floor in FLOORS:
            for path in sorted((ROOT / floor).rglob("*.py")):
                lines = path.read_bytes().count(b"\n") + 2
                self._at[str(path)] = slice(size, size + lines)
                size += lines
        self.first = FILE not in os.environ
        if self.first:
            COMPILED.mkdir(parents=True, exist_ok=True)
            handle, os.environ[FILE] = tempfile.mkstemp(".lines")
            os.truncate(handle, size)
        else:
            handle = os.open(os.environ[FILE], os.O_RDWR)
        self._marks = memoryview(mmap.mmap(handle, size))
        os.close(handle)
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Modules of the floors, to be imported with their marks."""
        if not fullname.startswith("employment_forecast.") or path is None:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin in self._at:
            spec.loader = Loader(fullname, spec.origin, self._marks[self._at[spec.origin]])
        return spec

    def executed(self) -> dict[str, set[int]]:
        """Lines of each file."""
        lines: dict[str, set[int]] = {}
        for file, at in self._at.items():
            numbers = [number for number, said in enumerate(self._marks[at]) if said]
            meanings = compiled(file)[1] if numbers else {}
            lines[file] = {line for number in numbers for line in meanings[number]}
        return lines


def compiled(path: str) -> tuple[CodeType, dict[int, list[int]]]:
    """A file with its marks, and what they stand for; kept for the processes that come later."""
    source = Path(path).read_bytes()
    key = b"\0".join([importlib.util.MAGIC_NUMBER, _OWN, path.encode(), source])
    kept = COMPILED / hashlib.sha256(key).hexdigest()
    if kept.exists():
        return marshal.loads(kept.read_bytes())  # type: ignore[no-any-return]  # noqa: S302  # ours
    tree = ast.parse(source)
    meanings = mark(tree)
    made = compile(tree, path, "exec", dont_inherit=True), meanings
    aside = kept.with_suffix(f".{os.getpid()}")
    aside.write_bytes(marshal.dumps(made))
    aside.replace(kept)
    return made


class Loader(SourceFileLoader):
    """Imports a file with its marks."""

    def __init__(self, fullname: str, path: str, marks: memoryview) -> None:
        super().__init__(fullname, path)
        self._marks = marks

    def get_code(self, fullname: str) -> CodeType:
        return compiled(self.path)[0]

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, NAME, self._marks)
        super().exec_module(module)


# Before anything of ours is imported.
LINES = Lines() if ASKED in os.environ else None
_report = io.StringIO()


def pytest_sessionfinish(session: Any) -> None:
    """Fail if fewer lines were executed than `setup.cfg` asks for."""
    if LINES is None or not LINES.first:
        return
    from coverage import Coverage

    coverage = Coverage(data_file=None, config_file=ROOT / "setup.cfg")
    coverage.get_data().add_lines(LINES.executed())
    share = coverage.report(file=_report)
    coverage.get_data().close(force=True)
    least = coverage.get_option("report:fail_under")
    if share < least:
        _report.write(f"fewer than {least} % of the lines were executed\n")
        session.exitstatus = session.exitstatus or 1
    Path(os.environ[FILE]).unlink()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the report."""
    if LINES is not None:
        terminalreporter.section("executed lines")
        terminalreporter.write(_report.getvalue())
