"""The index page in the workspace, written after a cycle and whenever a bulletin is signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import lock, to_json, write_atomically
from employment_forecast.data.workspace import Session, Workspace
from employment_forecast.experiments.cycle.inbox import Arrival
from employment_forecast.experiments.cycle.index_page import FOLDER, index_page
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
    complete = replace(report, bulletins=bulletins_on_file(session))
    page = index_page(Journal(journal_folder(session.workspace)).everything(), complete)
    write_atomically(session.workspace.root / FOLDER / "index.html", page)


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
