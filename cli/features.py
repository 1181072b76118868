"""`forecast features`: what the models see."""

from __future__ import annotations

import sys
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
@click.option(
    "--compare-festival",
    is_flag=True,
    help="另用同一回测比较季节ARIMA不用春节变量、用默认窗口、用AICc所选窗口三种做法。",
)
@click.option(
    "--origins",
    metavar="整数",
    type=click.IntRange(4, 240),
    default=60,
    show_default=True,
    help="比较春节做法时的回测起点个数。",
)
@json_option
def features(
    region: str,
    indicator: str | None,
    as_of: str | None,
    plot: Path | None,
    compare_festival: bool,
    origins: int,
    as_json: bool,
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
    compared = None
    if compare_festival:
        from cli.progress import progress
        from forecasting import festival_comparison

        with progress(
            f"{place.name} 春节比较", enabled=not (as_json and sys.stderr.isatty())
        ) as say:
            found = festival_comparison.compare_festival(
                session.store.vintages(place.code, what.code),
                place,
                what,
                day,
                origins=origins,
                gaps=session.settings["history.gaps"],
                progress=say,
            )
        compared = festival_comparison.comparison_document(found, place, what)
    if as_json:
        further = {"plot": None if plot is None else str(plot), "festival_comparison": compared}
        write_json({**content, **further})
        return
    _print(content, what)
    if compared is not None:
        _print_comparison(compared)
    if plot is not None:
        click.echo(f"图已写入：{plot}")


def _growth(value: float | None, kind: str) -> str:
    if value is None:
        return "—"
    return f"{value:+z.2f}" if kind == "rate" else f"{value:+z.1f}%"


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
    if content["effects"]["columns"]:
        out.print(_effects(content))
    else:
        out.print("已知变量的影响：没有应扣除的。")
    out.print(f"依据：{'；'.join(_decisions(content['effects']))}。")
    if content["indicators"]:
        out.print(_indicators(content))
    else:
        out.print("先行指标：本地区没有其他已入库的指标。")
    if content["flows"] is not None:
        out.print(_flows(content["flows"]))
        for note in content["flows"]["notes"]:
            out.print(note)


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
        table.add_row(month, *(f"{row[name]:+z.3f}" for name in columns))
    return table


def _effects(content: Mapping[str, Any]) -> Any:
    from rich.table import Table

    effects = content["effects"]
    logs = content["transform"] == "log"
    unit = "对数点，乘 100 约为百分比" if logs else content["unit"]
    table = Table(
        title=f"已知变量的影响（{unit}）",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("变量")
    table.add_column("估计", justify="right")
    table.add_column("标准误", justify="right")
    table.add_column("处理")
    for row in effects["columns"]:
        event = row["column"].startswith("shock_")
        forced = "总是扣除，预测按申报的形状延续" if event else "总是扣除，预测保持新水平"
        how = forced if row["forced"] else "有依据，扣除后再加回"
        figures = (f"{row['coefficient']:+z.4f}", f"{row['standard_error']:.4f}")
        table.add_row(row["name"], *figures, how)
    return table


def _decisions(effects: Mapping[str, Any]) -> list[str]:
    from features.calendar import GROUP_LABELS

    said = [effects["note"]]
    for group, gain in effects["gains"].items():
        verdict = "降低，有依据" if gain > 0 else "升高，依据不足"
        said.append(f"加入{GROUP_LABELS[group]}变量后BIC{verdict}（{-gain:+z.1f}）")
    return said


def _flows(flows: Mapping[str, Any]) -> Any:
    from rich.table import Table

    differing = flows["differing"]
    verdict = "全部相符" if not differing else f"{differing} 个月不符"
    table = Table(
        title="登记失业的流量（期末变动＝新登记－再就业－退出，"
        f"{flows['checked']} 个月可核对，{verdict}）",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("月份")
    for name in ("新登记", "再就业", "退出", "核对差额", "流入率", "流出率", "流量平衡时的期末数"):
        table.add_column(name, justify="right")
    table.add_column("核对")
    for row in flows["months"]:
        counts = (row["inflow"], row["reemployed"], row["exited"], row["residual"])
        rates = (row["inflow_rate"], row["outflow_rate"])
        table.add_row(
            row["month"],
            *("—" if v is None else f"{v:,.0f}" for v in counts),
            *("—" if v is None else f"{v:.2f}%" for v in rates),
            "—" if row["steady_stock"] is None else f"{row['steady_stock']:,.0f}",
            row["status_label"],
        )
    return table


def _print_comparison(compared: Mapping[str, Any]) -> None:
    from rich.table import Table

    from cli.report import console
    from forecasting.document import DEMO_MARK

    table = Table(
        title=f"{compared['region']['name']} · {compared['indicator_name']}"
        f"：季节ARIMA(0,1,1)(0,1,1)用与不用春节变量（{compared['backtest_origins']} 个预测起点，"
        f"{compared['cells']} 个预测值）" + (f" · {DEMO_MARK}" if compared["demo"] else ""),
        caption="WIS、MASE 越小越好；“差”是与不用春节变量时 WIS 之差，±为一个标准误（年块自助）。",
        caption_justify="left",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("做法", overflow="fold")
    for name in ("WIS", "差", "1—3月WIS", "MASE", "80%覆盖", "用上的起点", "窗口非默认"):
        table.add_column(name, justify="right")
    for row in compared["variants"]:
        error = row["standard_error"]
        spread = "" if error is None else f"±{error:.4f}"
        base = row["policy"] == "none"
        table.add_row(
            row["label"],
            _score(row["wis"]),
            "—" if base else f"{row['difference']:+z.4f}{spread}",
            _score(row["wis_january_to_march"]),
            _score(row["mase"]),
            "—" if row["coverage80"] is None else f"{row['coverage80']:.0%}",
            str(row["origins_with_festival"]),
            str(row["origins_with_other_windows"]),
        )
    out = console()
    out.print(table)
    if compared["pseudo_real_time"]:
        out.print("部分发布日期为估计，比较属伪实时。")


def _score(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


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
            f"{row['name']}（{row['unit']}）",
            row["first"],
            row["last"],
            _lag(row["lag_months"]),
            _value(row["latest"]),
            _growth(row["month_on_month"], kind),
            _growth(row["year_on_year"], kind),
            str(row["missing_months"] or ""),
        )
    return table
