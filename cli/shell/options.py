"""Options that several commands share, so that each is worded and checked once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
# Where the group that a command was asked for stands in click's context.
GROUP = f"{__name__}.group"

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="以 JSON 输出结果。"
)
region_option: Callable[[F], F] = click.option(
    "--region", required=True, metavar="地区", help="地区：行政区划代码、名称或简称，如 嘉定。"
)
_indicator_option: Callable[[F], F] = click.option(
    "--indicator",
    metavar="指标",
    help="指标：代码或名称；默认为该地区的默认指标，它没有真实数据时让位于有真实数据的。",
)
_group_option: Callable[[F], F] = click.option(
    "--group",
    metavar="群体",
    expose_value=False,
    callback=lambda context, _, text: context.meta.__setitem__(GROUP, text),
    help="只看一个群体、行业或职业，如 毕业生。",
)


def indicator_option(function: F) -> F:
    """`--indicator` and `--group`, which `resolve_series` puts together."""
    return _indicator_option(_group_option(function))


one_region_option: Callable[[F], F] = click.option(
    "--region", metavar="地区", help="只列一个地区；默认全部。"
)
one_indicator_option: Callable[[F], F] = click.option(
    "--indicator", metavar="指标", help="只列一个指标；默认全部。"
)
year_option: Callable[[F], F] = click.option(
    "--year", metavar="年份", type=click.IntRange(1949, 2200), help="只列该年的。"
)
real_option: Callable[[F], F] = click.option(
    "--real", is_flag=True, help="只列真实数据，略去演示数据。"
)
horizon_option: Callable[[F], F] = click.option(
    "--horizon", metavar="整数", type=click.IntRange(1, 60), help="至少预测的月数；默认 12。"
)
models_option: Callable[[F], F] = click.option(
    "--models", metavar="名称，…", help="参赛模型，逗号分隔；简单基准总是参赛。"
)
jobs_option: Callable[[F], F] = click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；结果与其无关。"
)
no_cache_option: Callable[[F], F] = click.option(
    "--no-cache", is_flag=True, help="不使用回测缓存，全部重算。"
)


def _day(_: click.Context, option: click.Parameter, text: str | None) -> date:
    from employment_forecast.data import clock

    return clock.parse_past_day(text, option.opts[0]) if text else clock.today()


def as_of_option(text: str = "只用该日（含）以前公布的数据，如 2026-06-30。") -> Callable[[F], F]:
    """`--as-of`, a day; today by default."""
    return click.option("--as-of", metavar="日期", callback=_day, help=text)


def origins_option(least: int = 0, default: int | None = None) -> Callable[[F], F]:
    """`--origins`, the number of past origins; that of the settings by default."""
    return click.option(
        "--origins",
        metavar="整数",
        type=click.IntRange(least, 240),
        default=default,
        help=f"回测的预测起点个数；默认 {default or 36}。",
    )


def output_folder_option(text: str) -> Callable[[F], F]:
    """`--output`, a folder."""
    return click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="文件夹",
        help=text,
    )


def file_option(name: str, text: str) -> Callable[[F], F]:
    """A file to write."""
    return click.option(
        name, type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help=text
    )
