"""Files of bulletins on disk: one writer at a time, and none that contradicts the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import lock, write_atomically
from employment_forecast.data.store import OPEN, BulletinState, issued_files, issued_sums, states
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.hand_edits import edited, remember, save_copy
from employment_forecast.forecasting.bulletin.render.forms import FORMS

DEMO_MARK = "（演示数据）"


def bulletin_lock(session: Session, series: Series) -> AbstractContextManager[None]:
    """Hold the bulletins of a series, so that files are written in the order of their states.

    Parameters
    ----------
    session : Session
        Workspace.
    series : Series
        Region and indicator.

    Returns
    -------
    context manager
        To be held from reading the states of a bulletin until its files are written. It must not be
        taken twice by one process.

    Raises
    ------
    StorageError
        If the lock file cannot be written.
    """
    name = f"bulletin.{series.region.code}.{series.indicator.code}.lock"
    return lock(session.workspace.mlruns / "locks" / name)


def template_of(session: Session) -> bytes | None:
    """The docx that bulletins are written into by the settings; None for ours.

    Raises
    ------
    StorageError
        If the file is not there or no docx.
    """
    named = str(session.settings["bulletin.template"])
    if not named:
        return None
    file = session.workspace.root / named
    hint = "请检查 forecast.toml 中 bulletin.template 的文件名；留空则用程序自带的样式。"
    try:
        content: bytes = file.read_bytes()
    except OSError as error:
        raise StorageError(f"月报模板“{file}”无法读取（{error.strerror}）。", hint) from error
    from employment_forecast.forecasting.bulletin.render.docx_template import is_docx

    if not is_docx(content):
        raise StorageError(f"月报模板“{file}”不是 docx 文件。", hint)
    return content


def folder(session: Session, edition: BulletinState) -> Path:
    """Where a bulletin's files go unless somebody says otherwise."""
    return session.workspace.bulletins / edition.region / str(edition.month)


def stem(session: Session, edition: BulletinState) -> str:
    """Name of a bulletin's files without their endings; a correction has one of its own."""
    region = session.catalogue.region(edition.region)
    indicator = session.catalogue.indicator(edition.indicator)
    usual = session.catalogue.default_indicator(region).code == indicator.code
    about = "" if usual else f"（{indicator.name}）"
    correction = f"（更正第{edition.correction}号）" if edition.correction else ""
    return (
        f"{region.name}{edition.month.year}年{edition.month.month}月就业失业月报{about}{correction}"
    )


def file_name(
    session: Session, edition: BulletinState, form: str, editions: Sequence[BulletinState]
) -> str:
    """Name of a bulletin's file.

    Parameters
    ----------
    session : Session
        Workspace.
    edition : BulletinState
        The bulletin.
    form : str
        One of `forecasting.bulletin.render.forms.FORMS`.
    editions : sequence of BulletinState
        States of the same series and month: a demonstration bulletin gives its name up once there
        is a real one.
    """
    return f"{stem(session, edition)}{DEMO_MARK if _gave_up(edition, editions) else ''}.{form}"


def _gave_up(edition: BulletinState, editions: Sequence[BulletinState]) -> bool:
    return edition.demo and any(k.month == edition.month and not k.demo for k in editions)


def current_states(editions: Sequence[BulletinState]) -> list[BulletinState]:
    """Of states as the store gives them, what was issued and drafts that nothing has followed."""
    newest = {(k.region, k.indicator, k.month): k.id for k in editions}
    return [
        k
        for k in editions
        if k.state == "issued"
        or (k.state in OPEN and k.id == newest[k.region, k.indicator, k.month])
    ]


def write_files(
    session: Session, edition: BulletinState, files: Mapping[str, bytes], *, changed: bool
) -> None:
    """Write files of a bulletin where it belongs."""
    destination = folder(session, edition)
    for name, content in files.items():
        write_atomically(destination / name, content)
    if files:
        remember(destination, files)
    if changed:
        frozen = issued_sums(session.store, edition)
        editions = states(
            session.store, edition.region, edition.indicator, edition.month, records=False
        )
        for form in FORMS:
            name = file_name(session, edition, form, editions)
            if name not in files and form not in frozen:
                _remove(destination / name)
    region = session.catalogue.region(edition.region)
    repair_files(
        session, Series(region, session.catalogue.indicator(edition.indicator)), edition.month
    )


def repair_files(session: Session, series: Series, month: pd.Period | None = None) -> list[Path]:
    """Make files on disk agree with the store again.

    A process that is killed between recording a state and writing its files leaves those of the
    state before. What was issued is written anew where it differs, and drafts that nothing stands
    behind any more are removed.

    Parameters
    ----------
    session : Session
        Workspace.
    series : Series
        Region and indicator.
    month : pandas.Period, optional
        All by default.

    Returns
    -------
    list of pathlib.Path
        What was written or removed. An issued file that is missing is not made anew.

    Raises
    ------
    StorageError
        If files cannot be read or written, or the bytes that were issued are damaged.
    """
    editions = states(
        session.store, series.region.code, series.indicator.code, month, records=False
    )
    stand = current_states(editions)
    mended: list[Path] = []
    for edition in stand:
        if edition.state == "issued":
            mended += _restored(session, edition, editions)
    used = {
        folder(session, k) / file_name(session, k, form, editions) for k in stand for form in FORMS
    }
    gone = {
        folder(session, k) / f"{stem(session, k)}.{form}"
        for k in editions
        if k.id not in {s.id for s in stand}
        for form in FORMS
    }
    for file in sorted(gone - used):
        mended += [file] if _remove(file) else []
    return mended


def _restored(
    session: Session, edition: BulletinState, editions: Sequence[BulletinState]
) -> list[Path]:
    sums = issued_sums(session.store, edition)
    destination, moved = folder(session, edition), _gave_up(edition, editions)
    files = {form: destination / file_name(session, edition, form, editions) for form in sums}
    differ = [
        form
        for form, file in files.items()
        if (moved if (known := _sum(file)) is None else known != sums[form])
    ]
    content = issued_files(session.store, edition) if differ else {}
    for form in differ:
        by_hand = edited(files[form])
        if by_hand is not None:
            save_copy(files[form], by_hand)
        write_atomically(files[form], content[form])
        remember(destination, {files[form].name: content[form]})
    if moved:
        for form, sha in sums.items():
            old = destination / f"{stem(session, edition)}.{form}"
            if _sum(old) == sha:
                _remove(old)
    return [files[form] for form in differ]


def _sum(file: Path) -> str | None:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"月报文件“{file}”无法读取（{error.strerror}）。", "请检查该文件的权限。"
        ) from error


def _remove(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(
            f"月报文件“{file}”已经作废，但无法删除（{error.strerror}）。",
            "请关闭打开它的程序，或检查文件夹的写权限。",
        ) from error
    return True
