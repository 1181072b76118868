"""Write the site: each file whole, a region's page with its data, the overview last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import SettingsError
from employment_forecast.data.files import lock, write_atomically
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.site.gathering import Told, gathered_or_reason
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.site import (
    RegionPage,
    Tile,
    draw_map,
    index_page,
    read_map,
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


def _picture(session: Session, shown: Sequence[tuple[Series, Tile]]) -> Element | None:
    """The bureau's own map in the levels' colours; None where the settings name none."""
    name: str = session.settings["site.map"]
    if not name or not shown:
        return None
    number: str = session.settings["site.map_number"]
    if not number.strip():
        raise SettingsError(
            "看板的地图没有写审图号。", "请在 [site] 里填写 map_number，或删去 map 不画地图。"
        )
    file = session.workspace.root / name
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"看板的地图文件“{file}”无法读取（{type(error).__name__}）。",
            "请核对 [site] 的 map，文件应为 UTF-8 编码的 GeoJSON。",
        ) from error
    regions = [
        (series.region.names, f"{tile.title}：{tile.level_name}", tile.level,
         f"region/{tile.code}.html")
        for series, tile in shown
    ]  # fmt: skip
    return draw_map(read_map(text), regions, number)


def _write_index(
    session: Session,
    folder: Path,
    order: Sequence[Series],
    tiles: Mapping[str, Tile],
    absent: Mapping[str, str],
    day: date,
) -> list[str]:
    """Write the overview; what is wrong with pages and map is told on it and returned."""
    shown = [(series, tiles[series.code]) for series in order if series.code in tiles]
    trouble = [absent[series.code] for series in order if series.code in absent]
    picture = None
    try:
        picture = _picture(session, shown)
    except SettingsError as error:
        trouble.append(str(error))
    page = index_page([tile for _, tile in shown], day.isoformat(), trouble, picture)
    write_atomically(folder / "index.html", page)
    return trouble


def _read_tiles(folder: Path) -> tuple[dict[str, Tile], dict[str, str]]:
    """Tiles as last written, and why others have none; nothing where the file is not ours."""
    try:
        raw = json.loads((folder / _TILES).read_text("utf-8"))
        tiles = {row["code"]: tile_from(row) for row in raw["tiles"]}
        return tiles, {str(code): str(why) for code, why in raw.get("absent", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}


def _keep_tiles(folder: Path, tiles: Mapping[str, Tile], absent: Mapping[str, str]) -> None:
    content = {"tiles": [vars(t) for t in tiles.values()], "absent": dict(absent)}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_atomically(folder / _TILES, text.encode("utf-8"))


def write_site(
    session: Session,
    tracker: Tracker,
    day: date,
    folder: Path | None = None,
    *,
    only: Sequence[Series] | None = None,
    told: Mapping[Series, Told] | None = None,
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
    told : mapping, optional
        What was published of the day, of the series of which the caller has it already.
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

    def pages() -> Iterator[tuple[Series, RegionPage | str]]:
        for at, series in enumerate(to_do):
            yield (
                series,
                gathered_or_reason(
                    session, tracker, series, day,
                    linked=folder is None, told=(told or {}).get(series),
                ),
            )  # fmt: skip
            if progress is not None:
                progress(at + 1, len(to_do))

    # A few are gathered before the lock: other processes may be at work on other regions.
    found = pages() if only is None else list(pages())
    return target, write_pages(session, target, everything, found, day)


def write_pages(
    session: Session,
    folder: Path,
    order: Sequence[Series],
    pages: Iterable[tuple[Series, RegionPage | str]],
    day: date,
) -> list[str]:
    """Write pages, or on the overview why there is none, beside those that stand there.

    Parameters
    ----------
    session : Session
        Settings of the map.
    folder : pathlib.Path
        Where.
    order : sequence of Series
        All that the overview shows.
    pages : iterable of (Series, RegionPage or str)
        A page each, or the reason in a sentence.
    day : datetime.date
        Told on the overview.

    Returns
    -------
    list of str
        A sentence for each region without a page.
    """
    with lock(folder / ".lock"):
        for name, content in shared_files().items():
            write_atomically(folder / name, content)
        tiles, absent = _read_tiles(folder)
        for series, page in pages:
            tiles.pop(series.code, None)
            absent.pop(series.code, None)
            if isinstance(page, str):
                absent[series.code] = page
            else:
                _write_page(folder, page)
                tiles[series.code] = page.tile
        _keep_tiles(folder, tiles, absent)
        return _write_index(session, folder, order, tiles, absent, day)


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


def mark_page(session: Session, series: Series, reason: str) -> None:
    """Say on the overview that a region's figures are not of this day, where there is a site.

    Parameters
    ----------
    session : Session
        Workspace.
    series : Series
        Whose update failed.
    reason : str
        Chinese sentence.
    """
    folder = session.workspace.root / SITE_FOLDER
    if not (folder / "index.html").is_file():
        return
    with lock(folder / ".lock"):
        tiles, absent = _read_tiles(folder)
        # An old level under today's date would look new.
        tiles.pop(series.code, None)
        absent[series.code] = f"{series.title}：{reason}"
        _keep_tiles(folder, tiles, absent)
        _write_index(session, folder, site_series(session), tiles, absent, clock.today())
