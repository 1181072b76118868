"""Sphinx settings of the manual: offline, Chinese first, nothing fetched from outside."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tools"))

project = "就业失业预测引擎"
author = "employment-forecast"
release = metadata.version("employment-forecast")
language = "zh_CN"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "bigram_search",
    "chinese_lines",
    "generated",
    "mathml",
    "notebooks",
    "transcripts",
]
exclude_patterns = ["_build", "generated/*.md", "tools"]
suppress_warnings = ["myst.header"]

myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 4

autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["manual.css"]
html_title = f"{project} {release}"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
# The text of other pages cannot be fetched where the manual is opened from a folder.
html_show_search_summary = False
html_theme_options = {
    "light_css_variables": {
        "font-stack": "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', "
        "'PingFang SC', sans-serif",
    },
}
