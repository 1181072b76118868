"""Pages over regions and months: totals, levels, states and links to the bulletins."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.on_file import Key, OnFile
from employment_forecast.experiments.cycle.summary import Report, standing, subject

FOLDER = "bulletins"
INDEX = "index.html"
PARTS = "index-*.html"
MONTHS_SHOWN = 24
# More series than this are told as totals, with a page for the parts of each region.
MOST_ON_ONE_PAGE = 60
# A browser should open a page at once: the more series, the fewer months.
MOST_CELLS = 6_000
MOST_TROUBLE = 30
_FORMATS = {".html": "网页", ".docx": "文档", ".pdf": "PDF", ".md": "文本", ".json": "依据"}
# Text on each of these has a contrast of at least 4.5 to 1 (WCAG 2.1 AA).
_COLOURS = {
    "none": ("#e6f4ea", "#12521f"),
    "blue": ("#d6e8fb", "#0b3d75"),
    "yellow": ("#fff3b0", "#574600"),
    "orange": ("#ffddb8", "#6b3300"),
    "red": ("#fbd3d0", "#7d0f08"),
}
_STYLE = """
body{font-family:"Noto Sans SC","Microsoft YaHei","PingFang SC",sans-serif;margin:1.5rem;
color:#1a1a1a;background:#fff;line-height:1.5}
h1{font-size:1.4rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem}
th,td{border:1px solid #b5b5b5;padding:.35rem .6rem;text-align:left;vertical-align:top;
white-space:nowrap}
thead th{background:#f0f0f0}
a{color:#0b3d75}
.demo{color:#7a3b00}
@media print{a{color:inherit;text-decoration:none}}
"""


def _latest(entries: Sequence[RegionResult]) -> dict[Key, RegionResult]:
    """Newest carried-through entry by series and data month."""
    return {
        (e.region, e.indicator, e.data_month): e
        for e in entries
        if e.state == "done" and e.data_month is not None
    }


def _links(files: Sequence[str]) -> str:
    return " ".join(
        f'<a href="{quote(posixpath.relpath(file, FOLDER))}">'
        f"{_FORMATS.get(posixpath.splitext(file)[1], '文件')}</a>"
        for file in files
    )


def _level(level: str | None, text: str) -> str:
    back, front = _COLOURS.get(level or "", ("#fff", "#1a1a1a"))
    return f'<span style="background:{back};color:{front};padding:0 .3rem">{escape(text)}</span>'


def _cell(entry: RegionResult | None, bulletins: Sequence[OnFile]) -> str:
    if entry is None:
        return "<td>—</td>"
    lines = [escape(entry.latest)]
    if entry.level_name:
        lines.append(_level(entry.level, entry.level_name))
    # Newest first: what is to be signed, then what was issued.
    for each in reversed(bulletins):
        lines.append(escape(each.title))
        if each.files:
            lines.append(_links(each.files))
    if not bulletins and entry.bulletin:
        lines.append(_links(entry.bulletin))
    return f"<td>{'<br>'.join(lines)}</td>"


@dataclass(frozen=True)
class _Shown:
    """What the pages show.

    Attributes
    ----------
    latest : mapping
        Newest carried-through entry by series and data month.
    titles : mapping
        Newest entry by series.
    months : list of str
        Newest first.
    report : Report
        The last cycle.
    """

    latest: Mapping[Key, RegionResult]
    titles: Mapping[tuple[str, str], RegionResult]
    months: Sequence[str]
    report: Report

    def newest(self, series: tuple[str, str]) -> RegionResult | None:
        """A series' entry of its newest month."""
        entries = (self.latest.get((*series, month)) for month in self.months)
        return next((entry for entry in entries if entry is not None), None)


def index_pages(
    entries: Sequence[RegionResult], report: Report, wholes: Mapping[str, tuple[str, str]]
) -> dict[str, bytes]:
    """Pages by file name, each whole in itself.

    Parameters
    ----------
    entries : sequence of RegionResult
        Everything in the journal.
    report : Report
        The last cycle, with the bulletins on file.
    wholes : mapping
        Code and name of the region that one lies in, by its code.

    Returns
    -------
    dict
        `index.html` alone where it can show every series; else it holds the totals, with a page
        for the parts of each region beside it.
    """
    latest = _latest(entries)
    months = sorted({month for _, _, month in latest}, reverse=True)[:MONTHS_SHOWN]
    titles = dict(sorted({(e.region, e.indicator): e for e in entries}.items()))
    shown = _Shown(latest, titles, months, report)
    if len(titles) <= MOST_ON_ONE_PAGE:
        return {INDEX: _page("目录", [_trouble(report), _table(shown, titles)], report)}
    parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for series in titles:
        parts.setdefault(wholes.get(series[0], ("", "未列入上级的地区")), []).append(series)
    parts = dict(sorted(parts.items()))
    pages = {
        _part_file(code): _page(
            f"{name}（各地区）",
            [f'<p><a href="{INDEX}">返回总目录</a></p>', _table(shown, listed)],
            report,
        )
        for (code, name), listed in parts.items()
    }
    totals = [(_link(*whole), listed) for whole, listed in parts.items()]
    return {INDEX: _page("目录", [_trouble(report), _totals(shown, totals)], report), **pages}


def _part_file(code: str) -> str:
    return f"index-{code or 'other'}.html"


def _link(code: str, name: str) -> str:
    return f'<a href="{_part_file(code)}">{escape(name)}</a>'


def _table(shown: _Shown, listed: Collection[tuple[str, str]]) -> str:
    months = shown.months[: max(MOST_CELLS // max(len(listed), 1), 1)]
    earlier = len(shown.months) - len(months)
    note = f"<p>只列最近 {len(months)} 个月，更早的月报在各地区的文件夹中。</p>" if earlier else ""
    head = "".join(f'<th scope="col">{escape(m)}</th>' for m in months)
    rows = []
    for series in listed:
        entry = shown.titles[series]
        demo = '<br><span class="demo">演示数据</span>' if entry.demo else ""
        keys = [(*series, month) for month in months]
        bulletins = shown.report.bulletins
        cells = "".join(_cell(shown.latest.get(key), bulletins.get(key, ())) for key in keys)
        rows.append(f'<tr><th scope="row">{escape(entry.title)}{demo}</th>{cells}</tr>')
    return (
        f'{note}<div class="scroll"><table><thead><tr><th scope="col">地区与指标</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _totals(shown: _Shown, parts: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """A line for each whole and one for all: how many series, levels, and what is to be done."""
    everything = [series for _, listed in parts for series in listed]
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{_counts(shown, listed)}</tr>'
        for name, listed in [("合计", everything), *parts]
    )
    heads = ("上级地区", "序列", "最新数据", "预警等级", "未完成", "数据逾期", "待审核", "待签发")
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )


def _counts(shown: _Shown, listed: Sequence[tuple[str, str]]) -> str:
    newest = [entry for series in listed if (entry := shown.newest(series)) is not None]
    # The cycle's own entries: one that was not carried through is none of the journal's newest.
    last = {(e.region, e.indicator): e for e in shown.report.entries}
    ours = [last[series] for series in listed if series in last]
    failed = sum(e.state in ("failed", "timeout") for e in ours)
    late = sum(bool(e.overdue) for e in ours)
    standings = Counter((standing(e), e.level) for e in newest)
    named = " ".join(
        _level(level, f"{words} {count}")
        for ((_, words), level), count in sorted(standings.items(), key=lambda each: each[0][0])
    )
    months = [e.data_month for e in newest if e.data_month is not None]
    open_ones = Counter(
        bulletin.state
        for series in listed
        for month in shown.months
        for bulletin in shown.report.bulletins.get((*series, month), ())
    )
    numbers = (failed, late, open_ones["draft"], open_ones["reviewed"])
    cells = [str(len(listed)), escape(max(months, default="—")), named or "—", *map(str, numbers)]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _trouble(report: Report) -> str:
    listed = [f"{e.title}：{e.message}" for e in report.failed]
    listed += [f"文件 {a.file} 已退回：{a.message}" for a in report.returned]
    if not listed:
        return ""
    rest = len(listed) - MOST_TROUBLE
    items = [*listed[:MOST_TROUBLE], *([f"另有 {rest} 处，见月度作业日志。"] if rest > 0 else [])]
    return f"<h2>需要处理</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _page(title: str, parts: Sequence[str], report: Report) -> bytes:
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>就业失业预警月报{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>就业失业形势分析与失业预警月报：{escape(title)}</h1>"
        f"<p>{escape(subject(report))}</p>{''.join(parts)}</body></html>\n"
    ).encode()
