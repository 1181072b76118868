"""How much a file may hold before it is refused, so that no file can exhaust the machine."""

from __future__ import annotations

from dataclasses import dataclass

from employment_forecast.data.errors import DataError

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Upper bounds, all checked before or while reading, never after.

    A firm panel of 500 firms over 120 months with 25 columns has 1.5 million cells at most; a
    monthly report has a few thousand.

    Attributes
    ----------
    file_bytes : int
        Size on disk.
    legacy_bytes : int
        Size of a legacy XLS, whose parser holds everything in memory.
    unpacked_bytes, part_bytes : int
        Declared size of all parts, and of one part, of an XLSX after decompression.
    ratio : int
        Highest plausible compression of a part over 8 MB.
    parts : int
        Files inside an XLSX.
    elements : int
        XML elements of all parts of an XLSX.
    sheets : int
        Worksheets, or tables of an HTML page.
    cells : int
        Non-empty cells of a file, and cells covered by merged areas.
    table_cells : int
        Rows times columns of one table, empty cells included.
    remarks : int
        Texts beside the cells.
    rows, columns : int
        Extent of a sheet.
    line_chars, cell_chars : int
        Characters of a CSV line and of a cell.
    """

    file_bytes: int = 64 * MEGABYTE
    legacy_bytes: int = 16 * MEGABYTE
    unpacked_bytes: int = 256 * MEGABYTE
    part_bytes: int = 128 * MEGABYTE
    ratio: int = 200
    parts: int = 2000
    elements: int = 6_000_000
    sheets: int = 1000
    cells: int = 1_500_000
    table_cells: int = 6_000_000
    remarks: int = 10_000
    rows: int = 1_048_576
    columns: int = 16_384
    line_chars: int = MEGABYTE
    cell_chars: int = 32_767


LIMITS = Limits()

SPLIT = "请确认选对了文件；数据确实很多时，请按年份或地区拆成几个文件分别导入。"


def too_large(excess: str) -> DataError:
    """Refusal of a file that goes beyond a limit; `excess` says in Chinese which one."""
    return DataError(f"文件过大：{excess}。", SPLIT)
