"""Element trees: text that goes in as text comes out escaped, wherever it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None


def element(
    tag: str, attributes: Mapping[str, str] | None = None, children: Iterable[Child] = ()
) -> Element:
    """An element with mixed content."""
    made = Element(tag, dict(attributes or {}))
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif child and last is None:
            made.text = (made.text or "") + child
        elif child and last is not None:
            last.tail = (last.tail or "") + child
    return made


def html_text(root: Element) -> str:
    """An HTML document."""
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"
