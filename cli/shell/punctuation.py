"""Help and usage errors of click with the punctuation of Chinese text."""

from __future__ import annotations

import re

import click

_QUOTED = re.compile(r"'([^']*)'")
_LISTED = re.compile(r",\s+")
_BLANK = re.compile(r"(?<=[。？：，、]) +")


class Formatter(click.HelpFormatter):
    """Headings with a full-width colon; click writes a half-width one whatever the language."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, such as 选项：."""
        self.write(f"{'':>{self.current_indent}}{heading}：\n")


def sentence(message: str) -> str:
    """A usage error of click as a Chinese sentence."""
    said = _QUOTED.sub(r"“\1”", message.strip()).replace("”. ", "”。")
    said = _BLANK.sub("", _LISTED.sub("、", said))
    if said.endswith((".", ":")):
        said = said[:-1]
    return said if said.endswith(("。", "？", "！")) else f"{said}。"
