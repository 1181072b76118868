"""Targets that a bureau enters: kept for ever, the latest announcement counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date

from sqlalchemy import insert, select, update

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError, NotFoundError
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
    columns = [table.c[name] for name in _FIELDS if name in known]
    query = select(table.c.id.label("number"), *columns).order_by(table.c.id)
    with store.reading() as connection:
        return [Target(**dict(row)) for row in connection.execute(query).mappings()]


def withdraw_target(store: Store, number: int, withdrawn_on: date, reason: str) -> Target:
    """Withdraw a recorded target from a day on; it stays on file with the reason.

    Parameters
    ----------
    store : Store
        Where it is.
    number : int
        Its number, see `Target.number`.
    withdrawn_on : datetime.date
        First day without it.
    reason : str
        Why.

    Returns
    -------
    Target
        As it is on file now.

    Raises
    ------
    NotFoundError
        If there is no target of that number.
    DataError
        If it was withdrawn before.
    """
    target = next((t for t in stored_targets(store) if t.number == number), None)
    if target is None:
        raise NotFoundError(
            f"没有编号为 {number} 的目标。", "编号见 forecast caps list；随程序附带的不能撤回。"
        )
    if target.withdrawn_on is not None:
        raise DataError(f"第 {number} 号目标已于 {target.withdrawn_on} 撤回。", "无需再次撤回。")
    with store.writing() as connection:
        connection.execute(
            update(table)
            .where(table.c.id == number)
            .values(withdrawn_on=withdrawn_on, withdrawn_reason=reason)
        )
    return replace(target, withdrawn_on=withdrawn_on, withdrawn_reason=reason)
