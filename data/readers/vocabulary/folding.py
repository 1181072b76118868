"""One spelling for labels: half-width, one kind of dash, no spaces."""

from __future__ import annotations

from functools import lru_cache

from employment_forecast.data.records.place import _SPACE

_DASHES = "‐‑‒–—―−─━－﹣~～〜∼"
# Traditional characters of the words that offices use, and what they become.
_TRADITIONAL = dict(
    zip(
        map(
            ord,
            "記業數調查鎮崗險領農勞動轉創帶從員區縣鄉單萬億計當總時間備註來發佈標佔較減長畢離應屆難歲檔職報統實戶資料學齡類",
        ),
        "记业数调查镇岗险领农劳动转创带从员区县乡单万亿计当总时间备注来发布标占较减长毕离应届难岁档职报统实户资料学龄类",
        strict=True,
    )
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPELLING = (
    _WIDE
    | _TRADITIONAL
    | {ord(c): "-" for c in _DASHES}
    | {ord(c): "(" for c in "（〔【［[﹙"}
    | {ord(c): ")" for c in "）〕】］]﹚"}
    | dict.fromkeys(map(ord, "∶﹕︰"), ":")
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
