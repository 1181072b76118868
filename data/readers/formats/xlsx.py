"""XLSX read as a stream: values, dates, percentages and merged areas, in bounded memory.

Office Open XML (ECMA-376) is a ZIP archive of XML parts. Every part is decompressed piece by
piece into expat, and only cell values are kept. Archives that unpack out of all proportion, and
XML that declares entities, are refused before they can grow.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from xml.parsers import expat

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.cells import (
    FORMULA_WITHOUT_RESULT,
    Area,
    Sheet,
    SheetBuilder,
    Value,
)
from employment_forecast.data.readers.formats.limits import MEGABYTE, Limits, too_large
from employment_forecast.data.readers.formats.numberformat import Shown, percent_text, shown_as

Attributes = dict[str, str]

_RESAVE = "请用 Excel 或 WPS 打开，另存为新的 .xlsx 后再导入。"
_CHUNK = 1 << 16
_SMALL_PART = 8 * MEGABYTE
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_SERIAL = 2_958_465  # 9999-12-31


def _damaged(what: str) -> DataError:
    return DataError(f"Excel 文件已损坏（{what}）。", _RESAVE)


def check_archive(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Refuse an archive that would unpack beyond the limits, before unpacking anything."""
    parts = archive.infolist()
    if len(parts) > limits.parts:
        raise too_large(f"压缩包内有 {len(parts)} 个部件")
    if sum(p.file_size for p in parts) > limits.unpacked_bytes:
        raise too_large(f"解压后超过 {limits.unpacked_bytes // MEGABYTE} MB（疑似压缩炸弹）")
    for part in parts:
        if part.flag_bits & 1:
            raise DataError("Excel 文件已加密。", "请用 Excel 打开，去掉密码后另存，再导入。")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged("压缩方式不明")
        if part.file_size > limits.part_bytes:
            raise too_large(f"压缩包内有部件解压后超过 {limits.part_bytes // MEGABYTE} MB")
        if part.file_size > max(_SMALL_PART, part.compress_size * limits.ratio):
            raise too_large("压缩比高得不合常理（疑似压缩炸弹）")


class _Handler:
    """Receives the elements of one part by local name."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element opens."""

    def end(self, name: str) -> None:
        """An element closes."""

    def text(self, data: str) -> None:
        """Character data."""


def _refuse_entities(*_: object) -> None:
    raise _damaged("XML 含有实体声明")


class _Package:
    """The archive and its parts."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._elements = 0  # of all parts: a workbook may name one part many times
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            check_archive(self._archive, limits)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError, IndexError):
            raise _damaged("压缩包无法打开") from None
        self.names = set(self._archive.namelist())

    def parse(self, name: str, handler: _Handler) -> None:
        """Stream one part through a handler."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def start(tag: str, attributes: Attributes) -> None:
            self._elements += 1
            if self._elements > self._limits.elements:
                raise too_large("XML 元素太多")
            handler.start(tag.rpartition(" ")[2], attributes)

        parser.StartElementHandler = start
        parser.EndElementHandler = lambda tag: handler.end(tag.rpartition(" ")[2])
        parser.CharacterDataHandler = handler.text
        parser.StartDoctypeDeclHandler = _refuse_entities
        parser.EntityDeclHandler = _refuse_entities
        try:
            with self._archive.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except (
            expat.ExpatError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            LookupError,
        ):
            raise _damaged(f"部件“{name[:60]}”无法读取") from None


class _Relations(_Handler):
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


class _Workbook(_Handler):
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.epoch = _EPOCH_1900

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.rpartition(" ")[2] == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), relation, hidden))
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.epoch = _EPOCH_1904


class _SharedStrings(_Handler):
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[str] = []
        self._wanted = False
        self._phonetic = False
        self.strings: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "si":
            self._parts = []
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
            self.strings.append("".join(self._parts))

    def text(self, data: str) -> None:
        if self._wanted:
            self._parts.append(data)


class _Styles(_Handler):
    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._inside = False
        self._formats: list[int] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._codes[_integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._formats.append(_integer(attributes.get("numFmtId")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False

    def shown(self) -> list[Shown]:
        """How each cell format shows a number."""
        return [shown_as(number, self._codes.get(number)) for number in self._formats]


def _integer(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _reference(text: str) -> tuple[int, int] | None:
    found = _REFERENCE.fullmatch(text)
    if not found:
        return None
    column = 0
    for letter in found.group(1).upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found.group(2)), column


class _Cells(_Handler):
    """Reads one worksheet into a sheet."""

    def __init__(
        self,
        builder: SheetBuilder,
        sheet: Sheet,
        strings: list[str],
        shown: list[Shown],
        epoch: date,
    ) -> None:
        self._builder, self._sheet = builder, sheet
        self._strings, self._shown, self._epoch = strings, shown, epoch
        self._row = self._column = 0
        self._kind, self._style = "n", 0
        self._text: list[str] = []
        self._formula = False
        self._wanted = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._row = _integer(attributes.get("r")) or self._row + 1
            self._column = 0
        elif name == "c":
            at = _reference(attributes.get("r", ""))
            self._row, self._column = at or (max(self._row, 1), self._column + 1)
            self._kind = attributes.get("t", "n")
            self._style = _integer(attributes.get("s"))
            self._text, self._formula = [], False
        elif name == "f":
            self._formula = True
        elif name == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            corners = _reference(first), _reference(last)
            if corners[0] and corners[1]:
                self._builder.merge(self._sheet, Area(*corners[0], *corners[1]))
        self._wanted = name == "v" or (name == "t" and self._kind == "inlineStr")

    def end(self, name: str) -> None:
        self._wanted = False
        if name == "c":
            value = self._value("".join(self._text))
            if value is not None:
                self._builder.put(self._sheet, self._row, self._column, value)

    def text(self, data: str) -> None:
        if self._wanted:
            self._text.append(data)

    def _value(self, raw: str) -> Value | None:
        if not raw:
            return FORMULA_WITHOUT_RESULT if self._formula else None
        if self._kind == "s":
            index = _integer(raw.strip())
            if not raw.strip().isdecimal() or index >= len(self._strings):
                raise _damaged(f"第{self._row}行第{self._column}列指向不存在的文字")
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
        shown = self._shown[self._style] if self._style < len(self._shown) else "number"
        if shown == "percent":
            return percent_text(number)
        return serial_date(number, self._epoch) if shown == "date" else number


def serial_date(number: float, epoch: date) -> Value:
    """Calendar day of a spreadsheet serial number; the number itself where it is none."""
    if not 1 <= number <= _LAST_SERIAL - 1500:
        return number
    days = int(number)
    if epoch == _EPOCH_1900 and days < 60:
        days += 1  # the 1900 system counts a 29 February that never was
    return epoch + timedelta(days=days)


def read_xlsx(data: bytes, builder: SheetBuilder) -> None:
    """Read every worksheet of an XLSX."""
    package = _Package(data, builder.limits)
    root = _Relations("")
    if "_rels/.rels" in package.names:
        package.parse("_rels/.rels", root)
    path = root.by_kind.get("officeDocument", "xl/workbook.xml")
    if path not in package.names or not path.endswith(".xml") or "word/" in path:
        raise DataError(
            "文件是压缩包，但不是 Excel 工作簿。", "请导入 .xlsx、.xls 或 .csv 表格文件。"
        )
    folder, name = posixpath.split(path)
    relations = _Relations(folder)
    if f"{folder}/_rels/{name}.rels" in package.names:
        package.parse(f"{folder}/_rels/{name}.rels", relations)
    workbook = _Workbook()
    package.parse(path, workbook)
    strings, styles = _SharedStrings(builder.limits), _Styles()
    parts: tuple[tuple[str, _Handler], ...] = (("sharedStrings", strings), ("styles", styles))
    for kind, handler in parts:
        part = relations.by_kind.get(kind)
        if part in package.names:
            package.parse(part, handler)
    shown = styles.shown()
    _read_sheets(
        package,
        [(n, relations.targets.get(r, ""), h) for n, r, h in workbook.sheets],
        builder,
        lambda sheet: _Cells(builder, sheet, strings.strings, shown, workbook.epoch),
    )


def _read_sheets(
    package: _Package,
    wanted: list[tuple[str, str, bool]],
    builder: SheetBuilder,
    handler: Callable[[Sheet], _Handler],
) -> None:
    found = 0
    for name, path, hidden in wanted:
        if path not in package.names:
            continue
        found += 1
        sheet = builder.add_sheet(name, hidden)
        package.parse(path, handler(sheet))
    if not found:
        raise _damaged("没有工作表")
