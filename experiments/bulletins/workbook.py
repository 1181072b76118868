"""The workbook of a region and month: what the version in force says, to calculate on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from employment_forecast.data.catalogue import Series, figure
from employment_forecast.data.files import write_atomically
from employment_forecast.data.store import BulletinState
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import folder, stem
from employment_forecast.experiments.bulletins.record import leaderboard
from employment_forecast.experiments.registry import StoredForecast, champion_of, load_version
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.documents.region_sheets import (
    TRIAL,
    region_sheets,
    title_of,
)
from employment_forecast.forecasting.documents.workbook import workbook

_SCORES = ("wis", "mase", "coverage80", "coverage95")


def _ranking(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The leaderboard that was saved as text, with its numbers."""
    return [
        {
            "model": row["model"],
            "label": row["label"],
            "floor": row.get("floor") == "True",
            "failure": row.get("failure") or None,
            **{name: float(row[name]) if row.get(name) else None for name in _SCORES},
        }
        for row in rows
    ]


def _content(
    stored: StoredForecast,
    series: Series,
    feed: Mapping[str, Any] | None,
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """A version and the feed that rests on it, in the form of a run's document."""
    if feed is None:
        feed = {"demo": stored.facts.get("demo", stored.history.demo),
                "as_of": stored.history.as_of.isoformat(), "caps": stored.facts.get("caps", []),
                "joint": None, "floors": [], "levels_assessed": []}  # fmt: skip
    facts, history, indicator = stored.facts, stored.history, series.indicator
    forecast = []
    table = stored.paths.table()
    for step, (month, *row) in enumerate(table.itertuples(name=None), start=1):
        figures = (figure(v, indicator) for v in row)
        values = dict(zip(table.columns, figures, strict=True))
        untested = step > stored.tested_horizon
        forecast.append({"month": str(month), **values, "untested": untested})
    return {
        "region": {"code": series.region.code, "name": series.region.name},
        "indicator": indicator.code,
        "indicator_name": indicator.name,
        "unit": indicator.unit,
        "demo": feed["demo"],
        "data_start": str(history.start),
        "data_month": str(history.origin),
        "as_of": feed["as_of"],
        "latest": figure(float(history.values[-1]), indicator),
        "sources": list(history.sources),
        "notes": list(history.notes),
        "pseudo_real_time": history.pseudo_real_time,
        "data_fingerprint": history.fingerprint,
        "champion": {
            "model": stored.version.model,
            "registered_name": stored.version.registered_name,
            "version": stored.version.version,
        },
        "model_label": facts.get("model_label", stored.version.model),
        "backtest_origins": stored.version.tags.get("evidence_origins", "—"),
        "leaderboard": rows,
        "forecast": forecast,
        "caps": feed["caps"],
        "caps_joint": feed["joint"],
        "floors": feed["floors"],
        "levels_assessed": feed["levels_assessed"],
        "tested_horizon": stored.tested_horizon,
        "seed": facts.get("seed"),
        "paths": stored.paths.n_paths,
    }


def month_workbook(
    session: Session, tracker: Tracker, series: Series, feed: Mapping[str, Any] | None
) -> bytes | None:
    """The workbook of a region and month.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    series : Series
        Region and indicator.
    feed : mapping or None
        Warning lines and level of the version in force; None while none is, and the newest
        candidate is shown without them.

    Returns
    -------
    bytes or None
        None where there is no version.
    """
    version = champion_of(tracker, series)
    if version is None or (feed is not None and version.version != feed["champion"]["version"]):
        feed = None
        known = versions(tracker, series)
        version = version or max(known, key=lambda v: int(v.version), default=None)
    if version is None:
        return None
    stored = load_version(tracker, version)
    content = _content(stored, series, feed, _ranking(leaderboard(tracker, version)))
    published = [
        (str(m), figure(float(v), series.indicator)) for m, v in stored.history.series.items()
    ]
    return workbook(
        region_sheets(content, published, series.indicator, feed),
        title=title_of(content),
        as_of=stored.history.as_of,
        demo=bool(content["demo"]),
        locked=(TRIAL,),
    )


def write_workbook(session: Session, edition: BulletinState, content: bytes) -> Path:
    """Write the workbook beside the bulletin of its month."""
    name = stem(session, edition).replace("就业失业月报", "就业失业数据表")
    file = folder(session, edition) / f"{name}.xlsx"
    write_atomically(file, content)
    return file
