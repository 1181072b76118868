"""The parts of the manual's generator that are our own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "tools"))
pytest.importorskip("sphinx", reason="make docs 才安装 Sphinx")
pytest.importorskip("latex2mathml", reason="make docs 才安装 latex2mathml")

import bigram_search
import measured
import transcripts


def test_query_and_text_are_cut_alike():
    assert bigram_search.pairs("失业警戒线") == ["失业", "业警", "警戒", "戒线"]
    text = set(bigram_search.pairs("发布与查对预警线（失业警戒线）。"))
    assert set(bigram_search.pairs("警戒线")) <= text
    assert bigram_search.pairs("MLflow 的run，数") == ["MLflow", "的", "run", "数"]


def test_a_chinese_character_takes_two_columns_and_a_line_one():
    shown = transcripts.terminal("│嘉定 <1>")
    assert shown == '<pre class="terminal"><b>│</b><i>嘉</i><i>定</i> &lt;1&gt;</pre>'


def test_every_result_file_is_on_the_page_of_figures(monkeypatch, tmp_path):
    page = measured.page()
    for file in measured.BENCHMARK.rglob("*.md"):
        title = file.read_text("utf-8").splitlines()[0]
        assert f"#{title}\n" in page
    monkeypatch.setattr(measured, "BENCHMARK", tmp_path)
    assert measured.page().count("not measured") == len(measured.QUESTIONS)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "RESULTS.md").write_text("# Odd\n", "utf-8")
    assert "\n## Odd\n" in measured.page()
