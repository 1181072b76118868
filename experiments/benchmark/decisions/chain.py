"""Choice and gate together for a year of monthly runs, and every rule on laws it never saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from employment_forecast.experiments.benchmark.decisions import choice, gate
from employment_forecast.experiments.benchmark.decisions.laws import (
    LAWS,
    Law,
    Model,
    expected,
    scores,
    worse,
)
from employment_forecast.experiments.benchmark.decisions.rates import Rate
from employment_forecast.forecasting.competition.gate import judge

FLOORS = 3
# Not looked at when the constants of choice, gate and calibration were set.
UNSEEN = (
    Law("slow return", 0.9, 0.3),
    Law("strong momentum", 1.0, 0.7),
    Law("rare jumps", 1.0, 0.0, 3.0),
)
UNSEEN_PERSISTENCE = 0.8
UNSEEN_SEED = 7001


@dataclass(frozen=True)
class Year:
    """Models in force after each month's run, by the former rules and by today's."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def year(law: Law, models: Sequence[Model], start: int, rng: np.random.Generator) -> Year:
    """A district for twelve monthly runs, each with its choice and its gate.

    Parameters
    ----------
    law : Law
        Of the district.
    models : sequence of Model
        The first leads by rule; the last three are floors.
    start : int
        In force before the first run.
    rng : numpy.random.Generator
        Of the district.
    """
    months = gate.Months(law, models, rng, gate.ORIGINS + gate.LOOKS - 1)
    simple = range(len(models) - FLOORS, len(models))
    courses: tuple[list[int], list[int]] = ([], [])
    in_force, refused = [start, start], set[tuple[int, int]]()
    for first in range(gate.LOOKS):
        looked = months.look(first, gate.ORIGINS)
        floors = [looked[i] for i in simple]
        names = choice.chosen(np.stack([s.wis for s in looked]), FLOORS)
        for rule, candidate in enumerate(int(name[1:]) for name in names):
            now = in_force[rule]
            if candidate != now and rule == 0:
                if gate.passed_before(looked[candidate], looked[now], floors):
                    in_force[rule] = candidate
            elif candidate != now:
                # What leads by rule was not chosen for its score.
                scored = replace(looked[candidate], chosen_from=len(models) if candidate else 1)
                pair = (candidate, now)
                verdict = judge(scored, looked[now], floors, refused=pair in refused)
                if verdict.passed:
                    in_force[rule] = candidate
                elif any(c.name.startswith("wis") for c in verdict.failures):
                    refused.add(pair)
            courses[rule].append(in_force[rule])
    return Year(tuple(courses[0]), tuple(courses[1]))


def years(
    question: str,
    models: Sequence[Model],
    start: int,
    happened: Callable[[tuple[int, ...]], bool],
    runs: int,
    seed: int,
    laws: Sequence[Law],
) -> list[Rate]:
    """How often something happens to the model in force within a year, by law."""
    by_law = []
    for law in laws:
        rng = np.random.default_rng(seed)
        courses = [year(law, models, start, rng) for _ in range(runs)]
        before = sum(happened(c.before) for c in courses)
        after = sum(happened(c.after) for c in courses)
        by_law.append(Rate(question, law.name, before, after, runs))
    return by_law


def rates(
    runs: int, seed: int = 61, laws: Sequence[Law] = LAWS, persistence: float = 0.9
) -> list[Rate]:
    """Equal models; a leader that one of fifteen beats; a worse model in force at the start."""
    plain = Model(0.4, persistence)
    floors = [worse(plain, 0.4)] * FLOORS
    equal = [plain] * 13
    table = years(
        "of equal models another comes into force within a year", [*equal, *floors], 0,
        lambda course: any(course), runs, seed, laws,
    )  # fmt: skip
    for share in (0.15, 0.5, 1.0):
        bad = worse(plain, share)
        models = [bad, plain, *[bad] * 11, *[worse(bad, 0.4)] * FLOORS]
        table += years(
            f"the leader is {share:.0%} worse than one of 15: in force at the end is that one"
            .replace("%", " %"), models, 0, lambda course: course[-1] == 1, runs, seed, laws,
        )  # fmt: skip
        table += years(
            f"one {share:.0%} worse is in force: the leader is back within a year"
            .replace("%", " %"), [plain, bad, *[plain] * 11, *floors], 1,
            lambda course: course[-1] == 0, runs, seed, laws,
        )  # fmt: skip
    return table


def regret(
    runs: int, seed: int = 62, laws: Sequence[Law] = LAWS, persistence: float = 0.9
) -> list[tuple[str, ...]]:
    """True score of the model in force after a year against always the leading one.

    Fifteen models as in `choice.regret`, the leader in force at the start.
    """
    rows = []
    for law in laws:
        rng = np.random.default_rng(seed)
        ends: tuple[list[float], list[float]] = ([], [])
        changed = [0, 0]
        for _ in range(runs):
            faults = np.sort(rng.uniform(0.1, 0.95, 15))
            order = rng.permutation(12)
            models = [Model(f, persistence) for f in (faults[2], *faults[:12][order], *faults[12:])]
            course = year(law, models, 0, rng)
            for rule, each in enumerate((course.before, course.after)):
                changed[rule] += any(each)
                ends[rule].append(expected(models[each[-1]]) / expected(models[0]) - 1)
        for rule, title in enumerate(("before", "after")):
            error = 1.96 * np.std(ends[rule]) / np.sqrt(runs)
            share, true = changed[rule] / runs, np.mean(ends[rule])
            row = (law.name, title, f"{share:.1%}", f"{true:+.1%} ± {error:.1%}", str(runs))
            rows.append(tuple(cell.replace("%", " %") for cell in row))
    return rows


def over_regions(
    runs: int, regions: int = 10, seed: int = 63, laws: Sequence[Law] = LAWS
) -> list[Rate]:
    """The choice on mean scores of regions that move on their own, models equally good in all.

    An upper bound of what other regions' evidence can add: real regions move together.
    """
    table = []
    plain = Model(0.4)
    for share in (0.0, 0.15, 0.5):
        bad = worse(plain, share) if share else plain
        models = (bad, plain, *[bad] * 14)
        for law in laws:
            rng = np.random.default_rng(seed)
            count = 0
            for _ in range(runs):
                cells = scores(law, models, rng, regions, choice.ORIGINS).mean(axis=1)
                count += choice.chosen(cells)[1] != choice.LEADER
            question = (
                f"the leader, {share:.0%} worse than one of 15, is replaced, {regions} regions"
            )
            table.append(Rate(question.replace("%", " %"), law.name, None, count, runs))
    return table


def blind(runs: int) -> list[Rate]:
    """Choice, gate and both together on laws, faults and seeds that nothing was set by."""
    plain = Model(0.4, UNSEEN_PERSISTENCE)
    candidate = Model(gate.CANDIDATE.fault, UNSEEN_PERSISTENCE)
    narrow = replace(candidate, width=0.6)
    wide = replace(candidate, width=1.4)
    table = choice.replacements(
        "any of 15 equal models replaces the leader", [plain] * 16, runs, UNSEEN_SEED, UNSEEN
    )
    for number, (question, new, old, refused) in enumerate(
        (
            ("an equal candidate is refused", candidate, candidate, True),
            ("one equal but 1.4 too wide is refused", wide, wide, True),
            ("one 0.6 too narrow passes", narrow, narrow, False),
            ("15 % worse passes", worse(candidate, 0.15), candidate, False),
            ("100 % worse passes", worse(candidate, 1.0), candidate, False),
        ),
        start=1,
    ):
        table += gate.single(question, new, old, runs, UNSEEN_SEED + number, refused, UNSEEN)
    return table + rates(runs // 2, UNSEEN_SEED + 9, UNSEEN, UNSEEN_PERSISTENCE)
