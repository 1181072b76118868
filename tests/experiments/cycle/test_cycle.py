from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
from support.cycle_jobs import usual as job

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import (
    BusyError,
    NotFoundError,
    StorageError,
    UnknownNameError,
)
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.files.locks import try_lock
from employment_forecast.data.records import Observation
from employment_forecast.data.store.bulletins import BulletinState, add
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.cycle import say_failed
from employment_forecast.experiments.cycle.cycle import run_cycle
from employment_forecast.experiments.cycle.index_file import renew_index
from employment_forecast.experiments.cycle.index_page import index_pages
from employment_forecast.experiments.cycle.journal import Journal, RegionResult
from employment_forecast.experiments.cycle.on_file import OnFile
from employment_forecast.experiments.cycle.records import cycle_folder
from employment_forecast.experiments.cycle.series import series_to_do
from employment_forecast.experiments.cycle.summary import Report, text
from employment_forecast.experiments.cycle.worker import RegionTask, Worker
from employment_forecast.experiments.publication.publishing import failed_feed, publish

DAY = date(2026, 11, 20)
LOG = logging.Logger("test")
CSV = "地区,月份,登记失业人数（人）\n嘉定区,2026-09,11000\n嘉定区,2026-10,11050\n"


@pytest.fixture
def session(tmp_path: Path, databases: Path) -> Iterator[Session]:
    workspace = Workspace(tmp_path / "工作区")
    shutil.copytree(databases, workspace.root, dirs_exist_ok=True)
    opened = Session(workspace, Settings())
    yield opened
    opened.store.close()


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regions are done in this process; that one of its own does them is `test_worker`'s."""

    def ask(self: Worker, task: RegionTask) -> Iterator[RegionResult]:
        yield from self._prepare(self._root)(task)

    monkeypatch.setattr(Worker, "_started", lambda _: None)
    monkeypatch.setattr(Worker, "ask", ask)


def test_regions_are_isolated_and_failures_told(session: Session) -> None:
    lost: list[str] = []
    report = run_cycle(
        session, DAY, ["嘉定", "徐汇", "全国"], job, lambda _, e: lost.append(e.region), LOG
    )
    assert [(e.region, e.state) for e in report.entries] == [
        ("100000", "done"),
        ("310104", "failed"),
        ("310114", "done"),
    ]
    assert lost == ["310104"]
    assert report.entries[1].message == "缺月。请补录。"
    assert not report.complete
    kept = Journal(cycle_folder(session.workspace) / "journal").everything()
    assert {(e.region, e.state) for e in kept} == {(e.region, e.state) for e in report.entries}
    told = (cycle_folder(session.workspace) / "summary" / "2026-11-20.txt").read_text("utf-8")
    assert "缺月。请补录。" in told
    page = (session.workspace.root / "bulletins" / "index.html").read_text("utf-8")
    assert 'href="310114/2026-10/%E6%9C%88%E6%8A%A5%20a%23b.html"' in page
    assert "&lt;310114&gt;" in page
    assert "<310114>" not in page


def test_a_file_is_in_before_the_regions_are_done(session: Session) -> None:
    inbox = session.workspace.root / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(CSV, "utf-8")
    report = run_cycle(session, DAY, [], job, lambda *_: None, LOG)
    assert report.arrivals[0].state == "imported"
    # Now that a district has real data, the demonstration districts are left out.
    assert [e.region for e in report.entries] == ["100000", "310114"]


def test_the_overview_of_the_site_is_written_whatever_else_fails(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked_out(*_: object) -> None:
        raise StorageError("索引页不能改写。", "请检查权限。")

    (session.workspace.root / "site").mkdir()
    monkeypatch.setattr("employment_forecast.experiments.cycle.cycle.write_index", locked_out)
    report = run_cycle(session, DAY, ["嘉定"], job, lambda *_: None, LOG)
    assert report.unreached == ("索引页不能改写。请检查权限。",)
    assert (session.workspace.root / "site" / "index.html").is_file()


def test_only_one_at_a_time(session: Session) -> None:
    with try_lock(cycle_folder(session.workspace) / "cycle.lock") as mine:
        assert mine
        with pytest.raises(BusyError, match="另一个月度作业"):
            run_cycle(session, DAY, ["嘉定"], job, lambda *_: None, LOG)


def test_a_feed_that_cannot_be_marked_holds_up_no_other_region(session: Session) -> None:
    def locked_out(*_: object) -> None:
        raise StorageError("预警线文件不能改写。", "请检查权限。")

    report = run_cycle(session, DAY, ["徐汇", "嘉定"], job, locked_out, LOG)
    assert [(e.region, e.state) for e in report.entries] == [
        ("310104", "failed"),
        ("310114", "done"),
    ]
    assert report.entries[0].message == "缺月。请补录。预警线文件不能改写。请检查权限。"


def test_a_second_cycle_of_a_day_keeps_what_the_first_reported(session: Session) -> None:
    folder = cycle_folder(session.workspace) / "summary"
    run_cycle(session, DAY, ["嘉定"], job, lambda *_: None, LOG)
    first = (folder / "2026-11-20.txt").read_bytes()
    run_cycle(session, DAY, ["舟山"], job, lambda *_: None, LOG)  # nothing new
    assert [f.name for f in folder.iterdir()] == ["2026-11-20.txt"]
    run_cycle(session, DAY, ["徐汇"], job, lambda *_: None, LOG)  # fails
    assert (folder / "2026-11-20.txt").read_bytes() == first
    assert "缺月" in (folder / "2026-11-20（2）.txt").read_text("utf-8")


def test_a_cycle_that_breaks_off_is_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str, bool]] = []

    def notified(_: Settings, subject: str, body: str, file: Path, *, trouble: bool) -> list[str]:
        told.append((subject, body, trouble))
        return []

    def full(*_: object) -> None:
        raise StorageError("磁盘已满。", "请清理。")

    monkeypatch.setattr("employment_forecast.experiments.cycle.cycle.notify", notified)
    monkeypatch.setattr(Journal, "write", full)
    lost: list[str] = []
    with pytest.raises(StorageError):
        run_cycle(session, DAY, ["嘉定"], job, lambda _, e: lost.append(e.region), LOG)
    # The store answers: what was published before is as good as it was.
    assert lost == []
    ((subject, body, trouble),) = told
    assert subject.startswith("【需处理】")
    assert "磁盘已满。请清理。" in body
    assert trouble
    # The lock is free again.
    monkeypatch.undo()
    assert run_cycle(session, DAY, ["嘉定"], job, lambda *_: None, LOG).complete


def current_lines(series: Series) -> dict[str, Any]:
    """A document as it is while its lines are good, but without any."""
    champion = dict.fromkeys(("registered_name", "version", "model", "model_label"), "1")
    return {
        **failed_feed(series, ""),
        "state": "current",
        "valid_until": "2026-12-15",
        "period": "2026",
        "data_month": "2026-10",
        "latest": 1.0,
        "data_fingerprint": "f",
        "pseudo_real_time": False,
        "scheme": {"levels": [], "source": "测试"},
        "champion": champion,
    }


def test_a_broken_store_leaves_no_lines_that_look_new(session: Session) -> None:
    catalogue, folder = session.catalogue, session.workspace.thresholds
    names = [("嘉定", "登记失业人数"), ("嘉定", "新增就业"), ("徐汇", "登记失业率")]
    published = [Series(catalogue.region(r), catalogue.indicator(i)) for r, i in names]
    for series in published:
        publish(session.workspace, current_lines(series))
    (folder / "other.310114.json").write_text("{", "utf-8")  # its readers refuse it
    session.store.close()
    (session.workspace.root / "observations.db").write_bytes(b"x" * 4096)
    again = Session(session.workspace, Settings())
    with pytest.raises(StorageError, match="无法读写"):
        run_cycle(again, DAY, ["徐汇"], job, say_failed, LOG)
    for series in published:
        document = feed_files.read(folder / f"{series.code}.json")
        assert document is not None
        assert document["state"] == "failed"
        assert "数据库" in document["state_reason"]


def test_a_quiet_day_is_told_only_to_who_wants_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def notified(_: Settings, subject: str, *_more: object, trouble: bool) -> list[str]:
        told.append(subject)
        return []

    monkeypatch.setattr("employment_forecast.experiments.cycle.cycle.notify", notified)
    run_cycle(session, DAY, ["舟山"], job, lambda *_: None, LOG)
    assert told == []
    values = {**session.settings.values, "notify.when": "always"}
    always = Session(session.workspace, Settings(values))
    run_cycle(always, DAY, ["舟山"], job, lambda *_: None, LOG)
    assert len(told) == 1
    always.store.close()


def test_which_series(session: Session) -> None:
    everything = series_to_do(session, [])
    assert ("100000", "surveyed_unemployment_rate") in {(r.code, i.code) for r, i in everything}
    assert len({r.code for r, _ in everything}) == 6
    assert series_to_do(session, ["all"]) == everything
    assert [r.code for r, _ in series_to_do(session, ["徐汇", "310114"])] == ["310104", "310114"]
    below = series_to_do(session, parents=["上海市"])
    assert {r.parent for r, _ in below} == {"310000"}
    assert {r.code for r, _ in below} < {r.code for r, _ in everything}
    # Of several indicators those that a region has.
    both = series_to_do(session, ["嘉定", "徐汇"], indicators=["登记失业人数", "registered_inflow"])
    assert [(r.code, i.code) for r, i in both] == [
        ("310104", "registered_unemployed"),
        ("310114", "registered_unemployed"),
        ("310114", "registered_inflow"),
    ]
    with pytest.raises(UnknownNameError):
        series_to_do(session, ["某地"])
    with pytest.raises(NotFoundError, match="--indicators"):
        series_to_do(session, parents=["上海市"], indicators=["surveyed_unemployment_rate"])


@pytest.mark.soak
def test_wholes_of_real_parts_are_done_and_what_merged_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-20")
    streets = tuple(
        {"code": f"31011490{n}", "name": f"第{n}街道", "parent": "310114", "level": "street"}
        for n in (1, 2, 3)
    )
    merged = {**streets[2], "until": "2026-06", "successor": ["310114902"]}
    workspace = Workspace(tmp_path)
    workspace.create()
    session = Session(workspace, Settings(regions=(*streets[:2], merged)))
    months = pd.period_range("2026-01", "2026-10", freq="M")
    rows = [
        Observation(street["code"], "registered_unemployed", month, 100.0, None, "测试")
        for street in streets
        for month in months
        if street is not streets[2] or month <= pd.Period("2026-06", "M")
    ]
    session.store.append(rows, session.catalogue, command="测试")
    names = [r.name for r, _ in series_to_do(session, ["all"])]
    assert names == ["全国", "嘉定区", "第1街道", "第2街道"]
    district = session.store.vintages("310114", "registered_unemployed").as_of(date(2026, 11, 20))
    assert set(district.values) == {300.0, 200.0}
    session.store.close()


def test_a_group_with_a_target_or_asked_for_is_done_with_its_region(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cap,) = [t for t in session.targets() if t.region == "310114" and t.basis == "any_month"][:1]
    mine = replace(cap, indicator="registered_unemployed.graduates", value=2000.0)
    nobody = replace(mine, indicator="registered_unemployed.veterans")
    monkeypatch.setattr(Session, "targets", lambda *_: [mine, nobody])
    assert [i.code for _, i in series_to_do(session, ["嘉定"])] == [
        "registered_unemployed",
        "registered_unemployed.graduates",
    ]
    assert [i.code for _, i in series_to_do(session, ["徐汇"])] == ["registered_unemployed"]
    # So is one that is named, where there are figures.
    named = ["登记失业人数", "高校毕业生登记失业人数", "退役军人登记失业人数"]
    asked = series_to_do(session, ["嘉定", "徐汇"], indicators=named)
    assert ("310114", "registered_unemployed.graduates") in {(r.code, i.code) for r, i in asked}
    assert "registered_unemployed.veterans" not in {i.code for _, i in asked}


def test_nothing_to_do_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(session.store), "series", lambda _: [])
    with pytest.raises(NotFoundError):
        series_to_do(session, [])


def test_index_page_shows_the_newest_entry_of_a_month() -> None:
    first = RegionResult("310114", "嘉定区", "x", "指标", "2026-11-12", "done", identity="a",
                  data_month="2026-10", latest="1人", bulletin=("bulletins/a/原.md",))  # fmt: skip
    second = RegionResult("310114", "嘉定区", "x", "指标", "2026-11-20", "done", identity="b",
                   data_month="2026-10", latest="2人", correction=1, demo=True,
                   bulletin=("bulletins/a/更正.md",))  # fmt: skip
    stand = {
        ("310114", "x", "2026-10"): [
            OnFile("月报已签发（某〔2026〕1号）", ("bulletins/a/原.md",)),
            OnFile("更正第1号草稿，待审核", ("bulletins/a/更正.md",)),
        ]
    }
    report = Report(DAY, (), (second,), bulletins=stand)
    page = index_pages([first, second], report, {})["index.html"].decode()
    assert "2人" in page
    assert "1人" not in page
    # What was issued stays to be found beside its correction, which is but a draft.
    draft = f'更正第1号草稿，待审核<br><a href="a/{quote("更正.md")}">文本</a>'
    issued = f'月报已签发（某〔2026〕1号）<br><a href="a/{quote("原.md")}">文本</a>'
    assert f"{draft}<br>{issued}" in page
    assert "演示数据" in page
    assert "；更正第1号草稿，待审核\n" in text(report)
    # Withdrawn or issued since: the entry's own number says nothing.
    later = replace(report, bulletins={k: v[:1] for k, v in stand.items()})
    assert "更正" not in index_pages([first, second], later, {})["index.html"].decode()
    assert "；月报已签发（某〔2026〕1号）\n" in text(later)


def test_the_index_follows_every_step_of_signing(session: Session) -> None:
    run_cycle(session, DAY, ["嘉定", "徐汇"], job, lambda *_: None, LOG)
    page = session.workspace.root / "bulletins" / "index.html"
    before = page.read_text("utf-8")
    draft = BulletinState(
        region="310114", indicator="registered_unemployed", month=pd.Period("2026-10", "M"),
        state="draft", correction=0, as_of=DAY, fingerprint="a", demo=True, record={},
    )  # fmt: skip
    last = add(session.store, draft, None, {})
    signed = {"number": "某〔2026〕1号", "signer": "张三", "issued_on": DAY}
    steps: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "月报草稿，待审核"),
        ({"state": "reviewed"}, "月报已审核，待签发"),
        ({"state": "issued", **signed}, "月报已签发（某〔2026〕1号）"),
        ({"correction": 1}, "更正第1号草稿，待审核<br>月报已签发（某〔2026〕1号）"),
        ({"correction": 1, "state": "withdrawn"}, "月报已签发（某〔2026〕1号）"),
    )
    for change, words in steps:
        last = add(session.store, replace(draft, **change), last, {}) if change else last
        renew_index(session)
        told = page.read_text("utf-8")
        assert f"{words}</td>" in told
        assert "缺月。请补录。" in told  # what the cycle had to say is still said
    assert "更正" not in page.read_text("utf-8")
    assert "草稿" not in before


def test_without_a_cycle_there_is_no_index(session: Session) -> None:
    renew_index(session)
    assert not (session.workspace.root / "bulletins").exists()
