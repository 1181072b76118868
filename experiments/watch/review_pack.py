"""The reviewer's pack: every forecast of the back-test, its errors, and a model card."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Series, sources_phrase
from employment_forecast.data.errors import ForecastError
from employment_forecast.experiments.promotion import GateEvidence, stored_evidence, version_view
from employment_forecast.experiments.registry import (
    StoredForecast,
    Version,
    file_of_run,
    load_version,
)
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.backtest import ResidualCheck, residuals
from employment_forecast.forecasting.documents import DEMO_WARNING
from employment_forecast.forecasting.scoring import scores

_COPIED = ("leaderboard.csv", "caps.json", "targets.json", "forecast.csv", "chart.png", "gate.json")


@dataclass(frozen=True)
class OriginLooks:
    """How often the test origins were looked at.

    Attributes
    ----------
    runs : int
        Registered runs of the series whose back-test shares at least one origin with this one.
    most : int
        Runs that looked at the origin looked at most.
    unknown : int
        Runs whose back-test is not on file any more.
    """

    runs: int
    most: int
    unknown: int


def looks(tracker: Tracker, series: Series, months: pd.PeriodIndex) -> OriginLooks:
    """Count the runs that scored models at these origins.

    A choice made after looking at the same origins many times is less certain than its scores
    say; the count lets a reviewer judge.
    """
    seen = {v.run_id: v for v in versions(tracker, series)}
    counts = np.zeros(len(months), dtype=int)
    unknown = 0
    for version in seen.values():
        try:
            others = stored_evidence(tracker, version).backtest.months
        except ForecastError:
            unknown += 1
            continue
        counts += np.asarray(months.isin(others), dtype=int)
    return OriginLooks(len(seen) - unknown, int(counts.max(initial=0)), unknown)


def _cells(evidence: GateEvidence) -> bytes:
    """Every cell with its error, score and coverage."""
    backtest = evidence.backtest
    table = backtest.table()
    quantiles = table[[c for c in table.columns if c.startswith("q")]].to_numpy(dtype=float)
    outcome = table["outcome"].to_numpy(dtype=float)
    table["error"] = outcome - quantiles[:, 4]
    table["wis_scaled"] = scores.interval_score(quantiles, outcome) / table["scale"]
    for level in (80, 95):
        inside = scores.covered(quantiles, outcome, level)
        unknown = np.isnan(outcome) | np.isnan(quantiles[:, 0])
        table[f"covered{level}"] = np.where(unknown, np.nan, inside)
    text: str = table.to_csv(index=False, float_format="%.8g", lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _check_lines(checks: list[ResidualCheck]) -> str:
    rows = [
        f"| {c.label} | {c.text} | {'—' if c.p_value is None else f'{c.p_value:.3f}'} |"
        for c in checks
    ]
    return "\n".join(["| 检查 | 结果 | p 值 |", "| --- | --- | --- |", *rows])


def card(
    series: Series,
    stored: StoredForecast,
    document: dict[str, Any],
    checks: list[ResidualCheck],
    seen: OriginLooks,
) -> str:
    """Model card in Chinese Markdown.

    References
    ----------
    Mitchell et al. (2019), Model cards for model reporting.
    """
    history, facts = stored.history, stored.facts
    times = "部分公布日期为估计，回测为准实时" if history.pseudo_real_time else "公布日期均有记录"
    gate = document["gate"]
    verdict = stored.version.tags.get("gate", "未检查")
    parts = [
        f"# 模型卡：{series.title} 第 {stored.version.version} 版",
        f"- 登记名：{stored.version.registered_name}\n"
        f"- 模型：{stored.version.label}（{stored.version.model}）\n"
        f"- 程序与库：{facts['code_version']}\n"
        f"- 随机种子：{facts['seed']}；模拟路径 {facts['paths']} 条；预测 {facts['horizon']} 个月，"
        f"其中 {facts['tested_horizon']} 个月经过回测",
        "## 用途与限度",
        f"预测{series.region.name}{series.indicator.name}（{history.unit}）今后各月的分布，"
        "用于对照控制数评估突破概率和发出失业预警。不用于评价个人或单个企业；"
        "口径变化、重大政策或冲击之后，须先核对再使用。",
        "## 数据",
        f"{history.start} 至 {history.origin}，共 {len(history)} 个月，截至 {history.as_of}；"
        f"来源：{sources_phrase(history.sources)}。{times}。\n\n数据指纹：`{history.fingerprint}`",
        "## 回测",
        f"起点 {stored.version.tags.get('evidence_origins', '—')} 个；"
        f"WIS {document['wis']}，MASE {document['mase']}，80% 覆盖 {document['coverage80']}，"
        f"95% 覆盖 {document['coverage95']}，突破概率 Brier 分 "
        f"{'没有可比的月份' if document['cap_brier'] is None else document['cap_brier']}。"
        "逐格的预测与误差见 cells.csv。",
        "## 首月残差检查",
        _check_lines(checks),
        "## 晋级检查",
        verdict
        if gate is None
        else "\n".join(f"- {c['label']}：{c['text']}" for c in gate["checks"]),
        "## 测试起点被查看的次数",
        f"与本版本有共同回测起点的登记运行有 {seen.runs} 次，"
        f"被查看最多的起点 {seen.most} 次"
        + (f"；另有 {seen.unknown} 次的回测记录已不存在" if seen.unknown else "")
        + "。查看越多，入选模型的得分越可能偏乐观。",
    ]
    if stored.version.demo:
        parts.insert(1, DEMO_WARNING)
    return "\n\n".join(parts) + "\n"


def pack(tracker: Tracker, series: Series, version: Version) -> dict[str, bytes]:
    """Files of the reviewer's pack, by name.

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

    Raises
    ------
    StorageError
        If the version's files are missing or damaged.
    """
    stored = load_version(tracker, version)
    evidence = stored_evidence(tracker, version)
    checks = residuals.one_month(evidence.backtest, evidence.model)
    seen = looks(tracker, series, evidence.backtest.months)
    document = version_view.document(tracker, series, version)
    values = [
        {
            "check": c.name, "label": c.label, "statistic": c.statistic, "p_value": c.p_value,
            "n": c.n, "text": c.text,
        }
        for c in checks
    ]  # fmt: skip
    facts = {
        "version": document,
        "data_fingerprint": stored.history.fingerprint,
        "looks": {"runs": seen.runs, "most": seen.most, "unknown": seen.unknown},
    }
    files = {
        "模型卡.md": card(series, stored, document, checks, seen).encode(),
        "cells.csv": _cells(evidence),
        "residuals.json": json.dumps(values, ensure_ascii=False, indent=1).encode(),
        "version.json": json.dumps(facts, ensure_ascii=False, indent=1).encode(),
        "history.csv": stored.history.series.rename_axis("month").rename("value").to_csv().encode(),
    }
    for name in _COPIED:
        try:
            files[name] = file_of_run(tracker, version, name).read_bytes()
        except (ForecastError, OSError):
            continue
    return files


def zipped(files: dict[str, bytes]) -> bytes:
    """Files as one zip: the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()
