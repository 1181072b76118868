"""A bulletin of the demonstration district from store to files: traced, kept, issued, corrected."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NotFoundError, RefusedError, UsageError
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.bulletins import issued_files, states
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import parse_settings
from employment_forecast.experiments.bulletins import drafts as bulletins
from employment_forecast.experiments.bulletins.drafts import (
    BulletinFiles,
    default_day,
    fingerprint,
    listing,
    make_bulletin,
    recompose,
    write_bulletin,
)
from employment_forecast.experiments.bulletins.signing import issue_bulletin, review_bulletin
from employment_forecast.experiments.promotion.lifecycle import promote_if_passed
from employment_forecast.experiments.publication.champion import assess_champion
from employment_forecast.experiments.publication.issued_warnings import (
    issue_warnings,
    settle_outcomes,
)
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker
from employment_forecast.forecasting.bulletin.text.blocks import Bulletin, Chart, CitedTable
from employment_forecast.forecasting.bulletin.text.compose import Stamp, compose
from employment_forecast.forecasting.bulletin.text.facts import CitedText, resolve
from employment_forecast.forecasting.bulletin.text.figures import show
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Options

OFFICE = '[bulletin]\noffice = "嘉定区人力资源和社会保障局"\n'
DAY = date(2026, 11, 20)
STAMP = Stamp("嘉人社〔2026〕12号", "区人民政府", "张三", "2026-11-23")


@pytest.fixture(scope="module", autouse=True)
def today() -> Iterator[pytest.MonkeyPatch]:
    """Everything happens on `DAY`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_TODAY", str(DAY))
        yield patch


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, template: Workspace) -> Iterator[Session]:
    workspace = Workspace(tmp_path_factory.mktemp("bulletins") / "工作区")
    shutil.copytree(template.root, workspace.root, dirs_exist_ok=True)
    opened = Session(workspace, parse_settings(OFFICE, Path("forecast.toml")))
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def series(session: Session) -> Series:
    place = session.catalogue.region("嘉定")
    return Series(place, session.catalogue.default_indicator(place))


@pytest.fixture(scope="module")
def other(session: Session) -> Series:
    """Of a district without firms, groups or versions, for what depends on none of them."""
    place = session.catalogue.region("徐汇")
    return Series(place, session.catalogue.default_indicator(place))


@pytest.fixture(scope="module")
def tracker(session: Session, series: Series, today: pytest.MonkeyPatch) -> Iterator[Tracker]:
    """With versions from September's and October's data, the later one in force."""
    uri = session.settings.tracking_uri(session.workspace)
    code, what = series.region.code, series.indicator
    options = Options(models=("random_walk", "drift", "seasonal_naive"), origins=12, n_paths=200)
    for day in (date(2026, 10, 20), DAY):
        today.setenv("FORECAST_TODAY", str(day))
        with recorded(uri, session.workspace, series) as run:
            result = compete(
                series, session.store.vintages(code, what.code), day, session.targets(), options
            )
            run.register(result, b"")
            promote_if_passed(run.run.tracker, series, result, run.run)
            issue_warnings(session, assess_champion(session, run.run.tracker, series, day))
    settle_outcomes(session, DAY)
    with open_tracker(uri, session.workspace) as opened:
        yield opened


@pytest.fixture(scope="module")
def draft(session: Session, tracker: Tracker, series: Series) -> BulletinFiles:
    return make_bulletin(session, tracker, series, DAY)


def texts(bulletin: Bulletin) -> Iterator[CitedText]:
    yield from bulletin.title
    yield from bulletin.marks
    yield from (bulletin.number, bulletin.signer, bulletin.addressee, bulletin.date)
    blocks = [*bulletin.blocks, *(b for a in bulletin.annexes for b in a.blocks)]
    for block in blocks:
        if isinstance(block, CitedTable):
            yield from (
                block.caption,
                *(c.title for c in block.columns),
                *(c for row in block.rows for c in row),
            )
        elif isinstance(block, Chart):
            yield from (block.caption, block.alternative)
        else:
            yield block.text


def test_every_figure_is_traced_to_the_record(session: Session, draft: BulletinFiles) -> None:
    bulletin = recompose(session, draft.edition)
    facts = {f.id: f for f in bulletin.facts}
    cited = 0
    for text in texts(bulletin):
        for part in text:
            if isinstance(part, str):
                assert not re.search(r"\d", part), part
                continue
            cited += 1
            fact = facts[part.fact]
            assert part.text == fact.text == show(fact.value, fact.form, fact.digits)
            assert fact.source
            head = fact.pointer.split("/")[1]
            if head in draft.record:
                assert resolve(draft.record, fact.pointer) == fact.value
            else:
                assert head in ("intervals", "scale", "annexes")
    assert cited > 300
    page = draft.files["嘉定区2026年10月就业失业月报.html"].decode()
    assert set(re.findall(r'data-fact="([^"]+)"', page)) <= set(facts)
    told = json.loads(draft.files["嘉定区2026年10月就业失业月报.json"])["facts"]
    assert list(told) == list(facts)
    with zipfile.ZipFile(io.BytesIO(draft.files["嘉定区2026年10月就业失业月报.docx"])) as archive:
        body = archive.read("word/document.xml").decode()
    names = re.findall(r'<w:bookmarkStart [^>]*w:name="(_F[0-9a-f]{16})(?:_\d+)?"', body)
    assert len(names) > 300
    assert set(names) <= {fact["bookmark"] for fact in told.values()}
    # Whatever is not within a bookmark holds no figure but the page number.
    outside = re.sub(r"<w:bookmarkStart .*?<w:bookmarkEnd [^>]*/>", "", body, flags=re.DOTALL)
    loose = "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", outside))
    assert not re.search(r"\d", loose), loose


def test_values_are_those_of_the_store(
    session: Session, draft: BulletinFiles, series: Series
) -> None:
    for code, row in draft.record["series"].items():
        known = session.store.vintages(series.region.code, code).as_of(DAY).values
        assert row["value"] == pytest.approx(known.get(pd.Period("2026-10", "M")))


def test_the_demonstration_district_fills_every_section(draft: BulletinFiles) -> None:
    text = draft.files["嘉定区2026年10月就业失业月报.md"].decode()
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [h.split("、")[0] for h in heads[:10]] == list("一二三四五六七八九十")
    for absent in (
        "没有已入库",
        "没有登记",
        "尚未生成",
        "尚无",
        "没有留存",
        "此前没有",
        "不作走势",
    ):
        assert absent not in text
    for odd in ("nan", "None", "inf", "（）", "()", "。。", "，，", "，。", "-0 ", "--"):
        assert odd not in text.replace("---", "")
    assert "（演示数据，不代表真实情况）" in text
    # The forecast and the warning of the month before, with what came of them.
    assert "以2026年9月数据为起点的预测" in text
    assert re.search(r"^\| 2026年9月 \| 2026年10月20日 \| \S+ \| \S+ \|", text, re.MULTILINE)


@pytest.mark.soak
def test_every_region_says_what_it_has_not(
    session: Session, tracker: Tracker, draft: BulletinFiles
) -> None:
    for name in ("徐汇", "舟山", "江夏", "嵊州", "全国"):
        place = session.catalogue.region(name)
        other = Series(place, session.catalogue.default_indicator(place))
        text = b"".join(make_bulletin(session, tracker, other, DAY, formats=("md",)).files.values())
        assert "尚无预测模型版本" in text.decode()
        for odd in ("nan", "None", "（）", "。。"):
            assert odd not in text.decode()
    assert draft.correction == 0


def test_the_same_data_make_nothing_new(
    session: Session, tracker: Tracker, series: Series, draft: BulletinFiles
) -> None:
    again = make_bulletin(session, tracker, series, date(2026, 11, 22))
    assert not again.changed
    assert again.edition.id == draft.edition.id
    assert again.files == draft.files


@pytest.mark.soak
def test_an_earlier_month_is_told_as_it_was_due(
    session: Session, tracker: Tracker, series: Series, draft: BulletinFiles
) -> None:
    month = pd.Period("2026-09", "M")
    day = default_day(session, series, month)
    assert date(2026, 10, 1) < day < DAY
    made = make_bulletin(session, tracker, series, day, month=month, formats=("md",))
    assert made.month == "2026-09"
    text = made.files["嘉定区2026年9月就业失业月报.md"].decode()
    assert "2026年9月末登记失业人数" in text
    assert "2026年10月末" not in text
    assert draft.month == "2026-10"


def test_issued_frozen_corrected(
    session: Session, tracker: Tracker, other: Series, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    series, draft = other, make_bulletin(session, tracker, other, DAY, formats=())
    with pytest.raises(NotFoundError, match="2020年1月"):
        issue_bulletin(session, series, STAMP, month=pd.Period("2020-01", "M"))
    with pytest.raises(RefusedError, match="还没有审核"):
        issue_bulletin(session, series, STAMP, month=draft.edition.month)
    read = review_bulletin(session, series, " 李四 ", month=draft.edition.month, formats=("md",))
    assert (read.edition.state, read.edition.signer, read.edition.number) == (
        "reviewed",
        "李四",
        "",
    )
    assert read.edition.fingerprint == draft.edition.fingerprint
    assert "（已审核，未经签发）" in read.files["徐汇区2026年10月就业失业月报.md"].decode()
    assert not make_bulletin(session, tracker, series, DAY, formats=()).changed
    with pytest.raises(RefusedError, match="已由李四审核"):
        review_bulletin(session, series, "王五", month=draft.edition.month)
    for odd in (replace(STAMP, signer="　"), replace(STAMP, date="2026-11-19")):
        with pytest.raises(UsageError):
            issue_bulletin(session, series, odd, month=draft.edition.month)
    typed = replace(STAMP, number="嘉人社[2026]12号", addressee="区人民政府：")
    made = issue_bulletin(session, series, typed, office="徐汇区人社局", month=draft.edition.month)
    assert (made.edition.number, made.edition.addressee) == (STAMP.number, STAMP.addressee)
    text = made.files["徐汇区2026年10月就业失业月报.md"].decode()
    assert "嘉人社〔2026〕12号" in text
    assert "签发人：张三" in text
    assert "区人民政府：" in text
    assert "2026年11月23日" in text
    assert "草稿" not in text
    assert "徐汇区人社局" in text
    assert {p.name: p.read_bytes() for p in write_bulletin(session, made, tmp_path)} == made.files
    for step in (lambda m: issue_bulletin(session, series, STAMP, month=m),
                 lambda m: review_bulletin(session, series, "李四", month=m)):  # fmt: skip
        with pytest.raises(RefusedError, match="已于 2026-11-23 签发"):
            step(draft.edition.month)
    # What was issued comes back byte for byte, even if the program would now write it otherwise.
    monkeypatch.setattr(bulletins, "render", lambda *_: b"other")
    again = make_bulletin(session, tracker, series, DAY)
    assert not again.changed
    assert again.files == made.files
    monkeypatch.undo()

    real = bulletins.day_record

    def newer_release(*given: Any, **named: Any) -> dict[str, Any]:
        return {**real(*given, **named), "new": "another key"}

    monkeypatch.setattr(bulletins, "day_record", newer_release)
    assert not make_bulletin(session, tracker, series, DAY).changed

    def revised(*given: Any, **named: Any) -> dict[str, Any]:
        record = real(*given, **named)
        record["series"]["registered_unemployed"]["value"] += 7
        return record

    monkeypatch.setattr(bulletins, "day_record", revised)
    correction = make_bulletin(session, tracker, series, DAY, formats=())
    value = int(draft.record["series"]["registered_unemployed"]["value"])
    assert correction.changed
    assert correction.correction == 1
    (first,) = correction.edition.changes
    assert first["id"] == "series.registered_unemployed.value:size"
    assert (first["before"], first["after"]) == (str(value), str(value + 7))
    with pytest.raises(RefusedError, match="还没有审核"):
        issue_bulletin(session, series, STAMP, month=draft.edition.month)
    review_bulletin(session, series, "王五", month=draft.edition.month, formats=())
    with pytest.raises(RefusedError, match="已经用于"):
        issue_bulletin(session, series, STAMP, month=draft.edition.month)
    stamp = replace(STAMP, number="嘉人社〔2026〕13号")
    last = issue_bulletin(session, series, stamp, month=draft.edition.month)
    told = last.files["徐汇区2026年10月就业失业月报（更正第1号）.md"].decode()
    assert "（更正第1号）" in told
    assert "本件更正嘉人社〔2026〕12号" in told
    assert f"| 登记失业人数（人） | {value} | {value + 7} |" in told
    rows = listing(session, "310104", draft.edition.month)
    assert [(r["state"], r["reviewer"], r["signer"]) for r in rows] == [
        ("issued", "李四", "张三"),
        ("issued", "王五", "张三"),
    ]
    kept = states(session.store, "310104", "registered_unemployed", draft.edition.month)
    first_issued = next(k for k in kept if k.state == "issued")
    assert set(issued_files(session.store, first_issued).values()) == set(made.files.values())


def test_delays_and_the_day_make_no_correction(draft: BulletinFiles) -> None:
    record = {**draft.record, "as_of": "2027-01-01", "program": "9"}
    assert fingerprint(record) == fingerprint(draft.record)
    other = {**draft.record, "month": "2026-09"}
    assert fingerprint(other) != fingerprint(draft.record)
    assert compose(record).made_on == "2027-01-01"


@pytest.mark.soak
def test_a_draft_that_returns_to_what_was_issued_is_withdrawn(
    session: Session, tracker: Tracker, other: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = pd.Period("2026-09", "M")
    day = default_day(session, other, month)
    make_bulletin(session, tracker, other, day, month=month, formats=())
    stamp = replace(STAMP, number="嘉人社〔2026〕9号")
    review_bulletin(session, other, "李四", month=month, formats=())
    issued = issue_bulletin(session, other, stamp, month=month, formats=("md",))
    real = bulletins.day_record

    def revised(*given: Any, **named: Any) -> dict[str, Any]:
        record = real(*given, **named)
        record["series"]["registered_unemployed"]["value"] += 7
        return record

    with monkeypatch.context() as patch:
        patch.setattr(bulletins, "day_record", revised)
        assert make_bulletin(session, tracker, other, day, month=month, formats=()).changed
        review_bulletin(session, other, "李四", month=month, formats=())
    back = make_bulletin(session, tracker, other, day, month=month, formats=("md",))
    assert back.files == issued.files
    assert back.correction == 0
    assert not make_bulletin(session, tracker, other, day, month=month, formats=()).changed
    with pytest.raises(RefusedError):
        issue_bulletin(session, other, replace(STAMP, number="x"), month=month)


@pytest.mark.soak
def test_another_version_of_the_same_forecast_makes_no_correction(
    session: Session, tracker: Tracker, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    month = pd.Period("2026-10", "M")
    make_bulletin(session, tracker, series, DAY, month=month, formats=())
    kept = states(session.store, "310114", series.indicator.code, month)
    if kept[-1].state != "issued":
        review_bulletin(session, series, "李四", month=month, formats=())
        stamp = replace(STAMP, number="嘉人社〔2026〕20号")
        issue_bulletin(session, series, stamp, month=month, formats=())
    before = states(session.store, "310114", series.indicator.code, month)
    real = bulletins.day_record

    def upgraded(*given: Any, **named: Any) -> dict[str, Any]:
        record = real(*given, **named)
        record["program"] = "99.0"
        for part in (record["outlook"], record["review"]["forecast"]):
            assert part["version"]
            part |= {"version": "99", "registered_name": "另一名", "wis": "0.5", "source": "另一版"}
        record["outlook"] |= {"data_fingerprint": "0" * 64, "evidence_origins": "11"}
        return record

    monkeypatch.setattr(bulletins, "day_record", upgraded)
    made = make_bulletin(session, tracker, series, DAY, month=month, formats=())
    assert not made.changed
    assert states(session.store, "310114", series.indicator.code, month) == before


def test_a_month_that_is_not_there_is_refused(
    session: Session, tracker: Tracker, series: Series
) -> None:
    with pytest.raises(NotFoundError, match="2027年5月") as caught:
        make_bulletin(session, tracker, series, DAY, month=pd.Period("2027-05", "M"))
    assert "2026年10月" in caught.value.hint
    assert states(session.store, "310114", None, pd.Period("2027-05", "M")) == []


@pytest.mark.soak
def test_a_real_bulletin_corrects_no_demonstration_one(
    tmp_path: Path, template: Workspace, other: Series
) -> None:
    workspace = Workspace(tmp_path)
    shutil.copytree(template.root, workspace.root, dirs_exist_ok=True)
    own = Session(workspace, parse_settings(OFFICE, Path("forecast.toml")))
    name = "徐汇区2026年10月就业失业月报"
    rows = [
        Observation("310104", "registered_unemployed", m, 12000.0 + 7 * i, DAY, "本区报表")
        for i, m in enumerate(pd.period_range(end="2026-10", periods=30, freq="M"))
    ]
    try:
        with open_tracker(own.settings.tracking_uri(workspace), workspace) as tracker:
            make_bulletin(own, tracker, other, DAY, formats=())
            review_bulletin(own, other, "李四", formats=())
            shown = issue_bulletin(own, other, STAMP, formats=("md",))
            own.store.append(rows, own.catalogue, command="test")
            made = make_bulletin(own, tracker, other, DAY, formats=("md",))
        assert (made.edition.state, made.correction, made.edition.demo) == ("draft", 0, False)
        assert not made.edition.changes
        (text,) = made.files.values()
        assert "更正" not in text.decode()
        assert STAMP.number not in text.decode()
        review_bulletin(own, other, "王五", formats=())
        issue_bulletin(own, other, replace(STAMP, number="嘉人社〔2026〕13号"), formats=())
        listed = listing(own, "310104", None)
        assert [(r["state"], r["demo"], r["correction"], r["reviewer"]) for r in listed] == [
            ("issued", True, 0, "李四"),
            ("issued", False, 0, "王五"),
        ]
        # Each of the two has a name of its own.
        assert list(made.files) == [f"{name}.md"]
        again = bulletins.with_files(own, shown.edition, ("md",), changed=False)
        assert again.files == {f"{name}（演示数据）.md": shown.files[f"{name}.md"]}
    finally:
        own.store.close()


def test_beside_real_figures_nothing_demonstrated_is_shown(
    tmp_path_factory: pytest.TempPathFactory, template: Workspace, series: Series
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("real"))
    shutil.copytree(template.root, workspace.root, dirs_exist_ok=True)
    own = Session(workspace, parse_settings(OFFICE, Path("forecast.toml")))
    months = pd.period_range(end="2026-10", periods=30, freq="M")
    rows = [
        Observation("310114", "registered_unemployed", m, 12000.0 + 7 * i, DAY, "本区报表")
        for i, m in enumerate(months)
    ]
    try:
        own.store.append(rows, own.catalogue, command="test")
        with open_tracker(own.settings.tracking_uri(workspace), workspace) as tracker:
            made = make_bulletin(own, tracker, series, DAY, formats=("md",))
    finally:
        own.store.close()
    assert made.record["demo"] is False
    assert set(made.record["series"]) == {"registered_unemployed"}
    assert made.record["sample"] is None
    (text,) = made.files.values()
    assert "演示" not in text.decode("utf-8")
