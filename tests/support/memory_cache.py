"""Cells kept in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Memory:
    """A cell cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return {k: self.kept[k] for k in keys if k in self.kept}

    def save(self, results: Mapping[str, bytes]) -> None:
        self.kept.update(results)
