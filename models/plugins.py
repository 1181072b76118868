"""Competitors that other installed packages bring, by entry points; checked before they join.

A package names its models in its own metadata,

    [project.entry-points."employment_forecast.models"]
    my_model = "my_package:MyModel"

and each named class joins every back-test. A broken one is reported and left out: it stops no run.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import secrets
import sys
from collections.abc import Collection
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from employment_forecast.data.errors import DataError
from employment_forecast.models.contract import Competitor, Tags

GROUP = "employment_forecast.models"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Plugin:
    """A competitor from another package.

    Attributes
    ----------
    family : type of Competitor
        Its class.
    package : str
        Distribution and version.
    identity : str
        Hash of its code, version and settings: part of the identity of its back-test cells.
    """

    family: type[Competitor]
    package: str
    identity: str


@dataclass(frozen=True)
class Absent:
    """A model that does not compete, and why (Chinese)."""

    name: str
    package: str
    reason: str


class _UnfitError(Exception):
    """What is wrong with a plugin, in Chinese."""


def discover(
    taken: Collection[str], labels: Collection[str], group: str = GROUP
) -> tuple[tuple[Plugin, ...], tuple[Absent, ...]]:
    """Load and check the entry points of a group.

    Parameters
    ----------
    taken, labels : collection of str
        Names and Chinese names that are in use already.
    group : str
        Entry point group.

    Returns
    -------
    tuple of Plugin
        In the order of package and entry name, whatever the order of the search path.
    tuple of Absent
        Those that cannot be used.
    """
    names, shown = set(taken), set(labels)
    plugins: list[Plugin] = []
    absent: list[Absent] = []
    points = metadata.entry_points(group=group)
    for point in sorted(points, key=lambda p: (_package(p), p.name, p.value)):
        package = _package(point)
        try:
            family = _load(point)
            _check(family, names, shown)
            plugins.append(Plugin(family, package, _identity(family, package)))
        except _UnfitError as error:
            absent.append(Absent(point.name, package, str(error)))
            continue
        names.add(family.name)
        shown.add(family.label)
    return tuple(plugins), tuple(absent)


def admitted(
    family: type[Competitor], taken: Collection[str], labels: Collection[str], package: str
) -> Plugin:
    """Check a class of the running program as the classes of other packages are checked.

    Parameters
    ----------
    family : type of Competitor
        To compete.
    taken, labels : collection of str
        Names and Chinese names that are in use already.
    package : str
        Where it comes from, for reports.

    Raises
    ------
    DataError
        If it cannot compete, with the reason.
    """
    try:
        if not (isinstance(family, type) and issubclass(family, Competitor)):
            raise _UnfitError(f"{family!r} 不是 employment_forecast.Competitor 的子类")
        _check(family, set(taken), set(labels))
    except _UnfitError as error:
        raise DataError(f"模型不能参赛：{error}。", "请改正后重新登记。") from error
    return Plugin(family, package, _identity(family, package))


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else ""


def _load(point: metadata.EntryPoint) -> type[Competitor]:
    try:
        loaded = point.load()
    # Foreign code may raise anything at import, an exit included.
    except (Exception, SystemExit) as error:
        raise _UnfitError(f"载入“{point.value}”失败：{type(error).__name__}: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Competitor)):
        raise _UnfitError(f"“{point.value}”不是 models.contract.Competitor 的子类")
    return loaded


def _check(family: type[Competitor], names: Collection[str], labels: Collection[str]) -> None:
    name, label = getattr(family, "name", None), getattr(family, "label", None)
    tags = getattr(family, "tags", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _UnfitError(f"name 应为小写字母开头、只含小写字母、数字和下划线的文字，不是 {name!r}")
    if name in names:
        raise _UnfitError(f"名称“{name}”已被其他模型占用，请改用别的 name")
    if not isinstance(label, str) or not label.strip():
        raise _UnfitError(f"label 应为模型的中文名，不是 {label!r}")
    if label in labels:
        raise _UnfitError(f"中文名“{label}”已被其他模型占用，请改用别的 label")
    if not isinstance(tags, Tags):
        raise _UnfitError("tags 应为 models.contract.Tags")
    if tags.min_months < 1 or not 0 <= tags.cost < float("inf"):
        raise _UnfitError("tags.min_months 应不小于 1，tags.cost 应为非负有限数")
    if tags.floor:
        raise _UnfitError("简单基准由本程序规定，tags.floor 应为 False")
    if not isinstance(family.version, int):
        raise _UnfitError(f"version 应为整数，不是 {family.version!r}")
    try:
        json.dumps(family().settings)
    except (Exception, SystemExit) as error:  # foreign code may raise anything
        raise _UnfitError(f"不能建立模型：{type(error).__name__}: {error}") from error


def _identity(family: type[Competitor], package: str) -> str:
    digest = hashlib.sha256(f"{package}|{family.version}|".encode())
    digest.update(json.dumps(family().settings, sort_keys=True).encode())
    files = _sources(family)
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    if not files:
        digest.update(_text(family))
    return digest.hexdigest()[:16]


def _text(family: type[Competitor]) -> bytes:
    """Source of a class typed into a notebook; without one nothing of it may come from a cache."""
    try:
        return inspect.getsource(family).encode()
    except (TypeError, OSError):
        return secrets.token_bytes(16)


def _sources(family: type[Competitor]) -> list[Path]:
    """Python files of the package that holds the class, or its single module."""
    top = sys.modules.get(family.__module__.split(".")[0])
    folders = getattr(top, "__path__", None)
    if folders:
        return [f for folder in folders for f in sorted(Path(folder).rglob("*.py"))]
    try:
        return [Path(inspect.getfile(family))]
    except (TypeError, OSError):
        return []
