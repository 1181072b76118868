"""Parts that every page is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from employment_forecast.forecasting.bulletin.render.trees import Child, element, html_text

# Scripts, styles and pictures of the folder and nothing else, whatever a name in the data holds.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)
TITLE = "就业失业预警看板"
DEMO = "演示数据，不代表真实情况"


@dataclass(frozen=True)
class Tile:
    """A region's indicator at a glance.

    Attributes
    ----------
    code : str
        `indicator.region`; names the page's files.
    title : str
        Region and indicator.
    whole : str
        Name of the region that it lies in, empty for the highest.
    level, level_name : str
        Code of the warning level, `none` or `absent`, and its name.
    lines : tuple of str
        Newest figure, headroom, probability, a line each.
    level_before : str
        Name of the level of the month before, empty where it is the same or not known.
    changed : tuple of str
        What else is new since then, in words.
    demo : bool
        From demonstration data.
    """

    code: str
    title: str
    whole: str
    level: str
    level_name: str
    level_before: str
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
        # An earlier release said a change of level among all others.
        whole=row.get("whole", ""),
        level=row["level"],
        level_name=row["level_name"],
        level_before=row.get("level_before", ""),
        lines=tuple(row["lines"]),
        changed=tuple(row["changed"]),
        demo=row["demo"],
    )


def told(tile: Tile) -> list[str]:
    """What is new since the month before, the level first."""
    level = f"预警等级由{tile.level_before}变为{tile.level_name}"
    return [*([level] if tile.level_before else []), *tile.changed]


def document(
    title: str, root: str, scripts: Sequence[str], body: Iterable[Child], demo: bool
) -> bytes:
    """A whole page: policy, shared files, body, scripts at its end."""
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


def paragraphs(lines: Iterable[str], css: str | None = None) -> list[Child]:
    """One paragraph a line."""
    return [element("p", {"class": css} if css else None, [line]) for line in lines]


def badge(tile: Tile) -> Element:
    """The warning level as words on its colour."""
    return element("span", {"class": f"badge level-{tile.level}"}, [tile.level_name])


def table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Element:
    """A table that scrolls by itself."""
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


def section(title: str, name: str, children: Iterable[Child]) -> Element:
    """A section under a heading of its own."""
    return element(
        "section",
        {"id": name, "aria-labelledby": f"{name}-head"},
        [element("h2", {"id": f"{name}-head"}, [title]), *children],
    )
