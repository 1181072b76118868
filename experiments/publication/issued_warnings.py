"""Issue the level in force, and find out what came of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.data.records import Vintages
from employment_forecast.data.store import IssuedWarning, issue, issued, outcomes, record_outcome
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.publication.champion import ChampionAssessment
from employment_forecast.features.history import from_known
from employment_forecast.forecasting.assessment import breach_words, cap_id
from employment_forecast.forecasting.documents import cap_document, ended_document
from employment_forecast.forecasting.early_warning import level_events
from employment_forecast.forecasting.early_warning.evaluation import judge

# A silence for want of anything to hold the figures against must not look like a clean bill.
NOTHING_ASSESSED = "没有可评估的控制数，未作评估"


def level_warning(now: ChampionAssessment) -> IssuedWarning:
    """The level in force as a warning to be issued."""
    version, history, decision = now.stored.version, now.history, now.decision
    level = now.scheme.level(decision.level)
    indicator = now.series.indicator
    evidence: dict[str, Any] = {
        "breaches": [
            breach_words(a.breach, a.target, indicator.decimals)
            for a in now.assessed.caps
            if a.breach is not None
        ]
        + [row["breach_words"] for row in ended_document(now.ended, indicator)],
        "reasons": list(decision.reasons) or ([] if now.caps else [NOTHING_ASSESSED]),
        "since": str(decision.since),
        "raised_by": decision.raised_by,
        "step": "" if level is None else level.step,
        "report_hours": None if level is None else level.report_hours,
        "caps": [{"id": cap_id(a.target), **cap_document(a, indicator)} for a in now.assessed.caps],
        "probabilities": {
            event.cap: round(event.probability, 6)
            for event in level_events(now.assessed.caps, now.scheme.leads, indicator.decimals)
        },
    }
    return IssuedWarning(
        region=history.region,
        indicator=history.indicator,
        month=history.origin,
        as_of=now.day,
        level=decision.level,
        level_name=decision.name,
        evidence=evidence,
        registered_name=version.registered_name,
        version=version.version,
        model=version.model,
        fingerprint=history.fingerprint,
        demo=now.demo,
    )


def sample_warning(now: ChampionAssessment) -> IssuedWarning | None:
    """Abnormal separations and layoffs as a warning to be issued; None if no firm stands out."""
    sample = now.sample
    if sample is None or sample.firms.empty:
        return None
    # Firm codes only: names never leave the store of reports.
    firms = [
        {
            "firm": str(row["firm"]),
            "separations": int(row["separations"]),
            "layoffs": int(row["layoffs"]),
            "abnormal": bool(row["abnormal"]),
            "layoff": bool(row["layoff"]),
            "message": str(row["message"]),
        }
        for row in sample.firms.to_dict("records")
    ]
    return IssuedWarning(
        region=now.history.region,
        indicator=now.history.indicator,
        month=sample.month,
        as_of=now.day,
        level="sample",
        level_name="监测企业异常",
        evidence={"firms": firms, "reporting": sample.reporting},
        registered_name="",
        version="",
        model="",
        fingerprint="",
        demo=sample.demo,
        kind="sample",
    )


def issue_warnings(session: Session, now: ChampionAssessment) -> list[tuple[IssuedWarning, bool]]:
    """Record the level in force and the firms that stand out.

    Returns
    -------
    list of (Issued, bool)
        The stored warnings, and whether each is new.
    """
    wanted = [level_warning(now), sample_warning(now)]
    return [issue(session.store, each) for each in wanted if each is not None]


def _first_published(vintages: Vintages, month: pd.Period) -> date | None:
    rows = vintages.rows[vintages.rows["month"] == month.year * 100 + month.month]
    return None if rows.empty else rows["published_on"].min().date()


def settle_outcomes(
    session: Session, day: date, region: str | None = None, indicator: str | None = None
) -> int:
    """Record what has become known of issued warnings.

    Parameters
    ----------
    session : Session
        Warnings and data.
    day : datetime.date
        Day of knowledge.
    region, indicator : str, optional
        Only these; all by default.

    Returns
    -------
    int
        Outcomes recorded now; what was recorded before stays.
    """
    warnings = issued(session.store, region, indicator, day=day)
    series: dict[tuple[str, str], list[IssuedWarning]] = {}
    for warning in warnings:
        series.setdefault((warning.region, warning.indicator), []).append(warning)
    return sum(_settle_series(session, day, key, group) for key, group in series.items())


def _settle_series(
    session: Session, day: date, key: tuple[str, str], warnings: Sequence[IssuedWarning]
) -> int:
    region, indicator = session.catalogue.region(key[0]), session.catalogue.indicator(key[1])
    vintages = session.store.vintages(*key)
    try:
        history = from_known(vintages.as_of(day), region, indicator, day, gaps="after")
    except DataError:
        return 0  # withdrawn or no longer usable: nothing can be told
    published = partial(_first_published, vintages)
    # Most were told before: only what is new takes its turn at writing.
    told = {number: rows[-1].substance for number, rows in outcomes(session.store, *key).items()}
    count = 0
    for warning in warnings:
        # Demonstration figures say nothing about a warning on real ones, nor the reverse.
        if history.demo != warning.demo:
            continue
        outcome = judge(warning, history, published, day)
        if outcome is not None and told.get(warning.id) != outcome.substance:
            count += record_outcome(session.store, warning, outcome)
    return count
