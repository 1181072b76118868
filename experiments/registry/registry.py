"""Registered models: a version for every run, and the aliases that say which one counts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.files import lock
from employment_forecast.data.workspace import load_settings
from employment_forecast.experiments.archive import (
    STATE,
    TRIAL_TAG,
    save_model,
    seal_of,
    version_description,
    version_tags,
)
from employment_forecast.experiments.registry.versions import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    PROMOTION,
    SEAL_TAG,
    Version,
    aliases_of,
    champion_of,
    find,
    held,
    holder_of,
    look_again,
    remembered,
    tell,
    version_of,
    versions,
)
from employment_forecast.experiments.tracking import Run, Tracker, user
from employment_forecast.forecasting.competition import Competition, rechosen
from employment_forecast.forecasting.early_warning import load_scheme

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

_FOLDER = "model"
_REFRESHED = "refresh"
# Holds the number of the version whose model was taken over.
REFRESH_TAG = "refresh_of"
_LONGEST_TAG = 5000


@dataclass(frozen=True)
class Promotion:
    """A change of champion.

    Attributes
    ----------
    champion : Version
        In force now.
    previous : str or None
        Version in force before; None if there was none, or it is the same.
    changed : bool
        False if it was in force already.
    """

    champion: Version
    previous: str | None
    changed: bool = True

    @property
    def registered_name(self) -> str:
        """Name of the registered model."""
        return self.champion.registered_name

    @property
    def version(self) -> str:
        """Version in force now."""
        return self.champion.version

    @property
    def model(self) -> str:
        """Roster name of the model in force now."""
        return self.champion.model

    @property
    def demo(self) -> bool:
        """Made from demonstration data."""
        return self.champion.demo


def register(
    run: Run, series: Series, folder: Path, tags: Mapping[str, str], about: str
) -> Version:
    """Make a saved model a version with the alias `candidate`; a trial gets none.

    The files are complete before the version exists, and the version before the alias points to
    it: a process killed on the way leaves no alias without a version and no version without files.
    """
    others = versions(run.tracker, series)
    if not others:
        _ensure_model(run.tracker, series)
    made = _create(run, series, folder, _FOLDER, tags, about)
    if TRIAL_TAG not in tags:
        name, number = made.registered_name, made.version
        run.tracker.call(
            "标记候选版本", lambda c: c.set_registered_model_alias(name, CANDIDATE, number)
        )
        others = [replace(v, aliases=tuple(a for a in v.aliases if a != CANDIDATE)) for v in others]
        made = replace(made, aliases=(CANDIDATE,))
    # The next one to decide on this very run need not ask for it; promoting looks again.
    tell(run.tracker, made.registered_name, [made, *others])
    return made


def same_version(
    tracker: Tracker, series: Series, result: Competition, stand_in: Competition | None = None
) -> Version | None:
    """The version that a run with the very same result registered before it was killed.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Names.
    result : Competition
        Same data, day, settings and program give the same tags to the last digit.
    stand_in : Competition, optional
        What is to come into force instead of it. A run that put another one in force is not the
        same: the other members of the tree have changed.

    Returns
    -------
    Version or None
        The newest such version.
    """
    wanted, registered = version_tags(result), versions(tracker, series)
    stands = {} if stand_in is None else version_tags(stand_in)
    others = {
        v.run_id
        for v in registered
        if REFRESH_TAG in v.tags and not stands.items() <= dict(v.tags).items()
    }
    for version in registered:
        same = wanted.items() <= dict(version.tags).items() and version.run_id not in others
        if REFRESH_TAG not in version.tags and same:
            return version
    return None


def refresh_reason(incumbent: Version) -> str:
    """Why a version's model is taken again, in Chinese."""
    return f"沿用现役第 {incumbent.version} 版的模型{incumbent.label}，更新数据。"


def refresh(
    run: Run, series: Series, result: Competition, incumbent: Version, candidate: Version
) -> Version:
    """Make a version of the incumbent's model on new data, from the competition that it lost."""
    if candidate.model == incumbent.model:
        return candidate
    again = result
    if result.choice.model != incumbent.model:
        again = rechosen(result, incumbent.model, refresh_reason(incumbent))
    tags = {**version_tags(again), REFRESH_TAG: incumbent.version}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / _REFRESHED
        scheme = load_scheme(load_settings(run.tracker.workspace))
        save_model(series, again, scheme, folder)
        return _create(run, series, folder, _REFRESHED, tags, version_description(again))


def _create(
    run: Run, series: Series, folder: Path, inside: str, tags: Mapping[str, str], about: str
) -> Version:
    """A new version, whose files go to a folder of the run."""
    run.log_files(folder, inside)
    sealed = {**tags, SEAL_TAG: seal_of(folder / STATE)}

    def create(client: MlflowClient) -> ModelVersion:
        return client.create_model_version(
            series.registered_name,
            source=f"{run.artifact_uri}/{inside}",
            run_id=run.id,
            tags=sealed,
            description=about,
            await_creation_for=0,
        )

    made = run.tracker.call("登记模型版本", create)
    return version_of(made, series.registered_name, {})


def _ensure_model(tracker: Tracker, series: Series) -> None:
    from mlflow.exceptions import MlflowException

    about = f"{series.title}预测模型。别名：candidate 候选、champion 现役、previous 前任。"

    def create(client: MlflowClient) -> None:
        try:
            client.create_registered_model(series.registered_name, series.tags, about)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    tracker.call("登记模型", create)


def no_candidate(series: Series) -> NotFoundError:
    """Error for a series that has no candidate yet."""
    return NotFoundError(
        f"{series.title}还没有候选模型版本。",
        f"请先运行 forecast run {series.options}。",
    )


def promote(
    tracker: Tracker,
    series: Series,
    version: str | None = None,
    why: str = "",
    *,
    keep_previous: bool = False,
) -> Promotion:
    """Put a version in force, without judging it.

    The alias `champion` is one row in MLflow's database and moves in one step; who, when and why
    are written to the version first, and `previous` is set before, so that a process killed
    in between changed nothing that counts, and doing it again completes it.
    """
    with deciding(tracker, series):
        if version is None:
            candidate = holder_of(tracker, series, CANDIDATE)
            if candidate is None:
                raise no_candidate(series)
            version = candidate.version
        return put_in_force(tracker, series, version, why, keep_previous=keep_previous)


@contextmanager
def deciding(tracker: Tracker, series: Series) -> Iterator[None]:
    """One decision about a series at a time on this machine, on what is in force by then.

    Whoever judges before promoting does both in one block, so that nobody else promotes in between.
    """
    with lock(tracker.home / "locks" / f"{series.registered_name}.lock"):
        look_again(tracker, series)
        yield


def put_in_force(
    tracker: Tracker,
    series: Series,
    number: str,
    why: str,
    *,
    keep_previous: bool = False,
    rolled_back: bool = False,
) -> Promotion:
    """As `promote`, within `deciding`: the version of a number, which a rollback takes back to.

    Raises
    ------
    NotFoundError
        If there is no such version.
    StorageError
        If MLflow fails.
    """
    name, known = series.registered_name, versions(tracker, series)
    chosen, before = find(tracker, series, number), held(known, CHAMPION)
    if before is not None and before.version == number:
        return Promotion(before, None, changed=False)
    now = clock.now()
    moment = now.isoformat(timespec="seconds")
    why = why or "未说明"
    log = {
        "promoted_at": moment,
        "promoted_by": user(),
        "promoted_why": why,
        "promoted_over": before.version if before else "无",
        # A version can be promoted again; this tag keeps every occasion.
        f"{PROMOTION}{now:%Y%m%dT%H%M%S}": why,
    }
    taken_back = {
        "rolled_back_at": moment,
        "rolled_back_by": user(),
        "rolled_back_why": why,
    }
    move = "首次晋级" if before is None else f"取代第 {before.version} 版"
    entry = f"第 {number} 版{move}：{why}（{user()}）"

    def note(client: MlflowClient) -> None:
        for key, value in log.items():
            client.set_model_version_tag(name, number, key, value)
        for key in taken_back.keys() & chosen.tags.keys():
            client.delete_model_version_tag(name, number, key)
        if before is not None and rolled_back:
            for key, value in taken_back.items():
                client.set_model_version_tag(name, before.version, key, value)
        client.set_registered_model_tag(name, f"log {moment[:19]}", entry)

    def point(alias: str, to: str) -> None:
        tracker.call("移动别名", lambda c: c.set_registered_model_alias(name, alias, to))

    moves = before is not None and not (keep_previous and held(known, PREVIOUS))
    tracker.call("记录晋级", note)
    if before is not None and moves:
        point(PREVIOUS, before.version)
    point(CHAMPION, number)
    holders = {alias: v.version for v in known for alias in v.aliases} | {CHAMPION: number}
    if before is not None and moves:
        holders[PREVIOUS] = before.version
    tags = {k: v for k, v in chosen.tags.items() if k not in taken_back} | log
    champion = replace(chosen, aliases=aliases_of(number, holders), tags=tags)
    others = [replace(v, aliases=aliases_of(v.version, holders)) for v in known]
    if not rolled_back:
        tell(tracker, name, others, champion)
    return Promotion(champion, before.version if before else None)


def rollback(tracker: Tracker, series: Series, why: str = "") -> Promotion:
    """Put the previous version back in force; the one it replaces becomes the previous.

    A promotion cut short may have left both aliases on one version; the version before it is then
    known from its own note.

    Raises
    ------
    NotFoundError
        If there is no previous version.
    """
    with deciding(tracker, series):
        earlier = holder_of(tracker, series, PREVIOUS)
        current = champion_of(tracker, series)
        if earlier is not None and current is not None and earlier.version == current.version:
            over = current.tags.get("promoted_over", "")
            earlier = find(tracker, series, over) if over.isdecimal() else None
        if earlier is None:
            raise NotFoundError(
                f"{series.title}没有前任模型版本可以回退。",
                "请用 forecast promote --version 指定版本。",
            )
        return put_in_force(tracker, series, earlier.version, why or "回退", rolled_back=True)


def annotate(
    tracker: Tracker,
    version: Version,
    *,
    tags: Mapping[str, str],
    run_tags: Mapping[str, str],
    files: Mapping[str, str],
    section: tuple[str, str],
) -> None:
    """Add to a version what was found out about it.

    Parameters
    ----------
    tracker : Tracker
        Where.
    version : Version
        Which.
    tags, run_tags : mapping
        Of the version and of its run; the longest that MLflow takes of each.
    files : mapping
        Text files of its run by name.
    section : tuple of str
        Heading and what follows; takes the place of an earlier section of that heading, which is
        the last of the description.
    """
    name, number = version.registered_name, version.version
    heading, text = section
    about = f"{version.description.partition(heading)[0].rstrip()}\n\n{heading}{text}"
    cut = {key: value[:_LONGEST_TAG] for key, value in tags.items()}

    def write(client: MlflowClient) -> None:
        for file, content in files.items():
            client.log_text(version.run_id, content, file)
        for key, value in run_tags.items():
            client.set_tag(version.run_id, key, value[:_LONGEST_TAG])
        for key, value in cut.items():
            client.set_model_version_tag(name, number, key, value)
        client.update_model_version(name, number, about)

    known = remembered(tracker, name)
    tracker.call("记录晋级检查", write)
    tell(tracker, name, known, replace(version, tags={**version.tags, **cut}, description=about))
