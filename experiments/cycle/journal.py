"""What the monthly cycle has done: one small file a series, replaced in one step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import to_json, write_atomically

FORMAT = 1
State = Literal["done", "unchanged", "failed", "timeout"]


@dataclass(frozen=True)
class RegionResult:
    """One series in one cycle.

    Attributes
    ----------
    region, region_name, indicator, indicator_name : str
        What it is.
    day : str
        Day of the cycle, YYYY-MM-DD.
    state : {"done", "unchanged", "failed", "timeout"}
        Done now; nothing new since it was last done; not done.
    identity : str
        Identifies everything the result rests on.
    data_month : str or None
        Newest month of the data.
    latest : str
        Newest value as people read it, with its unit.
    overdue : str or None
        First month that should have been there.
    demo : bool
        Demonstration data.
    run_id, version, model : str or None
        MLflow run, version in force and its model.
    action : str or None
        What became of the candidate: `promoted`, `refreshed` or `kept`.
    level, level_name : str or None
        Warning level in force.
    bulletin : tuple of str
        Bulletin files, relative to the workspace.
    correction : int
        Number of the correction (更正), 0 for the first bulletin of a month.
    message : str
        Why it failed, or remarks.
    alone : str
        As `identity`, without what it owes to other regions.
    shift : tuple of float
        What other regions moved the forecast by, on the model scale; empty where by nothing.
    """

    region: str
    region_name: str
    indicator: str
    indicator_name: str
    day: str
    state: State
    identity: str = ""
    data_month: str | None = None
    latest: str = ""
    overdue: str | None = None
    demo: bool = False
    run_id: str | None = None
    version: str | None = None
    model: str | None = None
    action: str | None = None
    level: str | None = None
    level_name: str | None = None
    bulletin: tuple[str, ...] = field(default=())
    correction: int = 0
    message: str = ""
    alone: str = ""
    shift: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """Region and indicator in Chinese."""
        return f"{self.region_name}{self.indicator_name}"


def as_result(raw: dict[str, Any]) -> RegionResult:
    """An entry from its JSON object."""
    tuples = {"bulletin": tuple(raw["bulletin"]), "shift": tuple(raw.get("shift", ()))}
    return RegionResult(**{**raw, **tuples})


class Journal:
    """Entries of a workspace.

    Parameters
    ----------
    folder : pathlib.Path
        Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _file(self, region: str, indicator: str) -> Path:
        return self.folder / f"{region}.{indicator}.json"

    def entries(self, region: str, indicator: str) -> list[RegionResult]:
        """Entries of one series, oldest first."""
        return self._read(self._file(region, indicator))

    def _read(self, file: Path) -> list[RegionResult]:
        if not file.is_file():
            return []
        try:
            return [as_result(raw) for raw in json.loads(file.read_text("utf-8"))["entries"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"月度作业记录“{file}”无法读取（{type(error).__name__}）。",
                "请从备份恢复该文件，或移走后重新运行（本月会重做一次）。",
            ) from error

    def everything(self) -> list[RegionResult]:
        """Entries of all series."""
        files = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        return [entry for file in files for entry in self._read(file)]

    def last_done(self, region: str, indicator: str) -> RegionResult | None:
        """The newest entry of a series that was carried through."""
        done = [e for e in self.entries(region, indicator) if e.state == "done"]
        return done[-1] if done else None

    def write(self, entry: RegionResult) -> None:
        """Add an entry; one of the same day, state and identity is replaced."""
        others: Sequence[RegionResult] = [
            e
            for e in self.entries(entry.region, entry.indicator)
            if (e.day, e.state, e.identity) != (entry.day, entry.state, entry.identity)
        ]
        content = {"format": FORMAT, "entries": [asdict(e) for e in (*others, entry)]}
        write_atomically(
            self._file(entry.region, entry.indicator), to_json(content).encode("utf-8")
        )
