"""`forecast models`: the roster, registered versions, and what a reviewer asks of them."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup
from cli.output import json_option

COMMANDS: Commands = {
    "roster": ("cli.catalogue", "models", "列出参赛模型。"),
    "list": ("cli.models_show", "list_versions", "列出已登记的模型版本。"),
    "compare": ("cli.models_show", "compare", "在共同的回测起点上比较几个模型版本。"),
    "show": ("cli.models_show", "show_version", "显示一个模型版本：数据、得分、晋级检查与记录。"),
    "verify": ("cli.models_verify", "verify", "用记录的数据重算一个模型版本并逐项核对。"),
    "report": ("cli.models_verify", "report", "写出模型评审材料。"),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    short_help="查看参赛模型与已登记的模型版本。",
)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """查看参赛模型与已登记的模型版本；不写命令时列出参赛模型。"""
    if context.invoked_subcommand is None:
        from cli.catalogue import models as roster

        context.invoke(roster, as_json=as_json)
