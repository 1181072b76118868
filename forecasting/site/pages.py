"""The pages as HTML: a tile for every region, and a page for each with what its bulletin says.

A page is readable with scripts off: every figure stands in text and tables, the fan is a picture.
With scripts on, the same paths answer what a reader asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.fan_svg import fan_svg
from employment_forecast.forecasting.bulletin.render.html import Blocks
from employment_forecast.forecasting.bulletin.render.trees import Child, element, html_text
from employment_forecast.forecasting.bulletin.text import Bulletin, Chart, Heading, plain

# Scripts, styles and pictures of the folder and nothing else, whatever a name in the data holds.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
_TITLE = "就业失业预警看板"
_DEMO = "演示数据，不代表真实情况"


@dataclass(frozen=True)
class Tile:
    """A region's indicator at a glance.

    Attributes
    ----------
    code : str
        `indicator.region`; names the page's files.
    title : str
        Region and indicator.
    depth : int
        Of the region in the hierarchy, 0 for the highest shown.
    level, level_name : str
        Code of the warning level, `none` or `absent`, and its name.
    lines : tuple of str
        Newest figure, headroom, probability, a line each.
    changed : tuple of str
        What is new since the month before, in words.
    demo : bool
        From demonstration data.
    """

    code: str
    title: str
    depth: int
    level: str
    level_name: str
    lines: tuple[str, ...]
    changed: tuple[str, ...]
    demo: bool


def tile_from(row: Mapping[str, Any]) -> Tile:
    """A tile from its JSON form.

    Raises
    ------
    KeyError, TypeError
        If a field is missing.
    """
    return Tile(
        code=row["code"],
        title=row["title"],
        depth=row["depth"],
        level=row["level"],
        level_name=row["level_name"],
        lines=tuple(row["lines"]),
        changed=tuple(row["changed"]),
        demo=row["demo"],
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


def _document(
    title: str, root: str, scripts: Sequence[str], body: Iterable[Child], demo: bool
) -> bytes:
    head = element(
        "head",
        None,
        [
            element("meta", {"charset": "utf-8"}),
            element("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("title", None, [f"{title}（演示数据）" if demo else title]),
            element("link", {"rel": "stylesheet", "href": f"{root}assets/uPlot.min.css"}),
            element("link", {"rel": "stylesheet", "href": f"{root}assets/site.css"}),
        ],
    )
    skip = element("a", {"class": "skip", "href": "#main"}, ["跳到正文"])
    tail = [element("script", {"src": src}) for src in scripts]
    page = element("html", {"lang": "zh-CN"}, [head, element("body", None, [skip, *body, *tail])])
    return html_text(page).encode("utf-8")


def _paragraphs(lines: Iterable[str], css: str | None = None) -> list[Child]:
    return [element("p", {"class": css} if css else None, [line]) for line in lines]


def _badge(tile: Tile) -> Element:
    return element("span", {"class": f"badge level-{tile.level}"}, [tile.level_name])


def _table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Element:
    head = [element("th", {"scope": "col"}, [t]) for t in titles]
    body = [
        element(
            "tr",
            None,
            [
                element("th", {"scope": "row"}, [row[0]]),
                *(element("td", None, [cell]) for cell in row[1:]),
            ],
        )
        for row in rows
    ]
    table = element(
        "table",
        None,
        [
            element("caption", None, [caption]),
            element("thead", None, [element("tr", None, head)]),
            element("tbody", None, body),
        ],
    )
    about = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption}
    return element("div", about, [table])


def _section(title: str, name: str, children: Iterable[Child]) -> Element:
    return element(
        "section",
        {"id": name, "aria-labelledby": f"{name}-head"},
        [element("h2", {"id": f"{name}-head"}, [title]), *children],
    )


# --- all regions ---------------------------------------------------------------------------------


def _tile(tile: Tile) -> Element:
    return element(
        "li",
        {"class": f"tile level-{tile.level}"},
        [
            element("h3", None, [element("a", {"href": f"region/{tile.code}.html"}, [tile.title])]),
            element("p", None, [_badge(tile)]),
            *_paragraphs(tile.lines),
            *(_paragraphs(["演示数据"], "demo") if tile.demo else []),
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
                element("h1", None, [_TITLE]),
                *_paragraphs([f"截至 {as_of}。颜色和文字表示预警等级；点地区名看详情。"], "note"),
                *(_paragraphs([f"部分地区为{_DEMO}。"], "demo") if demo else []),
            ],
        ),
        element(
            "main",
            {"id": "main"},
            [
                *([_section("需要处理", "trouble", _paragraphs(notes, "warn"))] if notes else []),
                *([_section("地图", "map", [picture])] if picture is not None else []),
                _section(
                    "各地区",
                    "regions",
                    [element("ul", {"class": "tiles"}, [_tile(t) for t in tiles])]
                    if tiles
                    else _paragraphs(["还没有入库的序列。请先用 forecast data import 导入数据。"]),
                ),
                _section("与上月相比", "news", [news]),
            ],
        ),
    ]
    return _document(_TITLE, "", (), body, demo)


# --- one region ----------------------------------------------------------------------------------


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
                element("ul", {"class": "key", "aria-hidden": "true"}, [*_key(), *caps]),
            ],
        )


def _key() -> list[Element]:
    return [
        element("li", None, [element("i", {"class": css}), words])
        for css, words in (
            ("k-past", "已公布"),
            ("k-median", "预测中位数"),
            ("k-inner", "80%区间"),
            ("k-outer", "95%区间"),
        )
    ]


def _control(name: str, label: str, attributes: Mapping[str, str], after: str = "") -> Element:
    words: list[Child] = [label]
    if after:
        words += [" ", element("output", {"id": after, "for": name})]
    children = [
        element("label", {"for": name}, words),
        element("input", {"id": name, **attributes}),
    ]
    return element("div", {"class": "control"}, children)


def _cap_controls(content: Mapping[str, Any]) -> list[Child]:
    precision = f"{content['precision']:g}"
    found: list[Child] = []
    for at, cap in enumerate(content["caps"]):
        spread = [row[-1] for row in content["quantiles"]] + [
            row[0] for row in content["quantiles"]
        ]
        low = min(*spread, cap["value"], *content["values"][-12:])
        high = max(*spread, cap["value"], *content["values"][-12:])
        room = 0.1 * (high - low) or abs(high) * 0.1 or 1.0
        ends = {
            "min": f"{max(low - room, 0.0):.{content['decimals']}f}",
            "max": f"{high + room:.{content['decimals']}f}",
            "step": precision,
            "value": f"{cap['value']:g}",
            "type": "range",
        }
        found += [
            _control(f"cap-{at}", f"{cap['title']}，拖动试看其他数值：", ends, f"cap-value-{at}"),
            element(
                "p",
                {"aria-live": "polite"},
                [
                    "期内任一月突破的概率 ",
                    element("strong", {"id": f"p-any-{at}"}),
                    "；"
                    + (
                        "全年平均突破的概率 "
                        if cap["basis"] == "period_average"
                        else "期末突破的概率 "
                    ),
                    element("strong", {"id": f"p-end-{at}"}),
                    element(
                        "span",
                        {"id": f"broken-{at}", "hidden": "hidden"},
                        ["（按这个数值，期内已有公布的月份突破）"],
                    ),
                ],
            ),
        ]
    return found


def _scenario_controls(content: Mapping[str, Any]) -> list[Child]:
    given = content["scenario"]
    if "reason" in given:
        return _paragraphs([f"情景推演：{given['reason']}"], "note")
    latest = content["values"][-1] * given["persons_per_unit"]
    most = max(round(0.3 * latest, -2), 100)
    options = [
        element("option", {"value": str(at)}, [month]) for at, month in enumerate(content["ahead"])
    ]
    return [
        element("h3", None, ["如果发生裁员，或新增就业变动"]),
        element(
            "div",
            {"class": "control"},
            [
                element("label", {"for": "layoff-month"}, ["裁员月份"]),
                element("select", {"id": "layoff-month"}, options),
            ],
        ),
        _control(
            "people", "裁员人数：",
            {"type": "range", "min": "0", "max": f"{most:.0f}", "step": "50", "value": "0"},
            "people-value",
        ),
        _control(
            "jobs", "新增就业变动：",
            {"type": "range", "min": "-50", "max": "50", "step": "5", "value": "0"}, "jobs-value",
        ),
        *_paragraphs(
            ["与 forecast scenario 的默认假定相同；情景不是预测，不进入警戒线。"], "note"
        ),
        element(
            "p", {"id": "supposed", "class": "warn", "hidden": "hidden"},
            ["图和概率现为假定情景之下的结果。"],
        ),
    ]  # fmt: skip


def _hands_on(content: Mapping[str, Any], title: str) -> Element:
    coming = content["ahead"][0]
    caps = [
        element("li", None, [element("i", {"class": f"k-cap{at % 4}"}), cap["title"]])
        for at, cap in enumerate(content["caps"])
    ]
    caps += [
        element("li", None, [element("i", {"class": f"k-line-{level['code']}"}), words])
        for level in content["scheme"]
        if (words := f"{level['name']}警戒线")
    ]
    demo = _paragraphs([_DEMO], "demo") if content["demo"] else []
    chart = {
        "id": "chart", "tabindex": "0", "role": "img",
        "aria-label": f"{title}：已公布的数值、预测区间和控制数；左右方向键逐月读数",
    }  # fmt: skip
    return element(
        "section",
        {"id": "hands-on", "class": "controls", "aria-labelledby": "hands-on-head"},
        [
            element("h2", {"id": "hands-on-head"}, ["动手看"]),
            *demo,
            element("div", chart),
            element("p", {"id": "reading", "aria-live": "polite"}),
            element("ul", {"class": "key", "aria-hidden": "true"}, [*_key(), *caps]),
            *_cap_controls(content),
            _control(
                "coming",
                f"{coming} 如果是（{content['unit']}）：",
                {"type": "number", "min": "0", "step": f"{content['precision']:g}"},
            ),
            element("p", {"id": "coming-result", "aria-live": "polite"}),
            *_scenario_controls(content),
            element(
                "p", None, [element("button", {"id": "reset", "type": "button"}, ["恢复原状"])]
            ),
        ],
    )


def _body(bulletin: Bulletin) -> list[Child]:
    """Sections of the bulletin, each first-level heading a section of the page."""
    blocks = _SiteBlocks(bulletin.facts)
    found: list[Child] = []
    part: list[Child] = []
    for block in bulletin.blocks:
        if isinstance(block, Heading) and block.level == 1 and part:
            found.append(element("section", None, part))
            part = []
        part.append(blocks.block(block, 2))
    found.append(element("section", None, part))
    for annex in bulletin.annexes:
        head = element("h2", None, [*blocks.text(annex.title)])
        found.append(element("section", None, [head, *(blocks.block(b, 3) for b in annex.blocks)]))
    return found


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
            _section(
                "以往预警和结果", "warnings",
                [_table("发布过的预警", ("数据月份", "等级", "发布日期", "结果"),
                        ([row[k] for k in keys] for row in page.warnings))],
            )
        )  # fmt: skip
    if page.reliability:
        rest.append(_section("这些概率可靠吗", "reliability", _paragraphs(page.reliability)))
    if page.leaderboard:
        scores = ("label", "wis", "mase", "coverage80", "coverage95")
        rest.append(
            _section(
                "现役模型与其他模型", "models",
                [_table("回测得分（WIS、MASE 越小越好）",
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
        rest.append(_section("月报", "bulletins", [element("ul", None, items)]))
    scripts: tuple[str, ...] = ()
    if page.hands_on is not None:
        scripts = (
            "../assets/uPlot.iife.min.js",
            f"../data/{tile.code}.js",
            "../assets/site.js",
        )
    main: list[Child] = [
        *([_hands_on(page.hands_on, tile.title)] if page.hands_on is not None else []),
        *(_body(page.bulletin) if page.bulletin is not None else []),
        *rest,
    ]
    changed = [f"与上月相比：{'；'.join(tile.changed)}。"] if tile.changed else []
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
                *(_paragraphs([f"{_DEMO}。"], "demo") if tile.demo else []),
                element("p", None, [_badge(tile), f"　截至 {page.as_of}"]),
                *_paragraphs(tile.lines),
                *_paragraphs(changed),
                *_paragraphs(page.notes, "warn"),
            ],
        ),
        element("main", {"id": "main"}, main),
    ]
    return _document(tile.title, "../", scripts, body, tile.demo)
