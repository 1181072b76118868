"""One region in a cycle: forecast from new data, judge the models, publish, warn, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from employment_forecast.data.catalogue import Series, phrase
from employment_forecast.data.errors import ForecastError, NoThresholdsError, StorageError
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed import state_on
from employment_forecast.data.records import Vintages
from employment_forecast.data.store import overdue_month
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session, Workspace, load_settings
from employment_forecast.experiments.bulletins.drafts import make_bulletin, write_bulletin
from employment_forecast.experiments.bulletins.files import bulletin_lock, repair_files
from employment_forecast.experiments.bulletins.workbook import month_workbook, write_workbook
from employment_forecast.experiments.cycle.identity import identity, together
from employment_forecast.experiments.cycle.journal import Journal, RegionResult
from employment_forecast.experiments.cycle.records import journal_folder
from employment_forecast.experiments.cycle.worker import Job, RegionTask
from employment_forecast.experiments.promotion import PromotionResult, promote_if_passed
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
from employment_forecast.experiments.tracking import open_tracker, reopened
from employment_forecast.features.history import (
    History,
    ModelInputs,
    from_known,
    neighbours_identity,
    stored_inputs,
)
from employment_forecast.forecasting.competition import Competition, Options
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.documents.chart import fan_chart
from employment_forecast.models import roster


@dataclass(frozen=True)
class RegionInputs:
    """What a cycle knows of a region before it computes anything.

    Attributes
    ----------
    series : Series
        Region and indicator.
    vintages : Vintages
        The target with its publication days.
    around : ModelInputs
        Indicators beside it and the same indicator of other regions.
    targets : sequence of Target
        All there are.
    history : History
        Target and indicators as of the day.
    """

    series: Series
    vintages: Vintages
    around: ModelInputs
    targets: Sequence[Target]
    history: History


def region_job(root: Path) -> Job:
    """The function that does one region of a workspace; see `worker.Worker`."""
    workspace = Workspace(root)
    return partial(carry_through, Session(workspace, load_settings(workspace)))


def _matter(session: Session, order: RegionTask) -> RegionInputs:
    region = session.catalogue.region(order.region)
    indicator = session.catalogue.indicator(order.indicator)
    vintages = session.store.vintages(region.code, indicator.code)
    inputs = stored_inputs(session.store, session.catalogue, region, indicator, vintages)
    gaps: str = session.settings["history.gaps"]
    history = from_known(
        vintages.as_of(order.day), region, indicator, order.day, gaps, inputs.others
    )
    return RegionInputs(Series(region, indicator), vintages, inputs, session.targets(), history)


def carry_through(session: Session, order: RegionTask) -> RegionResult:
    """Do one region."""
    matter = _matter(session, order)
    series, history = matter.series, matter.history
    alone = identity(session, history, matter.targets)
    inputs = neighbours_identity(matter.around.neighbours, series.indicator, order.day)
    shared = together(alone, inputs)
    overdue = overdue_month(series.indicator, history.origin, order.day)
    late = None if overdue is None else str(overdue)
    last = Journal(journal_folder(session.workspace)).last_done(order.region, order.indicator)
    # A result that rested on other regions was kept with their figures, any other without.
    if last is not None and last.identity in (alone, shared):
        _renew_feed(session, series, order, last)
        settle_outcomes(session, order.day, order.region, order.indicator)
        with bulletin_lock(session, series):
            repair_files(session, series)
        return replace(last, day=order.day.isoformat(), state="unchanged", overdue=late, message="")
    result, settled, run_id = _forecast(session, matter, order)
    made = _report(session, series, order)
    indicator = series.indicator
    remarks = [settled.verdict.text] if not settled.verdict.passed else []
    if reason := made.pop("unassessed", ""):
        remarks.append(f"预警等级未评估：{reason}")
    in_force = None if settled.version is None else settled.version.model
    rests_on_others = roster.POOLED in (in_force, result.choice.model)
    return RegionResult(
        region=order.region,
        region_name=series.region.name,
        indicator=order.indicator,
        indicator_name=indicator.name,
        day=order.day.isoformat(),
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
        **made,
    )


def _forecast(
    session: Session, matter: RegionInputs, order: RegionTask
) -> tuple[Competition, PromotionResult, str]:
    """Let the models compete, register the choice and put in force what the gate lets through."""
    settings, series = session.settings, matter.series
    options = Options(
        models=roster.resolve(settings["run.models"]),
        horizon=settings["run.horizon"],
        origins=settings["run.origins"],
        n_paths=settings["run.paths"],
        seed=settings["run.seed"],
        jobs=settings.jobs,
        gaps=settings["history.gaps"],
    )
    uri = settings.tracking_uri(session.workspace)
    with recorded(uri, session.workspace, series.region, series.indicator) as run_:
        result = compete(
            series, matter.vintages, order.day, matter.targets, options,
            session.cells, None, matter.around,
        )  # fmt: skip
        run, before = run_.run, same_version(run_.run.tracker, series, result)
        if before is None:
            run_.register(result, fan_chart(result))
        else:
            # An earlier cycle of the day was killed after it had registered this very result.
            run.rename(f"沿用第 {before.version} 版")
            run = reopened(run.tracker, before.run_id)
        return result, promote_if_passed(run.tracker, series, result, run), run.id


def _report(session: Session, series: Series, order: RegionTask) -> dict[str, Any]:
    """Publish the feed, issue the level, write the bulletin."""
    with open_tracker(session.settings.tracking_uri(session.workspace), session.workspace) as to:
        told: dict[str, Any] = {}
        feed: dict[str, Any] | None = None
        try:
            now = assess_champion(session, to, series, order.day)
        except NoThresholdsError as error:
            mark_failed(session.workspace, series, error.message)
        else:
            issue_warnings(session, now)
            settle_outcomes(session, order.day, order.region, order.indicator)
            feed = feed_document(session, now)
            publish(session.workspace, feed)
            # Where nothing could be assessed the feed has no level: that is no clean bill.
            if feed["level"] is None:
                told = {"unassessed": feed["level_reason"]}
            else:
                told = {"level": now.decision.level, "level_name": now.decision.name}
        with bulletin_lock(session, series):
            made = make_bulletin(session, to, series, order.day, feed=feed)
            written = write_bulletin(session, made)
            table = None if feed is None else month_workbook(session, to, series, feed)
            if table is not None:
                write_workbook(session, made.edition, table)
    files = [file.relative_to(session.workspace.root).as_posix() for file in written]
    return {**told, "bulletin": tuple(files), "correction": made.correction}


def _renew_feed(session: Session, series: Series, order: RegionTask, last: RegionResult) -> None:
    """Let a feed whose time is over, or whose update failed before, say how things stand."""
    folder = session.workspace.thresholds
    try:
        document = feed_files.read(folder / feed_files.file_name(order.indicator, order.region))
    except StorageError:
        document = None
    # Without a version in force there is nothing to publish, today as on any other day; a promotion
    # publishes by itself.
    if (
        document is not None
        and state_on(document, order.day)[0] == document["state"]
        and (document["state"] != "failed" or last.version is None)
    ):
        return
    with open_tracker(session.settings.tracking_uri(session.workspace), session.workspace) as to:
        try:
            publish_feed(session, to, series, order.day)
        except NoThresholdsError as error:
            mark_failed(session.workspace, series, error.message)


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
