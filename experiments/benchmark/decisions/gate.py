"""What the gate refuses and what it lets through, once and month after month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from employment_forecast.experiments.benchmark.decisions import former
from employment_forecast.experiments.benchmark.decisions.laws import (
    LAWS,
    Law,
    Model,
    errors,
    faults,
    quantiles,
    sizes,
    unknown,
    worse,
)
from employment_forecast.experiments.benchmark.decisions.rates import Rate
from employment_forecast.forecasting.competition.gate import LEVELS, Scored, judge
from employment_forecast.forecasting.scoring import covered, interval_score

Floats = npt.NDArray[np.float64]

ORIGINS = 36
LOOKS = 12
CANDIDATE = Model(0.3)
FLOOR = Model(1.2)


class Months:
    """Scores and coverages of several models on one district, longer than one look."""

    def __init__(self, law: Law, models: Sequence[Model], rng: np.random.Generator, n: int):
        error, size = errors(law, rng, 1, n), sizes(law)
        self.wis, self.inside = [], []
        for model in models:
            given = np.broadcast_to(quantiles(model, faults(model, rng, 1, n)), (1, n, 12, 9))
            self.wis.append((interval_score(given, error) * size)[0])
            self.inside.append({level: covered(given, error, level)[0] for level in LEVELS})

    def look(self, first: int, origins: int) -> list[Scored]:
        """What is known after so many months; the models' order is kept."""
        hidden = unknown(origins)
        scored = []
        for i, (wis, inside) in enumerate(zip(self.wis, self.inside, strict=True)):
            rows = slice(first, first + origins)
            scored.append(
                Scored(
                    f"m{i}",
                    f"m{i}",
                    np.where(hidden, np.nan, wis[rows]),
                    {k: np.where(hidden, np.nan, v[rows]) for k, v in inside.items()},
                )
            )
        return scored


def passed_before(candidate: Scored, incumbent: Scored, floors: Sequence[Scored]) -> bool:
    """The former verdict."""
    clear = all(
        not former.replaces(*former.mean_and_error(other.wis - candidate.wis))
        for other in (incumbent, *floors)
    )
    return clear and all(
        former.covers(candidate.covered[level][:, 0], level)
        and former.covers_ahead(candidate.covered[level], level)
        for level in LEVELS
    )


def single(
    question: str,
    candidate: Model,
    incumbent: Model,
    runs: int,
    seed: int,
    refused: bool,
    laws: Sequence[Law] = LAWS,
    origins: int = ORIGINS,
) -> list[Rate]:
    """How often a candidate is refused (or passes) at one look."""
    rates = []
    for law in laws:
        rng = np.random.default_rng(seed)
        counts = [0, 0]
        for _ in range(runs):
            new, old, *floors = Months(
                law, (candidate, incumbent, FLOOR, FLOOR, FLOOR), rng, origins
            ).look(0, origins)
            counts[0] += passed_before(new, old, floors) != refused
            counts[1] += judge(new, old, floors).passed != refused
        rates.append(Rate(question, law.name, counts[0], counts[1], runs))
    return rates


def monthly(
    question: str, candidate: Model, incumbent: Model, runs: int, seed: int, laws: Sequence[Law]
) -> list[Rate]:
    """How often a candidate gets through at any of twelve monthly looks."""
    rates = []
    for law in laws:
        rng = np.random.default_rng(seed)
        counts = [0, 0]
        for _ in range(runs):
            months = Months(law, (candidate, incumbent, FLOOR), rng, ORIGINS + LOOKS - 1)
            looks = [months.look(first, ORIGINS) for first in range(LOOKS)]
            counts[0] += any(passed_before(new, old, rest) for new, old, *rest in looks)
            refused = False
            for new, old, *rest in looks:
                verdict = judge(new, old, rest, refused=refused)
                if verdict.passed:
                    counts[1] += 1
                    break
                refused |= any(c.name.startswith("wis") for c in verdict.failures)
        rates.append(Rate(question, law.name, counts[0], counts[1], runs))
    return rates


def pooled(share: float, regions: int, runs: int, seed: int, laws: Sequence[Law]) -> list[Rate]:
    """The same with the scores of several regions that move on their own, averaged by origin."""
    rates = []
    candidate = worse(CANDIDATE, share) if share else CANDIDATE
    for law in laws:
        rng = np.random.default_rng(seed)
        passed = 0
        for _ in range(runs):
            looks = [
                Months(law, (candidate, CANDIDATE), rng, ORIGINS).look(0, ORIGINS)
                for _ in range(regions)
            ]
            new, old = (
                Scored(
                    "m", "m", np.mean([look[i].wis for look in looks], axis=0), looks[0][i].covered
                )
                for i in (0, 1)
            )
            verdict = judge(new, Scored("n", "n", old.wis, old.covered), [])
            passed += all(c.state != "fail" for c in verdict.checks if c.name.startswith("wis"))
        question = f"{share:.0%} worse passes, scores of {regions} regions".replace("%", " %")
        rates.append(Rate(question, law.name, None, passed, runs))
    return rates


def all_rates(runs: int, seed: int = 21, laws: Sequence[Law] = LAWS) -> list[Rate]:
    """Every rate of the gate."""
    rates = single("an equal candidate is refused", CANDIDATE, CANDIDATE, runs, seed, True, laws)
    wide = Model(CANDIDATE.fault, width=1.4)
    rates += single("one equal but 1.4 too wide is refused", wide, wide, runs, seed, True, laws)
    narrow = Model(CANDIDATE.fault, width=0.6)
    rates += single("one 0.6 too narrow passes", narrow, narrow, runs, seed, False, laws)
    for share in (0.15, 0.36, 1.0):
        rates += single(
            f"{share:.0%} worse passes".replace("%", " %"),
            worse(CANDIDATE, share), CANDIDATE, runs, seed, False, laws,
        )  # fmt: skip
    for share in (0.0, 0.15, 0.36):
        rates += monthly(
            f"{share:.0%} worse passes at any of 12 monthly looks".replace("%", " %"),
            worse(CANDIDATE, share) if share else CANDIDATE, CANDIDATE, runs // 2, seed, laws,
        )  # fmt: skip
    for share in (0.0, 0.15):
        rates += pooled(share, 10, runs // 4, seed, laws)
    return rates
