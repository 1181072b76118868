"""The gate at MLflow: a candidate against the version in force, and the verdict kept with it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import ForecastError
from employment_forecast.experiments.promotion.evidence import GateEvidence, stored_evidence
from employment_forecast.experiments.registry import PREVIOUS, Version, annotate, holder_of
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker, user
from employment_forecast.forecasting.competition import (
    STATE_NAMES,
    GateCondition,
    Scored,
    Verdict,
    gate,
)

GATE_FILE = "gate.json"
# Model in force that a candidate was found worse than, and for how many months that counts.
_WORSE_THAN = "gate_worse_than"
_MEMORY = 12
_HEADING = "### 晋级检查"


def judge(
    tracker: Tracker,
    series: Series,
    candidate: Version,
    evidence: GateEvidence,
    incumbent: Version | None,
) -> Verdict:
    """Judge a version against the one in force, on the candidate's origins.

    The incumbent's model usually competed again in the candidate's run; where it did not (it may
    have left the roster), the forecasts that its own version keeps are taken at common origins.
    """
    more_checks = [_same_kind(candidate, incumbent), _not_older(candidate, incumbent)]
    more_checks.append(_not_rolled_back(candidate, incumbent, holder_of(tracker, series, PREVIOUS)))
    evidence, against, note = _incumbent(tracker, evidence, incumbent)
    if note is not None:
        more_checks.insert(0, note)
    events = evidence.events
    return gate.judge(
        evidence.scored(evidence.model, evidence.label, coverage=True),
        against,
        evidence.floors(),
        0 if events is None else events.months_above,
        [check for check in more_checks if check is not None],
        _refused(tracker, series, candidate, incumbent),
    )


def _refused(
    tracker: Tracker, series: Series, candidate: Version, incumbent: Version | None
) -> bool:
    """Whether the model was found worse than the incumbent's on the data of the last year."""
    if incumbent is None or candidate.model == incumbent.model:
        return False
    newest = pd.Period(candidate.data_month, "M")
    return any(
        v.model == candidate.model
        and v.demo == candidate.demo
        and v.tags.get(_WORSE_THAN) == incumbent.model
        and 0 <= (newest - pd.Period(v.data_month, "M")).n < _MEMORY
        and v.version != candidate.version
        for v in versions(tracker, series)
    )


def _incumbent(
    tracker: Tracker, evidence: GateEvidence, incumbent: Version | None
) -> tuple[GateEvidence, Scored | None, GateCondition | None]:
    """The incumbent as the gate sees it, in an evidence that holds its forecasts."""
    if incumbent is None:
        return evidence, None, None
    model, label = incumbent.model, incumbent.label
    if model not in evidence.backtest.records:
        try:
            stored = stored_evidence(tracker, incumbent)
            if stored.demo != evidence.demo:
                raise ValueError
            quantiles = stored.backtest.records[model].quantiles
        except (ForecastError, KeyError, ValueError):
            text = f"现役模型“{label}”此次未参赛，也没有可比的回测记录，不作比较"
            return evidence, None, GateCondition("incumbent", "现役版本可比", "fail", text)
        merged = evidence.backtest.with_quantiles(model, stored.backtest.months, quantiles)
        evidence = GateEvidence(
            evidence.model, evidence.label, merged, evidence.events, evidence.log, evidence.demo
        )
    scored = evidence.scored(model, label)
    if not np.isfinite(scored.wis).any():
        text = f"现役模型“{label}”在候选的各起点都没有预测，不作比较"
        return evidence, None, GateCondition("incumbent", "现役版本可比", "skip", text)
    return evidence, scored, None


def _same_kind(candidate: Version, incumbent: Version | None) -> GateCondition | None:
    """Demonstration figures must not take the place of real ones."""
    if incumbent is None or not candidate.demo or incumbent.demo:
        return None
    text = "候选版本出自演示数据，现役版本出自正式数据"
    return GateCondition("demo", "数据性质", "fail", text)


def _not_older(candidate: Version, incumbent: Version | None) -> GateCondition | None:
    """A run as of an earlier day is a study, not the next forecast."""
    if incumbent is None or candidate.data_month >= incumbent.data_month:
        return None
    if candidate.demo != incumbent.demo:
        return None
    text = f"候选版本的数据截至 {candidate.data_month}，早于现役版本的 {incumbent.data_month}"
    return GateCondition("data_month", "数据不旧于现役", "fail", text)


def _not_rolled_back(
    candidate: Version, incumbent: Version | None, previous: Version | None
) -> GateCondition | None:
    """What people have rolled back only people put in force again."""
    if incumbent is None or previous is None or "rolled_back_at" not in previous.tags:
        return None
    if candidate.model != previous.model or candidate.model == incumbent.model:
        return None
    text = (
        f"模型“{previous.label}”已于 {previous.tags['rolled_back_at'][:10]} 被回退"
        f"（{previous.tags.get('rolled_back_why', '未说明')}），再次晋级须由人决定"
    )
    return GateCondition("rolled_back", "未被回退", "fail", text)


def table(verdict: Verdict) -> str:
    """The checks as a Markdown table."""
    rows = [f"| {c.label} | {STATE_NAMES[c.state]} | {c.text} |" for c in verdict.checks]
    return "\n".join(["| 检查 | 结果 | 说明 |", "| --- | --- | --- |", *rows])


def keep(tracker: Tracker, candidate: Version, verdict: Verdict, incumbent: Version | None) -> None:
    """Keep a verdict with the version it is about: tags, a file of the run, the description.

    A later verdict on the same version takes the place of an earlier one.
    """
    name, number = candidate.registered_name, candidate.version
    moment = clock.now().isoformat(timespec="seconds")
    over = incumbent.version if incumbent else "无"
    document = {
        "registered_name": name,
        "version": number,
        "incumbent_version": incumbent.version if incumbent else None,
        "judged_at": moment,
        "judged_by": user(),
        **verdict.document(),
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    worse = any(c.name in ("wis", "wis_first") for c in verdict.failures)
    tags = {
        "gate": verdict.text,
        _WORSE_THAN: verdict.incumbent if worse and verdict.incumbent else "",
    }

    section = f"（对照第 {over} 版，{moment[:10]}）\n\n{table(verdict)}"
    annotate(
        tracker,
        candidate,
        # Each tag is a turn at writing: an empty one only clears what stood there.
        tags={key: value for key, value in tags.items() if value or key in candidate.tags},
        run_tags={"gate": verdict.text},
        files={GATE_FILE: text},
        section=(_HEADING, section),
    )
