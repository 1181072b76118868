"""One region in a cycle: forecast from new data, judge the models, publish, warn, report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue import Series, phrase
from employment_forecast.data.errors import (
    ForecastError,
    NoThresholdsError,
    StorageError,
    as_forecast_error,
)
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed import state_on
from employment_forecast.data.store import overdue_month
from employment_forecast.data.workspace import Session, Workspace, load_settings
from employment_forecast.experiments.bulletins.drafts import make_bulletin, write_bulletin
from employment_forecast.experiments.bulletins.files import bulletin_lock, repair_files
from employment_forecast.experiments.bulletins.record import Question, day_record, latest_month
from employment_forecast.experiments.bulletins.workbook import month_workbook, write_workbook
from employment_forecast.experiments.cluster import Cluster, cluster_of
from employment_forecast.experiments.cycle.identity import identity, joint_identity
from employment_forecast.experiments.cycle.journal import Journal, RegionResult
from employment_forecast.experiments.cycle.records import journal_folder
from employment_forecast.experiments.cycle.worker import CarryThrough, RegionTask
from employment_forecast.experiments.job import (
    ForecastJob,
    TreeJob,
    open_job,
    open_tree,
    run_options,
)
from employment_forecast.experiments.promotion import PromotionResult, instead, promote_if_passed
from employment_forecast.experiments.publication import (
    feed_document,
    issue_warnings,
    mark_failed,
    publish,
    publish_feed,
    settle_outcomes,
)
from employment_forecast.experiments.publication.champion import assess_champion
from employment_forecast.experiments.recording import recorded
from employment_forecast.experiments.registry import same_version
from employment_forecast.experiments.site import mark_page, renew_site, write_site
from employment_forecast.experiments.tracking import Tracker, open_tracker, reopened
from employment_forecast.features.history import History, neighbours_identity
from employment_forecast.forecasting.competition import (
    Competition,
    TreeResult,
    current_shift,
    unmoved,
)
from employment_forecast.models import roster


def region_job(root: Path) -> CarryThrough:
    """The function that does one region of a workspace; see `worker.Worker`."""
    workspace = Workspace(root)
    session = Session(workspace, load_settings(workspace), steady=True)
    return partial(_carried, session, cluster_of(session.settings, workspace))


def _carried(session: Session, cluster: Cluster | None, task: RegionTask) -> Iterator[RegionResult]:
    with session.store.steady():
        if task.members:
            yield from carry_tree(session, cluster, task)
        else:
            yield carry_through(session, cluster, task)


class _Together:
    """A tree that is forecast once, when the first of its members needs it."""

    def __init__(self, session: Session, tree: TreeJob) -> None:
        self.session, self.tree = session, tree
        # What any member rests on, all of them do.
        self.identity = hashlib.sha256(
            "|".join(_rests_on(session, job) for job in tree.jobs.values()).encode()
        ).hexdigest()

    @property
    def result(self) -> TreeResult:
        """Competitions of the members, reconciled as they will come into force."""
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    @cached_property
    def _outcome(self) -> TreeResult | Exception:
        uri = self.session.settings.tracking_uri(self.session.workspace)
        try:
            with open_tracker(uri, self.session.workspace, steady=True) as to:
                return self.tree.compete(instead=lambda result: instead(to, result.series, result))
        except Exception as error:  # noqa: BLE001  # raised to every member, not met again by each
            return error


def _rests_on(session: Session, job: ForecastJob) -> str:
    try:
        alone = identity(session, job.history(), job.targets)
    except ForecastError as error:
        return error.message
    near = neighbours_identity(job.inputs.neighbours, job.series.indicator, job.as_of)
    return joint_identity(alone, near)


def carry_tree(
    session: Session, cluster: Cluster | None, task: RegionTask
) -> Iterator[RegionResult]:
    """Do a region with its parts: forecast all, make them add up, then publish one by one."""
    series = _series(session, task)
    options = run_options(session.settings, jobs=task.jobs)
    groups = any(
        session.catalogue.member(key, series.indicator).indicator.group != series.indicator.group
        for key in task.members
    )
    tree = open_tree(session, series, task.as_of, options, groups=groups, elsewhere=cluster)
    together = _Together(session, tree)
    for key in task.members:
        part = session.catalogue.member(key, series.indicator)
        own = replace(task, region=part.region.code, indicator=part.indicator.code, members=())
        try:
            result = carry_through(session, cluster, own, together, key)
        except Exception as error:  # noqa: BLE001  # one member's fault must not end the others
            result = RegionResult(
                part.region.code, part.region.name, part.indicator.code, part.indicator.name,
                task.as_of.isoformat(), "failed", message=str(as_forecast_error(error)),
            )  # fmt: skip
        yield result


def _series(session: Session, task: RegionTask) -> Series:
    catalogue = session.catalogue
    return Series(catalogue.region(task.region), catalogue.indicator(task.indicator))


def _opened(session: Session, task: RegionTask, cluster: Cluster | None) -> ForecastJob:
    series = _series(session, task)
    options = run_options(session.settings, jobs=task.jobs)
    return open_job(session, series, task.as_of, options, elsewhere=cluster)


def carry_through(
    session: Session,
    cluster: Cluster | None,
    task: RegionTask,
    together: _Together | None = None,
    key: str = "",
) -> RegionResult:
    """Do one region, alone or as a member of a tree."""
    known = None if together is None else together.tree.jobs[key]
    job = known or _opened(session, task, cluster)
    series, history = job.series, job.history()
    neighbours = neighbours_identity(job.inputs.neighbours, series.indicator, task.as_of)
    if together is None:
        alone = identity(session, history, job.targets)
        shared = joint_identity(alone, neighbours)
    else:
        alone = shared = together.identity
    overdue = overdue_month(series.indicator, history.origin, task.as_of)
    late = None if overdue is None else str(overdue)
    last = Journal(journal_folder(session.workspace)).last_done(task.region, task.indicator)
    # A result that rested on other regions was kept with their figures, any other without.
    same = last is not None and last.identity in (alone, shared)
    remark = ""
    if last is not None and not same and last.alone == alone and last.shift and not together:
        now = _shift(job, history)
        same = unmoved(last.shift, now, history)
        remark = "其他地区有新数据，本预测的变动不到千分之一，没有重做。" if same else ""
    if last is not None and same:
        _renew_feed(session, series, task, last)
        settle_outcomes(session, task.as_of, task.region, task.indicator)
        with bulletin_lock(session, series):
            repair_files(session, series)
        return replace(
            last, day=task.as_of.isoformat(), state="unchanged", overdue=late, message=remark
        )
    tree = None if together is None else together.result
    result, settled, run_id, tracker = _forecast(session, job, tree, key)
    made = _report(session, tracker, series, task)
    indicator = series.indicator
    remarks = [settled.verdict.text] if not settled.verdict.passed else []
    remarks += [] if cluster is None else cluster.take_notes()
    if together is not None and key == together.tree.root:
        remarks += together.result.notes
    if reason := made.pop("unassessed", ""):
        remarks.append(f"预警等级未评估：{reason}")
    in_force = None if settled.version is None else settled.version.model
    rests_on_others = roster.POOLED in (in_force, result.choice.model)
    shift = _shift(job, history) if rests_on_others else None
    return RegionResult(
        region=task.region,
        region_name=series.region.name,
        indicator=task.indicator,
        indicator_name=indicator.name,
        day=task.as_of.isoformat(),
        state="done",
        identity=shared if rests_on_others else alone,
        data_month=str(history.origin),
        latest=f"{phrase(float(history.values[-1]), indicator)}{indicator.unit}",
        overdue=late,
        demo=result.demo,
        run_id=run_id,
        version=None if settled.version is None else settled.version.version,
        model=in_force,
        action=settled.action,
        message="；".join(remarks),
        alone=alone,
        shift=() if shift is None else tuple(shift.tolist()),
        **made,
    )


def _shift(job: ForecastJob, history: History) -> npt.NDArray[np.float64] | None:
    """What other regions move the forecast of a job by, as far as it rests on them."""
    return current_shift(history, job.inputs.neighbours, job.series.indicator, job.options.horizon)


def _forecast(
    session: Session, job: ForecastJob, tree: TreeResult | None = None, key: str = ""
) -> tuple[Competition, PromotionResult, str, Tracker]:
    """Let the models compete, register the choice and put in force what the gate lets through."""
    series, uri = job.series, session.settings.tracking_uri(session.workspace)
    with recorded(uri, session.workspace, series) as recording:
        result = job.compete() if tree is None else tree.candidate(key)
        stand_in = tree.results[key] if tree is not None and key in tree.refused else None
        run = recording.run
        before = same_version(run.tracker, series, result, stand_in)
        if before is None:
            # The bulletin draws what comes into force.
            recording.register(result)
        else:
            # An earlier cycle of the day was killed after it had registered this very result.
            run.rename(f"沿用第 {before.version} 版")
            run = reopened(run.tracker, before.run_id)
        settled = promote_if_passed(run.tracker, series, result, run, stand_in)
        return result, settled, run.id, run.tracker


def _report(session: Session, tracker: Tracker, series: Series, task: RegionTask) -> dict[str, Any]:
    """Publish the feed, issue the level, write the bulletin."""
    assessed: dict[str, Any] = {}
    feed: dict[str, Any] | None = None
    record: dict[str, Any] | None = None
    feeds = {}
    try:
        now = assess_champion(session, tracker, series, task.as_of)
    except NoThresholdsError as error:
        mark_failed(session.workspace, series, error.message)
    else:
        issue_warnings(session, now)
        settle_outcomes(session, task.as_of, task.region, task.indicator)
        feed = feed_document(session, now)
        publish(session.workspace, feed)
        month = latest_month(session.store, series.region, series.indicator, task.as_of)
        question = Question(series.region, series.indicator, month, task.as_of)
        record = day_record(session, tracker, question, feed)
        feeds[series] = now, feed, record
        # Where nothing could be assessed the feed has no level: that is no clean bill.
        if feed["level"] is None:
            assessed = {"unassessed": feed["level_reason"]}
        else:
            assessed = {"level": now.decision.level, "level_name": now.decision.name}
    with bulletin_lock(session, series):
        made = make_bulletin(session, tracker, series, task.as_of, record=record)
        written = write_bulletin(session, made)
        table = month_workbook(session, tracker, series, feed)
        if table is not None:
            write_workbook(session, made.edition, table)
    write_site(session, tracker, task.as_of, only=[series], assessed=feeds, overview=False)
    files = [file.relative_to(session.workspace.root).as_posix() for file in written]
    return {**assessed, "bulletin": tuple(files), "correction": made.correction}


def _renew_feed(session: Session, series: Series, task: RegionTask, last: RegionResult) -> None:
    """Let a feed whose time is over, or whose update failed before, say how things stand."""
    folder = session.workspace.thresholds
    try:
        document = feed_files.read(folder / feed_files.file_name(task.indicator, task.region))
    except StorageError:
        document = None
    # Without a version in force there is nothing to publish, today as on any other day; a promotion
    # publishes by itself.
    if (
        document is not None
        and state_on(document, task.as_of)[0] == document["state"]
        and (document["state"] != "failed" or last.version is None)
    ):
        return
    with open_tracker(session.settings.tracking_uri(session.workspace), session.workspace) as to:
        try:
            publish_feed(session, to, series, task.as_of)
        except NoThresholdsError as error:
            mark_failed(session.workspace, series, error.message)
        renew_site(session, to, [series], overview=False)


def say_failed(session: Session, entry: RegionResult) -> None:
    """What was published before must not look new after a failure."""
    series = Series(
        session.catalogue.region(entry.region), session.catalogue.indicator(entry.indicator)
    )
    reason = entry.message or "月度作业未完成"
    try:
        mark_failed(session.workspace, series, reason)
    except ForecastError as error:
        raise StorageError(
            f"{series.title}的预警线无法标为失败：{error.message}", error.hint
        ) from error
    mark_page(session, series, reason)
