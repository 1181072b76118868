"""Everything MLflow is to be told of one competition, as plain data.

A package is made without asking MLflow anything, so that it can be logged at once or, where the
tracking server does not answer, kept on this machine and logged later.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import StorageError
from employment_forecast.experiments.archive import content, save_model
from employment_forecast.experiments.registry import Version, registry
from employment_forecast.experiments.tracking import (
    NOTE_TAG,
    Figures,
    Run,
    RunPlan,
    Status,
    begin,
)
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning import Scheme

FORMAT = 1
SPOOL_TAG = "spooled_as"
_DESCRIPTION = "package.json"
_FILES = "files"
_MODEL = "model"


@dataclass(frozen=True)
class Child:
    """One model's run below that of the competition."""

    name: str
    tags: Mapping[str, str]
    figures: Figures
    status: Status


@dataclass(frozen=True)
class Package:
    """What is to be logged, and a folder with the files that go with it.

    Attributes
    ----------
    name : str
        Of the run.
    children : tuple of Child
        One per model, where the settings ask for them.
    figures : Figures
        Of the run itself.
    version_tags, version_description : mapping, str
        Of the registered version.
    folder : pathlib.Path
        Holds `files/` (artifacts of the run) and `model/` (the version).
    """

    name: str
    children: tuple[Child, ...]
    figures: Figures
    version_tags: Mapping[str, str]
    version_description: str
    folder: Path


def _child(series: Series, result: Competition, model: int) -> Child:
    entry = result.entries[model]
    failed = content.forecast_failed(result, entry.model)
    return Child(
        content.child_name(entry, result),
        content.child_tags(series, result, entry),
        content.child_figures(result, entry),
        "FAILED" if failed else "FINISHED",
    )


@contextmanager
def packaged(
    series: Series,
    result: Competition,
    scheme: Scheme,
    seconds: float,
    chart: bytes | None = None,
    files: Mapping[str, bytes] | None = None,
    *,
    model_runs: bool = False,
    compared: Collection[str] = (),
) -> Iterator[Package]:
    """A package of a competition in a folder that goes with the block."""
    contents = {**content.tables(result, compared), **(files or {})}
    if chart is not None:
        contents["chart.png"] = chart
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / _FILES).mkdir()
        for name, data in contents.items():
            (folder / _FILES / name).write_bytes(data)
        save_model(series, result, scheme, folder / _MODEL)
        figures = content.parent_figures(result, seconds)
        yield Package(
            name=content.run_name(result),
            children=tuple(
                _child(series, result, i) for i in range(len(result.entries) if model_runs else 0)
            ),
            figures=figures,
            version_tags=content.version_tags(result),
            version_description=content.version_description(result, figures.tags[NOTE_TAG]),
            folder=folder,
        )


def log(run: Run, series: Series, package: Package) -> Version:
    """Log a package to a run and register its version as the new candidate."""
    for child in package.children:
        made = begin(run.tracker, run.experiment_id, child.name, child.tags, run.id)
        made.log(child.figures)
        made.end(child.status)
    run.log_files(package.folder / _FILES)
    version = registry.register(
        run, series, package.folder / _MODEL, package.version_tags, package.version_description
    )
    registered = {
        "registered_name": version.registered_name,
        "registered_version": version.version,
    }
    figures = package.figures
    tags = {**figures.tags, **registered}
    run.log(Figures(figures.params, figures.metrics, figures.series, tags), name=package.name)
    return version


def spool(package: Package, plan: RunPlan, series: Series, spool: Path) -> Path:
    """Keep a package on this machine until it can be logged."""
    name = f"{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    description = {
        "format": FORMAT,
        "region": series.region.code,
        "indicator": series.indicator.code,
        "plan": asdict(plan),
        "name": package.name,
        "children": [asdict(child) for child in package.children],
        "figures": asdict(package.figures),
        "version_tags": dict(package.version_tags),
        "version_description": package.version_description,
    }
    unfinished = spool / f".{name}"
    try:
        spool.mkdir(parents=True, exist_ok=True)
        for part in (_FILES, _MODEL):
            shutil.copytree(package.folder / part, unfinished / part)
        text = json.dumps(description, ensure_ascii=False)
        (unfinished / _DESCRIPTION).write_text(text, "utf-8")
        os.replace(unfinished, spool / name)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise StorageError(
            f"运行结果无法暂存到“{spool}”（{error.strerror or error}）。",
            "请检查磁盘空间与写权限。",
        ) from error
    return spool / name


@dataclass(frozen=True)
class SpooledPackage:
    """A package read back.

    Attributes
    ----------
    region, indicator : str
        Codes.
    plan : RunPlan
        Of its run.
    package : Package
        What to log.
    """

    region: str
    indicator: str
    plan: RunPlan
    package: Package


def waiting(spool: Path) -> list[Path]:
    """Folders of the packages that wait, oldest first."""
    if not spool.is_dir():
        return []
    return sorted(p for p in spool.iterdir() if p.is_dir() and not p.name.startswith("."))


def read(folder: Path) -> SpooledPackage:
    """Read back what `spool` wrote."""
    try:
        raw: dict[str, Any] = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
        children = tuple(
            Child(**{**child, "figures": Figures(**child["figures"])}) for child in raw["children"]
        )
        package = Package(
            name=raw["name"],
            children=children,
            figures=Figures(**raw["figures"]),
            version_tags={**raw["version_tags"], SPOOL_TAG: folder.name},
            version_description=raw["version_description"],
            folder=folder,
        )
        return SpooledPackage(raw["region"], raw["indicator"], RunPlan(**raw["plan"]), package)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"暂存的运行结果“{folder}”已损坏（{type(error).__name__}）。",
            "请移走该文件夹，并重新运行 forecast run。",
        ) from error
