"""Sentences on caps, levels, gaps and the general judgement, over what a record can hold."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.paths import FIXTURES

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.data.store.store import Store
from employment_forecast.data.targets.target import TIER_NAMES
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.flows import FLOWS, STOCK, flows_record
from employment_forecast.forecasting.bulletin.record.market import ratio_record
from employment_forecast.forecasting.bulletin.record.outlook import _in_progress as progress_record
from employment_forecast.forecasting.bulletin.record.warning import warning_record
from employment_forecast.forecasting.bulletin.text.blocks import Chart, Paragraph
from employment_forecast.forecasting.bulletin.text.cap_wording import cap_chance, most_at_risk
from employment_forecast.forecasting.bulletin.text.compose import compose
from employment_forecast.forecasting.bulletin.text.facts import CitedRecord, plain
from employment_forecast.forecasting.bulletin.text.sections.notes import explanation
from employment_forecast.forecasting.bulletin.text.sections.outlook import _in_progress
from employment_forecast.forecasting.bulletin.text.sections.overview import overview
from employment_forecast.forecasting.bulletin.text.sections.summary import (
    strongest_movement,
    summary,
)
from employment_forecast.forecasting.bulletin.text.sections.warning import warning
from employment_forecast.forecasting.bulletin.text.tiers import retold, tier_word
from employment_forecast.forecasting.early_warning.decision import (
    Level,
    LevelEvidence,
    Scheme,
    decide_level,
)

FOLDER = FIXTURES / "records"
ODD = re.compile(r"nan|None|（）|，，|；；|。。|，。|；。|（，|-0|\d{4}-\d|[\u4e00-\u9fff][,;:]")
MONTH, DAY = pd.Period("2026-10", "M"), date(2026, 11, 20)


def cap(**changes: Any) -> dict[str, Any]:
    return {
        "tier": "district", "basis": "any_month", "qualifier": "以内", "value": 14000,
        "period": "2026", "carried": False, "already_breached": False, "breached": None,
        "p_any": 0.62, "p_any_remaining": 0.3, "p_end": 0.5, "p_average": 0.001,
        "reasons": {}, "source": "测试", **changes,
    }  # fmt: skip


def book(*caps: dict[str, Any], region: str = "嘉定区", **changes: Any) -> CitedRecord:
    return CitedRecord({
        "source": "测试", "month": "2026-10", "indicator": "registered_unemployed",
        "region": {"name": region}, "series": {},
        "outlook": {"status": "champion", "origin": "2026-10", "unit": "人", "decimals": 0,
                    "caps": {str(i): c for i, c in enumerate(caps)}},
        **changes,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "2026年内突破区控制数（14000人以内）的概率为62%（可能与不可能大体相当）"),
        ({"basis": "period_end"},
         "2026年末突破区控制数（14000人以内）的概率为50%（可能与不可能大体相当）"),
        ({"basis": "period_average"},
         "2026年全年平均突破区控制数（14000人以内）的概率不到1%（几乎不可能）"),
        ({"period": "2026-2030", "p_any": 0.999},
         "2026—2030年内突破区控制数（14000人以内）的概率在99%以上（几乎肯定）"),
        ({"period": "2026-2030", "basis": "period_end"},
         "2026—2030年期末突破区控制数（14000人以内）的概率为50%（可能与不可能大体相当）"),
        ({"period": "2026-12", "basis": "point"},
         "2026年12月突破区控制数（14000人以内）的概率为62%（可能与不可能大体相当）"),
        ({"already_breached": True, "breached": {"month": "2026-08", "value": 14105}},
         "2026年内已突破区控制数（14000人以内），首次在2026年8月（14105人），"
         "今后各月再次突破的概率为30%（不太可能）"),
        ({"already_breached": True, "p_any_remaining": None},
         "2026年内已突破区控制数（14000人以内）"),
        ({"p_any": None, "reasons": {"p_any": "预测期不到期末"}},
         "2026年内突破区控制数（14000人以内）的概率不能给出：预测期不到期末"),
        ({"tier": "national", "qualifier": "左右", "carried": True},
         "2026年内突破国家预期目标（14000人左右，沿用上期）的概率为62%（可能与不可能大体相当）"),
        ({"tier": "national", "qualifier": "左右", "limit": 14140},
         "2026年内突破国家预期目标（14000人左右，含容差为14140人）的概率为62%"
         "（可能与不可能大体相当）"),
    ],
)  # fmt: skip
def test_chances_of_a_cap(changes: dict[str, Any], said: str) -> None:
    assert plain(cap_chance(book(cap(**changes)), "/outlook/caps/0")) == said


def test_every_cap_reads_well() -> None:
    seen = 0
    for basis, period, tier, p, breached, region in itertools.product(
        ("any_month", "period_end", "period_average", "point"), ("2026", "2026-2030", "2026-12"),
        TIER_NAMES, (0.0, 0.004, 0.5, 1.0), (False, True), ("嘉定区", "嵊州市", "某县"),
    ):  # fmt: skip
        row = cap(basis=basis, period=period, tier=tier, p_any=p, p_end=p, p_average=p,
                  already_breached=breached)  # fmt: skip
        said = plain(cap_chance(book(row, region=region), "/outlook/caps/0"))
        assert not ODD.search(said), said
        assert said.count("突破") >= 1
        assert said.count("（") == said.count("）")
        seen += 1
    assert seen == 4 * 3 * 4 * 4 * 2 * 3


def test_the_cap_most_at_risk() -> None:
    rows = (cap(p_any=0.2), cap(basis="period_end", p_end=0.7), cap(p_any=None))
    assert most_at_risk(book(*rows)) == "1"
    assert most_at_risk(book(*rows, cap(already_breached=True))) == "3"
    assert most_at_risk(book()) is None
    assert most_at_risk(book(*rows, month="2026-11")) is None
    assert most_at_risk(book(cap(p_any=None))) is None


def test_tiers_are_named_after_the_place() -> None:
    assert [tier_word("嘉定区", t) for t in TIER_NAMES] == ["国家", "市", "区", "自定"]
    assert [tier_word("嵊州市", t) for t in TIER_NAMES] == ["国家", "上级", "本市", "自定"]
    assert [tier_word("某县", t) for t in TIER_NAMES] == ["国家", "市", "县", "自定"]
    text = "市控制数14300人以内、区控制数14000人以内"
    assert retold("嘉定区", text) == text
    assert retold("嵊州市", text) == "上级控制数14300人以内、本市控制数14000人以内"


def series(code: str, value: float | None, **changes: Any) -> dict[str, Any]:
    indicator = load_catalogue().indicator(code)
    beside = {"base": 1, "percent": None, "reason": "口径变化，不可比"}
    return {
        "name": indicator.name, "unit": indicator.unit, "kind": indicator.kind,
        "decimals": indicator.decimals,
        "value": value, "month_on_month": {**beside, "change": changes.get("month")},
        "year_on_year": {**beside, "change": changes.get("year")},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("month", "year", "said"),
    [
        (5, 7, "，环比、同比均增加"), (-5, 7, "，环比减少、同比增加"), (0, 0, "，环比、同比均持平"),
        (None, -1, "，同比减少"), (2, None, "，环比增加"), (None, None, ""),
    ],
)  # fmt: skip
def test_the_general_judgement(month: int | None, year: int | None, said: str) -> None:
    main = {"registered_unemployed": series("registered_unemployed", 13612, month=month, year=year)}
    (only,) = summary(book(series=main))
    assert isinstance(only, Paragraph)
    assert plain(only.text) == f"总的看，2026年10月末登记失业人数13612人{said}。"


def test_the_general_judgement_tells_what_is_known() -> None:
    rows = {
        "registered_unemployed": series("registered_unemployed", 13612, month=5, year=5),
    }
    progress = {
        "new_jobs": {"basis": "period_total", "period": "2026", "gap": -1.2, "name": "城镇新增就业"}
    }
    level = {"code": "orange", "name": "Ⅱ级（橙色）"}
    full = book(
        cap(), series=rows, progress=progress, warning={"level": level, "data_month": "2026-10"}
    )
    (only,) = summary(full)
    assert isinstance(only, Paragraph)
    # That one is ahead of the calendar is no news.
    progress["new_jobs"]["gap"] = 1.2
    ahead = plain(summary(full)[0].text)
    assert "序时进度" not in ahead
    assert plain(only.text) == (
        "总的看，2026年10月末登记失业人数13612人，环比、同比均增加；城镇新增就业慢于序时进度；2026年内突破区控制数（14000人以内）的概率为62%"
        "（可能与不可能大体相当）；预警等级为Ⅱ级（橙色）。"
    )
    unknown = {"registered_unemployed": series("registered_unemployed", None)}
    assert summary(book(cap(), series=unknown)) == []


def feed(code: str, reasons: list[str]) -> dict[str, Any]:
    levels = [{"code": "yellow", "name": "Ⅲ级（黄色）", "probability": 0.25},
              {"code": "red", "name": "Ⅰ级（红色）", "probability": 0.8}]  # fmt: skip
    name = {"none": "无预警"}.get(code, "Ⅰ级（红色）")
    return {
        "state": "current", "data_month": "2026-10", "unit": "人", "scheme": {"levels": levels},
        "level": {"code": code, "name": name, "since": "2026-09", "reasons": reasons},
        "caps": [], "lines": [],
    }  # fmt: skip


def told(code: str, reasons: list[str], *caps: dict[str, Any], region: str = "嘉定区") -> str:
    record = warning_record(feed(code, reasons), 0, 6, region)
    blocks = warning(book(*caps, warning=record, region=region))
    return "".join(plain(b.text) for b in blocks if isinstance(b, Paragraph))


def test_a_level_is_told_with_its_reason() -> None:
    reason = "区控制数 14,000人以内（2026，各月）的突破概率 99.9% 以上，达到Ⅰ级（红色）的界限 80%"
    said = told("red", [reason, "登记失业率连续 2 个月不低于 6（2026-07 为 6.1）"], region="嵊州市")
    assert said.startswith("预警等级为Ⅰ级（红色），自2026年9月起。")
    assert (
        "理由：本市控制数14000人以内（2026年，各月）的突破概率99%以上，达到Ⅰ级（红色）的界限80%；"
        "登记失业率连续2个月不低于6（2026年7月为6.1）。"
    ) in said


@pytest.mark.parametrize("p", [0.0, 0.0004, 0.004, 0.65, 0.6445, 0.6446, 0.7955, 0.9996, 1.0])
def test_a_reason_has_a_probability_in_the_form_of_the_document(p: float) -> None:
    """0.6445 is 64.4 % or 64.5 % by the way that floats round; the document says one of them."""
    month = pd.Period("2026-10", "M")
    level = Level("red", "Ⅰ级（红色）", "#c00000", 0.0)
    decision = decide_level(
        Scheme((level,), "测试"), LevelEvidence(month, {"区控制数": {month: p}})
    )
    kept = round(p, 3)
    told_of = cap(p_any=kept)
    said = told("red", list(decision.reasons), told_of)
    chance = plain(cap_chance(book(told_of), "/outlook/caps/0"))
    (shown,) = re.findall(r"概率[为在]?(不到\d+%|\d+%(?:以上)?)", chance)
    assert f"区控制数的概率{shown}，" in said


@pytest.mark.parametrize(
    ("outlook", "why"),
    [
        ({"status": "none"}, "没有现役模型"),
        ({}, "没有现役模型"),
        ({"status": "late"}, "没有以本月或此前数据为起点的现役模型"),
        ({"status": "candidate"}, "没有以本月或此前数据为起点的现役模型"),
        ({"status": "champion", "caps": {}}, "没有可评估的控制数"),
        ({"status": "champion", "caps": {"0": {}}}, "没有适用于本月数据的预警阈值"),
    ],
)
def test_why_there_is_no_level(outlook: dict[str, Any], why: str) -> None:
    (_, only) = warning(book(outlook=outlook, warning=None))
    assert isinstance(only, Paragraph)
    assert plain(only.text) == f"尚未生成预警等级（{why}）。"


def indicator_notes(**rows: dict[str, Any]) -> str:
    record = json.loads(next(FOLDER.glob("bulletin-*.json")).read_text("utf-8"))
    annex = compose(brought_up_to_date({**record, "series": rows, "progress": {}})).annexes[0]
    note = next(b for b in annex.blocks if isinstance(b, Paragraph))
    return plain(note.text)


def test_every_dash_of_the_indicators_is_explained() -> None:
    def row(code: str, value: float | None, reporting: str = "month", **moves: Any) -> Any:
        return series(code, value, **moves) | {
            "reporting": reporting, "month": "2026-09", "latest": 1.0, "latest_month": "2026-08",
            "flow": None, "source": "测试", "caps": {},
        }  # fmt: skip

    full = row("registered_unemployed", 5.0, month=1, year=1)
    assert indicator_notes(registered_unemployed=full) == "注：率的变动为百分点，其余为绝对数。"
    new_jobs = row("new_jobs", 9.0, "year_to_date", year=2)
    assert indicator_notes(registered_unemployed=full, new_jobs=new_jobs) == (
        "注：率的变动为百分点，其余为绝对数；城镇新增就业为累计数，不与上月比较。"
    )
    pmi = row("openings_to_seekers", None)
    assert indicator_notes(registered_unemployed=full, openings_to_seekers=pmi).endswith(
        "单位栏的横线表示没有单位；本月栏的横线表示本月数据未入库，其变动也无从计算。"
    )
    alone = row("registered_unemployed", 5.0, month=1)
    assert indicator_notes(registered_unemployed=alone).endswith("；横线表示没有可比的基数。")
    assert indicator_notes(registered_unemployed=alone, new_jobs=new_jobs).endswith(
        "；其余横线表示没有可比的基数。"
    )


def test_the_chart_is_described_with_the_lines_it_has() -> None:
    record = brought_up_to_date(json.loads(next(FOLDER.glob("bulletin-*.json")).read_text("utf-8")))

    def described(*rows: dict[str, Any]) -> str:
        caps = {str(i): each for i, each in enumerate(rows)}
        made = compose({**record, "outlook": {**record["outlook"], "caps": caps}})
        (chart,) = [b for b in made.blocks if isinstance(b, Chart)]
        return plain(chart.alternative)

    def row(**changes: Any) -> dict[str, Any]:
        return cap(untested=False, first_breach_month=None, **changes)

    assert described(row(tier="national")).endswith("人；横线为国家预期目标。")
    assert described(row(), row(tier="municipal"), row(basis="period_end")).endswith(
        "人；横线为区控制数、市控制数。"
    )
    for none in ((), (row(basis="period_average"),)):
        assert "横线" not in described(*none)


def test_no_level_has_its_reason_too() -> None:
    said = told("none", [], cap(p_any=0.04))
    assert "没有达到任何预警等级，为无预警，自2026年9月起。" in said
    assert (
        "理由：2026年内突破区控制数（14000人以内）的概率为4%（很不可能），低于Ⅲ级（黄色）的界限25%。"
    ) in said
    # Above the cut without a level: a rule of the scheme waits, and the cap is not the reason.
    assert "理由" not in told("none", [], cap(p_any=0.6))
    assert "理由" not in told("none", [])


def test_missing_months_are_told_as_runs() -> None:
    row = {
        "name": "甲", "unit": "人", "decimals": 0, "revisions": {}, "overdue": None, "stale": None,
        "estimated": False, "breaks": {}, "source": "测试",
        "gaps": ["2024-11", "2024-12", "2025-01", "2025-03", "2025-05", "2025-06", "2025-07"],
    }  # fmt: skip
    notes = {"series": {"a": row}, "failed": {}}
    said = "".join(
        plain(b.text) for b in explanation(book(notes=notes)) if isinstance(b, Paragraph)
    )
    assert "缺月：甲缺2024年11—12月、2025年1月、2025年3月、2025年5—7月。" in said
    row["stale"] = "2025-07"
    said = "".join(
        plain(b.text) for b in explanation(book(notes=notes)) if isinstance(b, Paragraph)
    )
    assert "缺月：" not in said
    assert "停更：甲长期没有新数据，最新为2025年7月，本期不列。" in said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'o.db'}")
    yield opened
    opened.close()


def test_the_ratio_follows_from_openings_and_seekers(store: Store) -> None:
    catalogue = load_catalogue()
    counts = {"job_openings": {"2026-09": 90, "2026-10": 99}, "job_seekers": {"2026-10": 100}}
    rows = [
        Observation("310114", code, pd.Period(m, "M"), float(v), DAY, "本区报表")
        for code, values in counts.items()
        for m, v in values.items()
    ]
    store.append(rows, catalogue, command="test")
    vintages = {code: store.vintages("310114", code) for code in counts}
    indicators = {i.code: i for i in catalogue.indicators}
    place = catalogue.region("310114")
    ratio = ratio_record(RecordContext(vintages, indicators, place, MONTH, DAY))
    assert ratio is not None
    assert (ratio["value"], ratio["month_on_month"]["change"]) == (0.99, None)
    assert ratio["source"] == "嘉定区“招聘人数”除以“求职人数”"
    assert ratio_record(RecordContext(vintages, indicators, place, MONTH - 1, DAY)) is None
    openings = {"job_openings": vintages["job_openings"]}
    assert ratio_record(RecordContext(openings, indicators, place, MONTH, DAY)) is None


def flows_told(store: Store, rows: list[tuple[str, str, float, date]], day: date) -> str:
    """What is said of stock and flows in October, as known on a day."""
    catalogue = load_catalogue()
    for code, month, value, known in rows:
        each = Observation("310114", code, pd.Period(month, "M"), value, known, "本区报表")
        store.append([each], catalogue, command="test")
    vintages = {code: store.vintages("310114", code) for code in (STOCK, *FLOWS)}
    indicators = {i.code: i for i in catalogue.indicators}
    record = flows_record(
        RecordContext(vintages, indicators, catalogue.region("310114"), MONTH, day)
    )
    flows = {code: series(code, 1.0) | {"reporting": "month"} for code in FLOWS}
    told = book(series=flows, flows=record)
    said = "".join(plain(b.text) for b in overview(told) if isinstance(b, Paragraph))
    assert ("flows.residual:size" in {f.id for f in told.facts}) == ("相差" in said)
    return said


def test_a_revised_stock_is_held_against_its_flows(store: Store) -> None:
    first, later = date(2026, 11, 10), date(2026, 11, 18)
    rows = [
        (STOCK, "2026-09", 13500.0, date(2026, 10, 10)), (STOCK, "2026-10", 13612.0, first),
        *((code, "2026-10", value, first) for code, value in zip(FLOWS, (900.0, 600.0, 188.0),
                                                                 strict=True)),
        (STOCK, "2026-10", 13912.0, later),
    ]  # fmt: skip
    assert "相差" not in flows_told(store, rows, first)
    assert flows_told(store, [], later).endswith(
        "登记失业人数的存量变动与流量（新登记减再就业、退出）相差300人，"
        "存量已修订，流量尚未随之修订。"
    )
    # The flows follow, and not all the way.
    changed = [("registered_inflow", "2026-10", 1190.0, date(2026, 11, 19))]
    assert flows_told(store, changed, DAY).endswith("相差10人，有待核对。")


def test_an_unknown_flow_is_not_held_against_the_stock(store: Store) -> None:
    rows = [(STOCK, m, v, DAY) for m, v in (("2026-09", 13500.0), ("2026-10", 13912.0))]
    assert "相差" not in flows_told(store, [*rows, (FLOWS[0], "2026-10", 900.0, DAY)], DAY)


def test_the_strongest_movement_leads_and_a_drop_of_sample_jobs_is_never_missing() -> None:
    main = {"registered_unemployed": series("registered_unemployed", 13612)}
    main["registered_unemployed"]["year_on_year"] = {"change": 1822, "percent": 15.5}
    inflow = series("registered_inflow", 2037)
    inflow["year_on_year"] = {"change": 313, "percent": 18.2}
    sample = {"matched": {"year_change": -15.35}}
    (only,) = summary(book(series={**main, "registered_inflow": inflow}, sample=sample))
    said = plain(only.text)
    assert said.startswith("总的看，变动最大的是")
    assert said.index("增长18.2%") < said.index("13612人")
    assert "可比监测企业岗位比上年同月下降15.35%" in said
    sample["matched"]["year_change"] = -20.0
    (only,) = summary(book(series=main, sample=sample))
    assert plain(only.text).startswith("总的看，变动最大的是可比监测企业岗位比上年同月下降20.00%；")
    assert plain(only.text).count("可比监测企业") == 1
    # The note for the head has the main figure anyway, and what moved most beside it.
    assert plain(strongest_movement(book(series=main, sample=sample), others=True)).endswith(
        "20.00%"
    )
    assert strongest_movement(book(series=main), others=True) == ()


def test_what_is_not_there_stands_in_one_line() -> None:
    blocks = explanation(book(series={}, notes={"series": {}}))
    said = [plain(b.text) for b in blocks if isinstance(b, Paragraph)]
    (line,) = [s for s in said if s.startswith("本期没有：")]
    for name in ("市场供求数据", "重点群体数据", "监测企业数据", "可供检验的上月预测", "数据修订"):
        assert name in line


def test_every_cap_has_its_lines_or_says_that_it_has_none() -> None:
    record = feed("orange", [])
    record["caps"] = [
        {"id": "a", "title": "区控制数 14,000人以内（2026，各月）", "value": 14_000.0},
        {"id": "b", "title": "市控制数 14,300人以内（2026，各月）", "value": 14_300.0},
        {"id": "c", "title": "国家预期目标", "value": 20_000.0},
    ]
    record["lines"] = [
        {"cap": "a", "month": "2026-11", "level": "red", "value": 5.0, "state": "line"},
        {"cap": "b", "month": "2026-11", "level": "red", "value": 14121.0, "state": "line"},
        {"cap": "b", "month": "2026-12", "level": "red", "value": 14301.0, "state": "line"},
    ]
    others = warning_record(record, 0, 6, "嘉定区")["other_caps"]
    assert others["b"]["lines"] == {"red": {"value": 14121.0, "state": "line"}}
    assert (others["b"]["month"], others["b"]["title"]) == (
        "2026-11",
        "市控制数14300人以内（2026年，各月）",
    )
    assert others["c"]["lines"] == {}


@pytest.mark.parametrize(
    ("first_day", "days"), [("2026-11-20", "截至"), ("2026-11-01", "2026年11月1日至")]
)
def test_month_in_progress_says_what_it_rests_on(first_day, days):
    nowcast = {
        "first_day": first_day, "last_day": "2026-11-20", "value": 13512.0,
        "months": [{
            "month": "2026-11", "learned_months": 24, "narrower": 0.42,
            "without": {"q10": 13300.0, "q50": 13600.0, "q90": 13900.0},
            "with": {"q10": 13440.0, "q50": 13560.0, "q90": 13680.0},
        }],
    }  # fmt: skip
    record = book(intervals={"inner": 80})
    record.record["outlook"]["in_progress"] = progress_record(nowcast, -1, 0)
    assert plain(_in_progress(record)) == (
        f"2026年11月尚未公布，据{days}2026年11月20日的月中数13512人，按24个往月从同一工作日到月末的经验，"
        "预计为13560人左右（80%区间为13440—13680人），未用月中数时为13600人，区间收窄42%。"
    )
    assert progress_record(None, 0, 0) is None
