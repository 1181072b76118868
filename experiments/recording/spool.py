"""Results that wait for the tracking server, logged once it answers again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from employment_forecast.data.catalogue import Catalogue, Series
from employment_forecast.data.errors import ForecastError
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.promotion import gate, stored_evidence
from employment_forecast.experiments.recording import package
from employment_forecast.experiments.registry import Version, champion_of
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker, close_abandoned_runs


@dataclass(frozen=True)
class Synced:
    """What became of one package.

    Attributes
    ----------
    name : str
        Of its folder.
    version : Version or None
        Registered; None if it still waits.
    failure : str
        Why it still waits (Chinese).
    """

    name: str
    version: Version | None
    failure: str = ""


def spool_of(workspace: Workspace) -> Path:
    """Folder of the packages that wait."""
    return workspace.root / "spool"


def sync(
    tracker: Tracker,
    workspace: Workspace,
    catalogue: Catalogue,
    progress: Callable[[int, int], None] | None = None,
) -> list[Synced]:
    """Log every package that waits, oldest first; one that fails goes on waiting.

    A package is deleted after its version is there, and one whose version is there already (the
    process was killed in between) is only deleted.

    Parameters
    ----------
    tracker : Tracker
        Where to log.
    workspace : Workspace
        Keeps the packages.
    catalogue : Catalogue
        Knows their regions and indicators.
    progress : callable, optional
        Called with packages done and packages in all.

    Returns
    -------
    list of Synced
    """
    folders = package.waiting(spool_of(workspace))
    synced: list[Synced] = []
    for folder in folders:
        try:
            synced.append(Synced(folder.name, _log(tracker, catalogue, folder)))
            shutil.rmtree(folder, ignore_errors=True)
        except ForecastError as error:
            synced.append(Synced(folder.name, None, str(error)))
        if progress is not None:
            progress(len(synced), len(folders))
    return synced


def _log(tracker: Tracker, catalogue: Catalogue, folder: Path) -> Version:
    spooled = package.read(folder)
    series = Series(catalogue.region(spooled.region), catalogue.indicator(spooled.indicator))
    for version in versions(tracker, series):
        if version.tags.get(package.SPOOL_TAG) == folder.name:
            return version
    close_abandoned_runs(tracker)
    run = spooled.plan.begin(tracker)
    try:
        version = package.log(run, series, spooled.package)
    except BaseException as error:
        run.end_after(error)
        raise
    run.end("FINISHED")
    incumbent = champion_of(tracker, series)
    verdict = gate.judge(tracker, series, version, stored_evidence(tracker, version), incumbent)
    gate.keep(tracker, version, verdict, incumbent)
    return version
