"""The threshold feed of one series, from the champion version and from no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Indicator, Series, figure
from employment_forecast.data.errors import StorageError, UnknownNameError
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.publication.champion import ChampionAssessment, assess_champion
from employment_forecast.experiments.publication.publishing import mark_stale, publish
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.features.monthly import monthly_figures
from employment_forecast.features.register import RegisterFlows, register_flows
from employment_forecast.forecasting.assessment import (
    Assessment,
    Assessments,
    basis_of,
    cap_id,
    cap_words,
)
from employment_forecast.forecasting.documents import (
    caps_document,
    ended_document,
    joint_document,
    milestone_document,
    total_document,
)
from employment_forecast.forecasting.early_warning import (
    empty_feed,
    flow_line_rows,
    flow_lines,
    law_rows,
    line_rows,
    probability_rows,
    published_rows,
    sample_document,
    scheme_document,
    warning_level_document,
    warning_lines,
)

DEMO_REASON = "演示数据或演示控制数，不可据以决策"
_STOCK, _FLOWS = (
    "registered_unemployed",
    ("registered_inflow", "registered_reemployed", "registered_exited"),
)


def _state(now: ChampionAssessment) -> tuple[str, str]:
    if now.newest > now.history.origin:
        return "stale", f"已有 {now.newest} 的数据，现役模型只用到 {now.history.origin}"
    if now.newest < now.history.origin:
        return "stale", f"{now.newest} 以后的数据已撤回，现役模型尚未更新"
    if now.revised:
        return "stale", _revised([str(m) for m in now.revised])
    if now.events_changed:
        return "stale", "申报的事件有变化，现役模型尚未计入"
    if now.day > now.valid_until:
        return "stale", f"{now.history.origin + 1} 的数据逾期未到（有效期至 {now.valid_until}）"
    return ("demo", DEMO_REASON) if now.demo else ("current", "")


def _revised(months: Sequence[str]) -> str:
    listed = "、".join(months[:3])
    more = f" 等 {len(months)} 个月" if len(months) > 3 else " "
    return f"{listed}{more}的数据已修订，现役模型尚未更新"


def _flows(session: Session, now: ChampionAssessment) -> RegisterFlows | None:
    """Flows of the register as known on the day; None where there are none."""
    if now.series.indicator.code != _STOCK:
        return None
    months = now.history.months
    columns: list[pd.Series[float] | None] = []
    for code in _FLOWS:
        indicator = session.catalogue.indicator(code)
        known = session.store.vintages(now.history.region, code).as_of(now.day)
        if known.values.empty or known.demo != now.history.demo:
            columns.append(None)
            continue
        columns.append(monthly_figures(known, indicator)[0].values.reindex(months))
    if columns[0] is None and columns[1] is None:
        return None
    return register_flows(now.history.series.reindex(months), *columns)


def _flow_rows(session: Session, now: ChampionAssessment) -> list[dict[str, Any]]:
    flows = _flows(session, now)
    if flows is None:
        return []
    rows = []
    for target in now.caps:
        lines = warning_lines(
            now.stored.paths,
            now.history,
            target,
            now.scheme.cuts,
            leads=now.scheme.leads,
            applied=partial(now.applied, target),
        )
        rows += flow_line_rows(flow_lines(lines, now.history, flows), target, _FLOWS[0])
    return rows


def _counted(target: Target) -> dict[str, str | None]:
    """First and last month that break a cap by themselves; none of a cap on an average."""
    basis = basis_of(target)
    first, last = basis.first_counted(target), target.last_month
    return {
        "counted_from": str(first) if basis.by_month else None,
        "counted_to": str(last) if basis.by_month else None,
    }


def _assessed(assessed: Assessments, indicator: Indicator) -> dict[str, Any]:
    return {
        "caps": [
            {
                "id": cap_id(a.target),
                "title": cap_words(a.target),
                "event": basis_of(a.target).event,
                **_counted(a.target),
                "unassessed": a.reasons.get(basis_of(a.target).probability, ""),
                **row,
            }
            for a, row in zip(assessed.caps, caps_document(assessed.caps, indicator), strict=True)
        ],
        "floors": [total_document(a, indicator) for a in assessed.totals],
        "levels_assessed": [milestone_document(a, indicator) for a in assessed.levels],
        "joint": joint_document(assessed.joint),
    }


def _ended(items: Sequence[Assessment], indicator: Indicator) -> list[dict[str, Any]]:
    names = ("period", "value", "breach", "breach_words")
    return [
        {"id": cap_id(item.target), "title": cap_words(item.target), **{k: row[k] for k in names}}
        for item, row in zip(items, ended_document(items, indicator), strict=True)
    ]


def feed_document(session: Session, now: ChampionAssessment) -> dict[str, Any]:
    """The feed as a JSON-able document, without its checksum.

    Parameters
    ----------
    session : Session
        Settings and flows.
    now : ChampionAssessment
        From `assess_champion`.

    Returns
    -------
    dict
        As `data/feed/thresholds-1.schema.json` describes it.
    """
    history, stored, indicator = now.history, now.stored, now.series.indicator
    version = stored.version
    state, reason = _state(now)
    lines: list[dict[str, Any]] = []
    chances: list[dict[str, Any]] = []
    for target in now.caps:
        lines += line_rows(
            target, history, stored.paths, indicator, now.scheme, stored.tested_horizon, now.applied
        )
        chances += probability_rows(
            target, history, stored.paths, stored.tested_horizon, now.applied
        )
    decided = bool(now.assessed.caps) or bool(now.decision.reasons)
    following = str((history.origin + 1).year)
    return {
        **empty_feed(now.series, session.default_indicator(now.series.region).code),
        "state": state,
        "state_reason": reason,
        "demo": now.demo,
        "as_of": now.day.isoformat(),
        "created_at": clock.now().isoformat(timespec="seconds"),
        "valid_until": now.valid_until.isoformat(),
        "period": now.caps[0].period if now.caps else following,
        "data_month": str(history.origin),
        "latest": figure(float(history.values[-1]), indicator),
        "data_fingerprint": history.fingerprint,
        "pseudo_real_time": history.pseudo_real_time,
        "champion": {
            "registered_name": version.registered_name,
            "version": version.version,
            "model": version.model,
            "model_label": version.label,
        },
        **_assessed(now.assessed, indicator),
        "ended": _ended(now.ended, indicator),
        "scheme": scheme_document(now.scheme),
        "lines": lines,
        "flow_lines": _flow_rows(session, now),
        "level": warning_level_document(now.decision, now.scheme) if decided else None,
        "level_reason": "" if decided else "没有可评估的控制数",
        "probabilities": chances,
        "laws": law_rows(stored.paths, indicator, {row["month"] for row in lines}),
        "published": published_rows(history, indicator),
        "sample_warnings": sample_document(now.sample),
        "notes": [*history.notes, *now.stored.facts.get("nowcast", {}).get("notes", ())],
    }


def build_feed(
    session: Session, tracker: Tracker, series: Series, day: date, *, past: bool = False
) -> dict[str, Any]:
    """The feed of one series on a day; see `assess_champion` and `feed_document`."""
    return feed_document(session, assess_champion(session, tracker, series, day, past=past))


def publish_feed(
    session: Session, tracker: Tracker, series: Series, day: date
) -> Mapping[str, Any]:
    """Build the feed and make it the current one.

    Returns
    -------
    mapping
        The document.
    """
    document = build_feed(session, tracker, series, day)
    publish(session.workspace, document)
    return document


def republish(session: Session, tracker: Tracker, series: Series, day: date) -> bool:
    """Publish anew where something was published before: after a promotion or a roll-back.

    Returns
    -------
    bool
        Whether there was a document to follow.
    """
    folder = session.workspace.thresholds
    file = folder / feed_files.file_name(series.indicator.code, series.region.code)
    if not file.exists():
        return False
    publish_feed(session, tracker, series, day)
    return True


def outdate(
    session: Session, series: Iterable[tuple[str, str]] | None = None, why: str = ""
) -> None:
    """Mark published documents that what was brought in since has overtaken.

    Without a model: lines stay as they were published and are no longer given as current.

    Parameters
    ----------
    session : Session
        Store and workspace.
    series : iterable of (str, str), optional
        Region and indicator codes to look at; all that are published by default.
    why : str
        Chinese sentence; empty asks the figures on file.
    """
    folder = session.workspace.thresholds
    files = feed_files.current(folder)
    if series is not None:
        files = (folder / feed_files.file_name(what, where) for where, what in sorted(set(series)))
    for file in files:
        document, reason = None, ""
        # Of a series that the catalogue no longer has, nothing on file can overtake the lines.
        with suppress(StorageError, UnknownNameError):
            document = feed_files.read(file)
            reason = why or _overtaken(session, document) if document is not None else ""
        if document is not None and reason:
            mark_stale(session.workspace, document, reason)


def _overtaken(session: Session, document: Mapping[str, Any]) -> str:
    """What the figures on file say against a published document; empty if nothing."""
    indicator = session.catalogue.indicator(document["indicator"])
    known = session.store.vintages(document["region"]["code"], indicator.code).as_of(clock.today())
    figures = monthly_figures(known, indicator)[0].values.dropna()
    newest, month = str(figures.index[-1]) if len(figures) else "", document["data_month"]
    if month and newest > month:
        return f"已有 {newest} 的数据，现役模型只用到 {month}"
    if month and newest < month:
        return f"{newest} 以后的数据已撤回，现役模型尚未更新"
    by_month = {str(m): figure(float(v), indicator) for m, v in figures.items()}
    shown = {row["month"]: row["value"] for row in document.get("published", ())}
    moved = [m for m, value in shown.items() if by_month.get(m, value) != value]
    return _revised(moved) if moved else ""
