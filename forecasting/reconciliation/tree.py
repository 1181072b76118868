"""What adds up to what: wholes, their parts, and the constraints that follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sum:
    """A whole and one partition of it.

    Attributes
    ----------
    whole : str
        Key of the whole.
    parts : tuple of str
        Keys of what adds up to it; at least one.
    """

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """Members that add up.

    A whole may be partitioned in several ways (by street, by group of people), each of which adds
    up to it; a part belongs to one whole only.

    Attributes
    ----------
    sums : tuple of Sum
        Wholes before the wholes among their parts.
    """

    sums: tuple[Sum, ...]

    @classmethod
    def of(cls, sums: Iterable[Sum]) -> Tree:
        """Order sums from the top down.

        Raises
        ------
        ValueError
            If a sum has no part, a part has two wholes or comes twice, or sums run in a circle.
        """
        waiting = list(sums)
        parts = [part for each in waiting for part in each.parts]
        if len(set(parts)) < len(parts):
            twice = next(part for part in parts if parts.count(part) > 1)
            raise ValueError(f"{twice} is part of two sums")
        if any(not each.parts for each in waiting):
            raise ValueError("a sum without parts")
        ordered: list[Sum] = []
        while waiting:
            below = {part for each in waiting for part in each.parts}
            top = [each for each in waiting if each.whole not in below]
            if not top:
                raise ValueError("sums in a circle")
            ordered += top
            waiting = [each for each in waiting if each.whole in below]
        return cls(tuple(ordered))

    @property
    def members(self) -> tuple[str, ...]:
        """Every key once, wholes before their parts."""
        keys = [key for each in self.sums for key in (each.whole, *each.parts)]
        return tuple(dict.fromkeys(keys))

    @property
    def leaves(self) -> tuple[str, ...]:
        """Members without parts."""
        wholes = {each.whole for each in self.sums}
        return tuple(key for key in self.members if key not in wholes)

    def without(self, absent: Collection[str]) -> Tree:
        """The sums that still have all their members."""
        gone = set(absent)
        return Tree(tuple(s for s in self.sums if not gone.intersection((s.whole, *s.parts))))

    def levels(self) -> list[tuple[str, ...]]:
        """Members by depth: the tops, their parts, the parts of those."""
        depth = dict.fromkeys(self.members, 0)
        for each in self.sums:
            depth |= dict.fromkeys(each.parts, depth[each.whole] + 1)
        return [
            tuple(k for k, d in depth.items() if d == at) for at in range(max(depth.values()) + 1)
        ]

    def constraints(self, members: Sequence[str]) -> Floats:
        """Rows that are zero for values that add up, shape (sums, members)."""
        at = {key: i for i, key in enumerate(members)}
        rows = np.zeros((len(self.sums), len(members)))
        for row, each in zip(rows, self.sums, strict=True):
            row[at[each.whole]] = 1.0
            row[[at[part] for part in each.parts]] = -1.0
        return rows
