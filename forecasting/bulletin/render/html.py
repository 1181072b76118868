"""The bulletin as one HTML file: no script that runs, no network, readable on a phone and on paper.

Every cited figure is a `data` element with the id of its fact; all facts are in the page as JSON.
"""

from __future__ import annotations

import json
from itertools import cycle
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.fan_svg import CAP_COLOURS, fan_svg
from employment_forecast.forecasting.bulletin.render.html_style import STYLE
from employment_forecast.forecasting.bulletin.render.trees import Child, element, html_text
from employment_forecast.forecasting.bulletin.text import (
    Annex,
    Block,
    Bulletin,
    Chart,
    CitedTable,
    CitedText,
    Fact,
    Heading,
    Paragraph,
    facts_document,
    plain,
)

# Nothing may be fetched, whatever a name in the data contains.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class Blocks:
    """Blocks of a bulletin as HTML elements."""

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self._values = {f.id: f.value for f in facts}

    def text(self, text: CitedText) -> list[Child]:
        """Text with its cited figures as `data` elements."""
        return [
            part
            if isinstance(part, str)
            else element(
                "data",
                {"value": str(self._values[part.fact]), "data-fact": part.fact},
                [part.text],
            )
            for part in text
        ]

    def block(self, block: Block, level: int) -> Element:
        """Any block; headings of level 1 become `h<level>`."""
        if isinstance(block, Heading):
            return element(f"h{level + block.level - 1}", None, self.text(block.text))
        if isinstance(block, Paragraph):
            return element("p", {"class": "note"} if block.note else None, self.text(block.text))
        if isinstance(block, CitedTable):
            return self.table(block)
        return self.chart(block)

    def table(self, table: CitedTable) -> Element:
        """A table that scrolls by itself."""
        head = [element("th", {"scope": "col"}, self.text(c.title)) for c in table.columns]
        body = [
            element("tr", None, [self.cell(c, i, table) for i, c in enumerate(row)])
            for row in table.rows
        ]
        made = element(
            "table",
            None,
            [
                element("caption", None, self.text(table.caption)),
                element("thead", None, [element("tr", None, head)]),
                element("tbody", None, body),
            ],
        )
        # A wide table scrolls by itself; the keyboard must reach it to scroll.
        about = {"class": "scroll", "tabindex": "0", "role": "region",
                 "aria-label": plain(table.caption)}  # fmt: skip
        return element("div", about, [made])

    def cell(self, text: CitedText, position: int, table: CitedTable) -> Element:
        """A cell; the first of a row is its head."""
        content = self.text(text) or ["—"]
        if position == 0:
            return element("th", {"scope": "row"}, content)
        return element(
            "td", {"class": "n"} if table.columns[position].align == "right" else None, content
        )

    def chart(self, chart: Chart) -> Element:
        """The fan chart with its key."""

        def entry(style: str, words: str) -> Element:
            return element("li", None, [element("i", {"style": style}), words])

        key = [
            entry("border-top: 3px solid #1a1a1a; height: 0.2em", "已公布"),
            entry("border-top: 3px dashed #0b4a8f; height: 0.2em", "预测中位数"),
            entry("background: #93b8de", "80%区间"),
            entry("background: #cfdff1", "95%区间"),
            *(
                entry(f"border-top: 3px solid {colour}; height: 0.2em", label)
                for (label, *_), colour in zip(chart.fan.caps, cycle(CAP_COLOURS), strict=False)
            ),
        ]
        return element(
            "figure",
            None,
            [
                element("figcaption", None, self.text(chart.caption)),
                fan_svg(chart.fan, plain(chart.alternative)),
                element("ul", {"class": "key", "aria-hidden": "true"}, key),
            ],
        )

    def annex(self, annex: Annex) -> Element:
        """An annex as a section."""
        head = element(
            "h2", None, ["附件", *self.text(annex.number), "　", *self.text(annex.title)]
        )
        return element(
            "section", {"class": "annex"}, [head, *(self.block(b, 3) for b in annex.blocks)]
        )


def _top(page: Blocks, bulletin: Bulletin) -> list[Child]:
    children: list[Child] = []
    if bulletin.letterhead:
        children.append(element("p", {"class": "letterhead"}, page.text(bulletin.letterhead)))
    if bulletin.number:
        children.append(
            element(
                "p",
                {"class": "flush number"},
                [
                    element("span", None, page.text(bulletin.number)),
                    element("span", None, ["签发人：", *page.text(bulletin.signer)]),
                ],
            )
        )
    lines = [element("span", None, page.text(line)) for line in bulletin.title]
    children.append(element("h1", None, lines))
    children.extend(element("p", {"class": "mark"}, page.text(m)) for m in bulletin.marks)
    if bulletin.addressee:
        children.append(element("p", {"class": "flush"}, [*page.text(bulletin.addressee), "："]))
    return children


def _bottom(page: Blocks, bulletin: Bulletin) -> list[Child]:
    children: list[Child] = [
        element(
            "p",
            None,
            ["附件：" if at == 0 else "　　　", *page.text(annex.number), ". ",
             *page.text(annex.title)],
        )
        for at, annex in enumerate(bulletin.annexes)
    ]  # fmt: skip
    signed = [line for line in (bulletin.office, bulletin.date) if line]
    children.extend(element("p", {"class": "sign"}, page.text(line)) for line in signed)
    return children


def render_html(bulletin: Bulletin) -> bytes:
    """Write the bulletin as HTML."""
    page = Blocks(bulletin.facts)
    # No "<" within the script element: nothing in the data can end it.
    facts = json.dumps(facts_document(bulletin.facts), ensure_ascii=False, indent=1)
    facts = facts.replace("<", "\\u003c")
    head = element(
        "head",
        None,
        [
            element("meta", {"charset": "utf-8"}),
            element("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}),
            element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            element("title", None, ["".join(plain(line) for line in bulletin.title)]),
            element("style", None, [STYLE]),
        ],
    )
    main = element(
        "main",
        None,
        [
            *_top(page, bulletin),
            *(page.block(b, 2) for b in bulletin.blocks),
            *_bottom(page, bulletin),
            *(page.annex(a) for a in bulletin.annexes),
        ],
    )
    script = element("script", {"type": "application/json", "id": "facts"}, [facts])
    root = element(
        "html", {"lang": "zh-CN"}, ["\n", head, "\n", element("body", None, [main, script])]
    )
    return html_text(root).encode("utf-8")
