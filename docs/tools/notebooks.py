"""Notebooks: pages whose cells the build runs, in the text form of jupytext (MyST).

A ` ```{code-cell} ` holds Python, or commands behind an exclamation mark, as in Jupyter. All cells
of a page share their names and a workspace of their own. A cell shows what it prints, the value of
its last line as a notebook shows it, and its pictures.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pages import EXAMPLES, TODAY

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Execute = Callable[[list[str], Path], tuple[int, str]]
# Kind (`text`, `html` or `png`) and content of what a cell shows.
Output = tuple[str, str]


def cells(page: str) -> list[str]:
    """Code of the cells of a page."""
    return _CELL.findall(page)


def run_cells(page: str, folder: Path, execute: Execute) -> list[list[Output]]:
    """Run the cells of a page, in this process, with the files of the manual in the folder."""
    for file in EXAMPLES.iterdir():
        shutil.copy(file, folder / file.name)
    names: dict[str, Any] = {"__name__": "notebook"}
    return [_run(code, names, folder, execute) for code in cells(page)]


def _run(code: str, names: dict[str, Any], folder: Path, execute: Execute) -> list[Output]:
    if code.startswith("!"):
        printed = []
        for line in code.splitlines():
            ended, text = execute(shlex.split(line.removeprefix("!")), folder)
            if ended:
                raise RuntimeError(f"exit code {ended} of {line}\n{text}")
            printed.append(text)
        return [("text", "".join(printed))]
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed_text, value = io.StringIO(), None
    with redirect_stdout(printed_text):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    shown = [("text", printed_text.getvalue())] if printed_text.getvalue() else []
    return [*shown, *_value(value), *_pictures()]


def _value(value: Any) -> list[Output]:
    """A value as a notebook shows it; axes are shown by their picture."""
    if value is None or type(value).__module__.startswith("matplotlib"):
        return []
    html = getattr(value, "_repr_html_", None)
    return [("html", str(html()))] if html is not None else [("text", f"{value!r}\n")]


def _pictures() -> list[Output]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    found: list[Output] = []
    for number in pyplot.get_fignums() if pyplot is not None else ():
        stream = io.BytesIO()
        pyplot.figure(number).savefig(stream, format="png", dpi=110, bbox_inches="tight")
        pyplot.close(number)
        found.append(("png", base64.b64encode(stream.getvalue()).decode()))
    return found


def main() -> None:
    """Run one page in this process: page and file of outputs are given."""
    from transcripts import execute

    page, results = Path(sys.argv[1]), Path(sys.argv[2])
    made = run_cells(page.read_text("utf-8"), Path.cwd(), execute)
    results.write_text(json.dumps(made, ensure_ascii=False), "utf-8")


def _performed(env: Any, docname: str) -> list[list[Output]]:
    """Outputs of a page, from an earlier build where nothing has changed since."""
    from transcripts import identity, store, workspace

    page = Path(env.doc2path(docname))
    text = page.read_text("utf-8")
    folder, of = store(env, docname), identity(cells(text))
    record = folder / "cells.json"
    if record.exists() and (known := json.loads(record.read_text("utf-8")))["of"] == of:
        return list(known["outputs"])
    folder.mkdir(parents=True, exist_ok=True)
    with workspace(env, docname) as home:
        results = home.parent / "outputs.json"
        subprocess.run(
            [sys.executable, str(Path(__file__)), str(page), str(results)],
            cwd=home,
            env={
                **os.environ,
                "FORECAST_HOME": str(home),
                "FORECAST_TODAY": TODAY,
                "MPLBACKEND": "agg",
                "PYTHONUTF8": "1",
            },
            check=True,
        )
        outputs = json.loads(results.read_text("utf-8").replace(str(home), "工作区"))
    record.write_text(json.dumps({"of": of, "outputs": outputs}, ensure_ascii=False), "utf-8")
    return list(outputs)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    from docutils import nodes
    from sphinx.util.docutils import SphinxDirective
    from transcripts import terminal

    class CodeCell(SphinxDirective):
        """A cell and what it shows."""

        has_content = True
        optional_arguments = 1

        def run(self) -> list[nodes.Node]:
            code = "\n".join(self.content)
            block = nodes.literal_block(code, code)
            block["language"] = "sh" if code.startswith("!") else "python"
            return [block, *map(self._node, self._outputs())]

        def _outputs(self) -> list[Output]:
            if not self.config.run_examples:
                return []
            count = self.env.current_document.get("cells", 0)
            self.env.current_document["cells"] = count + 1
            return _performed(self.env, self.env.docname)[count]

        def _node(self, output: Output) -> nodes.Node:
            kind, text = output
            if kind == "png":
                data = f"data:image/png;base64,{text}"
                html = f'<img class="cell" alt="{escape("图")}" src="{data}">'
            elif kind == "html":
                html = f'<div class="cell">{text}</div>'
            else:
                html = terminal(text.rstrip("\n"))
            return nodes.raw("", html, format="html")

    app.add_directive("code-cell", CodeCell)
    return {"parallel_read_safe": False, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
