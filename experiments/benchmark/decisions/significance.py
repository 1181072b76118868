"""How often tests that are printed tell equal models apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from employment_forecast.experiments.benchmark.decisions import former
from employment_forecast.experiments.benchmark.decisions.laws import LAWS, Law, Model, scores
from employment_forecast.experiments.benchmark.decisions.rates import Rate
from employment_forecast.forecasting.competition.evidence import first_months
from employment_forecast.forecasting.scoring import diebold_mariano, model_confidence_set

ORIGINS = 36
# Months ahead of which 36 origins hold twelve that do not overlap.
NEAR = 3
EQUAL = Model(0.4)


def sizes(runs: int, seed: int = 41, laws: Sequence[Law] = LAWS) -> list[Rate]:
    """Rejections at 5 % and models dropped from the 90 % set, of twelve equal models."""
    found = []
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
        found += [
            Rate("Diebold-Mariano at 5 % rejects two equal models", law.name, before, after, runs),
            Rate(
                "the 90 % set drops any of 12 equal models",
                law.name, dropped_before, dropped, runs,
            ),
        ]  # fmt: skip
    return found
