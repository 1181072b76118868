"""Gather what a bulletin may say: the store, the champion, the feed and past warnings as a record.

The record is plain JSON. A bulletin is a pure function of it, so that the record edition with an
issued bulletin can be read, compared and rendered again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Indicator, Region, Series
from employment_forecast.data.errors import DataError, StorageError
from employment_forecast.data.records import Vintages
from employment_forecast.data.store import (
    VERDICT_NAMES,
    Store,
    firm_panel,
    group_vintages,
    groups_of,
    issued,
    outcomes,
    separation_details,
)
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.registry import (
    StoredForecast,
    Version,
    champion_on,
    file_of_run,
    load_version,
)
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker, program_version
from employment_forecast.features.events import crosses
from employment_forecast.features.parts import parts_of
from employment_forecast.forecasting.assessment import broken_and_over
from employment_forecast.forecasting.bulletin.record import (
    RATIO,
    RecordContext,
    data_notes,
    failed_models,
    flows_record,
    group_outlook,
    is_stale,
    outlook_record,
    parts_record,
    people_record,
    progress_record,
    ratio_record,
    review_record,
    sample_record,
    series_record,
    warning_record,
)
from employment_forecast.forecasting.bulletin.text import record_key
from employment_forecast.forecasting.documents import cap_document, ended_document

SCHEMA = 1
SHOWN_MONTHS = 12
LINE_MONTHS = 6
SHOWN_WARNINGS = 12
GROUPED = "registered_unemployed"
_ORDER = (
    "registered_unemployed",
    "registered_unemployment_rate",
    "surveyed_unemployment_rate",
)


@dataclass(frozen=True)
class Question:
    """What a bulletin is about.

    Attributes
    ----------
    region : Region
        Where.
    indicator : Indicator
        What is forecast.
    month : pandas.Period
        Last month that is told.
    as_of : datetime.date
        Nothing that became known later is looked at.
    """

    region: Region
    indicator: Indicator
    month: pd.Period
    as_of: date

    @property
    def series(self) -> Series:
        """Names in MLflow."""
        return Series(self.region, self.indicator)


def is_demo(store: Store, question: Question) -> bool:
    """Whether what is forecast is demonstration data (演示数据): all of it is or none."""
    known = store.vintages(question.region.code, question.indicator.code).as_of(question.as_of)
    return known.demo


def latest_month(store: Store, region: Region, indicator: Indicator, as_of: date) -> pd.Period:
    """Newest published month of an indicator."""
    values = store.vintages(region.code, indicator.code).as_of(as_of).values
    if values.empty:
        raise DataError(
            f"截至 {as_of} 没有{region.name}“{indicator.name}”的数据，不能编制月报。",
            "请先用 forecast data import 导入数据。",
        )
    month: pd.Period = values.index[-1]
    return month


def usual_day(
    store: Store, question_region: Region, indicator: Indicator, month: pd.Period
) -> date | None:
    """Last day on which a month was the newest one: the eve of the next month's publication.

    Returns None if the next month has not been published.
    """
    following = store.vintages(question_region.code, indicator.code).first_published(month + 1)
    return None if following is None else (pd.Timestamp(following) - pd.Timedelta(days=1)).date()


def _all_series(store: Store, catalogue: Catalogue, question: Question) -> dict[str, Vintages]:
    """Every stored series of a region, main ones first.

    Demonstration series say nothing beside real ones, nor the reverse: they are left out.
    """
    region = question.region
    known = {i.code for i in catalogue.indicators}
    stored = [i for _, i, _ in store.series(region) if i in known]
    first = [c for c in _ORDER if c in stored]
    if question.indicator.code not in known:
        first.insert(0, question.indicator.code)
    vintages = {
        c: store.vintages(region.code, c) for c in [*first, *(s for s in stored if s not in first)]
    }
    demo = is_demo(store, question)
    return {c: v for c, v in vintages.items() if v.as_of(question.as_of).demo == demo}


def _chosen(tracker: Tracker, question: Question) -> tuple[Version | None, str]:
    """The version a bulletin rests on and what it is: champion, candidate, or why there is none."""
    champion = champion_on(tracker, question.series, question.as_of)
    month = str(question.month)
    if champion is not None and champion.data_month <= month:
        return champion, "champion"
    seen = [
        v
        for v in versions(tracker, question.series)
        if v.tags.get("as_of", "9999") <= question.as_of.isoformat()
    ]
    if not seen:
        return None, "none"
    fitting = [v for v in seen if v.data_month <= month]
    if not fitting:
        return None, "late"
    return max(fitting, key=lambda v: (v.data_month, bool(v.promotions), int(v.version))), (
        "candidate"
    )


def _identity(version: Version, status: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    coverage = version.tags.get("coverage80")
    return {
        "status": status,
        "model": version.model,
        "label": facts.get("model_label", version.model),
        "registered_name": version.registered_name,
        "version": version.version,
        "coverage80": None if coverage is None else float(coverage),
        "wis": version.tags.get("wis"),
        "evidence_origins": version.tags.get("evidence_origins"),
    }


def leaderboard(tracker: Tracker, version: Version) -> list[dict[str, str]]:
    """Leaderboard saved with the run of a version; empty where the run is gone."""
    if not version.run_id:
        return []
    try:
        text = file_of_run(tracker, version, "leaderboard.csv").read_text("utf-8-sig")
    except (StorageError, OSError):
        return []
    return list(csv.DictReader(io.StringIO(text)))


def _review(
    tracker: Tracker, question: Question, actual: float | None, demo: bool
) -> dict[str, Any] | None:
    """The forecast of the month from a version made a month before; the one in force if any."""
    breaks = question.indicator.breaks_in(question.region.code, demo)
    if actual is None or crosses(question.month, 1, breaks):
        return None
    before = str(question.month - 1)
    day = question.as_of.isoformat()
    made = [
        v
        for v in versions(tracker, question.series)
        if v.data_month == before and v.tags.get("as_of", "9999") <= day
    ]
    if not made:
        return None
    version = max(made, key=lambda v: (bool(v.promotions), int(v.version)))
    try:
        stored = load_version(tracker, version)
    except StorageError:
        return None  # its files were cleared away; the section says that nothing was saved
    if stored.history.demo != demo:
        return None
    status = "champion" if version.promotions else "candidate"
    identity = _identity(version, status, stored.facts)
    return review_record(stored.paths, question.indicator, identity, question.month, actual)


def _sample(store: Store, question: Question) -> dict[str, Any] | None:
    reports = firm_panel(store, question.region.code, question.as_of)
    reports = reports[reports["demo"] == is_demo(store, question)]
    if reports.empty:
        return None
    types = separation_details(reports, "type")
    causes = separation_details(reports, "cause")
    return sample_record(reports, types, causes, question.month)


def _people(
    store: Store,
    catalogue: Catalogue,
    tracker: Tracker,
    question: Question,
    context: RecordContext,
    targets: Sequence[Target],
) -> dict[str, Any]:
    whole = catalogue.indicator(GROUPED)
    code = question.region.code
    groups = {g: group_vintages(store, code, GROUPED, g) for g in groups_of(store, code, GROUPED)}
    demo = is_demo(store, question)
    groups = {g: v for g, v in groups.items() if v.as_of(question.as_of).demo == demo}
    everybody = store.vintages(code, GROUPED)
    rows = people_record(context, groups, everybody, whole, catalogue.groups)
    for group in groups:
        row = rows.get(record_key(group))
        pair = catalogue.group_of(f"{GROUPED}.{group}")
        if row is None or row["withheld"] or pair is None:
            continue
        asked = replace(question, indicator=catalogue.grouped(*pair))
        version, _ = _chosen(tracker, asked)
        stored = None if version is None else load_version(tracker, version)
        if stored is not None and stored.history.demo == demo:
            row["ahead"] = group_outlook(
                stored.paths, stored.assessed(targets, question.as_of).caps, asked.indicator
            )
    return rows


def _parts(
    store: Store, catalogue: Catalogue, question: Question, stored: StoredForecast | None
) -> dict[str, Any] | None:
    view = parts_of(catalogue, store.vintages, question.region, question.indicator, question.as_of)
    if view is None or view.month != question.month:
        return None
    source = f"观测库 {question.region.name}各下级“{question.indicator.name}”"
    ahead: list[dict[str, Any]] = []
    if stored is not None and stored.history.origin == question.month:
        ahead = stored.facts.get("coherence", {}).get("breadth", [])
    return parts_record(view, source, ahead)


def _past_warnings(store: Store, question: Question) -> dict[str, Any]:
    """The last level of each earlier month, with what came of it."""
    about = question.region.code, question.indicator.code
    warnings = issued(store, *about, day=question.as_of)
    results = outcomes(store, *about, as_of=question.as_of)
    demo = is_demo(store, question)
    latest = {str(w.month): w for w in warnings if w.month < question.month and w.demo == demo}
    rows: dict[str, Any] = {}
    for month in sorted(latest)[-SHOWN_WARNINGS:]:
        warning = latest[month]
        outcome = results[warning.id][-1] if warning.id in results else None
        rows[month] = {
            "month": month,
            "as_of": warning.as_of.isoformat(),
            "level_name": warning.level_name,
            "verdict": None if outcome is None else VERDICT_NAMES[outcome.verdict],
            "lead_months": None if outcome is None else outcome.lead_months,
            "source": f"预警发布记录第{warning.id}号",
        }
    return rows


def day_record(
    session: Session, tracker: Tracker, question: Question, feed: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`bulletin_record` of a workspace."""
    return bulletin_record(
        session.store,
        session.catalogue,
        tracker,
        question,
        session.targets(question.region.code),
        feed=feed,
        office=session.settings["bulletin.office"],
    )


def bulletin_record(
    store: Store,
    catalogue: Catalogue,
    tracker: Tracker,
    question: Question,
    targets: Sequence[Target],
    *,
    feed: Mapping[str, Any] | None,
    office: str,
) -> dict[str, Any]:
    """Everything a bulletin may cite."""
    region, month, as_of = question.region, question.month, question.as_of
    context = RecordContext(
        _all_series(store, catalogue, question),
        {i.code: i for i in (*catalogue.indicators, question.indicator)},
        region,
        month,
        as_of,
    )
    demo = is_demo(store, question)
    series = {
        code: row
        for code, vintages in context.vintages.items()
        if (row := series_record(context, vintages, context.indicators[code], targets))
        and not is_stale(pd.Period(row["latest_month"], freq="M"), month)
    }
    if series.get(RATIO, {}).get("value") is None:
        derived = ratio_record(context)
        series |= {} if derived is None else {RATIO: derived}
    if not series:
        raise DataError(
            f"截至 {as_of} 没有{region.name}的数据，不能编制月报。", "请先导入数据，或换一个月份。"
        )
    version, status = _chosen(tracker, question)
    stored = None if version is None else load_version(tracker, version)
    if stored is not None and stored.history.demo != demo:
        stored, version, status = None, None, "none"
    main = series.get(question.indicator.code)
    sample = _sample(store, question)
    people = _people(store, catalogue, tracker, question, context, targets)
    progress = progress_record(context, targets, demo=demo)
    outlook = {"status": status} if stored is None else _outlook(stored, question, status, targets)
    notes = {
        "series": data_notes(context),
        "failed": {} if version is None else failed_models(leaderboard(tracker, version)),
    }
    return {
        "schema": SCHEMA,
        "region": {"code": region.code, "name": region.name, "level": region.level},
        "indicator": question.indicator.code,
        "month": str(month),
        "as_of": as_of.isoformat(),
        "program": program_version(),
        "office": office,
        "demo": demo,
        "source": "月报编制",
        "series": series,
        "flows": flows_record(context),
        "people": people,
        "parts": _parts(store, catalogue, question, stored),
        "sample": sample,
        "progress": progress,
        "outlook": outlook,
        "warning": None
        if feed is None or feed["data_month"] > str(month) or (feed["demo"] and not demo)
        else warning_record(feed, question.indicator.decimals, LINE_MONTHS, region.name),
        "review": {
            "forecast": _review(tracker, question, None if main is None else main["value"], demo),
            "warnings": _past_warnings(store, question),
        },
        "notes": notes,
    }


def _outlook(
    stored: StoredForecast, question: Question, status: str, targets: Sequence[Target]
) -> dict[str, Any]:
    """A version's forecast against the caps known on the bulletin's day, not on the version's.

    The level in the same bulletin speaks of those caps; a cap added since must not be missing here.
    """
    identity = _identity(stored.version, status, stored.facts)
    assessed = stored.assessed(targets, question.as_of)
    caps = [cap_document(item, question.indicator) for item in assessed.caps]
    ended = broken_and_over(targets, stored.history, question.as_of)
    facts = {**stored.facts, "caps": caps, "ended": ended_document(ended, question.indicator)}
    return outlook_record(
        stored.paths, stored.history, question.indicator, facts, identity, SHOWN_MONTHS
    )
