"""Warnings that were issued: kept for ever, with the data and the model behind them.

Nothing of the past is rewritten: a level that changes is a further warning, and what came of a
warning is a row of its own. Where revised data change what came of it, the later row counts and
the earlier one stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, select, true

from employment_forecast.data import clock
from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.store.schema import issued_warnings, warning_outcomes
from employment_forecast.data.store.store import Store

Kind = Literal["level", "sample"]
Verdict = Literal["hit", "false_alarm", "miss", "correct_quiet", "not_scored"]

VERDICT_NAMES: Mapping[str, str] = {
    "hit": "命中",
    "false_alarm": "虚警",
    "miss": "漏报",
    "correct_quiet": "正确无警",
    "not_scored": "不计分",
}


@dataclass(frozen=True)
class IssuedWarning:
    """One warning as it was issued.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    month : pandas.Period
        Newest month of the data it rests on.
    as_of : datetime.date
        Day of knowledge.
    level, level_name : str
        Code (`none` for 无预警) and name of the level.
    evidence : mapping
        JSON-able: reasons, caps with their probabilities, steps. It must not hold the moment.
    registered_name, version, model : str
        The champion behind it; empty where no model was needed.
    fingerprint : str
        Hash of the data behind it.
    demo : bool
        From demonstration data (演示数据).
    kind : {"level", "sample"}
        A level of the indicator, or abnormal separations of monitored firms.
    issued_at : datetime.datetime or None
        Asia/Shanghai, without zone; None before it is stored.
    id : int
        Number in the store; 0 before.
    """

    region: str
    indicator: str
    month: pd.Period
    as_of: date
    level: str
    level_name: str
    evidence: Mapping[str, Any]
    registered_name: str
    version: str
    model: str
    fingerprint: str
    demo: bool
    kind: Kind = "level"
    issued_at: datetime | None = None
    id: int = 0

    @property
    def raised(self) -> bool:
        """Whether it is a warning at all, not a statement that there is none."""
        return self.level != "none"


@dataclass(frozen=True)
class WarningOutcome:
    """What came of a warning.

    Attributes
    ----------
    verdict : {"hit", "false_alarm", "miss", "correct_quiet", "not_scored"}
        As `forecasting.early_warning.evaluation.outcomes.judge` defines them.
    as_of : datetime.date
        Day of knowledge of the judgement.
    breach_month : pandas.Period or None
        First month above a cap after the warning.
    lead_months : int or None
        Months from the newest month of the warning's data to `breach_month`.
    lead_days : int or None
        Days from the warning's day of knowledge to the publication of `breach_month`.
    detail : mapping
        JSON-able: verdicts by cap.
    recorded_at : datetime.datetime or None
        None before it is stored.
    """

    verdict: Verdict
    as_of: date
    breach_month: pd.Period | None = None
    lead_months: int | None = None
    lead_days: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    recorded_at: datetime | None = None

    @property
    def substance(self) -> tuple[object, ...]:
        """What makes two outcomes different: not the days on which they were found."""
        return (self.verdict, self.breach_month, self.lead_months, self.lead_days)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _values(warning: IssuedWarning) -> dict[str, Any]:
    return {
        "kind": warning.kind,
        "region": warning.region,
        "indicator": warning.indicator,
        "month": clock.month_key(warning.month),
        "as_of": warning.as_of,
        "level": warning.level,
        "level_name": warning.level_name,
        "evidence": _json(warning.evidence),
        "registered_name": warning.registered_name,
        "version": warning.version,
        "model": warning.model,
        "fingerprint": warning.fingerprint,
        "demo": warning.demo,
    }


def _warning(row: RowMapping) -> IssuedWarning:
    month, evidence = clock.key_month(row["month"]), json.loads(row["evidence"])
    return IssuedWarning(**{**row, "month": month, "evidence": evidence})


def _latest(connection: Connection, warning: IssuedWarning) -> IssuedWarning | None:
    table = issued_warnings
    row = (
        connection.execute(
            select(table)
            .where(
                table.c.kind == warning.kind,
                table.c.region == warning.region,
                table.c.indicator == warning.indicator,
            )
            .order_by(table.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else _warning(row)


def issue(store: Store, warning: IssuedWarning) -> tuple[IssuedWarning, bool]:
    """Record a warning, unless the latest one of its series says the same of the same data.

    Parameters
    ----------
    store : Store
        Where to.
    warning : IssuedWarning
        Not stored yet.

    Returns
    -------
    IssuedWarning
        The stored warning, new or found.
    bool
        Whether it is new. The day of knowledge alone does not make a warning new.

    Raises
    ------
    StorageError
        If the database cannot be written; nothing is stored.
    """
    values = _values(warning)
    with store.writing(series=False) as connection:
        latest = _latest(connection, warning)
        if latest is not None and _values(replace(latest, as_of=warning.as_of)) == values:
            return latest, False
        moment = clock.now().replace(tzinfo=None, microsecond=0)
        key = connection.execute(
            insert(issued_warnings).values(**values, issued_at=moment)
        ).inserted_primary_key
        assert key is not None
        return replace(warning, issued_at=moment, id=int(key[0])), True


def issued(
    store: Store,
    region: str | None = None,
    indicator: str | None = None,
    *,
    kind: Kind | None = "level",
    day: date | None = None,
) -> list[IssuedWarning]:
    """Warnings in the order they were issued.

    Parameters
    ----------
    store : Store
        Where from.
    region, indicator : str, optional
        Catalogue codes; all by default.
    kind : {"level", "sample"} or None
        None for both kinds.
    day : datetime.date, optional
        Leave out what was issued after this day.

    Returns
    -------
    list of Issued
    """
    table = issued_warnings
    query = select(table).where(_about(region, indicator)).order_by(table.c.id)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    with store.reading() as connection:
        warnings = [_warning(row) for row in connection.execute(query).mappings()]
    return [w for w in warnings if day is None or (w.issued_at and w.issued_at.date() <= day)]


def _outcomes(
    connection: Connection, about: ColumnElement[bool]
) -> dict[int, list[WarningOutcome]]:
    """Outcomes of the warnings that a condition picks."""
    table = warning_outcomes
    query = (
        select(table)
        .join(issued_warnings, issued_warnings.c.id == table.c.warning_id)
        .where(about)
        .order_by(table.c.id)
    )
    by_warning: dict[int, list[WarningOutcome]] = {}
    for row in connection.execute(query).mappings():
        breach = row["breach_month"]
        by_warning.setdefault(row["warning_id"], []).append(
            WarningOutcome(
                verdict=row["outcome"],
                as_of=row["as_of"],
                breach_month=None if breach is None else clock.key_month(breach),
                lead_months=row["lead_months"],
                lead_days=row["lead_days"],
                detail=json.loads(row["detail"]),
                recorded_at=row["recorded_at"],
            )
        )
    return by_warning


def _about(region: str | None, indicator: str | None) -> ColumnElement[bool]:
    given = ((issued_warnings.c.region, region), (issued_warnings.c.indicator, indicator))
    return and_(true(), *(column == code for column, code in given if code is not None))


def outcomes(
    store: Store,
    region: str | None = None,
    indicator: str | None = None,
    *,
    as_of: date | None = None,
) -> dict[int, list[WarningOutcome]]:
    """Outcomes by number of warning, each list in the order of recording; the last one counts.

    Parameters
    ----------
    store : Store
        Where from.
    region, indicator : str, optional
        Catalogue codes; all by default.
    as_of : datetime.date, optional
        Leave out what was judged on later data.
    """
    with store.reading() as connection:
        by_warning = _outcomes(connection, _about(region, indicator))
    if as_of is not None:
        by_warning = {k: [o for o in rows if o.as_of <= as_of] for k, rows in by_warning.items()}
    return {k: rows for k, rows in by_warning.items() if rows}


def record_outcome(store: Store, warning: IssuedWarning, outcome: WarningOutcome) -> bool:
    """Record what came of a warning, unless the latest record says the same.

    Parameters
    ----------
    store : Store
        Where to.
    warning : IssuedWarning
        Stored before.
    outcome : WarningOutcome
        Its verdict.

    Returns
    -------
    bool
        Whether a row was added.

    Raises
    ------
    NotFoundError
        If the warning is not in the store.
    StorageError
        If the database cannot be written; nothing is stored.
    """
    with store.writing(series=False) as connection:
        known = connection.scalar(
            select(issued_warnings.c.id).where(issued_warnings.c.id == warning.id)
        )
        if known is None:
            raise NotFoundError(
                f"没有编号为 {warning.id} 的预警。", "可用 forecast warnings history 查看。"
            )
        before = _outcomes(connection, issued_warnings.c.id == warning.id).get(warning.id, [])
        if before and before[-1].substance == outcome.substance:
            return False
        breach = outcome.breach_month
        connection.execute(
            insert(warning_outcomes).values(
                warning_id=warning.id,
                recorded_at=clock.now().replace(tzinfo=None, microsecond=0),
                as_of=outcome.as_of,
                outcome=outcome.verdict,
                breach_month=None if breach is None else clock.month_key(breach),
                lead_months=outcome.lead_months,
                lead_days=outcome.lead_days,
                detail=_json(outcome.detail),
            )
        )
        return True
