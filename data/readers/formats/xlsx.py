"""XLSX read as a stream: values, dates, percentages, units, merged areas, what is hidden.

Office Open XML (ECMA-376) is a ZIP archive of XML parts; only cell values are kept.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.archive import Archive, Handler, damaged
from employment_forecast.data.readers.formats.cells import (
    FORMULA_WITHOUT_RESULT,
    STRUCK_OUT,
    Area,
    Sheet,
    SheetBuilder,
    Value,
    raised,
    struck_out,
)
from employment_forecast.data.readers.formats.limits import Limits, too_large
from employment_forecast.data.readers.formats.numberformat import (
    MOST_CODE_CHARS,
    NumberFormat,
    parse_format,
)

Attributes = Mapping[str, str]

_DIGITS = "0123456789"
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_SERIAL = 2_958_465  # 9999-12-31
_TRUE = ("1", "true")
_FALSE = ("0", "false")
_NOTHING = re.compile(r"0{1,9}(?:\.0{1,9})?")
_PRINTED = frozenset(
    f"{which}{place}" for which in ("odd", "even", "first") for place in ("Header", "Footer")
) | {"formula1", "formula2"}
_BESIDE = ("xl/comments", "xl/threadedComments", "xl/drawings/", "docProps/")


def _is_unseen(attributes: Attributes, extent: str) -> bool:
    """True for a row or column that is hidden, or shown without any height or width."""
    return attributes.get("hidden") in _TRUE or bool(_NOTHING.fullmatch(attributes.get(extent, "")))


class _Relations(Handler):
    """Parts that a part refers to, by identifier and by kind."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.targets: dict[str, str] = {}
        self.by_kind: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name != "Relationship":
            return
        target = attributes.get("Target", "")
        path = target[1:] if target.startswith("/") else posixpath.join(self._base, target)
        path = posixpath.normpath(path)
        self.targets[attributes.get("Id", "")] = path
        self.by_kind[attributes.get("Type", "").rpartition("/")[2]] = path


class _Links(Handler):
    """Addresses that cells link to."""

    def __init__(self, builder: SheetBuilder) -> None:
        self._builder = builder

    def start(self, name: str, attributes: Attributes) -> None:
        if attributes.get("TargetMode") == "External":
            self._builder.remark(attributes.get("Target", ""))


class _Workbook(Handler):
    """Names of the sheets, whether they are hidden, and the calendar of the book."""

    def __init__(self, builder: SheetBuilder) -> None:
        self._builder = builder
        self._defined: list[str] | None = None
        self.sheets: list[tuple[str, str, bool]] = []
        self.epoch = _EPOCH_1900

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.rpartition("}")[2] == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), relation, hidden))
        elif name == "workbookPr" and attributes.get("date1904") in _TRUE:
            self.epoch = _EPOCH_1904
        elif name == "definedName":
            self._defined = []

    def end(self, name: str) -> None:
        if self._defined is not None:
            self._builder.remark("".join(self._defined))
        self._defined = None

    def text(self, data: str) -> None:
        if self._defined is not None:
            self._defined.append(data)


class _Runs:
    """Pieces of one text: what is crossed out falls away, raised digits are marks of notes."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._struck = self._raised = self._lost = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element: a new run, or how the present one looks."""
        if name == "r":
            self._struck = self._raised = False
        elif name == "strike":
            self._struck = attributes.get("val") not in _FALSE
        elif name == "vertAlign":
            self._raised = attributes.get("val") != "baseline"

    def append(self, data: str) -> None:
        """Take text of the present run."""
        self._lost |= self._struck
        if not self._struck:
            self._pieces.append(raised(data) if self._raised else data)

    def text(self) -> str:
        """The text as it counts."""
        return "".join(self._pieces) or (STRUCK_OUT if self._lost else "")


class _SharedStrings(Handler):
    """Texts that cells refer to by number."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs = _Runs()
        self._wanted = False
        self._phonetic = False
        self.strings: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        self._runs.start(name, attributes)
        if name == "si":
            self._runs = _Runs()
            if len(self.strings) >= self._limits.cells:
                raise too_large("共享文字太多")
        elif name == "rPh":
            self._phonetic = True
        self._wanted = name == "t" and not self._phonetic

    def end(self, name: str) -> None:
        self._wanted = False
        if name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.strings.append(self._runs.text())

    def text(self, data: str) -> None:
        if self._wanted:
            self._runs.append(data)


class _Remarks(Handler):
    """Texts of a part that holds no cells, one for each element that has text."""

    def __init__(self, builder: SheetBuilder) -> None:
        self._builder = builder
        self._pieces: list[str] = []

    def end(self, name: str) -> None:
        # A paragraph or comment may hold one number in several runs of text.
        if name not in ("t", "r", "rPr"):
            self._builder.remark("".join(self._pieces))
            self._pieces = []

    def text(self, data: str) -> None:
        self._pieces.append(data)


class _Styles(Handler):
    """Number formats of the cell styles, and which of them cross out."""

    def __init__(self, builder: SheetBuilder) -> None:
        self._builder = builder
        self._codes: dict[int, str] = {}
        self._inside = ""
        self._formats: list[int] = []
        self._fonts: list[int] = []
        self._struck: list[bool] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            code = attributes.get("formatCode", "")
            if len(code) > MOST_CODE_CHARS:
                raise damaged("数字格式的代码太长")
            self._builder.remark(code)
            self._codes[_integer(attributes.get("numFmtId"))] = code
        elif name in ("cellXfs", "fonts"):
            self._inside = name
        elif name == "xf" and self._inside == "cellXfs":
            self._formats.append(_integer(attributes.get("numFmtId")))
            self._fonts.append(_integer(attributes.get("fontId")))
        elif name == "font" and self._inside == "fonts":
            self._struck.append(False)
        elif name == "strike" and self._inside == "fonts" and self._struck:
            self._struck[-1] = attributes.get("val") not in _FALSE

    def end(self, name: str) -> None:
        if name == self._inside:
            self._inside = ""

    def struck(self) -> frozenset[int]:
        """Cell styles whose font crosses out."""
        fonts = {number for number, struck in enumerate(self._struck) if struck}
        return frozenset(style for style, font in enumerate(self._fonts) if font in fonts)

    def formats(self) -> list[NumberFormat]:
        """Number format of each cell style."""
        return [parse_format(number, self._codes.get(number)) for number in self._formats]


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _reference(text: str) -> tuple[int, int] | None:
    letters = text.rstrip(_DIGITS)
    digits = text[len(letters) :]
    column = _column(letters)
    return (int(digits), column) if column and 0 < len(digits) < 8 else None


@lru_cache(maxsize=4096)
def _column(letters: str) -> int:
    """Column of A, B … XFD, a dollar sign allowed; 0 for anything else."""
    letters, column = letters.replace("$", "").upper(), 0
    if not (letters.isascii() and letters.isalpha() and len(letters) < 4):
        return 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


class _Cells(Handler):
    """Reads one worksheet into a sheet."""

    def __init__(
        self,
        builder: SheetBuilder,
        sheet: Sheet,
        strings: list[str],
        formats: list[NumberFormat],
        struck: frozenset[int],
        epoch: date,
    ) -> None:
        self._builder, self._sheet = builder, sheet
        self._strings, self._formats, self._epoch = strings, formats, epoch
        self._struck = struck
        self._row = self._column = 0
        self._kind, self._style = "n", 0
        self._runs = _Runs()
        self._formula = False
        self._wanted = False
        self._printed: list[str] | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            at = _reference(attributes.get("r", ""))
            self._row, self._column = at or (max(self._row, 1), self._column + 1)
            self._kind = attributes.get("t", "n")
            self._style = _integer(attributes.get("s"))
            self._runs = _Runs()
            self._formula = False
        elif name == "row":
            self._row = _integer(attributes.get("r")) or self._row + 1
            self._column = 0
            if _is_unseen(attributes, "ht"):
                self._builder.hide_row(self._sheet, self._row)
        elif name == "f":
            self._formula = True
            self._printed = []
        elif name == "col" and _is_unseen(attributes, "width"):
            first, last = _integer(attributes.get("min")), _integer(attributes.get("max"))
            self._builder.hide_columns(self._sheet, first, last)
        elif name in _PRINTED:
            self._printed = []
        elif name == "mergeCell":
            begin, _, end = attributes.get("ref", "").partition(":")
            corners = _reference(begin), _reference(end)
            if corners[0] and corners[1]:
                self._builder.merge(self._sheet, Area(*corners[0], *corners[1]))
        elif self._kind == "inlineStr":
            self._runs.start(name, attributes)
        self._wanted = name == "v" or (name == "t" and self._kind == "inlineStr")

    def end(self, name: str) -> None:
        self._wanted = False
        if name in _PRINTED or name == "f":
            printed, self._printed = "".join(self._printed or ()), None
            if name != "f" or '"' in printed:  # a formula says something only in its texts
                self._builder.remark(printed)
        elif name == "c":
            value = self._value(self._runs.text())
            if value is not None:
                value = struck_out(value) if self._style in self._struck else value
                self._builder.put(self._sheet, self._row, self._column, value)

    def text(self, data: str) -> None:
        if self._wanted:
            self._runs.append(data)
        elif self._printed is not None:
            self._printed.append(data)

    def _value(self, raw: str) -> Value | None:
        if not raw:
            return FORMULA_WITHOUT_RESULT if self._formula else None
        if self._kind == "s":
            index = _integer(raw.strip())
            if not raw.strip().isdecimal() or index >= len(self._strings):
                raise damaged(f"第{self._row}行第{self._column}列指向不存在的文字")
            return self._strings[index]
        if self._kind == "b":
            return "TRUE" if raw.strip() == "1" else "FALSE"
        if self._kind == "d":
            try:
                return date.fromisoformat(raw.strip()[:10])
            except ValueError:
                return raw
        if self._kind != "n":
            return raw
        try:
            number = float(raw)
        except ValueError:
            return raw
        if self._style >= len(self._formats):
            return number
        return shown(number, self._formats[self._style], self._epoch)


def shown(number: float, form: NumberFormat, epoch: date) -> Value:
    """A number as its format shows it: a day, a percentage, a text with a unit, or itself."""
    if form.plain:
        return number
    if form.kind != "date":
        return form.text(number)
    moment = serial_date(number, epoch)
    return form.day(moment) if isinstance(moment, date) else moment


def serial_date(number: float, epoch: date) -> date | float:
    """Calendar day of a spreadsheet serial number; the number itself where it is none."""
    if not 1 <= number <= _LAST_SERIAL - 1500:
        return number
    days = int(number)
    if epoch == _EPOCH_1900 and days < 60:
        days += 1  # the 1900 system counts a 29 February that never was
    return epoch + timedelta(days=days)


def read_xlsx(data: bytes, builder: SheetBuilder) -> None:
    """Read every worksheet of an XLSX."""
    archive = Archive(data, builder.limits)
    root = _Relations("")
    if "_rels/.rels" in archive.names:
        archive.parse("_rels/.rels", root)
    path = root.by_kind.get("officeDocument", "xl/workbook.xml")
    if path not in archive.names or not path.endswith(".xml") or "word/" in path:
        raise DataError(
            "文件是压缩包，但不是 Excel 工作簿。", "请导入 .xlsx、.xls 或 .csv 表格文件。"
        )
    folder, name = posixpath.split(path)
    relations = _Relations(folder)
    if f"{folder}/_rels/{name}.rels" in archive.names:
        archive.parse(f"{folder}/_rels/{name}.rels", relations)
    workbook = _Workbook(builder)
    archive.parse(path, workbook)
    strings, styles = _SharedStrings(builder.limits), _Styles(builder)
    parts: tuple[tuple[str, Handler], ...] = (("sharedStrings", strings), ("styles", styles))
    for kind, handler in parts:
        part = relations.by_kind.get(kind)
        if part in archive.names:
            archive.parse(part, handler)
    formats, struck = styles.formats(), styles.struck()
    for part in sorted(n for n in archive.names if n.startswith(_BESIDE) and n.endswith(".xml")):
        archive.parse(part, _Remarks(builder))
    for part in sorted(n for n in archive.names if n.startswith("xl/worksheets/_rels/")):
        archive.parse(part, _Links(builder))
    _read_sheets(
        archive,
        [(n, relations.targets.get(r, ""), h) for n, r, h in workbook.sheets],
        builder,
        lambda sheet: _Cells(builder, sheet, strings.strings, formats, struck, workbook.epoch),
    )


def _read_sheets(
    archive: Archive,
    wanted: list[tuple[str, str, bool]],
    builder: SheetBuilder,
    handler: Callable[[Sheet], Handler],
) -> None:
    count = 0
    for name, path, hidden in wanted:
        if path not in archive.names:
            continue
        count += 1
        sheet = builder.add_sheet(name, hidden)
        archive.parse(path, handler(sheet))
    if not count:
        raise damaged("没有工作表")
