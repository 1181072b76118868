"""Bring office files into the store: read, check against what is known, write all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.imports.checks import Batch, run_checks
from employment_forecast.data.imports.revisions import new_firms, new_groups, new_part_months
from employment_forecast.data.readers import read_apart
from employment_forecast.data.records import (
    Finding,
    FirmMonth,
    Known,
    Observation,
    PartMonth,
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


Stored = dict[tuple[str, str], Known]
# Rows to store: observations and how many revise, groups, firm reports by file, part-month figures.
_Wanted = tuple[list[Observation], int, list[Reading], list[list[FirmMonth]], list[PartMonth]]


def _known(
    store: Store, catalogue: Catalogue, results: Sequence[ReadResult], today: date
) -> Stored:
    """Latest real values of every series the files touch, and of what is above and beside it.

    As brought in: a sum of parts is no figure that another one could revise.
    """
    wanted: dict[str, set[str]] = {}
    for row in (r.observation for f in results for r in f.readings):
        wanted.setdefault(row.indicator, set()).add(row.region)
    found: Stored = {}
    for indicator, regions in sorted(wanted.items()):
        related = regions
        if catalogue.indicator(indicator).aggregation == "sum":
            related = regions | catalogue.related(regions)
        for region, vintages in sorted(store.recorded(sorted(related), indicator).items()):
            now = vintages.as_of(today)
            if not now.demo and not now.values.empty:
                found[region, indicator] = now
    return found


def _dated(
    row: Observation, known: Stored, catalogue: Catalogue, today: date
) -> Observation | None:
    """The observation with its publication day; None if the value is stored already.

    An unknown day is left to be estimated, except where the estimate would hide the figure (it lies
    ahead) or put a revision before what it revises: then it became known today.
    """
    series = known.get((row.region, row.indicator))
    before = None if series is None else series.values.get(row.month)
    if before is not None and abs(float(before) - row.value) <= _SAME * max(1.0, abs(row.value)):
        return None
    if series is not None and before is not None and row.published_on is not None:
        days = dict(zip(series.values.index, series.published_on, strict=True))
        stored_on: date = days[row.month].astype(object)
        if row.published_on < stored_on:
            raise DataError(
                f"{row.month} 的修订写明 {row.published_on} 公布，"
                f"早于现有数值的发布日 {stored_on}，修订不会生效。",
                "请写修订公布之日；不写则按今天。",
            )
    if row.published_on is None:
        estimate = catalogue.indicator(row.indicator).usually_published(row.month)
        if before is not None or estimate > today:
            return replace(row, published_on=today)
    return row


def _split(
    readings: Sequence[Reading], known: Stored, catalogue: Catalogue, today: date
) -> tuple[list[Observation], int]:
    """Rows to store, and how many of them revise a known month."""
    rows: list[Observation] = []
    seen: set[tuple[str, str, pd.Period, date | None]] = set()
    revised = 0
    for reading in readings:
        row = _dated(reading.observation, known, catalogue, today)
        if row is None:
            continue
        # The same figure in two files of one command: the checks have made sure it is the same.
        key = (row.region, row.indicator, row.month, row.published_on)
        if key in seen:
            continue
        seen.add(key)
        series = known.get((row.region, row.indicator))
        revised += series is not None and row.month in series.values.index
        rows.append(row)
    return rows, revised


def read_files(
    catalogue: Catalogue, files: Sequence[Path], options: ImportOptions
) -> tuple[ReadResult, ...]:
    """Read office files; see `import_files`."""
    results = tuple(
        read_apart(
            file,
            catalogue,
            region=options.region,
            indicator=options.indicator,
            published_on=options.published_on,
            mapping=options.mapping,
        )
        for file in files
    )
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
        Monthly tables, firm panels, group series.
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
    readings = tuple(r for f in results for r in f.readings)
    groups = tuple(r for f in results for r in f.groups)
    firms = tuple(r for f in results for r in f.firms)
    parts = tuple(r for f in results for r in f.part_months)
    targets = (*stored_targets(store), *load_national_targets(), *as_targets(catalogue=catalogue))
    doubts = [f for r in results for f in r.warnings]

    def check(known: dict[tuple[str, str], pd.Series[float]]) -> None:
        batch = Batch(readings, catalogue, today, groups, firms, known, options.revise, targets)
        findings = [f for c in run_checks(batch) for f in c.findings]
        wrong = tuple(f for f in findings if f.severity == "error")
        refused = refusal("、".join(r.file for r in results), wrong, tuple(doubts))
        if refused is not None:
            raise refused
        doubts.extend(f for f in findings if f.severity == "warning")

    notes = tuple(f"“{r.file}”:{n}" for r in results for n in r.notes)

    def wanted() -> _Wanted:
        known = _known(store, catalogue, results, today)
        check({key: series.values for key, series in known.items()})
        rows, revised = _split(readings, known, catalogue, today)
        check_observations(rows, catalogue)
        people = new_groups(store, groups, catalogue, today, options.revise)
        reports = [
            new_firms(store, r.firms, catalogue, today, options.revise, options.region)
            for r in results
        ]
        return (
            rows,
            revised,
            people,
            reports,
            new_part_months(store, parts, catalogue, today, options.revise),
        )

    number = None
    if options.dry_run:
        rows, revised, people, reports, partial = wanted()
    else:
        with store.writing() as connection:
            # Read inside the writing transaction: nobody can change what the checks rest on.
            rows, revised, people, reports, partial = wanted()
            if rows or people or any(reports) or partial:
                number = open_batch(connection, kind="import", command=command)
                add_observations(connection, number, rows, catalogue)
                sample_store.add_groups(connection, number, people, catalogue)
                add_part_months(connection, number, partial, catalogue)
                for result, new in zip(results, reports, strict=True):
                    sample_store.add_firms(
                        connection, number, new, catalogue, source=result.file,
                        published_on=options.published_on, region=options.region,
                    )  # fmt: skip
    return ImportReport(
        batch=number,
        added=len(rows) - revised,
        revised=revised,
        unchanged=len(readings) - len(rows),
        firms=sum(map(len, reports)),
        groups=len(people),
        part_months=len(partial),
        warnings=tuple(dict.fromkeys(doubts)),
        notes=notes,
        files=tuple(results),
    )
