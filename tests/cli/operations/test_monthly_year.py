"""Monthly cycles replayed through the command line: what arrives late, broken, revised or never.

After every cycle each bulletin is held against the store, the feed and what was issued before; the
stories say what each event must leave beside that.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import EXIT_NO_THRESHOLDS, EXIT_OK, EXIT_PARTIAL
from employment_forecast.data.store.store import Store
from employment_forecast.data.workspace.folders import Workspace

Forecast = Callable[..., Any]
SETTINGS = """
[run]
models = [{models}]
origins = 8
paths = 300
jobs = 1

[history]
gaps = "refuse"

[import]
revisions = "accept"

[monthly]
settle_seconds = 0

[bulletin]
office = "嘉定区就业促进中心"
"""
FIRST = "2021-01"
RED = 23
DISTRICTS = ("嘉定", "徐汇", "舟山", "江夏", "嵊州")
STOCK = "registered_unemployed"
NUMBER = "嘉就〔2026〕{}号"

# A model of another package that gives no forecast from the data of one month, and its reason.
FAILING_MONTH, REASON = "2025-12", "演练：十二月不出预测"
PLUGIN = f'''
import numpy as np
from employment_forecast.models.contract import Competitor, ModelFailure, Tags

class LastYear(Competitor):
    name = "last_year"
    label = "去年同月（外部）"
    tags = Tags(min_months=24, cost=0.01)

    def _fit(self, data):
        return {{"sigma": float(np.std(np.diff(data.z)))}}

    def _paths(self, data, parameters, horizon, n_paths, rng):
        if str(data.months[-1]) == "{FAILING_MONTH}":
            raise ModelFailure("{REASON}")
        mean = data.z[-12:][np.arange(horizon) % 12]
        return mean + parameters["sigma"] * rng.normal(size=(n_paths, horizon)).cumsum(axis=1)
'''


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


def chinese(month: str) -> str:
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def seal(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Bulletin:
    """A bulletin as its files tell it."""

    text: str
    facts: Mapping[str, Any]
    files: tuple[Path, ...]

    def below(self, pointer: str) -> dict[str, Any]:
        return {p: v for p, v in self.facts.items() if p.startswith(pointer + "/")}

    @property
    def caps(self) -> set[float]:
        form = re.compile(r"/series/[a-z_]+/caps/[^/]+/value")
        return {float(v) for p, v in self.facts.items() if form.fullmatch(p)}

    @property
    def failed(self) -> dict[str, str]:
        """Reasons by model."""
        form = re.compile(r"/notes/failed/([^/]+)/failure")
        return {m[1]: str(v) for p, v in self.facts.items() if (m := form.fullmatch(p))}

    def revision(self, month: str) -> tuple[float, float]:
        place = f"/notes/series/{STOCK}/revisions/{month}"
        return self.facts[f"{place}/before"], self.facts[f"{place}/after"]

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Texts before and after of what a correction corrects."""
        form = re.compile(r"/correction/[a-z]+/(\d+)/(before|after)")
        rows: dict[int, dict[str, str]] = {}
        for pointer, told in self.facts.items():
            if match := form.fullmatch(pointer):
                rows.setdefault(int(match[1]), {})[match[2]] = str(told)
        return [(r.get("before", ""), r.get("after", "")) for r in rows.values()]


@dataclass
class Office:
    """A bureau's machine over a year."""

    forecast: Forecast
    home: Path
    regions: str
    extra: dict[str, str] = field(default_factory=dict)
    sealed: dict[Path, str] = field(default_factory=dict)

    def begin(self, models: str) -> None:
        (self.home / "inbox").mkdir(parents=True)
        (self.home / "forecast.toml").write_text(SETTINGS.format(models=models), "utf-8")

    def deliver(self, name: str, text: str) -> None:
        (self.home / "inbox" / name).write_text(text, "utf-8")

    def call(self, day: str, *arguments: str) -> Any:
        return self.forecast(*arguments, env={**self.extra, "FORECAST_TODAY": day})

    def well(self, day: str, *arguments: str) -> Any:
        done = self.call(day, *arguments)
        assert done.code == EXIT_OK, (done.out, done.err)
        return done

    def cap(self, day: str, amount: int, source: str) -> None:
        self.well(day, "caps", "set", "--basis", "各月",
            "--region", "嘉定", "--tier", "市", "--value", str(amount),
                  "--period", "2026", "--source", source, "--announced-on", day)  # fmt: skip

    def check(self, day: str, figure: int, code: int) -> None:
        done = self.call(day, "thresholds", "check", str(figure), "--region", "嘉定")
        assert done.code == code, (done.out, done.err)

    def cycle(self, day: str, code: int = EXIT_OK, regions: str = "") -> dict[str, Any]:
        """Run a cycle and check what must hold after any of them."""
        done = self.forecast("monthly", "--regions", regions or self.regions, "--as-of", day,
                             "--json", env=self.extra)  # fmt: skip
        assert done.code == code, (done.out, done.err)
        report: dict[str, Any] = done.json
        assert report["complete"] == (code == EXIT_OK)
        summaries = sorted((self.home / "monthly" / "summary").glob(f"{day}*.txt"))
        told = summaries[-1].read_text("utf-8")
        assert told.startswith("【需处理】") == (code == EXIT_PARTIAL)
        page = (self.home / "bulletins" / "index.html").read_text("utf-8")
        for entry in report["regions"]:
            if entry["state"] == "done":
                self._holds_together(entry, day)
                assert entry["data_month"] in page
            if entry["state"] == "failed":
                assert entry["message"] in told
                assert self.feed(entry)["state"] == "failed"
        self._nothing_frozen_is_rewritten()
        return report

    def done(self, day: str, regions: str = "") -> dict[str, Any]:
        """A cycle in which 嘉定 is carried through."""
        entry = entry_of(self.cycle(day, regions=regions))
        assert entry["state"] == "done"
        return entry

    def month(self, name: str, day: str) -> dict[str, Any]:
        """A cycle with the file of a month, and what it says of 嘉定."""
        self.deliver(f"{name}.csv", table(months(name, name)))
        entry = self.done(day)
        assert entry["data_month"] == name
        assert entry["correction"] == 0
        return entry

    def feed(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        name = f"{entry['indicator']}.{entry['region']}.json"
        document: dict[str, Any] = json.loads((self.home / "thresholds" / name).read_text("utf-8"))
        return document

    def bulletin(self, files: Sequence[str | Path]) -> Bulletin:
        by_suffix = {Path(f).suffix: self.home / f for f in files}
        facts = json.loads(by_suffix[".json"].read_text("utf-8"))["facts"].values()
        text = by_suffix[".md"].read_text("utf-8")
        return Bulletin(text, {f["pointer"]: f["value"] for f in facts}, tuple(by_suffix.values()))

    def told(self, entry: Mapping[str, Any]) -> Bulletin:
        return self.bulletin(entry["bulletin"])

    def issue(self, day: str, number: int, month: str) -> Bulletin:
        """Issue the bulletin of 嘉定, whose files must never change again."""
        self.well(
            day, "bulletin", "review", "--region", "嘉定", "--month", month, "--reviewer", "李四"
        )
        done = self.well(day, "bulletin", "issue", "--region", "嘉定", "--month", month, "--number",
                         NUMBER.format(number), "--to", "区人民政府", "--signer", "张三",
                         "--json").json  # fmt: skip
        issued = self.bulletin([f["path"] for f in done["files"]])
        self.sealed |= {Path(f["path"]): f["sha256"] for f in done["files"]}
        self._nothing_frozen_is_rewritten()
        assert NUMBER.format(number) in issued.text
        assert "（草稿，" not in issued.text
        return issued

    def listed(self, day: str, *wanted: str) -> list[tuple[str, str, int, str]]:
        rows = self.well(day, "bulletin", "list", "--region", "嘉定", *wanted, "--json").json
        return [(r["month"], r["state"], r["correction"], r["number"]) for r in rows["bulletins"]]

    def warned(self, day: str) -> list[str]:
        done = self.well(day, "warnings", "history", "--region", "嘉定", "--json")
        return [w["data_month"] for w in done.json["warnings"]]

    def _holds_together(self, entry: dict[str, Any], day: str) -> None:
        """Store, feed, version and every form of the bulletin say the same."""
        feed, told = self.feed(entry), self.told(entry)
        assert feed["data_month"] == entry["data_month"] == told.facts["/month"]
        assert feed["as_of"] == day
        usual = "demo" if entry["demo"] else "current"
        assert feed["state"] == ("stale" if day > feed["valid_until"] else usual)
        assert feed["champion"]["version"] == entry["version"] == told.facts["/outlook/version"]
        assert told.facts["/outlook/origin"] == entry["data_month"]
        latest = self._latest(entry, day)
        assert told.facts[f"/series/{entry['indicator']}/value"] == latest == feed["latest"]
        # The value is held against the month's own cap, the outlook against next month's.
        assert {c["value"] for c in feed["caps"]} <= set(told.facts.values())
        if not entry["data_month"].endswith("-12"):
            assert told.caps >= {c["value"] for c in feed["caps"]}
        assert (feed["level"] or {}).get("code") == entry["level"]
        if entry["level"]:
            assert told.facts["/warning/level/name"] == entry["level_name"]
        assert ("演示数据" in told.text) == entry["demo"]
        assert ("未得出预测的参赛模型" in told.text) == bool(told.failed)
        number = f"（更正第{entry['correction']}号）" if entry["correction"] else ""
        title = f"{entry['region_name']}{chinese(entry['data_month'])}就业失业"
        assert {f.suffix for f in told.files} == {".html", ".docx", ".md", ".json"}
        for file in told.files:
            assert file.stem == f"{title}月报{number}"
        assert told.text.startswith(f"# {title}形势分析与失业预警月报")
        shown = f"{latest:g}"
        (page,) = [f for f in told.files if f.suffix == ".html"]
        assert shown in page.read_text("utf-8")
        (document,) = [f for f in told.files if f.suffix == ".docx"]
        with zipfile.ZipFile(document) as archive:
            assert shown in archive.read("word/document.xml").decode()

    def _latest(self, entry: Mapping[str, Any], day: str) -> float:
        """Newest value the store knew, in published precision."""
        decimals = load_catalogue().indicator(entry["indicator"]).decimals
        store = Store(f"sqlite:///{Workspace(self.home).database}")
        try:
            known = store.vintages(entry["region"], entry["indicator"])
            values = known.as_of(date.fromisoformat(day)).values
        finally:
            store.close()
        assert str(values.index[-1]) == entry["data_month"]
        return round(float(values.iloc[-1]), decimals)

    def _nothing_frozen_is_rewritten(self) -> None:
        """Issued bulletins and earlier feeds stay as they were."""
        for file in (self.home / "thresholds" / "history").glob("*.json"):
            self.sealed.setdefault(file, seal(file))
        for file, was in self.sealed.items():
            assert seal(file) == was, file


def entry_of(report: Mapping[str, Any], region: str = "310114") -> dict[str, Any]:
    (entry,) = [e for e in report["regions"] if e["region"] == region]
    return dict(entry)


def others_of(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(e) for e in report["regions"] if e["region"] != "310114"]


def states(report: Mapping[str, Any]) -> list[str]:
    return [f["state"] for f in report["files"]]


def test_a_month_is_carried_through_once(forecast: Forecast, home: Path) -> None:
    office = Office(forecast, home, "嘉定")
    office.begin('"random_walk"')
    office.deliver("历史.csv", table(months(FIRST, "2026-04")))
    first = office.cycle("2026-05-20")
    assert states(first) == ["imported"]
    entry = entry_of(first)
    assert (entry["state"], entry["data_month"], entry["demo"]) == ("done", "2026-04", False)
    assert entry_of(office.cycle("2026-05-21"))["state"] == "unchanged"


@pytest.mark.soak  # a year's cycles; each step is tested by itself
def test_issued_revised_broken_and_late(forecast: Forecast, home: Path) -> None:
    office = Office(forecast, home, "嘉定")
    office.begin('"theta", "stock_flow"')
    office.deliver("历史.csv", table(months(FIRST, "2026-04")))
    office.cap("2026-01-15", 12700, "测试1号")
    first = office.cycle("2026-05-20")
    assert states(first) == ["imported"]
    entry = entry_of(first)
    assert (entry["state"], entry["data_month"], entry["demo"]) == ("done", "2026-04", False)
    # Nothing of the register's flows was imported: that model does not apply, which is no failure.
    assert office.told(entry).failed == {}
    assert office.told(entry).caps == {12700.0}
    issued = office.issue("2026-05-21", 1, "2026-04")

    # A broken file is sent back and the month is overdue; thresholds lose their validity, and what
    # was issued stays as it is.
    office.deliver("5月.csv", "地区,月份,登记失业人数（人）\n嘉定区,2026-05,一万二\n")
    broken = office.cycle("2026-06-20", EXIT_PARTIAL)
    assert states(broken) == ["returned"]
    assert "一万二" in broken["files"][0]["message"]
    late = entry_of(broken)
    assert (late["state"], late["overdue"]) == ("unchanged", "2026-05")
    assert (late["version"], late["correction"]) == (entry["version"], 0)
    assert office.feed(late)["state"] == "stale"
    office.check("2026-06-20", 12000, EXIT_NO_THRESHOLDS)

    # April is revised before May has come: a numbered correction of what was issued.
    office.deliver("4月修订.csv", table(months("2026-04", "2026-04"), shift=60))
    was = value(pd.Period("2026-04", "M"))
    revised = entry_of(office.cycle("2026-06-22"))
    assert (revised["state"], revised["data_month"], revised["correction"]) == (
        "done",
        "2026-04",
        1,
    )
    assert office.feed(revised)["state"] == "stale"  # May is still missing
    correction = office.told(revised)
    assert (str(was), str(was + 60)) in correction.changes
    assert correction.revision("2026-04") == (was, was + 60)
    assert correction.facts["/correction/number"] == NUMBER.format(1)
    assert issued.facts[f"/series/{STOCK}/value"] == was
    assert office.listed("2026-06-22") == [
        ("2026-04", "issued", 0, NUMBER.format(1)),
        ("2026-04", "draft", 1, ""),
    ]
    # May at last: the correction stays a draft of April, and all goes on.
    caught_up = office.month("2026-05", "2026-06-25")
    assert office.feed(caught_up)["state"] == "current"
    assert office.warned("2026-06-25") == ["2026-04", "2026-04", "2026-05"]


@pytest.mark.soak
def test_a_year_over_five_districts_and_the_nation(
    forecast: Forecast, home: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "外部模型"
    (outside / "outside_model-1.0.dist-info").mkdir(parents=True)
    (outside / "outside_model.py").write_text(PLUGIN, "utf-8")
    about = outside / "outside_model-1.0.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-model\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[employment_forecast.models]\nlast_year = outside_model:LastYear\n"
    )
    office = Office(forecast, home, ",".join((*DISTRICTS, "全国")), {"PYTHONPATH": str(outside)})
    office.begin('"ets", "theta", "last_year", "combination"')
    office.deliver("历史.csv", table(months(FIRST, "2025-10")))
    opening = office.cycle("2025-11-20")
    assert {e["state"] for e in opening["regions"]} == {"done"}
    assert {e["region_name"] for e in opening["regions"] if e["demo"]} == {
        "徐汇区",
        "舟山市",
        "江夏区",
        "嵊州市",
    }
    assert not any(office.told(e).failed for e in opening["regions"])
    # No cap yet for 嘉定: no level is claimed, and that it was not assessed is said.
    assert office.told(entry_of(opening)).caps == set()
    assert entry_of(opening)["level"] is None
    assert "预警等级未评估：没有可评估的控制数" in entry_of(opening)["message"]
    office.issue("2025-11-24", 1, "2025-10")

    office.month("2025-11", "2025-12-20")
    # A model fails in every region that forecasts from December, and nowhere else.
    office.cap("2026-01-15", 12700, "测试1号")
    office.deliver("2025-12.csv", table(months("2025-12", "2025-12")))
    failing = office.cycle("2026-01-20")
    struck = [e for e in failing["regions"] if e["data_month"] == FAILING_MONTH]
    assert len(struck) == 6
    for entry in struck:
        assert office.told(entry).failed == {"last_year": REASON}
        assert f"未得出预测的参赛模型：去年同月（外部）（{REASON}）" in office.told(entry).text
    # December has no cap of its own; the outlook and the lines are held against the new one.
    december = entry_of(failing)
    assert office.told(december).caps == set()
    assert {c["value"] for c in office.feed(december)["caps"]} == {12700.0}
    assert december["level"] is not None

    # January is late: unchanged and overdue, the thresholds out of date; then caught up with
    # February.
    waiting = office.cycle("2026-02-25")
    late = entry_of(waiting)
    assert (late["state"], late["overdue"]) == ("unchanged", "2026-01")
    assert late["bulletin"] == entry_of(failing)["bulletin"]
    assert office.feed(late)["state"] == "stale"
    office.check("2026-02-25", 12000, EXIT_NO_THRESHOLDS)
    office.deliver("2026-01.csv", table(months("2026-01", "2026-01")))
    both = office.month("2026-02", "2026-03-20")
    # It forecasts again; that it has not at one of the origins it is judged by is in the scores.
    assert office.told(both).failed == {}
    assert office.told(both).caps == {12700.0}

    # A broken file in April: sent back with its reason, then delivered in order.
    office.deliver("坏.csv", "地区,月份,登记失业人数（人）\n嘉定区,2026-03,#REF!\n")
    broken = office.cycle("2026-04-20", EXIT_PARTIAL)
    assert states(broken) == ["returned"]
    returned = office.home / "inbox" / "退回" / "2026-04-20"
    assert "#REF!" in (returned / "坏.csv.退回原因.txt").read_text("utf-8")
    assert entry_of(broken)["state"] == "unchanged"
    office.month("2026-03", "2026-04-24")
    office.month("2026-04", "2026-05-20")

    # May is issued. Nothing new: nothing happens to it. Revised: a numbered correction, each time.
    may = office.month("2026-05", "2026-06-20")
    office.issue("2026-06-22", 2, "2026-05")
    quiet = office.cycle("2026-06-23")
    assert {e["state"] for e in quiet["regions"]} == {"unchanged"}
    was = value(pd.Period("2026-05", "M"))
    for number, (day, shift) in enumerate([("2026-06-28", 60), ("2026-06-30", 45)], start=1):
        office.deliver(f"5月修订{number}.csv", table(months("2026-05", "2026-05"), shift))
        revised = office.done(day, "嘉定")
        assert (revised["data_month"], revised["correction"]) == ("2026-05", number)
        assert revised["identity"] != may["identity"]
        draft = office.told(revised)
        before = was + (60 if number == 2 else 0)
        assert (str(before), str(was + shift)) in draft.changes
        assert draft.revision("2026-05")[1] == was + shift
        assert draft.facts["/correction/number"] == NUMBER.format(1 + number)
        page = (office.home / "bulletins" / "index.html").read_text("utf-8")
        assert f"更正第{number}号" in page
        office.issue(day, 2 + number, "2026-05")
    assert office.listed("2026-06-30", "--month", "2026-05") == [
        ("2026-05", "issued", n, NUMBER.format(2 + n)) for n in range(3)
    ]

    # The cap is changed in July: new lines and a level at once, and in June's bulletin the new cap.
    office.cap("2026-07-10", 12300, "测试2号")
    changed = office.done("2026-07-11", "嘉定")
    assert (changed["data_month"], changed["correction"]) == ("2026-05", 3)
    assert office.told(changed).caps == {12300.0}
    assert office.told(changed).changes
    assert {c["value"] for c in office.feed(changed)["caps"]} == {12300.0}
    july = office.month("2026-06", "2026-07-20")
    assert office.told(july).caps == {12300.0}
    assert {c["value"] for c in office.feed(july)["caps"]} == {12300.0}
    office.check("2026-07-20", 14000, RED)

    # July's figure never comes, August's leaves a gap: refused, and the feed says so. The other
    # regions are not touched by it, nor does a second try do them again.
    office.deliver("2026-08.csv", table(months("2026-08", "2026-08")))
    gap = office.cycle("2026-09-20", EXIT_PARTIAL)
    assert entry_of(gap)["state"] == "failed"
    assert "2026-07" in entry_of(gap)["message"]
    assert {e["state"] for e in others_of(gap)} == {"done"}
    office.check("2026-09-20", 12000, EXIT_NO_THRESHOLDS)
    again = office.cycle("2026-09-20", EXIT_PARTIAL)
    assert {e["state"] for e in others_of(again)} == {"unchanged"}
    assert not (office.home / "bulletins" / "310114" / "2026-08").exists()
    # Who must report all the same gets a bulletin by hand, which says what is missing.
    done = office.well("2026-09-20", "bulletin", "--region", "嘉定", "--json").json
    by_hand = office.bulletin([f["path"] for f in done["files"]])
    assert by_hand.facts[f"/series/{STOCK}/value"] == value(pd.Period("2026-08", "M"))
    assert "登记失业人数缺2026年7月" in by_hand.text
    office.deliver("2026-07.csv", table(months("2026-07", "2026-07")))
    healed = office.done("2026-09-25")
    assert (healed["data_month"], healed["correction"]) == ("2026-08", 0)
    assert "登记失业人数缺" not in office.told(healed).text

    office.month("2026-09", "2026-10-20")
    last = office.month("2026-10", "2026-11-20")
    assert not office.told(last).failed  # that origin is behind
    closing = office.cycle("2026-11-20")
    assert {e["state"] for e in closing["regions"]} == {"unchanged"}
    _history(office)


def _history(office: Office) -> None:
    """What the year has left behind."""
    told = [str(m) for m in months("2025-10", "2026-10") if str(m) not in ("2026-01", "2026-07")]
    warned = office.warned("2026-11-20")
    assert sorted(set(warned)) == told
    assert warned == sorted(warned)
    # First published, twice revised, and once against another cap.
    assert warned.count("2026-05") == 4
    assert {warned.count(m) for m in told if m != "2026-05"} == {1}
    listed = office.listed("2026-11-20")
    assert {m for m, *_ in listed} == set(told)
    assert [row for row in listed if row[1] == "issued"] == [
        ("2025-10", "issued", 0, NUMBER.format(1)),
        *(("2026-05", "issued", n, NUMBER.format(2 + n)) for n in range(3)),
    ]
    journal = json.loads(
        (office.home / "monthly" / "journal" / f"310114.{STOCK}.json").read_text("utf-8")
    )["entries"]
    done = [e["data_month"] for e in journal if e["state"] == "done"]
    assert done == warned
    assert [e["day"] for e in journal if e["state"] == "failed"] == ["2026-09-20"]
    kept = sorted((office.home / "thresholds" / "history").glob(f"{STOCK}.310114*.json"))
    assert len(kept) >= len(done)
