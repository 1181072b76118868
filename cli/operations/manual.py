"""`forecast manual`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option


@click.command(options_metavar="[选项]", short_help="打开手册（离线）。")
@click.option("--path", "only_path", is_flag=True, help="只显示手册的位置，不打开浏览器。")
@json_option
def manual(only_path: bool, as_json: bool) -> None:
    """在浏览器中打开随程序附带的手册；不联网。"""
    import sys
    import webbrowser
    from pathlib import Path

    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data.errors import NotFoundError

    # The offline installer puts it beside the program; `make docs` builds it in the sources.
    installed = Path(sys.prefix) / "share" / "doc" / "employment-forecast" / "manual"
    built = Path(__file__).resolve().parents[2] / "docs" / "_build" / "html"
    pages = [f for f in (installed / "index.html", built / "index.html") if f.is_file()]
    if not pages:
        raise NotFoundError(
            "没有找到手册。",
            f"在程序文件夹里运行 make docs 生成，或用离线安装包安装（{installed}）。",
        )
    page = pages[0]
    if as_json:
        write_json({"manual": str(page)})
        return
    click.echo(f"手册：{page}")
    if not only_path and not webbrowser.open(page.as_uri()):
        click.echo("本机没有可用的浏览器，请在有浏览器的机器上打开以上文件。")
