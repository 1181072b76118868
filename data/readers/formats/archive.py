"""The ZIP archive of an Office Open XML file: checked before it can grow, its parts streamed.

Archives that unpack out of all proportion, and XML that declares entities, are refused. libxml2
(through lxml) reads the parts piece by piece into a handler, no tree is built, and its own limits
hold: no attribute over 10 MB, no 256 levels of nesting.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from lxml import etree

from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats.limits import MEGABYTE, Limits, too_large

_RESAVE = "请用 Excel 或 WPS 打开，另存为新的 .xlsx 后再导入。"
_CHUNK = 1 << 16
_SMALL_PART = 8 * MEGABYTE


def damaged(cause: str) -> DataError:
    """Refusal of a workbook that cannot be read; `cause` says in Chinese where."""
    return DataError(f"Excel 文件已损坏（{cause}）。", _RESAVE)


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
            raise damaged("压缩方式不明")
        if part.file_size > limits.part_bytes:
            raise too_large(f"压缩包内有部件解压后超过 {limits.part_bytes // MEGABYTE} MB")
        if part.file_size > max(_SMALL_PART, part.compress_size * limits.ratio):
            raise too_large("压缩比高得不合常理（疑似压缩炸弹）")


class Handler:
    """Receives the elements of one part by local name; attributes keep their namespaces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""

    def end(self, name: str) -> None:
        """An element closes."""

    def text(self, data: str) -> None:
        """Character data."""


class _Target:
    """What lxml calls: counts elements, refuses declarations, hands the rest on."""

    def __init__(self, handler: Handler, elements: int) -> None:
        self._start, self._end, self.data = handler.start, handler.end, handler.text
        self._names: dict[str, str] = {}
        self.elements_left = elements

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.elements_left -= 1
        if self.elements_left < 0:
            raise too_large("XML 元素太多")
        self._start(self._names.get(tag) or self._local(tag), attributes)

    def end(self, tag: str) -> None:
        self._end(self._names.get(tag) or self._local(tag))

    def doctype(self, *_: object) -> None:
        raise damaged("XML 含有实体声明")

    def close(self) -> None:
        """Required by lxml."""

    def _local(self, tag: str) -> str:
        name = tag.rpartition("}")[2]
        if len(self._names) < 1000:
            self._names[tag] = name
        return name


class Archive:
    """A checked archive and its parts.

    Parameters
    ----------
    data : bytes
        Whole file.
    limits : Limits
        Upper bounds.

    Raises
    ------
    DataError
        If it is damaged, encrypted or beyond a limit.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        # Of all parts: a workbook may name one part many times.
        self._elements_left = limits.elements
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            check_archive(self._archive, limits)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError, IndexError):
            raise damaged("压缩包无法打开") from None
        self.names = set(self._archive.namelist())

    def parse(self, name: str, handler: Handler) -> None:
        """Stream one part through a handler; raises DataError if it cannot be read."""
        target = _Target(handler, self._elements_left)
        parser = etree.XMLParser(
            target=target,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )
        try:
            with self._archive.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    parser.feed(chunk)
                parser.close()
        except (
            etree.LxmlError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            LookupError,
        ):
            raise damaged(f"部件“{name[:60]}”无法读取") from None
        self._elements_left = target.elements_left
