"""The threshold feed as a document, written once: with lines, and where there are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from employment_forecast.data.catalogue import Indicator, Series, figure
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed import plausible_range
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.features.sample import SampleWarnings
from employment_forecast.forecasting.assessment import AppliedTo, basis_of, cap_id
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.early_warning.decision import LevelDecision, Scheme
from employment_forecast.forecasting.early_warning.flow_lines import FlowLine
from employment_forecast.forecasting.early_warning.lines import Line, warning_lines
from employment_forecast.models.paths import SamplePaths

_LAW = ("q025", "q50", "q975")
_PUBLISHED = 24


def empty_feed(series: Series, default: str = "") -> dict[str, Any]:
    """Every key of a feed, in order, for a series of which nothing is known.

    `default` is the code of the region's indicator where none is named, if not the catalogue's.
    """
    region, indicator = series.region, series.indicator
    return {
        "schema_version": feed_files.SCHEMA_VERSION,
        "region": {
            "code": region.code,
            "name": region.name,
            "aliases": list(region.aliases),
            "default_indicator": default or region.default_indicator,
        },
        "indicator": indicator.code,
        "indicator_name": indicator.name,
        "unit": indicator.unit,
        "precision": indicator.precision,
        "state": "failed",
        "state_reason": "",
        "demo": False,
        "as_of": None,
        "created_at": None,
        "valid_until": None,
        "period": None,
        "data_month": None,
        "latest": None,
        "data_fingerprint": None,
        "pseudo_real_time": None,
        "champion": None,
        "caps": [],
        "floors": [],
        "levels_assessed": [],
        "joint": None,
        "ended": [],
        "scheme": None,
        "lines": [],
        "flow_lines": [],
        "level": None,
        "level_reason": "",
        "probabilities": [],
        "laws": [],
        "published": [],
        "sample_warnings": None,
        "notes": [],
        "last_good": None,
    }


def line_document(line: Line, indicator: Indicator) -> dict[str, Any]:
    """One warning line, at the precision of its indicator."""
    error = line.standard_error
    return {
        "month": str(line.month),
        "level": line.level,
        "probability": round(line.probability, 6),
        "value": None if line.value is None else figure(line.value, indicator),
        "state": line.state,
        "standard_error": None if error is None else round(error, indicator.decimals + 1),
        "n": line.n,
    }


def line_rows(
    target: Target,
    history: History,
    paths: SamplePaths,
    indicator: Indicator,
    scheme: Scheme,
    tested: int,
    applied: AppliedTo,
) -> list[dict[str, Any]]:
    """Warning lines of one cap as JSON-able rows, by month, then mildest level first."""
    lines = warning_lines(
        paths,
        history,
        target,
        scheme.cuts,
        leads=scheme.leads,
        applied=lambda month: applied(target, month),
    )
    return [
        {
            "cap": cap_id(target),
            **line_document(line, indicator),
            "untested": bool(line.month > history.origin + tested),
        }
        for line in lines
    ]


def flow_line_rows(
    lines: Sequence[FlowLine], target: Target, indicator: str
) -> list[dict[str, Any]]:
    """Lines of new registrations as JSON-able rows."""
    return [
        {
            "cap": cap_id(target),
            "indicator": indicator,
            "month": str(line.month),
            "level": line.level,
            "value": None if line.value is None else round(line.value),
            "state": line.state,
            "standard_error": None
            if line.standard_error is None
            else round(line.standard_error, 1),
            "assumption": line.assumption,
        }
        for line in lines
    ]


def probability_rows(
    target: Target, history: History, paths: SamplePaths, tested: int, applied: AppliedTo
) -> list[dict[str, Any]]:
    """Of each coming month of a cap's period: that it is above, and that the cap is broken by then.

    Parameters
    ----------
    target : Target
        A cap; one on an average has no months of its own and gives none.
    history, paths : History, SamplePaths
        From the same origin.
    tested : int
        Months ahead that the back-test covers.
    applied : callable
        Value that applied to a published month.

    Returns
    -------
    list of dict
        `p_broken_by` counts published months too; None for a cap on the period's end before it.
    """
    basis = basis_of(target)
    if not basis.by_month or target.limit is None:
        return []
    inside = (paths.months >= target.first_month) & (paths.months <= target.last_month)
    over = above(paths.values[:, inside], target.limit, history.precision)
    known = history.series
    known = known[(known.index >= target.first_month) & (known.index <= target.last_month)]
    caps = np.array([applied(target, m) for m in known.index], dtype=float)
    breached = bool(above(np.asarray(known, dtype=float), caps, history.precision).any())
    so_far = np.maximum.accumulate(over, axis=1).mean(axis=0)
    rows = []
    for column, month in enumerate(paths.months[inside]):
        by_then: float | None = 1.0 if breached else float(so_far[column])
        if basis.functional == "last":
            by_then = float(over[:, column].mean()) if month == target.last_month else None
        rows.append(
            {
                "cap": cap_id(target),
                "month": str(month),
                "p_above": round(float(over[:, column].mean()), 3),
                "p_broken_by": None if by_then is None else round(by_then, 3),
                "untested": bool(month > history.origin + tested),
            }
        )
    return rows


def law_rows(
    paths: SamplePaths, indicator: Indicator, months: Collection[str]
) -> list[dict[str, Any]]:
    """Law of each coming month: its quantiles, and the range beyond which a figure is a slip."""
    rows = []
    for month, row in paths.table().iterrows():
        if str(month) not in months:
            continue
        low, high = plausible_range(float(row["q025"]), float(row["q50"]), float(row["q975"]))
        quantiles = {name: figure(float(row[name]), indicator) for name in _LAW}
        rows.append(
            {
                "month": str(month),
                **quantiles,
                "low": figure(low, indicator),
                "high": figure(high, indicator),
            }
        )
    return rows


def published_rows(history: History, indicator: Indicator) -> list[dict[str, Any]]:
    """The newest published months, by which a figure of another month is recognised."""
    newest = history.series.iloc[-_PUBLISHED:]
    return [{"month": str(m), "value": figure(float(v), indicator)} for m, v in newest.items()]


def scheme_document(scheme: Scheme) -> dict[str, Any]:
    """Warning levels in force, mildest first."""
    return {
        "levels": [
            {
                "code": level.code,
                "name": level.label,
                "colour": level.colour,
                "probability": round(level.probability, 6),
                "months": level.months,
                "release": round(level.release, 6),
                "step": level.step,
                "report_hours": level.report_hours,
                "source": level.source,
            }
            for level in scheme.levels
        ],
        "source": scheme.source,
        "leads": scheme.leads,
    }


def warning_level_document(decision: LevelDecision, scheme: Scheme) -> dict[str, Any]:
    """The level in force."""
    level = scheme.level(decision.level)
    return {
        "code": decision.level,
        "name": decision.name,
        "colour": "" if level is None else level.colour,
        "since": str(decision.since),
        "reasons": list(decision.reasons),
        "raised_by": [decision.raised_by] if decision.raised_by else [],
        "step": "" if level is None else level.step,
        "report_hours": None if level is None else level.report_hours,
    }


def sample_document(sample: SampleWarnings | None) -> Mapping[str, Any] | None:
    """Monitored firms that stand out, by code."""
    if sample is None:
        return None
    return {
        "month": str(sample.month),
        "demo": sample.demo,
        "reporting": sample.reporting,
        "firms": [
            {
                "firm": str(row["firm"]),
                "kinds": [k for k in ("abnormal", "layoff") if row[k]],
            }
            for row in sample.firms.to_dict("records")
            if row["abnormal"] or row["layoff"]
        ],
    }
