from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.cycle import inbox
from employment_forecast.experiments.cycle.inbox import take_in, waiting_files

DAY = date(2026, 11, 20)


@pytest.fixture
def session(tmp_path: Path, databases: Path) -> Iterator[Session]:
    workspace = Workspace(tmp_path / "工作区")
    shutil.copytree(databases, workspace.root, dirs_exist_ok=True)
    opened = Session(workspace, Settings())
    yield opened
    opened.store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def monthly(value: int, months: int = 14) -> str:
    lines = ["地区,月份,登记失业人数（人）"]
    for i in range(months):
        year, month = divmod(2025 * 12 + 8 + i, 12)
        lines.append(f"嘉定区,{year}-{month + 1:02d},{value + 31 * (i % 5)}")
    return "\n".join(lines) + "\n"


def quick(_: float) -> None:
    return


def test_good_and_bad_files_go_their_ways(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text(monthly(11000), "utf-8")
    (folder / "b.csv").write_text("地区,月份,登记失业人数（人）\n嘉定区,2026-10,一万\n", "utf-8")
    (folder / "c.csv").write_text(monthly(11000), "utf-8")
    arrivals = {a.file: a for a in take_in(session, folder, DAY, quick)}
    assert {n: a.state for n, a in arrivals.items()} == {
        "a.csv": "imported",
        "b.csv": "returned",
        "c.csv": "unchanged",
    }
    assert arrivals["a.csv"].added == 14
    assert waiting_files(folder) == []
    assert (folder / "已导入" / "2026-11-20" / "a.csv").is_file()
    reason = folder / "退回" / "2026-11-20" / "b.csv.退回原因.txt"
    assert reason.read_text("utf-8").strip() == arrivals["b.csv"].message
    assert "一万" in arrivals["b.csv"].message


def test_a_second_time_nothing_is_there(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text(monthly(11000), "utf-8")
    take_in(session, folder, DAY, quick)
    assert take_in(session, folder, DAY, quick) == []


def test_killed_between_import_and_move(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.csv").write_text(monthly(11000), "utf-8")

    def die(*_: object) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_file_away", die)
        with pytest.raises(KeyboardInterrupt):
            take_in(session, folder, DAY, quick)
    (again,) = take_in(session, folder, DAY, quick)
    assert again.state == "unchanged"
    assert waiting_files(folder) == []


def test_same_name_twice_keeps_both(session: Session, folder: Path) -> None:
    for value in (11000, 11000):
        (folder / "a.csv").write_text(monthly(value), "utf-8")
        take_in(session, folder, DAY, quick)
    kept = sorted(f.name for f in (folder / "已导入" / "2026-11-20").iterdir())
    assert kept == ["a.csv", "a（2）.csv"]


def test_a_file_still_growing_waits(session: Session, folder: Path) -> None:
    file = folder / "a.csv"
    file.write_text(monthly(11000, months=2), "utf-8")

    def meanwhile(_: float) -> None:
        file.write_text("x", "utf-8")

    (arrival,) = take_in(session, folder, DAY, meanwhile)
    assert arrival.state == "waiting"
    assert file.exists()


def test_unfinished_and_hidden_files_are_left(folder: Path) -> None:
    for name in (".a.csv", "~$b.xlsx", "c.csv.part", "d.crdownload", "e.TMP", "ok.csv"):
        (folder / name).write_text("x", "utf-8")
    assert [f.name for f in waiting_files(folder)] == ["ok.csv"]


def test_no_folder_no_files(tmp_path: Path, session: Session) -> None:
    assert take_in(session, tmp_path / "none", DAY, quick) == []


def test_a_revision_is_returned_unless_accepted(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text(monthly(11000), "utf-8")
    take_in(session, folder, DAY, quick)
    (folder / "b.csv").write_text(monthly(11100), "utf-8")
    (refused,) = take_in(session, folder, DAY, quick)
    assert refused.state == "returned"
    (folder / "b.csv").write_text(monthly(11100), "utf-8")
    values = {**session.settings.values, "import.revisions": "accept"}
    open_minded = Session(session.workspace, Settings(values))
    try:
        (taken,) = take_in(open_minded, folder, DAY, quick)
    finally:
        open_minded.store.close()
    assert (taken.state, taken.revised) == ("imported", 14)


def test_a_file_that_stalls_while_it_is_copied_is_left(session: Session, folder: Path) -> None:
    """It must have stood still for a while: the first half of a figure is a figure."""
    whole = monthly(11000).encode()
    file = folder / "慢.csv"
    file.write_bytes(whole[: whole.rindex("嘉定区".encode())])
    waited: list[float] = []

    def copying(seconds: float) -> None:
        waited.append(seconds)
        file.write_bytes(whole)

    (arrival,) = take_in(session, folder, DAY, copying)
    assert 8 < waited[0] <= 10
    assert arrival.state == "waiting"
    assert file.is_file()
    (again,) = take_in(session, folder, DAY, quick)
    assert (again.state, again.added) == ("imported", 14)


def test_what_changed_during_the_import_is_taken_back(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = monthly(11000).encode()
    file = folder / "慢.csv"
    file.write_bytes(whole[: whole.rindex("嘉定区".encode())])
    real = inbox.import_files

    def importing(*given: object, **more: object) -> object:
        done = real(*given, **more)  # type: ignore[arg-type]
        file.write_bytes(whole)
        return done

    monkeypatch.setattr(inbox, "import_files", importing)
    (arrival,) = take_in(session, folder, DAY, quick)
    assert arrival.state == "waiting"
    # Nothing real is left, so that the demonstration series is back.
    assert session.store.as_of(DAY, "310114", "registered_unemployed").demo
    monkeypatch.setattr(inbox, "import_files", real)
    (again,) = take_in(session, folder, DAY, quick)
    assert (again.state, again.added, again.revised) == ("imported", 14, 0)
    last = session.store.as_of(DAY, "310114", "registered_unemployed").values.iloc[-1]
    assert last > 10_000


def test_a_file_that_is_taken_away_meanwhile_stops_nothing(session: Session, folder: Path) -> None:
    (folder / "a.csv").write_text(monthly(11000), "utf-8")
    gone = folder / "b.csv"
    gone.write_text(monthly(12000), "utf-8")
    arrivals = take_in(session, folder, DAY, lambda _: gone.unlink())
    assert [(a.file, a.state) for a in arrivals] == [("a.csv", "imported"), ("b.csv", "waiting")]


def test_old_files_are_not_waited_for(session: Session, folder: Path) -> None:
    file = folder / "a.csv"
    file.write_text(monthly(11000), "utf-8")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    waited: list[float] = []
    take_in(session, folder, DAY, waited.append)
    assert waited == [pytest.approx(0.3)]


def test_names_and_links_of_strangers(session: Session, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(monthly(11000), "utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    # As unzip leaves a name that was packed on Windows, and one made to steer a terminal.
    Path(os.fsdecode(os.fsencode(folder) + b"/" + "报表.csv".encode("gb18030"))).write_text(
        "x", "utf-8"
    )
    (folder / "a\x1b]0;x\x07\nb.csv").write_text(monthly(11000), "utf-8")
    arrivals = {a.file: a for a in take_in(session, folder, DAY, quick)}
    assert {name: a.state for name, a in arrivals.items()} == {
        "link.csv": "returned",
        "报表.csv": "returned",
        "a\\u001b]0;x\\u0007\\u000ab.csv": "imported",
    }
    assert "链接" in arrivals["link.csv"].message
    assert (folder / "退回" / "2026-11-20" / "link.csv").is_symlink()
    assert (tmp_path / "secret.csv").is_file()
    assert (folder / "退回" / "2026-11-20" / "报表.csv").is_file()


def test_a_link_in_place_of_a_folder_does_not_move_what_is_written(
    session: Session, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "退回").symlink_to(elsewhere)
    (folder / "a.csv").write_text("x", "utf-8")
    (folder / "b.csv").write_text(monthly(11000), "utf-8")
    arrivals = {a.file: a for a in take_in(session, folder, DAY, quick)}
    assert {name: a.state for name, a in arrivals.items()} == {
        "a.csv": "returned",
        "b.csv": "imported",
    }
    assert "是一个链接" in arrivals["a.csv"].message
    assert list(elsewhere.iterdir()) == []


def test_any_fault_of_a_reader_returns_the_file(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(inbox, "import_files", broken)
    (folder / "a.csv").write_text(monthly(11000), "utf-8")
    (arrival,) = take_in(session, folder, DAY, quick)
    assert arrival.state == "returned"
    assert "读取时出错（RecursionError）" in arrival.message
