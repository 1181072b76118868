"""`forecast features`: what the models see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import (
    file_option,
    indicator_option,
    json_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator

SHOWN_MONTHS = 13


@click.command(
    options_metavar="[选项]", short_help="显示模型所见：目标、春节与日历变量、先行指标及其滞后。"
)
@region_option
@indicator_option
@click.option(
    "--as-of", "as_of", metavar="日期", help="只看该日（含）以前公布的，如 2026-06-30；默认今天。"
)
@file_option("--plot", "另把图写入该 PNG 文件。")
@json_option
def features(
    region: str,
    indicator: str | None,
    as_of: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """显示模型所见：目标序列、春节与日历变量、可用的先行指标及其滞后、标记与说明。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.features.history import from_known, stored_covariate_sources
    from employment_forecast.forecasting.inspection.inspection import inspection

    session = open_session()
    series = resolve_series(session, region, indicator)
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    others = stored_covariate_sources(
        session.store, session.catalogue, series.region, series.indicator
    )
    history = from_known(
        session.store.vintages(series.region.code, series.indicator.code).as_of(day),
        series.region,
        series.indicator,
        day,
        session.settings["history.gaps"],
        others,
    )
    content = inspection(history, series.region, series.indicator)
    if plot is not None:
        from employment_forecast.data.files import write_atomically
        from employment_forecast.forecasting.inspection.chart import features_chart

        write_atomically(plot, features_chart(history, series.region, series.indicator))
    if as_json:
        write_json({**content, "plot": None if plot is None else str(plot)})
        return
    _print(content, series.indicator, alone=not others)
    if plot is not None:
        click.echo(f"图已写入：{plot}")


def _growth(value: float | None, kind: str) -> str:
    if value is None:
        return "—"
    return f"{value:+z.2f}" if kind == "rate" else f"{value:+z.1f}%"


def _print(content: Mapping[str, Any], indicator: Indicator, *, alone: bool) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from employment_forecast.cli.shell.output import console
    from employment_forecast.data.catalogue import DEMO_MARK, sources_phrase

    out = console()
    lines = [
        f"{content['data_start']} 至 {content['data_month']}，截至 {content['as_of']} 所知",
        f"来源：{sources_phrase(content['sources'])}",
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
        why = "本地区没有其他已入库的指标" if alone else "其他已入库的指标都不可用，原因见上"
        out.print(f"先行指标：{why}。")
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
            "缺" if row["value"] is None else f"{row['value']:,.{indicator.decimals}f}",
            _growth(row["month_on_month"], content["kind"]),
            _growth(row["year_on_year"], content["kind"]),
            row["marks"] or "",
        )
    return table


def _calendar(content: Mapping[str, Any]) -> Any:
    from rich.table import Table

    from employment_forecast.forecasting.inspection import column_label

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
    from employment_forecast.features.calendar import GROUP_LABELS

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
