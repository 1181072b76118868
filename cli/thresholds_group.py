"""`forecast thresholds`: the feed that early-warning systems read."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "export": (
        "cli.thresholds_export",
        "export",
        "发布预警线与预警等级，可另存为 JSON、CSV、XLSX。",
    ),
    "show": ("cli.thresholds_show", "show_thresholds", "显示已发布的预警线与预警等级。"),
    "check": ("cli.thresholds_show", "check", "对照预警线判断一个新数，退出码表示等级。"),
    "schema": ("cli.thresholds_show", "schema", "显示预警线文件的 JSON Schema。"),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def thresholds() -> None:
    """发布与查对预警线（失业警戒线）。"""
