"""Write the site: each file whole, a region's page with its data, the overview last."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.files import lock, write_atomically
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.site.gathering import gathered_or_reason
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.site import (
    RegionPage,
    Tile,
    index_page,
    region_page,
    shared_files,
    tile_from,
)

SITE_FOLDER = "site"
_TILES = "tiles.json"


def _data_script(page: RegionPage) -> bytes:
    """The data file: a script, since pages opened from disk may not read other files."""
    text = json.dumps(page.hands_on, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Line separators that JSON allows end a line in scripts of old browsers.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"window.forecastData={text};\n".encode()


def site_series(session: Session) -> list[Series]:
    """Default indicator of each region with data, in the order of the hierarchy."""
    stored = {(region, indicator) for region, indicator, _ in session.store.series()}
    catalogue = session.catalogue
    children: dict[str | None, list[str]] = {}
    by_code = {r.code: r for r in catalogue.regions}
    for region in catalogue.regions:
        above = region.parent if region.parent in by_code else None
        children.setdefault(above, []).append(region.code)
    order: list[str] = []

    def descend(code: str | None, seen: frozenset[str]) -> None:
        for child in children.get(code, ()):
            if child not in seen:
                order.append(child)
                descend(child, seen | {child})

    descend(None, frozenset())
    found = [Series(by_code[c], catalogue.default_indicator(by_code[c])) for c in order]
    return [s for s in found if (s.region.code, s.indicator.code) in stored]


def _write_page(folder: Path, page: RegionPage) -> None:
    if page.hands_on is not None:
        write_atomically(folder / "data" / f"{page.tile.code}.js", _data_script(page))
    write_atomically(folder / "region" / f"{page.tile.code}.html", region_page(page))


def _write_index(folder: Path, order: Sequence[str], notes: Sequence[str], day: date) -> None:
    tiles = _read_tiles(folder)
    shown = [tiles[code] for code in order if code in tiles]
    write_atomically(folder / "index.html", index_page(shown, day.isoformat(), notes))


def _read_tiles(folder: Path) -> dict[str, Tile]:
    """Tiles as they were last written; none where the file is missing or not ours."""
    try:
        raw = json.loads((folder / _TILES).read_text("utf-8"))
        return {row["code"]: tile_from(row) for row in raw["tiles"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep_tiles(folder: Path, tiles: dict[str, Tile]) -> None:
    rows = [vars(t) for t in tiles.values()]
    text = json.dumps({"tiles": rows}, ensure_ascii=False, indent=1)
    write_atomically(folder / _TILES, text.encode("utf-8"))


def write_site(
    session: Session,
    tracker: Tracker,
    day: date,
    folder: Path | None = None,
    *,
    only: Sequence[Series] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, list[str]]:
    """Write the site of a workspace.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    day : datetime.date
        Nothing that became known later is looked at.
    folder : pathlib.Path, optional
        Where; `site/` of the workspace by default.
    only : sequence of Series, optional
        Renew the pages of these; all by default.
    progress : callable, optional
        Called with pages done and to do.

    Returns
    -------
    tuple of (pathlib.Path, list of str)
        The folder, and a sentence for each region without a page.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    target = session.workspace.root / SITE_FOLDER if folder is None else folder
    everything = site_series(session)
    to_do = everything if only is None else [s for s in everything if s in only]
    trouble: list[str] = []
    with lock(target / ".lock"):
        for name, content in shared_files().items():
            write_atomically(target / name, content)
        tiles = _read_tiles(target)
        for at, series in enumerate(to_do):
            page = gathered_or_reason(session, tracker, series, day, linked=folder is None)
            if isinstance(page, str):
                trouble.append(page)
                tiles.pop(series.code, None)
            else:
                _write_page(target, page)
                tiles[series.code] = page.tile
            if progress is not None:
                progress(at + 1, len(to_do))
        _keep_tiles(target, tiles)
        _write_index(target, [s.code for s in everything], trouble, day)
    return target, trouble


def renew_site(session: Session, tracker: Tracker, changed: Sequence[Series]) -> list[str]:
    """Renew the pages of some series where the workspace has a site; nothing where it has none.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    changed : sequence of Series
        What something was promoted, issued or exported of.

    Returns
    -------
    list of str
        A sentence for each page that could not be made.
    """
    if not (session.workspace.root / SITE_FOLDER / "index.html").is_file():
        return []
    return write_site(session, tracker, clock.today(), only=changed)[1]
