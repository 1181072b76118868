"""What the champion knew, read back in any process: its paths, its history, its facts.

Thresholds, bulletins and explanations rest on the version in force and on no other. A version's
files are written once and never changed, so what is read here is what was promoted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import StorageError
from employment_forecast.data.targets import Target, in_force_ahead, limit_at
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.registry.versions import (
    Version,
    champion_of,
    state_folder,
    versions,
)
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import Assessments, assess_all
from employment_forecast.models.paths import SamplePaths


@dataclass(frozen=True)
class StoredForecast:
    """A registered version, read back.

    Attributes
    ----------
    version : Version
        Which one.
    paths : SamplePaths
        The calibrated paths it serves.
    history : History
        The data it was made from, as they were known then.
    facts : dict
        Content of its `forecast.json`: names, unit, precision, tested horizon, caps, seed.
    base : SamplePaths
        The model's own paths: before they were made to add up with others, if they were.
    """

    version: Version
    paths: SamplePaths
    history: History
    facts: dict[str, Any]
    base: SamplePaths

    @property
    def tested_horizon(self) -> int:
        """Months ahead that its back-test covered."""
        return int(self.facts["tested_horizon"])

    def assessed(self, targets: Sequence[Target], as_of: date) -> Assessments:
        """Targets in force on a day, and later ones within reach, assessed on these paths."""
        history = self.history
        chosen = in_force_ahead(
            targets,
            history.region,
            history.indicator,
            history.origin,
            self.paths.horizon,
            as_of,
            demo=history.demo,
        )
        return assess_all(
            chosen,
            history,
            self.paths,
            self.tested_horizon,
            lambda target, month: limit_at(target, targets, month, as_of=as_of),
        )


_State = tuple[dict[str, Any], History, SamplePaths, SamplePaths]
# Feed, bulletin, workbook and page of a region read the same few versions.
_MOST_KEPT = 6
_kept: OrderedDict[tuple[object, ...], _State] = OrderedDict()


def _read(folder: Path) -> _State:
    """Facts, history, paths and those before reconciliation, read once while no file changes."""
    try:
        stats = {file.name: file.stat() for file in folder.iterdir()}
    except OSError:
        stats = {}
    key = (folder, *sorted((name, s.st_mtime_ns, s.st_size) for name, s in stats.items()))
    if key not in _kept:
        facts = state.decode_facts(folder)
        paths = state.decode_paths(folder)
        base = state.decode_paths(folder, base=True) if "coherence" in facts else paths
        _kept[key] = facts, state.decode_history(folder), paths, base
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return _kept[key]


def load_version(tracker: Tracker, version: Version) -> StoredForecast:
    """Read a version back.

    Parameters
    ----------
    tracker : Tracker
        Where.
    version : Version
        Which one.

    Returns
    -------
    StoredForecast

    Raises
    ------
    StorageError
        If its files are missing or damaged, do not belong together or to the version.
    """
    facts, history, paths, base = _read(state_folder(tracker, version))
    name = f"{facts.get('indicator')}.{facts.get('region')}"
    recorded = version.tags.get("data_fingerprint", facts.get("data_fingerprint"))
    fits = (
        paths.origin == history.origin
        and name == version.registered_name
        and recorded == facts.get("data_fingerprint")
        and isinstance(facts.get("tested_horizon"), int)
    )
    if not fits:
        raise StorageError(
            f"{version.registered_name} 第 {version.version} 版的文件与登记的内容不符。",
            "请重新运行 forecast run，再晋级新的版本。",
        )
    return StoredForecast(version, paths, history, facts, base)


def champion_on(tracker: Tracker, series: Series, day: date) -> Version | None:
    """The version that was in force at the end of a day.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    day : datetime.date
        In Asia/Shanghai.

    Returns
    -------
    Version or None
        The last one promoted by then among those that saw nothing of a later day; None if there
        was none.
    """
    in_force: list[tuple[datetime, int, Version]] = []
    for version in versions(tracker, series):
        if version.tags.get("as_of", "9999") > day.isoformat():
            continue
        by_then = [m for m in version.promotions if m.date() <= day]
        in_force += [(m, int(version.version), version) for m in by_then]
    return max(in_force, key=lambda each: each[:2])[2] if in_force else None


def load_champion(
    tracker: Tracker, series: Series, day: date | None = None
) -> StoredForecast | None:
    """The version in force (现役), read back.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    day : datetime.date, optional
        The version that was in force on that day, see `champion_on`; the present one by default.

    Returns
    -------
    StoredForecast or None
        None before the first promotion.

    Raises
    ------
    StorageError
        As in `load_version`.
    """
    version = champion_of(tracker, series) if day is None else champion_on(tracker, series, day)
    return None if version is None else load_version(tracker, version)
