"""The gate (晋级检查): whether a candidate may take the place of the model in force.

A judgement on back-tests at common origins. Each check gives pass, fail or skip with a Chinese
sentence. It refuses what is clearly worse or clearly too narrow, never what is too wide: the score
charges for width. Three years of origins hold three stretches that do not overlap, so that only a
much worse candidate is clearly worse; `experiments/benchmark/decisions/RESULTS.md` has the rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.competition.choice import FEWEST_ORIGINS
from employment_forecast.forecasting.competition.evidence import first_months
from employment_forecast.forecasting.scoring import (
    FEWEST_STRETCHES,
    Estimate,
    diebold_mariano,
    mean_and_error,
    model_confidence_set,
    score_text,
)

Floats = npt.NDArray[np.float64]
State = Literal["pass", "fail", "skip"]

STATE_NAMES: Mapping[str, str] = {"pass": "通过", "fail": "未通过", "skip": "略过"}
# How often an equal candidate may be refused for its score over all months and over the first one,
# of which forecasts do not overlap and most can be told; one of right width for each of its
# coverages: together at most one time in ten.
WORSE = 0.01
WORSE_FIRST = 0.05
NARROW = 0.01
# Of two intervals a month ahead of each other twelve months long, four in twelve are worth one.
OVERLAP_SHARE = 4
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
    chosen_from : int
        Models among which it was chosen for its score on these cells; 1 if it was not.
    """

    model: str
    label: str
    wis: Floats
    covered: Mapping[int, Floats]
    brier: Floats | None = None
    chosen_from: int = 1


@dataclass(frozen=True)
class GateCondition:
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
    checks : tuple of GateCondition
        In the order they were made.
    evidence : dict
        Tests beside the checks, JSON-able.
    """

    candidate: str
    incumbent: str | None
    origins: int
    checks: tuple[GateCondition, ...]
    evidence: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """No check failed."""
        return all(c.state != "fail" for c in self.checks)

    @property
    def failures(self) -> tuple[GateCondition, ...]:
        """Conditions that failed."""
        return tuple(c for c in self.checks if c.state == "fail")

    @property
    def text(self) -> str:
        """One Chinese sentence; of a pass it says what so few origins cannot show."""
        if self.passed:
            unseen = self.evidence.get("unseen")
            limit = f"；得分比现役差 {unseen:.0%} 以内的，这些起点看不出来" if unseen else ""
            return f"通过（{self.origins} 个共同起点）{limit}"
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
    further: Sequence[GateCondition] = (),
    refused: bool = False,
) -> Verdict:
    """Judge a candidate.

    Parameters
    ----------
    candidate, incumbent : Scored
        Back-tests at the same origins; no incumbent, no comparison.
    floors : sequence of Scored
        Simple floors.
    events : int
        Months of the back-test above a cap.
    further : sequence of GateCondition
        Made elsewhere.
    refused : bool
        The same model was refused as worse than this incumbent within the last year. Asked month
        after month, on nearly the same months, a worse one would get through some day: it has to
        be no worse now.
    """
    # A floor that needs a longer history than most origins have must not leave too few of them.
    own = np.asarray(np.isfinite(candidate.wis).any(axis=1))
    floors = [f for f in floors if _common(own, f) >= FEWEST_ORIGINS or own.sum() < FEWEST_ORIGINS]
    compared = [candidate, *([incumbent] if incumbent else []), *floors]
    known = np.stack([np.isfinite(s.wis).any(axis=1) for s in compared])
    common = np.asarray(known.all(axis=0))
    origins = int(common.sum())
    checks = [_enough(origins)]
    if checks[0].state == "pass":
        checks += [
            *_against_incumbent(candidate, incumbent, refused),
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


def _common(own: npt.NDArray[np.bool_], floor: Scored) -> int:
    return int((own & np.isfinite(floor.wis).any(axis=1)).sum())


def _enough(origins: int) -> GateCondition:
    enough = origins >= FEWEST_ORIGINS
    short = "" if enough else f"，少于 {FEWEST_ORIGINS} 个，无从判断"
    return GateCondition(
        "origins",
        "共同起点",
        "pass" if enough else "fail",
        f"共同的回测起点有 {origins} 个{short}",
        float(origins),
        float(FEWEST_ORIGINS),
    )


def optimism(difference: Estimate, chosen_from: int) -> float:
    """By how much the best of several equal models seems better than it is."""
    from scipy.stats import norm

    if chosen_from < 2 or not difference.freedom:
        return 0.0
    # Expected largest of so many normal values, by Blom's approximation.
    return difference.error * float(norm.ppf((chosen_from - 0.375) / (chosen_from + 0.25)))


def _against_incumbent(
    candidate: Scored, incumbent: Scored | None, refused: bool
) -> Iterator[GateCondition]:
    """Scores of all months, and of the first one, forecasts of which do not overlap."""
    name, label = "wis", "得分不明显劣于现役"
    if incumbent is None:
        yield GateCondition(name, label, "skip", "没有现役版本，不作比较")
        return
    gaps = candidate.wis - incumbent.wis
    if candidate.model == incumbent.model and not np.nansum(np.abs(gaps)):
        yield GateCondition(name, label, "pass", "与现役版本是同一模型", 0.0, None, 0.0)
        return
    score = f"WIS 比现役（{incumbent.label}）"
    yield _no_worse(name, label, score, gaps, 0.0 if refused else WORSE, candidate.chosen_from)
    if gaps.shape[1] > 1:
        name, label, score = "wis_first", "首月得分不明显劣于现役", f"首月的 {score}"
        level = 0.0 if refused else WORSE_FIRST
        yield _no_worse(name, label, score, gaps[:, :1], level, candidate.chosen_from)


def _near(gaps: Floats) -> int:
    """Months ahead of which enough forecasts do not overlap."""
    return int(np.isfinite(gaps).any(axis=1).sum()) // FEWEST_STRETCHES


def _no_worse(
    name: str, label: str, score: str, gaps: Floats, level: float, chosen_from: int
) -> GateCondition:
    """Fails where a mean difference is above all that chance explains; above nothing at level 0."""
    estimate = mean_and_error(gaps)
    if not estimate.freedom:
        return GateCondition(name, label, "skip", f"{_stretches(estimate)}，无从判断是否劣于现役")
    reach = estimate.reach(level) if level else 0.0
    lucky = optimism(estimate, chosen_from)
    gap = estimate.mean + lucky
    text = score + _gap(gap, reach)
    if lucky:
        text += f"（已加上从 {chosen_from} 个模型中挑选的乐观偏差 {score_text(lucky)}）"
    if not level:
        text += "；一年内曾因得分明显较差被拒，须不高于现役"
    return GateCondition(name, label, "fail" if gap > reach else "pass", text, gap, None, reach)


def _stretches(estimate: Estimate) -> str:
    return f"互不重叠的回测起点只有 {estimate.stretches} 个"


def _gap(gap: float, reach: float) -> str:
    """A score against another's, smaller being better."""
    if gap <= 0:
        return f"低 {score_text(-gap)}" if gap < 0 else "相同"
    if reach == 0:
        return f"高 {score_text(gap)}"
    beyond = "超出" if gap > reach else "未超出"
    return f"高 {score_text(gap)}，{beyond}偶然所能及的 {score_text(reach)}"


def _against_floors(candidate: Scored, floors: Sequence[Scored]) -> GateCondition:
    name, label = "floors", "不明显劣于简单基准"
    others = [f for f in floors if f.model != candidate.model]
    if not others:
        return GateCondition(name, label, "skip", "没有可比的简单基准")
    gaps = [candidate.wis - f.wis for f in others]
    estimates = [mean_and_error(gap) for gap in gaps]
    months = ""
    if not all(d.freedom for d in estimates):
        # Too few origins for the whole horizon: its first months still tell a bad model.
        near = max(1, min(_near(gap) for gap in gaps))
        estimates = [mean_and_error(gap[:, :near]) for gap in gaps]
        months = f"前 {near} 个月的 "
    if not all(d.freedom for d in estimates):
        return GateCondition(
            name, label, "skip", f"{_stretches(estimates[0])}，无从判断是否劣于简单基准"
        )
    reaches = [d.reach(WORSE / len(estimates)) for d in estimates]
    worst = max(range(len(estimates)), key=lambda i: estimates[i].mean - reaches[i])
    gap, reach = estimates[worst].mean, reaches[worst]
    text = f"{months}WIS 比{others[worst].label}{_gap(gap, reach)}"
    return GateCondition(name, label, "fail" if gap > reach else "pass", text, gap, None, reach)


def one_step(inside: Floats, level: int, whose: str = "") -> GateCondition:
    """Coverage one month ahead against the binomial law: such forecasts do not overlap."""
    name, label = f"coverage{level}_one_step", f"{whose}首月 {level}% 区间覆盖率"
    return _coverage(name, label, inside, level, 1.0)


def _ahead(candidate: Scored, level: int) -> GateCondition:
    """Coverage further ahead, where forecasts overlap: fewer independent ones than origins."""
    cells = candidate.covered[level][:, 1:]
    worth = min(1.0, OVERLAP_SHARE / (cells.shape[1] + 1))
    name, label = f"coverage{level}_ahead", f"其后各月 {level}% 区间覆盖率"
    return _coverage(name, label, cells, level, worth)


def _coverage(name: str, label: str, inside: Floats, level: int, worth: float) -> GateCondition:
    """A share of covered cells against the binomial law of so many independent ones per origin."""
    from scipy.stats import binom

    known = np.isfinite(inside)
    n = int((known.any(axis=1) if known.ndim == 2 else known).sum())
    if n < FEWEST_ORIGINS:
        return GateCondition(name, label, "skip", f"{label}：结果已知的起点只有 {n} 个，不作判断")
    independent = max(1, round(n * worth))
    share = level / 100
    low = float(binom.ppf(NARROW, independent, share)) / independent
    value = float(inside[known].mean())
    # A share computed two ways may differ in its last bit.
    narrow = value < low - 1e-9
    digits = 0
    while narrow and digits < 3 and f"{value:.{digits}%}" == f"{low:.{digits}%}":
        digits += 1  # what fails must not read as equal
    share_text, least = f"{value:.{digits}%}", f"{low:.{digits}%}"
    text = f"{label} {share_text}，{'低于' if narrow else '不低于'}容许的 {least}"
    if binom.sf(round(value * independent) - 1, independent, share) < NARROW:
        text += "；区间偏宽，只作说明（得分已计入宽度）"
    return GateCondition(name, label, "fail" if narrow else "pass", text, value, low, None)


def _caps(candidate: Scored, incumbent: Scored | None, events: int) -> GateCondition:
    name, label = "cap_brier", "控制数突破概率的 Brier 分"
    if incumbent is None:
        return GateCondition(name, label, "skip", "没有现役版本，不比较突破概率")
    if candidate.brier is None or incumbent.brier is None:
        return GateCondition(name, label, "skip", "没有可比的突破概率，略过")
    if events < FEWEST_EVENTS:
        return GateCondition(
            name,
            label,
            "skip",
            f"回测期内超过控制数的月份只有 {events} 个（少于 {FEWEST_EVENTS} 个），略过",
        )
    estimate = mean_and_error(candidate.brier - incumbent.brier, candidate.wis.shape[1])
    if not estimate.freedom:
        return GateCondition(name, label, "skip", "可比的突破概率太少，略过")
    reach = estimate.reach(NARROW)
    return GateCondition(
        name, label, "fail" if estimate.mean > reach else "pass",
        f"突破概率的 Brier 分比现役{_gap(estimate.mean, reach)}",
        estimate.mean, None, reach,
    )  # fmt: skip


def _evidence(
    candidate: Scored,
    incumbent: Scored | None,
    compared: Sequence[Scored],
    common: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    evidence: dict[str, Any] = {}
    if incumbent is not None and incumbent.model != candidate.model:
        gaps = candidate.wis - incumbent.wis
        evidence["diebold_mariano"] = _tests(gaps)
        reach = mean_and_error(gaps).reach(WORSE)
        base = float(np.nanmean(incumbent.wis)) if np.isfinite(incumbent.wis).any() else 0.0
        if np.isfinite(reach) and base > 0:
            # A candidate whose score is higher by no more passes the check of all months.
            evidence["unseen"] = round(reach / base, 4)
    losses = {s.model: s.wis[common] for s in compared}
    months = min(candidate.wis.shape[1], int(common.sum()) // FEWEST_STRETCHES)
    if len(losses) > 1 and months:
        means = first_months(np.stack(list(losses.values()), axis=-1), months)
        values = model_confidence_set(means, list(losses), months)
        if values is not None:
            evidence["confidence_set"] = {
                "months": months,
                "p_values": {m: round(p, 3) for m, p in values.items()},
                "members": sorted(m for m, p in values.items() if p >= IN_SET),
            }
    return evidence


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
                "degrees_of_freedom": None if test is None else test.freedom,
            }
        )
    return rows
