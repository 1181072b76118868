"""A page over regions and months: levels, states and links to the bulletins."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.on_file import OnFile
from employment_forecast.experiments.cycle.summary import Report, subject

FOLDER = "bulletins"
MONTHS_SHOWN = 24
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


def _latest(entries: Sequence[RegionResult]) -> dict[tuple[str, str, str], RegionResult]:
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


def _cell(entry: RegionResult | None, bulletins: Sequence[OnFile]) -> str:
    if entry is None:
        return "<td>—</td>"
    back, front = _COLOURS.get(entry.level or "", ("#fff", "#1a1a1a"))
    lines = [escape(entry.latest)]
    if entry.level_name:
        lines.append(
            f'<span style="background:{back};color:{front};padding:0 .3rem">'
            f"{escape(entry.level_name)}</span>"
        )
    # Newest first: what is to be signed, then what was issued.
    for each in reversed(bulletins):
        lines.append(escape(each.title))
        if each.files:
            lines.append(_links(each.files))
    if not bulletins and entry.bulletin:
        lines.append(_links(entry.bulletin))
    return f"<td>{'<br>'.join(lines)}</td>"


def index_page(entries: Sequence[RegionResult], report: Report) -> bytes:
    """The page, whole in itself."""
    latest = _latest(entries)
    months = sorted({month for _, _, month in latest}, reverse=True)[:MONTHS_SHOWN]
    titles: dict[tuple[str, str], RegionResult] = {(e.region, e.indicator): e for e in entries}
    head = "".join(f'<th scope="col">{escape(m)}</th>' for m in months)
    rows = []
    for (region, indicator), entry in sorted(titles.items()):
        demo = '<br><span class="demo">演示数据</span>' if entry.demo else ""
        keys = [(region, indicator, m) for m in months]
        cells = "".join(_cell(latest.get(key), report.bulletins.get(key, ())) for key in keys)
        rows.append(f'<tr><th scope="row">{escape(entry.title)}{demo}</th>{cells}</tr>')
    trouble = "".join(
        f"<li>{escape(e.title)}：{escape(e.message)}</li>" for e in report.failed
    ) + "".join(
        f"<li>文件 {escape(a.file)} 已退回：{escape(a.message)}</li>" for a in report.returned
    )
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>就业失业预警月报目录</title><style>{_STYLE}</style></head><body>"
        "<h1>就业失业形势分析与失业预警月报：目录</h1>"
        f"<p>{escape(subject(report))}</p>"
        + (f"<h2>需要处理</h2><ul>{trouble}</ul>" if trouble else "")
        + '<div class="scroll"><table><thead><tr><th scope="col">地区与指标</th>'
        f"{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></body></html>\n"
    ).encode()
