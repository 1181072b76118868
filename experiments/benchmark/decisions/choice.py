"""How often the choice leaves the leading model, and what that does to the forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from employment_forecast.experiments.benchmark.decisions import former
from employment_forecast.experiments.benchmark.decisions.laws import (
    LAWS,
    Law,
    Model,
    expected,
    scores,
    worse,
)
from employment_forecast.experiments.benchmark.decisions.rates import Rate
from employment_forecast.forecasting.competition.choice import decide
from employment_forecast.forecasting.scoring import mean_and_error

Floats = npt.NDArray[np.float64]

ORIGINS = 36
PLAIN = Model(0.4)
LEADER = "m0"


def chosen(cells: Floats, floors: int = 0) -> tuple[str, str]:
    """The former rule's choice and today's, of scores with shape (models, origins, horizon).

    The first model leads; the last `floors` are simple ones.
    """
    names = [f"m{i}" for i in range(len(cells))]
    wis = {m: float(np.nanmean(c)) for m, c in zip(names, cells, strict=True)}
    by_name = dict(zip(names, cells, strict=True))
    simple = names[len(names) - floors :]
    choice = decide(
        wis,
        simple,
        lambda m, o: mean_and_error(by_name[m] - by_name[o]),
        cells.shape[1],
        (LEADER,),
        str,
    )
    return _former(wis, by_name, simple), choice.model


def _former(wis: dict[str, float], cells: dict[str, Floats], simple: Sequence[str]) -> str:
    best_floor = min((wis[m] for m in simple), default=np.inf)
    eligible = [m for m in wis if m not in simple and wis[m] < best_floor]
    if not eligible:
        return min(simple, key=lambda m: wis[m])
    if LEADER not in eligible:
        return min(eligible, key=lambda m: wis[m])
    clear = [
        m
        for m in eligible
        if m != LEADER and former.replaces(*former.mean_and_error(cells[m] - cells[LEADER]))
    ]
    return min(clear or [LEADER], key=lambda m: wis[m])


def replacements(
    question: str, models: Sequence[Model], runs: int, seed: int, laws: Sequence[Law] = LAWS
) -> list[Rate]:
    """How often the first model is replaced, by law."""
    rates = []
    for law in laws:
        rng = np.random.default_rng(seed)
        cells = scores(law, tuple(models), rng, runs, ORIGINS)
        names = [chosen(cells[:, run]) for run in range(runs)]
        before = sum(old != LEADER for old, _ in names)
        after = sum(new != LEADER for _, new in names)
        rates.append(Rate(question, law.name, before, after, runs))
    return rates


def size_and_power(runs: int, seed: int = 11) -> list[Rate]:
    """Equal models, and one that is better."""
    return [
        *replacements("one equal model replaces the leader", [PLAIN] * 2, runs, seed),
        *replacements("any of 15 equal models does", [PLAIN] * 16, runs, seed),
        *(
            rate
            for share in (0.15, 0.5, 1.0)
            for rate in replacements(
                f"the leader is {share:.0%} worse than one of 15".replace("%", " %"),
                [worse(PLAIN, share), PLAIN, *[worse(PLAIN, share)] * 14],
                runs,
                seed,
            )
        ),
    ]


def regret(runs: int, seed: int = 12, laws: Sequence[Law] = LAWS) -> list[tuple[str, ...]]:
    """What a choice promises and what it gives, when models differ as real ones do.

    Fifteen models whose true scores lie 0 to 40 % above that of the best possible, a combination
    that is as good as the third of them, three floors of which one is now and then as good.
    """
    rows = []
    for law in laws:
        rng = np.random.default_rng(seed)
        promised: list[list[float]] = [[], []]
        true: list[list[float]] = [[], []]
        replaced: list[list[bool]] = [[], []]
        displaced = []
        for _ in range(runs):
            faults = np.sort(rng.uniform(0.1, 0.95, 15))
            order = rng.permutation(12)
            models = [Model(faults[2]), *(Model(f) for f in faults[:12][order])]
            models += [Model(f) for f in faults[12:]]
            cells = scores(law, tuple(models), rng, 1, ORIGINS)[:, 0]
            truth = [expected(m) for m in models]
            for rule, name in enumerate(chosen(cells, floors=3)):
                i = int(name[1:])
                replaced[rule].append(i != 0)
                if rule == 0:
                    displaced.append(i >= len(models) - 3)
                promised[rule].append(float(np.nanmean(cells[i]) / np.nanmean(cells[0]) - 1))
                true[rule].append(truth[i] / truth[0] - 1)
        whole = np.full(runs, True)
        for which, label in ((whole, ""), (np.array(displaced), ", where a floor displaced it")):
            for rule, title in enumerate(("before", "after")):
                n, truth_of = int(which.sum()), np.array(true[rule])[which]
                error = np.std(truth_of) / np.sqrt(n)
                rows.append(
                    (
                        law.name,
                        f"{title}{label}",
                        f"{np.mean(np.array(replaced[rule])[which]):.1%}",
                        f"{np.mean(np.array(promised[rule])[which]):+.1%}",
                        f"{np.mean(truth_of):+.1%} ± {1.96 * error:.1%}",
                        str(n),
                    )
                )
    return [tuple(cell.replace("%", " %") for cell in row) for row in rows]
