"""What the browser needs to move a cap, enter a figure or suppose layoffs: the champion's paths.

The browser counts on the same paths, rounded to the same precision and by the same rules as the
engine, so that its probabilities are the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.errors import UsageError
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import Assessment
from employment_forecast.forecasting.backtest import cell_seed
from employment_forecast.forecasting.early_warning import breach_curve
from employment_forecast.forecasting.scenario import (
    SCENARIO_SEED,
    GivenAssumptions,
    basis,
    latin_hypercube,
)
from employment_forecast.models.paths import QUANTILES, SamplePaths

Floats = npt.NDArray[np.float64]

SHOWN_MONTHS = 60
# Digits of a path beyond the published ones: a scenario is added before values are rounded.
_EXTRA = 2
_PLACES = 10_000


def _scaled(values: Floats, precision: float) -> list[int]:
    """Values in hundredths of the last published digit."""
    return list(map(int, np.rint(values / precision * 10**_EXTRA).ravel().tolist()))


def _cap(
    item: Assessment, like: int, cap: Mapping[str, Any], history: History, paths: SamplePaths
) -> dict[str, Any]:
    target = item.target
    published = {
        str(m): round(float(v), 10)
        for m, v in zip(history.months, history.values, strict=True)
        if target.covers(m)
    }
    curve = breach_curve(paths, history, target)
    return {
        "id": cap["id"],
        "title": cap["title"],
        "like": like,
        "basis": target.basis,
        "value": target.limit,
        "first": str(target.first_month),
        "last": str(target.last_month),
        "published": list(published.values()),
        "months": list(published),
        # Months of an earlier number keep its limit, wherever the control stands.
        "earlier": {
            str(m): span.limit
            for span in target.changed[:-1]
            for m in pd.period_range(span.first, span.last, freq="M")
        },
        "p_any": item.p_any,
        "p_end": item.p_end,
        "curve": None
        if curve is None
        else {"values": [float(v) for v in curve[0]], "p": [round(float(p), 4) for p in curve[1]]},
    }


def _scenario(history: History, paths: SamplePaths, seed: int) -> dict[str, Any]:
    """Ingredients of `forecast scenario` with default assumptions, or why it does not apply."""
    if history.kind not in ("stock", "rate"):
        return {"reason": "情景推演适用于失业人数和失业率。"}
    try:
        ground = basis(history, GivenAssumptions(), layoffs=True, jobs=True)
    except UsageError as error:
        return {"reason": error.message}
    assumed = ground.assumptions
    # The page supposes numbers of people, no estimates: it needs no draw for those.
    draws = latin_hypercube(paths.n_paths, cell_seed(seed, SCENARIO_SEED, history))[:, :4]

    def ends(span: Any) -> list[float]:
        return [span.low, span.high]

    months = [m.month for m in paths.months]
    return {
        "draws": list(map(int, np.rint(draws * _PLACES).ravel().tolist())),
        "places": _PLACES,
        "registration": ends(assumed.registration),
        "absorb": ends(assumed.absorb),
        "pass_through": ends(assumed.pass_through),
        "reemployment": [ends(assumed.reemployment[m]) for m in months],
        "exits": [ends(assumed.exits[m]) if m in assumed.exits else [0.0, 0.0] for m in months],
        "persons_per_unit": ground.persons_per_unit,
        "ceiling": 100.0 if history.kind == "rate" else None,
        "stated": [
            {"label": s.label, "low": s.low, "high": s.high, "unit": s.unit, "source": s.source}
            for s in ground.stated
        ],
    }


def hands_on(
    indicator: Indicator,
    history: History,
    paths: SamplePaths,
    caps: Sequence[Assessment],
    feed: Mapping[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Everything a region's page computes with.

    Parameters
    ----------
    indicator : Indicator
        Name, unit and precision.
    history : History
        Data behind the champion.
    paths : SamplePaths
        The champion's calibrated paths, shape (n_paths, horizon).
    caps : sequence of Assessment
        Caps as the engine assessed them on these paths.
    feed : mapping
        The published threshold feed of the champion: caps, lines, scheme.
    seed : int
        Of the run, for the scenario's draws.

    Returns
    -------
    dict
        JSON-able; values of paths in hundredths of the last published digit.
    """
    by_target = {(c["tier"], c["basis"], c["period"], c["value"]): c for c in feed["caps"]}
    known = [
        (item, by_target[key])
        for item in caps
        if (key := (item.target.tier, item.target.basis, item.target.period, item.target.value))
        in by_target
    ]
    announced = [item.target.announced for item, _ in known]
    recent = history.series.iloc[-SHOWN_MONTHS:]
    quantiles = paths.quantiles()
    return {
        "unit": indicator.unit,
        "decimals": indicator.decimals,
        "precision": history.precision,
        "demo": history.demo,
        "months": [str(m) for m in recent.index],
        "values": [round(float(v), 10) for v in recent],
        "ahead": [str(m) for m in paths.months],
        "levels": list(QUANTILES),
        "quantiles": [[round(float(v), 6) for v in row] for row in np.asarray(quantiles)],
        "n_paths": paths.n_paths,
        "scale": 10**_EXTRA,
        "paths": _scaled(paths.values, history.precision),
        # One number on several bases is moved by one control, that of its first basis.
        "caps": [
            _cap(item, announced.index(item.target.announced), cap, history, paths)
            for item, cap in known
        ],
        "lines": [
            {k: line[k] for k in ("cap", "month", "level", "value", "state")}
            for line in feed["lines"]
        ],
        "scheme": [{k: s[k] for k in ("code", "name")} for s in feed["scheme"]["levels"]],
        "scenario": _scenario(history, paths, seed),
    }
