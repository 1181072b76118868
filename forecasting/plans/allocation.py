"""Proposals for sharing out a cap (控制数分解) among the parts of a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.data.targets import Target
from employment_forecast.forecasting.assessment import (
    Share,
    critical_values,
    equal_risk,
    in_proportion,
    published_peak,
    shares,
    whole_numbers,
)
from employment_forecast.forecasting.competition import Competition, TreeResult

RULES: Mapping[str, str] = {
    "equal-risk": "等风险",
    "proportional": "按现有人数",
    "last-year": "按上年控制数",
}

# Differences of probability that whole numbers alone do not make.
LEAST_UNEVEN = 0.03


@dataclass(frozen=True)
class CapSplit:
    """One way of sharing out a cap.

    Attributes
    ----------
    rule : str
        Key of `RULES`.
    parts : dict
        `Share` by code of region; the caps add up to that of the whole.
    p_some : float
        Probability that at least one part breaks its own.
    """

    rule: str
    parts: Mapping[str, Share]
    p_some: float


@dataclass(frozen=True)
class Allocation:
    """All proposals for one cap.

    Attributes
    ----------
    target : Target
        The cap of the whole.
    p_break : float
        Probability that the whole breaks it.
    untested : bool
        The period reaches beyond the back-tested horizon.
    proposals : dict
        By rule; `last-year` only where every part had a cap last year.
    """

    target: Target
    p_break: float
    untested: bool
    proposals: Mapping[str, CapSplit]


def allocate(
    target: Target,
    tree: TreeResult,
    kept: Mapping[str, int],
    before: Mapping[str, float],
) -> Allocation:
    """Share out a cap by every rule.

    Parameters
    ----------
    target : Target
        The cap of the whole, a whole number.
    tree : TreeResult
        Forecasts of the whole and its parts, by code of region.
    kept : mapping
        Numbers that are given, by code of region.
    before : mapping
        Caps of the year before, by code of region.

    Returns
    -------
    Allocation

    Raises
    ------
    DataError
        If a part has no forecast to the end of the period.
    UsageError
        If what is given leaves less than nothing, or nobody to take the rest.
    """
    assert target.value is not None
    value, whole = int(target.value), tree.member(target.region)
    parts = {code: each for code, each in tree.results.items() if code != target.region}
    critical = {code: _critical(target, each) for code, each in parts.items()}
    rest, free = value - sum(kept.values()), [code for code in parts if code not in kept]
    if rest < 0 or (rest and not free):
        raise UsageError(
            f"--keep 已定的数合计 {value - rest:,}，与 --value {value:,} 不符。",
            "请减少 --keep 的地区或其数值。",
        )
    open_values = {code: critical[code] for code in free}
    wanted = {"equal-risk": equal_risk(rest, open_values) if free else {}}
    wanted["proportional"] = in_proportion(rest, {c: _latest(parts[c]) for c in free})
    if free and all(before.get(code) for code in free):
        wanted["last-year"] = in_proportion(rest, {c: before[c] for c in free})
    published = {
        code: published_peak(replace(target, region=code), each.history, each.champion_paths)
        for code, each in parts.items()
    }
    proposals = {}
    for rule, exact in wanted.items():
        shared = {**kept, **whole_numbers(rest, exact)}
        caps = {code: shared[code] for code in parts}
        broken = np.any([critical[code] > cap for code, cap in caps.items()], axis=0)
        given = shares(caps, critical, list(kept), published)
        proposals[rule] = CapSplit(rule, given, float(broken.mean()))
    untested = target.last_month > whole.history.origin + whole.tested_horizon
    p_break = float((_critical(target, whole) > value).mean())
    return Allocation(target, p_break, bool(untested), proposals)


def _latest(result: Competition) -> float:
    return float(result.history.values[-1])


def _critical(target: Target, result: Competition) -> np.ndarray[Any, np.dtype[np.float64]]:
    critical = critical_values(
        replace(target, region=result.region.code), result.history, result.champion_paths
    )
    if critical is None:
        raise DataError(
            f"{result.series.title}在 {target.period} 的月份不全或超出预测期，不能分配。",
            "请补录该时期已过去的月份，或换一个时期（预测期最长 60 个月）。",
        )
    return critical


def allocation_document(allocation: Allocation, names: Mapping[str, str]) -> dict[str, Any]:
    """Proposals as one JSON-able object."""
    target = allocation.target
    risks = [s.p_break for s in allocation.proposals["equal-risk"].parts.values() if not s.kept]
    broken = dict.fromkeys(
        f"{names[code]}已公布的月份最高为 {share.reached:,.0f}，控制数低于此数即为已突破。"
        for proposal in allocation.proposals.values()
        for code, share in proposal.parts.items()
        if share.broken
    )
    uneven = bool(risks) and max(risks) - min(risks) > LEAST_UNEVEN
    return {
        "notes": [
            *broken,
            *(["受已公布的月份和整数所限，“等风险”下各地区的突破概率不能相等。"] * uneven),
        ],
        "proposal": True,
        "region": target.region,
        "indicator": target.indicator,
        "period": target.period,
        "basis": target.basis,
        "value": int(target.value or 0),
        "unit": target.unit,
        "p_break": allocation.p_break,
        "untested": allocation.untested,
        "rules": [
            {
                "rule": rule,
                "name": RULES[rule],
                "p_some": proposal.p_some,
                "parts": [
                    {"region": code, "name": names[code], "cap": share.cap, "kept": share.kept,
                     "p_break": share.p_break, "broken": share.broken, "reached": share.reached,
                     "per_person": None if share.per_person is None else -share.per_person}
                    for code, share in proposal.parts.items()
                ],
            }
            for rule, proposal in allocation.proposals.items()
        ],
    }  # fmt: skip
