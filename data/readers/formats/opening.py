"""From a file to its sheets: the format is told by the content, never by the name."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.data.readers.formats.cells import Sheet, SheetBuilder
from employment_forecast.data.readers.formats.delimited import read_delimited
from employment_forecast.data.readers.formats.limits import LIMITS, MEGABYTE, Limits, too_large
from employment_forecast.data.readers.formats.markup import read_html
from employment_forecast.data.readers.formats.xls import read_xls
from employment_forecast.data.readers.formats.xlsx import read_xlsx
from employment_forecast.data.records import file_title

Format = Literal["xlsx", "xls", "html", "csv"]

_OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
_BIFF = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_RESAVE = "请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。"


@dataclass(frozen=True)
class Opened:
    """A file taken apart into sheets.

    Attributes
    ----------
    format : {"xlsx", "xls", "html", "csv"}
        What the content turned out to be.
    encoding : str or None
        Of text formats.
    sheets : tuple of Sheet
        Hidden ones included.
    remarks : tuple of str
        Texts beside the cells: comments, drawings, headers and footers, properties.
    """

    format: Format
    encoding: str | None
    sheets: tuple[Sheet, ...]
    remarks: tuple[str, ...] = ()


def load(path: Path, limits: Limits = LIMITS) -> bytes:
    """Bytes of a regular file within the size limit.

    Raises
    ------
    UsageError
        If there is no such file or it cannot be read.
    DataError
        If it is empty or too large; then nothing of it has been read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"“{file_title(path)}”不是文件。", "请给出表格文件本身的路径。")
        if status.st_size > limits.file_bytes:
            size = status.st_size // MEGABYTE
            raise too_large(
                f"“{file_title(path)}”有 {size} MB，上限 {limits.file_bytes // MEGABYTE} MB"
            )
        with path.open("rb") as stream:
            data = stream.read(limits.file_bytes + 1)
    except FileNotFoundError:
        raise UsageError(f"找不到文件“{file_title(path)}”。", "请检查路径与文件名。") from None
    except OSError as error:
        raise UsageError(
            f"文件“{file_title(path)}”无法读取（{error.strerror}）。",
            "请检查权限，或先在 Excel 里关闭该文件。",
        ) from None
    if len(data) > limits.file_bytes:
        raise too_large(f"“{file_title(path)}”超过 {limits.file_bytes // MEGABYTE} MB")
    return data


def open_sheets(data: bytes, limits: Limits = LIMITS) -> Opened:
    """Take a file apart into sheets.

    Parameters
    ----------
    data : bytes
        Whole file: CSV, XLSX, legacy XLS or an HTML table.
    limits : Limits
        Upper bounds.

    Returns
    -------
    Opened

    Raises
    ------
    DataError
        If the content is none of these, damaged, encrypted or beyond a limit.
    """
    if len(data) > limits.file_bytes:
        raise too_large(f"文件超过 {limits.file_bytes // MEGABYTE} MB")
    if not data.strip():
        raise DataError("文件是空的。", "请确认导出成功、选对了文件。")
    builder = SheetBuilder(limits)
    kind = format_of(data)
    encoding: str | None = None
    if kind == "xlsx":
        read_xlsx(data, builder)
    elif kind == "xls":
        read_xls(data, builder)
    elif kind == "html":
        encoding = read_html(data, builder)
    else:
        encoding = read_delimited(data, builder)
    return Opened(kind, encoding, tuple(builder.sheets), tuple(builder.remarks))


def format_of(data: bytes) -> Format:
    """Format of a file by its content; raises DataError for what is known to be none of them."""
    if data.startswith(b"PK"):
        return "xlsx"
    if data.startswith((_OLE2, *_BIFF)):
        return "xls"
    if data.startswith(b"%PDF"):
        raise DataError("这是 PDF 文件，不是表格。", "请向来文单位索取 Excel 或 CSV 原件。")
    if data.startswith(b"{\\rtf"):
        raise DataError("这是 RTF 文档，不是表格。", "请把其中的表格粘贴到 Excel 后另存。")
    head = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if head.startswith(b"mime-version:"):
        raise DataError("这是“单个文件网页”（MHT），不是表格。", _RESAVE)
    if head.startswith(b"<"):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in head and b"<html" not in head:
            raise DataError("这是“XML 电子表格 2003”，不能直接读取。", _RESAVE)
        return "html"
    return "csv"
