"""A run in a page of Chinese Markdown, shown as its note in the MLflow UI."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from employment_forecast.data.catalogue import phrase, sources_phrase
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents.result_tables import (
    caps_table,
    floors_table,
    forecast_table,
    leaderboard_table,
    milestones_table,
)
from employment_forecast.forecasting.documents.run import document
from employment_forecast.forecasting.documents.tables import (
    SCORE,
    Table,
    cell_text,
    columns,
    figures,
    markdown_table,
)
from employment_forecast.models import roster

DEMO_WARNING = "> **演示数据**：数列或控制数为演示而生成，不代表任何地区的真实情况。"
_IN_SET = {None: None, True: "是", False: "否"}


def _tested(ranking: Table[Any], result: Competition) -> Table[Any]:
    """The ranking with the test against the default and the confidence set."""
    evidence = [result.evidence_by_model.get(row.model) for row in result.entries]
    tests = [
        (None, None) if e is None else (e.dm_p, _IN_SET[e.in_confidence_set]) for e in evidence
    ]
    *heads, note = ranking.columns
    return replace(
        ranking,
        columns=(*heads, *figures("DM 检验 p", form=SCORE), *columns("置信集"), note),
        rows=tuple(
            (*row[:-1], *test, row[-1]) for row, test in zip(ranking.rows, tests, strict=True)
        ),
    )


def _tests_note(result: Competition) -> str:
    """What the two columns of tests mean; empty where nothing was tested."""
    tested = next((e for e in result.evidence_by_model.values() if e.reference), None)
    if tested is None or tested.reference is None:
        return ""
    return (
        f"检验只看前 {tested.tested_months} 个月的得分：再往后互不重叠的起点不足 10 个，"
        "检验不可靠。"
        f"DM 检验以{roster.label(tested.reference)}为参照（双侧）；"
        "置信集为 90% 模型置信集。检验只作旁证，不决定选用。"
    )


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
    history, indicator = result.history, result.indicator
    content = document(result, run_id=None, registered_name="", version=None)
    latest = phrase(float(history.values[-1]), indicator)
    facts = (
        f"数据 {history.start} 至 {history.origin}（{len(history)} 个月），最新值 {latest}"
        f"{indicator.unit}；截至 {history.as_of} 已公布。来源：{sources_phrase(history.sources)}。"
    )
    if history.pseudo_real_time:
        facts += "部分公布日期为估计，回测为准实时。"
    parts = [DEMO_WARNING] if result.demo else []
    parts += [
        f"## {result.region.name} {indicator.name} {history.origin}",
        facts,
        f"**采用**：{result.choice.reason}",
        "### 排行（样本外，越靠前越好）",
        markdown_table(_tested(leaderboard_table(content), result), cell_text),
        _tests_note(result),
        "### 控制数",
        markdown_table(caps_table(content, indicator), cell_text)
        if content["caps"]
        else "没有可对照的控制数。",
    ]
    if content["floors"]:
        parts += [
            "### 累计目标",
            markdown_table(floors_table(content["floors"], indicator), cell_text),
        ]
    if content["levels_assessed"]:
        rows = content["levels_assessed"]
        parts += ["### 目标值", markdown_table(milestones_table(rows, indicator), cell_text)]
    parts += [
        f"### 预测（{indicator.unit}）",
        markdown_table(forecast_table(content, indicator), cell_text),
    ]
    return "\n\n".join(part for part in parts if part)
