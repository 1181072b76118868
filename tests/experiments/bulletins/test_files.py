"""Files on disk follow the store, whoever is killed or late."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NoThresholdsError, RefusedError
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.bulletins import BulletinState, issued_files, states
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import parse_settings
from employment_forecast.experiments.bulletins import drafts as bulletins
from employment_forecast.experiments.bulletins.drafts import make_bulletin, write_bulletin
from employment_forecast.experiments.bulletins.files import bulletin_lock, repair_files
from employment_forecast.experiments.bulletins.signing import issue_bulletin, review_bulletin
from employment_forecast.experiments.cycle import region
from employment_forecast.experiments.cycle.identity import identity
from employment_forecast.experiments.cycle.journal import Journal, RegionResult
from employment_forecast.experiments.cycle.records import journal_folder
from employment_forecast.experiments.cycle.worker import RegionTask
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker
from employment_forecast.forecasting.bulletin.text.compose import Stamp

OFFICE = '[bulletin]\noffice = "嘉定区人力资源和社会保障局"\n'
DAY = date(2026, 11, 20)
STAMP = Stamp("嘉人社〔2026〕12号", "区人民政府", "张三", "2026-11-23")
# A district without a sample of firms, whose tables would cost most of the time.
NAME = "徐汇区2026年10月就业失业月报"


@contextmanager
def opened(workspace: Workspace) -> Iterator[Session]:
    session = Session(workspace, parse_settings(OFFICE, Path("forecast.toml")))
    yield session
    session.store.close()


@pytest.fixture(scope="module")
def reviewed(template: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a bulletin drafted, reviewed and written both times."""
    workspace = Workspace(tmp_path_factory.mktemp("reviewed") / "工作区")
    shutil.copytree(template.root, workspace.root)
    with pytest.MonkeyPatch.context() as patch, opened(workspace) as session:
        patch.setenv("FORECAST_TODAY", str(DAY))
        series = series_of(session)
        with open_tracker(session.settings.tracking_uri(workspace), workspace) as tracker:
            write_bulletin(session, make_bulletin(session, tracker, series, DAY))
        write_bulletin(session, review_bulletin(session, series, "李四"))
    return workspace


@pytest.fixture
def session(
    tmp_path: Path, reviewed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    monkeypatch.setenv("FORECAST_TODAY", str(DAY))
    workspace = Workspace(tmp_path)
    shutil.copytree(reviewed.root, workspace.root, dirs_exist_ok=True)
    with opened(workspace) as session:
        yield session


def series_of(session: Session) -> Series:
    place = session.catalogue.region("徐汇")
    return Series(place, session.catalogue.default_indicator(place))


@pytest.fixture
def series(session: Session) -> Series:
    return series_of(session)


@pytest.fixture
def tracker(session: Session) -> Iterator[Tracker]:
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as opened:
        yield opened


@pytest.fixture
def place(session: Session) -> Path:
    return session.workspace.bulletins / "310104" / "2026-10"


def cut_off(session: Session, series: Series) -> BulletinState:
    """Issued, and killed before a file was written."""
    return issue_bulletin(session, series, STAMP).edition


def on_disk(place: Path) -> dict[str, bytes]:
    return {f.suffix[1:]: f.read_bytes() for f in written(place)}


def written(place: Path) -> list[Path]:
    """Files of the bulletin, without the text file, the covering note and the checksums."""
    return [f for f in place.iterdir() if "月报" in f.stem and f.suffix != ".txt"]


def test_who_issues_again_finds_what_was_issued(
    session: Session, series: Series, place: Path
) -> None:
    kept = cut_off(session, series)
    frozen = issued_files(session.store, kept)
    assert on_disk(place).keys() == frozen.keys()
    assert all(on_disk(place)[form] != content for form, content in frozen.items())
    with pytest.raises(RefusedError, match="已于"):
        issue_bulletin(session, series, STAMP)
    assert on_disk(place) == frozen
    assert repair_files(session, series) == []


def test_a_quiet_cycle_puts_back_what_was_issued(
    session: Session, series: Series, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = cut_off(session, series)
    order = RegionTask("310104", series.indicator.code, DAY)
    job = region._opened(session, order, None)
    entry = RegionResult("310104", "徐汇区", order.indicator, "指标", str(DAY), "done",
                  identity=identity(session, job.history(), job.targets))  # fmt: skip
    Journal(journal_folder(session.workspace)).write(entry)
    monkeypatch.setattr(region, "_renew_feed", lambda *_: None)
    assert region.carry_through(session, None, order).state == "unchanged"
    assert on_disk(place) == issued_files(session.store, kept)


@pytest.mark.soak
def test_a_cycle_that_is_late_writes_no_draft_over_what_was_issued(
    session: Session, tracker: Tracker, series: Series, place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    read, issuing = threading.Event(), threading.Event()
    real = bulletins.with_files

    def late(*given: Any, **named: Any) -> Any:
        made = real(*given, **named)
        if threading.current_thread() is cycle:
            read.set()
            assert issuing.wait(30)
            issuer.join(0.5)  # would be done by now, were it let in
        return made

    def sign() -> None:
        issuing.set()
        with bulletin_lock(session, series):
            write_bulletin(session, issue_bulletin(session, series, STAMP))

    monkeypatch.setattr(bulletins, "with_files", late)
    monkeypatch.setattr(region, "assess_champion", _nothing_in_force)
    order = RegionTask("310104", series.indicator.code, DAY)
    cycle = threading.Thread(target=region._report, args=(session, tracker, series, order))
    issuer = threading.Thread(target=sign)
    cycle.start()
    assert read.wait(60)
    issuer.start()
    cycle.join(60)
    issuer.join(60)
    issued = states(session.store, "310104", None, None)[-1]
    assert issued.state == "issued"
    assert on_disk(place) == issued_files(session.store, issued)


def _nothing_in_force(*_: object, **__: object) -> None:
    raise NoThresholdsError("没有。", "")


def test_what_was_issued_elsewhere_leaves_no_draft_here(
    session: Session, series: Series, place: Path, tmp_path: Path
) -> None:
    (place / f"{NAME}.pdf").write_bytes(b"a draft")
    made = issue_bulletin(session, series, STAMP, formats=("md",))
    write_bulletin(session, made, tmp_path / "别处")
    assert on_disk(place) == issued_files(session.store, made.edition)


@pytest.mark.soak
def test_a_withdrawn_correction_leaves_no_file(
    session: Session, tracker: Tracker, series: Series, place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    write_bulletin(session, issue_bulletin(session, series, STAMP))
    before = on_disk(place)
    real = bulletins.day_record

    def revised(*given: Any, **named: Any) -> dict[str, Any]:
        record = real(*given, **named)
        record["series"]["registered_unemployed"]["value"] += 7
        return record

    with monkeypatch.context() as patch:
        patch.setattr(bulletins, "day_record", revised)
        write_bulletin(session, make_bulletin(session, tracker, series, DAY))
    assert (place / f"{NAME}（更正第1号）.docx").exists()
    write_bulletin(session, make_bulletin(session, tracker, series, DAY, formats=("md",)))
    assert {f.name for f in written(place)} == {f"{NAME}.{form}" for form in before}
    assert on_disk(place) == before


def test_a_demonstration_bulletin_gives_its_name_up(
    session: Session, tracker: Tracker, series: Series, place: Path
) -> None:
    shown = issue_bulletin(session, series, STAMP)
    write_bulletin(session, shown)
    rows = [
        Observation("310104", "registered_unemployed", m, 12000.0 + 7 * i, DAY, "本区报表")
        for i, m in enumerate(pd.period_range(end="2026-10", periods=30, freq="M"))
    ]
    session.store.append(rows, session.catalogue, command="test")
    write_bulletin(session, make_bulletin(session, tracker, series, DAY, formats=("md",)))
    frozen = issued_files(session.store, shown.edition)
    marked = {f"{NAME}（演示数据）.{form}": content for form, content in frozen.items()}
    contents = {f.name: f.read_bytes() for f in written(place)}
    assert "演示" not in contents.pop(f"{NAME}.md").decode()
    assert contents == marked
