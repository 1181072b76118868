"""All regions at a glance, and what is new since the month before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.trees import Child, element
from employment_forecast.forecasting.early_warning.scheme import CODES, NONE
from employment_forecast.forecasting.site.elements import (
    DEMO,
    TITLE,
    Tile,
    badge,
    document,
    paragraphs,
    section,
    told,
)

# More regions than this are folded away by the region that they lie in, and can be searched.
MOST_UNFOLDED = 60
_MOST_NOTES = 30
_WORST_FIRST = (*reversed(CODES), NONE, "absent")
_ELSEWHERE = "其他地区"


def _link(tile: Tile) -> Element:
    return element("a", {"href": f"region/{tile.code}.html"}, [tile.title])


def _tile(tile: Tile, news: Sequence[str] = ()) -> Element:
    return element(
        "li",
        {"class": f"tile level-{tile.level}"},
        [
            element("h3", None, [_link(tile)]),
            element("p", None, [badge(tile)]),
            *paragraphs(tile.lines),
            *paragraphs(news, "note"),
            *(paragraphs(["演示数据"], "demo") if tile.demo else []),
        ],
    )


def _tiles(tiles: Iterable[Element]) -> Element:
    return element("ul", {"class": "tiles"}, tiles)


def _counts(tiles: Sequence[Tile]) -> list[Child]:
    """How many tiles are at each level, the worst first."""
    counts = Counter((tile.level, tile.level_name) for tile in tiles)
    ranked = sorted(counts, key=lambda pair: (_WORST_FIRST.index(pair[0]), pair[1]))
    return [
        part
        for code, name in ranked
        for part in (
            element("span", {"class": f"badge level-{code}"}, [f"{name} {counts[code, name]:,}"]),
            " ",
        )
    ]


def _search(tiles: Sequence[Tile]) -> Element:
    """Where the browser looks for a region by name and level; shown only where scripts run."""
    names = {tile.level: tile.level_name for tile in tiles}
    choices = [element("option", {"value": ""}, ["全部"])]
    choices += [element("option", {"value": c}, [names[c]]) for c in _WORST_FIRST if c in names]
    return element(
        "div",
        {"class": "controls find"},
        [
            element("label", {"for": "name"}, ["地区名称"]),
            element("input", {"id": "name", "type": "search", "autocomplete": "off"}),
            element("label", {"for": "level"}, ["预警等级"]),
            element("select", {"id": "level"}, choices),
            element("p", {"id": "found", "role": "status"}),
        ],
    )


def _folded(tiles: Sequence[Tile]) -> list[Child]:
    """Tiles under the region that they lie in, each group to be opened."""
    groups: dict[str, list[Tile]] = {}
    for tile in tiles:
        groups.setdefault(tile.whole or _ELSEWHERE, []).append(tile)
    return [
        element("p", None, [f"共 {len(tiles):,} 个：", *_counts(tiles)]),
        _search(tiles),
        *(
            element(
                "details",
                {"class": "group"},
                [
                    element(
                        "summary",
                        None,
                        [
                            element("strong", None, [whole]),
                            f"，{len(inside):,} 个：",
                            *_counts(inside),
                        ],
                    ),
                    _tiles(_tile(tile, told(tile)) for tile in inside),
                ],
            )
            for whole, inside in groups.items()
        ),
    ]


def _news(tiles: Sequence[Tile], folded: bool) -> list[Child]:
    """What is new; of many regions only changes of level, the rest stands on their tiles."""
    moved = [t for t in tiles if (t.level_before if folded else told(t))]
    if not moved:
        what = "预警等级都没有变化" if folded else "没有可说明的变化"
        return paragraphs([f"各地区与上月相比{what}。"])
    return [
        element(
            "ul",
            None,
            [element("li", None, [_link(t), f"：{'；'.join(told(t))}。"]) for t in moved],
        )
    ]


def _notes(notes: Sequence[str]) -> list[Child]:
    rest = notes[_MOST_NOTES:]
    folded = element(
        "details",
        None,
        [element("summary", None, [f"另有 {len(rest)} 条"]), *paragraphs(rest, "warn")],
    )
    return [*paragraphs(notes[:_MOST_NOTES], "warn"), *([folded] if rest else [])]


def index_page(
    tiles: Sequence[Tile], as_of: str, notes: Sequence[str] = (), picture: Element | None = None
) -> bytes:
    """All regions at a glance.

    Parameters
    ----------
    tiles : sequence of Tile
        In the order of the hierarchy.
    as_of : str
        Day of knowledge.
    notes : sequence of str
        What failed, and how to mend it.
    picture : xml.etree.ElementTree.Element, optional
        The bureau's own map, see `draw_map`.

    Returns
    -------
    bytes
        HTML.
    """
    demo = any(t.demo for t in tiles)
    folded = len(tiles) > MOST_UNFOLDED
    shown: list[Child]
    if folded:
        shown = _folded(tiles)
    elif tiles:
        shown = [_tiles(_tile(t) for t in tiles)]
    else:
        shown = paragraphs(["还没有入库的序列。请先用 forecast data import 导入数据。"])
    body: list[Child] = [
        element(
            "header",
            None,
            [
                element("h1", None, [TITLE]),
                *paragraphs([f"截至 {as_of}。颜色和文字表示预警等级；点地区名看详情。"], "note"),
                *(paragraphs([f"部分地区为{DEMO}。"], "demo") if demo else []),
            ],
        ),
        element(
            "main",
            {"id": "main"},
            [
                *([section("需要处理", "trouble", _notes(notes))] if notes else []),
                *([section("地图", "map", [picture])] if picture is not None else []),
                section("各地区", "regions", shown),
                section("与上月相比", "news", _news(tiles, folded)),
            ],
        ),
    ]
    return document(TITLE, "", ("assets/overview.js",) if folded else (), body, demo)
