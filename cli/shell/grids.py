"""Tables that survive narrow terminals: dates, codes and numbers are never broken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table as Grid

# What must stay on one line: 2026-10-31, registered_unemployed, 12,345人.
_WHOLE = re.compile(r"[!-~–—]+[人元个家户岁%]?")
_LONGEST_WHOLE, _LEAST = 33, 8


def least_width(texts: Sequence[str]) -> int:
    """Width below which a column would break a date, a code or a number."""
    from rich.cells import cell_len

    natural = max(map(cell_len, texts), default=0)
    whole = max((cell_len(w) for t in texts for w in _WHOLE.findall(t)), default=0)
    return min(natural, max(min(whole, _LONGEST_WHOLE), _LEAST))


def fitted(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths of columns that together take no more than the room, the widest giving way first.

    Where even the least widths do not fit, the widest of those give way too.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, texts), default=0) for texts in columns]
    for floors in ([least_width(texts) for texts in columns], [2] * len(columns)):
        while sum(widths) > room:
            spare = [w if w > f else 0 for w, f in zip(widths, floors, strict=True)]
            widest = max(range(len(widths)), key=spare.__getitem__)
            if not spare[widest]:
                break
            widths[widest] -= 1
    return widths


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]], room: int, **style: Any) -> Grid:
    """A table of texts no wider than the room, without rules between columns where it is tight.

    `style` goes to the table of rich; its columns have their texts and widths.
    """
    from rich import box
    from rich.table import Table

    columns = [list(texts) for texts in zip_longest(heads, *rows, fillvalue="")]
    ruled = fitted(columns, 10_000)
    tight = sum(ruled) + 3 * len(heads) + 1 > room
    if tight:
        # A blank between the columns and one behind each: nothing else stands between them.
        style |= {"box": box.SIMPLE_HEAD, "padding": (0, 1, 0, 0), "pad_edge": False}
        style |= {"show_edge": False}
        ruled = fitted(columns, room - 2 * (len(heads) - 1))
    made = Table(header_style="bold", **style)
    for head, width in zip(heads, ruled, strict=True):
        made.add_column(head, overflow="fold", width=width)
    return made
