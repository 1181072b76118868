"""Checks of the monitored firms' panel."""

from __future__ import annotations

from employment_forecast.data.imports.checks.batch import Batch
from employment_forecast.data.records import Finding, FirmMonth, Severity


def _finding(
    check: str, severity: Severity, firm: FirmMonth, field: str, message: str, remedy: str
) -> Finding:
    place = firm.places.get(field, firm.places["firm"])
    return Finding(check, severity, place, firm.firm, message, remedy)


def firm_arithmetic(batch: Batch) -> list[Finding]:
    """调查期末 = 建档期 + 新招 − 减员, for every firm and month."""
    findings = []
    for firm in batch.firms:
        expected = firm.base + firm.hires - firm.separations
        if expected != firm.end:
            findings.append(
                _finding(
                    "firm_arithmetic",
                    "error",
                    firm,
                    "end",
                    f"{firm.month} 调查期末 {firm.end} 不等于建档期 {firm.base} "
                    f"+ 新招 {firm.hires} − 减员 {firm.separations} = {expected}",
                    "请核对这四个数。",
                )
            )
    return findings


def firm_parts(batch: Batch) -> list[Finding]:
    """减员 by type and cause against 减员; 隐性失业 against 调查期末."""
    findings = []
    for firm in batch.firms:
        for title, kind, parts in (
            ("按类型", "type:", sum(firm.by_type.values())),
            ("按原因", "cause:", sum(firm.by_cause.values())),
        ):
            if not parts or parts == firm.separations:
                continue
            over = parts > firm.separations
            field = next((f for f in firm.places if f.startswith(kind)), "separations")
            findings.append(
                _finding(
                    "firm_parts",
                    "error" if over else "warning",
                    firm,
                    field,
                    f"{firm.month} 减员{title}之和 {parts} "
                    f"{'超过' if over else '少于'}减员 {firm.separations}",
                    "请核对减员及其分项。",
                )
            )
        if firm.hidden is not None and firm.hidden > firm.end:
            findings.append(
                _finding(
                    "firm_parts",
                    "error",
                    firm,
                    "hidden",
                    f"{firm.month} 隐性失业 {firm.hidden} 超过调查期末 {firm.end}",
                    "请核对隐性失业人数。",
                )
            )
    return findings


def firm_chain(batch: Batch) -> list[Finding]:
    """建档期 of a chained monthly panel against the same firm's end of last month."""
    ends = {(f.firm, f.month): f.end for f in batch.firms}
    findings = []
    for firm in batch.firms:
        before = ends.get((firm.firm, firm.month - 1))
        if firm.base_is == "previous_month" and before is not None and before != firm.base:
            findings.append(
                _finding(
                    "firm_chain",
                    "warning",
                    firm,
                    "base",
                    f"{firm.month} 建档期 {firm.base} 与上月调查期末 {before} 不一致",
                    '建档期若以年初为基准，请在 mapping.toml 的 [table] 里写 base = "january"；'
                    "否则请核对。",
                )
            )
    return findings
