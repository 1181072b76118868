from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.experiments.cycle.inbox import Arrival
from employment_forecast.experiments.cycle.index_page import index_pages
from employment_forecast.experiments.cycle.journal import Journal, RegionResult
from employment_forecast.experiments.cycle.on_file import OnFile
from employment_forecast.experiments.cycle.summary import Report, subject, text

DAY = date(2026, 11, 20)
DONE = RegionResult(
    "310114", "嘉定区", "registered_unemployed", "登记失业人数", "2026-11-20", "done",
    identity="a", data_month="2026-10", latest="12,345人", demo=True, run_id="r", version="3",
    model="combination", action="promoted", level="yellow", level_name="黄色预警",
    bulletin=("bulletins/a.html",),
)  # fmt: skip
LOST = replace(DONE, state="timeout", identity="", level=None, level_name=None, action=None,
               message="超过 30 分钟未完成。")  # fmt: skip


def test_journal_gives_back_what_was_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.entries("310114", "registered_unemployed") == []
    assert journal.everything() == []
    journal.write(DONE)
    journal.write(LOST)
    assert Journal(tmp_path / "j").entries("310114", "registered_unemployed") == [DONE, LOST]
    assert journal.last_done("310114", "registered_unemployed") == DONE
    assert journal.last_done("310114", "new_jobs") is None
    assert journal.everything() == [DONE, LOST]


def test_the_same_entry_is_kept_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(DONE)
    journal.write(replace(DONE, message="又一次"))
    (kept,) = journal.everything()
    assert kept.message == "又一次"
    journal.write(replace(DONE, identity="b"))
    assert len(journal.everything()) == 2


def test_a_damaged_journal_is_said(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(DONE)
    (file,) = tmp_path.glob("*.json")
    file.write_text(file.read_text("utf-8")[:-40], "utf-8")
    with pytest.raises(StorageError, match="无法读取"):
        journal.everything()


def test_summary_puts_trouble_first() -> None:
    bad = Arrival("坏.csv", "returned", message="第 2 行不是数字。")
    report = Report(DAY, (bad, Arrival("好.csv", "imported", 4, 1, 0, "第 4 批")), (DONE, LOST))
    assert not report.complete
    assert subject(report) == (
        "【需处理】就业失业预测月度作业 2026-11-20：完成 1 个，未完成 1 个，退回文件 1 个"
    )
    body = text(report)
    assert body.index("超过 30 分钟") < body.index("坏.csv") < body.index("好.csv")
    assert body.index("坏.csv") < body.index("完成；2026-10 为 12,345人；预警等级 黄色预警")
    assert "（演示数据）" in body


LEVELS = [("none", "无预警"), ("yellow", "黄色预警"), ("red", "红色预警")]


def _many(count: int) -> list[RegionResult]:
    return [
        replace(DONE, region=f"{n:06d}", region_name=f"第{n}区", indicator="x", demo=False,
                level=LEVELS[n % 3][0], level_name=LEVELS[n % 3][1])
        for n in range(count)
    ]  # fmt: skip


def test_summary_of_thousands_fits_a_screen_or_three() -> None:
    entries = [replace(e, overdue="2026-11") if e.region < "000040" else e for e in _many(3000)]
    lost = [replace(e, state="failed", message="缺月。") for e in _many(50)]
    stand = {("000002", "x", "2026-10"): [OnFile("月报草稿，待审核", (), "draft")]}
    body = text(Report(DAY, (), (*entries, *lost), bulletins=stand))
    lines = body.splitlines()
    assert len(lines) < 110
    assert lines[2] == "需要处理："
    assert "· 另有 20 个，见月度作业日志 logs/monthly.log" in lines
    totals = lines.index("合计：")
    assert lines[totals + 1 : totals + 5] == [
        "· 红色预警 1000 个：第2区登记失业人数、第5区登记失业人数、第8区登记失业人数、"
        "第11区登记失业人数、第14区登记失业人数等",
        "· 黄色预警 1000 个：第1区登记失业人数、第4区登记失业人数、第7区登记失业人数、"
        "第10区登记失业人数、第13区登记失业人数等",
        "· 无预警 1000 个",
        "· 月报待审核 1 份，待签发 0 份",
    ]
    regions = lines.index("各地区：")
    assert all("红色预警" in line for line in lines[regions + 1 : regions + 31])
    assert lines[regions + 31] == "· 另有 2970 个，见月报目录 bulletins/index.html"
    assert lines[-1].endswith("等 40 个")


def test_what_has_no_level_is_told_before_all_clear() -> None:
    quiet, clear = replace(DONE, level=None, level_name=None), _many(1)[0]
    dumb = replace(quiet, action="kept", version=None)
    entries = [*[clear] * 40, *[quiet] * 6, dumb, replace(DONE, demo=False)]
    lines = text(Report(DAY, (), tuple(entries))).splitlines()
    totals = lines.index("合计：")
    name = "嘉定区登记失业人数"
    assert lines[totals + 1 : totals + 5] == [
        f"· 黄色预警 1 个：{name}",
        f"· 没有现役模型、不发布预警线 1 个：{name}",
        f"· 预警等级未评估 6 个：{'、'.join([name] * 5)}等",
        "· 无预警 40 个",
    ]
    listed = lines[lines.index("各地区：") + 1 :]
    assert ["黄色预警" in listed[0], "尚无现役版本" in listed[1]] == [True, True]
    named = [replace(e, region=f"{n:06d}") for n, e in enumerate(entries * 2)]
    front = index_pages(named, Report(DAY, (), ()), {})["index.html"].decode()
    words = ("黄色预警 2", "没有现役模型、不发布预警线 2", "预警等级未评估 12", "无预警 80")
    places = [front.index(each) for each in words]
    assert places == sorted(places)


def test_a_page_of_thousands_shows_fewer_months() -> None:
    months = [f"2025-{m:02d}" for m in range(1, 13)]
    entries = [replace(e, data_month=month) for e in _many(1500) for month in months]
    page = index_pages(entries, Report(DAY, (), ()), {})["index-other.html"].decode()
    assert page.count('<th scope="col">2025-') == 4
    assert "2025-12</th>" in page
    assert "只列最近 4 个月" in page


def test_index_of_many_is_totals_with_a_page_for_the_parts_of_each_region() -> None:
    entries = _many(90)
    wholes = {e.region: ("310000", "上海市") if int(e.region) % 2 else ("330000", "浙江省")
              for e in entries[:-1]}  # fmt: skip
    lost = replace(entries[1], state="timeout", message="超时。")
    stand = {("000002", "x", "2026-10"): [OnFile("月报已审核，待签发", (), "reviewed")]}
    pages = index_pages(entries, Report(DAY, (), (lost,), bulletins=stand), wholes)
    assert list(pages) == [
        "index.html",
        "index-other.html",
        "index-310000.html",
        "index-330000.html",
    ]
    front = pages["index.html"].decode()
    assert "第2区" not in front
    assert "第1区登记失业人数：超时。" in front
    shanghai = front[front.index("上海市") : front.index("浙江省")]
    # 44 of the odd numbers below 89; 1, 7, 13 ... are yellow, 5, 11 ... red; one failed.
    assert "<td>44</td><td>2026-10</td>" in shanghai
    assert "红色预警 14" in shanghai
    assert "<td>1</td><td>0</td><td>0</td><td>0</td>" in shanghai
    assert "<td>0</td><td>0</td><td>0</td><td>1</td>" in front[front.index("浙江省") :]
    part = pages["index-330000.html"].decode()
    assert "第2区登记失业人数" in part
    assert "第1区" not in part
    assert list(index_pages(entries[:60], Report(DAY, (), ()), wholes)) == ["index.html"]


def test_summary_of_a_quiet_day() -> None:
    report = Report(DAY, (), (replace(DONE, state="unchanged", overdue="2026-11"),))
    assert report.complete
    assert subject(report) == "就业失业预测月度作业 2026-11-20：完成 0 个，无变化 1 个"
    body = text(report)
    assert "需要处理" not in body
    assert "收到的文件" not in body
    assert "逾期未到：嘉定区登记失业人数 2026-11" in body


def test_problems_around_the_regions_count() -> None:
    report = Report(DAY, (), (DONE,), ("邮件没有发出。",))
    assert not report.complete
    assert "· 邮件没有发出。" in text(report)
    assert report.document()["complete"] is False
    assert report.document()["regions"][0]["bulletin"] == ["bulletins/a.html"]


def test_nothing_in_force_is_not_called_an_unchanged_version() -> None:
    kept = replace(DONE, action="kept", level=None, level_name=None)
    assert "现役版本不变" in text(Report(DAY, (), (kept,)))
    nothing = text(Report(DAY, (), (replace(kept, version=None, model=None),)))
    assert "尚无现役版本，不发布预警线" in nothing
    assert "现役版本不变" not in nothing


def test_only_what_was_done_now_is_told_as_done() -> None:
    same = replace(DONE, state="unchanged")
    assert "新模型版本已晋级" in text(Report(DAY, (), (DONE,)))
    assert "新模型版本已晋级" not in text(Report(DAY, (), (same,)))
    bad = Arrival("坏.csv", "returned", message="第 2 行不是数字。")
    assert "收到的文件" not in text(Report(DAY, (bad,), (same,)))


@pytest.mark.parametrize(
    ("day", "arrivals", "entry", "news"),
    [
        (DAY, (), replace(DONE, state="unchanged"), False),
        (DAY, (), replace(DONE, state="unchanged", overdue="2026-11"), False),
        (date(2026, 11, 23), (), replace(DONE, state="unchanged", overdue="2026-11"), True),
        (date(2026, 11, 23), (), replace(DONE, state="unchanged"), False),
        (DAY, (), DONE, True),
        (DAY, (), LOST, True),
        (DAY, (Arrival("好.csv", "unchanged"),), replace(DONE, state="unchanged"), True),
    ],
)
def test_nobody_is_told_every_day_that_nothing_happened(
    day: date, arrivals: tuple[Arrival, ...], entry: RegionResult, news: bool
) -> None:
    assert Report(day, arrivals, (entry,)).news == news
