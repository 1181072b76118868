"""The index pages in the workspace, written after a cycle and whenever a bulletin is signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import lock, to_json, write_atomically
from employment_forecast.data.workspace import Session, Workspace
from employment_forecast.experiments.cycle.inbox import Arrival
from employment_forecast.experiments.cycle.index_page import (
    FOLDER,
    MONTHS_SHOWN,
    PARTS,
    index_pages,
)
from employment_forecast.experiments.cycle.journal import Journal, as_result
from employment_forecast.experiments.cycle.on_file import bulletins_on_file
from employment_forecast.experiments.cycle.records import cycle_folder, journal_folder, report_file
from employment_forecast.experiments.cycle.summary import Report


def write_index(session: Session, report: Report) -> None:
    """Write the page, and keep the report for when it is written anew."""
    # The store is read and the page written by one process at a time: none tells of a state before.
    with lock(cycle_folder(session.workspace) / "index.lock"):
        content = to_json(report.document()).encode("utf-8")
        write_atomically(report_file(session.workspace), content)
        _write(session, report)


def renew_index(session: Session) -> None:
    """Write the page anew after a bulletin has changed; where no cycle has run there is none.

    Parameters
    ----------
    session : Session
        Workspace.

    Raises
    ------
    StorageError
        As for `write_index`.
    """
    if not report_file(session.workspace).is_file():
        return
    with lock(cycle_folder(session.workspace) / "index.lock"):
        _write(session, _last_report(session.workspace))


def _write(session: Session, report: Report) -> None:
    entries = Journal(journal_folder(session.workspace)).everything()
    months = sorted({e.data_month for e in entries if e.data_month is not None})[-MONTHS_SHOWN:]
    since = pd.Period(months[0], "M") if months else None
    complete = replace(report, bulletins=bulletins_on_file(session, since))
    pages = index_pages(entries, complete, _wholes(session))
    folder = session.workspace.root / FOLDER
    for name, content in pages.items():
        # Most pages of many stay as they are when one bulletin takes a step.
        if not _holds(folder / name, content):
            write_atomically(folder / name, content)
    for file in folder.glob(PARTS):
        if file.name not in pages:
            file.unlink(missing_ok=True)


def _wholes(session: Session) -> dict[str, tuple[str, str]]:
    """Code and name of the region that each one lies in now."""
    catalogue, now = session.catalogue, pd.Period(clock.today(), "M")
    wholes = {r.code: catalogue.parent(r, now) for r in catalogue.regions}
    return {code: (whole.code, whole.name) for code, whole in wholes.items() if whole is not None}


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def _last_report(workspace: Workspace) -> Report:
    file = report_file(workspace)
    try:
        raw = json.loads(file.read_text("utf-8"))
        return Report(
            date.fromisoformat(raw["day"]),
            tuple(Arrival(**a) for a in raw["files"]),
            tuple(as_result(e) for e in raw["regions"]),
            tuple(raw["problems"]),
            notes=tuple(raw.get("notes", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"月度作业记录“{file}”无法读取（{type(error).__name__}），月报目录没有更新。",
            "请移走该文件；下次 forecast monthly 会重新写出目录。",
        ) from error
