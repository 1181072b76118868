"""Checks on months and days: revisions, future months, publication days."""

from __future__ import annotations

from employment_forecast.data import clock
from employment_forecast.data.imports.checks.batch import Batch, finding, month_text
from employment_forecast.data.records import Finding, Reading

_SAME = 1e-9


def revisions(batch: Batch) -> list[Finding]:
    """Another value for a month already stored: refused unless revisions are welcome."""
    findings = []
    for series in batch.series:
        for month, reading in series.new.items():
            before, value = series.known.get(month), reading.observation.value
            if before is None or abs(before - value) <= _SAME * max(1.0, abs(before)):
                continue
            findings.append(
                finding(
                    "revisions",
                    "warning" if batch.revise else "error",
                    reading,
                    f"“{series.indicator.name}”{month_text(month)}已有 {before:.12g}，"
                    f"文件里是 {value:.12g}",
                    "将作为修订保存为新的数据版本，原值保留。"
                    if batch.revise
                    else "若是修订请加 --revise；否则请改正文件。",
                )
            )
    return findings


def duplicates(batch: Batch) -> list[Finding]:
    """Two different values for one month and publication day within the files of one command."""
    seen: dict[tuple[object, ...], Reading] = {}
    findings = []
    for reading in (*batch.readings, *batch.groups):
        row = reading.observation
        key = (row.region, row.indicator, reading.group, row.month.ordinal, row.published_on)
        before = seen.setdefault(key, reading)
        earlier = before.observation.value
        if earlier != row.value:
            findings.append(
                finding(
                    "duplicates",
                    "error",
                    reading,
                    f"{month_text(row.month.ordinal)}的值 {row.value:.12g} 与{before.place}的 "
                    f"{earlier:.12g} 不同",
                    "请只保留正确的一个；若是修订，请分两次导入并分别写明发布日期。",
                )
            )
    return findings


def future_months(batch: Batch) -> list[Finding]:
    """Months that have not begun (error) or not ended (warning)."""
    findings = []
    current = (batch.today.year - 1970) * 12 + batch.today.month - 1
    for reading in (*batch.readings, *batch.groups):
        month = reading.observation.month
        ahead = month.ordinal - current
        if ahead > 0 or (ahead == 0 and batch.today < clock.month_end(month)):
            findings.append(
                finding(
                    "future_months",
                    "error" if ahead > 0 else "warning",
                    reading,
                    f"{month_text(month.ordinal)}" + ("还没有到" if ahead > 0 else "还没有结束"),
                    "请核对年月；预测值、计划数不能作为观测值导入。",
                )
            )
    return findings


def publication_days(batch: Batch) -> list[Finding]:
    """Publication days after today, or before the month they report on has ended."""
    findings = []
    for reading in (*batch.readings, *batch.groups):
        day, month = reading.observation.published_on, reading.observation.month
        if day is None:
            continue
        if day > batch.today:
            message = f"发布日期 {day} 晚于今天"
        elif day < clock.month_end(month).replace(day=1):
            message = f"发布日期 {day} 早于所报的{month_text(month.ordinal)}"
        else:
            continue
        findings.append(
            finding(
                "publication_days",
                "error",
                reading,
                message,
                "请核对发布日期；不知道的请留空，系统按惯常时滞估计。",
            )
        )
    return findings
