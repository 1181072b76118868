"""`forecast features`: what the models see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import find, indicator_option, json_option, region_option, write_json

if TYPE_CHECKING:
    from data.catalogue import Indicator

SHOWN_MONTHS = 13


@click.command(
    options_metavar="[选项]", short_help="显示模型所见：目标、春节与日历变量、先行指标及其滞后。"
)
@region_option
@indicator_option
@click.option(
    "--as-of", "as_of", metavar="日期", help="只看该日（含）以前公布的，如 2026-06-30；默认今天。"
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="另把图写入该 PNG 文件。",
)
@json_option
def features(
    region: str, indicator: str | None, as_of: str | None, plot: Path | None, as_json: bool
) -> None:
    """显示模型所见：目标序列、春节与日历变量、可用的先行指标及其滞后、标记与说明。"""
    from cli.session import open_session
    from data import clock
    from features.history import from_known
    from features.others import stored_others
    from forecasting.inspection import inspection

    session = open_session()
    place, what = find(session, region, indicator)
    day = clock.parse_day(as_of, "--as-of") if as_of else clock.today()
    history = from_known(
        session.store.vintages(place.code, what.code).as_of(day),
        place,
        what,
        day,
        session.settings["history.gaps"],
        stored_others(session.store, session.catalogue, place, what),
    )
    content = inspection(history, place, what)
    if plot is not None:
        from data.files import write_atomically
        from forecasting.features_chart import features_chart

        write_atomically(plot, features_chart(history, place, what))
    if as_json:
        write_json({**content, "plot": None if plot is None else str(plot)})
        return
    _print(content, what)
    if plot is not None:
        click.echo(f"图已写入：{plot}")


def _growth(value: float | None, kind: str) -> str:
    if value is None:
        return "—"
    return f"{value:+.2f}" if kind == "rate" else f"{value:+.1f}%"


def _print(content: Mapping[str, Any], indicator: Indicator) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from cli.report import console
    from forecasting.document import DEMO_MARK

    out = console()
    lines = [
        f"{content['data_start']} 至 {content['data_month']}，截至 {content['as_of']} 所知",
        f"来源：{'；'.join(content['sources'])}",
    ]
    if content["pseudo_real_time"]:
        lines.append("部分发布日期为估计（月末加发布滞后）")
    lines += [*content["notes"], *content["left_out"]]
    title = f"{content['region']['name']} · {indicator.name}"
    title += f" · {DEMO_MARK}" if content["demo"] else ""
    style = "yellow" if content["demo"] else ""
    out.print(Panel(Text("\n".join(lines)), title=title, title_align="left", style=style))
    out.print(_target(content, indicator))
    out.print(_calendar(content))
    if content["indicators"]:
        out.print(_indicators(content))
    else:
        out.print("先行指标：本地区没有其他已入库的指标。")


def _target(content: Mapping[str, Any], indicator: Indicator) -> Any:
    from rich.table import Table

    unit = "百分点" if content["kind"] == "rate" else "%"
    marked = [r for r in content["months"][:-SHOWN_MONTHS] if r["marks"]]
    table = Table(
        title=f"目标：{indicator.name}（{indicator.unit}），最近 {SHOWN_MONTHS} 个月"
        + (f"及此前有标记的 {len(marked)} 个月" if marked else ""),
        title_justify="left",
        header_style="bold",
    )
    table.add_column("月份")
    for name in ("数值", f"环比（{unit}）", f"同比（{unit}）"):
        table.add_column(name, justify="right")
    table.add_column("标记")
    for row in [*marked, *content["months"][-SHOWN_MONTHS:]]:
        table.add_row(
            row["month"],
            f"{row['value']:,.{indicator.decimals}f}",
            _growth(row["month_on_month"], content["kind"]),
            _growth(row["year_on_year"], content["kind"]),
            row["marks"] or "",
        )
    return table


def _calendar(content: Mapping[str, Any]) -> Any:
    from rich.table import Table

    from forecasting.inspection import column_label

    rows = content["calendar"]
    columns = [name for name in rows[0] if name != "month"]
    used = "、".join(column_label(name) for name in content["regressors"])
    table = Table(
        title="春节与日历变量（预测起点前后）",
        caption=f"模型使用：{used}；其余供参考。",
        caption_justify="left",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("月份")
    for name in columns:
        table.add_column(column_label(name), justify="right")
    for row in rows:
        ahead = row["month"] > content["data_month"]
        month = row["month"] + (" 今后" if ahead else "")
        table.add_row(month, *(f"{row[name]:+.3f}" for name in columns))
    return table


def _value(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _lag(months: int) -> str:
    if months == 0:
        return "同月"
    return f"晚 {months} 个月" if months > 0 else f"早 {-months} 个月"


def _indicators(content: Mapping[str, Any]) -> Any:
    from rich.table import Table

    table = Table(
        title="先行指标（各按自己的发布日截止）", title_justify="left", header_style="bold"
    )
    table.add_column("指标", overflow="fold")
    for name in ("起", "止", "较目标"):
        table.add_column(name)
    for name in ("最新值", "环比", "同比"):
        table.add_column(name, justify="right")
    table.add_column("缺月", justify="right")
    for row in content["indicators"]:
        kind = "rate" if row["unit"] == "%" else "index"
        table.add_row(
            f"{row['name']}({row['unit']})",
            row["first"],
            row["last"],
            _lag(row["lag_months"]),
            _value(row["latest"]),
            _growth(row["month_on_month"], kind),
            _growth(row["year_on_year"], kind),
            str(row["missing_months"] or ""),
        )
    return table
