"""`forecast data`: the commands that bring numbers in, show them and take them back."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "import": ("cli.data_import", "import_files", "导入办公文件（CSV、XLSX、XLS、网页表格）。"),
    "template": ("cli.data_import", "template", "写出可直接填报的 XLSX 模板。"),
    "status": ("cli.data_show", "status", "各地区各指标的起止月、缺月、修订与是否逾期。"),
    "show": ("cli.data_show", "show", "显示一个序列。"),
    "export": ("cli.data_show", "export", "导出一个序列（CSV 或 XLSX）。"),
    "revisions": ("cli.data_show", "revisions", "显示已公布的值如何被修订。"),
    "batches": ("cli.data_show", "batches", "列出各次导入（批次）。"),
    "withdraw": ("cli.data_show", "withdraw", "撤回一个批次。"),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def data() -> None:
    """导入、查看、导出、撤回数据。"""
