"""Registered versions as rows and documents, as the command line and the UI show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.clock import month_end
from employment_forecast.data.errors import ForecastError, NotFoundError
from employment_forecast.experiments.promotion.evidence import stored_evidence
from employment_forecast.experiments.promotion.gate import GATE_FILE
from employment_forecast.experiments.registry import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    Version,
    file_of_run,
)
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.backtest import compare_versions
from employment_forecast.forecasting.documents.tables import (
    PERCENT,
    SCORE,
    Table,
    columns,
    figures,
)
from employment_forecast.forecasting.documents.workbook import tables_workbook

ALIAS_NAMES = {CHAMPION: "现役", PREVIOUS: "前任", CANDIDATE: "候选"}
_SCORES = ("wis", "mase", "coverage80", "coverage95", "cap_brier")
_LOG = ("promoted_at", "promoted_by", "promoted_why", "promoted_over", "rolled_back_at",
        "rolled_back_by", "rolled_back_why", "refresh_of")  # fmt: skip


def _score(version: Version, name: str) -> float | None:
    try:
        return float(version.tags[name])
    except (KeyError, ValueError):
        return None


def row(version: Version) -> dict[str, Any]:
    """One version in a row, JSON-able."""
    return {
        "version": version.version,
        "aliases": list(version.aliases),
        "data_month": version.data_month,
        "model": version.model,
        "label": version.label,
        **{name: _score(version, name) for name in _SCORES},
        "gate": version.tags.get("gate"),
        "refresh_of": version.tags.get("refresh_of"),
        "promoted_at": version.tags.get("promoted_at"),
        "demo": version.demo,
    }


def document(tracker: Tracker, series: Series, version: Version) -> dict[str, Any]:
    """One version with its evidence, JSON-able.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    version : Version
        Which.

    Returns
    -------
    dict
        `gate` is the last verdict, None before the first one.
    """
    name, number = version.registered_name, version.version
    about = tracker.call("读取模型版本", lambda c: c.get_model_version(name, number).description)
    logged = tracker.call("读取模型", lambda c: dict(c.get_registered_model(name).tags))
    return {
        **row(version),
        "registered_name": name,
        "run_id": version.run_id,
        "source": version.source,
        "as_of": version.tags.get("as_of"),
        "data_fingerprint": version.tags.get("data_fingerprint"),
        "code_version": version.tags.get("code_version"),
        "evidence_origins": version.tags.get("evidence_origins"),
        "log": {key: version.tags[key] for key in _LOG if key in version.tags},
        "promotions": [
            {"at": key.removeprefix("log "), "what": text}
            for key, text in sorted(logged.items())
            if key.startswith("log ")
        ],
        "gate": verdict(tracker, version),
        "description": about,
    }


def verdict(tracker: Tracker, version: Version) -> dict[str, Any] | None:
    """The last verdict of the gate on a version, None if there is none."""
    if "gate" not in version.tags:
        return None
    try:
        judged: dict[str, Any] = json.loads(
            file_of_run(tracker, version, GATE_FILE).read_text("utf-8")
        )
    except (ForecastError, OSError, ValueError):
        return None
    return judged if judged.get("version") == version.version else None


def chosen(tracker: Tracker, series: Series, numbers: Sequence[str]) -> list[Version]:
    """Versions by number; champion, previous and candidate where none are named.

    Raises
    ------
    NotFoundError
        If one does not exist, or there is none at all.
    """
    known = versions(tracker, series)
    if numbers:
        by_number = {v.version: v for v in known}
        missing = [n for n in numbers if n not in by_number]
        if missing:
            raise NotFoundError(
                f"{series.title}没有第 {'、'.join(missing)} 版。", "用 forecast models list 查看。"
            )
        return [by_number[n] for n in dict.fromkeys(numbers)]
    order = (CHAMPION, PREVIOUS, CANDIDATE)
    aliased = [v for alias in order for v in known if alias in v.aliases]
    if not aliased:
        raise NotFoundError(
            f"{series.title}还没有模型版本。",
            f"请先运行 forecast run {series.options}。",
        )
    return list({v.version: v for v in aliased}.values())


def comparison(tracker: Tracker, picked: Sequence[Version]) -> dict[str, Any]:
    """Versions side by side at the origins they share, JSON-able.

    Parameters
    ----------
    tracker : Tracker
        Where.
    picked : sequence of Version
        The first is the one the others are compared with.

    Returns
    -------
    dict
        `origins` and `cells` in common, and a row per version.
    """
    evidence = {v.version: stored_evidence(tracker, v) for v in picked}
    newest = max(picked, key=lambda v: (v.data_month, int(v.version))).version
    compared = compare_versions({n: (e.backtest, e.model) for n, e in evidence.items()}, newest)

    def shown(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "origins": len(compared.months),
        "first_origin": str(compared.months[0]) if len(compared.months) else None,
        "last_origin": str(compared.months[-1]) if len(compared.months) else None,
        "cells": compared.cells,
        "versions": [
            {
                **row(version),
                "common": {
                    "wis": shown(each.wis),
                    "mase": shown(each.mase),
                    "coverage80": shown(each.coverage80),
                    "coverage95": shown(each.coverage95),
                    "wis_by_horizon": [shown(x) for x in each.wis_by_horizon],
                    "difference": shown(each.difference),
                    "standard_error": shown(each.error),
                    "p_value_one_month": each.one_step and shown(each.one_step.p_value),
                },
            }
            for version, each in zip(picked, compared.rows, strict=True)
        ],
    }


def comparison_table(content: Mapping[str, Any]) -> Table[Any]:
    """Versions side by side, from `comparison`."""
    rows = [{**r, **r["common"]} for r in content["versions"]]
    scores = ("wis", "mase", "coverage80", "coverage95", "difference", "standard_error",
              "p_value_one_month")  # fmt: skip
    return Table(
        "在共同的回测起点上的得分（差值为减第一个版本）",
        (
            *columns("版本", "数据截至", "模型"),
            *figures("WIS", "MASE", form=SCORE),
            *figures("80%覆盖", "95%覆盖", form=PERCENT),
            *figures("WIS 差", "标准误", "首月 DM 检验 p", form=SCORE),
        ),
        tuple(
            (str(r["version"]), r["data_month"], r["label"], *(r[name] for name in scores))
            for r in rows
        ),
    )


def comparison_workbook(content: Mapping[str, Any], series: Series) -> bytes:
    """The comparison of versions as a workbook."""
    rows = content["versions"]
    demo = any(row["demo"] for row in rows)
    shared = (
        f"共同的回测起点 {content['origins']} 个（{content['first_origin']} 至 "
        f"{content['last_origin']}），共 {content['cells']} 格"
        if content["origins"]
        else "这些版本没有共同的回测起点"
    )
    return tables_workbook(
        {"比较": [comparison_table(content)]},
        title=f"{series.title}模型版本比较",
        lines=(shared,),
        as_of=month_end(pd.Period(max(row["data_month"] for row in rows), freq="M")),
        demo=demo,
    )
