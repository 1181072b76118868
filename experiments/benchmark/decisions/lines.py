"""What a figure on a warning line comes to: how often some month breaks the cap, on known laws.

A district's stock is a seasonal curve plus an autoregression whose parameters are known, so that
the truth after a figure on the line can be drawn. The lines come from the product's own function
and 1,000 paths of the law. The former rule drew the lines of every cap for the period's end; the
levels spoke of any month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.targets.target import Basis, Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import smallest_above
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.early_warning import warning_lines
from employment_forecast.forecasting.early_warning.lines import Line
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

CUTS = {"yellow": 0.25, "orange": 0.5, "red": 0.8}
ORIGIN = pd.Period("2025-12", "M")
MONTHS = 12
BASE = 12_000.0
PATHS = 1_000
DRAWS = 4_000


@dataclass(frozen=True)
class District:
    """A law: seasonal curve (人, shape (12,)), persistence and size of the monthly shocks."""

    season: Floats
    persistence: float
    shock: float

    def draw(self, rng: np.random.Generator, n: int, start: float, first: int) -> Floats:
        """Figures of the months from `first` (0 is January) on, shape (n, 12 - first)."""
        state = np.full(n, start)
        months = []
        for month in range(first, MONTHS):
            state = self.persistence * state + rng.normal(0, self.shock, n)
            months.append(BASE + self.season[month] + state)
        return np.column_stack(months)


def districts(count: int, seed: int) -> list[District]:
    """Random laws: seasons of 0 to 4 %, persistence from 0.7 to a random walk."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        phase, size = rng.uniform(0, 12), rng.uniform(0, 0.04) * BASE
        season = size * np.cos(2 * np.pi * (np.arange(MONTHS) - phase) / 12)
        drawn.append(
            District(season, float(rng.choice([0.7, 0.85, 0.95, 1.0])), rng.uniform(60, 200))
        )
    return drawn


def _history() -> History:
    return History(
        region="310114",
        indicator="registered_unemployed",
        unit="人",
        kind="stock",
        transform="none",
        start=ORIGIN - 1,
        values=np.array([BASE, BASE]),
        as_of=date(2026, 1, 20),
        precision=1.0,
        demo=False,
        pseudo_real_time=False,
        sources=("模拟",),
    )


def _cap(value: float, basis: Basis) -> Target:
    return Target(
        "310114", "registered_unemployed", "municipal", "cap", basis, "以内", "2026", value, "人",
        date(2025, 12, 1), False, "模拟",
    )  # fmt: skip


@dataclass(frozen=True)
class Share:
    """Of figures on the lines of a level: how often some later month broke the cap in truth."""

    event: str
    cut: float
    share: float
    half_width: float
    lines: int
    districts: int


def _former(lines: Sequence[Line], top: float) -> list[Line]:
    """Lines for the period's end, none above what breaks an any-month cap by itself."""
    return [x if x.value is None else replace(x, value=min(x.value, top)) for x in lines]


def shares(count: int, seed: int = 17, draws: int = DRAWS) -> list[Share]:
    """Truth after a figure on the line, for the former rule and today's.

    Only lines of the first ten months and below the cap: above it the cap is broken already, and
    in the last months the two rules agree.
    """
    truths_of: dict[tuple[str, float], list[list[float]]] = {}
    history = _history()
    for number, law in enumerate(districts(count, seed)):
        rng = np.random.default_rng([seed, number])
        paths = SamplePaths(law.draw(rng, PATHS, 0.0, 0), ORIGIN)
        value = float(np.round(np.quantile(paths.values.max(axis=1), rng.uniform(0.4, 0.8))))
        top = smallest_above(value, 1.0)
        former = _former(warning_lines(paths, history, _cap(value, "period_end"), CUTS), top)
        today = warning_lines(paths, history, _cap(value, "any_month"), CUTS)
        for event, lines in (("end", former), ("any", today)):
            own: dict[float, list[float]] = {}
            for line in lines:
                month = line.month.month - 1
                if line.value is None or line.value >= top or month > 9:
                    continue
                start = line.value - BASE - law.season[month]
                later = law.draw(rng, draws, start, month + 1)
                own.setdefault(line.probability, []).append(
                    float(above(later, value, 1.0).any(axis=1).mean())
                )
            for cut, truths in own.items():
                truths_of.setdefault((event, cut), []).append(truths)
    rows = []
    for (event, cut), by_district in sorted(truths_of.items()):
        means = np.array([np.mean(truths) for truths in by_district])
        rows.append(
            Share(
                event,
                cut,
                float(means.mean()),
                float(1.96 * means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.inf,
                sum(map(len, by_district)),
                len(means),
            )
        )
    return rows


HEAD = ("lines", "cut", "some later month above, truth", "lines counted", "districts")
_RULES = {"end": "before: the period's end", "any": "after: any month"}


def rows(count: int) -> list[tuple[str, ...]]:
    """The shares as texts."""
    return [
        (_RULES[r.event], f"{r.cut:.0%}".replace("%", " %"),
         f"{r.share:.1%} ± {r.half_width:.1%}".replace("%", " %"), str(r.lines), str(r.districts))
        for r in shares(count)
    ]  # fmt: skip
