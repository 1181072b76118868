"""Competitions of a tree of series made to add up: parts and whole (局部与整体)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import NoModelError, RefusedError
from employment_forecast.forecasting.competition.breadth import breadth_rows
from employment_forecast.forecasting.competition.issuing import reconciled
from employment_forecast.forecasting.competition.result import Coherence, Competition
from employment_forecast.forecasting.reconciliation import (
    Sum,
    Tree,
    TreeChoice,
    TreeEvidence,
    choose_tree,
    joint_order,
    possible,
    projected,
)

Floats = npt.NDArray[np.float64]
Fixed = Mapping[str, Mapping[pd.Period, float]]

# Published figures of a year; where they differ from their sum by more, they are no parts of it.
AGREED_MONTHS, AGREED_SHARE = 12, 0.02
# A member whose newest month is older takes no part.
LATEST_MONTHS = 3


@dataclass(frozen=True)
class TreeResult:
    """Competitions of the members of a tree, reconciled where that is possible and does no harm.

    Attributes
    ----------
    results : dict
        By key, every member that was forecast.
    tree : Tree
        The sums that hold; empty where none does.
    choice : TreeChoice or None
        Whether they were reconciled and why; None where there is no sum.
    notes : tuple of str
        What is missing and why, in Chinese.
    refused : mapping
        By key, candidates that will be refused; `results` has what comes into force instead.
    """

    results: Mapping[str, Competition]
    tree: Tree
    choice: TreeChoice | None
    notes: tuple[str, ...] = field(default=())
    refused: Mapping[str, Competition] = field(default_factory=dict)

    def candidate(self, key: str) -> Competition:
        """What a member's models brought forth, whether it comes into force or not."""
        return self.refused.get(key) or self.member(key)

    @property
    def reconciled(self) -> bool:
        """Whether the members of `tree` add up."""
        return self.choice is not None and self.choice.reconcile

    def member(self, key: str) -> Competition:
        """The competition of one member.

        Raises
        ------
        NoModelError
            If it was not forecast.
        """
        if key not in self.results:
            raise NoModelError(
                "；".join(self.notes) + "。" if self.notes else "没有可以预测的数列。",
                "请补录其数据，或改为单独预测各下级。",
            )
        return self.results[key]


def reconcile_tree(
    sums: Sequence[Sum],
    results: Mapping[str, Competition],
    absent: Mapping[str, str] | None = None,
    fixed: Fixed | None = None,
) -> TreeResult:
    """Reconcile the competitions of a tree.

    Parameters
    ----------
    sums : sequence of Sum
        Wholes and parts by key.
    results : mapping
        Competition of every member that was forecast, on the same day with the same options.
    absent : mapping, optional
        By key, a Chinese sentence on why a member was not forecast.
    fixed : mapping, optional
        Figures of months to come that were set by hand, by key and month; they stay as they are.

    Returns
    -------
    TreeResult
        A member that is absent, late or of other data takes the sums that need it away and leaves
        the others standing.

    Raises
    ------
    RefusedError
        If figures set by hand contradict each other or the published ones.
    """
    whole = Tree.of(sums)
    notes = [f"{why}，含它的合计未协调" for why in (absent or {}).values()]
    missing = {key for key in whole.members if key not in results}
    newest = max((r.history.origin for r in results.values()), default=None)
    for key in whole.members:
        if key not in results or newest is None:
            continue
        late = (newest - results[key].history.origin).n
        if late > LATEST_MONTHS or (late and _gap(results, newest, key)):
            notes.append(_late(results[key], "相差太久，含它的合计未协调"))
            missing.add(key)
        elif late:
            notes.append(_late(results[key], "已按其他成员公布的数推算"))
    kept: list[Sum] = []
    for each in whole.without(missing).sums:
        if why := _unfit(each, results):
            notes.append(why)
        else:
            kept.append(each)
    tree = Tree.of(kept)
    if not tree.sums:
        return TreeResult(results, tree, None, tuple(notes))
    members = tree.members
    evidence = _evidence(members, results)
    seed = results[members[0]].options.seed
    choice = choose_tree(tree, evidence, seed)
    if not choice.reconcile:
        return TreeResult(results, tree, choice, tuple(notes))
    made, apart = _reconciled(tree, results, evidence, choice, fixed or {})
    return TreeResult({**results, **made}, tree, choice, (*notes, *apart))


def _late(result: Competition, said: str) -> str:
    return f"{result.series.member_name}的数据只到 {result.history.origin}，{said}"


def _gap(results: Mapping[str, Competition], newest: pd.Period, late: str) -> bool:
    """Whether months that the late member has still to give are missing from others' figures."""
    since = results[late].history.origin
    return any(
        bool(r.history.series[lambda s: s.index > since].isna().any())
        for r in results.values()
        if r.history.origin > since
    )


def _unfit(each: Sum, results: Mapping[str, Competition]) -> str:
    """Why a whole and its parts are not held to add up, in Chinese; empty where they are."""
    members = [results[key] for key in (each.whole, *each.parts)]
    whole = members[0]
    name, kind = whole.series.title, _kind(each, results)
    if len({m.history.demo for m in members}) > 1:
        return f"{name}与{kind}有的是演示数据、有的是实际数据，不相加"
    if len({m.indicator.of_everybody for m in members}) > 1 or whole.indicator.aggregation != "sum":
        return f"{name}与{kind}的指标不能相加，各自预测"
    table = pd.concat([m.history.series for m in members], axis=1, keys=range(len(members)))
    known = table.dropna().iloc[-AGREED_MONTHS:]
    if known.empty:
        return ""
    total = known[0].abs().clip(lower=whole.history.precision)
    parts = known.drop(columns=0).sum(axis=1)
    gap = float(((known[0] - parts).abs() / total).median())
    if gap > AGREED_SHARE:
        return (
            f"{name}近 {len(known)} 个月与 {len(each.parts)} 个{kind}之和相差的中位数为 {gap:.1%}，"
            f"超过 2 %，未强求相加，请核对{kind}是否齐全、口径是否一致"
        ).replace("%，超", " %，超")
    return ""


def _kind(each: Sum, results: Mapping[str, Competition]) -> str:
    """What the parts of a whole are called."""
    whole, part = results[each.whole].indicator, results[each.parts[0]].indicator
    return "下级" if part.code == whole.code else "群体"


def _evidence(members: Sequence[str], results: Mapping[str, Competition]) -> TreeEvidence:
    """Back-tests of the chosen models on a common axis of origins."""
    backtests = {key: results[key].backtest for key in members}
    months = sorted({m.ordinal for each in backtests.values() for m in each.months})
    row = {month: i for i, month in enumerate(months)}
    horizon = min(each.horizon for each in backtests.values())
    shape = (len(months), len(members), horizon)
    quantiles, outcomes = np.full((*shape, 9), np.nan), np.full(shape, np.nan)
    scales = np.full(shape[:2], np.nan)
    for at, key in enumerate(members):
        backtest = backtests[key]
        rows = [row[m.ordinal] for m in backtest.months]
        model = results[key].choice.model
        quantiles[rows, at] = backtest.records[model].quantiles[:, :horizon]
        outcomes[rows, at] = backtest.outcomes[:, :horizon]
        scales[rows, at] = backtest.scales
    return TreeEvidence(np.array(months, dtype=np.int64), quantiles, outcomes, scales)


def _reconciled(
    tree: Tree,
    results: Mapping[str, Competition],
    evidence: TreeEvidence,
    choice: TreeChoice,
    fixed: Fixed,
) -> tuple[dict[str, Competition], list[str]]:
    """Competitions that add up, and which sums of published months do not, in Chinese."""
    members = {key: results[key] for key in tree.members}
    first = min(m.history.origin for m in members.values()) + 1
    last = min(m.champion_paths.months[-1] for m in members.values())
    axis = pd.period_range(first, last, freq="M")
    n = min(m.champion_paths.n_paths for m in members.values())
    seed = members[tree.members[0]].options.seed
    values = np.empty((len(tree.members), n, len(axis)))
    known = np.zeros((len(tree.members), len(axis)), dtype=bool)
    for at, key in enumerate(tree.members):
        member = members[key]
        ahead = int((member.history.origin + 1 - first).n)
        values[at, :, :ahead] = member.history.values[len(member.history) - ahead :]
        known[at, :ahead] = True
        values[at, :, ahead:] = member.champion_paths.values[:n, : len(axis) - ahead]
    published = known.copy()
    law = evidence.law(tree, values, learned=choice.learned)
    order = joint_order(tree, values, law, seed)
    for key, figures in fixed.items():
        for month, value in figures.items():
            if key in tree.members and month in axis:
                at, step = tree.members.index(key), int((month - first).n)
                values[at, :, step], known[at, step] = value, True
                published[at, step] = False
    joint = np.take_along_axis(values, order[:, :, None], axis=1)
    counts = all(np.nanmin(m.history.values) >= 0 for m in members.values())
    asked = possible(tree, joint, published, nonnegative=counts)
    try:
        coherent = projected(tree, joint, law, fixed=known, demanded=asked, nonnegative=counts)
    except ValueError as error:
        raise RefusedError(
            "手工设定的数与已公布的数或彼此之间相加不符，不能协调。", "请核对设定的数。"
        ) from error
    made = {}
    for at, key in enumerate(tree.members):
        member, own = members[key], members[key].champion_paths
        ahead = int((own.origin + 1 - first).n)
        paths = own.values[order[at]]
        paths[:, : len(axis) - ahead] = coherent[at, :, ahead:]
        sums = [row for row, each in enumerate(tree.sums) if key in (each.whole, *each.parts)]
        apart = tuple(axis[~asked[sums].all(axis=0) & ~published[at]])
        coherence = Coherence(own, tree, choice, last, apart)
        made[key] = reconciled(member, replace(own, values=paths), coherence)
    for each in tree.sums:
        whole, parts = made[each.whole], [made[key] for key in each.parts]
        together = whole.coherence
        if together is not None and all(p.indicator.code == whole.indicator.code for p in parts):
            broad = replace(together, breadth=breadth_rows(parts))
            made[each.whole] = replace(whole, coherence=broad)
    unmet = [
        f"{members[each.whole].series.member_name} {month} "
        f"已公布的数与{_kind(each, members)}之和不符，该月不强求相加"
        for each, demanded in zip(tree.sums, asked, strict=True)
        for month in axis[~demanded]
    ]
    return made, unmet
