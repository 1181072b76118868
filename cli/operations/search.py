"""`forecast help WORD`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from employment_forecast.cli.shell.options import json_option


def _commands(
    group: click.Group, path: str, above: str = ""
) -> Iterator[tuple[str, click.Command, str]]:
    """Commands that do something by themselves: full name, command, help of the groups above."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{path} {name}", command, above
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}", f"{above} {command.help}")


def _pairs(text: str) -> set[str]:
    """Neighbouring characters: Chinese needs no dictionary to be compared by them."""
    return {text[i : i + 2] for i in range(len(text) - 1)} or {text}


def _weight(word: str, name: str, command: click.Command, above: str) -> float:
    """How much of a word a command holds: in its name and line, in its help, in its options."""
    options = " ".join(getattr(each, "help", None) or "" for each in command.params)
    wanted = _pairs(word.casefold())
    places = (
        (4.0, f"{name} {command.get_short_help_str(1000)}"),
        (2.0, f"{command.help} {above}"),
        (1.0, options),
    )
    return sum(
        weight * len(wanted & _pairs(text.casefold())) / len(wanted) for weight, text in places
    )


@click.command("help", options_metavar="[选项]", short_help="按词查找命令，如 forecast help 撤回。")
@click.argument("words", nargs=-1, required=True, metavar="词…")
@json_option
@click.pass_context
def search(context: click.Context, words: tuple[str, ...], as_json: bool) -> None:
    """按词查找命令：名称、说明和选项中有这些词的，最相近的在前。"""
    from employment_forecast.cli.shell.output import print_rows
    from employment_forecast.data.errors import NotFoundError

    text, root = "".join(words), context.find_root().command
    assert isinstance(root, click.Group)
    scored = [
        (_weight(text, name, command, above), name, command)
        for name, command, above in _commands(root, "forecast")
        if command is not search
    ]
    best = sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])
    # What shares but a stray character with the best is no answer.
    shown = [each for each in best if each[0] >= best[0][0] / 4][:10]
    if not shown:
        raise NotFoundError(f"没有命令与“{text}”有关。", "可用 forecast --help 查看全部命令。")
    rows = [{"command": name, "about": c.get_short_help_str(1000)} for _, name, c in shown]
    print_rows("commands", {"command": "命令", "about": "用途"}, rows, as_json)
