"""Registered models: a version for every run, and the aliases that say which one counts."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data import clock
from data.errors import NotFoundError
from experiments.content import user, version_description, version_tags
from experiments.model_files import save_model
from experiments.runs import Run
from experiments.series import Series
from experiments.tracking import Tracker
from experiments.versions import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    PROMOTION,
    Version,
    champion_of,
    find,
    holder_of,
)
from forecasting.competition import Competition

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

_FOLDER = "model"


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
    tags = version_tags(result)
    about = version_description(result)

    def create(client: MlflowClient) -> ModelVersion:
        return client.create_model_version(
            name,
            source=f"{run.artifact_uri}/{_FOLDER}",
            run_id=run.id,
            tags=tags,
            description=about,
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

    about = f"{series.title}预测模型。别名：candidate 候选、champion 现役、previous 前任。"

    def create(client: MlflowClient) -> None:
        try:
            client.create_registered_model(series.registered_name, series.tags, about)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    tracker.call("登记模型", create)


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
    now = clock.now()
    log = {
        "promoted_at": now.isoformat(timespec="seconds"),
        "promoted_by": user(),
        "promoted_why": why or "未说明",
        "promoted_over": before.version if before else "无",
        # A version can be promoted again; this tag keeps every occasion.
        f"{PROMOTION}{now:%Y%m%dT%H%M%S}": why or "未说明",
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
        raise NotFoundError(
            f"{series.title}没有前任模型版本可以回退。", "请用 --version 指定版本。"
        )
    return promote(tracker, series, earlier.version, why or "回退")
