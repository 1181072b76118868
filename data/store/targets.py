"""Targets that a bureau enters: kept for ever, the latest announcement counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import insert, select

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.store.schema import targets as table
from employment_forecast.data.store.store import Store
from employment_forecast.data.targets import Target

_FIELDS = tuple(c.name for c in table.columns if c.name not in ("id", "recorded_at"))


def add_targets(store: Store, targets: Iterable[Target], catalogue: Catalogue) -> int:
    """Record targets, all or nothing.

    Parameters
    ----------
    store : Store
        Where to.
    targets : iterable of Target
        Real ones; the unit must be the indicator's.
    catalogue : Catalogue
        Knows the codes.

    Returns
    -------
    int
        Number recorded.

    Raises
    ------
    UnknownNameError
        For a region or indicator outside the catalogue.
    DataError
        For a unit other than the indicator's.
    """
    rows = []
    for target in targets:
        indicator = catalogue.indicator(target.indicator)
        region = catalogue.region(target.region)
        if target.unit != indicator.unit:
            raise DataError(
                f"{region.name}“{indicator.name}”{target.period} 目标的单位是“{target.unit}”，"
                f"该指标的单位是“{indicator.unit}”。",
                "请换算后重新登记。",
            )
        row = {name: getattr(target, name) for name in _FIELDS}
        rows.append({**row, "recorded_at": clock.now().replace(tzinfo=None)})
    if rows:
        with store.writing() as connection:
            connection.execute(insert(table), rows)
    return len(rows)


def stored_targets(store: Store) -> list[Target]:
    """Recorded targets in the order they were entered."""
    known = {f.name for f in fields(Target)}
    query = select(*(table.c[name] for name in _FIELDS if name in known)).order_by(table.c.id)
    with store.reading() as connection:
        return [Target(**dict(row)) for row in connection.execute(query).mappings()]
