"""Bring office files into the store: read, check against what is known, write all or nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from employment_forecast.data.catalogue import Catalogue, Indicator
from employment_forecast.data.errors import DataError
from employment_forecast.data.imports.checks import Batch, run_checks
from employment_forecast.data.imports.revisions import new_firms, new_groups, new_part_months
from employment_forecast.data.readers import is_large, read_apart, read_in_pieces
from employment_forecast.data.records import (
    Finding,
    Observation,
    Reading,
    ReadResult,
    check_observations,
    refusal,
)
from employment_forecast.data.store import (
    Store,
    add_observations,
    add_part_months,
    open_batch,
    stored_targets,
)
from employment_forecast.data.store import samples as sample_store
from employment_forecast.data.targets import load_national_targets
from employment_forecast.data.targets.plans import as_targets

_SAME = 1e-9
_MOST_DOUBTS = 5000  # of one command, so that a file of millions of rows cannot fill memory


@dataclass(frozen=True)
class ImportOptions:
    """What the user may say beside the files.

    Attributes
    ----------
    region, indicator : str or None
        Fill in where a file names none; where it names several, only this one is taken.
    published_on : datetime.date or None
        Day the figures became known, where no column says so.
    mapping : mapping or None
        Parsed `mapping.toml` of the bureau.
    revise : bool
        Take another value for a known month as a revision.
    dry_run : bool
        Check only.
    """

    region: str | None = None
    indicator: str | None = None
    published_on: date | None = None
    mapping: Mapping[str, Any] | None = None
    revise: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What a command brought in.

    Attributes
    ----------
    batch : int or None
        Batch number; None if nothing was written.
    added, revised, unchanged : int
        Observations for new months, other values for known months, and values already stored.
    firms, groups, part_months : int
        Rows of firm panels, of group series, and figures of a month in progress.
    warnings : tuple of Finding
        Doubts that did not stop the import.
    notes : tuple of str
        What was left out and why, by file.
    files : tuple of ReadResult
        As read.
    """

    batch: int | None
    added: int
    revised: int
    unchanged: int
    firms: int
    groups: int
    part_months: int
    warnings: tuple[Finding, ...]
    notes: tuple[str, ...]
    files: tuple[ReadResult, ...]

    @property
    def empty(self) -> bool:
        """True if there is nothing new to write."""
        return not (self.added or self.revised or self.firms or self.groups or self.part_months)


# Of a large file: some of its series, and the share of it that has been read.
Pieces = Iterator[tuple[ReadResult, float]]
# Of one series, by month ordinal: the newest real value, and the day on which it became known.
_Figures = dict[int, tuple[float, date]]


class _Stored(Mapping[tuple[str, str], dict[int, float]]):
    """Latest real values of the store by region and indicator, as the checks ask for them.

    As brought in: a sum of parts is no figure that another one could revise. Asked about a region
    that the files do not touch, it looks up all parts of the same whole at once.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        readings: Iterable[Reading],
        today: date,
        connection: Connection | None,
    ) -> None:
        self._store, self._catalogue = store, catalogue
        self._today, self._connection = today, connection
        self._figures: dict[tuple[str, str], _Figures] = {}
        self._values: dict[tuple[str, str], dict[int, float]] = {}
        self._indicators: dict[str, set[str]] = {}
        for row in (r.observation for r in readings):
            self._indicators.setdefault(row.indicator, set()).add(row.region)
        for indicator, regions in self._indicators.items():
            self._load(regions, indicator)

    def _load(self, regions: Iterable[str], indicator: str) -> None:
        wanted = sorted(code for code in regions if (code, indicator) not in self._figures)
        self._figures |= {(code, indicator): {} for code in wanted}
        stored = self._store.latest(wanted, indicator, self._today, self._connection)
        self._figures |= {(code, indicator): figures for code, figures in stored.items()}

    def figures(self, region: str, indicator: str) -> _Figures:
        """Values and their days by month ordinal; empty if there are none."""
        if indicator in self._indicators and (region, indicator) not in self._figures:
            above = [e.parent for e in self._catalogue.region(region).entries if e.parent]
            parts = (self._catalogue.children(self._catalogue.region(code)) for code in above)
            self._load({region, *(p.code for beside in parts for p in beside)}, indicator)
        return self._figures.get((region, indicator), {})

    def __getitem__(self, key: tuple[str, str]) -> dict[int, float]:
        if key not in self._values:
            self._values[key] = {m: value for m, (value, _) in self.figures(*key).items()}
        return self._values[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)


def _dated(
    row: Observation, before: tuple[float, date] | None, indicator: Indicator, today: date
) -> Observation | None:
    """The observation with its publication day; None if the value is stored already.

    An unknown day is left to be estimated, except where the estimate would hide the figure (it lies
    ahead) or put a revision before what it revises: then it became known today.
    """
    if before is not None:
        value, stored_on = before
        if abs(value - row.value) <= _SAME * max(1.0, abs(row.value)):
            return None
        if row.published_on is not None and row.published_on < stored_on:
            raise DataError(
                f"{row.month} 的修订写明 {row.published_on} 公布，"
                f"早于现有数值的发布日 {stored_on}，修订不会生效。",
                "请写修订公布之日；不写则按今天。",
            )
    if row.published_on is None:
        estimate = indicator.usually_published(row.month)
        if before is not None or estimate > today:
            return replace(row, published_on=today)
    return row


def _split(
    readings: Sequence[Reading], known: _Stored, catalogue: Catalogue, today: date
) -> tuple[list[Observation], int]:
    """Rows to store, and how many of them revise a known month."""
    rows: list[Observation] = []
    seen: set[tuple[str, str, int, date | None]] = set()
    revised = 0
    indicator_of = cache(catalogue.indicator)
    for reading in readings:
        given = reading.observation
        before = known.figures(given.region, given.indicator).get(given.month.ordinal)
        row = _dated(given, before, indicator_of(given.indicator), today)
        if row is None:
            continue
        # The same figure in two files of one command: the checks have made sure it is the same.
        key = (row.region, row.indicator, row.month.ordinal, row.published_on)
        if key in seen:
            continue
        seen.add(key)
        revised += before is not None
        rows.append(row)
    return rows, revised


def read_files(
    catalogue: Catalogue, files: Sequence[Path], options: ImportOptions
) -> tuple[ReadResult, ...]:
    """Read office files; see `import_files`."""
    results = tuple(read_apart(file, catalogue, **_said(options)) for file in files)
    for result in results:
        refused = result.refusal()
        if refused is not None:
            raise refused
    if not any(r.readings or r.groups or r.firms or r.part_months for r in results):
        names = "、".join(f"“{f.file}”" for f in results)
        raise DataError(
            f"{names}里没有认出任何可导入的数据。",
            "请核对列名（可用 forecast data template 生成模板），或用 --region、--indicator 说明。",
        )
    return results


def _said(options: ImportOptions) -> dict[str, Any]:
    return {
        "region": options.region,
        "indicator": options.indicator,
        "published_on": options.published_on,
        "mapping": options.mapping,
    }


@contextmanager
def large_file(
    catalogue: Catalogue, files: Sequence[Path], options: ImportOptions
) -> Iterator[Pieces | None]:
    """Pieces of a single large list, for `import_pieces`; None for what `read_files` reads."""
    if len(files) != 1 or not is_large(files[0]):
        yield None
        return
    with read_in_pieces(files[0], catalogue, **_said(options)) as pieces:
        yield pieces


def import_files(
    store: Store,
    catalogue: Catalogue,
    files: Sequence[Path],
    options: ImportOptions,
    *,
    today: date,
    command: str,
) -> ImportReport:
    """Import office files as one batch: all files or nothing.

    Parameters
    ----------
    store : Store
        Where to.
    catalogue : Catalogue
        Knows regions, indicators and their synonyms.
    files : sequence of pathlib.Path
        Monthly tables, firm panels, group series. A large list (one figure a line) that comes
        alone is read in bounded memory.
    options : ImportOptions
        What the user said.
    today : datetime.date
        Day of the import.
    command : str
        For the record.

    Returns
    -------
    ImportReport

    Raises
    ------
    RefusedError
        If a file holds lines about persons.
    DataError
        Naming file, sheet, row, column, value and remedy of everything that is wrong.
    """
    with large_file(catalogue, files, options) as pieces:
        if pieces is not None:
            return import_pieces(store, catalogue, pieces, options, today=today, command=command)
    results = read_files(catalogue, files, options)
    return import_results(store, catalogue, results, options, today=today, command=command)


def import_results(
    store: Store,
    catalogue: Catalogue,
    results: Sequence[ReadResult],
    options: ImportOptions,
    *,
    today: date,
    command: str,
) -> ImportReport:
    """Write what `read_files` has read, or only check it; see `import_files`."""
    work = _Import(store, catalogue, options, today, command)
    with _without_collector():
        if options.dry_run:
            work.take(results, None)
        else:
            # Read inside the writing transaction: nobody can change what the checks rest on.
            with store.writing() as connection:
                work.take(results, connection)
    return work.report(tuple(results))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Look for no circles among hundreds of thousands of rows, which have none."""
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


def import_pieces(
    store: Store,
    catalogue: Catalogue,
    pieces: Pieces,
    options: ImportOptions,
    *,
    today: date,
    command: str,
) -> ImportReport:
    """Write one large file piece by piece, all of it or nothing; see `import_files`.

    Each piece holds whole series and is checked against what the store and the earlier pieces
    hold. A trial writes as well, and takes everything back.
    """
    work = _Import(store, catalogue, options, today, command)
    with _without_collector(), store.writing() as connection:
        for piece, _ in pieces:
            refused = piece.refusal()
            if refused is not None:
                raise refused
            work.take((piece,), connection)
        transaction = connection.get_transaction()
        if options.dry_run and transaction is not None:
            transaction.rollback()
            work.batch = None
    return work.report(())


class _Import:
    """What one command brings in, counted while it is checked and written."""

    def __init__(
        self, store: Store, catalogue: Catalogue, options: ImportOptions, today: date, command: str
    ) -> None:
        self.store, self.catalogue, self.options = store, catalogue, options
        self.today, self.command = today, command
        self.batch: int | None = None
        self._targets = (
            *stored_targets(store),
            *load_national_targets(),
            *as_targets(catalogue=catalogue),
        )
        self._doubts: dict[Finding, None] = {}
        self._notes: dict[str, None] = {}
        self._added = self._revised = self._unchanged = 0
        self._firms = self._groups = self._part_months = 0

    def take(self, results: Sequence[ReadResult], connection: Connection | None) -> None:
        """Check what was read, and write it where there is a connection."""
        store, catalogue, today, revise = (
            self.store,
            self.catalogue,
            self.today,
            self.options.revise,
        )
        readings = tuple(r for f in results for r in f.readings)
        self._doubt(f for r in results for f in r.warnings)
        self._notes |= dict.fromkeys(f"“{r.file}”：{n}" for r in results for n in r.notes)
        known = _Stored(store, catalogue, readings, today, connection)
        self._check(results, readings, known)
        rows, revised = _split(readings, known, catalogue, today)
        check_observations(rows, catalogue)
        people = tuple(r for f in results for r in f.groups)
        groups = new_groups(store, people, catalogue, today, revise)
        reports = [
            new_firms(store, r.firms, catalogue, today, revise, self.options.region)
            for r in results
        ]
        parts = tuple(r for f in results for r in f.part_months)
        partial = new_part_months(store, parts, catalogue, today, revise)
        if connection is not None and (rows or groups or any(reports) or partial):
            if self.batch is None:
                self.batch = open_batch(connection, kind="import", command=self.command)
            add_observations(connection, self.batch, rows, catalogue)
            sample_store.add_groups(connection, self.batch, groups, catalogue)
            add_part_months(connection, self.batch, partial, catalogue)
            for result, new in zip(results, reports, strict=True):
                sample_store.add_firms(
                    connection, self.batch, new, catalogue, source=result.file,
                    published_on=self.options.published_on, region=self.options.region,
                )  # fmt: skip
        self._added += len(rows) - revised
        self._revised += revised
        self._unchanged += len(readings) - len(rows)
        self._firms += sum(map(len, reports))
        self._groups += len(groups)
        self._part_months += len(partial)

    def _check(
        self, results: Sequence[ReadResult], readings: tuple[Reading, ...], known: _Stored
    ) -> None:
        batch = Batch(
            readings,
            self.catalogue,
            self.today,
            tuple(r for f in results for r in f.groups),
            tuple(r for f in results for r in f.firms),
            known,
            self.options.revise,
            self._targets,
        )
        findings = [f for c in run_checks(batch) for f in c.findings]
        wrong = tuple(f for f in findings if f.severity == "error")
        refused = refusal("、".join(r.file for r in results), wrong, tuple(self._doubts))
        if refused is not None:
            raise refused
        self._doubt(f for f in findings if f.severity == "warning")

    def _doubt(self, findings: Iterable[Finding]) -> None:
        self._doubts |= dict.fromkeys(islice(findings, max(0, _MOST_DOUBTS - len(self._doubts))))

    def report(self, files: tuple[ReadResult, ...]) -> ImportReport:
        """The counts, and what is to be told."""
        return ImportReport(
            batch=self.batch,
            added=self._added,
            revised=self._revised,
            unchanged=self._unchanged,
            firms=self._firms,
            groups=self._groups,
            part_months=self._part_months,
            warnings=tuple(self._doubts),
            notes=tuple(self._notes),
            files=files,
        )
