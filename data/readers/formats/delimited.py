"""CSV and other delimited text: encoding and delimiter found from the content."""

from __future__ import annotations

import codecs
import csv
import io
import mmap
import re
from collections.abc import Iterator

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.cells import SheetBuilder
from employment_forecast.data.readers.formats.limits import Limits, too_large

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_DELIMITERS = (",", "\t", ";", "|")
_WIDE_COMMA = "，"
# Characters that stand in every Chinese table of months and people.
_COMMON = "年月数率区县市人"
_FOREIGN = {"big5": "年月數率區縣人", "shift_jis": "年月数率人", "euc_kr": "년월수율"}
_MAX_LINES_PER_ROW = 1000
# How systems keep a spreadsheet from reading a text as a number: ="202503", '13600.
_FORCING = ("=", "'")
_FORCED = re.compile(r"\s*(?:=\"([^\"]*)\"|'(?=\d)([^']*))\s*")


def _decodes(data: bytes | mmap.mmap, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    step = 1 << 20
    try:
        for start in range(0, len(data), step):
            decoder.decode(data[start : start + step], final=start + step >= len(data))
    except UnicodeError:
        return False
    return True


def text_encoding(data: bytes | mmap.mmap) -> str:
    """Encoding of a text file: by its byte order mark, else UTF-8 if it decodes, else GB18030."""
    candidates = [name for mark, name in _BOMS if data[: len(mark)] == mark] or ["utf-8", "gb18030"]
    for name in candidates:
        if _decodes(data, name):
            return _foreign(data) if name == "gb18030" else name
    raise DataError(
        "文件不是可读的文本（既不是 UTF-8 也不是 GB18030 编码）。",
        "请用 Excel 或 WPS 打开原件，另存为 .xlsx 或“CSV UTF-8”后再导入。",
    )


def _foreign(data: bytes | mmap.mmap) -> str:
    """GB18030, or the encoding of a neighbour where only that one gives the words of a table.

    Nearly every text in two bytes a character decodes as GB18030, into nonsense.
    """
    head = data[:20_000]
    if any(c in head.decode("gb18030", "replace") for c in _COMMON):
        return "gb18030"
    for name, words in _FOREIGN.items():
        if any(c in head.decode(name, "replace") for c in words) and _decodes(data, name):
            return name
    return "gb18030"


def has_control_characters(text: str) -> bool:
    """True for what no table of text holds."""
    return _CONTROL.search(text) is not None


def _lines(data: bytes, encoding: str, longest: int) -> Iterator[str]:
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest:
            raise too_large(f"第{number}行超过 {longest} 个字符")
        if has_control_characters(line):
            raise DataError(
                f"第{number}行含有控制字符，不像表格文本。",
                "请用 Excel 或 WPS 打开原件，另存为 .xlsx 后再导入。",
            )
        yield line


def delimiter_of(data: bytes, encoding: str, longest: int) -> str:
    """Choose the delimiter that splits most lines of the head into several fields."""
    head = [line for _, line in zip(range(50), _lines(data, encoding, longest), strict=False)]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter)]
        except csv.Error:
            return 0, 0
        return sum(w > 1 for w in widths), sum(widths)

    best = max(_DELIMITERS, key=score)
    return _WIDE_COMMA if score(_WIDE_COMMA)[0] > 2 * score(best)[0] else best


def read_delimited(data: bytes, builder: SheetBuilder) -> str:
    """Read delimited text into one sheet without a name."""
    encoding = text_encoding(data)
    sheet = builder.add_sheet("")
    for number, fields in records(data, encoding, builder.limits):
        for column, text in enumerate(fields, start=1):
            if text:
                builder.put(sheet, number, column, text)
    return encoding


def _unforced(text: str) -> str:
    forced = _FORCED.fullmatch(text)
    return text if forced is None else forced[1] or forced[2] or ""


def records(data: bytes, encoding: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Records of delimited text with their numbers from 1."""
    longest = limits.line_chars
    delimiter = delimiter_of(data, encoding, longest)
    consumed = number = 0

    def counted() -> Iterator[str]:
        nonlocal consumed
        for line in _lines(data, encoding, longest):
            consumed += 1
            if consumed > _MAX_LINES_PER_ROW:
                raise DataError(
                    f"第{number + 1}条记录的引号没有闭合。", "请检查文件里成对的双引号。"
                )
            yield line

    reader = csv.reader(counted(), delimiter=delimiter)
    try:
        for number, fields in enumerate(reader, start=1):
            consumed = 0
            if number > limits.rows or len(fields) > limits.columns:
                raise too_large(f"第{number}行超出电子表格的范围")
            yield number, [_unforced(f) if f[:1] in _FORCING else f for f in fields]
    except csv.Error as error:
        raise DataError(
            f"文本表格在第{reader.line_num}行附近无法拆分（{error}）。",
            "请检查该行的引号与分隔符，或另存为 .xlsx 后再导入。",
        ) from None
