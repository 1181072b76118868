"""A region's page: its controls, what its bulletin says, past warnings, models, bulletins.

A page is readable with scripts off: every figure stands in text and tables, the fan is a picture.
With scripts on, the same paths answer what a reader asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.fan_svg import fan_svg
from employment_forecast.forecasting.bulletin.render.html import Blocks
from employment_forecast.forecasting.bulletin.render.trees import Child, element
from employment_forecast.forecasting.bulletin.text import Bulletin, Chart, Heading, plain
from employment_forecast.forecasting.site.controls import controls, key
from employment_forecast.forecasting.site.elements import (
    DEMO,
    Tile,
    badge,
    document,
    paragraphs,
    section,
    table,
    told,
)


@dataclass(frozen=True)
class RegionPage:
    """What a region's page shows.

    Attributes
    ----------
    tile : Tile
        Also the head of the page.
    as_of : str
        Day of knowledge.
    bulletin : Bulletin or None
        The newest month in the words of the bulletin, of what is stored and decided now.
    hands_on : mapping or None
        See `hands_on`; None without a champion.
    warnings : tuple of mapping
        Issued warnings: `month`, `level`, `issued_on`, `outcome`.
    leaderboard : tuple of mapping
        Champion and rivals: `label`, `wis`, `mase`, `coverage80`, `coverage95`, `champion`.
    reliability : tuple of str
        How the probabilities did at past origins, in words.
    bulletins : tuple of (str, tuple of (str, str))
        Title of each and its files: form and address relative to the page.
    notes : tuple of str
        What a reader must know.
    """

    tile: Tile
    as_of: str
    bulletin: Bulletin | None
    hands_on: Mapping[str, Any] | None
    warnings: tuple[Mapping[str, str], ...] = ()
    leaderboard: tuple[Mapping[str, str], ...] = ()
    reliability: tuple[str, ...] = ()
    bulletins: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    notes: tuple[str, ...] = ()


class _SiteBlocks(Blocks):
    """Blocks of a bulletin without styles of their own: the policy allows none."""

    def chart(self, chart: Chart) -> Element:
        caps = [
            element("li", None, [element("i", {"class": f"k-cap{at % 4}"}), label])
            for at, (label, *_) in enumerate(chart.fan.caps)
        ]
        return element(
            "figure",
            {"class": "still"},
            [
                element("figcaption", {"class": "caption"}, self.text(chart.caption)),
                fan_svg(chart.fan, plain(chart.alternative)),
                element("ul", {"class": "key", "aria-hidden": "true"}, [*key(), *caps]),
            ],
        )


def _body(bulletin: Bulletin) -> list[Child]:
    """Sections of the bulletin, each first-level heading a section of the page."""
    blocks = _SiteBlocks(bulletin.facts)
    sections: list[Child] = []
    part: list[Child] = []
    for block in bulletin.blocks:
        if isinstance(block, Heading) and block.level == 1 and part:
            sections.append(element("section", None, part))
            part = []
        part.append(blocks.block(block, 2))
    sections.append(element("section", None, part))
    for annex in bulletin.annexes:
        head = element("h2", None, [*blocks.text(annex.title)])
        sections.append(
            element("section", None, [head, *(blocks.block(b, 3) for b in annex.blocks)])
        )
    return sections


def region_page(page: RegionPage) -> bytes:
    """A region's page.

    Parameters
    ----------
    page : RegionPage
        Everything it shows.

    Returns
    -------
    bytes
        HTML; it loads `../data/<code>.js` and what `shared_files` gives.
    """
    tile = page.tile
    rest: list[Child] = []
    if page.warnings:
        keys = ("month", "level", "issued_on", "outcome")
        rest.append(
            section(
                "以往预警和结果", "warnings",
                [table("发布过的预警", ("数据月份", "等级", "发布日期", "结果"),
                        ([row[k] for k in keys] for row in page.warnings))],
            )
        )  # fmt: skip
    if page.reliability:
        rest.append(section("这些概率可靠吗", "reliability", paragraphs(page.reliability)))
    if page.leaderboard:
        scores = ("label", "wis", "mase", "coverage80", "coverage95")
        rest.append(
            section(
                "现役模型与其他模型", "models",
                [table("回测得分（WIS、MASE 越小越好）",
                        ("模型", "WIS", "MASE", "80%区间覆盖", "95%区间覆盖"),
                        ([row[k] for k in scores] for row in page.leaderboard))],
            )
        )  # fmt: skip
    if page.bulletins:
        items = [
            element(
                "li",
                None,
                [title, *(c for f, a in files for c in (" ", element("a", {"href": a}, [f])))],
            )
            for title, files in page.bulletins
        ]
        rest.append(section("月报", "bulletins", [element("ul", None, items)]))
    scripts: tuple[str, ...] = ()
    if page.hands_on is not None:
        scripts = (
            "../assets/uPlot.iife.min.js",
            f"../data/{tile.code}.js",
            "../assets/site.js",
        )
    main: list[Child] = [
        *([controls(page.hands_on, tile.title)] if page.hands_on is not None else []),
        *(_body(page.bulletin) if page.bulletin is not None else []),
        *rest,
    ]
    said = told(tile)
    changed = [f"与上月相比：{'；'.join(said)}。"] if said else []
    body: list[Child] = [
        element(
            "header",
            None,
            [
                element(
                    "nav",
                    {"aria-label": "返回"},
                    [element("a", {"href": "../index.html"}, ["全部地区"])],
                ),
                element("h1", None, [tile.title]),
                *(paragraphs([f"{DEMO}。"], "demo") if tile.demo else []),
                element("p", None, [badge(tile), f"　截至 {page.as_of}"]),
                *paragraphs(tile.lines),
                *paragraphs(changed),
                *paragraphs(page.notes, "warn"),
            ],
        ),
        element("main", {"id": "main"}, main),
    ]
    return document(tile.title, "../", scripts, body, tile.demo)
