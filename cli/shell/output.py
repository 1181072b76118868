"""Results on stdout: one JSON object for machines, a table for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.environment import utf8
from employment_forecast.cli.shell.options import GROUP

if TYPE_CHECKING:
    from rich.console import Console

    from employment_forecast.cli.shell.session import Session
    from employment_forecast.data.catalogue import Series
    from employment_forecast.forecasting.documents.tables import Table

WIDTH_WITHOUT_TERMINAL = 110


def resolve_series(session: Session, region: str, indicator: str | None) -> Series:
    """The series the user named; with the region's default indicator if none is.

    `--group` makes it that of a group of people; a rate by default gives way to the count. Where
    the default is another than the catalogue's, since only that has real figures, it is said.
    """
    from employment_forecast.cli.shell.session import notice
    from employment_forecast.data.catalogue import Series

    catalogue = session.catalogue
    entry = catalogue.region(region)
    chosen = catalogue.indicator(indicator) if indicator else catalogue.default_indicator(entry)
    context = click.get_current_context(silent=True)
    group = context.meta.get(GROUP) if context else None
    if group:
        counted = indicator or chosen.aggregation == "sum"
        base = chosen if counted else catalogue.indicator("registered_unemployed")
        chosen = catalogue.grouped(base, catalogue.group(group))
    elif indicator is None and (usual := session.default_indicator(entry)) != chosen:
        notice(
            f"{entry.name}的{chosen.name}没有真实数据，改用有真实数据的{usual.name}；"
            f"仍要用前者请加 --indicator {chosen.code}。"
        )
        chosen = usual
    return Series(entry, chosen)


def at_a_terminal() -> bool:
    """Whether somebody can be asked: cron must not wait."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def write_json(content: Mapping[str, Any]) -> None:
    """One JSON object on stdout; escaped where the stream is not UTF-8."""
    from employment_forecast.data.files import to_json

    sys.stdout.write(to_json(content, ascii_only=not utf8(sys.stdout)))


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "、".join(map(str, value))
    if isinstance(value, bool):
        return "是" if value else ""
    return "" if value is None else str(value)


def print_rows(
    key: str, titles: Mapping[str, str] | Sequence[str], rows: list[dict[str, Any]], as_json: bool
) -> None:
    """Rows as `{key: [...]}` or as a table.

    Parameters
    ----------
    key : str
        Name of the list in JSON.
    titles : mapping or sequence
        Chinese column titles: by row key, or in the order of the keys.
    rows : list of dict
        JSON-able.
    as_json : bool
        Which of the two.
    """
    if as_json:
        write_json({key: rows})
        return
    if not rows:
        click.echo("（没有内容）")
        return
    names = list(titles) if isinstance(titles, Mapping) else list(rows[0])
    heads = list(titles.values()) if isinstance(titles, Mapping) else list(titles)

    texts = [[_cell(row[name]) for name in names] for row in rows]
    # A column in which nothing stands tells nobody anything.
    filled = [i for i in range(len(names)) if any(line[i] for line in texts)]
    print_grid([heads[i] for i in filled], [[line[i] for i in filled] for line in texts])


def print_grid(heads: Sequence[str], rows: Sequence[Sequence[str]], **style: Any) -> None:
    """Rows of texts under heads, as wide as the terminal allows."""
    from employment_forecast.cli.shell.grids import grid

    out = console()
    made = grid(heads, rows, out.width, **style)
    for row in rows:
        made.add_row(*row)
    out.print(made)


def print_table(table: Table[Any]) -> None:
    """A table of values, with its caption above and its notes below."""
    from employment_forecast.cli.shell.grids import grid
    from employment_forecast.forecasting.documents.tables import cell_text

    out = console()
    rows = [
        [cell_text(value, c.form) for value, c in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    made = grid(
        [column.title for column in table.columns],
        rows,
        out.width,
        title=table.caption or None,
        title_justify="left",
        caption_justify="left",
        caption="\n".join(table.notes) or None,
    )
    for drawn, column in zip(made.columns, table.columns, strict=True):
        drawn.justify = column.align
    for at, texts in enumerate(rows):
        style = "bold" if at in table.strong else None
        made.add_row(*texts, style=style, end_section=at in table.ruled)
    out.print(made)


def console() -> Console:
    """Console for results on stdout; a fixed width where there is no terminal to ask."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    width = int(os.environ.get("COLUMNS") or WIDTH_WITHOUT_TERMINAL)
    return Console(highlight=False, width=width, soft_wrap=False)
