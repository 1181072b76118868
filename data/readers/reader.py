"""The one door for office files: bytes in, checked observations with provenance out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError, SettingsError, suggestion
from employment_forecast.data.readers.formats import LIMITS, Limits, Sheet, load, open_sheets
from employment_forecast.data.readers.privacy import refuse_personal_data, refuse_personal_text
from employment_forecast.data.readers.tables import Collector
from employment_forecast.data.readers.vocabulary import Mapping, Vocabulary, read_mapping
from employment_forecast.data.records import ReadResult, column_letters, file_title, shown

_MOST_RUNS = 10


def read_file(
    path: Path | str,
    catalogue: Catalogue,
    *,
    region: str | None = None,
    indicator: str | None = None,
    published_on: date | None = None,
    source: str | None = None,
    mapping: AnyMapping[str, Any] | None = None,
    limits: Limits = LIMITS,
) -> ReadResult:
    """Read one office file.

    Parameters
    ----------
    path : pathlib.Path or str
        CSV (UTF-8, GB18030, UTF-16), XLSX, legacy XLS or an HTML table under any name.
    catalogue : Catalogue
        Knows regions, indicators and their synonyms.
    region, indicator : str, optional
        Fill in where the file names none; where it names several, only this one is taken.
    published_on : datetime.date, optional
        Day the figures became known, where no column says so.
    source : str, optional
        Document or office; the file name by default.
    mapping : mapping, optional
        Parsed `mapping.toml` of the bureau; see `read_mapping`.
    limits : Limits
        Upper bounds.

    Returns
    -------
    ReadResult
        Values in the indicators' units and reporting forms, each with its cell, and what is wrong.
        Nothing should be stored if `errors` is not empty.

    Raises
    ------
    UsageError
        If the file cannot be read from disk.
    DataError
        If it is no table, damaged or too large.
    RefusedError
        If it holds lines about persons.
    SettingsError, UnknownNameError
        For a wrong mapping, region or indicator.
    """
    path = Path(path)
    data = load(path, limits)
    return read_bytes(
        data,
        file_title(path),
        catalogue,
        region=region,
        indicator=indicator,
        published_on=published_on,
        source=source,
        mapping=mapping,
        limits=limits,
    )


def read_bytes(
    data: bytes,
    name: str,
    catalogue: Catalogue,
    *,
    region: str | None = None,
    indicator: str | None = None,
    published_on: date | None = None,
    source: str | None = None,
    mapping: AnyMapping[str, Any] | None = None,
    limits: Limits = LIMITS,
) -> ReadResult:
    """Read the content of one office file; see `read_file`.

    Parameters
    ----------
    data : bytes
        Whole file.
    name : str
        File name, for messages and as a last hint of month and region.
    catalogue, region, indicator, published_on, source, mapping, limits
        As for `read_file`.

    Returns
    -------
    ReadResult
    """
    wanted_region = catalogue.region(region) if region else None
    wanted_indicator = catalogue.indicator(indicator) if indicator else None
    settings = read_mapping(mapping or {}, catalogue)
    with _named(name):
        opened = open_sheets(data, limits)
    refuse_personal_data(name, opened.sheets, opened.remarks)
    refuse_personal_text(source or "", f"“{name}”的来源")
    collector = Collector(
        name,
        Vocabulary(catalogue, settings),
        wanted_region,
        wanted_indicator,
        published_on,
        source or name,
    )
    for sheet in _chosen(opened.sheets, settings, collector.notes, name):
        with _named(name):
            collector.read_sheet(_unhidden(sheet, collector.notes))
    readings = collector.readings()
    return ReadResult(
        file=name,
        format=opened.format,
        encoding=opened.encoding,
        readings=tuple(r for r in readings if r.group is None),
        groups=tuple(r for r in readings if r.group is not None),
        firms=tuple(collector.firms),
        part_months=tuple(collector.part_months),
        findings=collector.findings.all(),
        notes=tuple(dict.fromkeys(collector.notes)),
    )


@contextmanager
def _named(file: str) -> Iterator[None]:
    """Put the file's name in front of errors about its content."""
    try:
        yield
    except DataError as error:
        raise type(error)(f"“{file}”：{error.message}", error.hint) from None


def _chosen(
    sheets: tuple[Sheet, ...], settings: Mapping, notes: list[str], name: str
) -> list[Sheet]:
    if settings.sheet is not None:
        chosen = [s for s in sheets if s.name == settings.sheet]
        if not chosen:
            names = [s.name for s in sheets]
            raise SettingsError(
                f"“{name}”里没有名为“{settings.sheet}”的工作表。",
                suggestion(settings.sheet, names) or f"现有工作表：{'、'.join(names)}。",
            )
        return chosen
    hidden = [s.name for s in sheets if s.hidden and s.rows]
    if hidden:
        notes.append(f"隐藏的工作表未读取：{'、'.join(map(shown, hidden))}。")
    return [s for s in sheets if not s.hidden]


def _unhidden(sheet: Sheet, notes: list[str]) -> Sheet:
    """The sheet as a person sees it; a note says what is hidden."""
    shows, rows, columns = sheet.unhidden()
    where = f"工作表“{shown(sheet.name)}”" if sheet.name else "表中"
    if rows:
        notes.append(f"{where}隐藏的行未读取：第{_runs(rows, str)}行；需要时请取消隐藏后再导入。")
    if columns:
        letters = _runs(columns, column_letters)
        notes.append(f"{where}隐藏的列未读取：{letters}列；需要时请取消隐藏后再导入。")
    return shows


def _runs(numbers: list[int], name: Callable[[int], str]) -> str:
    """Ascending numbers as runs, 3—5、9, the first ten of them."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [name(a) if a == b else f"{name(a)}—{name(b)}" for a, b in runs[:_MOST_RUNS]]
    return "、".join(texts) + ("等" if len(runs) > _MOST_RUNS else "")
