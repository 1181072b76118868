"""The watched folder: files put there are imported one by one and filed away.

A file is imported in one transaction and moved afterwards. Should the process die in between, the
next cycle imports the file again, finds that nothing is new, and moves it. What is still being
written is left for the next cycle: a file must have stayed as it is for a while before it is read,
and if it has changed by the time it is to be moved, its batch is taken back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from employment_forecast.data.errors import BusyError, ForecastError, StorageError
from employment_forecast.data.files import visible, write_atomically
from employment_forecast.data.imports import ImportOptions, ImportReport, import_files
from employment_forecast.data.workspace import Session

DONE = "已导入"
RETURNED = "退回"
REASON = ".退回原因.txt"
# What browsers, office programs and copying tools leave while a file is not complete.
_UNFINISHED = (".tmp", ".part", ".crdownload", ".download", ".filepart")
_LEAST_SECONDS = 0.3


@dataclass(frozen=True)
class Arrival:
    """What became of one file.

    Attributes
    ----------
    file : str
        Its name.
    state : {"imported", "unchanged", "returned", "waiting"}
        Brought something new; held nothing new; refused and filed under 退回; still being written.
    batch : int or None
        Batch number.
    added, revised : int
        New months and revised ones; firms and groups count as added.
    message : str
        For people.
    """

    file: str
    state: Literal["imported", "unchanged", "returned", "waiting"]
    batch: int | None = None
    added: int = 0
    revised: int = 0
    message: str = ""


def waiting_files(folder: Path) -> list[Path]:
    """Files to import, in the order of their names; none if there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in map(_readable_name, folder.iterdir())
        if (file.is_file() or file.is_symlink())
        and file.name not in (DONE, RETURNED)
        and not file.name.startswith((".", "~$"))
        and not file.name.lower().endswith(_UNFINISHED)
        and not file.name.endswith(REASON)
    )


def _readable_name(file: Path) -> Path:
    """The file under a name of Unicode: unpacked from an archive of Windows it may be in GBK."""
    if not any("\ud800" <= c <= "\udfff" for c in file.name):
        return file
    try:
        name = os.fsencode(file.name).decode("gb18030")
    except UnicodeDecodeError:
        name = visible(file.name)
    target = _free_name(file.with_name(visible(name)))
    try:
        os.rename(file, target)
    except OSError:
        return file
    return target


def take_in(
    session: Session, folder: Path, day: date, pause: Callable[[float], None] = time.sleep
) -> list[Arrival]:
    """Import every complete file of the watched folder, each for itself."""
    files = waiting_files(folder)
    if not files:
        return []
    before = {file: _state(file) for file in files}
    pause(_time_to_settle(before.values(), session.settings["monthly.settle_seconds"]))
    arrivals = []
    for file in files:
        if before[file] is None or _state(file) != before[file]:
            arrivals.append(_waiting(visible(file.name)))
        else:
            arrivals.append(_take(session, file, folder, day))
    return arrivals


def _state(file: Path) -> tuple[int, int] | None:
    """Size and time of the last change; None for a file that is gone."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _time_to_settle(states: Iterable[tuple[int, int] | None], seconds: int) -> float:
    """Time until the file changed last has stood still for so long.

    A clock that runs ahead on another machine does not make it longer.
    """
    now = time.time()
    ages = [max(now - state[1] / 1e9, 0.0) for state in states if state is not None]
    return max(_LEAST_SECONDS, *(seconds - age for age in ages), 0.0)


def _waiting(name: str) -> Arrival:
    return Arrival(name, "waiting", message="文件仍在写入，下次再导入")


def _take(session: Session, file: Path, folder: Path, day: date) -> Arrival:
    name = visible(file.name)
    if file.is_symlink():
        # What it points to may be anything that this user can read.
        return _return(file, folder, day, "这是一个链接，没有读取。请放入文件本身。")
    before = _state(file)
    options = ImportOptions(revise=session.settings["import.revisions"] == "accept")
    try:
        report = import_files(
            session.store,
            session.catalogue,
            [file],
            options,
            today=day,
            command=f"monthly {name}",
        )
    except (BusyError, StorageError):
        raise
    except ForecastError as error:
        if _state(file) != before:
            return _waiting(name)
        return _return(file, folder, day, str(error))
    except Exception as error:  # noqa: BLE001  # one file must not keep the others from being read
        said = f"读取时出错（{type(error).__name__}），文件可能已损坏。"
        return _return(file, folder, day, f"{said}请在办公软件中打开后另存，再放入监视文件夹。")
    if _state(file) != before:
        if report.batch is not None:
            session.store.withdraw(report.batch)
        return _waiting(name)
    _file_away(file, folder / DONE / day.isoformat())
    return _arrival(name, report)


def _return(file: Path, folder: Path, day: date, reason: str) -> Arrival:
    """File a refused file away with the reason beside it."""
    text = visible(reason, lines=True)
    try:
        returned = _file_away(file, folder / RETURNED / day.isoformat())
        write_atomically(returned.with_name(returned.name + REASON), f"{text}\n".encode())
    except StorageError as error:
        text = f"{text}{error}"
    return Arrival(visible(file.name), "returned", message=text)


def _arrival(name: str, report: ImportReport) -> Arrival:
    added = report.added + report.firms + report.groups
    doubts = f"，提醒 {len(report.warnings)} 处" if report.warnings else ""
    if report.batch is None:
        return Arrival(name, "unchanged", message=f"没有新的内容{doubts}")
    text = f"第 {report.batch} 批：新增 {added} 个，修订 {report.revised} 个{doubts}"
    return Arrival(name, "imported", report.batch, added, report.revised, text)


def _free_name(file: Path) -> Path:
    """The name itself, or the first one with a number that nothing bears yet."""
    target, number = file, 1
    while target.exists() or target.is_symlink():
        number += 1
        target = file.with_name(f"{file.stem}（{number}）{file.suffix}")
    return target


def _file_away(file: Path, folder: Path) -> Path:
    """Move a file under a name that is free."""
    try:
        for level in (folder.parent, folder):
            if level.is_symlink():
                raise StorageError(
                    f"监视文件夹中的“{level.name}”是一个链接，没有写入。",
                    "请删去该链接；程序会自己建立文件夹。",
                )
        folder.mkdir(parents=True, exist_ok=True)
        target = _free_name(folder / file.name)
        os.replace(file, target)
    except OSError as error:
        raise StorageError(
            f"文件“{file}”无法移入“{folder}”（{error.strerror}）。",
            "请检查监视文件夹的写权限；数据已入库，再次运行不会重复。",
        ) from error
    return target
