"""Sharing out a cap (控制数分解): whole numbers for the parts that add up to that of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from employment_forecast.data.catalogue import TOLERANCE, Floats, printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.bases import basis_of
from employment_forecast.forecasting.assessment.events import view_period
from employment_forecast.models.paths import SamplePaths

_HALVINGS = 60


@dataclass(frozen=True)
class Share:
    """One part of a shared-out cap.

    Attributes
    ----------
    cap : int
        Proposed number.
    kept : bool
        It was given, not worked out.
    p_break : float
        Probability that the part breaks it.
    per_person : float or None
        By how much one person more lowers that probability; None where the cap is broken already.
    reached : float or None
        The highest published value that counts against the cap; None where none does by itself.
    """

    cap: int
    kept: bool
    p_break: float
    per_person: float | None
    reached: float | None = None

    @property
    def broken(self) -> bool:
        """A published month is above the cap."""
        return self.reached is not None and self.reached > self.cap


def critical_values(target: Target, history: History, paths: SamplePaths) -> Floats | None:
    """The smallest cap that each path does not break, by the target's basis.

    Parameters
    ----------
    target : Target
        Its period and basis count, not its value.
    history : History
        Published values up to the origin.
    paths : SamplePaths
        From the same origin.

    Returns
    -------
    numpy.ndarray or None
        Shape (n_paths,): a cap is broken where it is smaller. None where months of the period are
        missing or beyond the paths, and for a basis that has no breach.
    """
    basis = basis_of(target)
    seen = view_period(target, history, paths, basis.first_counted(target))
    if not (basis.limits and seen.complete and seen.reached):
        return None
    known = np.broadcast_to(seen.published, (paths.n_paths, len(seen.known)))
    months = np.concatenate([known, seen.ahead], axis=1)
    if basis.functional == "mean":
        return printed(months.mean(axis=1), history.precision)
    return np.asarray(printed(months, history.precision).max(axis=1), dtype=float)


def published_peak(target: Target, history: History, paths: SamplePaths) -> float | None:
    """The highest published value of the period below which a cap is broken already, if any."""
    basis = basis_of(target)
    seen = view_period(target, history, paths, basis.first_counted(target))
    if basis.functional == "mean" or not len(seen.published):
        return None
    return float(printed(seen.published, history.precision).max())


def equal_risk(value: int, critical: Mapping[str, Floats]) -> dict[str, float]:
    """Caps that add up to a value and that every part breaks with the same probability.

    Parameters
    ----------
    value : int
        Of the whole.
    critical : mapping
        `critical_values` of each part, all of the same length.

    Returns
    -------
    dict
        Quantiles of the critical values at one level, found by bisection; the level falls as the
        value rises. Beyond the smallest or the largest of all paths the rest is shared in
        proportion to the parts' medians.
    """
    ordered = {key: np.sort(values) for key, values in critical.items()}

    def at(level: float) -> dict[str, float]:
        return {key: float(np.quantile(values, level)) for key, values in ordered.items()}

    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        low, high = (level, high) if sum(at(level).values()) < value else (low, level)
    caps = at((low + high) / 2)
    rest, sizes = value - sum(caps.values()), at(0.5)
    total = sum(sizes.values())
    return {
        key: cap + rest * (sizes[key] / total if total > 0 else 1 / len(caps))
        for key, cap in caps.items()
    }


def in_proportion(value: int, weights: Mapping[str, float]) -> dict[str, float]:
    """Caps in proportion to weights; equal ones where all weights are zero."""
    total = sum(weights.values())
    if total <= 0:
        return dict.fromkeys(weights, value / len(weights)) if weights else {}
    return {key: value * weight / total for key, weight in weights.items()}


def whole_numbers(value: int, parts: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that add up to a value, none below zero: largest remainders get one more.

    Ties go to the part that comes first.
    """
    wanted = {key: max(part, 0.0) for key, part in parts.items()}
    total = sum(wanted.values())
    scale = value / total if total > 0 else 0.0
    exact = {key: part * scale for key, part in wanted.items()}
    whole = {key: int(np.floor(part + TOLERANCE)) for key, part in exact.items()}
    order = sorted(exact, key=lambda key: whole[key] - exact[key])
    for key in order[: value - sum(whole.values())]:
        whole[key] += 1
    return whole


def shares(
    caps: Mapping[str, int],
    critical: Mapping[str, Floats],
    kept: Sequence[str],
    published: Mapping[str, float | None],
) -> dict[str, Share]:
    """What each cap means for its part.

    The slope is that over the next hundredth of the cap: that over one person would be the noise of
    a few paths, and below the cap lie the months that are published, where nothing is gradual.

    Parameters
    ----------
    caps, critical, kept : mapping, mapping, sequence
        Proposed numbers, `critical_values`, and the parts whose number was given.
    published : mapping
        `published_peak` of each part.
    """
    by_part = {}
    for key, cap in caps.items():
        values = critical[key]
        reach = max(1, cap // 100)
        risk = float((values > cap).mean())
        share = Share(cap, key in kept, risk, (risk - float((values > cap + reach).mean())) / reach)
        share = replace(share, reached=published[key])
        by_part[key] = replace(share, per_person=None) if share.broken else share
    return by_part
