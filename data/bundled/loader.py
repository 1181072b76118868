"""The data sets that ship with the program, and how they get into the store."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from importlib import resources
from io import StringIO
from typing import overload

import pandas as pd
from sqlalchemy import Connection

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.records import FirmMonth, Observation, Place, Reading
from employment_forecast.data.store import Store
from employment_forecast.data.store import samples as sample_store

COLUMNS = ("region", "indicator", "month", "value", "published_on", "source")


@dataclass(frozen=True)
class DataSet:
    """A shipped file.

    Attributes
    ----------
    name : str
        Name of the data set in the store's record of batches.
    package, file : str
        Where it ships.
    demo : bool
        True for demonstration data (演示数据).
    """

    name: str
    package: str
    file: str
    demo: bool

    @property
    def content(self) -> bytes:
        """The file as shipped."""
        return resources.files(self.package).joinpath(self.file).read_bytes()


NATIONAL = DataSet(
    "national", "employment_forecast.data.bundled", "national_monthly.csv", demo=False
)
DEMO = DataSet("demo", "employment_forecast.data.bundled.demo", "observations.csv", demo=True)
DATA_SETS = (NATIONAL, DEMO)
DEMO_GROUPS = DataSet(
    "demo_groups", "employment_forecast.data.bundled.demo", "groups.csv", demo=True
)
DEMO_FIRMS = DataSet("demo_firms", "employment_forecast.data.bundled.demo", "firms.csv", demo=True)


def parse_observations(text: str) -> list[Observation]:
    """Read the shipped long table."""
    months: dict[str, pd.Period] = {}
    rows = []
    for row in csv.DictReader(StringIO(text)):
        key = row["month"]
        if key not in months:
            months[key] = pd.Period(year=int(key[:4]), month=int(key[5:]), freq="M")
        day = row["published_on"]
        rows.append(
            Observation(
                region=row["region"],
                indicator=row["indicator"],
                month=months[key],
                value=float(row["value"]),
                published_on=date.fromisoformat(day) if day else None,
                source=row["source"],
            )
        )
    return rows


def _read(data_set: DataSet) -> list[Observation]:
    return parse_observations(data_set.content.decode("utf-8"))


def load_national() -> list[Observation]:
    """Real national monthly series, in the catalogue's units.

    Publication days are given where they are documented (the surveyed rates from 2022-12 to
    2023-11) and None elsewhere. Cumulative new jobs, published in 万人, are in 人.
    """
    return _read(NATIONAL)


def load_demo() -> list[Observation]:
    """Demonstration series of the five districts; see `data.bundled.demo.generator.__main__`."""
    return _read(DEMO)


def load_demo_groups() -> list[Reading]:
    """Demonstration series of groups of people; see `data.bundled.demo.generator.market`."""
    text = DEMO_GROUPS.content.decode("utf-8")
    people = [row["people"] for row in csv.DictReader(StringIO(text))]
    rows = zip(people, parse_observations(text), strict=True)
    return [
        Reading(row, Place(DEMO_GROUPS.file, "", line, 1), f"{row.value:g}", group)
        for line, (group, row) in enumerate(rows, start=2)
    ]


def load_demo_firms() -> list[FirmMonth]:
    """Demonstration panel of monitored firms; see `data.bundled.demo.generator.firms`."""
    return [_firm(row) for row in csv.DictReader(StringIO(DEMO_FIRMS.content.decode("utf-8")))]


def _firm(row: Mapping[str, str]) -> FirmMonth:
    year, month = map(int, row["month"].split("-"))
    return FirmMonth(
        firm=row["firm"],
        month=pd.Period(year=year, month=month, freq="M"),
        base=int(row["base"]),
        hires=int(row["hires"]),
        separations=int(row["separations"]),
        end=int(row["end"]),
        dispatched=int(row["dispatched"]),
        hidden=int(row["hidden"]),
        by_type=_parts(row["types"]),
        by_cause=_parts(row["causes"]),
        region=row["region"],
        industry=row["industry"],
        sector=row["sector"],
        ownership=row["ownership"],
        size=row["size"],
        street=row["street"],
        base_is="previous_month",
        published_on=date.fromisoformat(row["published_on"]),
        source=row["source"],
        places={},
    )


def _parts(text: str) -> dict[str, int]:
    pairs = (part.split(":") for part in text.split(";") if part)
    return {name: int(count) for name, count in pairs}


class _Deferred(Sequence[Observation]):
    """Rows that are read only if somebody looks: an up-to-date store never does."""

    def __init__(self, read: Callable[[], list[Observation]]) -> None:
        self._read = read

    @cached_property
    def _rows(self) -> list[Observation]:
        return self._read()

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Observation]: ...
    def __getitem__(self, index: int | slice) -> Observation | Sequence[Observation]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._rows)


def fingerprint(content: bytes, catalogue: Catalogue) -> str:
    """Hash of a shipped file and of the rules by which its publication days are estimated."""
    digest = hashlib.sha256(content)
    digest.update(repr(catalogue.indicators).encode())
    return digest.hexdigest()


def sync(store: Store, catalogue: Catalogue) -> bool:
    """Bring every shipped data set into the store, each in one transaction.

    Parameters
    ----------
    store : Store
        Where to.
    catalogue : Catalogue
        As for `Store.append`.

    Returns
    -------
    bool
        True if anything was written; a store that is up to date costs one query per data set.

    Raises
    ------
    StorageError
        If the database cannot be read or written.
    """
    written = [
        store.replace_bundled(
            each.name,
            _Deferred(partial(_read, each)),
            catalogue,
            demo=each.demo,
            fingerprint=fingerprint(each.content, catalogue),
        )
        for each in DATA_SETS
    ]

    def add_groups(connection: Connection, batch: int) -> None:
        sample_store.add_groups(connection, batch, load_demo_groups(), catalogue)

    def add_firms(connection: Connection, batch: int) -> None:
        rows = load_demo_firms()
        sample_store.add_firms(connection, batch, rows, catalogue, source=rows[0].source)

    written += [
        sample_store.replace_bundled_batch(
            store,
            each.name,
            add,
            demo=each.demo,
            fingerprint=fingerprint(each.content, catalogue),
        )
        for each, add in ((DEMO_GROUPS, add_groups), (DEMO_FIRMS, add_firms))
    ]
    return any(written)
