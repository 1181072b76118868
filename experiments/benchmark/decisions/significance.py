"""How often tests that are printed tell equal models apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from employment_forecast.experiments.benchmark.decisions import former
from employment_forecast.experiments.benchmark.decisions.laws import LAWS, Law, Model, scores
from employment_forecast.experiments.benchmark.decisions.rates import Rate, interval
from employment_forecast.forecasting.competition.choice import corrected_error
from employment_forecast.forecasting.competition.evidence import first_months
from employment_forecast.forecasting.scoring import (
    diebold_mariano,
    mean_and_error,
    model_confidence_set,
)

ORIGINS = 36
# Months ahead of which 36 origins hold twelve that do not overlap.
NEAR = 3
EQUAL = Model(0.4)


def sizes(runs: int, seed: int = 41, laws: Sequence[Law] = LAWS) -> list[Rate]:
    """Rejections at 5 % and models dropped from the 90 % set, of twelve equal models."""
    rates = []
    for law in laws:
        rng = np.random.default_rng(seed)
        cells = scores(law, (EQUAL,) * 12, rng, runs, ORIGINS)
        before, after, dropped_before, dropped = 0, 0, 0, 0
        for run in range(runs):
            table = np.moveaxis(cells[:, run], 0, -1)
            whole, near = first_months(table, 12), first_months(table, NEAR)
            gap = whole[:, 0] - whole[:, 1]
            old = former.diebold_mariano(gap, 12)
            new = diebold_mariano(near[:, 0] - near[:, 1], NEAR)
            before += old is not None and old < 0.05
            after += new is not None and new.p_value < 0.05
            dropped_before += len(former.confidence_set(whole, 12)) < 12
            values = model_confidence_set(near, [str(i) for i in range(12)], NEAR)
            dropped += values is not None and min(values.values()) < 0.1
        rates += [
            Rate("Diebold-Mariano at 5 % rejects two equal models", law.name, before, after, runs),
            Rate(
                "the 90 % set drops any of 12 equal models", law.name, dropped_before, dropped, runs
            ),
        ]
    return rates


HEAD = ("law", "stated over true, before", "after", "three of them exceeded, before", "after", "n")


def errors(runs: int, seed: int = 42, laws: Sequence[Law] = LAWS) -> list[tuple[str, ...]]:
    """The stated standard error of a mean difference of two equal models over the true one.

    And how often three of them are exceeded to one side; today's are those the choice uses.
    """
    rows = []
    for law in laws:
        rng = np.random.default_rng(seed)
        cells = scores(law, (EQUAL,) * 2, rng, runs, ORIGINS)
        means, stated = np.empty(runs), np.empty((2, runs))
        for run in range(runs):
            gaps = cells[0, run] - cells[1, run]
            means[run], stated[0, run] = former.mean_and_error(gaps)
            stated[1, run] = corrected_error(mean_and_error(gaps), 1)
        ratios = np.sqrt((stated**2).mean(axis=1)) / means.std()
        beyond = [interval(int((-means > 3 * each).sum()), runs) for each in stated]
        rows.append((law.name, f"{ratios[0]:.2f}", f"{ratios[1]:.2f}", *beyond, str(runs)))
    return rows
