"""`forecast completion install` and `forecast completion show`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.options import json_option

SHELLS = ("bash", "zsh", "fish")
# Where each shell looks for the completions of a user.
_HOMES = {
    "bash": ".local/share/bash-completion/completions/forecast",
    "zsh": ".zfunc/_forecast",
    "fish": ".config/fish/completions/forecast.fish",
}

shell_argument = click.argument(
    "shell", required=False, type=click.Choice(SHELLS), metavar="[shell]"
)


def script(shell: str) -> str:
    """What the shell has to read to complete our commands."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    # The script only names the program; which commands there are it asks the program later.
    asking = kind(click.Group(), {}, "forecast", "_FORECAST_COMPLETE")
    template: str = kind.source_template
    return template % asking.source_vars()


def chosen(shell: str | None) -> str:
    """The shell named, else the user's own."""
    import os

    from employment_forecast.data.errors import UsageError

    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise UsageError(
            "看不出使用哪一种 shell。",
            f"请写明：forecast completion install {'、'.join(SHELLS)} 之一。",
        )
    return name


@click.command(options_metavar="[选项]", short_help="显示命令补全脚本。")
@shell_argument
def show(shell: str | None) -> None:
    """显示 bash、zsh 或 fish 的命令补全脚本；默认为当前的 shell。"""
    click.echo(script(chosen(shell)))


@click.command(options_metavar="[选项]", short_help="为当前用户装上命令补全。")
@shell_argument
@json_option
def install(shell: str | None, as_json: bool) -> None:
    """为当前用户装上命令补全：按 Tab 键补全命令和选项。默认为当前的 shell。"""
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data.files import write_atomically

    name = chosen(shell)
    file = Path.home() / _HOMES[name]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, script(name).encode("utf-8"))
    if as_json:
        write_json({"shell": name, "file": str(file)})
        return
    click.echo(f"已写入：{file}")
    if name == "zsh":
        click.echo("请在 ~/.zshrc 中 compinit 之前加上：fpath=(~/.zfunc $fpath)")
    click.echo("重新打开终端后生效。")
