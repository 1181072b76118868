"""`forecast bulletin` from the command line: draft, issue, list, errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import (
    EXIT_NOT_FOUND,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_UNKNOWN_NAME,
    EXIT_USAGE,
)

Forecast = Callable[..., Any]
STAMP = ("--number", "嘉人社〔2026〕1号", "--to", "区政府", "--signer", "张三",
         "--date", "2026-11-23", "--office", "嘉定区人力资源和社会保障局")  # fmt: skip


def test_a_bulletin_is_written_issued_and_listed(forecast: Forecast, home: Path) -> None:
    missing = forecast("bulletin", "issue", "--region", "嘉定", *STAMP, "--json")
    assert missing.code == EXIT_NOT_FOUND
    done = forecast("bulletin", "--region", "嘉定", "--as-of", "2026-11-20")
    assert done.code == EXIT_OK, done.err
    assert "草稿已生成（演示数据）" in done.out
    folder = home / "bulletins" / "310114" / "2026-10"
    names = {f"嘉定区2026年10月就业失业月报.{form}" for form in ("docx", "html", "md", "json")}
    names |= {
        "嘉定区2026年10月月报文字稿.txt",
        "嘉定区2026年10月就业失业快报.docx",
        ".written.json",
    }
    assert {f.name for f in folder.iterdir()} == names
    again = forecast("bulletin", "--region", "嘉定", "--as-of", "2026-11-20", "--json").json
    assert (again["changed"], again["state"], again["demo"]) == (False, "draft", True)
    assert forecast("bulletin", "review", "--region", "嘉定", "--reviewer", "李四").code == EXIT_OK
    issued = forecast(
        "bulletin", "issue", "--region", "嘉定", "--month", "2026-10", *STAMP, "--format", "md"
    )
    assert issued.code == EXIT_OK, issued.err
    text = (folder / "嘉定区2026年10月就业失业月报.md").read_text("utf-8")
    assert "嘉人社〔2026〕1号" in text
    twice = forecast("bulletin", "issue", "--region", "嘉定", *STAMP)
    assert twice.code == EXIT_REFUSED
    rows = forecast("bulletin", "list", "--json").json["bulletins"]
    assert [(r["region_name"], r["month"], r["state"]) for r in rows] == [
        ("嘉定区", "2026-10", "issued"),
    ]


def test_mistakes_are_explained(forecast: Forecast) -> None:
    for arguments, code, words in (
        ((), EXIT_USAGE, "--region"),
        (("--region", "某地"), EXIT_UNKNOWN_NAME, "某地"),
        (("--region", "嘉定", "--format", "doc"), EXIT_USAGE, "docx"),
        (("--region", "嘉定", "--month", "2026年"), EXIT_USAGE, "--month"),
    ):
        done = forecast("bulletin", *arguments)
        assert done.code == code, done.err
        assert words in done.err
