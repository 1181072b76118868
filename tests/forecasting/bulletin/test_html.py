"""The page by itself: complete, readable by machines and screens, safe from what names hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from employment_forecast.forecasting.bulletin.render.html import render_html
from employment_forecast.forecasting.bulletin.render.html_style import STYLE
from employment_forecast.forecasting.bulletin.text.blocks import (
    Annex,
    Bulletin,
    Chart,
    CitedTable,
    Fan,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.facts import Cited, Fact

VOID = ("meta", "br", "img", "link", "input", "hr")
HOSTILE = '</script><script src="https://example.org/x.js"></script><img onerror=alert(1) src=x>'
FACT = Fact("a.value:plain", "/a/value", 13612, "plain", 0, "13612", "测试")


def page_of(name: str, columns: int = 4) -> Bulletin:
    fan = Fan(
        title=name, unit="人", digits=0, ahead_digits=-1,
        past=tuple((f"2026-{m:02d}", 13000.0 + 11 * m) for m in range(1, 11)),
        ahead=(("2026-11", 12901.0, 13002.0, 13103.0, 13204.0, 13305.0),),
        caps=((name, ((14300.0, "2026-01", "2026-12"),)),), demo=True,
    )  # fmt: skip
    row = ((name,), *(((Cited(FACT.id, FACT.text),)) for _ in range(columns - 1)))
    table = CitedTable(
        (name,),
        cited_columns(
            [(f"标题{'一二三四五六七八'[i]}",) for i in range(columns)],
            [False, *[True] * (columns - 1)],
            [1 / columns] * columns,
        ),
        (row, row),
    )
    return Bulletin(
        title=((name,), ("月报",)), marks=(("（演示数据）",),), number=(name,), signer=(name,),
        addressee=(name,), blocks=(Heading((name,)), Paragraph((name,)), table,
        Chart(fan, (name,), (name,))), annexes=(Annex(("一",), (name,), (table,)),),
        office=(name,), date=("某日",), made_on="2026-11-23",
        facts=(replace(FACT, source=name),), demo=True,
    )  # fmt: skip


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """Elements in order, with the tags around them."""

    source: str
    nodes: list[Node] = field(default_factory=list)
    stack: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs), inside=tuple(n.tag for n in self.stack))
        self.nodes.append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for node in self.stack:
            node.text += data

    def all(self, tag: str, css: str | None = None) -> list[Node]:
        return [
            n
            for n in self.nodes
            if n.tag == tag and (css is None or css in str(n.attributes.get("class")).split())
        ]


def parsed(bulletin: Bulletin) -> Page:
    return Page(render_html(bulletin).decode("utf-8"))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    page = parsed(page_of(HOSTILE))
    plain = parsed(page_of("嘉定区"))
    assert [n.tag for n in page.nodes] == [n.tag for n in plain.nodes]
    for node in page.nodes:
        assert not any(
            k.startswith("on") or k in ("src", "href", "srcset") for k in node.attributes
        )
        assert node.tag not in ("link", "img", "iframe", "object", "form", "base")
    assert [n.attributes.get("type") for n in page.all("script")] == ["application/json"]
    (policy,) = [n for n in page.all("meta") if n.attributes.get("http-equiv")]
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"url\(|@import|https?:", STYLE)
    assert page.all("h2")[0].text == HOSTILE


def test_tables_and_charts_can_be_read_aloud() -> None:
    page = parsed(page_of("嘉定区"))
    assert page.all("html")[0].attributes["lang"] == "zh-CN"
    tables = page.all("table")
    assert len(tables) == len(page.all("caption")) == 2
    for head in page.all("th"):
        assert head.attributes["scope"] == ("col" if "thead" in head.inside else "row")
    assert len([n for n in page.all("th") if "tbody" in n.inside]) == 4
    for around in page.all("div", "scroll"):
        assert around.attributes["tabindex"] == "0"
        assert around.attributes["aria-label"] == "嘉定区"
    (chart,) = page.all("svg")
    assert chart.attributes["aria-label"] == "嘉定区"
    months = page.all("g", "month")
    assert len(months) == 11
    spoken = [m.attributes["aria-label"] for m in months if "tabindex" in m.attributes]
    # A forecast is no more precise on the chart than in the table.
    assert spoken == ["2026年11月 中位数13100人，80%区间13000—13200，95%区间12900—13310"]
    tips = [n.text for n in page.all("text", "tip")]
    assert tips[:1] == ["2026年1月 13011人（已公布）"]
    levels = [int(n.tag[1]) for n in page.nodes if re.fullmatch(r"h[1-6]", n.tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_from_its_ground() -> None:
    """WCAG 2.1, 1.4.3: at least 4.5 to 1, on white and on the ground of table heads."""
    grounds = [luminance("#ffffff"), luminance("#eef2f7")]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", STYLE)
    colours = {
        (where.strip(), colour)
        for where, body in rules
        for colour in re.findall(r"(?:^|[ ;])(?:color|fill): (#[0-9a-fA-F]{3,6})", body)
        if "color:" in body or where.strip().startswith(".chart text")
    }
    checked = 0
    for where, colour in colours:
        if where.endswith(".mark") and "chart" in where:
            continue  # the watermark is no text to be read
        ink = luminance(colour)
        for ground in grounds:
            ratio = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
            assert ratio >= 4.5, (where, colour, ratio)
            checked += 1
    assert checked >= 10


def test_facts_are_in_the_page_by_id() -> None:
    page = parsed(page_of("嘉定区"))
    cited = page.all("data")
    assert {n.attributes["data-fact"] for n in cited} == {FACT.id}
    assert {n.attributes["value"] for n in cited} == {"13612"}


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
MEASURE = """<!doctype html><iframe id="f" src="page.html" style="width:{width}px;height:800px">
</iframe><pre id="o"></pre><script>
f.onload = () => {{ o.textContent = "wide " + f.contentDocument.documentElement.scrollWidth; }};
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(tmp_path: Path, width: int) -> None:
    assert BROWSER is not None
    name = "registered_unemployment_rate_of_a_very_long_name.310114" + "嘉定区" * 12
    (tmp_path / "page.html").write_bytes(render_html(page_of(name, columns=8)))
    (tmp_path / "measure.html").write_text(MEASURE.format(width=width), "utf-8")
    call = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=4000", "--dump-dom", (tmp_path / "measure.html").as_uri(),
    ]  # fmt: skip
    out = subprocess.run(call, capture_output=True, timeout=120, check=False).stdout.decode()
    match = re.search(r"wide (\d+)", out)
    assert match is not None, out[:500]
    assert int(match[1]) <= width
