"""The monthly cycle of a workspace: files, regions side by side, summary."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.errors import (
    BusyError,
    ForecastError,
    StorageError,
    as_forecast_error,
)
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.files import try_lock, write_atomically
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.cycle.inbox import take_in
from employment_forecast.experiments.cycle.index_file import write_index
from employment_forecast.experiments.cycle.journal import Journal, RegionResult, State
from employment_forecast.experiments.cycle.notify import notify
from employment_forecast.experiments.cycle.on_file import bulletins_on_file
from employment_forecast.experiments.cycle.records import cycle_folder, journal_folder, log_file
from employment_forecast.experiments.cycle.series import series_to_do, tasks_of
from employment_forecast.experiments.cycle.summary import STATES, Report, subject, text
from employment_forecast.experiments.cycle.worker import (
    Prepare,
    RegionTask,
    RegionTimeout,
    Worker,
    WorkerDied,
    Workers,
)
from employment_forecast.experiments.publication import outdate
from employment_forecast.experiments.site import SITE_FOLDER, write_overview

_BUSY = "另一个月度作业正在这个工作区运行。"


def inbox(session: Session) -> Path:
    """The watched folder."""
    given: str = session.settings["monthly.inbox"]
    return Path(given) if given else session.workspace.root / "inbox"


def run_cycle(
    session: Session,
    day: date,
    wanted: Sequence[str],
    prepare: Prepare,
    failed: Callable[[Session, RegionResult], None],
    log: logging.Logger,
    *,
    parents: Sequence[str] = (),
    indicators: Sequence[str] = (),
) -> Report:
    """Take in what arrived, carry every region through, and tell how it went.

    Parameters
    ----------
    session : Session
        The workspace.
    day : datetime.date
        Day of the cycle; nothing published later is looked at.
    wanted, parents, indicators : sequence of str
        As for `series_to_do`.
    prepare : callable
        Makes the function that does one region, in the worker process.
    failed : callable
        Called for a region that was not carried through, so that what it published before does
        not look new; where the store is broken, for every region that has published anything.
    log : logging.Logger
        Gets a line for every step.

    Returns
    -------
    Report

    Raises
    ------
    BusyError
        If another cycle runs in the workspace, or the store stays busy.
    StorageError
        If records cannot be written.
    """
    records = cycle_folder(session.workspace)
    with try_lock(records / "cycle.lock") as acquired:
        if not acquired:
            raise BusyError(_BUSY, "请等它结束；单独的 forecast run 可以照常使用。")
        log.info("月度作业开始：%s，工作区 %s", day, session.workspace.root)
        try:
            choose = partial(series_to_do, session, wanted, parents=parents, indicators=indicators)
            report = _carried_out(session, day, choose, prepare, failed, log)
        except Exception as error:
            if isinstance(error, StorageError) and not _store_answers(session):
                _say_all_failed(session, day, error.message, failed, log)
            _tell_broken_off(session, day, error, log)
            raise
        log.info("月度作业结束：%s", subject(report))
        return report


def _carried_out(
    session: Session,
    day: date,
    choose: Callable[[], list[tuple[Region, Indicator]]],
    prepare: Prepare,
    failed: Callable[[Session, RegionResult], None],
    log: logging.Logger,
) -> Report:
    minutes: int = session.settings["monthly.timeout_minutes"]
    root, jobs = session.workspace.root, session.settings.jobs
    entries = {}
    with Workers(root, prepare, 60.0 * minutes, jobs) as workers:
        arrivals = take_in(session, inbox(session), day)
        for arrival in arrivals:
            level = logging.WARNING if arrival.state == "returned" else logging.INFO
            log.log(level, "文件 %s：%s", arrival.file, arrival.message)
        journal = Journal(journal_folder(session.workspace))
        chosen = choose()  # what has just arrived counts
        named = {(region.code, indicator.code): (region, indicator) for region, indicator in chosen}

        def ask(worker: Worker, task: RegionTask) -> Iterator[RegionResult]:
            of = session.catalogue.indicator(task.indicator)
            keys = task.members or (task.region,)
            series = [session.catalogue.member(key, of) for key in keys]
            return _carry_through(worker, [(s.region, s.indicator) for s in series], task, minutes)

        for entry in workers.results(tasks_of(session, chosen, day), ask):
            written = _keep(session, journal, entry, failed, log)
            entries[entry.region, entry.indicator] = written
    if any(arrival.batch is not None for arrival in arrivals):
        outdate(session)  # of series that this cycle does not do
    short = None if session.cells is None else session.cells.shortage()
    notes = () if short is None else (f"{short.text}。{short.remedy}",)
    for note in notes:
        log.warning("%s", note)
    report = Report(day, tuple(arrivals), tuple(entries[k] for k in named), notes=notes)
    return _publish(session, report, log)


def _store_answers(session: Session) -> bool:
    try:
        session.store.series()
    except StorageError:
        return False
    return True


def _say_all_failed(
    session: Session,
    day: date,
    reason: str,
    failed: Callable[[Session, RegionResult], None],
    log: logging.Logger,
) -> None:
    """Let no lines look new where the store cannot say which series there are.

    A document that cannot be read is refused by its readers as it is.
    """
    for file in feed_files.current(session.workspace.thresholds):
        try:
            document = feed_files.read(file)
            if document is None or document["state"] == "failed":
                continue
            r = session.catalogue.region(document["region"]["code"])
            i = session.catalogue.indicator(document["indicator"])
            lost = RegionResult(r.code, r.name, i.code, i.name, day.isoformat(), "failed")
            failed(session, replace(lost, message=reason))
        except ForecastError as error:
            log.error("%s：%s", file.name, error)


def _tell_broken_off(session: Session, day: date, error: Exception, log: logging.Logger) -> None:
    """Whoever relies on the notification must hear of a cycle that has no summary."""
    said = str(as_forecast_error(error))
    log.error("月度作业中断：%s", said)
    title = f"【需处理】就业失业预测月度作业 {day}：中断"
    body = f"{title}\n\n{said}\n\n处理后重新运行 forecast monthly，已完成的地区不会重做。\n"
    for problem in notify(session.settings, title, body, log_file(session.workspace), trouble=True):
        log.error("%s", problem)


def _carry_through(
    worker: Worker, series: Sequence[tuple[Region, Indicator]], task: RegionTask, minutes: int
) -> Iterator[RegionResult]:
    """What became of the series of a task: those that ended, then those that no longer can."""
    day, why, ended = task.as_of.isoformat(), "", set[tuple[str, str]]()
    state: State = "failed"
    try:
        for result in worker.ask(task):
            ended.add((result.region, result.indicator))
            yield result
        return
    except RegionTimeout:
        state, why = "timeout", f"超过 {minutes * len(series)} 分钟未完成，已跳过。"
    except WorkerDied:
        why = "处理进程意外退出（可能内存不足或被系统终止）。"
    except ForecastError as error:
        why = str(error)
    for r, i in series:
        if (r.code, i.code) not in ended:
            yield RegionResult(r.code, r.name, i.code, i.name, day, state, message=why)


def _keep(
    session: Session,
    journal: Journal,
    entry: RegionResult,
    failed: Callable[[Session, RegionResult], None],
    log: logging.Logger,
) -> RegionResult:
    if entry.state in ("failed", "timeout"):
        log.error("%s：未完成。%s", entry.title, entry.message)
        try:
            failed(session, entry)
        except ForecastError as error:
            # The other regions must not wait for this one's file.
            log.error("%s", error)
            entry = replace(entry, message=f"{entry.message}{error}")
    else:
        log.info(
            "%s：%s%s",
            entry.title,
            STATES[entry.state],
            f"。{entry.message}" if entry.message else "",
        )
    if entry.state != "unchanged":
        journal.write(entry)
    return entry


def _publish(session: Session, report: Report, log: logging.Logger) -> Report:
    """Index page, summary file, notification; what fails here is part of the report."""
    problems = []
    try:
        write_index(session, report)
        # The summary tells of the months that this cycle did; the index pages have the others.
        first = min((e.data_month for e in report.entries if e.data_month), default=None)
        since = None if first is None else pd.Period(first, "M")
        report = replace(report, bulletins=bulletins_on_file(session, since))
    except ForecastError as error:
        problems.append(str(error))
    try:
        # By itself: a region that failed must not go on showing its old level.
        if (session.workspace.root / SITE_FOLDER).is_dir():
            write_overview(session, report.day)
    except ForecastError as error:
        problems.append(str(error))
    report = replace(report, unreached=tuple(problems))
    file = _summary_file(cycle_folder(session.workspace) / "summary", report)
    if report.news or not file.exists():
        write_atomically(file, text(report).encode("utf-8"))
    unsent = []
    if report.news or session.settings["notify.when"] == "always":
        unsent = notify(
            session.settings, subject(report), text(report), file, trouble=not report.complete
        )
    for problem in unsent:
        log.error("%s", problem)
    return replace(report, unreached=(*report.unreached, *unsent))


def _summary_file(folder: Path, report: Report) -> Path:
    """Where the summary goes: what an earlier cycle of the day reported is not lost."""
    file, number = folder / f"{report.day}.txt", 1
    while report.news and file.exists():
        number += 1
        file = folder / f"{report.day}（{number}）.txt"
    return file
