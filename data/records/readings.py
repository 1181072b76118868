"""What reading a file gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import pandas as pd

from employment_forecast.data.errors import DataError
from employment_forecast.data.records.findings import Finding
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.records.part_months import PartMonth
from employment_forecast.data.records.place import Place

Base = Literal["previous_month", "january"]

_MOST_LISTED = 20
_MOST_DOUBTS = 5
_MOST_ALIKE = 3


@dataclass(frozen=True)
class Reading:
    """An observation and where it came from.

    Attributes
    ----------
    observation : Observation
        Value in the indicator's unit and reporting form.
    place : Place
        Cell.
    raw : str
        Text of the cell.
    group : str or None
        Code of a group of people (困难人员 …) the value is about; None for everybody.
    label : str
        Text of the file that states the indicator; empty where an option does.
    """

    observation: Observation
    place: Place
    raw: str
    group: str | None = None
    label: str = ""


@dataclass(frozen=True)
class FirmMonth:
    """One monitored firm in one month (失业动态监测); a firm's code, never a person.

    Attributes
    ----------
    firm : str
        Code of the firm.
    month : pandas.Period
        Month surveyed.
    base, hires, separations, end : int
        建档期就业人数, 新招, 减员, 调查期末就业人数; persons.
    dispatched, hidden : int or None
        劳务派遣, 隐性失业; None if not stated.
    by_type, by_cause : mapping of str to int
        减员 by type (employer, employee, contract_end, retirement, other) and cause (closure,
        suspension, relocation, restructuring, hardship, conversion, technology, other).
    region : str
        Catalogue code.
    industry, sector, ownership, size, street : str
        行业, 产业, 企业性质, 规模, 街镇; empty if not stated.
    base_is : {"previous_month", "january"}
        What 建档期 refers to.
    published_on : datetime.date or None
        Day the report became known.
    source : str
        Document or office.
    places : mapping of str to Place
        Cells of the code (`firm`) and of the numbers, by field; `type:` and `cause:` in front of
        the kinds of 减员.
    """

    firm: str
    month: pd.Period
    base: int
    hires: int
    separations: int
    end: int
    dispatched: int | None
    hidden: int | None
    by_type: Mapping[str, int]
    by_cause: Mapping[str, int]
    region: str
    industry: str
    sector: str
    ownership: str
    size: str
    street: str
    base_is: Base
    published_on: date | None
    source: str
    places: Mapping[str, Place] = field(repr=False)


@dataclass(frozen=True)
class ReadResult:
    """Everything one file gave.

    Attributes
    ----------
    file : str
        File name without folders.
    format, encoding
        As in `Opened`.
    readings : tuple of Reading
        Observations for everybody.
    groups : tuple of Reading
        Observations for groups of people.
    firms : tuple of FirmMonth
        Rows of firm panels.
    part_months : tuple of PartMonth
        Figures of a month in progress.
    findings : tuple of Finding
        What is wrong or doubtful.
    notes : tuple of str
        Chinese sentences about what was left out or taken from a file name.
    """

    file: str
    format: str
    encoding: str | None
    readings: tuple[Reading, ...] = ()
    groups: tuple[Reading, ...] = ()
    firms: tuple[FirmMonth, ...] = ()
    part_months: tuple[PartMonth, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def observations(self) -> list[Observation]:
        """Observations for everybody, in file order."""
        return [r.observation for r in self.readings]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop the import."""
        return tuple(f for f in self.findings if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that do not."""
        return tuple(f for f in self.findings if f.severity == "warning")

    def refusal(self) -> DataError | None:
        """One error that lists what is wrong, None if nothing stops the import."""
        return refusal(self.file, self.errors, self.warnings, self.notes)


def refusal(
    file: str,
    errors: tuple[Finding, ...],
    warnings: tuple[Finding, ...] = (),
    notes: tuple[str, ...] = (),
) -> DataError | None:
    """One error that lists what is wrong with a file, None if there is nothing.

    Doubts and what was left out are listed after the errors: they often hold the cause.
    """
    if not errors:
        return None
    lines = _listed(errors, "  ", _MOST_LISTED) + _listed(warnings, "  提醒：", _MOST_DOUBTS)
    lines += [f"  说明：{note}" for note in notes[:_MOST_DOUBTS]]
    return DataError(
        f"“{file}”有 {len(errors)} 处问题，没有导入任何数据：\n" + "\n".join(lines),
        "\n请按上面的说明改正后重新导入。",
    )


def _listed(findings: tuple[Finding, ...], front: str, most: int) -> list[str]:
    """One line each; of findings that say the same the first few, and a count of the others."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.check, finding.message), []).append(finding)
    lines: list[str] = []
    for same in alike.values():
        lines += [f"{front}{finding}" for finding in same[:_MOST_ALIKE]]
        if len(same) > _MOST_ALIKE:
            lines[-1] += f"（同样的共 {len(same)} 处，其余从略）"
    left = len(lines) - most
    return lines[:most] + ([f"{front}另有 {left} 处未列出。"] if left > 0 else [])
