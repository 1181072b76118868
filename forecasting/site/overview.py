"""All regions at a glance, and what is new since the month before."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.trees import Child, element
from employment_forecast.forecasting.site.elements import (
    DEMO,
    TITLE,
    Tile,
    badge,
    document,
    paragraphs,
    section,
)


def _tile(tile: Tile) -> Element:
    return element(
        "li",
        {"class": f"tile level-{tile.level}"},
        [
            element("h3", None, [element("a", {"href": f"region/{tile.code}.html"}, [tile.title])]),
            element("p", None, [badge(tile)]),
            *paragraphs(tile.lines),
            *(paragraphs(["演示数据"], "demo") if tile.demo else []),
        ],
    )


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
    moved = [t for t in tiles if t.changed]
    news = (
        element(
            "ul",
            None,
            [
                element(
                    "li",
                    None,
                    [
                        element("a", {"href": f"region/{t.code}.html"}, [t.title]),
                        f"：{'；'.join(t.changed)}。",
                    ],
                )
                for t in moved
            ],
        )
        if moved
        else element("p", None, ["各地区与上月相比没有可说明的变化。"])
    )
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
                *([section("需要处理", "trouble", paragraphs(notes, "warn"))] if notes else []),
                *([section("地图", "map", [picture])] if picture is not None else []),
                section(
                    "各地区",
                    "regions",
                    [element("ul", {"class": "tiles"}, [_tile(t) for t in tiles])]
                    if tiles
                    else paragraphs(["还没有入库的序列。请先用 forecast data import 导入数据。"]),
                ),
                section("与上月相比", "news", [news]),
            ],
        ),
    ]
    return document(TITLE, "", (), body, demo)
