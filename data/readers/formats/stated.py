"""A unit that a text states in passing, in whatever spelling: 单 位 ： （萬人）."""

from __future__ import annotations

import re

_SCALED = r"[\d,]*(?:[十百千万亿]{1,2}|(?<=0))(?:人次|[人个户家元])"
_ONE = (
    rf"(?:{_SCALED}|[人个户家元](?![\u4e00-\u9fff])|人次|[千万](?![\w])|[%‰]|个?百分点"
    r"|百分比(?!除))"
)
_LIST = rf"{_ONE}(?:[、,/;和及]{_ONE})*"
# 单位 is also an employer: 用人单位100人以上. Without a colon only a 单位 that stands by itself,
# or is one of numbers, heads a unit.
_EMPLOYER = r"(?<!用[人工])(?<!监测)(?<!参保)(?<![企事]业)(?<!工作)(?<!重点)(?<!填报)"
_ALONE = r"(?:(?<![^\W_])|(?<=[计数]量)|(?<=数据)|(?<=人数)|(?<=货币)|(?<=金额))"
_SIZE = rf"(?![、,/;和及]{_ONE}|次|及?以[上下内外]|左右|上下|规模|的|[大小级]|企业|单位)"
# Looked for without spaces, and with one spelling of each mark.
_UNIT = re.compile(
    rf"{_EMPLOYER}单位(?:均|都|改)?[\"'(]*[:为是;][:为是;(\-\"']*(?P<named>{_LIST}){_SIZE}"
    rf"|{_ALONE}单位[(\-\"']+(?P<marked>{_LIST})(?=[^\w、,/]|$)"
    rf"|(?:^|\()(?:[计数]量)?单位(?P<close>{_SCALED})(?=\)|$)"
    rf"|以[\"']?(?P<counted>{_SCALED})[\"']?(?:为单位|计(?![\u4e00-\u9fff]))"
    rf"|^(?:\((?P<bracket>{_LIST})\)|(?P<alone>{_SCALED}))$"
)
_SPELLINGS = str.maketrans(
    "：∶﹕︰；（【［[〔）】］]〕－—–％﹪單萬億個戶，“”‘’",
    ":::" + ":;(((((" + ")))))---%%单万亿个户,\"\"''",
)
_DIGIT = re.compile(r"\d")
_MOST_CHARS = 400


def stated_units(text: str) -> str:
    """Units as a list such as 万人,%; empty if a text states none."""
    match = _UNIT.search("".join(text[:_MOST_CHARS].split()).translate(_SPELLINGS))
    if match is None:
        return ""
    said = next(filter(None, match.groups()))
    # 10,000人 is a unit only where 单位 says so; elsewhere it is a number of persons.
    return said if match["named"] or not _DIGIT.search(said) else ""
