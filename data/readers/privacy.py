"""Person-level files are refused before anything is read from them, and nothing of them is kept.

Looked at are names of files and sheets, every cell, hidden ones too, and what lies beside the
cells: comments, drawings, headers and footers, properties. Numbers are found in any dress.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from employment_forecast.data.errors import RefusedError
from employment_forecast.data.readers.formats import Sheet, Value, text_of
from employment_forecast.data.readers.vocabulary import fold
from employment_forecast.data.records import column_letters, shown

_HEADS = re.compile(
    r"(?:.{0,8})(?P<kind>姓名|身份证|身份证件|身份证号|身份证号码|身份证件号|身份证件号码|公民身份号码"
    r"|身份号码|证件号|证件号码|社会保障号|社会保障号码|社保卡号|社会保障卡号|手机|手机号|手机号码"
    r"|移动电话|联系手机|本人电话|银行卡号|银行账号|银行帐号|银行账户|护照|护照号|护照号码|通行证号"
    r"|住址|家庭地址|居住地址|户籍地址|通讯地址|出生日期|出生年月|出生年月日|生日|微信号|qq号"
    r"|个人编号|社保编号|通行证|名字|户主|申领人|开户行账号|身份证号?后[四六4-6]+位|手机尾号|联系方式)"
    r"|(?:失业人员|毕业生|本人|求职者)?(?P<contact>联系人|申请人|电子邮箱|电子邮件|邮箱)"
    r"|(?P<english>id_?card(?:_?(?:no|number))?|id_?number|full_?name|person_?name|mobile"
    r"|mobile_?(?:no|phone|number)|cell_?phone|phone_?number|e-?mail|passport(?:_?no)?"
    r"|date_?of_?birth|birth_?date|birthday|home_?address|address|phone|telephone)"
)
_NAMED = re.compile(
    r"(?:失业人员|毕业生|人员|本人|申请人|求职者)?(?:姓名|身份证(?:号码?)?|户主|微信号?|qq号?|现?住址"
    r"|家庭住址|出生日期|出生年月|社保卡号|银行卡号):\S"
)
# Numbers of documents and accounts that say themselves what they are.
_STATED = re.compile(
    r"身份证(?:号码?)?:?[a-z]{1,2}\d{6}\(?[\da]\)?|护照(?:号码?)?:?[a-z]{1,2}\d{7,8}(?!\d)"
    r"|(?<![a-z\d])[a-z]{1,2}\d{7,8}护照|(?:社保卡号|通行证号?):?[a-z]?\d{8,}"
)
_MAIL = re.compile(r"[\w.+-]{1,64}(?:@|\(at\))(?P<host>[\w-]{1,64}(?:\.[\w-]{1,64})+)")
_CARD = re.compile(r"(?<!\d)62\d{14,17}(?!\d)")
_CLERICAL = re.compile("填|制表|审核|负责|经办|统计|报送|主管|复核|电话")
_BIRTH = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(rf"(?=(\d{{6}}{_BIRTH}\d{{3}}[\dx]))")
_OLD_IDENTITY = re.compile(r"\d{6}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
_MOBILE = re.compile(r"(?:\+?(?:00)?86)?(1[3-9]\d{9})")
_MOBILE_INSIDE = re.compile(r"(?<!\d)(?:(?:00)?86)?(1[3-9]\d{9})(?!\d)")
_MONEY = re.compile("元|金额|余额|结余|基金|收入|支出|资金|待遇|保费")
# What stands between the digits of a number that is to be overlooked, or just easier to read.
_SEPARATED = re.compile(r"(?<=\d)[-./\\,:_·•、|*+'\"()\u2060-\u2064\u180e]+(?=[\dx])")
_GROUPED = re.compile(r"\d{1,3}(?:[,' \u00a0\u2009\u202f]\d{3})+(?:\.\d+)?")
# Beyond letters, Chinese and its punctuation: other alphabets' digits, and what is not seen at all.
_UNUSUAL = re.compile(r"[^\x00-\x7f\u3000-\u9fff\uff00-\uffef]")
_LIKE_X = str.maketrans(dict.fromkeys("ХхΧχ", "x"))
_WORDS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖", "00123456789123456789")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55)}
_PROVINCES |= {*range(61, 66), 71, 81, 82, 83}
_FEWEST_MOBILES = 2
_FEWEST_OLD = 2
_SHORTEST = 11
_LONGEST = 2000
# Lengths of the pieces in which people split an identity number over columns.
_SPLITS = {(6, 8, 4), (6, 12), (14, 4), (17, 1), (6, 8, 3, 1), (10, 8), (6, 4, 4, 4), (6, 6, 6)}


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


def personal_kind(text: str) -> str | None:
    """What of a person a text holds, in Chinese: for whatever is kept or printed; None if nothing.

    A single telephone number is enough here; in cells it takes a column of them.
    """
    for digits in _readings(text):
        if _holds_identity(digits):
            return "身份证号"
        if _MOBILE_INSIDE.search(digits):
            return "手机号"
    folded = fold(text[:80])
    return "姓名、证件" if _NAMED.match(folded) else _stated_kind(folded)


def _stated_kind(folded: str) -> str | None:
    """What of a person a folded text states by its own form: a document, a card, a mail address."""
    if _STATED.search(folded):
        return "证件号"
    mail = _MAIL.search(folded)
    if mail and not mail["host"].endswith(".gov.cn"):
        return "邮箱"
    cards = _CARD.finditer(_SEPARATED.sub("", folded))
    return "银行卡号" if any(_ends_in_its_check_digit(c.group()) for c in cards) else None


def _ends_in_its_check_digit(number: str) -> bool:
    """True by ISO/IEC 7812-1, as bank cards do."""
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(number)))
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def refuse_personal_data(file: str, sheets: tuple[Sheet, ...], remarks: Iterable[str] = ()) -> None:
    """Refuse a file with lines about persons.

    Parameters
    ----------
    file : str
        Its name.
    sheets : tuple of Sheet
        Hidden ones included.
    remarks : iterable of str
        Texts beside the cells.

    Raises
    ------
    RefusedError
        Saying where and what, never repeating the find.
    """
    if kind := personal_kind(file):
        raise _refused("文件名", kind)
    if "身份证" in fold(file):
        raise _refused("文件名", "身份证")
    for sheet in sheets:
        if kind := personal_kind(sheet.name):
            raise _refused(f"“{shown(file)}”的工作表名", kind)
        personal = _head(sheet) or _content(sheet)
        if personal is not None:
            column, kind = personal
            where = f"工作表“{shown(sheet.name)}”" if sheet.name else ""
            letters = column_letters(column)
            raise _refused(f"“{shown(file)}”{where}第{column}列（{letters}列）", kind)
    for text in remarks:
        clerical = _CLERICAL.search(text[:_LONGEST]) is not None
        kind = "身份证号" if any(map(_holds_identity, _readings(text))) else personal_kind(text)
        if kind and (kind == "身份证号" or not clerical):
            raise _refused(f"“{shown(file)}”的批注、页眉或属性", kind)


def refuse_personal_text(text: str, where: str) -> None:
    """Refuse a text that would be kept, such as a source or the code of a firm."""
    if kind := _kept_kind(text):
        raise _refused(where, kind)


@lru_cache(maxsize=8192)
def _kept_kind(text: str) -> str | None:
    return personal_kind(text)


def _refused(where: str, kind: str) -> RefusedError:
    return RefusedError(
        f"{where}看起来有个人信息（{kind}），已整个拒收，文件内容没有保存。",
        "本系统只收汇总数和企业编码，不收人员明细：请删去个人信息，或汇总成各月人数后再导入。",
    )


def _readings(text: str) -> tuple[str, ...]:
    """A text without what separates digits: as it is, and with figures in words as digits."""
    plain = fold(_usual(text[:_LONGEST]))
    worded = plain.translate(_WORDS)
    texts = (plain,) if worded == plain else (plain, worded)
    return tuple(_SEPARATED.sub("", t) for t in texts)


def _usual(text: str) -> str:
    """Digits of all alphabets as ours, without characters that direct or join and are not seen."""
    if not _UNUSUAL.search(text):
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_LIKE_X)
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c
        for c in plain
        if unicodedata.category(c) != "Cf"
    )


def _holds_identity(digits: str) -> bool:
    """True if folded text holds an identity number: of itself, or inside a longer code.

    A number that stands alone needs no right check digit: whoever mistyped one meant a person.
    """
    for match in _IDENTITY.finditer(digits):
        number = match.group(1)
        alone = not digits[match.start() - 1 : match.start()].isdigit()
        alone = alone and not digits[match.start() + 18 : match.start() + 19].isdigit()
        if int(number[:2]) in _PROVINCES and (alone or is_identity_number(number.upper())):
            return True
    return False


def _head(sheet: Sheet) -> tuple[int, str] | None:
    for row in sheet.rows.values():
        for column, value in row.items():
            if isinstance(value, str) and len(value) <= 40 and (kind := _head_kind(value)):
                return column, kind
    return None


@lru_cache(maxsize=16384)
def _head_kind(value: str) -> str | None:
    """What of a person a column head announces, or a cell of its own states."""
    if value[0].isdigit():
        return None
    text = re.sub(r"\(.{0,30}?\)|[*#]", "", fold(value))
    match = _HEADS.fullmatch(text.rstrip(":"))
    if match and ":" not in text.rstrip(":"):
        return match["kind"] or match["contact"] or "姓名、证件或手机"
    return "姓名、证件" if _NAMED.match(text) and not _CLERICAL.search(text) else None


def _content(sheet: Sheet) -> tuple[int, str] | None:
    mobiles: dict[int, set[str]] = defaultdict(set)
    old: dict[int, int] = defaultdict(int)
    filled: dict[int, int] = defaultdict(int)
    money: set[int] = set()
    for row in sheet.rows.values():
        long = False
        for column, value in row.items():
            filled[column] += 1
            if isinstance(value, float):
                if value < 1e7:
                    continue
                text = f"{value:.0f}"
                if _is_rounded_identity(value):
                    return column, "身份证号"
            else:
                text = text_of(value)
                if isinstance(value, str) and len(text) < 60 and _MONEY.search(text):
                    money.add(column)
            long = long or len(text) >= 8
            if len(text) < _SHORTEST:
                continue
            readings = _readings(text)
            if any(map(_holds_identity, readings)):
                return column, "身份证号"
            if isinstance(value, str) and (kind := _told_kind(value, readings)):
                return column, kind
            digits = readings[-1]
            if mobile := _MOBILE.fullmatch(digits.removesuffix(".0")):
                mobiles[column].add(mobile.group(1))
            old[column] += bool(_OLD_IDENTITY.fullmatch(digits))
        if long and (split := split_identity(row)):
            return split, "身份证号"
    for column, numbers in mobiles.items():
        if len(numbers) >= _FEWEST_MOBILES and column not in money:
            return column, "手机号"
    for column, count in old.items():
        if count >= _FEWEST_OLD and count * 2 >= filled[column]:
            return column, "15位身份证号"
    return None


def _told_kind(text: str, readings: tuple[str, ...]) -> str | None:
    """What of a person a cell tells that is no plain number; whoever fills in a form says his."""
    if _CLERICAL.search(text[:_LONGEST]):
        return None
    dressed = not text.strip().isdecimal() and not _GROUPED.fullmatch(text.strip())
    if dressed and any(map(_MOBILE_INSIDE.search, readings)):
        return "手机号"
    return _stated_kind(readings[0])


def split_identity(row: Mapping[int, Value]) -> int:
    """First column of an identity number that a row holds in pieces; 0 if there is none."""
    for columns, pieces in _runs_of_digits(row):
        for at in range(len(pieces)):
            for split in _SPLITS:
                part = pieces[at : at + len(split)]
                if tuple(map(len, part)) == split and is_identity_number("".join(part).upper()):
                    return columns[at]
    return 0


def _runs_of_digits(row: Mapping[int, Value]) -> Iterator[tuple[list[int], list[str]]]:
    """Neighbouring cells that hold nothing but digits, with their columns."""
    columns: list[int] = []
    pieces: list[str] = []
    for column in sorted(row):
        value = row[column]
        text = f"{value:.0f}" if isinstance(value, float) else text_of(value).strip()
        whole = text.isascii() and len(text) <= 17 and text.rstrip("xX").isdigit()
        if columns and (not whole or column != columns[-1] + 1):
            yield columns, pieces
            columns, pieces = [], []
        if whole:
            columns.append(column)
            pieces.append(text)
    if columns:
        yield columns, pieces


def _is_rounded_identity(value: float) -> bool:
    """True for an identity number that a spreadsheet kept as a number and so rounded."""
    if not 1.1e17 <= value < 8.4e17 or value != int(value):
        return False
    text = f"{int(value):d}"
    year, month, day = int(text[6:10]), int(text[10:12]), int(text[12:14])
    return 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31
