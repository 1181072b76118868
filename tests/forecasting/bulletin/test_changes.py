"""What a correction tells: the main figures by name, everything else by section."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support.paths import FIXTURES

from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.forecasting.bulletin.text.blocks import Bulletin, Paragraph
from employment_forecast.forecasting.bulletin.text.changes import (
    MOST_ROWS,
    changed_facts,
    divided,
    label,
)
from employment_forecast.forecasting.bulletin.text.compose import Correction, compose
from employment_forecast.forecasting.bulletin.text.facts import Fact, plain

FOLDER = FIXTURES / "records"

CAPS = {f"{t}.any_month.2026": {"tier": t, "basis": "any_month", "period": "2026"}
        for t in ("municipal", "district")}  # fmt: skip
RECORD: dict[str, Any] = {
    "indicator": "u",
    "region": {"name": "嵊州市"},
    "series": {"u": {"name": "登记失业人数", "unit": "人", "caps": CAPS},
               "r": {"name": "登记失业率", "unit": "%",
                     "caps": {"x": {"tier": "national", "basis": "period_end",
                                    "period": "2026"}}}},
    "people": {"youth": {"label": "青年", "name": "登记失业人数", "unit": "人"},
               "few": {"label": "女性", "withheld": True}},
    "sample": {"totals": {"net": -3}},
    "progress": {"j": {"name": "城镇新增就业", "unit": "人", "period": "2026"}},
    "warning": {"level_names": {"red": "Ⅰ级（红色）"},
                "lines": {"2026-11": {}, "2026-12": {}}},
    "outlook": {"name": "登记失业人数", "months": {"2026-11": {}, "2026-12": {}},
                "caps": {"a": {"tier": "district", "basis": "any_month", "period": "2026"}}},
    "review": {}, "notes": {},
}  # fmt: skip
EMPTY = Bulletin((), (), (), (), (), (), (), (), (), "2026-11-20", (), demo=False)


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/series/u/value", "登记失业人数（人）"),
        ("/series/u/flow/value", "登记失业人数当月数（人）"),
        ("/series/r/month_on_month/change", "登记失业率比上月增减（百分点）"),
        ("/series/u/year_on_year/percent", "登记失业人数比上年同期增减（%）"),
        ("/series/r/caps/x/headroom", "登记失业率距2026年末国家预期目标余量（百分点）"),
        (
            "/series/u/caps/municipal.any_month.2026/headroom",
            "登记失业人数距2026年内上级控制数余量（人）",
        ),
        (
            "/series/u/caps/district.any_month.2026/headroom",
            "登记失业人数距2026年内本市控制数余量（人）",
        ),
        ("/series/u/name", ""),
        ("/flows/residual", "存量变动与流量之差（人）"),
        ("/people/youth/value", "青年（人）"),
        ("/people/youth/share", "青年占比（%）"),
        ("/people/few/label", ""),
        ("/sample/totals/net", "监测企业净变动（人）"),
        ("/sample/movers/x/net", ""),
        ("/progress/j/share", "2026年城镇新增就业完成比例（%）"),
        ("/warning/level/name", "预警等级"),
        ("/warning/lines/2026-11/red/value", "2026年11月Ⅰ级（红色）警戒线"),
        ("/outlook/caps/a/p_any", "2026年内突破本市控制数的概率"),
        ("/outlook/caps/a/p_end", "2026年末突破本市控制数的概率"),
        ("/outlook/caps/a/p_any_remaining", "2026年今后各月再次突破本市控制数的概率"),
        ("/outlook/months/2026-11/q50", "2026年11月登记失业人数预测中位数"),
        ("/outlook/months/2026-12/q50", ""),
        ("/outlook/data_fingerprint", ""),
        ("/review/forecast/error", ""),
    ],
)
def test_names(pointer: str, name: str) -> None:
    assert label(RECORD, pointer) == name


def fact(pointer: str, value: Any, form: str, text: str, digits: int = 0) -> Fact:
    return Fact(f"{pointer[1:].replace('/', '.')}:{form}", pointer, value, form, digits, text, "甲")


def changed(before: list[Fact], after: list[Fact]) -> list[dict[str, str]]:
    old, new = (replace(EMPTY, facts=tuple(f)) for f in (before, after))
    return changed_facts(old, new, RECORD, RECORD)


def test_a_change_of_direction_keeps_its_sign() -> None:
    pointer = "/series/u/month_on_month/change"
    before = [fact(pointer, 19, "size", "19"), fact(pointer, 19, "signed", "+19")]
    after = [fact(pointer, -19, "size", "19"), fact(pointer, -19, "signed", "-19")]
    (row,) = changed(before, after)
    assert (row["before"], row["after"]) == ("+19", "-19")
    (large,) = changed(
        [fact("/series/u/value", 1_234_567, "ten_thousands", "123.46", 2)],
        [fact("/series/u/value", 1_234_600, "size", "1234600")],
    )[:1]
    assert (large["before"], large["after"]) == ("1234567", "1234600")


def test_another_form_of_the_same_figure_is_no_change() -> None:
    before = [fact("/series/u/value", 99_990, "size", "99990")]
    assert changed(before, [fact("/series/u/value", 99_990, "plain", "99990")]) == []


def test_the_margins_of_both_caps_are_told_first() -> None:
    margins = [f"/series/u/caps/{key}/headroom" for key in CAPS]
    pointers = [
        "/notes/x", "/people/youth/value", "/series/r/value", "/warning/lines/2026-12/red/value",
        "/outlook/months/2026-11/q50", "/warning/lines/2026-11/red/value", "/warning/level/name",
        "/outlook/caps/a/p_any", *margins, "/series/u/month_on_month/change", "/series/u/value",
    ]  # fmt: skip
    rows = changed(*([fact(p, v, "plain", str(v)) for p in pointers] for v in (688, 388)))
    listed, others = divided(rows)
    assert [row["label"] for row in listed] == [
        "登记失业人数（人）", "登记失业人数距2026年内上级控制数余量（人）",
        "登记失业人数距2026年内本市控制数余量（人）", "2026年内突破本市控制数的概率", "预警等级",
        "2026年11月Ⅰ级（红色）警戒线", "2026年11月登记失业人数预测中位数",
        "登记失业人数比上月增减（人）", "登记失业率（%）", "青年（人）",
        "2026年12月Ⅰ级（红色）警戒线",
    ]  # fmt: skip
    assert others == {"检验和数据说明": {"section": "检验和数据说明", "count": 1}}
    # Two facts are two changes, whatever they are called.
    assert len(divided([{**rows[0], "id": "a"}, {**rows[0], "id": "b"}])[0]) == 2


def test_nothing_follows_from_no_listed_change() -> None:
    record = json.loads(next(FOLDER.glob("bulletin-*.json")).read_text("utf-8"))

    def told(changes: list[dict[str, str]]) -> str:
        annex = compose(brought_up_to_date(record), None, Correction(1, "文", changes)).annexes[-1]
        return "".join(plain(b.text) for b in annex.blocks if isinstance(b, Paragraph))

    change = {"id": "x", "source": "甲", "before": "1", "after": "2", "section": "走势预测"}
    assert told([change]).endswith("变动的有走势预测1处。")
    assert "随之" not in told([change])
    assert told([{**change, "label": "甲"}, change]).endswith("此外，随之变动的还有走势预测1处。")
    assert told([]).endswith("正文各项内容没有变动。")


def test_what_is_known_of_the_program_is_no_change() -> None:
    for pointer in (
        "/program", "/as_of", "/notes/series/u/overdue", "/scale/0/low", "/warning/state_reason",
        "/notes/series/u/revisions/x/published_on",
    ):  # fmt: skip
        assert changed([fact(pointer, "a", "text", "a")], [fact(pointer, "b", "text", "b")]) == []


def test_another_version_of_the_same_forecast_is_no_change() -> None:
    for part in ("/outlook", "/review/forecast"):
        for key in ("version", "registered_name", "data_fingerprint", "coverage80", "wis"):
            pointer = f"{part}/{key}"
            assert (
                changed([fact(pointer, "1", "text", "1")], [fact(pointer, "2", "text", "2")]) == []
            )
    told = changed(
        [fact("/outlook/label", "甲", "text", "甲")], [fact("/outlook/label", "乙", "text", "乙")]
    )
    assert [(c["before"], c["after"]) for c in told] == [("甲", "乙")]


def test_few_are_listed_and_all_are_counted() -> None:
    rows = [
        {"id": str(i), "source": "甲", "before": "1", "after": "2", "section": "走势预测",
         "label": f"甲{i}" if i % 2 else ""}
        for i in range(200)
    ]  # fmt: skip
    listed, others = divided(rows)
    assert len(listed) == MOST_ROWS
    assert len(listed) + sum(o["count"] for o in others.values()) == 200
    # Kept by an earlier release, without names.
    listed, others = divided([{"id": "x", "source": "甲", "before": "1", "after": "2"}])
    assert (listed, others) == ([], {"其他": {"section": "其他", "count": 1}})
