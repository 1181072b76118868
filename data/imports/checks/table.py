"""The table of all checks: it runs them and it is their documentation."""

from __future__ import annotations

from employment_forecast.data.imports.checks.batch import Batch, Check, CheckResult
from employment_forecast.data.imports.checks.course import (
    falling_year_to_date,
    gaps,
    outliers,
    stock_flow,
    value_range,
    zero_unpublished,
)
from employment_forecast.data.imports.checks.firms import firm_arithmetic, firm_chain, firm_parts
from employment_forecast.data.imports.checks.publication import (
    duplicates,
    future_months,
    publication_days,
    revisions,
)
from employment_forecast.data.imports.checks.sums import (
    group_parts,
    new_jobs_identity,
    rate_against_counts,
    region_parts,
)
from employment_forecast.data.imports.checks.units import first_size, unit_jump
from employment_forecast.data.records import READING_CHECKS, CheckInfo

_SEVERITY_TITLES = {"error": "错误", "warning": "警告"}


CHECKS: tuple[Check, ...] = (
    Check(
        CheckInfo("value_range", "超出取值范围", "error", "人数、户数为负，率小于0或超过100%"),
        value_range,
    ),
    Check(
        CheckInfo(
            "unit_jump",
            "单位跳变",
            "error",
            "与平常值相差约1万、1000、100倍（率为100倍），多为万人与人、小数与百分数混淆；10倍只警告",
        ),
        unit_jump,
    ),
    Check(
        CheckInfo(
            "first_size",
            "首次导入的大小可疑",
            "error",
            "没有历史时，与目标、劳动力规模、地区层级相差10倍的整数次方；与目标差10倍只警告",
        ),
        first_size,
    ),
    Check(
        CheckInfo(
            "stock_flow",
            "期末数、当月数与累计数混淆",
            "error",
            "期末数或当月数逐月累加、年初重来；累计数几度下降",
        ),
        stock_flow,
    ),
    Check(
        CheckInfo(
            "falling_year_to_date", "累计数下降", "error", "累计数在一年内下降；降幅不足1%的只警告"
        ),
        falling_year_to_date,
    ),
    Check(
        CheckInfo(
            "zero_unpublished", "以零表示未公布", "error", "从不接近零的序列出现0；无从比较的只警告"
        ),
        zero_unpublished,
    ),
    Check(
        CheckInfo(
            "duplicates",
            "同月两个值",
            "error",
            "同一命令的文件里，同一地区、指标、月份、发布日期有两个不同的值",
        ),
        duplicates,
    ),
    Check(
        CheckInfo(
            "revisions",
            "与已有数据不同",
            "error",
            "库中同月已有另一个值；加 --revise 后作为修订保存，只警告",
        ),
        revisions,
    ),
    Check(
        CheckInfo("future_months", "未来的月份", "error", "月份还没有到；当月尚未结束的只警告"),
        future_months,
    ),
    Check(
        CheckInfo(
            "publication_days", "发布日期不合理", "error", "发布日期晚于今天，或早于所报月份"
        ),
        publication_days,
    ),
    Check(
        CheckInfo(
            "gaps", "缺月", "warning", "已有数据与新数据之间，或文件内部缺月；累计数缺1月不算"
        ),
        gaps,
    ),
    Check(
        CheckInfo(
            "outliers", "异常波动", "warning", "变动与该地区往常相差很大（中位数与绝对中位差）"
        ),
        outliers,
    ),
    Check(
        CheckInfo(
            "region_parts",
            "分地区之和与总数不符",
            "error",
            "可加总的指标，各地区之和超过上级或上上级地区；下级齐全而和小于总数的只警告",
        ),
        region_parts,
    ),
    Check(
        CheckInfo(
            "group_parts",
            "分组与总数不符",
            "error",
            "困难人员、毕业生等超过总数；同一分类（性别、行业）各项之和超过总数，小于总数的只警告",
        ),
        group_parts,
    ),
    Check(
        CheckInfo(
            "rate_against_counts",
            "率与人数不符",
            "error",
            "登记失业率与登记失业人数、从业人员的关系不成立；求人倍率不等于招聘人数除以求职人数",
        ),
        rate_against_counts,
    ),
    Check(
        CheckInfo(
            "new_jobs_identity",
            "新增就业不等于新就业减自然减员",
            "error",
            "城镇新增就业与累计新就业、自然减员三数对不上",
        ),
        new_jobs_identity,
    ),
    Check(
        CheckInfo(
            "firm_arithmetic", "监测企业人数不平衡", "error", "调查期末不等于建档期 + 新招 − 减员"
        ),
        firm_arithmetic,
    ),
    Check(
        CheckInfo(
            "firm_parts",
            "监测企业分项不符",
            "error",
            "减员按类型、按原因之和与减员不符；隐性失业超过期末人数",
        ),
        firm_parts,
    ),
    Check(
        CheckInfo("firm_chain", "监测企业上下月不衔接", "warning", "建档期与上月调查期末不一致"),
        firm_chain,
    ),
)


def run_checks(batch: Batch) -> tuple[CheckResult, ...]:
    """Apply every check of the table, in its order.

    Parameters
    ----------
    batch : Batch
        All files of one command, beside what is already known.

    Returns
    -------
    tuple of CheckResult
        One per check; nothing should be stored if any has the status `error`.
    """
    return tuple(check.run(batch) for check in CHECKS)


def checks_markdown() -> str:
    """The table of checks in Markdown, for the documentation: those of reading come first."""
    lines = ["| 检查 | 代码 | 最重 | 查什么 |", "| --- | --- | --- | --- |"]
    for info in (*READING_CHECKS, *(c.info for c in CHECKS)):
        severity = _SEVERITY_TITLES[info.severity]
        lines.append(f"| {info.title} | `{info.name}` | {severity} | {info.catches} |")
    return "\n".join(lines) + "\n"
