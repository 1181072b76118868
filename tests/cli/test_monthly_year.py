"""Monthly cycles replayed through the command line: what arrives late, broken, revised or never."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.errors import EXIT_OK, EXIT_PARTIAL

Forecast = Callable[..., Any]
SETTINGS = """
[run]
models = ["ets", "theta", "stock_flow", "combination"]
origins = 8
paths = 300
jobs = 1

[import]
revisions = "accept"
"""
FIRST, LAST = "2021-01", "2026-10"
DISTRICTS = ("嘉定", "徐汇", "舟山", "江夏", "嵊州")


def value(month: pd.Period) -> int:
    """Registered unemployed of a made-up real series: a season, a slow wave, a small wobble."""
    step = month.ordinal - pd.Period(FIRST, freq="M").ordinal
    season = (0, 90, 60, -20, -80, -60, 150, 120, -40, -90, -70, -60)[month.month - 1]
    return 11800 + season + 8 * step + 37 * (step * step % 7)


def table(months: Sequence[pd.Period], shift: int = 0) -> str:
    rows = [f"嘉定区,{m},{value(m) + shift}" for m in months]
    return "\n".join(["地区,月份,登记失业人数（人）", *rows]) + "\n"


def months(first: str, last: str) -> list[pd.Period]:
    return list(pd.period_range(first, last, freq="M"))


@dataclass
class Office:
    """A bureau's machine over a year."""

    forecast: Forecast
    home: Path
    regions: str
    bulletins: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "forecast.toml").write_text(SETTINGS, "utf-8")
        (self.home / "inbox").mkdir()

    def deliver(self, name: str, text: str) -> None:
        (self.home / "inbox" / name).write_text(text, "utf-8")

    def call(self, day: str, *arguments: str) -> Any:
        return self.forecast(*arguments, env={"FORECAST_TODAY": day})

    def cycle(self, day: str, code: int = EXIT_OK) -> dict[str, Any]:
        """Run a cycle and check what must hold after any of them."""
        done = self.forecast("monthly", "--regions", self.regions, "--as-of", day, "--json")
        assert done.code == code, (done.out, done.err)
        report: dict[str, Any] = done.json
        assert report["complete"] == (code == EXIT_OK)
        self._nothing_issued_is_rewritten()
        for entry in report["regions"]:
            if entry["state"] == "done":
                feed = self.feed(entry)
                assert feed["data_month"] == entry["data_month"]
                assert feed["champion"]["version"] == entry["version"]
                assert feed["level"] is None or feed["level"]["code"] == entry["level"]
                for file in entry["bulletin"]:
                    assert (self.home / file).is_file()
        return report

    def feed(self, entry: dict[str, Any]) -> dict[str, Any]:
        name = f"{entry['indicator']}.{entry['region']}.json"
        document: dict[str, Any] = json.loads((self.home / "thresholds" / name).read_text("utf-8"))
        return document

    def entry(self, report: dict[str, Any], region: str = "310114") -> dict[str, Any]:
        (found,) = [e for e in report["regions"] if e["region"] == region]
        return dict(found)

    def _nothing_issued_is_rewritten(self) -> None:
        """Warnings and earlier feeds stay as they were."""
        for file in sorted((self.home / "thresholds" / "history").glob("*.json")):
            seal = hashlib.sha256(file.read_bytes()).hexdigest()
            assert self.bulletins.setdefault(str(file), seal) == seal


@pytest.fixture
def office(forecast: Forecast, home: Path) -> Office:
    return Office(forecast, home, "嘉定")


def prepared(office: Office, last: str, day: str) -> None:
    office.begin()
    office.deliver("历史.csv", table(months(FIRST, last)))
    done = office.call(day, "caps", "set", "--region", "嘉定", "--tier", "市", "--value", "12700",
                       "--period", "2026", "--source", "测试1号", "--announced-on",
                       "2026-01-15")  # fmt: skip
    assert done.code == 0, done.err


def test_broken_late_and_quiet_months(office: Office) -> None:
    prepared(office, "2026-04", "2026-05-20")
    first = office.cycle("2026-05-20")
    entry = office.entry(first)
    assert (entry["state"], entry["data_month"], entry["demo"]) == ("done", "2026-04", False)
    assert [f["state"] for f in first["files"]] == ["imported"]

    # The same day again: nothing is new, nothing is done.
    again = office.entry(office.cycle("2026-05-20"))
    assert (again["state"], again["version"]) == ("unchanged", entry["version"])

    # A broken file is sent back and the month is overdue; thresholds lose their validity.
    office.deliver("5月.csv", "地区,月份,登记失业人数（人）\n嘉定区,2026-05,一万二\n")
    broken = office.cycle("2026-06-20", EXIT_PARTIAL)
    assert [f["state"] for f in broken["files"]] == ["returned"]
    assert "一万二" in broken["files"][0]["message"]
    late = office.entry(broken)
    assert (late["state"], late["overdue"]) == ("unchanged", "2026-05")
    assert office.feed(late)["state"] == "stale"
    checked = office.call("2026-06-20", "thresholds", "check", "12000", "--region", "嘉定")
    assert checked.code == 13

    # It comes late; the model that failed did not stop anything.
    office.deliver("5月改.csv", table(months("2026-05", "2026-05")))
    caught_up = office.entry(office.cycle("2026-06-25"))
    assert (caught_up["state"], caught_up["data_month"]) == ("done", "2026-05")
    assert office.feed(caught_up)["state"] == "current"
    kept = office.call("2026-06-25", "warnings", "history", "--json").json["warnings"]
    assert [w["data_month"] for w in kept] == ["2026-04", "2026-05"]
    page = (office.home / "bulletins" / "index.html").read_text("utf-8")
    assert "2026-05" in page


@pytest.mark.soak
def test_a_year_over_five_districts_and_the_nation(forecast: Forecast, home: Path) -> None:
    office = Office(forecast, home, ",".join((*DISTRICTS, "全国")))
    prepared(office, "2025-10", "2025-11-20")
    opening = office.cycle("2025-11-20")
    assert {e["state"] for e in opening["regions"]} == {"done"}
    assert {e["region_name"] for e in opening["regions"] if e["demo"]} == {
        "徐汇区", "舟山市", "江夏区", "嵊州市",
    }  # fmt: skip

    def month(name: str, day: str, code: int = EXIT_OK) -> dict[str, Any]:
        office.deliver(f"{name}.csv", table(months(name, name)))
        return office.cycle(day, code)

    month("2025-11", "2025-12-20")
    month("2025-12", "2026-01-20")
    # January is late: unchanged and overdue, then caught up with February.
    waiting = office.entry(office.cycle("2026-02-25"))
    assert (waiting["state"], waiting["overdue"]) == ("unchanged", "2026-01")
    office.deliver("2026-01.csv", table(months("2026-01", "2026-01")))
    assert office.entry(month("2026-02", "2026-03-20"))["data_month"] == "2026-02"
    # A broken file in April.
    office.deliver("坏.csv", "地区,月份,登记失业人数（人）\n嘉定区,2026-03,#REF!\n")
    assert office.entry(office.cycle("2026-04-20", EXIT_PARTIAL))["state"] == "unchanged"
    assert office.entry(month("2026-03", "2026-04-24"))["data_month"] == "2026-03"
    month("2026-04", "2026-05-20")
    before = office.entry(month("2026-05", "2026-06-20"))
    # A revision of May: same month, other data, another forecast.
    office.deliver("5月修订.csv", table(months("2026-05", "2026-05"), shift=60))
    revised = office.entry(office.cycle("2026-06-28"))
    assert (revised["state"], revised["data_month"]) == ("done", "2026-05")
    assert revised["identity"] != before["identity"]
    assert revised["latest"] != before["latest"]
    # The cap is changed in July.
    changed = office.call("2026-07-10", "caps", "set", "--region", "嘉定", "--tier", "市",
                          "--value", "12300", "--period", "2026", "--source", "测试2号",
                          "--announced-on", "2026-07-10")  # fmt: skip
    assert changed.code == 0, changed.err
    july = office.entry(month("2026-06", "2026-07-20"))
    assert {c["value"] for c in office.feed(july)["caps"]} == {12300.0}
    # July's figure never comes, August's leaves a gap: refused, and the feed says so.
    gap = office.entry(month("2026-08", "2026-09-20", EXIT_PARTIAL))
    assert gap["state"] == "failed"
    assert "2026-07" in gap["message"]
    assert office.feed(gap)["state"] == "failed"
    others = office.cycle("2026-09-20", EXIT_PARTIAL)["regions"]
    assert [e["state"] for e in others if e["region"] != "310114"] == ["unchanged"] * 5
    healed = office.entry(month("2026-07", "2026-09-25"))
    assert (healed["state"], healed["data_month"]) == ("done", "2026-08")
    month("2026-09", "2026-10-20")
    last = month("2026-10", "2026-11-20")
    assert office.entry(last)["data_month"] == "2026-10"
    history = office.call("2026-11-20", "warnings", "history", "--region", "嘉定", "--json").json
    listed = [w["data_month"] for w in history["warnings"]]
    assert listed == sorted(listed)
    assert listed.count("2026-05") == 2
    assert "2026-07" not in listed
