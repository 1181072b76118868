"""Gather what the page of a series shows, from one state of store, champion and targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import pandas as pd

from employment_forecast.data.catalogue import Series, phrase
from employment_forecast.data.errors import DataError, ForecastError, NoThresholdsError
from employment_forecast.data.store import (
    VERDICT_NAMES,
    IssuedWarning,
    WarningOutcome,
    issued,
    outcomes,
    states,
)
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import current_states, file_name, folder
from employment_forecast.experiments.bulletins.record import (
    Question,
    day_record,
    latest_month,
)
from employment_forecast.experiments.bulletins.record import (
    leaderboard as run_leaderboard,
)
from employment_forecast.experiments.publication import feed_document
from employment_forecast.experiments.publication.champion import (
    ChampionAssessment,
    assess_champion,
)
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.assessment import BASES, difference_words
from employment_forecast.forecasting.bulletin.render.forms import FORMS
from employment_forecast.forecasting.bulletin.text.compose import compose
from employment_forecast.forecasting.documents.tables import likelihood
from employment_forecast.forecasting.site import RegionPage, Tile, hands_on

_FORMS = {"html": "网页", "docx": "文档", "pdf": "PDF", "ofd": "OFD", "md": "文本", "json": "依据"}
_SHOWN_BULLETINS = 24
_UNKNOWN = "—"


def _levels(feed: Mapping[str, Any] | None) -> tuple[str, str]:
    if feed is None:
        return "absent", "没有现役模型"
    if feed["level"] is None:
        return "absent", "没有可评估的控制数"
    return str(feed["level"]["code"]), str(feed["level"]["name"] or "无预警")


def _lines(series: Series, record: Mapping[str, Any], feed: Mapping[str, Any] | None) -> list[str]:
    """Newest figure, and what each cap has left and how likely it breaks."""
    row = record["series"].get(series.indicator.code)
    if row is None:
        return []
    unit = row["unit"]
    lines = [f"{row['latest_month']}：{phrase(row['latest'], series.indicator)}{unit}"]
    lines += [cap["breach_words"] for cap in ([] if feed is None else feed.get("ended", ()))]
    for cap in [] if feed is None else feed["caps"]:
        if cap.get("same_cap_as") and not cap["breach_words"]:
            chance = cap[BASES[cap["basis"]].probability]
            if chance is not None:
                words = BASES[cap["basis"]].words
                lines[-1] = f"{lines[-1]}；{words}突破概率{likelihood(chance)}"
            continue
        ahead = ("p_any_remaining", "p_average", "p_end")
        chance = next((cap[k] for k in ahead if cap[k] is not None), None)
        if cap["breach_words"]:
            words, event = cap["breach_words"], "今后再突破的概率"
        else:
            left = difference_words(cap["headroom"], unit, series.indicator.decimals)
            side = "余量" if cap["headroom"] >= 0 else "最新月高出"
            words, event = f"{cap['title']}，{side}{left}", "突破概率"
        lines.append(words if chance is None else f"{words}；{event}{likelihood(chance)}")
    return lines


def _level_before(
    level_name: str, feed: Mapping[str, Any] | None, warnings: Sequence[IssuedWarning]
) -> str:
    """The level last issued of an earlier month, where it is another one."""
    if feed is None or feed["level"] is None:
        return ""
    earlier = [w.level_name or "无预警" for w in warnings if str(w.month) < feed["data_month"]]
    return earlier[-1] if earlier and earlier[-1] != level_name else ""


def _changed(series: Series, record: Mapping[str, Any]) -> list[str]:
    """What is new in the figures since the month before, in words."""
    changes = []
    row = record["series"].get(series.indicator.code)
    compared = None if row is None else row.get("month_on_month")
    if compared and compared["reason"] is None and compared["change"] is not None:
        change = compared["change"]
        size = phrase(abs(change), series.indicator)
        unit = "个百分点" if row["unit"] == "%" else row["unit"]
        verb = "上升" if unit == "个百分点" else "增加"
        down = "下降" if unit == "个百分点" else "减少"
        changes.append(
            "与上月持平" if change == 0 else f"{verb if change > 0 else down}{size}{unit}"
        )
    return changes


def _warning_rows(
    warnings: Sequence[IssuedWarning], results: Mapping[int, Sequence[WarningOutcome]]
) -> list[dict[str, str]]:
    """Issued levels, newest first."""
    return [
        {
            "month": str(w.month),
            "level": w.level_name or "无预警",
            "issued_on": _UNKNOWN if w.issued_at is None else w.issued_at.date().isoformat(),
            "outcome": VERDICT_NAMES[results[w.id][-1].verdict] if w.id in results else "尚无结果",
        }
        for w in reversed(warnings)
    ]


def _share(text: str) -> str:
    return f"{float(text):.0%}" if text else _UNKNOWN


def _score(stored: str) -> str:
    """As the terminal prints it."""
    return f"{float(stored):.3f}" if stored else _UNKNOWN


def _leaderboard(rows: Sequence[Mapping[str, str]], champion: str) -> list[dict[str, str]]:
    return [
        {
            "label": row["label"] + ("（现役）" if row["model"] == champion else ""),
            "model": row["model"],
            "wis": _score(row["wis"]),
            "mase": _score(row["mase"]),
            "coverage80": _share(row["coverage80"]),
            "coverage95": _share(row["coverage95"]),
        }
        for row in rows
    ]


def _reliability(
    leaderboard: Sequence[Mapping[str, str]], champion: str, rows: Sequence[Mapping[str, str]]
) -> list[str]:
    """How intervals and warnings did, in plain words; nothing where nothing is known."""
    said = []
    own = next((r for r in leaderboard if r["model"] == champion), None)
    if own is not None and own["coverage80"] != _UNKNOWN:
        said.append(
            f"回测中，现役模型的80%区间盖住了{own['coverage80']}的实际数，95%区间盖住了"
            f"{own['coverage95']}（名义上应为80%和95%）。"
        )
    counted = Counter(r["outcome"] for r in rows if r["outcome"] != "尚无结果")
    if counted:
        listed = "、".join(f"{name}{n}次" for name, n in counted.items())
        said.append(f"已有结果的以往预警：{listed}。")
    return said


def _bulletins(session: Session, series: Series) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Bulletins on file, newest first, with addresses relative to a region's page."""
    editions = states(session.store, series.region.code, series.indicator.code, records=False)
    by_month: dict[Any, list[Any]] = {}
    for edition in editions:
        by_month.setdefault(edition.month, []).append(edition)
    rows = []
    for month in sorted(by_month, reverse=True)[:_SHOWN_BULLETINS]:
        for edition in current_states(by_month[month]):
            where = folder(session, edition)
            files = [
                (_FORMS.get(form, form), where / file_name(session, edition, form, by_month[month]))
                for form in FORMS
            ]
            issued_as = f"已签发（{edition.number}）" if edition.state == "issued" else "草稿"
            name = f"更正第{edition.correction}号，" if edition.correction else ""
            rows.append(
                (
                    f"{month}月报：{name}{issued_as}",
                    tuple((form, _address(session, f)) for form, f in files if f.is_file()),
                )
            )
    return rows


def _address(session: Session, file: Any) -> str:
    relative = file.relative_to(session.workspace.root).as_posix()
    return f"../../{quote(relative)}"


def _assessed_feed(
    session: Session, tracker: Tracker, series: Series, day: date
) -> tuple[ChampionAssessment | None, dict[str, Any] | None, Mapping[str, Any]]:
    month = latest_month(session.store, series.region, series.indicator, day)
    question = Question(series.region, series.indicator, month, day)
    try:
        now = assess_champion(session, tracker, series, day)
    except NoThresholdsError:
        return None, None, day_record(session, tracker, question, None)
    feed = feed_document(session, now)
    return now, feed, day_record(session, tracker, question, feed)


# The version in force as assessed on a day, the feed that tells of it, and the bulletin's record.
AssessedFeed = tuple[ChampionAssessment, dict[str, Any], Mapping[str, Any]]


def gather(
    session: Session,
    tracker: Tracker,
    series: Series,
    day: date,
    *,
    linked: bool = True,
    assessed: AssessedFeed | None = None,
) -> RegionPage:
    """Everything the page of a series shows, as known on a day.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    series : Series
        Region and indicator.
    day : datetime.date
        Nothing that became known later is looked at.
    linked : bool
        Whether the pages stand in the workspace, so that bulletins can be linked to.
    assessed : tuple, optional
        What was published of the day, if the caller has it already.

    Returns
    -------
    RegionPage

    Raises
    ------
    DataError
        If nothing of the region is known.
    StorageError
        If a store or MLflow fails.
    """
    region, indicator = series.region, series.indicator
    now, feed, record = assessed or _assessed_feed(session, tracker, series, day)
    demo = bool(record["demo"])
    warnings = [
        w for w in issued(session.store, region.code, indicator.code, day=day) if w.demo == demo
    ]
    results = outcomes(session.store, region.code, indicator.code, as_of=day)
    rows = _warning_rows(warnings, results)
    level, level_name = _levels(feed)
    whole = session.catalogue.parent(region, pd.Period(day, "M"))
    tile = Tile(
        code=series.code,
        title=series.title,
        whole="" if whole is None else whole.name,
        level=level,
        level_name=level_name,
        level_before=_level_before(level_name, feed, warnings),
        lines=tuple(_lines(series, record, feed)),
        changed=tuple(_changed(series, record)),
        demo=demo or (now is not None and now.demo),
    )
    leaderboard: list[dict[str, str]] = []
    interactive = None
    champion = ""
    if now is not None and feed is not None:
        champion = now.stored.version.model
        leaderboard = _leaderboard(run_leaderboard(tracker, now.stored.version), champion)
        interactive = hands_on(
            indicator, now.history, now.stored.paths, now.assessed.caps, feed,
            int(now.stored.facts["seed"]),
        )  # fmt: skip
    notes = []
    if feed is not None and feed["state"] in ("stale", "failed"):
        notes.append(
            f"预警线{'已过时' if feed['state'] == 'stale' else '更新失败'}："
            f"{feed['state_reason']}。"
        )
    return RegionPage(
        tile=tile,
        as_of=day.isoformat(),
        bulletin=compose(record),
        hands_on=interactive,
        warnings=tuple(rows),
        leaderboard=tuple(leaderboard),
        reliability=tuple(_reliability(leaderboard, champion, rows)),
        bulletins=tuple(_bulletins(session, series)) if linked else (),
        notes=tuple(notes),
    )


def gathered_or_reason(
    session: Session,
    tracker: Tracker,
    series: Series,
    day: date,
    *,
    linked: bool = True,
    assessed: AssessedFeed | None = None,
) -> RegionPage | str:
    """The page, or in one sentence why there is none; one region never stops the others."""
    try:
        return gather(session, tracker, series, day, linked=linked, assessed=assessed)
    except (DataError, ForecastError) as error:
        return f"{series.title}：{error.message}"
