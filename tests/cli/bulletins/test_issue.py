"""From draft to second correction through the command line, wrong orders included."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from employment_forecast.data.errors import EXIT_NOT_FOUND, EXIT_OK, EXIT_REFUSED, EXIT_USAGE

Forecast = Callable[..., Any]
NAME = "嘉定区2026年10月就业失业月报"
WHERE = ("--region", "嘉定", "--month", "2026-10")


@dataclass
class Desk:
    """The desk of a section chief."""

    forecast: Forecast
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "bulletins" / "310114" / "2026-10"

    def deliver(self, last: int, *options: str) -> None:
        """A table of the bureau's own figures; `last` is that of October 2026."""
        months = pd.period_range("2024-01", "2026-10", freq="M")
        values = [*(12000 + 11 * i for i in range(len(months) - 1)), last]
        rows = [f"嘉定区,{m},{v}" for m, v in zip(months, values, strict=True)]
        file = self.home / "报表.csv"
        file.write_text("\n".join(["地区,月份,登记失业人数（人）", *rows]) + "\n", "utf-8")
        done = self.forecast("data", "import", str(file), *options)
        assert done.code == EXIT_OK, (done.out, done.err)

    def draft(self) -> dict[str, Any]:
        done = self.forecast("bulletin", *WHERE, "--json", "--format", "md")
        assert done.code == EXIT_OK, done.err
        content: dict[str, Any] = done.json
        return content

    def review(self, *options: str, name: str = "李四") -> Any:
        return self.forecast(
            "bulletin", "review", *WHERE, "--reviewer", name, "--format", "md", *options
        )

    def issue(self, number: str, *options: str, day: str = "2026-11-23") -> Any:
        return self.forecast(
            "bulletin", "issue", *WHERE, "--number", number, "--to", "区人民政府",
            "--signer", "张三", "--date", day, *options,
        )  # fmt: skip

    def files(self) -> list[Path]:
        """Files of the bulletin, without the text file and the checksums."""
        return [f for f in self.folder.iterdir() if f.stem.startswith(NAME)]

    def seals(self) -> dict[str, str]:
        return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in self.files()}

    def states(self) -> list[tuple[str, int, str, str]]:
        rows = self.forecast("bulletin", "list", "--json").json["bulletins"]
        return [(r["state"], r["correction"], r["number"], r["reviewer"]) for r in rows]


def refused(done: Any, words: str, code: int = EXIT_REFUSED) -> None:
    assert done.code == code, (done.out, done.err)
    assert words in done.err
    assert done.out == ""


@pytest.fixture
def desk(forecast: Forecast, home: Path) -> Desk:
    home.mkdir(parents=True, exist_ok=True)
    settings = '[bulletin]\noffice = "嘉定区人力资源和社会保障局"\n'
    (home / "forecast.toml").write_text(settings, "utf-8")
    return Desk(forecast, home)


@pytest.mark.soak
def test_from_draft_to_second_correction(desk: Desk) -> None:
    refused(desk.review(), "月报草稿", EXIT_NOT_FOUND)
    refused(desk.issue("嘉人社〔2026〕1号"), "月报草稿", EXIT_NOT_FOUND)
    desk.deliver(12400)
    assert desk.draft()["state"] == "draft"
    refused(desk.issue("嘉人社〔2026〕1号"), "还没有审核，不能签发")
    refused(desk.review(name=" "), "--reviewer", EXIT_USAGE)

    # A draft that changes is a draft again, and no correction.
    assert desk.review().code == EXIT_OK
    desk.deliver(12410, "--revise")
    again = desk.draft()
    assert (again["state"], again["correction"], again["changed"]) == ("draft", 0, True)
    refused(desk.issue("嘉人社〔2026〕1号"), "还没有审核")
    told = desk.review("--json").json
    assert (told["state"], told["signer"]) == ("reviewed", "")
    assert "（已审核，未经签发）" in (desk.folder / f"{NAME}.md").read_text("utf-8")
    refused(desk.review(), "已由李四审核")
    assert desk.states() == [("reviewed", 0, "", "李四")]

    refused(desk.issue("嘉人社〔2026〕1号", day="2026-11-01"), "倒签", EXIT_USAGE)
    refused(desk.issue("　"), "--number", EXIT_USAGE)
    assert desk.issue("嘉人社〔2026〕1号").code == EXIT_OK
    refused(desk.issue("嘉人社〔2026〕2号"), "已于 2026-11-23 签发")
    refused(desk.review(), "已于 2026-11-23 签发")
    frozen = desk.seals()
    text = (desk.folder / f"{NAME}.md").read_text("utf-8")
    assert "嘉人社〔2026〕1号　签发人：张三" in text
    assert "12410人" in text
    assert "未经" not in text
    assert not desk.draft()["changed"]
    assert desk.seals() == frozen

    # Lost files come back byte for byte.
    for file in desk.files():
        file.unlink()
    assert desk.forecast("bulletin", *WHERE).code == EXIT_OK
    assert desk.seals() == frozen

    for count, value in ((1, 12500), (2, 12600)):
        desk.deliver(value, "--revise")
        made = desk.draft()
        assert (made["state"], made["correction"]) == ("draft", count)
        number = f"嘉人社〔2026〕{count + 1}号"
        if count == 1:
            refused(desk.issue(number), "还没有审核")
        assert desk.review(name="王五").code == EXIT_OK
        if count == 2:
            refused(desk.issue("嘉人社〔2026〕1号"), "已经用于")
        assert desk.issue(number, "--format", "md").code == EXIT_OK
        told_text = (desk.folder / f"{NAME}（更正第{count}号）.md").read_text("utf-8")
        assert f"（更正第{count}号）" in told_text
        assert f"本件更正嘉人社〔2026〕{count}号" in told_text
        assert f"{value}人" in told_text
        assert {k: v for k, v in desk.seals().items() if k in frozen} == frozen
    assert desk.states() == [
        ("issued", 0, "嘉人社〔2026〕1号", "李四"),
        ("issued", 1, "嘉人社〔2026〕2号", "王五"),
        ("issued", 2, "嘉人社〔2026〕3号", "王五"),
    ]

    # A change that is taken back leaves nothing to sign.
    desk.deliver(12700, "--revise")
    assert desk.draft()["correction"] == 3
    desk.deliver(12600, "--revise")
    assert desk.draft()["state"] == "issued"
    refused(desk.issue("嘉人社〔2026〕4号"), "内容没有变化")
    refused(desk.review(), "内容没有变化")
