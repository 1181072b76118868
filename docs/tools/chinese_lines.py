"""Lines of Chinese join without a space: a line end in the source is no blank there."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_CHINESE = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef\u2014\u2018-\u201d\u2026]"
_INSIDE = re.compile(rf"(?<={_CHINESE})\n(?={_CHINESE})")
_ENDS, _BEGINS = re.compile(rf"{_CHINESE}\Z"), re.compile(_CHINESE)


def _joins(node: nodes.Text) -> bool:
    """Whether a line end that is a node by itself lies between Chinese characters."""
    parent, at = node.parent, node.parent.index(node)
    if not 0 < at < len(parent) - 1:
        return False
    before, after = parent[at - 1].astext(), parent[at + 1].astext()
    return bool(_ENDS.search(before) and _BEGINS.match(after))


def join(app: Sphinx, doctree: nodes.document) -> None:
    """Take out line ends between Chinese characters."""
    for node in list(doctree.findall(nodes.Text)):
        if isinstance(node.parent, nodes.literal_block | nodes.raw):
            continue
        text = str(node)
        joined = "" if text == "\n" and _joins(node) else _INSIDE.sub("", text)
        if joined != text:
            node.parent.replace(node, nodes.Text(joined))


def setup(app: Sphinx) -> dict[str, Any]:
    """Join lines once a page has been read."""
    app.connect("doctree-read", join)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
