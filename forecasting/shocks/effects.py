"""How large the declared events of a history are, in words and as documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from employment_forecast.features.events import column_name
from employment_forecast.features.history import History
from employment_forecast.models.contract import quietly
from employment_forecast.models.effects import effects_of

# A tenth of a normal law lies beyond this many standard deviations.
TENTH = 1.2816


def in_words(size: float, history: History) -> str:
    """A size on the model scale: percent of the level, or the unit where the scale is plain."""
    if history.transform == "log":
        return f"{np.expm1(size):+z.1%}"
    return f"{size:+z.2f}{history.unit}"


def shock_rows(history: History) -> list[dict[str, Any]]:
    """Declared events that a history takes into account, as JSON-able rows.

    Parameters
    ----------
    history : History
        Up to the origin.

    Returns
    -------
    list of dict
        By month: what was declared, `size` and `standard_error` of the effect in its first month
        (model scale: log points or units) and `effect` in words with its 80 % interval; no figures
        for a step that a change of definition in the same month stands for.
    """
    if not history.shocks:
        return []
    with quietly():
        effects = effects_of(history)
    rows = []
    for each in history.shocks:
        name = column_name(each)
        size, error = effects.forced.get(name), effects.errors.get(name, 0.0)
        figures = {
            "size": size,
            "standard_error": None if size is None else error,
        }
        words = {
            "effect": size,
            "effect_low": None if size is None else size - TENTH * error,
            "effect_high": None if size is None else size + TENTH * error,
        }
        rows.append(
            {
                "number": each.number,
                "month": str(each.month),
                "kind": each.kind,
                "months": each.months or None,
                "name": each.name,
                "source": each.source,
                "declared_on": each.declared_on.isoformat(),
                "phrase": each.phrase,
                **{k: None if v is None else round(v, 6) for k, v in figures.items()},
                **{k: None if v is None else in_words(v, history) for k, v in words.items()},
            }
        )
    return rows
