"""The one door for office files: bytes in, checked observations with provenance out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError, SettingsError, suggestion
from employment_forecast.data.readers.formats import (
    LIMITS,
    Limits,
    Opened,
    Sheet,
    format_of,
    load,
    open_sheets,
    records,
    text_encoding,
)
from employment_forecast.data.readers.privacy import refuse_personal_data, refuse_personal_text
from employment_forecast.data.readers.tables import (
    SAMPLE,
    Collector,
    ListReader,
    ListRow,
    NotPlain,
)
from employment_forecast.data.readers.vocabulary import (
    Mapping,
    Vocabulary,
    read_mapping,
    remark_on_publication,
)
from employment_forecast.data.records import (
    Observation,
    Place,
    Reading,
    ReadResult,
    column_letters,
    file_title,
    shown,
)

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
    options = {
        "region": region,
        "indicator": indicator,
        "published_on": published_on,
        "source": source,
        "mapping": mapping,
    }
    kind = format_of(data)
    rows = None
    if kind == "csv":
        with _named(name):
            rows = _as_list(data, new_collector(name, catalogue, options), limits)
    return read_tables(data, name, catalogue, options, limits) if rows is None else rows


def read_tables(
    data: bytes,
    name: str,
    catalogue: Catalogue,
    options: AnyMapping[str, Any],
    limits: Limits = LIMITS,
) -> ReadResult:
    """Read a file as sheets with tables, which every file is; parameters as for `read_bytes`."""
    collector = new_collector(name, catalogue, options)
    with _named(name):
        opened = open_sheets(data, limits)
    return read_sheets(collector, opened)


def read_sheets(collector: Collector, opened: Opened) -> ReadResult:
    """What the sheets of one file hold."""
    name = collector.file
    refuse_personal_data(name, opened.sheets, opened.remarks)
    for sheet in _chosen(opened.sheets, collector.vocabulary.mapping, collector.notes, name):
        with _named(name):
            collector.read_sheet(_unhidden(sheet, collector.notes))
    said = (t for t in opened.remarks if remark_on_publication(t) == "unpublished")
    if foreseen := next(said, ""):
        collector.notes.append(
            f"批注、页眉或表外文字提到“{shown(foreseen)}”，请核对各数是否已公布。"
        )
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


def new_collector(name: str, catalogue: Catalogue, options: AnyMapping[str, Any]) -> Collector:
    """Collector of one file under the options of `read_file`."""
    region, indicator = options.get("region"), options.get("indicator")
    source = options.get("source")
    wanted_region = catalogue.region(region) if region else None
    wanted_indicator = catalogue.indicator(indicator) if indicator else None
    mapping = read_mapping(options.get("mapping") or {}, catalogue)
    refuse_personal_text(source or "", f"“{name}”的来源")
    return Collector(
        name,
        Vocabulary(catalogue, mapping),
        wanted_region,
        wanted_indicator,
        options.get("published_on"),
        source or name,
    )


def _as_list(data: bytes, collector: Collector, limits: Limits) -> ReadResult | None:
    """What a plain list holds; None for everything that the tables have to read."""
    encoding = text_encoding(data)
    lines = records(data, encoding, limits)
    try:
        _, header = next(lines, (1, []))
        sample = list(islice(lines, SAMPLE))
        reader = ListReader(header, [(n, f) for n, f in sample if any(f)], collector)
        most = limits.cells // max(1, len(header))
        rows = reader.read(islice(chain(sample, lines), most + 1))
        if not 0 < len(rows) <= most:
            return None
    except NotPlain:
        return None
    return list_result(rows, reader, encoding)


def list_result(rows: list[ListRow], reader: ListReader, encoding: str) -> ReadResult:
    """The lines of a list, or of a piece of it, as the tables would give them."""
    file = reader.file
    return ReadResult(
        file=file,
        format="csv",
        encoding=encoding,
        readings=tuple(
            Reading(Observation(*row[:6]), Place(file, "", *row[6:8]), row[8], None, row[9])
            for row in rows
        ),
        notes=reader.notes(),
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
            names = [shown(s.name) for s in sheets]
            raise SettingsError(
                f"“{name}”里没有名为“{shown(settings.sheet)}”的工作表。",
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
