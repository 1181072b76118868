"""Registered models: a version for every run, and the aliases that say which one counts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import clock
from data.errors import NotFoundError
from experiments import state
from experiments.content import Series, champion, user, version_facts
from experiments.model_files import STATE, save_model
from experiments.runs import Run
from experiments.summary import summary
from experiments.tracking import Tracker
from forecasting.competition import Competition
from models.paths import SamplePaths

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
_FOLDER = "model"


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes
    ----------
    registered_name, version : str
        Together its identity.
    model : str
        Roster name of the model behind it.
    run_id : str
        Run that made it.
    source : str
        Where its files are.
    aliases : tuple of str
        Of `candidate`, `champion`, `previous`.
    created : int
        Milliseconds since 1970.
    tags : mapping
        Data month, fingerprint, scores and so on.
    """

    registered_name: str
    version: str
    model: str
    run_id: str
    source: str
    aliases: tuple[str, ...]
    created: int
    tags: Mapping[str, str]

    @property
    def demo(self) -> bool:
        """Made from demonstration data."""
        return self.tags.get("demo") == "true"

    @property
    def data_month(self) -> str:
        """Last known month, `YYYY-MM`."""
        return self.tags.get("data_month", "")


@dataclass(frozen=True)
class Promotion:
    """A change of champion.

    Attributes
    ----------
    champion : Version
        In force now.
    previous : str or None
        Version in force before; None if there was none, or it is the same.
    """

    champion: Version
    previous: str | None

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


def _version(found: ModelVersion, name: str) -> Version:
    aliases = [a for a in (CANDIDATE, CHAMPION, PREVIOUS) if a in (found.aliases or ())]
    return Version(
        registered_name=name,
        version=str(found.version),
        model=found.tags.get("model", ""),
        run_id=str(found.run_id or ""),
        source=str(found.source),
        aliases=tuple(aliases),
        created=int(found.creation_timestamp or 0),
        tags=dict(found.tags),
    )


def register(run: Run, series: Series, result: Competition) -> Version:
    """Make the run's choice a version with the alias `candidate`.

    The files are complete before the version exists, and the version before the alias points to
    it: a process killed on the way leaves no alias without a version and no version without files.

    Parameters
    ----------
    run : Run
        Keeps the files.
    series : Series
        Names.
    result : Competition
        Its chosen model's forecast is what the version serves.

    Returns
    -------
    Version

    Raises
    ------
    StorageError
        If MLflow or its storage fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / _FOLDER
        save_model(series, result, folder)
        run.log_files(folder, _FOLDER)
    name = series.registered_name
    facts = version_facts(series, result)

    def create(client: MlflowClient) -> ModelVersion:
        return client.create_model_version(
            name,
            source=f"{run.artifact_uri}/{_FOLDER}",
            run_id=run.id,
            tags=facts,
            description=f"{champion(result).label}\n\n{summary(result)}",
            await_creation_for=0,
        )

    _ensure_model(run.tracker, series)
    made = run.tracker.call("登记模型版本", create)
    run.tracker.call(
        "标记候选版本",
        lambda c: c.set_registered_model_alias(name, CANDIDATE, str(made.version)),
    )
    return find(run.tracker, series, str(made.version))


def _ensure_model(tracker: Tracker, series: Series) -> None:
    from mlflow.exceptions import MlflowException

    about = f"{series.title}预测模型。别名:candidate 候选、champion 现役、previous 前任。"

    def create(client: MlflowClient) -> None:
        try:
            client.create_registered_model(series.registered_name, series.tags, about)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    tracker.call("登记模型", create)


def find(tracker: Tracker, series: Series, version: str) -> Version:
    """One version by its number.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    name = series.registered_name
    try:
        found = tracker.call("查找模型版本", lambda c: c.get_model_version(name, version))
    except NotFoundError as error:
        raise NotFoundError(
            f"{series.title}({name})没有第 {version} 版。", "用 forecast ui 查看已有的版本。"
        ) from error
    return _version(found, name)


def holder_of(tracker: Tracker, series: Series, alias: str) -> Version | None:
    """The version an alias points to, None if there is none."""
    name = series.registered_name

    def look_up(client: MlflowClient) -> dict[str, Any]:
        return dict(client.get_registered_model(name).aliases or {})

    try:
        aliases = tracker.call("查找模型", look_up)
    except NotFoundError:
        return None
    return find(tracker, series, str(aliases[alias])) if alias in aliases else None


def champion_of(tracker: Tracker, series: Series) -> Version | None:
    """The version in force (现役), None before the first promotion."""
    return holder_of(tracker, series, CHAMPION)


def versions(tracker: Tracker, series: Series) -> list[Version]:
    """All versions, newest first."""
    name = series.registered_name

    def search(client: MlflowClient) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        token = None
        while True:
            page = client.search_model_versions(f"name = '{name}'", page_token=token)
            found += page
            token = page.token
            if not token:
                return found

    listed = [_version(v, name) for v in tracker.call("列出模型版本", search)]
    return sorted(listed, key=lambda v: -int(v.version))


def promote(
    tracker: Tracker, series: Series, version: str | None = None, why: str = ""
) -> Promotion:
    """Put a version in force.

    The alias `champion` is one row in MLflow's database and moves in one step; who, when and why
    are written to the version first, and `previous` is set before, so that a process killed
    in between changed nothing that counts, and doing it again completes it.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    version : str, optional
        The candidate by default.
    why : str
        Reason, kept with the version.

    Returns
    -------
    Promotion

    Raises
    ------
    NotFoundError
        If there is no such version, or no candidate yet.
    StorageError
        If MLflow fails.
    """
    chosen = holder_of(tracker, series, CANDIDATE) if version is None else None
    if version is not None:
        chosen = find(tracker, series, version)
    if chosen is None:
        raise NotFoundError(
            f"{series.title}还没有候选模型版本。",
            f"请先运行 forecast run --region {series.region.name}。",
        )
    name, number = series.registered_name, chosen.version
    before = champion_of(tracker, series)
    if before is not None and before.version == number:
        return Promotion(before, None)
    moment = clock.now().isoformat(timespec="seconds")
    log = {
        "promoted_at": moment,
        "promoted_by": user(),
        "promoted_why": why or "未说明",
        "promoted_over": before.version if before else "无",
    }

    def note(client: MlflowClient) -> None:
        for key, value in log.items():
            client.set_model_version_tag(name, number, key, value)

    def point(alias: str, to: str) -> None:
        tracker.call("移动别名", lambda c: c.set_registered_model_alias(name, alias, to))

    tracker.call("记录晋级", note)
    if before is not None:
        point(PREVIOUS, before.version)
    point(CHAMPION, number)
    return Promotion(find(tracker, series, number), before.version if before else None)


def rollback(tracker: Tracker, series: Series, why: str = "") -> Promotion:
    """Put the previous version back in force; the one it replaces becomes the previous.

    Raises
    ------
    NotFoundError
        If there is no previous version.
    """
    earlier = holder_of(tracker, series, PREVIOUS)
    if earlier is None:
        raise NotFoundError(f"{series.title}没有前任模型版本可以回退。", "请用 --version 指定版本。")
    return promote(tracker, series, earlier.version, why or "回退")


def stored_paths(tracker: Tracker, version: Version) -> SamplePaths:
    """Sample paths that a version keeps, the same that it serves.

    Raises
    ------
    StorageError
        If its files are missing or damaged.
    """

    def fetch(_: MlflowClient) -> Path:
        from mlflow.artifacts import download_artifacts

        where = f"{version.source}/{STATE}"
        return Path(download_artifacts(artifact_uri=where, tracking_uri=tracker.uri))

    return state.decode_paths(tracker.call("读取模型版本", fetch))
