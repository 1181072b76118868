"""A unit that a text states in passing, in whatever spelling: 单 位 ： （萬人）."""

from __future__ import annotations

import re

_SCALED = r"[\d,]*(?:[十百千万亿]{1,2}|(?<=0))(?:人次|[人个户家元])"
_ONE = (
    rf"(?:{_SCALED}|[人个户家元](?![\u4e00-\u9fff])|人次|[千万](?![\w])|[%‰]|个?百分点"
    r"|百分比(?!除))"
)
# Looked for without spaces, and with one spelling of each mark.
_UNIT = re.compile(
    rf"单位(?:均|都)?[:为是;(\-\"']+(?P<named>{_ONE}(?:[、,/;和及]{_ONE})*)"
    rf"|单位(?P<close>{_SCALED})|以[\"']?(?P<counted>{_SCALED})[\"']?为单位"
    rf"|^(?:\((?P<bracket>{_ONE}(?:[、,/]{_ONE})*)\)|(?P<alone>{_SCALED}))$"
)
_SPELLINGS = str.maketrans(
    "：∶﹕︰；（【［[〔）】］]〕－—–％﹪單萬億個戶，“”‘’",
    ":::" + ":;(((((" + ")))))---%%单万亿个户,\"\"''",
)
_MOST_CHARS = 400


def stated_units(text: str) -> str:
    """Units as a list such as 万人,%; empty if a text states none."""
    found = _UNIT.search("".join(text[:_MOST_CHARS].split()).translate(_SPELLINGS))
    return next(filter(None, found.groups())) if found else ""
