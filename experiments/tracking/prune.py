"""Old versions and runs taken away, so that disks do not fill; what is referred to stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.tracking.names import PARENT_TAG
from employment_forecast.experiments.tracking.tracker import Tracker, pages

if TYPE_CHECKING:
    from mlflow.entities import Run as LoggedRun
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

PRUNED_TAG = "pruned"
Reference = tuple[str, str]


@dataclass(frozen=True)
class Pruned:
    """What was taken away, or would be.

    Attributes
    ----------
    versions : tuple of (str, str)
        Registered name and number.
    runs : int
        Runs, with those of the single models.
    bytes : int
        Size of their files on this machine.
    kept : int
        Versions that stay.
    """

    versions: tuple[Reference, ...]
    runs: int
    bytes: int
    kept: int


def published(workspace: Workspace) -> set[Reference]:
    """Versions that published thresholds refer to, past ones included."""
    references: set[Reference] = set()
    for file in (workspace.root / "thresholds").rglob("*.json"):
        try:
            champion = json.loads(file.read_text("utf-8"))["champion"]
            references.add((str(champion["registered_name"]), str(champion["version"])))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return references


def prune(
    tracker: Tracker,
    workspace: Workspace,
    keep: int,
    referred: Collection[Reference] = (),
    dry_run: bool = False,
    *,
    before: datetime | None = None,
    regions: Collection[str] | None = None,
) -> Pruned:
    """Take away versions beyond the newest ones, and runs that no version needs.

    A version stays while an alias, a published threshold or `referred` names it; a run stays while
    a version of its own does, while it is running, or among the newest of its series. Versions go
    before their runs, so that a process killed on the way leaves no version without files; doing
    it again completes it.

    Parameters
    ----------
    tracker : Tracker
        Where.
    workspace : Workspace
        Holds the published thresholds.
    keep : int
        Newest versions of each series, and newest runs, that stay in any case.
    referred : collection of (str, str)
        Further versions that stay: registered name and number.
    dry_run : bool
        Only say what would go.
    before : datetime.datetime, optional
        Only what was recorded before this moment goes.
    regions : collection of str, optional
        Codes; what belongs to other regions stays.

    Returns
    -------
    Pruned

    Raises
    ------
    StorageError
        If MLflow fails.
    """
    named = {*published(workspace), *referred}
    limit = _Limit(keep, None if before is None else before.timestamp() * 1000, regions)
    gone: list[Reference] = []
    needed: set[str] = set()
    total = 0
    for model in tracker.call("列出模型", _models):
        # A registered name ends in the region's code.
        if not limit.covers(model.name.rpartition(".")[2]):
            continue
        aliased = {str(number) for number in dict(model.aliases or {}).values()}
        known = tracker.call("列出模型版本", partial(_versions, model.name))
        for rank, version in enumerate(known):
            number = str(version.version)
            stays = limit.spares(rank, version.creation_timestamp)
            if stays or number in aliased or (model.name, number) in named:
                needed.add(str(version.run_id))
                total += 1
                continue
            gone.append((model.name, number))
            if not dry_run:
                tracker.call("删除模型版本", partial(_delete_version, model.name, number))
    runs, size = _prune_runs(tracker, needed, limit, dry_run)
    return Pruned(tuple(gone), runs, size, total)


@dataclass(frozen=True)
class _Limit:
    """What may go: beyond so many, before a moment in milliseconds, of some regions."""

    keep: int
    before: float | None
    regions: Collection[str] | None

    def covers(self, region: str) -> bool:
        return self.regions is None or region in self.regions

    def spares(self, rank: int, recorded: int) -> bool:
        return rank < self.keep or (self.before is not None and recorded >= self.before)


def _models(client: MlflowClient) -> list[Any]:
    return pages(client.search_registered_models)


def _versions(name: str, client: MlflowClient) -> list[ModelVersion]:
    versions = pages(partial(client.search_model_versions, f"name = '{name}'"))
    return sorted(versions, key=lambda v: -int(v.version))


def _delete_version(name: str, number: str, client: MlflowClient) -> None:
    client.delete_model_version(name, number)


def _prune_runs(
    tracker: Tracker, needed: set[str], limit: _Limit, dry_run: bool
) -> tuple[int, int]:
    count = size = 0
    all_experiments = tracker.call("查找实验", lambda c: pages(c.search_experiments))
    experiments = [
        e.experiment_id for e in all_experiments if limit.covers(e.tags.get("region", ""))
    ]
    for experiment in experiments:
        runs = tracker.call("查找运行", partial(_runs, experiment))
        parents = [r for r in runs if PARENT_TAG not in r.data.tags]
        old = [
            r
            for rank, r in enumerate(parents)
            if not limit.spares(rank, r.info.start_time)
            and r.info.run_id not in needed
            and r.info.status != "RUNNING"
        ]
        going = {r.info.run_id for r in old}
        children = [r for r in runs if r.data.tags.get(PARENT_TAG) in going]
        # Runs left half gone by a process that was killed.
        halfway = [] if dry_run else tracker.call("查找运行", partial(_half_gone, experiment))
        for run in [*children, *old, *halfway]:
            files = _folder(tracker, run)
            count += 1
            size += _size(files)
            if not dry_run:
                _delete(tracker, run.info.run_id, files)
    return count, size


def _runs(experiment: str, client: MlflowClient) -> list[LoggedRun]:
    return pages(
        lambda page_token: client.search_runs(
            [experiment], order_by=["attributes.start_time DESC"], page_token=page_token
        )
    )


def _half_gone(experiment: str, client: MlflowClient) -> list[LoggedRun]:
    from mlflow.entities import ViewType

    return pages(
        lambda page_token: client.search_runs(
            [experiment],
            f"tags.{PRUNED_TAG} = 'true'",
            ViewType.DELETED_ONLY,
            page_token=page_token,
        )
    )


def _folder(tracker: Tracker, run: LoggedRun) -> Path | None:
    """Files of a run on this machine; None where a server keeps them, or they are not ours."""
    uri = str(run.info.artifact_uri)
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return None
    folder = Path(unquote(parts.path) if parts.scheme else uri).resolve().parent
    ours = folder.is_relative_to(tracker.artifacts) and folder.name == run.info.run_id
    return folder if ours else None


def _size(folder: Path | None) -> int:
    if folder is None or not folder.is_dir():
        return 0
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _delete(tracker: Tracker, run_id: str, files: Path | None) -> None:
    def mark(client: MlflowClient) -> None:
        if client.get_run(run_id).info.lifecycle_stage == "active":
            client.set_tag(run_id, PRUNED_TAG, "true")
            client.delete_run(run_id)

    tracker.call("删除运行", mark)
    if files is not None:
        shutil.rmtree(files, ignore_errors=True)
    if not tracker.served:
        # What `mlflow gc` does, without its process.
        tracker.call("删除运行", lambda c: c._tracking_client.store._hard_delete_run(run_id))
