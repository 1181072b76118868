"""Reference pages written from the code: commands, settings, exit codes, checks, models."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import measured
from calls import CALLS

import employment_forecast as ef
from employment_forecast.cli.main import cli
from employment_forecast.data.catalogue import load_catalogue, schema
from employment_forecast.data.errors import EXIT_CODES, LEVEL_EXIT_CODES
from employment_forecast.data.imports.checks import checks_markdown
from employment_forecast.data.readers.vocabulary import mapping
from employment_forecast.data.workspace.settings import KEYS
from employment_forecast.forecasting.early_warning import scheme
from employment_forecast.models import roster

if TYPE_CHECKING:
    from sphinx.application import Sphinx

KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}
LEVEL_NAMES = {"none": "无预警", "blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [titles, ["---"] * len(titles), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def walk(
    command: click.Command = cli, path: str = "forecast"
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what they hold."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, f"{path} {name}")


def options(command: click.Command) -> list[tuple[str, str]]:
    """Options and arguments as they are typed, with their meaning."""
    rows = []
    for each in command.get_params(click.Context(command)):
        if isinstance(each, click.Option):
            typed = "、".join(f"`{flag}`" for flag in (*each.opts, *each.secondary_opts))
            if not (each.is_flag or each.count):
                typed += f" {each.make_metavar(click.Context(command))}"
            note = "（必填）" if each.required else ""
            rows.append((typed, f"{each.help or ''}{note}"))
        else:
            need = "必填" if each.required else "可省略"
            rows.append((f"`{each.make_metavar(click.Context(command))}`", f"参数，{need}。"))
    return rows


def commands() -> str:
    """Reference of all commands."""
    parts = []
    for path, command in walk():
        context = click.Context(command, info_name=path)
        depth = "##" if path == "forecast" else "###"
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        text = "\n\n".join(p.strip() for p in (command.help or "").split("\n\n"))
        parts += [f"{depth} {path}\n", text + "\n", f"```text\n{usage}\n```\n"]
        rows = [row for row in options(command) if "`--help`" not in row[0]]
        if rows:
            parts.append(table(("选项", "含义"), rows))
    return "\n".join(parts)


def settings() -> str:
    """Reference of `forecast.toml`, one table for each section."""
    parts = []
    for section in dict.fromkeys(key.section for key in KEYS):
        rows = [
            (f"`{key.name}`", _toml(key.default), key.constraint.wanted, key.meaning)
            for key in KEYS
            if key.section == section
        ]
        parts += [f"### [{section}]\n", table(("键", "默认", "可用的值", "含义"), rows)]
    return "\n".join(parts)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"`[{', '.join(map(repr, value))}]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def tables() -> str:
    """Keys of the tables that an office writes several times, and of `mapping.toml`."""
    named = {
        "[[regions]]": schema._REGION,
        "[[indicators]]": schema._INDICATOR,
        "[[indicators.breaks]]": schema._BREAK,
        "[[groups]]": schema._GROUP,
        "[[warning_levels]]": scheme._LEVEL,
        "rules（在 [[warning_levels]] 中）": scheme._RULE,
        **{f"mapping.toml 的 [{name}]": found for name, found in mapping._TABLES.items()},
    }
    parts = []
    for title, found in named.items():
        rows = [
            (f"`{key}`{'（必填）' if key in found.required else ''}", each.wanted)
            for key, each in found.keys.items()
        ]
        if found.others is not None:
            rows.append(("自己的名称", found.others.wanted))
        parts += [f"### {title}\n", table(("键", "可用的值"), rows)]
    return "\n".join(parts)


def exit_codes() -> str:
    """All exit codes, and those by which `thresholds check` tells a level."""
    levels = [(f"`{code}`", LEVEL_NAMES[level]) for level, code in LEVEL_EXIT_CODES.items()]
    return "\n".join(
        [
            table(("退出码", "含义"), [(f"`{c}`", text) for c, text in EXIT_CODES.items()]),
            "`forecast thresholds check` 能够判断时，以退出码表示等级：\n",
            table(("退出码", "等级"), levels),
        ]
    )


def indicators() -> str:
    """Shipped indicators."""
    return table(
        ("代码", "名称", "种类", "单位", "公布形式", "公布时滞", "末位"),
        [
            (
                f"`{i.code}`",
                i.name,
                KINDS[i.kind],
                i.unit,
                "累计" if i.reporting == "year_to_date" else "当月",
                f"{i.lag_days} 天",
                f"{i.precision:g}",
            )
            for i in load_catalogue().indicators
        ],
    )


def regions() -> str:
    """Shipped regions."""
    catalogue = load_catalogue()
    names = {r.code: r.name for r in catalogue.regions}
    return table(
        ("代码", "名称", "简称", "上级"),
        [
            (f"`{r.code}`", r.name, "、".join(r.aliases), names.get(r.parent or "", ""))
            for r in catalogue.regions
        ],
    )


def models() -> str:
    """Competitors that come with the program."""
    return table(
        ("名称", "模型", "最少月数", "说明"),
        [
            (f"`{name}`", roster.label(name), str(roster.tags(name).min_months), _remark(name))
            for name in roster.names()
            if not roster.package(name)
        ],
    )


def _remark(name: str) -> str:
    tags = roster.tags(name)
    remarks = [
        "简单基准" if tags.floor else "",
        "组合" if name in roster.COMBINATIONS else "",
        "只在点名时参赛" if tags.opt_in else "",
        f"只用于 {'、'.join(tags.targets)}" if tags.targets else "",
        f"需要 {'、'.join(tags.needs)}" if tags.needs else "",
    ]
    return "；".join(r for r in remarks if r)


def calls() -> str:
    """The library call of each command."""
    rows = [
        (f"`forecast {name}`", "、".join(f"`{call}`" for call in found))
        for name, found in CALLS.items()
    ]
    return table(("Command", "Call"), rows).replace("、", ", ")


def api() -> str:
    """Every name of the public face, documented from its docstring."""
    parts = []
    for name in ef.__all__:
        found = getattr(ef, name)
        if inspect.isclass(found):
            parts.append(f".. autoclass:: employment_forecast.{name}\n   :members:\n")
        elif inspect.isroutine(found):
            parts.append(f".. autofunction:: employment_forecast.{name}\n")
        else:
            shown = f"{found!r}".replace("typing.", "")
            parts.append(f".. py:data:: employment_forecast.{name}\n   :value: {shown}\n")
    return "````{eval-rst}\n" + "\n".join(parts) + "````\n"


def groups() -> str:
    """Shipped groups of people."""
    return table(
        ("代码", "名称", "表中的其他叫法"),
        [(f"`{g.code}`", g.name, "、".join(g.synonyms)) for g in load_catalogue().groups],
    )


PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "tables": tables,
    "exit-codes": exit_codes,
    "checks": checks_markdown,
    "indicators": indicators,
    "regions": regions,
    "groups": groups,
    "models": models,
    "calls": calls,
    "api": api,
    "benchmarks": measured.page,
}


def write(folder: Path) -> None:
    """Write all pages; a file that would not change is left alone, so that it is not built anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        file, text = folder / f"{name}.md", page()
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before the sources are read."""
    app.connect("config-inited", lambda app, _: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
