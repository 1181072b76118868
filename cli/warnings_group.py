"""`forecast warnings`: issued warnings, and how good warnings have been."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "issue": ("cli.warnings_issue", "issue", "发布当前预警等级，留存依据。"),
    "history": ("cli.warnings_issue", "history", "列出发布过的预警及其结果。"),
    "sample": ("cli.warnings_issue", "sample", "监测企业异常退工与裁员预警（只列单位代码）。"),
    "evaluate": (
        "cli.warnings_evaluate",
        "evaluate",
        "回测预警：命中、漏报、误报、提前量与界限。",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def warnings() -> None:
    """预警的发布记录与回测评价。"""
