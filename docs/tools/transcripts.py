"""Directives `file` and `run`: the build types what a page tells the reader to type.

Outputs and pictures are stored by the content of a page and the identity of the engine, so that a
second build is quick.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from pages import TODAY, Block, blocks, run_page
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from employment_forecast.forecasting.backtest.identity import engine_version


def execute(words: list[str], folder: Path) -> tuple[int, str]:
    """Run one command as a process; prints go to the page, progress does not."""
    assert words[0] == "forecast", f"the manual runs our own command only: {words}"
    done = subprocess.run(
        [sys.executable, "-m", "employment_forecast.cli.main", *words[1:]],
        cwd=folder,
        env={
            **os.environ,
            "FORECAST_HOME": str(folder),
            "FORECAST_TODAY": TODAY,
            "COLUMNS": "92",
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + (done.stderr if done.returncode else "")


def identity(found: Sequence[Block] | Sequence[str]) -> str:
    """What the outputs of a page rest on: its content, the engine and the day."""
    return hashlib.sha256(f"{found!r}{engine_version()}{TODAY}".encode()).hexdigest()


def store(env: BuildEnvironment, name: str) -> Path:
    """Where the outputs of a page are kept."""
    return Path(env.srcdir) / "_build" / "transcripts" / name


@contextmanager
def workspace(env: BuildEnvironment, docname: str) -> Iterator[Path]:
    """A folder for the examples of a page; says on the terminal how long they took.

    Databases are made once and copied, back-test cells are shared by all pages: both cost more than
    most pages do. Neither shows in what a page prints.
    """
    began = time.monotonic()
    sys.stderr.write(f"{docname}: running its examples\n")
    prepared, cells = store(env, "prepared"), store(env, "cells")
    cells.mkdir(parents=True, exist_ok=True)
    mark, of = prepared / "identity", identity([])
    if not mark.exists() or mark.read_text("utf-8") != of:
        shutil.rmtree(prepared, ignore_errors=True)
        prepared.mkdir()
        code, text = execute(["forecast", "models", "list", "--region", "嘉定"], prepared)
        if code:
            raise RuntimeError(f"exit code {code}\n{text}")
        shutil.rmtree(prepared / "cache", ignore_errors=True)
        mark.write_text(of, "utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "工作区"
        shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns(mark.name))
        (folder / "cache").symlink_to(cells, target_is_directory=True)
        yield folder
    sys.stderr.write(f"{docname}: {time.monotonic() - began:.0f} s\n")


def _performed(env: BuildEnvironment, docname: str) -> dict[str, Any]:
    """Outputs of a page, from an earlier build where nothing has changed since."""
    found = blocks(Path(env.doc2path(docname)).read_text("utf-8"))
    kept = store(env, docname)
    record, of = kept / "outputs.json", identity(found)
    if record.exists() and (known := json.loads(record.read_text("utf-8")))["of"] == of:
        return dict(known)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    with workspace(env, docname) as folder:
        outputs = []
        for block, (code, text) in zip(found, run_page(found, folder, execute), strict=True):
            if code != block.exit_code:
                raise RuntimeError(f"{docname}: exit code {code} of\n{block.text}\n{text}")
            outputs.append(text.replace(str(folder), "工作区"))
        for picture in [*folder.rglob("*.png"), *folder.rglob("*.html"), *folder.rglob("*.docx")]:
            if "mlruns" not in picture.parts:
                target = kept / "files" / picture.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(picture, target)
    known = {"of": of, "outputs": outputs}
    record.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    return known


def terminal(text: str) -> str:
    """Output as HTML that keeps the columns of a terminal with any font."""

    def cell(character: str) -> str:
        if unicodedata.east_asian_width(character) in "WF":
            return f"<i>{character}</i>"
        return escape(character) if character.isascii() else f"<b>{character}</b>"

    return f'<pre class="terminal">{"".join(map(cell, text))}</pre>'


class _Block(SphinxDirective):
    """What both kinds share: their place among the blocks of the page."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def _output(self) -> str:
        if not self.config.run_examples:
            return ""
        count = self.env.current_document.get("transcripts", 0)
        self.env.current_document["transcripts"] = count + 1
        return str(_performed(self.env, self.env.docname)["outputs"][count])

    def _literal(self, text: str, language: str) -> nodes.literal_block:
        block = nodes.literal_block(text, text)
        block["language"] = language
        return block


class File(_Block):
    """A file of the workspace."""

    def run(self) -> list[nodes.Node]:
        """Show its name and text."""
        self._output()
        name = self.arguments[0]
        language = {"toml": "toml", "csv": "text"}.get(name.rsplit(".", 1)[-1], "text")
        caption = nodes.paragraph("", "", nodes.strong(name, name))
        return [caption, self._literal("\n".join(self.content), language)]


class Run(_Block):
    """Commands and what they print."""

    option_spec: ClassVar[dict[str, Any]] = {
        "exit": directives.nonnegative_int,
        "lines": directives.positive_int,
        "quiet": directives.flag,
        "picture": directives.unchanged,
        "alt": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Show commands, output and, where asked, a picture that they made."""
        printed = self._output().rstrip("\n").splitlines()
        typed = [line for line in self.content if not line.startswith("cp ")]
        shown: list[nodes.Node] = [self._literal("\n".join(typed), "sh")]
        if "quiet" not in self.options and printed:
            most = self.options.get("lines", len(printed))
            rest = ["……"] if most < len(printed) else []
            text = "\n".join([*printed[:most], *rest])
            shown.append(nodes.raw("", terminal(text), format="html"))
        if "picture" in self.options and self.config.run_examples:
            shown.append(self._picture(self.options["picture"]))
        return shown

    def _picture(self, name: str) -> nodes.image:
        source = store(self.env, self.env.docname) / "files" / name
        target = Path(self.env.srcdir) / "generated" / "pictures" / self.env.docname / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        uri = "/" + target.relative_to(self.env.srcdir).as_posix()
        return nodes.image(uri=uri, alt=self.options.get("alt", name))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both directives."""
    app.add_config_value("run_examples", default=True, rebuild="env", types=[bool])
    app.add_directive("file", File)
    app.add_directive("run", Run)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
