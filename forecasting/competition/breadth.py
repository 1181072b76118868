"""How many parts will be in trouble at once, from their joint paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from employment_forecast.features.parts import LOW_MONTHS, breadth_ahead
from employment_forecast.forecasting.competition.result import Competition


def breadth_rows(parts: Sequence[Competition]) -> tuple[dict[str, Any], ...]:
    """Share of parts in broad trouble in each month ahead, from their joint paths.

    Parameters
    ----------
    parts : sequence of Competition
        Reconciled: path i of all of them belongs together.

    Returns
    -------
    tuple of dict
        `month`, `mean`, `q10`, `q50`, `q90`, and `p_half`, the probability that half of the parts
        or more rise for three months or stand 10 % above their low. Empty where the parts do not
        end in the same month or have too few months.
    """
    needed = LOW_MONTHS - 1
    last = [each.history.values[-needed:] for each in parts]
    complete = all(len(v) == needed and np.isfinite(v).all() for v in last)
    if not parts or not complete or len({each.history.origin for each in parts}) > 1:
        return ()
    months = min(len(each.champion_paths.months) for each in parts)
    keys = [each.region.code for each in parts]
    ahead = {k: each.champion_paths.values[:, :months] for k, each in zip(keys, parts, strict=True)}
    shares = breadth_ahead(dict(zip(keys, last, strict=True)), ahead)
    ends = np.quantile(shares, (0.1, 0.5, 0.9), axis=0)
    return tuple(
        {
            "month": str(month),
            "mean": round(float(shares[:, at].mean()), 3),
            **{name: round(float(ends[n, at]), 3) for n, name in enumerate(("q10", "q50", "q90"))},
            "p_half": round(float((shares[:, at] >= 0.5).mean()), 3),
        }
        for at, month in enumerate(parts[0].champion_paths.months[:months])
    )
