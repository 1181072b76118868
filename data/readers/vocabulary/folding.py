"""One spelling for labels: half-width, one kind of dash, no spaces."""

from __future__ import annotations

from functools import lru_cache

from employment_forecast.data.records.place import _SPACE

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


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Spelling under which labels are compared.

    Full-width characters become half-width, dashes and brackets one kind each, spaces vanish,
    letters become lower-case.
    """
    return _SPACE.sub("", text.translate(_SPELLING)).casefold()
