"""Person-level files are refused before anything is read from them, and nothing of them is kept."""

from __future__ import annotations

import re
from collections import defaultdict

from employment_forecast.data.errors import RefusedError
from employment_forecast.data.readers.formats import Sheet, text_of
from employment_forecast.data.readers.vocabulary import fold
from employment_forecast.data.records import column_letters

_HEADS = re.compile(
    r"(?:.{0,8})(?P<kind>姓名|身份证|身份证件|身份证号|身份证号码|身份证件号|身份证件号码|公民身份号码"
    r"|身份号码|证件号|证件号码|社会保障号|社会保障号码|社保卡号|社会保障卡号|手机|手机号|手机号码"
    r"|移动电话|联系手机|本人电话|银行卡号)"
    r"|(?P<english>id_?card(?:_?(?:no|number))?|id_?number|full_?name|person_?name|mobile"
    r"|mobile_?(?:no|phone|number)|cell_?phone|phone_?number)"
)
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{6}(?:19|20)\d{9}[\dXx])(?![0-9A-Za-z])")
_OLD_IDENTITY = re.compile(r"\d{6}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_MONEY = re.compile("元|金额|余额|结余|基金|收入|支出|资金|待遇|保费")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}
_PROVINCES |= {*range(61, 66), 71, 81, 82, 83}
_FEWEST_MOBILES = 2
_FEWEST_OLD = 3


def is_identity_number(text: str) -> bool:
    """True for an 18-digit citizen identity number.

    Province, birth date and check digit all have to be right (GB 11643-1999, check digit by ISO
    7064 MOD 11-2), so that figures and firm codes are not mistaken for one.
    """
    if len(text) != 18 or not (text[:17].isascii() and text[:17].isdecimal()):
        return False
    month, day = int(text[10:12]), int(text[12:14])
    plausible = int(text[:2]) in _PROVINCES and 1 <= month <= 12 and 1 <= day <= 31
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, text, strict=False))
    return plausible and _CHECK_DIGITS[total % 11] == text[17].upper()


def refuse_personal_data(file: str, sheets: tuple[Sheet, ...]) -> None:
    """Refuse a file with lines about persons.

    Looks at every sheet, hidden ones included: for heads such as 姓名, 身份证号 or 手机, for
    identity numbers anywhere, and for columns of mobile numbers.
    """
    for sheet in sheets:
        found = _head(sheet) or _content(sheet)
        if found is None:
            continue
        column, what = found
        where = f"工作表“{sheet.name}”" if sheet.name else ""
        raise RefusedError(
            f"“{file}”{where}第{column}列（{column_letters(column)}列）看起来是个人信息（{what}），"
            "已整个拒收，文件内容没有保存。",
            "本系统只收汇总数和企业编码，不收人员明细：请删去个人信息列，或汇总成各月人数后再导入。",
        )


def _head(sheet: Sheet) -> tuple[int, str] | None:
    for row in sheet.rows.values():
        for column, value in row.items():
            if not isinstance(value, str) or len(value) > 40 or value[0].isdigit():
                continue
            text = re.sub(r"\(.*?\)|[*#]", "", fold(value))
            found = _HEADS.fullmatch(text)
            if found and ":" not in text:
                return column, found["kind"] or "姓名、证件或手机"
    return None


def _content(sheet: Sheet) -> tuple[int, str] | None:
    mobiles: dict[int, set[str]] = defaultdict(set)
    old: dict[int, int] = defaultdict(int)
    filled: dict[int, int] = defaultdict(int)
    money: set[int] = set()
    for row in sheet.rows.values():
        for column, value in row.items():
            filled[column] += 1
            text = text_of(value) if not isinstance(value, float) else f"{value:.0f}"
            if isinstance(value, str) and len(text) < 60 and _MONEY.search(text):
                money.add(column)
            if len(text) < 11 or not any(c.isdigit() for c in text):
                continue
            compact = fold(text).replace("-", "")
            if isinstance(value, float):
                if _is_rounded_identity(value):
                    return column, "身份证号"
            elif any(is_identity_number(m) for m in _IDENTITY.findall(compact)):
                return column, "身份证号"
            if mobile := _MOBILE.fullmatch(compact.removesuffix(".0")):
                mobiles[column].add(mobile.group(1))
            old[column] += bool(_OLD_IDENTITY.fullmatch(compact))
    for column, numbers in mobiles.items():
        if len(numbers) >= _FEWEST_MOBILES and column not in money:
            return column, "手机号"
    for column, count in old.items():
        if count >= _FEWEST_OLD and count * 2 > filled[column]:
            return column, "15位身份证号"
    return None


def _is_rounded_identity(value: float) -> bool:
    """True for an identity number that a spreadsheet kept as a number and so rounded."""
    if not 1.1e17 <= value < 8.4e17 or value != int(value):
        return False
    text = f"{int(value):d}"
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    return 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31
