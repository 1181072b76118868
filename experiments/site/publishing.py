"""Write the site: each file whole, a region's page with its data, the overview last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import SettingsError
from employment_forecast.data.files import lock, write_atomically
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.site.gathering import AssessedFeed, gathered_or_reason
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
_TILES = "tiles"
# As earlier releases kept them: all in one.
_FORMER = "tiles.json"
_NOT_OURS = (OSError, ValueError, KeyError, TypeError, AttributeError)


def _data_script(page: RegionPage) -> bytes:
    """The data file: a script, since pages opened from disk may not read other files."""
    text = json.dumps(page.hands_on, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Line separators that JSON allows end a line in scripts of old browsers.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"window.forecastData={text};\n".encode()


def site_series(session: Session) -> list[Series]:
    """Default indicator of each region with data, in the order of the hierarchy."""
    demo_of = {(region, code): demo for region, code, demo in session.store.series()}
    real = {key for key, demo in demo_of.items() if not demo}
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
    series = [Series(by_code[c], catalogue.default_indicator(by_code[c], real)) for c in order]
    return [s for s in series if (s.region.code, s.indicator.code) in demo_of]


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
    """Write the overview; what is wrong with pages and map is told on it and returned.

    Regions that nobody has written a page of yet are told on it alone: nothing went wrong.
    """
    shown = [(series, tiles[series.code]) for series in order if series.code in tiles]
    missing = [
        f"{series.title}：页面尚未更新"
        for series in order
        if series.code not in tiles and series.code not in absent
    ]
    trouble = [absent[series.code] for series in order if series.code in absent]
    picture = None
    try:
        picture = _picture(session, shown)
    except SettingsError as error:
        trouble.append(str(error))
    page = index_page([tile for _, tile in shown], day.isoformat(), [*trouble, *missing], picture)
    write_atomically(folder / "index.html", page)
    return trouble


def _read_tiles(folder: Path) -> tuple[dict[str, Tile], dict[str, str]]:
    """Tiles as last written, and why others have none; what is not ours is left out."""
    tiles: dict[str, Tile] = {}
    absent: dict[str, str] = {}
    with suppress(*_NOT_OURS):
        former = json.loads((folder / _FORMER).read_text("utf-8"))
        absent |= {str(code): str(why) for code, why in former.get("absent", {}).items()}
        tiles |= {row["code"]: tile_from(row) for row in former["tiles"]}
    for file in sorted((folder / _TILES).glob("*.json")):
        with suppress(*_NOT_OURS):
            row = json.loads(file.read_text("utf-8"))
            tile = str(row["absent"]) if "absent" in row else tile_from(row)
            tiles.pop(file.stem, None)
            absent.pop(file.stem, None)
            if isinstance(tile, str):
                absent[file.stem] = tile
            else:
                tiles[file.stem] = tile
    return tiles, absent


def _keep_tile(folder: Path, code: str, tile: Tile | None, why: str = "") -> None:
    """Keep what the overview says of a series in a file of its own: many are at work at a time."""
    row = {"absent": why} if tile is None else vars(tile)
    content = json.dumps(row, ensure_ascii=False).encode("utf-8")
    write_atomically(folder / _TILES / f"{code}.json", content)


def write_site(
    session: Session,
    tracker: Tracker,
    day: date,
    folder: Path | None = None,
    *,
    only: Sequence[Series] | None = None,
    assessed: Mapping[Series, AssessedFeed] | None = None,
    progress: Callable[[int, int], None] | None = None,
    overview: bool = True,
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
    assessed : mapping, optional
        What was published of the day, of the series of which the caller has it already.
    progress : callable, optional
        Called with pages done and to do.
    overview : bool
        Write the overview too: it tells of every region. Who writes the pages of many one by one
        ends with `write_overview`.

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
    default = session.default_indicator
    to_do = (
        site_series(session)
        if only is None
        else [s for s in only if s.indicator.code == default(s.region).code]
    )

    def pages() -> Iterator[tuple[Series, RegionPage | str]]:
        for at, series in enumerate(to_do):
            yield (
                series,
                gathered_or_reason(
                    session, tracker, series, day,
                    linked=folder is None, assessed=(assessed or {}).get(series),
                ),
            )  # fmt: skip
            if progress is not None:
                progress(at + 1, len(to_do))

    return target, write_pages(session, target, pages(), day, overview=overview)


def write_pages(
    session: Session,
    folder: Path,
    pages: Iterable[tuple[Series, RegionPage | str]],
    day: date,
    *,
    order: Sequence[Series] | None = None,
    overview: bool = True,
) -> list[str]:
    """Write pages, or for the overview why there is none, beside those that stand there.

    Parameters
    ----------
    session : Session
        Settings of the map.
    folder : pathlib.Path
        Where.
    pages : iterable of (Series, RegionPage or str)
        A page each, or the reason in a sentence.
    day : datetime.date
        Told on the overview.
    order : sequence of Series, optional
        All that the overview shows; those of the workspace by default.
    overview : bool
        As for `write_site`.

    Returns
    -------
    list of str
        A sentence for each region without a page; empty without the overview.
    """
    for series, page in pages:
        if isinstance(page, str):
            _keep_tile(folder, series.code, None, page)
        else:
            _write_page(folder, page)
            _keep_tile(folder, series.code, page.tile)
    return write_overview(session, day, folder, order=order) if overview else []


def write_overview(
    session: Session,
    day: date,
    folder: Path | None = None,
    *,
    order: Sequence[Series] | None = None,
) -> list[str]:
    """Write the overview from what the pages left for it, and the files that pages share.

    Parameters
    ----------
    session, day, folder, order
        As for `write_pages`; the workspace's own folder by default.

    Returns
    -------
    list of str
        A sentence for each region without a page.
    """
    target = session.workspace.root / SITE_FOLDER if folder is None else folder
    shown = site_series(session) if order is None else order
    with lock(target / ".lock"):
        for name, content in shared_files().items():
            write_atomically(target / name, content)
        tiles, absent = _read_tiles(target)
        return _write_index(session, target, shown, tiles, absent, day)


def renew_site(
    session: Session, tracker: Tracker, changed: Sequence[Series], *, overview: bool = True
) -> list[str]:
    """Renew the pages of some series where the workspace has a site; nothing where it has none.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    changed : sequence of Series
        What something was promoted, issued or exported of.
    overview : bool
        As for `write_site`.

    Returns
    -------
    list of str
        A sentence for each page that could not be made.
    """
    if not (session.workspace.root / SITE_FOLDER / "index.html").is_file():
        return []
    return write_site(session, tracker, clock.today(), only=changed, overview=overview)[1]


def mark_page(session: Session, series: Series, reason: str) -> None:
    """Have the next overview say that a region's figures are not of this day, where there is one.

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
    # An old level under today's date would look new.
    _keep_tile(folder, series.code, None, f"{series.title}：{reason}")
