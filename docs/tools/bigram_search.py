"""Search in Chinese without a dictionary: text and query are both cut into pairs of characters.

Sphinx cuts the text into words with jieba but leaves a query whole, so that 失业警戒线 is not found
in a text cut into 失业 and 警戒线. Pairs on both sides need no dictionary and miss nothing.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage, languages

_RUNS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z0-9_]+")
_FIRST_CHINESE = "\u3400"


def pairs(text: str) -> list[str]:
    """Words of Latin letters and digits, and overlapping pairs of Chinese characters."""
    found: list[str] = []
    for run in _RUNS.findall(text):
        if run[0] < _FIRST_CHINESE or len(run) == 1:
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found


class BigramSearch(SearchLanguage):
    """Search language of the manual."""

    lang = "zh_CN"
    language_name = "Chinese"
    js_splitter_code = """
var splitQuery = (query) =>
  (query.match(/[\\u3400-\\u9fff]+|[A-Za-z0-9_]+/g) || []).flatMap((run) =>
    run < "\\u3400" || run.length === 1
      ? [run]
      : Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2)),
  );
"""

    def split(self, input: str) -> list[str]:
        """Words of the index; the query is split by the same rule in JavaScript."""
        return pairs(input)

    def stem(self, word: str) -> str:
        """Case does not matter."""
        return word.lower()

    def word_filter(self, word: str) -> bool:
        """Leave out what is a number alone."""
        return not word.isdigit()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the language."""
    languages["zh_CN"] = BigramSearch
    return {"parallel_read_safe": True, "parallel_write_safe": True}
