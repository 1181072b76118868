"""One spelling for labels: half-width, one kind of dash, no spaces."""

from __future__ import annotations

import re
from functools import lru_cache

_DASHES = "‐‑‒–—―−─━－﹣~～〜∼"
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPELLING = (
    _WIDE
    | {ord(c): "-" for c in _DASHES}
    | {ord(c): "(" for c in "（〔【［[﹙"}
    | {ord(c): ")" for c in "）〕】］]﹚"}
    | {ord("“"): '"', ord("”"): '"', ord("‘"): "'", ord("’"): "'", ord("○"): "〇", ord("Ｏ"): "O"}
    | dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad"))
)
_SPACE = re.compile(r"[\s\u3000]+")
_LONG_DIGITS = re.compile(r"\d{9,}[\dXx]?")
_SHOWN_CHARS = 30


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Spelling under which labels are compared.

    Full-width characters become half-width, dashes and brackets one kind each, spaces vanish,
    letters become lower-case.
    """
    return _SPACE.sub("", text.translate(_SPELLING)).casefold()


def shown(text: str) -> str:
    """Cell text fit for a message: short, on one line, long digit runs masked.

    Identity and telephone numbers must never reach a message or a log.
    """
    flat = _LONG_DIGITS.sub("***", _SPACE.sub(" ", text).strip())
    return flat if len(flat) <= _SHOWN_CHARS else flat[:_SHOWN_CHARS] + "…"
