"""What other regions lend to a short series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Borrowed:
    """Prior of a short series from the same indicator of other regions, on the model scale.

    `models.laws.level_season` learns it and says what it means.

    Attributes
    ----------
    season : tuple of float
        Mean seasonal figures, January to December, sum 0.
    swings : tuple of float
        Weights of the sizes of the own season, around nothing and around `season`; sum 1.
    dynamics : tuple of float
        Weights of how level and slope move; sum 1.
    variance, degrees : float
        Of a month's innovation, and how many own months it counts for.
    series : int
        Regions it rests on; 0 for stated defaults.
    """

    season: tuple[float, ...]
    swings: tuple[float, ...]
    dynamics: tuple[float, ...]
    variance: float
    degrees: float
    series: int

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Borrowed:
        """From a JSON object."""
        season, swings, dynamics = (tuple(stored[k]) for k in ("season", "swings", "dynamics"))
        variance, degrees = float(stored["variance"]), float(stored["degrees"])
        return cls(season, swings, dynamics, variance, degrees, int(stored["series"]))
