"""What the page costs with many regions: `python -m` on this module, in a workspace with champions.

Pages are gathered and written for the regions that have a champion; larger sites are made of copies
of them under other codes, since to forecast 1,600 regions would measure the models.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.workspace import Session, find_workspace, load_settings
from employment_forecast.experiments.site.gathering import gathered_or_reason
from employment_forecast.experiments.site.publishing import site_series, write_pages
from employment_forecast.experiments.tracking import open_tracker
from employment_forecast.forecasting.site import RegionPage

SIZES = (6, 60, 1600)
HEADS = (
    "regions",
    "CPU s",
    "CPU s to renew one in a cycle",
    "MB",
    "largest page KB",
    "its data KB",
    "index KB",
)


def gathered(session: Session) -> list[tuple[Series, RegionPage]]:
    """Pages of the regions that have a champion."""
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        made = [
            (series, gathered_or_reason(session, tracker, series, clock.today()))
            for series in site_series(session)
        ]
    return [(series, page) for series, page in made if isinstance(page, RegionPage)]


def copies(
    pages: Sequence[tuple[Series, RegionPage]], size: int
) -> list[tuple[Series, RegionPage]]:
    """As many pages as asked for, each under a code of its own."""
    copied = []
    for number, (series, page) in enumerate(islice(cycle(pages), size)):
        region = replace(series.region, code=f"9{number:08d}")
        copy = replace(series, region=region)
        copied.append((copy, replace(page, tile=replace(page.tile, code=copy.code))))
    return copied


def measured(
    session: Session, pages: Sequence[tuple[Series, RegionPage]], size: int
) -> tuple[float | int, ...]:
    """A row of the table."""
    made = copies(pages, size)
    order = [series for series, _ in made]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        began = time.process_time()
        write_pages(session, folder, made, clock.today(), order=order)
        written = time.process_time()
        write_pages(session, folder, made[:1], clock.today(), overview=False)
        renewed = time.process_time()

        def sizes(below: str) -> list[int]:
            return [f.stat().st_size for f in (folder / below).rglob("*") if f.is_file()]

        return (
            size,
            written - began,
            renewed - written,
            sum(sizes(".")) / 1e6,
            max(sizes("region")) / 1e3,
            max(sizes("data")) / 1e3,
            (folder / "index.html").stat().st_size / 1e3,
        )


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.scale.site",
        description="在含有现役模型的工作区中，量出看板的大小和所用时间。",
    )
    parser.add_argument("--regions", type=int, nargs="+", default=SIZES, help="地区数")
    arguments = parser.parse_args()
    workspace = find_workspace()
    session = Session(workspace, load_settings(workspace))
    began = time.process_time()
    pages = gathered(session)
    spent = (time.process_time() - began) / max(len(pages), 1)
    sys.stdout.write(f"{len(pages)} gathered, {spent:.2f} CPU s each\n")
    sys.stdout.write(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}\n")
    for size in arguments.regions:
        row = measured(session, pages, size)
        sys.stdout.write(f"| {' | '.join(f'{v:,.4g}' for v in row)} |\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
