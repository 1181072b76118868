"""The gate (晋级检查): whether a candidate may take the place of the model in force.

A judgement on back-tests at common origins. Each check gives pass, fail or skip with a Chinese
sentence; tests of significance stand beside them as evidence and decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.competition.choice import FEWEST_ORIGINS
from employment_forecast.forecasting.scoring import (
    SEASON,
    diebold_mariano,
    mean_and_error,
    model_confidence_set,
    score_text,
)

Floats = npt.NDArray[np.float64]
State = Literal["pass", "fail", "skip"]

STATE_NAMES: Mapping[str, str] = {"pass": "通过", "fail": "未通过", "skip": "略过"}
# Two-sided level of every coverage band: with four bands a good model is refused one time in 25.
BAND = 0.99
LEVELS = (80, 95)
FEWEST_EVENTS = 5
IN_SET = 0.1
_EVIDENCE_MONTHS = (1, 3, 6, 12)


@dataclass(frozen=True)
class Scored:
    """One model's back-test, aligned with the others' on the same origins.

    Attributes
    ----------
    model, label : str
        Roster name and Chinese name.
    wis : numpy.ndarray
        Scaled interval score of each cell, shape (n_origins, horizon), NaN where unknown.
    covered : dict
        By central level in percent, same shape: 1 where the interval, as it would have been issued,
        held the outcome; empty for models of which only the score is asked.
    brier : numpy.ndarray or None
        Brier score of each cap cell, shape (n_origins, k); None where there is none.
    """

    model: str
    label: str
    wis: Floats
    covered: Mapping[int, Floats]
    brier: Floats | None = None


@dataclass(frozen=True)
class Check:
    """One condition.

    Attributes
    ----------
    name, label : str
        Code and Chinese name.
    state : {"pass", "fail", "skip"}
        Outcome; a skipped check refuses nothing.
    text : str
        Chinese sentence with the figures.
    value, low, high : float or None
        Figure and the band it has to lie in.
    """

    name: str
    label: str
    state: State
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Outcome of the gate.

    Attributes
    ----------
    candidate : str
        Roster name.
    incumbent : str or None
        Roster name of the model in force.
    origins : int
        Common origins the judgement rests on.
    checks : tuple of Check
        In the order they were made.
    evidence : dict
        Tests beside the checks, JSON-able.
    """

    candidate: str
    incumbent: str | None
    origins: int
    checks: tuple[Check, ...]
    evidence: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """No check failed."""
        return all(c.state != "fail" for c in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """Checks that failed."""
        return tuple(c for c in self.checks if c.state == "fail")

    @property
    def text(self) -> str:
        """One Chinese sentence."""
        if self.passed:
            return f"通过（{self.origins} 个共同起点）"
        return "未通过：" + "；".join(c.text for c in self.failures)

    def document(self) -> dict[str, Any]:
        """JSON-able object; figures to six digits."""
        return {
            "passed": self.passed,
            "candidate": self.candidate,
            "incumbent": self.incumbent,
            "origins": self.origins,
            "checks": [
                {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(c).items()}
                for c in self.checks
            ],
            "evidence": dict(self.evidence),
        }


def judge(
    candidate: Scored,
    incumbent: Scored | None,
    floors: Sequence[Scored],
    events: int = 0,
    further: Sequence[Check] = (),
) -> Verdict:
    """Judge a candidate."""
    compared = [candidate, *([incumbent] if incumbent else []), *floors]
    known = np.stack([np.isfinite(s.wis).any(axis=1) for s in compared])
    common = np.asarray(known.all(axis=0))
    origins = int(common.sum())
    checks = [_enough(origins)]
    if checks[0].state == "pass":
        checks += [
            _against_incumbent(candidate, incumbent),
            _against_floors(candidate, floors),
            *(one_step(candidate.covered[level][:, 0], level) for level in LEVELS),
            *(_ahead(candidate, level) for level in LEVELS),
            _caps(candidate, incumbent, events),
        ]
    return Verdict(
        candidate=candidate.model,
        incumbent=incumbent.model if incumbent else None,
        origins=origins,
        checks=(*checks, *further),
        evidence=_evidence(candidate, incumbent, compared, common),
    )


def _enough(origins: int) -> Check:
    enough = origins >= FEWEST_ORIGINS
    short = "" if enough else f"，少于 {FEWEST_ORIGINS} 个，无从判断"
    return Check(
        "origins", "共同起点", "pass" if enough else "fail",
        f"共同的回测起点有 {origins} 个{short}",
        float(origins), float(FEWEST_ORIGINS),
    )  # fmt: skip


def _against_incumbent(candidate: Scored, incumbent: Scored | None) -> Check:
    name, label = "wis", "得分不劣于现役"
    if incumbent is None:
        return Check(name, label, "skip", "没有现役版本，不作比较")
    gap, error = mean_and_error(candidate.wis - incumbent.wis)
    if candidate.model == incumbent.model and gap == 0.0:
        return Check(name, label, "pass", "与现役版本是同一模型", 0.0, None, 0.0)
    worse = gap > error
    return Check(
        name, label, "fail" if worse else "pass",
        f"WIS 比现役（{incumbent.label}）{_gap(gap, error)}",
        gap, None, error,
    )  # fmt: skip


def _gap(gap: float, error: float) -> str:
    """A score against another's, smaller being better."""
    if gap <= 0:
        return f"低 {score_text(-gap)}"
    beyond = "超过" if gap > error else "不到"
    return f"高 {score_text(gap)}，{beyond}一个标准误（{score_text(error)}）"


def _against_floors(candidate: Scored, floors: Sequence[Scored]) -> Check:
    name, label = "floors", "不劣于简单基准"
    others = [f for f in floors if f.model != candidate.model]
    if not others:
        return Check(name, label, "skip", "没有可比的简单基准")
    found = [(f, *mean_and_error(candidate.wis - f.wis)) for f in others]
    floor, gap, error = max(found, key=lambda f: f[1] - f[2])
    worse = gap > error
    return Check(
        name, label, "fail" if worse else "pass",
        f"WIS 比{floor.label}{_gap(gap, error)}",
        gap, None, error,
    )  # fmt: skip


def one_step(inside: Floats, level: int, whose: str = "") -> Check:
    """Coverage one month ahead against the binomial law: such forecasts do not overlap."""
    from scipy.stats import binom

    name, label = f"coverage{level}_one_step", f"{whose}首月 {level}% 区间覆盖率"
    cells = inside[np.isfinite(inside)]
    n, share = len(cells), level / 100
    if n < FEWEST_ORIGINS:
        return Check(name, label, "skip", f"{label}：结果已知的起点只有 {n} 个，不作判断")
    tail = (1 - BAND) / 2
    low, high = (float(binom.ppf(q, n, share)) / n for q in (tail, 1 - tail))
    return _band(name, label, cells, low, high)


def _ahead(candidate: Scored, level: int) -> Check:
    """Coverage further ahead, where forecasts overlap: mean and block-bootstrap error.

    The error is at least that of as many independent origins, each with cells that all agree: a
    back-test without a single miss has no spread to resample.
    """
    from scipy.stats import norm

    cells = candidate.covered[level][:, 1:]
    name, label = f"coverage{level}_ahead", f"其后各月 {level}% 区间覆盖率"
    origins = int(np.isfinite(cells).any(axis=1).sum())
    if origins < FEWEST_ORIGINS:
        return Check(name, label, "skip", f"{label}：结果已知的起点只有 {origins} 个，不作判断")
    share = level / 100
    _, error = mean_and_error(cells)
    error = max(error, float(np.sqrt(share * (1 - share) / origins)))
    reach = float(norm.ppf((1 + BAND) / 2)) * error
    return _band(name, label, cells, max(0.0, share - reach), min(1.0, share + reach))


def _band(name: str, label: str, cells: Floats, low: float, high: float) -> Check:
    value = float(np.nanmean(cells))
    # A share computed two ways may differ in its last bit.
    inside = low - 1e-9 <= value <= high + 1e-9
    return Check(
        name, label, "pass" if inside else "fail",
        f"{label} {value:.0%}，{'在' if inside else '超出'}容许范围 {low:.0%}—{high:.0%}"
        + (" 内" if inside else ""),
        value, low, high,
    )  # fmt: skip


def _caps(candidate: Scored, incumbent: Scored | None, events: int) -> Check:
    name, label = "cap_brier", "控制数突破概率的 Brier 分"
    if incumbent is None:
        return Check(name, label, "skip", "没有现役版本，不比较突破概率")
    if candidate.brier is None or incumbent.brier is None:
        return Check(name, label, "skip", "没有可比的突破概率，略过")
    if events < FEWEST_EVENTS:
        return Check(
            name, label, "skip",
            f"回测期内超过控制数的月份只有 {events} 个（少于 {FEWEST_EVENTS} 个），略过",
        )  # fmt: skip
    gap, error = mean_and_error(candidate.brier - incumbent.brier)
    if not np.isfinite(error):
        return Check(name, label, "skip", "可比的突破概率太少，略过")
    worse = gap > error
    return Check(
        name, label, "fail" if worse else "pass",
        f"突破概率的 Brier 分比现役{_gap(gap, error)}",
        gap, None, error,
    )  # fmt: skip


def _evidence(
    candidate: Scored,
    incumbent: Scored | None,
    compared: Sequence[Scored],
    common: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if incumbent is not None and incumbent.model != candidate.model:
        found["diebold_mariano"] = _tests(candidate.wis - incumbent.wis)
    losses = {s.model: s.wis[common] for s in compared}
    table = np.stack(list(losses.values()), axis=-1) if common.any() else np.empty((0, 1, 1))
    cells = np.asarray(np.isfinite(table).all(axis=-1))
    rows = np.asarray(cells.any(axis=1))
    if len(losses) > 1 and rows.sum() >= FEWEST_ORIGINS:
        sums = np.where(cells[..., None], table, 0.0).sum(axis=1)[rows]
        means = sums / cells.sum(axis=1)[rows, None]
        block = min(SEASON, len(means) // 2)
        values = model_confidence_set(means, list(losses), block)
        found["confidence_set"] = {
            "p_values": {m: round(p, 3) for m, p in values.items()},
            "members": sorted(m for m, p in values.items() if p >= IN_SET),
        }
    return found


def _tests(gaps: Floats) -> list[dict[str, Any]]:
    """Diebold-Mariano tests at a few months ahead, JSON-able."""
    rows = []
    for ahead in _EVIDENCE_MONTHS:
        if ahead > gaps.shape[1]:
            continue
        cells = gaps[:, ahead - 1]
        cells = cells[np.isfinite(cells)]
        test = diebold_mariano(cells, ahead)
        rows.append(
            {
                "months_ahead": ahead,
                "n": len(cells),
                "mean_difference": round(float(cells.mean()), 6) if len(cells) else None,
                "statistic": None if test is None else round(test.statistic, 4),
                "p_value": None if test is None else round(test.p_value, 4),
                "bartlett": None if test is None else test.bartlett,
            }
        )
    return rows
