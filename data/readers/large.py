"""Large lists, read in pieces of whole series, so that no file fills the memory.

A first pass over the file notes where each line begins and which region it is about. Then the lines
of a few regions at a time are read, wherever in the file they stand. Nothing is copied to disk.
"""

from __future__ import annotations

import csv
import io
import mmap
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.readers.formats import (
    LIMITS,
    MEGABYTE,
    Opened,
    Sheet,
    delimiter_of,
    format_of,
    has_control_characters,
    text_encoding,
    too_large,
)
from employment_forecast.data.readers.reader import list_result, new_collector, read_sheets
from employment_forecast.data.readers.tables import SAMPLE, Collector, ListReader, NotPlain
from employment_forecast.data.records import ReadResult, file_title

# A file up to this size is read as a whole in a few seconds.
LARGE_BYTES = 4 * MEGABYTE
# Lines of a piece, unless one region alone has more; and the most that one may have.
WHOLE_BYTES = LIMITS.file_bytes
PIECE, MOST_LINES = 60_000, 500_000
_MOST_BYTES = 4096 * MEGABYTE
# A line end and these are never a part of another character.
_LINEWISE = ("utf-8", "utf-8-sig", "gb18030")
_DELIMITERS = (",", "\t", ";")
_Integers = npt.NDArray[np.integer[Any]]


def is_large(path: Path) -> bool:
    """True for a file too large to be read as a whole, unless nothing else is possible."""
    try:
        return path.stat().st_size > LARGE_BYTES
    except OSError:
        return False


def read_pieces(
    path: Path, catalogue: Catalogue, options: Mapping[str, Any]
) -> Iterator[tuple[ReadResult, float]]:
    """Read a large list.

    Parameters
    ----------
    path, catalogue, options
        As for `read_file`.

    Yields
    ------
    ReadResult
        Every figure of some regions.
    float
        Share of the file that has been read.

    Raises
    ------
    NotPlain
        Before the first piece, if it is no plain list and small enough to be read as tables.
    DataError
        If it is no plain list and too large for anything else, naming the line.
    """
    name = file_title(path)
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        if size > _MOST_BYTES:
            raise too_large(f"“{name}”有 {size // MEGABYTE} MB，上限 {_MOST_BYTES // MEGABYTE} MB")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            large = _LargeList(data, name, catalogue, options)
            yield from large.pieces()


class _LargeList:
    """One large list, its lines by region."""

    def __init__(
        self, data: mmap.mmap, name: str, catalogue: Catalogue, options: Mapping[str, Any]
    ) -> None:
        self._data, self._name = data, name
        self._catalogue, self._options = catalogue, options
        if format_of(data[:4096]) != "csv":
            raise NotPlain
        self._encoding = text_encoding(data)
        head = data[: LIMITS.line_chars]
        head = head[: head.rfind(b"\n") + 1]
        delimiter = delimiter_of(head, self._encoding, len(head)) if head else ""
        if self._encoding not in _LINEWISE or delimiter not in _DELIMITERS:
            raise NotPlain
        self._delimiter = delimiter
        self._header, *sample = self._fields(list(islice(self._lines(), SAMPLE + 1)))
        numbered = [(n, f) for n, f in enumerate(sample, 2) if any(f)]
        self._empty = True
        self._reader = ListReader(self._header, numbered, self._collector())

    def _collector(self) -> Collector:
        return new_collector(self._name, self._catalogue, self._options)

    def _lines(self) -> Iterator[bytes]:
        self._data.seek(0)
        return iter(self._data.readline, b"")

    def _fields(self, lines: Sequence[bytes]) -> list[list[str]]:
        """Fields of lines, one list for each."""
        text = b"".join(lines).decode(self._encoding)
        if has_control_characters(text):
            raise NotPlain
        fields = list(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter))
        if len(fields) != len(lines):
            raise NotPlain  # a record over several lines, or line ends of another system
        return fields

    def pieces(self) -> Iterator[tuple[ReadResult, float]]:
        """The pieces, each with the share of lines read so far."""
        starts, regions, codes = self._index()
        ends = np.append(starts[1:], len(self._data))
        piece_of = self._pieces_of(np.bincount(regions[regions >= 0], minlength=len(codes)), codes)
        lines = np.flatnonzero(regions >= 0)
        pieces = piece_of[regions[lines]]
        lines = lines[np.argsort(pieces, kind="stable")]
        done = 0
        for count in np.bincount(pieces):
            chosen = lines[done : done + count]
            done += int(count)
            yield self._read(chosen, starts, ends, last=done == len(lines)), done / len(lines)

    def _index(self) -> tuple[_Integers, _Integers, list[str]]:
        """Where each line begins, the number of its region (-1 for none), and their codes."""
        labels = self._reader.label_columns
        plain: list[dict[str, int]] = [{} for _ in labels]
        numbers: dict[str, int] = {}
        starts, regions = array("q"), array("i")

        def decoded() -> Iterator[str]:
            start = 0
            for line in self._lines():
                starts.append(start)
                start += len(line)
                yield line.decode(self._encoding)

        try:
            for fields in csv.reader(decoded(), delimiter=self._delimiter):
                regions.append(-1)
                if len(regions) != len(starts):
                    raise NotPlain  # a record over several lines
                if len(regions) == 1 or not any(fields):
                    continue
                if len(fields) != len(self._header):
                    raise NotPlain
                for index, texts in zip(labels, plain, strict=True):
                    if fields[index] not in texts:
                        code = self._reader.region_of(fields).code
                        for column, known in zip(labels, plain, strict=True):
                            known.setdefault(fields[column], numbers.setdefault(code, len(numbers)))
                        break
                regions[-1] = plain[0][fields[labels[0]]]
        except (NotPlain, csv.Error):
            if len(self._data) <= WHOLE_BYTES:
                raise NotPlain from None
            raise self._refused(len(regions), starts[-1]) from None
        return np.frombuffer(starts, np.int64), np.frombuffer(regions, np.int32), list(numbers)

    def _refused(self, number: int, start: int) -> DataError:
        """Why a line keeps a file from being read that is too large for anything but a list."""
        self._data.seek(start)
        with suppress(NotPlain, IndexError):
            result = self._as_table([number], self._fields([self._data.readline()]))
            if any(f.check in ("unknown_region", "unknown_month") for f in result.errors):
                refused = result.refusal()
                assert refused is not None
                return refused
        return DataError(
            f"“{self._name}”第{number}行不能按长表读取，没有导入任何数据。",
            "超过 64 MB 的文件须为长表：第一行是表头，其后每行写明地区、指标、月份和一个数，"
            "没有合计行；否则请按年份或地区拆成几个文件分别导入。",
        )

    def _pieces_of(self, lines: _Integers, codes: list[str]) -> _Integers:
        """Number of the piece of each region: neighbours in the tree of regions come together."""
        piece_of = np.zeros(len(codes), dtype=np.int32)
        piece = filled = 0
        for region in sorted(range(len(codes)), key=lambda number: self._path(codes[number])):
            count = int(lines[region])
            if count > MOST_LINES:
                name = self._catalogue.region(codes[region]).name
                raise too_large(f"“{self._name}”里{name}一个地区就有 {count} 行")
            if filled and filled + count > PIECE:
                piece, filled = piece + 1, 0
            piece_of[region] = piece
            filled += count
        return piece_of

    def _path(self, code: str) -> tuple[str, ...]:
        """Codes from the top of the tree down to a region."""
        parent = self._catalogue.region(code).parent
        return (*(self._path(parent) if parent else ()), code)

    def _read(
        self, lines: _Integers, starts: _Integers, ends: _Integers, *, last: bool
    ) -> ReadResult:
        """Every figure on some lines, which hold whole series."""
        numbers = [int(n) + 1 for n in lines]
        bounds = zip(starts[lines].tolist(), ends[lines].tolist(), strict=True)
        fields = self._fields([self._data[start:end] for start, end in bounds])
        try:
            rows = self._reader.read(zip(numbers, fields, strict=True))
            result = replace(list_result(rows, self._reader, self._encoding), notes=())
        except NotPlain:
            result = self._as_table(numbers, fields)
        self._empty = self._empty and not result.readings
        if last and self._empty:
            return self._as_table(numbers, fields)  # and it says why
        findings = tuple(f for f in result.findings if f.check != "nothing_read")
        notes = (*result.notes, *self._reader.notes()) if last else result.notes
        return replace(result, findings=findings, notes=tuple(dict.fromkeys(notes)))

    def _as_table(self, numbers: list[int], fields: list[list[str]]) -> ReadResult:
        """Lines as the tables read them, in their place under the head."""
        sheet = Sheet("")
        for number, line in ((1, self._header), *zip(numbers, fields, strict=True)):
            sheet.rows[number] = {c: text for c, text in enumerate(line, 1) if text.strip()}
        return read_sheets(self._collector(), Opened("csv", self._encoding, (sheet,)))
