"""Legacy XLS (BIFF) through xlrd."""

from __future__ import annotations

import io
import struct
from datetime import date

import xlrd
from xlrd.biffh import error_text_from_code

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.cells import (
    STRUCK_OUT,
    Area,
    Sheet,
    SheetBuilder,
    Value,
    raised,
    struck_out,
)
from employment_forecast.data.readers.formats.limits import MEGABYTE, too_large
from employment_forecast.data.readers.formats.numberformat import parse_format
from employment_forecast.data.readers.formats.xlsx import shown

_EPOCHS = (date(1899, 12, 30), date(1904, 1, 1))
_RESAVE = "请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。"
# "EncryptedPackage" as OLE2 directories spell it: an XLSX with a password.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

# A damaged file fails inside xlrd in whatever way its bytes happen to mislead it.
_DAMAGE = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    AssertionError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_xls(data: bytes, builder: SheetBuilder) -> None:
    """Read every worksheet of a legacy workbook."""
    if len(data) > builder.limits.legacy_bytes:
        raise too_large(f".xls 文件超过 {builder.limits.legacy_bytes // MEGABYTE} MB")
    if _ENCRYPTED in data:
        raise DataError("Excel 文件已加密。", "请用 Excel 打开，去掉密码后另存，再导入。")
    try:
        book = xlrd.open_workbook(
            file_contents=data, logfile=io.StringIO(), formatting_info=True, ragged_rows=True
        )
        for index in range(book.nsheets):
            _read_sheet(book, book.sheet_by_index(index), builder)
    except DataError:
        raise
    except _DAMAGE as error:
        locked = "encrypted" in str(error).lower()
        state = "已加密" if locked else "已损坏或不是 Excel 文件"
        raise DataError(f"旧版 Excel 文件{state}，无法读取。", _RESAVE) from None


def _read_sheet(book: xlrd.Book, page: xlrd.sheet.Sheet, builder: SheetBuilder) -> None:
    sheet: Sheet = builder.add_sheet(str(page.name), hidden=bool(page.visibility))
    for row in range(page.nrows):
        for column in range(page.row_len(row)):
            cell = page.cell(row, column)
            value = _value(book, cell)
            if runs := page.rich_text_runlist_map.get((row, column)):
                value = _unstruck(book, str(value), runs)
            if value is not None:
                value = struck_out(value) if _is_struck(book, cell) else value
                builder.put(sheet, row + 1, column + 1, value)
    for note in page.cell_note_map.values():
        builder.remark(str(note.text))
    for number, info in page.rowinfo_map.items():
        if info.hidden or info.height == 0:
            builder.hide_row(sheet, number + 1)
    for number, column_info in sorted(page.colinfo_map.items()):
        if column_info.hidden or column_info.width == 0:
            builder.hide_columns(sheet, number + 1, number + 1)
    for top, bottom, left, right in page.merged_cells:
        builder.merge(sheet, Area(top + 1, left + 1, bottom, right))


def _is_struck(book: xlrd.Book, cell: xlrd.sheet.Cell) -> bool:
    font = book.xf_list[cell.xf_index].font_index
    return bool(book.font_list[font].struck_out)


def _unstruck(book: xlrd.Book, text: str, runs: list[tuple[int, int]]) -> str:
    """A text without its crossed-out runs, raised digits as marks of notes."""
    pieces = [text[: runs[0][0]]]
    ends = [begin for begin, _ in runs[1:]] + [len(text)]
    for (begin, number), end in zip(runs, ends, strict=True):
        font, run = book.font_list[number], text[begin:end]
        if not font.struck_out:
            pieces.append(raised(run) if font.escapement else run)
    return "".join(pieces) or STRUCK_OUT


def _value(book: xlrd.Book, cell: xlrd.sheet.Cell) -> Value | None:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(error_text_from_code.get(cell.value, "#N/A"))
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return None
    number = float(cell.value)
    key = book.xf_list[cell.xf_index].format_key
    stored = book.format_map.get(key)
    form = parse_format(key, stored.format_str if stored is not None else None)
    return shown(number, form, _EPOCHS[book.datemode])
