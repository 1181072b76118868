"""HTML tables, as web systems save them under the name .xls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.cells import (
    STRUCK_OUT,
    Area,
    Sheet,
    SheetBuilder,
    raised,
)
from employment_forecast.data.readers.formats.delimited import text_encoding
from employment_forecast.data.readers.formats.limits import MEGABYTE, too_large
from employment_forecast.data.readers.formats.stated import stated_units

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_CHINESE = {"gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "cp936", "hz-gb-2312"}
_MAX_SPAN = 1000  # the HTML standard clamps colspan there
_MAX_DEPTH = 20
_CHUNK = 1 << 16
# What a page does not show as the text of a cell, or shows crossed out.
_CODE = ("script", "style")
_SILENT = (*_CODE, "select", "textarea", "button", "template")
_STRUCK = ("del", "s", "strike")
_RAISED = ("sup", "sub")
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_LINE_THROUGH = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
_VOID = ("br", "img", "input", "hr", "col", "wbr")
_BLOCKS = ("table", "caption", "p", "div", "tr", "td", "th", "h1", "h2", "h3", "h4", "br", "li")
# Says of the table below that nobody published it; the tables judge.
_FORESEEN = re.compile(
    r"(?=.*(?:\d|表|数))(?!.*预计.*(?:发布|公布|更新|报送|上报))"
    r".*(?:预计|预测|预估|暂估|计划|规划|目标|任务)"
)
_MOST_TITLE_CHARS = 40
_MOST_BESIDE = 4


@dataclass
class _Open:
    """A table whose end tag has not come yet."""

    sheet: Sheet
    row: int = 0
    column: int = 0
    span: tuple[int, int] = (1, 1)
    cell: list[str] | None = None
    struck: bool = False
    taken: dict[int, int] = field(default_factory=dict)  # column -> last row a rowspan fills


class _Tables:
    """Fills one sheet per table, nested ones included.

    Of the text outside cells, captions and what states a unit come above the table that follows,
    as a spreadsheet shows them; below the last table they come under it. The rest is ignored.
    """

    def __init__(self, builder: SheetBuilder) -> None:
        self._builder = builder
        self._text: list[str] = []
        self._beside: list[str] = []
        self._open: list[_Open] = []
        # The element whose text is left out, how deep it lies in its like, and the number of the
        # table in a cell of which it began; 0 outside cells.
        self._silent: tuple[str, int, int] | None = None
        self._raised = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take a start tag."""
        if tag in _BLOCKS:
            self._end_text()
        if tag == "table":
            if len(self._open) >= _MAX_DEPTH:
                raise too_large(f"网页表格嵌套超过 {_MAX_DEPTH} 层")
            sheet = self._builder.add_sheet(f"表{len(self._builder.sheets) + 1}")
            self._open.append(_Open(sheet))
            self._put_beside()
        elif not self._open:
            return
        elif tag == "tr":
            self._close_cell()
            self._open[-1].row += 1
            self._open[-1].column = 0
            if _is_unseen(attributes):
                self._builder.hide_row(self._open[-1].sheet, self._open[-1].row)
        elif tag in ("td", "th"):
            self._close_cell()
            self._open_cell(attributes)
        elif tag in _BLOCKS:
            self.data(" ")
        if tag != "tr" and tag not in _VOID:
            self._silence(tag, attributes)
        if tag in _RAISED:
            self._raised = True

    def _silence(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Leave out the text of an element that is not seen or is crossed out."""
        struck = tag in _STRUCK or bool(_LINE_THROUGH.search(attributes.get("style", "")))
        if self._silent is not None:
            name, depth, tables = self._silent
            self._silent = (name, depth + (name == tag), tables)
        elif struck or tag in _SILENT or _is_unseen(attributes):
            within = len(self._open) if self._open[-1].cell is not None else 0
            self._silent = (tag, 1, within)
            self._open[-1].struck |= struck

    def end(self, tag: str) -> None:
        """Take an end tag."""
        if self._silent is not None and self._silent[0] == tag:
            name, depth, tables = self._silent
            self._silent = (name, depth - 1, tables) if depth > 1 else None
        if tag in _RAISED:
            self._raised = False
        if tag in _BLOCKS:
            self._end_text(caption=tag == "caption")
        if self._open and tag in ("td", "th", "tr"):
            self._close_cell()
        elif self._open and tag == "table":
            self._close_cell()
            self._open.pop()
        elif self._open and tag in _BLOCKS:
            self.data(" ")

    def data(self, data: str) -> None:
        """Take text."""
        if self._silent is not None:
            if self._silent[0] not in _CODE:
                self._builder.remark(data)
            return
        if self._open and (cell := self._open[-1].cell) is not None:
            cell.append(raised(data) if self._raised else data)
        else:
            self._builder.remark(data)
            self._text.append(data)

    def close(self) -> None:
        """Take in what unclosed tags left open."""
        self._end_text()
        while self._open:
            self._close_cell()
            self._open.pop()
        if self._beside and self._builder.sheets:
            sheet = self._builder.sheets[-1]
            for row, text in enumerate(self._beside, max(sheet.rows, default=0) + 1):
                self._builder.put(sheet, row, 1, text)

    def _end_text(self, caption: bool = False) -> None:
        """Keep a text outside cells that heads a table or states a unit."""
        text = " ".join("".join(self._text).split())
        self._text = []
        kept = text if caption else _stated(text)
        if kept:
            self._beside = [*self._beside, kept][-_MOST_BESIDE:]
            if self._open and not self._open[-1].row:
                self._put_beside()

    def _put_beside(self) -> None:
        """Put what was kept into rows of its own above the first row of a table."""
        table = self._open[-1]
        for text in self._beside:
            table.row += 1
            self._builder.put(table.sheet, table.row, 1, text)
        self._beside = []

    def _open_cell(self, attributes: Mapping[str, str]) -> None:
        table = self._open[-1]
        table.row = max(table.row, 1)
        table.column += 1
        while table.taken.get(table.column, 0) >= table.row:
            table.column += 1
        table.span = (_span(attributes.get("rowspan")), _span(attributes.get("colspan")))
        table.cell = []

    def _close_cell(self) -> None:
        table = self._open[-1]
        if table.cell is None:
            return
        text = " ".join("".join(table.cell).split()) or (STRUCK_OUT if table.struck else "")
        table.cell, table.struck, self._raised = None, False, False
        if self._silent is not None and self._silent[2] == len(self._open):
            self._silent = None  # what was left open inside a cell ends with it
        if text:
            self._builder.put(table.sheet, table.row, table.column, text)
        down, across = table.span
        if down > 1 or across > 1:
            bottom, right = table.row + down - 1, table.column + across - 1
            self._builder.merge(table.sheet, Area(table.row, table.column, bottom, right))
            if down > 1:
                table.taken.update(dict.fromkeys(range(table.column, right + 1), bottom))
            table.column = right
        if table.column > self._builder.limits.columns:
            raise too_large("网页表格的列数超出电子表格的范围")


def _stated(text: str) -> str:
    """What a text outside cells says of the table below: its unit, or that it is a forecast."""
    if len(text) <= _MOST_TITLE_CHARS and _FORESEEN.match(text):
        return text
    units = stated_units(text)
    return f"单位：{units}" if units else ""


def _is_unseen(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or bool(_UNSEEN.search(attributes.get("style", "")))


def _span(text: str | None) -> int:
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 6:
        return 1
    return min(max(int(digits), 1), _MAX_SPAN)


def _html_encoding(data: bytes) -> str:
    """Encoding of a page: by content; its own word decides only where both would decode."""
    encoding = text_encoding(data)
    declared = _CHARSET.search(data[:4096])
    named = declared.group(1).decode("ascii").lower() if declared else ""
    if encoding != "utf-8" or data.isascii() or named not in _CHINESE:
        return encoding
    # A short GB18030 text can decode as UTF-8 by accident, but then it is hardly Chinese.
    foreign = [c for c in data.decode("utf-8") if ord(c) > 127]
    chinese = sum("\u2010" <= c <= "\u206f" or c >= "\u3000" for c in foreign)
    return encoding if chinese * 2 >= len(foreign) else "gb18030"


def read_html(data: bytes, builder: SheetBuilder) -> str:
    """Read every table of an HTML page into a sheet of its own."""
    if len(data) > builder.limits.legacy_bytes:
        raise too_large(f"网页表格超过 {builder.limits.legacy_bytes // MEGABYTE} MB")
    encoding = _html_encoding(data)
    tables = _Tables(builder)
    parser = etree.HTMLParser(
        target=tables, encoding="utf-8", no_network=True, huge_tree=False, recover=True
    )
    page = data.decode(encoding).encode("utf-8")
    for start in range(0, len(page), _CHUNK):
        parser.feed(page[start : start + _CHUNK])
    parser.close()
    if not builder.sheets:
        raise DataError(
            "文件是网页，但里面没有表格。", "请从原系统重新导出，或用 Excel 打开后另存为 .xlsx。"
        )
    return encoding
