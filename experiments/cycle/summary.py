"""How a cycle went: a text that fits an e-mail, and whether somebody must look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from employment_forecast.experiments.cycle.inbox import Arrival
from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.on_file import OnFiles

_ACTIONS = {
    "promoted": "新模型版本已晋级",
    "refreshed": "沿用现役模型，数据已更新",
    "kept": "现役版本不变",
}
_NOTHING_IN_FORCE = "候选版本未通过检查，尚无现役版本，不发布预警线"
_ARRIVALS = {
    "imported": "已导入",
    "unchanged": "无新内容",
    "returned": "已退回",
    "waiting": "待写完",
}
# Warning levels from the least; a mail lists no more than a screenful.
LEVELS = ("none", "blue", "yellow", "orange", "red")
_ALL_CLEAR = 2
MOST_LISTED = 30
MOST_NAMED = 5
STATES = {"done": "完成", "unchanged": "无变化", "failed": "失败", "timeout": "超时"}


@dataclass(frozen=True)
class Report:
    """One cycle.

    Attributes
    ----------
    day : datetime.date
        Its day.
    arrivals : tuple of Arrival
        Files of the watched folder.
    entries : tuple of RegionResult
        Series, in the order they were done.
    unreached : tuple of str
        What failed around the regions (index page, notification), in Chinese.
    bulletins : mapping
        How bulletins stand in the store at the time of writing, as `bulletins_on_file` gives it.
    notes : tuple of str
        What somebody should see to without haste, in Chinese.
    """

    day: date
    arrivals: tuple[Arrival, ...]
    entries: tuple[RegionResult, ...]
    unreached: tuple[str, ...] = ()
    bulletins: OnFiles = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> list[RegionResult]:
        """Series that were not carried through."""
        return [e for e in self.entries if e.state in ("failed", "timeout")]

    @property
    def returned(self) -> list[Arrival]:
        """Files that were refused."""
        return [a for a in self.arrivals if a.state == "returned"]

    @property
    def complete(self) -> bool:
        """Every region done and every file taken in."""
        return not (self.failed or self.returned or self.unreached)

    @property
    def news(self) -> bool:
        """Something was done, arrived or went wrong; what is overdue is told again on Mondays."""
        done = any(e.state == "done" for e in self.entries)
        late = self.day.weekday() == 0 and any(e.overdue for e in self.entries)
        return done or bool(self.arrivals) or not self.complete or late

    def document(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "day": self.day.isoformat(),
            "complete": self.complete,
            "files": [asdict(a) for a in self.arrivals],
            "regions": [{**asdict(e), "bulletin": list(e.bulletin)} for e in self.entries],
            "problems": list(self.unreached),
            "notes": list(self.notes),
        }


def subject(report: Report) -> str:
    """Subject line: the worst first."""
    done = sum(e.state == "done" for e in report.entries)
    parts = [f"完成 {done} 个"]
    same = sum(e.state == "unchanged" for e in report.entries)
    parts += [f"无变化 {same} 个"] if same else []
    parts += [f"未完成 {len(report.failed)} 个"] if report.failed else []
    parts += [f"退回文件 {len(report.returned)} 个"] if report.returned else []
    mark = "" if report.complete else "【需处理】"
    return f"{mark}就业失业预测月度作业 {report.day}：{'，'.join(parts)}"


def _series_lines(entry: RegionResult, bulletins: OnFiles) -> list[str]:
    demo = "（演示数据）" if entry.demo else ""
    head = f"· {entry.title}{demo}：{STATES[entry.state]}"
    facts = [f"{entry.data_month} 为 {entry.latest}"] if entry.data_month else []
    facts += [f"预警等级 {entry.level_name}"] if entry.level_name else []
    if entry.action and entry.state == "done":
        nothing = entry.action == "kept" and entry.version is None
        facts.append(_NOTHING_IN_FORCE if nothing else _ACTIONS[entry.action])
    # The entry knows what was drafted then; people have taken further steps since.
    states = bulletins.get((entry.region, entry.indicator, entry.data_month or ""), ())
    facts += [states[-1].title] if states else []
    facts += [f"数据逾期：缺 {entry.overdue}"] if entry.overdue else []
    lines = [head + (f"；{'；'.join(facts)}" if facts else "")]
    if entry.message:
        lines.append(f"  {entry.message}")
    return lines


def _shortened(items: Sequence[list[str]], rest: str) -> list[str]:
    """Lines of the first items, and how many more there are and where."""
    shown = [line for lines in items[:MOST_LISTED] for line in lines]
    more = len(items) - MOST_LISTED
    return [*shown, f"· 另有 {more} 个，{rest}"] if more > 0 else shown


def standing(entry: RegionResult) -> tuple[int, str]:
    """Place among others and words: levels from the highest, then those that have none, all clear.

    Parameters
    ----------
    entry : RegionResult
        Carried through.
    """
    if entry.level in LEVELS[1:]:
        return -LEVELS.index(entry.level), entry.level_name or ""
    if entry.version is None:
        return 0, "没有现役模型、不发布预警线"
    if entry.level is None:
        return 1, "预警等级未评估"
    return _ALL_CLEAR, entry.level_name or "无预警"


def _by_level(entries: Sequence[RegionResult]) -> list[RegionResult]:
    """As they stand, then what has a remark, else as they were done."""
    return sorted(entries, key=lambda e: (standing(e)[0], not e.message))


def _totals(report: Report, fine: Sequence[RegionResult]) -> list[str]:
    """What a list of many series does not show: how many there are of each kind."""
    standings: dict[tuple[int, str], list[str]] = {}
    for entry in _by_level(fine):
        standings.setdefault(standing(entry), []).append(entry.title)
    lines = []
    for (place, words), named in standings.items():
        more = "等" if len(named) > MOST_NAMED else ""
        some = f"：{'、'.join(named[:MOST_NAMED])}{more}" if place < _ALL_CLEAR else ""
        lines.append(f"· {words} {len(named)} 个{some}")
    keys = {(e.region, e.indicator, e.data_month or "") for e in fine}
    stands = Counter(b.state for key in keys for b in report.bulletins.get(key, ()))
    if stands["draft"] or stands["reviewed"]:
        lines.append(f"· 月报待审核 {stands['draft']} 份，待签发 {stands['reviewed']} 份")
    return ["合计：", *lines, ""] if lines else []


def text(report: Report) -> str:
    """The summary in plain text.

    Parameters
    ----------
    report : Report
        A finished cycle.

    Returns
    -------
    str
        Short lines in Chinese: trouble first, then totals of many series, then a screenful of them,
        the highest warning levels first; the index pages have the rest.
    """
    lines = [subject(report), ""]
    if not report.complete:
        lines.append("需要处理：")
        failed = [_series_lines(entry, report.bulletins) for entry in report.failed]
        lines += _shortened(failed, "见月度作业日志 logs/monthly.log")
        returned = [[f"· 文件 {a.file} 已退回：{a.message}"] for a in report.returned]
        lines += _shortened(returned, "见月度作业日志 logs/monthly.log")
        lines += [f"· {problem}" for problem in report.unreached]
        lines.append("")
    fine = [e for e in report.entries if e.state not in ("failed", "timeout")]
    if len(fine) > MOST_LISTED:
        lines += _totals(report, fine)
    taken = [a for a in report.arrivals if a.state != "returned"]
    if taken:
        lines.append("收到的文件：")
        sentences = [
            [f"· {a.file}：{_ARRIVALS[a.state]}" + (f"，{a.message}" if a.message else "")]
            for a in taken
        ]
        lines += _shortened(sentences, "见月度作业日志 logs/monthly.log")
        lines.append("")
    if fine:
        lines.append("各地区：")
        order = _by_level(fine) if len(fine) > MOST_LISTED else fine
        listed = [_series_lines(entry, report.bulletins) for entry in order]
        lines += _shortened(listed, "见月报目录 bulletins/index.html")
        lines.append("")
    late = [f"{e.title} {e.overdue}" for e in report.entries if e.overdue]
    if late:
        most = "" if len(late) <= MOST_LISTED else f"等 {len(late)} 个"
        lines.append(f"逾期未到：{'、'.join(late[:MOST_LISTED])}{most}")
        lines.append("")
    lines += [f"提示：{note}" for note in report.notes]
    return "\n".join(lines).rstrip() + "\n"
