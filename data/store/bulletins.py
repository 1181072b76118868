"""Bulletins in the store: drafts, what was issued byte for byte, and corrections.

Nothing is rewritten: a draft that changes is a further row, reviewing it and issuing it are further
rows, and what changes afterwards is a draft of a numbered correction (更正).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import RowMapping, insert, select

from employment_forecast.data import clock
from employment_forecast.data.errors import BusyError, RefusedError, StorageError
from employment_forecast.data.store.schema import bulletin_files, bulletins
from employment_forecast.data.store.store import Store

State = Literal["draft", "reviewed", "issued", "withdrawn"]
STATE_NAMES: Mapping[str, str] = {
    "draft": "草稿",
    "reviewed": "已审核",
    "issued": "已签发",
    "withdrawn": "更正撤回",
}
OPEN: tuple[State, ...] = ("draft", "reviewed")
# Rows of a moderate size, whatever the database makes of long texts.
_PIECE = 96_000


@dataclass(frozen=True)
class BulletinState:
    """One state of a bulletin.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    month : pandas.Period
        What it is about.
    state : {"draft", "reviewed", "issued", "withdrawn"}
        A draft that somebody has read is reviewed; issued ones are frozen; `withdrawn` ends a draft
        of a correction that is no longer needed, because the data are again those of what was
        issued.
    correction : int
        0 for the first bulletin of a month, n for 更正第n号.
    as_of : datetime.date
        Day of knowledge.
    record : mapping
        Everything it cites, JSON-able.
    fingerprint : str
        Of what it says, apart from days of knowledge.
    changes : sequence of mapping
        Facts that a correction changes: `id`, `source`, `before`, `after`, what people call them.
    number, addressee : str
        文号, 主送; empty until issued.
    signer : str
        Who took the step: 审核人 of a reviewed one, 签发人 of an issued one; empty in drafts.
    issued_on : datetime.date or None
        成文日期.
    demo : bool
        From demonstration data (演示数据).
    recorded_at : datetime.datetime or None
        None before it is stored.
    id : int
        Number in the store; 0 before.
    """

    region: str
    indicator: str
    month: pd.Period
    state: State
    correction: int
    as_of: date
    record: Mapping[str, Any]
    fingerprint: str
    demo: bool
    changes: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    number: str = ""
    addressee: str = ""
    signer: str = ""
    issued_on: date | None = None
    recorded_at: datetime | None = None
    id: int = 0


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def _values(state: BulletinState) -> dict[str, Any]:
    values = {k: v for k, v in vars(state).items() if k not in ("id", "recorded_at")}
    return {
        **values,
        "month": clock.month_key(state.month),
        "record": _json(state.record),
        "changes": _json(list(state.changes)),
    }


def brought_up_to_date(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the keys that later releases added, at the values they stand for when absent.

    An issued bulletin is held against what would be written now, so its record must be read by
    every later release. The bytes that were issued do not change.
    """
    for row in record.get("notes", {}).get("series", {}).values():
        row.setdefault("stale", None)
    return record


def _kept(row: RowMapping) -> BulletinState:
    return BulletinState(
        **{
            **row,
            "month": clock.key_month(row["month"]),
            "record": brought_up_to_date(json.loads(row.get("record", "{}"))),
            "changes": json.loads(row["changes"]),
        }
    )


def add(
    store: Store, state: BulletinState, after: BulletinState | None, files: Mapping[str, bytes]
) -> BulletinState:
    """Record a state of a bulletin.

    Parameters
    ----------
    store : Store
        Where to.
    state : BulletinState
        Not stored yet.
    after : BulletinState or None
        The latest state it follows, as the caller read it.
    files : mapping
        Bytes by format, for what is issued.

    Returns
    -------
    BulletinState
        With its number.

    Raises
    ------
    BusyError
        If another process recorded a state in between; nothing is stored.
    RefusedError
        If its number is that of another bulletin; nothing is stored.
    StorageError
        If the database cannot be written; nothing is stored.
    """
    moment = clock.now().replace(tzinfo=None, microsecond=0)
    with store.writing(series=False) as connection:
        newest = connection.scalar(
            select(bulletins.c.id)
            .where(*_of(state.region, state.indicator, state.month))
            .order_by(bulletins.c.id.desc())
            .limit(1)
        )
        if newest != (None if after is None else after.id):
            raise BusyError("另一进程刚刚改动了这份月报。", "请重新运行这条命令。")
        if state.number:
            taken = connection.scalar(
                select(bulletins.c.month).where(bulletins.c.number == state.number).limit(1)
            )
            if taken is not None:
                about = clock.key_month(int(taken))
                raise RefusedError(
                    f"文号“{state.number}”已经用于 {about.year} 年 {about.month} 月的月报。",
                    "请换一个文号。",
                )
        key = connection.execute(
            insert(bulletins).values(**_values(state), recorded_at=moment)
        ).inserted_primary_key
        assert key is not None
        rows = [
            {"bulletin_id": int(key[0]), "format": name, "sha256": sha, "part": i, "content": piece}
            for name, content in files.items()
            for sha in [hashlib.sha256(content).hexdigest()]
            for i, piece in enumerate(_pieces(content))
        ]
        if rows:
            connection.execute(insert(bulletin_files), rows)
    return replace(state, id=int(key[0]), recorded_at=moment)


def _pieces(content: bytes) -> list[str]:
    text = base64.b64encode(content).decode("ascii")
    return [text[i : i + _PIECE] for i in range(0, max(len(text), 1), _PIECE)]


def _of(region: str, indicator: str, month: pd.Period) -> list[Any]:
    table = bulletins.c
    return [
        table.region == region,
        table.indicator == indicator,
        table.month == clock.month_key(month),
    ]


def states(
    store: Store,
    region: str | None = None,
    indicator: str | None = None,
    month: pd.Period | None = None,
    *,
    since: pd.Period | None = None,
    records: bool = True,
) -> list[BulletinState]:
    """States of bulletins in the order they were recorded.

    Parameters
    ----------
    store : Store
        Where from.
    region, indicator : str, optional
        Catalogue codes; all by default.
    month : pandas.Period, optional
        Only of this month.
    since : pandas.Period, optional
        Only of this month and later ones.
    records : bool
        False leaves `record` empty: what a bulletin cites is a hundred times as large as how far it
        has come.

    Returns
    -------
    list of BulletinState
    """
    columns = [c for c in bulletins.c if records or c is not bulletins.c.record]
    query = select(*columns).order_by(bulletins.c.id)
    if region is not None:
        query = query.where(bulletins.c.region == region)
    if indicator is not None:
        query = query.where(bulletins.c.indicator == indicator)
    if month is not None:
        query = query.where(bulletins.c.month == clock.month_key(month))
    if since is not None:
        query = query.where(bulletins.c.month >= clock.month_key(since))
    with store.reading() as connection:
        return [_kept(row) for row in connection.execute(query).mappings()]


def issued_sums(store: Store, state: BulletinState) -> dict[str, str]:
    """SHA-256 of what was issued, by format; empty for what was not."""
    table = bulletin_files.c
    query = select(table.format, table.sha256).where(table.bulletin_id == state.id, table.part == 0)
    with store.reading() as connection:
        return {row.format: row.sha256 for row in connection.execute(query)}


def issued_files(store: Store, state: BulletinState) -> dict[str, bytes]:
    """The bytes that were issued, by format.

    Raises
    ------
    StorageError
        If they are not what was stored.
    """
    table = bulletin_files
    query = select(table).where(table.c.bulletin_id == state.id)
    pieces: dict[str, list[str]] = {}
    sums: dict[str, str] = {}
    with store.reading() as connection:
        for row in connection.execute(query.order_by(table.c.format, table.c.part)).mappings():
            pieces.setdefault(row["format"], []).append(row["content"])
            sums[row["format"]] = row["sha256"]
    contents = {name: base64.b64decode("".join(parts)) for name, parts in pieces.items()}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != sums[name]:
            raise StorageError(
                f"已签发的月报（编号 {state.id}，{name}）与存档校验和不符。",
                "请从备份恢复（forecast restore）。",
            )
    return contents
