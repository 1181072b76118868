"""The leaderboard, and which model becomes champion and why.

The robust combination leads, moved by what regions share where the store has enough of them.
Another model, a simple floor included, replaces it only when its mean out-of-sample WIS is lower by
three standard errors that allow for overlapping forecasts, for the few stretches that do not
overlap, and for having looked at many models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from employment_forecast.data.errors import NoModelError
from employment_forecast.forecasting.backtest import Backtest, describe_failures
from employment_forecast.forecasting.scoring import Estimate, mean_and_error, score_text
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]

DEFAULT = roster.COMBINATION
# The first that competes leads.
DEFAULTS = (roster.POOLED, DEFAULT)
# Standard errors by which another model has to be better, and how often at most any of several
# equal models may seem to be.
MARGIN = 3.0
FAMILY = 0.05
# A model that fails more often than this is not scored: common origins would become too few.
MOST_FAILURES = 0.2
FEWEST_ORIGINS = 8


@dataclass(frozen=True)
class LeaderboardRow:
    """One line of the leaderboard.

    Attributes
    ----------
    model, label : str
        Roster name and Chinese name.
    floor : bool
        A simple floor.
    wis, mase, coverage80, coverage95 : float or None
        Means over the common cells; None if the model was not scored.
    wis_by_horizon, mase_by_horizon, coverage95_by_horizon : tuple of float
        The same by months ahead.
    cells : int
        Scored cells.
    failure : str or None
        Why the model failed somewhere (Chinese).
    """

    model: str
    label: str
    floor: bool
    wis: float | None = None
    mase: float | None = None
    coverage80: float | None = None
    coverage95: float | None = None
    wis_by_horizon: tuple[float, ...] = ()
    mase_by_horizon: tuple[float, ...] = ()
    coverage95_by_horizon: tuple[float, ...] = ()
    cells: int = 0
    failure: str | None = None


@dataclass(frozen=True)
class Choice:
    """The champion and the evidence.

    Attributes
    ----------
    model : str
        Roster name.
    reason : str
        Chinese sentence.
    differences : dict
        Per model: mean scaled WIS less the leading model's, and its corrected standard error.
    origins : int
        Origins the evidence rests on.
    """

    model: str
    reason: str
    differences: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    origins: int = 0


def common_origins(backtest: Backtest) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """Models that can be scored, and the origins at which all of them forecast."""
    n = len(backtest.months)
    shares = {m: float(r.works.mean()) if n else 0.0 for m, r in backtest.records.items()}
    scored = [m for m, share in shares.items() if share >= 1 - MOST_FAILURES]
    common = np.full(n, bool(scored))
    for model in scored:
        common &= backtest.records[model].works
    return scored, common


def partly_scored(backtest: Backtest) -> dict[str, npt.NDArray[np.bool_]]:
    """Models that need more history than the first origins have, and the origins they compete at.

    They restrict nobody else: elsewhere the others are compared without them.
    """
    scored, common = common_origins(backtest)
    partly = {}
    for model, record in backtest.records.items():
        if model in scored or not record.works.any():
            continue
        begin = int(record.works.argmax())
        own = common & record.works
        if record.works[begin:].mean() >= 1 - MOST_FAILURES and own.sum() >= FEWEST_ORIGINS:
            partly[model] = own
    return partly


Label = Callable[[str], str]


def leaderboard(
    backtest: Backtest, current: Mapping[str, Outcome], label: Label = roster.label
) -> list[LeaderboardRow]:
    """Scores on common cells, best first; models without a score come last with their reason.

    A model that competed at the later origins only has its score there, times what the leading
    model's is elsewhere: early origins may be harder ones.
    """
    scored, common = common_origins(backtest)
    late = partly_scored(backtest)
    reference = next((m for m in (*DEFAULTS, *scored) if m in scored), None)
    entries = []
    for model, record in backtest.records.items():
        failure = describe_failures(record, current[model])
        rows = common if model in scored else late.get(model)
        if rows is None or reference is None or not rows.any():
            floor = roster.tags(model).floor
            entries.append(LeaderboardRow(model, label(model), floor, failure=failure))
            continue
        ease = _ease(backtest.scaled_interval_scores(reference), rows, common)
        if model in late:
            failure = (
                f"{failure or ''}；只在与其他模型共同的 {int(rows.sum())} 个起点计分，"
                f"按{label(reference)}折算"
            ).lstrip("；")
        entries.append(_row(backtest, model, label(model), rows, ease, failure))
    return sorted(entries, key=lambda e: (e.wis is None, e.wis or 0.0, e.model))


def _ease(reference: Floats, rows: npt.NDArray[np.bool_], common: npt.NDArray[np.bool_]) -> float:
    """Score of the reference at all common origins over that at some of them."""
    if np.array_equal(rows, common):
        return 1.0
    part = float(np.nanmean(reference[rows]))
    return float(np.nanmean(reference[common])) / part if part > 0 else 1.0


def _row(
    backtest: Backtest,
    model: str,
    label: str,
    rows: npt.NDArray[np.bool_],
    ease: float,
    failure: str | None,
) -> LeaderboardRow:
    wis = backtest.scaled_interval_scores(model)[rows]
    mase = backtest.scaled_errors(model)[rows]
    c80 = backtest.coverage(model, 80)[rows]
    c95 = backtest.coverage(model, 95)[rows]
    return LeaderboardRow(
        model=model,
        label=label,
        floor=roster.tags(model).floor,
        wis=ease * float(np.nanmean(wis)),
        mase=ease * float(np.nanmean(mase)),
        coverage80=float(np.nanmean(c80)),
        coverage95=float(np.nanmean(c95)),
        wis_by_horizon=_by_horizon(wis),
        mase_by_horizon=_by_horizon(mase),
        coverage95_by_horizon=_by_horizon(c95),
        cells=int(np.isfinite(wis).sum()),
        failure=failure,
    )


def _by_horizon(cells: Floats) -> tuple[float, ...]:
    known = np.isfinite(cells)
    counts = known.sum(axis=0)
    sums = np.where(known, cells, 0.0).sum(axis=0)
    return tuple(float(s / c) for s, c in zip(sums, counts, strict=True) if c)


def paired_difference(backtest: Backtest, model: str, other: str) -> Estimate:
    """Mean scaled WIS of one model less another's on common origins.

    The mean is over cells, of which late origins have fewer.
    """
    _, common = common_origins(backtest)
    return _difference(backtest, model, other, common)


def _difference(
    backtest: Backtest, model: str, other: str, rows: npt.NDArray[np.bool_]
) -> Estimate:
    gaps = backtest.scaled_interval_scores(model) - backtest.scaled_interval_scores(other)
    return mean_and_error(gaps[rows])


def corrected_error(difference: Estimate, rivals: int) -> float:
    """Standard error of a difference, longer where three of them would not be rare enough.

    Parameters
    ----------
    difference : Estimate
        Of one model against the leading one.
    rivals : int
        Models compared with the leading one.

    Returns
    -------
    float
        Three of them are exceeded by any of `rivals` equal models at most one time in twenty
        (Student's t and Bonferroni's bound); infinite where there is no telling.
    """
    return max(difference.error, difference.reach(FAMILY / max(rivals, 1)) / MARGIN)


def _fallback(available: Sequence[str], why: str, origins: int, label: Label) -> Choice:
    model = next((m for m in DEFAULTS if m in available), available[0])
    return Choice(model, f"{why}，默认采用{label(model)}。", {}, origins)


def choose(
    backtest: Backtest,
    entries: Sequence[LeaderboardRow],
    current: Mapping[str, Outcome],
    label: Label = roster.label,
) -> Choice:
    """Choose the champion."""
    available = [e.model for e in entries if isinstance(current[e.model], SamplePaths)]
    if not available:
        reasons = [
            f"{roster.label(m)}：{o.reason}" for m, o in current.items() if isinstance(o, Failure)
        ]
        raise NoModelError(
            f"没有任何模型得出预测（{'；'.join(reasons)}）。", "请检查数据，或增加历史月份后重试。"
        )
    _, common = common_origins(backtest)
    origins = int(common.sum())
    ranked = [e for e in entries if e.wis is not None and e.model in available]
    if origins < FEWEST_ORIGINS:
        few = f"可比的回测起点只有 {origins} 个（至少需要 {FEWEST_ORIGINS} 个）"
        return _fallback(available, few, origins, label)
    if not ranked:
        return _fallback(available, "此次得出预测的模型都没有可比的回测得分", origins, label)
    wis = {e.model: float(e.wis) for e in ranked if e.wis is not None}
    choice = decide(
        wis,
        [e.model for e in ranked if e.floor],
        lambda model, other: _difference(backtest, model, other, common),
        origins,
        DEFAULTS,
        label,
    )
    if entries[0].model in available:
        return choice
    # The table is headed by a model that gave no forecast now; the sentence is of the others.
    return replace(choice, reason=f"在此次得出预测的模型中：{choice.reason}")


def decide(
    wis: Mapping[str, float],
    floors: Sequence[str],
    compare: Callable[[str, str], Estimate],
    origins: int,
    defaults: Sequence[str] = DEFAULTS,
    label: Label = roster.label,
) -> Choice:
    """The rule itself, on scores of one series or of many."""
    leader = next((m for m in defaults if m in wis), None)
    if leader is None:
        # Nothing leads by itself: a roster without combinations. Its best model is as good a guess.
        leader = min([m for m in wis if m not in floors] or wis, key=lambda m: wis[m])
    against = {m: compare(m, leader) for m in wis if m != leader}
    differences = {m: (d.mean, corrected_error(d, len(against))) for m, d in against.items()}
    clear = [m for m, (gap, error) in differences.items() if gap < -MARGIN * error]
    winner = min(clear, key=lambda m: wis[m]) if clear else leader
    best = min(wis, key=lambda m: (wis[m], m != leader))
    evidence = _Evidence(label, wis, leader, origins, len(against))
    if winner != leader:
        reason = evidence.replaced(winner, *differences[winner])
    elif best == leader:
        reason = f"{label(leader)}在 {origins} 个可比的回测起点上得分最好，采用该模型。"
    else:
        reason = evidence.stays(best, *differences[best], against[best])
    return Choice(winner, reason, differences, origins)


@dataclass(frozen=True)
class _Evidence:
    """What the sentence of the choice speaks of."""

    label: Label
    wis: Mapping[str, float]
    leader: str
    origins: int
    rivals: int

    def replaced(self, winner: str, gap: float, error: float) -> str:
        lower, needed = self._shares(winner, gap, error)
        return (
            f"{self.label(winner)}的得分比{self.label(self.leader)}低 {lower}，超过所需的 {needed}"
            f"（三个标准误，已计入预测期重叠和从 {self.rivals + 1} 个模型中挑选），采用该模型。"
        )

    def stays(self, best: str, gap: float, error: float, compared: Estimate) -> str:
        lower, needed = self._shares(best, gap, error)
        if needed is not None:
            # No score is lower by all of the leader's.
            never = self._needed(best, gap, error) >= self.wis[self.leader] > 0
            needed = "无论低多少都不能排除偶然" if never else f"要低 {needed} 以上才不像偶然"
        begin = (
            f"得分榜首位是{self.label(best)}，比{self.label(self.leader)}低 {lower}；"
            f"但两者共同的 {compared.origins} 个起点的预测期互相重叠，"
        )
        if needed is None:
            why = "互不重叠的不足 2 段，无从判断这是否偶然"
        else:
            why = (
                f"互不重叠的只有 {compared.stretches} 段，又是从 {self.rivals + 1} 个模型中"
                f"挑出的最好者，{needed}"
            )
        return f"{begin}{why}，因此仍采用{self.label(self.leader)}。"

    def _needed(self, model: str, gap: float, error: float) -> float:
        """By how much a score has to be lower, in the table's scores."""
        lower = self.wis[model] - self.wis[self.leader]
        return MARGIN * error * (lower / gap if gap and lower else 1.0)

    def _shares(self, model: str, gap: float, error: float) -> tuple[str, str | None]:
        """How much lower a score is and has to be, with digits enough to tell them apart.

        In the table's scores, which convert those of a model that competed at later origins only.
        """
        needed, other = self._needed(model, gap, error), None
        base, gap = self.wis[self.leader], self.wis[model] - self.wis[self.leader]
        for digits in range(1, 6):
            one = _percent(-gap, base, digits)
            other = _percent(needed, base, digits) if np.isfinite(needed) else None
            if one != other and one != _percent(0.0, base, digits):
                break
        return one, other


def _percent(value: float, base: float, digits: int) -> str:
    return f"{value / base:.{digits}%}" if base > 0 else score_text(value)
