"""Registered versions as they are: found by number or alias, listed, read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError
from employment_forecast.experiments.archive import STATE, state
from employment_forecast.experiments.tracking import Tracker, pages
from employment_forecast.models.paths import SamplePaths

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

CANDIDATE, CHAMPION, PREVIOUS = "candidate", "champion", "previous"
# Tag of one promotion: the moment in Asia/Shanghai follows, the value is the reason.
PROMOTION = "promotion."
# Tag with the checksum that the state of a version was registered with.
SEAL_TAG = "state_sha256"


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
    description : str
        Markdown, as the MLflow UI shows it.
    """

    registered_name: str
    version: str
    model: str
    run_id: str
    source: str
    aliases: tuple[str, ...]
    created: int
    tags: Mapping[str, str]
    description: str = ""

    @property
    def demo(self) -> bool:
        """Made from demonstration data."""
        return self.tags.get("demo") == "true"

    @property
    def label(self) -> str:
        """Chinese name of the model, as it was then."""
        return self.tags.get("model_label", self.model)

    @property
    def data_month(self) -> str:
        """Last known month, `YYYY-MM`."""
        return self.tags.get("data_month", "")

    @property
    def promotions(self) -> tuple[datetime, ...]:
        """Moments at which it became the champion, Asia/Shanghai, ascending."""
        stamps = {k.removeprefix(PROMOTION) for k in self.tags if k.startswith(PROMOTION)}
        if not stamps and "promoted_at" in self.tags:
            # Promoted by a release that kept the last occasion only.
            return (datetime.fromisoformat(self.tags["promoted_at"]),)
        moments = (datetime.strptime(k, "%Y%m%dT%H%M%S") for k in sorted(stamps))
        return tuple(m.replace(tzinfo=clock.SHANGHAI) for m in moments)


def aliases_of(number: str, holders: Mapping[str, Any]) -> tuple[str, ...]:
    """Aliases of a version, from the numbers of those that hold them."""
    return tuple(a for a in (CANDIDATE, CHAMPION, PREVIOUS) if str(holders.get(a)) == number)


def version_of(stored: ModelVersion, name: str, aliases: Mapping[str, Any]) -> Version:
    """What MLflow stores of a version, with the numbers that the model's aliases point to."""
    number = str(stored.version)
    return Version(
        registered_name=name,
        version=number,
        model=stored.tags.get("model", ""),
        run_id=str(stored.run_id or ""),
        source=str(stored.source),
        aliases=aliases_of(number, aliases),
        created=int(stored.creation_timestamp or 0),
        tags=dict(stored.tags),
        description=str(stored.description or ""),
    )


def _aliases(client: MlflowClient, name: str) -> dict[str, Any]:
    # MLflow leaves the aliases out of the versions it lists; the model always has them.
    return dict(client.get_registered_model(name).aliases or {})


def find(tracker: Tracker, series: Series, version: str) -> Version:
    """One version by its number.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    registered = next((v for v in versions(tracker, series) if v.version == version), None)
    if registered is None:
        raise NotFoundError(
            f"{series.title}（{series.registered_name}）没有第 {version} 版。",
            "用 forecast ui 查看已有的版本。",
        )
    return registered


def holder_of(tracker: Tracker, series: Series, alias: str) -> Version | None:
    """The version an alias points to, None if there is none."""
    return held(versions(tracker, series), alias)


def held(known: Sequence[Version], alias: str) -> Version | None:
    """Of some versions the one an alias points to, None if there is none."""
    return next((v for v in known if alias in v.aliases), None)


def champion_of(tracker: Tracker, series: Series) -> Version | None:
    """The version in force (现役), None before the first promotion."""
    return holder_of(tracker, series, CHAMPION)


def _question(name: str) -> tuple[str, str]:
    """What `versions` asks, see `Tracker.ask`."""
    return "versions", name


def remembered(tracker: Tracker, name: str) -> list[Version]:
    """Versions of a model as they were last asked for or told; empty if the tracker forgot them."""
    return tracker.told(_question(name)) or []


def tell(tracker: Tracker, name: str, known: Sequence[Version], *changed: Version) -> None:
    """Let a tracker remember versions with what has just been changed here."""
    now = {v.version: v for v in changed}
    if known:
        tracker.tell(_question(name), [now.get(v.version, v) for v in known])


def look_again(tracker: Tracker, series: Series) -> None:
    """Forget remembered versions if another process has put another one in force since.

    One question about one version, while `versions` costs the more the longer a series is forecast.
    """
    name = series.registered_name
    known = remembered(tracker, name)
    if not known:
        # That there is none yet is remembered too.
        tracker.forget()
        return

    def number(client: MlflowClient) -> str | None:
        from mlflow.exceptions import MlflowException

        try:
            return str(client.get_model_version_by_alias(name, CHAMPION).version)
        except MlflowException as error:
            # Of an alias that there is not: of the database's own store, of a server's.
            if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
                return None
            raise

    then = held(known, CHAMPION)
    if (then and then.version) != tracker.call("读取现役版本", number, about="nothing"):
        tracker.forget()


def versions(tracker: Tracker, series: Series) -> list[Version]:
    """All versions, newest first; empty before the first run."""
    name = series.registered_name

    def search(client: MlflowClient) -> list[Version]:
        newest = ["version_number DESC"]
        stored = pages(partial(client.search_model_versions, f"name = '{name}'", order_by=newest))
        aliases = _aliases(client, name) if stored else {}
        return [version_of(v, name, aliases) for v in stored]

    return list(tracker.ask("列出模型版本", _question(name), search))


def state_folder(tracker: Tracker, version: Version) -> Path:
    """Folder with the state of a version, fetched from the server where there is one.

    Raises
    ------
    StorageError
        If its files are missing, or not those that were registered.
    """
    folder = _download(tracker, f"{version.source}/{STATE}")
    # Versions of earlier releases carry no seal.
    if seal := version.tags.get(SEAL_TAG):
        state.demand_seal(folder, seal)
    return folder


def file_of_run(tracker: Tracker, version: Version, name: str) -> Path:
    """A file that the run of a version keeps, fetched from the server where there is one.

    Raises
    ------
    StorageError
        If it is missing.
    """
    # A version's folder lies beside the other files of its run.
    return _download(tracker, f"{version.source.rpartition('/')[0]}/{name}")


def _download(tracker: Tracker, where: str) -> Path:
    if not tracker.served and (here := Path(where)).is_absolute() and here.exists():
        return here

    def fetch(_: MlflowClient) -> Path:
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(artifact_uri=where, tracking_uri=tracker.uri))

    return tracker.call("读取模型版本", fetch)


def stored_paths(tracker: Tracker, version: Version) -> SamplePaths:
    """Sample paths that a version keeps, the same that it serves."""
    return state.decode_paths(state_folder(tracker, version))
