"""Text that comes from outside, made fit for a terminal, a log line and a table."""

from __future__ import annotations

import re

# Controls (C0, DEL, C1), what ends lines or turns their direction, halves of characters.
_CONTROLS = "\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_LINE = re.compile(f"[{_CONTROLS}]")
_TEXT = re.compile(f"(?![\n\t]|\r\n)[{_CONTROLS}]")


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def visible(text: str, *, lines: bool = False) -> str:
    r"""Text whose control characters are written out.

    Parameters
    ----------
    text : str
        From a file name, a cell, a setting.
    lines : bool
        Line ends and tabs stay.

    Returns
    -------
    str
        Controls as `\uXXXX`, which means the same in JSON.
    """
    return (_TEXT if lines else _LINE).sub(_escaped, text)
