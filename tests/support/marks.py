"""Each statement of ours marks its own line when it runs, if lines are measured.

A trace would slow down everything, most of all the libraries, which have most of the lines; marks
cost the libraries nothing. To be imported before the package is.
"""

from __future__ import annotations

import ast
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType

from coverage import Coverage

WANTED = "MARK_LINES"
NAME = "__lines__"

_marks: dict[str, list[int]] = {}
_elsewhere: defaultdict[str, set[int]] = defaultdict(set)


def are_wanted() -> bool:
    return WANTED in os.environ


def executed() -> dict[str, list[int]]:
    """Lines that ran, by file, here and in the processes that were added."""
    ran = {file: set(lines) for file, lines in _elsewhere.items()}
    for file, marks in _marks.items():
        ran.setdefault(file, set()).update(line for line, mark in enumerate(marks) if mark)
    return {file: sorted(lines) for file, lines in ran.items() if lines}


def add(executed: Mapping[str, Iterable[int]]) -> None:
    """Add what ran in another process."""
    for file, lines in executed.items():
        _elsewhere[file].update(lines)


def forget() -> None:
    """Let no line have run."""
    for marks in _marks.values():
        marks[:] = [0] * len(marks)


def _mark(line: int) -> ast.stmt:
    at = {"lineno": line, "end_lineno": line, "col_offset": 0, "end_col_offset": 0}
    marks = ast.Name(NAME, ast.Load(), **at)
    place = ast.Subscript(marks, ast.Constant(line, **at), ast.Store(), **at)
    return ast.Assign([place], ast.Constant(1, **at), **at)


def _stays_first(statement: ast.stmt) -> bool:
    """A docstring, or an import from the future."""
    match statement:
        case ast.Expr(ast.Constant(str())) | ast.ImportFrom(module="__future__"):
            return True
    return False


def marked(block: Sequence[ast.stmt], passed: Iterable[int] = ()) -> list[ast.stmt]:
    """The same statements, each marking its lines, and before them the lines on the way there."""
    statements = [*map(_mark, passed)]
    lines: list[int] = []
    for statement in block:
        lines += [s.lineno for s in (*getattr(statement, "decorator_list", ()), statement)]
        if not _stays_first(statement):
            statements += map(_mark, lines)
            lines = []
        for field in ("body", "orelse", "finalbody"):
            if inner := getattr(statement, field, None):
                setattr(statement, field, marked(inner))
        # Whoever comes to a branch has passed those before it. If none is taken, all stay unmarked.
        heads: list[int] = []
        for branch in getattr(statement, "handlers", None) or getattr(statement, "cases", ()):
            heads.append(getattr(branch, "pattern", branch).lineno)
            branch.body = marked(branch.body, heads)
        statements.append(statement)
    return statements


class Loader(SourceFileLoader):
    """Loads a module whose statements mark their lines."""

    def exec_module(self, module: ModuleType) -> None:
        source = self.get_data(self.path)
        tree = ast.parse(source)
        tree.body = marked(tree.body)
        unmarked = [0] * (source.count(b"\n") + 2)
        # By the name that coverage uses; a second import marks what the first did.
        vars(module)[NAME] = _marks.setdefault(os.path.realpath(self.path), unmarked)
        exec(compile(tree, self.path, "exec", dont_inherit=True), vars(module))


class Finder(MetaPathFinder):
    """Finds the package's modules where the others find them."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != "employment_forecast":
            return None
        specs = (f.find_spec(name, path, target) for f in sys.meta_path if f is not self)
        spec = next(filter(None, specs), None)
        if spec and spec.origin and type(spec.loader) is SourceFileLoader:
            spec.loader = Loader(name, spec.origin)
        return spec


if Coverage.current() is not None:
    os.environ[WANTED] = "1"  # for the workers, which start measuring later
if are_wanted():
    sys.meta_path.insert(0, Finder())
