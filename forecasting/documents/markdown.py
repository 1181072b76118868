"""A run in a page of Chinese Markdown, shown as its note in the MLflow UI."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.data.catalogue import phrase
from employment_forecast.data.targets import BASES, TIER_NAMES
from employment_forecast.forecasting.assessment import (
    Assessment,
    MilestoneAssessment,
    TotalAssessment,
)
from employment_forecast.forecasting.competition import Competition, ModelEvidence
from employment_forecast.forecasting.documents.run import forecast_rows
from employment_forecast.models import roster

DEMO_WARNING = "> **演示数据**：数列或控制数为演示而生成，不代表任何地区的真实情况。"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _score(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


def _probability(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _ranking(result: Competition) -> str:
    chosen = result.choice.model
    rows = [
        [
            f"**{e.label}** ★" if e.model == chosen else e.label,
            _score(e.wis),
            _score(e.mase),
            _share(e.coverage80),
            _share(e.coverage95),
            *_tested(result.evidence_by_model.get(e.model)),
            e.failure or ("简单基准" if e.floor else ""),
        ]
        for e in result.entries
    ]
    titles = ("模型", "WIS", "MASE", "80% 覆盖", "95% 覆盖", "DM 检验 p", "置信集", "说明")
    return _table(titles, rows)


def _tested(found: ModelEvidence | None) -> tuple[str, str]:
    """P-value of the test against the default, and whether the model is in the confidence set."""
    if found is None:
        return "—", "—"
    inside = {None: "—", True: "是", False: "否"}[found.in_confidence_set]
    return _score(found.dm_p), inside


def _tests_note(result: Competition) -> str:
    """What the two columns of tests mean; empty where nothing was tested."""
    reference = next((f.reference for f in result.evidence_by_model.values() if f.reference), None)
    if reference is None:
        return ""
    return (
        f"DM 检验以{roster.label(reference)}为参照（双侧，Harvey-Leybourne-Newbold 修正）；"
        "置信集为 90% 模型置信集。检验只作旁证，不决定选用。"
    )


def _caps(result: Competition) -> str:
    if not result.assessments:
        return "没有可对照的控制数。"
    return _table(
        ("层级", "考核", "时期", "控制数", "任一月突破", "期末突破", "年均突破", "余量", "标记"),
        [_cap_row(item, result) for item in result.assessments],
    )


def _cap_row(item: Assessment, result: Competition) -> list[str]:
    target = item.target
    value = "未载明" if target.value is None else phrase(target.value, result.indicator)
    marks = [
        mark
        for mark, holds in (
            ("已突破", item.already_breached),
            ("演示", target.demo),
            ("未经回测", item.untested),
        )
        if holds
    ]
    return [
        TIER_NAMES[target.tier],
        BASES[target.basis],
        target.period,
        f"{value}{target.unit}{target.qualifier}",
        _probability(item.p_any),
        _probability(item.p_end),
        _probability(item.p_average),
        phrase(item.headroom, result.indicator),
        "、".join(marks),
    ]


def _targets(result: Competition) -> str:
    """Floors and figures to be reached."""
    rows = []
    items: list[TotalAssessment | MilestoneAssessment] = [*result.totals, *result.levels]
    for item in items:
        target = item.target
        value = "未载明" if target.value is None else phrase(target.value, result.indicator)
        progress = item.progress if isinstance(item, TotalAssessment) else None
        marks = [
            mark for mark, holds in (("演示", target.demo), ("未经回测", item.untested)) if holds
        ]
        rows.append(
            [
                TIER_NAMES[target.tier],
                BASES[target.basis],
                target.period,
                f"{target.qualifier}{value}{target.unit}",
                _probability(item.p_reach),
                _probability(progress),
                "、".join(marks),
            ]
        )
    return _table(("层级", "考核", "时期", "目标", "完成概率", "已完成", "标记"), rows)


def _forecast(result: Competition) -> str:
    def shown(value: float) -> str:
        return phrase(value, result.indicator)

    rows = [
        [
            str(row["month"]),
            shown(row["q50"]),
            f"{shown(row['q10'])} — {shown(row['q90'])}",
            f"{shown(row['q025'])} — {shown(row['q975'])}",
            "未经回测" if row["untested"] else "",
        ]
        for row in forecast_rows(result)
    ]
    return _table(("月份", "中位数", "80% 区间", "95% 区间", ""), rows)


def summary(result: Competition) -> str:
    """The run in a page.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.

    Returns
    -------
    str
        Markdown: data, choice, leaderboard, caps, forecast.
    """
    history, unit = result.history, result.indicator.unit
    latest = phrase(float(history.values[-1]), result.indicator)
    facts = (
        f"数据 {history.start} 至 {history.origin}（{len(history)} 个月），最新值 {latest}{unit}；"
        f"截至 {history.as_of} 已公布。来源：{'；'.join(history.sources)}。"
    )
    if history.pseudo_real_time:
        facts += "部分公布日期为估计，回测为准实时。"
    parts = [
        f"## {result.region.name} {result.indicator.name} {history.origin}",
        facts,
        f"**采用**：{result.choice.reason}",
        "### 排行（样本外，越靠前越好）",
        _ranking(result),
        _tests_note(result),
        "### 控制数",
        _caps(result),
        f"### 预测（{unit}）",
        _forecast(result),
    ]
    if result.totals or result.levels:
        parts[-2:-2] = ["### 下限与目标值", _targets(result)]
    if result.demo:
        parts.insert(1, DEMO_WARNING)
    return "\n\n".join(part for part in parts if part)
