"""Progress: a bar on a terminal, plain lines elsewhere, nothing under two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from employment_forecast.cli.shell.session import notice
from employment_forecast.forecasting.backtest import Progress

PATIENCE_SECONDS = 2.0
LINE_EVERY_SECONDS = 20.0


def _lines(label: str) -> Progress:
    started = time.monotonic()
    last = started

    def update(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done == total and now - started > PATIENCE_SECONDS:
            notice(f"{label}：{done}/{total} 完成，用时 {now - started:.0f} 秒")
        elif now - last > LINE_EVERY_SECONDS:
            last = now
            notice(f"{label}：{done}/{total}")

    return update


@contextmanager
def progress(label: str, enabled: bool = True) -> Iterator[Progress | None]:
    """Progress callback for one piece of work.

    Parameters
    ----------
    label : str
        What is being done (Chinese).
    enabled : bool
        False shows nothing, for `--json` on a terminal.

    Yields
    ------
    callable or None
        To be called with the number done and the number in all.
    """
    if not enabled:
        yield None
        return
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    started = time.monotonic()
    bar = Bar(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(label, total=None)
    shown = False

    def update(done: int, total: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - started > PATIENCE_SECONDS:
            bar.start()
            shown = True
        bar.update(task, completed=done, total=total)

    try:
        yield update
    finally:
        if shown:
            bar.stop()
