"""The leaderboard, and which model becomes champion and why.

The default champion is the robust combination, moved by what regions share where the store has
enough of them and that has scored no worse. Another model replaces it only when its mean
out-of-sample WIS is lower by more than one block-bootstrap standard error. Nothing is chosen that a
simple floor beats; if nothing beats the best floor, the floor is champion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from employment_forecast.data.errors import NoModelError
from employment_forecast.forecasting.backtest import Backtest, describe_failures
from employment_forecast.forecasting.scoring import mean_and_error, score_text
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]

DEFAULT = roster.COMBINATION
# The one that has scored better is the default; the first where there is no telling.
DEFAULTS = (roster.POOLED, DEFAULT)
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
        Per model: mean scaled WIS less the default's, and its block-bootstrap standard error.
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


def leaderboard(backtest: Backtest, current: Mapping[str, Outcome]) -> list[LeaderboardRow]:
    """Scores on common cells, best first; models without a score come last with their reason."""
    scored, common = common_origins(backtest)
    entries = []
    for model, record in backtest.records.items():
        failure = describe_failures(record, current[model])
        floor = roster.tags(model).floor
        if model not in scored or not common.any():
            entries.append(LeaderboardRow(model, roster.label(model), floor, failure=failure))
            continue
        wis = backtest.scaled_interval_scores(model)[common]
        mase = backtest.scaled_errors(model)[common]
        c80 = backtest.coverage(model, 80)[common]
        c95 = backtest.coverage(model, 95)[common]
        entries.append(
            LeaderboardRow(
                model=model,
                label=roster.label(model),
                floor=floor,
                wis=float(np.nanmean(wis)),
                mase=float(np.nanmean(mase)),
                coverage80=float(np.nanmean(c80)),
                coverage95=float(np.nanmean(c95)),
                wis_by_horizon=_by_horizon(wis),
                mase_by_horizon=_by_horizon(mase),
                coverage95_by_horizon=_by_horizon(c95),
                cells=int(np.isfinite(wis).sum()),
                failure=failure,
            )
        )
    return sorted(entries, key=lambda e: (e.wis is None, e.wis or 0.0, e.model))


def _by_horizon(cells: Floats) -> tuple[float, ...]:
    known = np.isfinite(cells)
    counts = known.sum(axis=0)
    sums = np.where(known, cells, 0.0).sum(axis=0)
    return tuple(float(s / c) for s, c in zip(sums, counts, strict=True) if c)


def paired_difference(backtest: Backtest, model: str, other: str) -> tuple[float, float]:
    """Mean scaled WIS of one model less another's on common origins, and its standard error.

    The mean is over cells, of which late origins have fewer; the error is a block bootstrap over
    origins of the linearised ratio of sum to number of cells.
    """
    _, common = common_origins(backtest)
    gaps = backtest.scaled_interval_scores(model) - backtest.scaled_interval_scores(other)
    return mean_and_error(gaps[common])


def _fallback(available: Sequence[str], why: str, origins: int) -> Choice:
    model = next((m for m in DEFAULTS if m in available), available[0])
    return Choice(model, f"{why}，默认采用{roster.label(model)}。", {}, origins)


def choose(
    backtest: Backtest, entries: Sequence[LeaderboardRow], current: Mapping[str, Outcome]
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
        return _fallback(available, few, origins)
    if not ranked:
        return _fallback(available, "此次得出预测的模型都没有可比的回测得分", origins)
    wis = {e.model: float(e.wis) for e in ranked if e.wis is not None}
    return decide(
        wis,
        [e.model for e in ranked if e.floor],
        lambda model, other: paired_difference(backtest, model, other),
        origins,
        DEFAULTS,
    )


def decide(
    wis: Mapping[str, float],
    floors: Sequence[str],
    compare: Callable[[str, str], tuple[float, float]],
    origins: int,
    defaults: Sequence[str] = DEFAULTS,
    label: Callable[[str], str] = roster.label,
) -> Choice:
    """The rule itself, on scores of one series or of many."""
    best_floor = min(floors, key=lambda m: wis[m]) if floors else None
    eligible = [
        m for m in wis if m not in floors and (best_floor is None or wis[m] < wis[best_floor])
    ]
    default = min([m for m in defaults if m in wis] or wis, key=lambda m: wis[m])
    differences = {m: compare(m, default) for m in wis if m != default}
    if not eligible:
        assert best_floor is not None
        return Choice(
            best_floor,
            f"没有模型的样本外得分优于{label(best_floor)}，采用该基准。",
            differences,
            origins,
        )
    best = min(eligible, key=lambda m: wis[m])
    if default not in eligible:
        return Choice(
            best,
            f"{label(default)}不优于简单基准，改用得分最好的{label(best)}。",
            differences,
            origins,
        )
    clear = [m for m in eligible if m != default and -differences[m][0] > differences[m][1]]
    if not clear:
        return Choice(
            default,
            f"没有其他模型的得分比{label(default)}好出一个标准误以上，采用{label(default)}。",
            differences,
            origins,
        )
    winner = min(clear, key=lambda m: wis[m])
    gain, error = differences[winner]
    return Choice(
        winner,
        f"{label(winner)}的得分比{label(default)}低 {score_text(-gain)}，"
        f"超过一个标准误（{score_text(error)}），采用该模型。",
        differences,
        origins,
    )
