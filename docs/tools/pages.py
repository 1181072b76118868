"""What a page tells the reader to type: parsed from its source, and performed.

A page is a sequence of two kinds of block. ` ```{file} NAME ` shows a file and writes it into the
workspace of the page; ` ```{run} ` shows commands and what they print. Everything on a page happens
in one workspace, in the order of the text.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# The day on which the manual takes place.
TODAY = "2026-11-20"
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_BLOCK = re.compile(
    r"^```\{(?P<kind>file|run)\}[ ]*(?P<name>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_OPTION = re.compile(r"^:(?P<key>\w+):[ ]*(?P<value>.*)$")

Execute = Callable[[list[str], Path], tuple[int, str]]


@dataclass(frozen=True)
class Block:
    """One block of a page: a file with its text, or commands with the exit code they end with."""

    kind: str
    name: str
    text: str
    exit_code: int = 0

    @property
    def commands(self) -> list[list[str]]:
        """Words of each command."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line) for line in lines if line.strip()]


def blocks(page: str) -> list[Block]:
    """Blocks of a page in their order."""
    found = []
    for match in _BLOCK.finditer(page):
        lines = match["body"].splitlines()
        given: dict[str, str] = {}
        while lines and (option := _OPTION.match(lines[0])):
            given[option["key"]] = option["value"]
            lines.pop(0)
        text = "\n".join(lines).strip("\n") + "\n"
        found.append(Block(match["kind"], match["name"].strip(), text, int(given.get("exit", "0"))))
    return found


def run_page(found: Sequence[Block], folder: Path, execute: Execute) -> Iterator[tuple[int, str]]:
    """Perform the blocks of a page in a folder; gives exit code and output of each."""
    for block in found:
        if block.kind == "file":
            (folder / block.name).write_text(block.text, "utf-8")
            yield 0, ""
            continue
        printed = []
        code = 0
        for words in block.commands:
            if words[0] == "cp":  # a file that the manual brings along
                shutil.copy(EXAMPLES / words[1], folder / words[2])
                continue
            code, text = execute(words, folder)
            printed.append(text)
        yield code, "".join(printed)
