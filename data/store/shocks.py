"""Declared events in the store: kept for ever, with the days they were declared and withdrawn."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.clock import month_key
from employment_forecast.data.errors import NotFoundError, RefusedError
from employment_forecast.data.records import Shock
from employment_forecast.data.store.schema import shocks as table
from employment_forecast.data.store.shock_rows import FIELDS, shocks_of
from employment_forecast.data.store.store import Store


def declare(store: Store, shock: Shock, catalogue: Catalogue) -> Shock:
    """Record an event.

    Parameters
    ----------
    store : Store
        Where to.
    shock : Shock
        Not yet stored.
    catalogue : Catalogue
        Knows the codes.

    Returns
    -------
    Shock
        With its number.

    Raises
    ------
    UnknownNameError
        For a region or indicator outside the catalogue.
    RefusedError
        If the same event is already in force.
    """
    catalogue.region(shock.region)
    if shock.indicator:
        catalogue.indicator(shock.indicator)
    with store.writing() as connection:
        same = connection.scalar(
            select(table.c.id).where(
                table.c.region == shock.region,
                table.c.indicator == shock.indicator,
                table.c.month == month_key(shock.month),
                table.c.kind == shock.kind,
                table.c.months == shock.months,
                table.c.withdrawn_on.is_(None),
            )
        )
        if same is not None:
            raise RefusedError(
                f"同样的事件已经申报过（编号 {same}）。", "用 forecast shocks list 查看。"
            )
        row = {name: getattr(shock, name) for name in FIELDS}
        inserted = connection.execute(
            insert(table).values(
                **row,
                month=month_key(shock.month),
                recorded_at=clock.now().replace(tzinfo=None),
            )
        )
        number = inserted.inserted_primary_key[0] if inserted.inserted_primary_key else 0
    return _find(store, int(number))


def declared(store: Store, region: str | None = None) -> list[Shock]:
    """Every event on record, withdrawn ones too, in the order they were entered.

    Parameters
    ----------
    store : Store
        Where from.
    region : str, optional
        Only of this region.
    """
    with store.reading() as connection:
        return shocks_of(connection, region)


def _find(store: Store, number: int) -> Shock:
    numbered = [each for each in declared(store) if each.number == number]
    if not numbered:
        raise NotFoundError(f"没有编号为 {number} 的事件。", "用 forecast shocks list 查看编号。")
    return numbered[0]


def withdraw(store: Store, number: int) -> Shock:
    """Take an event back from today on; forecasts as of earlier days still see it.

    Parameters
    ----------
    store : Store
        Where.
    number : int
        From `declared`.

    Returns
    -------
    Shock
        As it is now.

    Raises
    ------
    NotFoundError
        If there is no such event in force.
    """
    with store.writing() as connection:
        updated = connection.execute(
            update(table)
            .where(table.c.id == number, table.c.withdrawn_on.is_(None))
            .values(withdrawn_on=clock.today())
        )
        if updated.rowcount == 0:
            raise NotFoundError(
                f"没有编号为 {number} 的有效事件。", "用 forecast shocks list 查看编号。"
            )
    return _find(store, number)
