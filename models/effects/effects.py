"""Effects of known regressors: which a history has, and how large they are.

Practice of X-13ARIMA-SEATS: a regression with airline-model errors decides, and every method then
works on the adjusted series. Two kinds of regressors are treated in one regression. *Forced* ones,
such as the step of a change of definition, are always estimated. *Optional* ones, in groups such as
the Spring Festival, enter together where the Bayesian information criterion asks for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from employment_forecast.features.airline import AirlineRegression, airline_regression
from employment_forecast.features.calendar import DEFAULT_WINDOWS, GROUPS, Windows, choose_windows
from employment_forecast.features.history import KNOWN_AHEAD, History

Floats = npt.NDArray[np.float64]
Policy = Literal["automatic", "none", "default", "chosen"]

# Fewer festivals than five cannot tell a moving holiday from a fixed season.
MIN_MONTHS = 61
_REMEMBERED = 512


@dataclass(frozen=True)
class Effects:
    """Effects of the known regressors of one history, model scale.

    Attributes
    ----------
    forced : dict
        Coefficient by column of `History.forced`.
    optional : dict
        Coefficient by column of `History.optional(windows)`; only groups that are in.
    errors : dict
        Standard error by column, of all that are in.
    windows : Windows
        Festival windows the coefficients belong to.
    gains : dict
        By how much each group, added alone, lowers the Bayesian information criterion; negative
        where it does not pay, empty where nothing was tried.
    """

    forced: Mapping[str, float]
    optional: Mapping[str, float]
    errors: Mapping[str, float]
    windows: Windows
    gains: Mapping[str, float]


_known: OrderedDict[tuple[str, Policy], Effects] = OrderedDict()


def forced_path(history: History, policy: Policy = "automatic") -> Floats:
    """What forced effects make of a series, relative to where it stands now.

    Parameters
    ----------
    history : History
        Up to the origin.
    policy : {"automatic", "none", "default", "chosen"}
        As for `effects_of`.

    Returns
    -------
    numpy.ndarray
        Shape (n + KNOWN_AHEAD,), on the model scale; 0 at the last known month. The past is brought
        to where the series stands now, not the present to where it stood.
    """
    n = len(history)
    if not history.forced.shape[1]:
        return np.zeros(n + KNOWN_AHEAD)
    sizes = effects_of(history, policy).forced
    levels = history.forced[list(sizes)].to_numpy() @ np.array(list(sizes.values()))
    return np.asarray(levels - levels[n - 1], dtype=float)


def effects_of(history: History, policy: Policy = "automatic") -> Effects:
    """Estimate the effects of a history's known regressors.

    All models at one origin ask for the same thing, so the last answers are remembered.

    Parameters
    ----------
    history : History
        Up to the origin.
    policy : {"automatic", "none", "default", "chosen"}
        Optional groups: decided by criterion; never; the festival always, with the default
        windows; the festival always, with windows chosen by AICc however short the series.

    Returns
    -------
    Effects
        Optional groups are tried from 61 months on.
    """
    key = (history.fingerprint, policy)
    effects = _known.get(key)
    if effects is None:
        effects = _known[key] = _estimate(history, policy)
        if len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return effects


def _estimate(history: History, policy: Policy) -> Effects:
    n = len(history)
    windows = DEFAULT_WINDOWS
    groups: dict[str, Floats] = {}
    if n >= MIN_MONTHS and policy != "none":
        windows = _windows(history, policy)
        table = history.optional(windows)
        present = {name: list(columns) for name, columns in GROUPS.items() if columns[0] in table}
        if policy != "automatic":
            present = {"festival": present["festival"]}
        groups = {name: table[columns].to_numpy()[:n] for name, columns in present.items()}
    forced = history.forced.to_numpy()[:n]
    if not groups and not forced.shape[1]:
        return Effects({}, {}, {}, windows, {})
    best, chosen, gains = _decide(history.scaled, forced, groups, always=policy != "automatic")
    names = [*history.forced.columns, *(column for name in chosen for column in GROUPS[name])]
    coefficients = dict(zip(names, best.coefficients.tolist(), strict=True))
    steps = forced.shape[1]
    return Effects(
        forced={name: coefficients[name] for name in names[:steps]},
        optional={name: coefficients[name] for name in names[steps:]},
        errors=dict(zip(names, best.errors.tolist(), strict=True)),
        windows=windows,
        gains=gains,
    )


def _windows(history: History, policy: Policy) -> Windows:
    if policy == "automatic":
        return history.festival.windows
    if policy == "default":
        return DEFAULT_WINDOWS
    stock = history.kind == "stock"
    return choose_windows(history.scaled, history.start, stock=stock, min_months=MIN_MONTHS).windows


def _decide(
    z: Floats, forced: Floats, groups: Mapping[str, Floats], always: bool
) -> tuple[AirlineRegression, tuple[str, ...], dict[str, float]]:
    """Best regression, the groups in it, and what each group gains alone."""
    if always:
        return airline_regression(z, np.hstack([forced, *groups.values()])), tuple(groups), {}
    subsets = [s for size in range(len(groups) + 1) for s in combinations(groups, size)]
    tried = {
        subset: airline_regression(z, np.hstack([forced, *(groups[name] for name in subset)]))
        for subset in subsets
    }
    chosen = min(subsets, key=lambda subset: tried[subset].criterion)
    plain = tried[()].criterion
    return tried[chosen], chosen, {name: plain - tried[(name,)].criterion for name in groups}
