"""How much a workspace grows in a year, from what its regions and months have taken so far."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from employment_forecast.data.workspace import Workspace

T = TypeVar("T")

# What every month adds to; the cache is bounded, and the page (看板) is written over.
_GROWING = ("mlruns", "bulletins", "thresholds", "monthly")
_SAMPLE = 50
MONTHS = 12


@dataclass(frozen=True)
class Growth:
    """What a region takes a month.

    Attributes
    ----------
    regions : int
        Regions with bulletins in the newest month.
    bytes_per_month : float
        Of one region.
    """

    regions: int
    bytes_per_month: float

    @property
    def year(self) -> float:
        """Bytes of all regions in a year."""
        return MONTHS * self.regions * self.bytes_per_month


def growth(workspace: Workspace) -> Growth | None:
    """Growth so far; None before the first bulletin."""
    months = [
        {entry.name for entry in os.scandir(region) if entry.is_dir()}
        for region in _folders(workspace.bulletins)
    ]
    count = sum(map(len, months))
    if not count:
        return None
    newest = max(month for folders in months for month in folders)
    taken = sum(size_of(workspace.root / name) for name in _GROWING)
    return Growth(sum(newest in folders for folders in months), taken / count)


def size_of(folder: Path | str) -> float:
    """Bytes of the files in a folder; of many folders beside each other a sample stands for all."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return 0.0
    folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    sample = _spread(sorted(folders))
    inside = sum(map(size_of, sample)) * len(folders) / max(len(sample), 1)
    some = _spread(files)
    return inside + sum(map(_size, some)) * len(files) / max(len(some), 1)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0  # gone since it was listed


def _spread(items: Sequence[T]) -> Sequence[T]:
    """Some of many, evenly spaced."""
    count = min(_SAMPLE, len(items))
    return [items[at * len(items) // count] for at in range(count)]


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
