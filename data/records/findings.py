"""What is wrong with a file and where: findings, and the table of what reading looks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from employment_forecast.data.records.place import Place, shown

Severity = Literal["warning", "error"]


@dataclass(frozen=True)
class CheckInfo:
    """One line of the table of checks, which also feeds the documentation.

    Attributes
    ----------
    name : str
        Stable English code.
    title : str
        Chinese title.
    severity : {"warning", "error"}
        Worst it can give.
    catches : str
        What it catches, in Chinese.
    """

    name: str
    title: str
    severity: Severity
    catches: str


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or doubtful.

    Attributes
    ----------
    check : str
        Name of the check that found it.
    severity : {"warning", "error"}
        An error stops the import.
    place : Place or None
        Where; None if it concerns the file as a whole.
    value : str
        Cell text, shortened, long digit runs masked.
    message, remedy : str
        What is wrong and what to do, in Chinese.
    """

    check: str
    severity: Severity
    place: Place | None
    value: str
    message: str
    remedy: str

    @property
    def file(self) -> str:
        """File name, empty if unknown."""
        return self.place.file if self.place else ""

    @property
    def sheet(self) -> str:
        """Sheet name, empty if there is none."""
        return self.place.sheet if self.place else ""

    @property
    def row(self) -> int | None:
        """Row from 1."""
        return self.place.row if self.place else None

    @property
    def column(self) -> int | None:
        """Column from 1."""
        return self.place.column if self.place else None

    def __str__(self) -> str:
        where = f"{self.place}" if self.place else ""
        value = f"“{self.value}”" if self.value else ""
        front = f"{where}{value}：" if where or value else ""
        return f"{front}{self.message}。{self.remedy}"


READING_CHECKS: tuple[CheckInfo, ...] = (
    CheckInfo("personal", "个人信息", "error", "身份证号、姓名、手机号等个人明细，整个文件拒收"),
    CheckInfo(
        "unreadable_value", "数值无法识别", "error", "数值格里不是数，也不是“…”“/”“—”等缺数符号"
    ),
    CheckInfo("unknown_region", "地区未登记", "error", "地区栏里的名称不在地区目录中"),
    CheckInfo(
        "unknown_month",
        "月份无法识别",
        "error",
        "月份写法不明、是某一天或没有的日子、只有年份、跨度不从1月起或缺少年份",
    ),
    CheckInfo(
        "day_in_month", "日期当作月份", "warning", "月份栏写的是月中某日，各月一致，按所在月份读取"
    ),
    CheckInfo("not_stated", "要素缺失", "error", "全表没有写明地区、指标或月份，命令也没有给出"),
    CheckInfo(
        "stray_value", "数值没有表头", "error", "数值所在的列没有表头，多为千分位逗号未加引号"
    ),
    CheckInfo(
        "unknown_label", "栏目未识别", "warning", "指标、栏目或分组名称不在目录中，该行列略去"
    ),
    CheckInfo("unit_conflict", "单位不符", "error", "表头、单元格或单位栏的单位与指标不是同一类"),
    CheckInfo("unit_change", "百分点当作水平", "error", "水平值写成百分点，多为增减幅度"),
    CheckInfo(
        "implausible_size",
        "数值大得不合常理",
        "error",
        "换算后的人数超过当地可能的人数，多为单位写成万人而数是人",
    ),
    CheckInfo(
        "rate_as_fraction",
        "百分率写成小数",
        "warning",
        "失业率全部小于常理且没有写明单位（0.055 表示 5.5%），按百分数读取",
    ),
    CheckInfo(
        "implausible_rate",
        "率的大小不合常理",
        "error",
        "失业率按写明的单位小得或大得不合常理，或只有部分像小数",
    ),
    CheckInfo("part_of_person", "人数带小数", "error", "人数、户数有小数而没有写明万人等单位"),
    CheckInfo(
        "span_average",
        "跨月的平均值",
        "warning",
        "率、指数写的是1—9月这样的跨度，是平均值，不是当月值，略去",
    ),
    CheckInfo("split_months", "1—2月合并数", "warning", "当月数只有1—2月合计，各半记入两月并注明"),
    CheckInfo(
        "total_mismatch",
        "合计与分项不符",
        "error",
        "合计、小计与各分项之和不等，或累计与各月之和不等",
    ),
    CheckInfo(
        "contradiction", "同一数值前后不一", "error", "同一地区、指标、月份在文件里出现两个不同的值"
    ),
    CheckInfo(
        "form", "累计与当月无法换算", "error", "指标按累计（或当月）保存，而文件缺少换算所需的月份"
    ),
    CheckInfo("cumulative_stock", "期末数写成累计", "error", "期末数、率、指数标为累计"),
    CheckInfo(
        "not_published",
        "不是已公布的数",
        "warning",
        "表题、表头、行名或备注写明是预计、预测、计划、目标，该表、行、列略去",
    ),
    CheckInfo(
        "remarked",
        "说明否定了数",
        "error",
        "表下说明或备注写明有的数是预计、有误、作废、已更正或不是整月；同表另有修订数",
    ),
    CheckInfo("demo", "演示数据", "error", "文件标明是演示数据"),
    CheckInfo(
        "firm_row",
        "企业行不完整",
        "error",
        "监测企业行缺少编码、月份或人数，或重复、为负、不是整数",
    ),
    CheckInfo("more", "问题太多", "error", "超过 500 处，其余只计数"),
    CheckInfo("nothing_read", "没有可导入的数", "error", "文件里没有找到可识别的表格或数值"),
)

_SEVERITY = {info.name: info.severity for info in READING_CHECKS}
_MOST = 500
_MOST_HINTS = 20


class Findings:
    """Collects findings, up to a bound, each place and check once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Place | None, str], Finding] = {}
        self.dropped = 0
        self._dropped_errors = 0
        self._hints = 0

    def add(
        self,
        check: str,
        place: Place | None,
        message: str,
        remedy: str,
        value: str = "",
    ) -> None:
        """Record one finding under the severity its check has."""
        key = (check, place, "" if place else message)
        if key in self._found:
            return
        if len(self._found) >= _MOST:
            self.dropped += 1
            self._dropped_errors += _SEVERITY[check] == "error"
            return
        self._found[key] = Finding(check, _SEVERITY[check], place, shown(value), message, remedy)

    def may_hint(self) -> bool:
        """True for the first findings only: looking for the nearest names takes its time."""
        self._hints += 1
        return self._hints <= _MOST_HINTS

    @property
    def any_error(self) -> bool:
        """True if something found stops the import."""
        return bool(self._dropped_errors) or any(
            f.severity == "error" for f in self._found.values()
        )

    def all(self) -> tuple[Finding, ...]:
        """Everything found, in order; a last line counts what was left out."""
        findings = list(self._found.values())
        if self.dropped:
            severity: Severity = "error" if self._dropped_errors else "warning"
            more = Finding(
                "more", severity, None, "", f"另有 {self.dropped} 处问题未列出",
                "请先改正上面列出的问题，再次导入。",
            )  # fmt: skip
            findings.append(more)
        return tuple(findings)
