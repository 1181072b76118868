"""Review and issue a bulletin (审核, 签发): steps that people take, each recorded with a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError, RefusedError, UsageError
from employment_forecast.data.store import OPEN, BulletinState, add, states
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.drafts import (
    DEFAULT_FORMATS,
    BulletinFiles,
    fingerprint,
    recompose,
    with_files,
)
from employment_forecast.experiments.bulletins.files import repair_files, template_of
from employment_forecast.experiments.bulletins.manuscript import (
    collect_edits,
    missing_sections,
    text_name,
    written_record,
)
from employment_forecast.forecasting.bulletin.render.rendering import render
from employment_forecast.forecasting.bulletin.text import Stamp

# The year of a number stands in hexagonal brackets (GB/T 9704-2012, 7.2.5), which keyboards lack.
_YEAR = re.compile(r"[\[【（(［](\d{4})[\]】）)］]")


def _latest(
    session: Session, series: Series, month: pd.Period | None
) -> tuple[BulletinState, list[BulletinState], str]:
    """The last state of a bulletin, all its states, and what people call it."""
    every = states(session.store, series.region.code, series.indicator.code, month)
    if not every:
        named = "" if month is None else f"{month.year}年{month.month}月"
        raise NotFoundError(
            f"没有{series.region.name}{named}的月报草稿。",
            f"请先运行 forecast bulletin {series.options}。",
        )
    chosen = max(k.month for k in every)
    editions = [k for k in every if k.month == chosen]
    return (
        editions[-1],
        editions,
        f"{series.region.name}{chosen.year}年{chosen.month}月月报",
    )


def _refuse_closed(
    session: Session,
    series: Series,
    last: BulletinState,
    editions: Sequence[BulletinState],
    title: str,
) -> None:
    if last.state in OPEN:
        return
    # Whoever was cut off while issuing tries again, and must not be left with the draft's files.
    repair_files(session, series, last.month)
    issued = [k for k in editions if k.state == "issued" and k.demo == last.demo][-1]
    raise RefusedError(
        f"{title}已于 {issued.issued_on} 签发（{issued.number}），内容没有变化。",
        "数据变化后重新运行 forecast bulletin，会生成更正草稿，审核、签发后即为更正。",
    )


def _named(text: str, option: str, meaning: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise UsageError(f"{option} 是空的。", f"请写明{meaning}。")
    return name


def review_bulletin(
    session: Session,
    series: Series,
    reviewer: str,
    *,
    month: pd.Period | None = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> BulletinFiles:
    """Record that somebody has reviewed the latest draft (审核).

    Parameters
    ----------
    session : Session
        Workspace.
    series : Series
        Region and indicator.
    reviewer : str
        审核人.
    month : pandas.Period, optional
        The newest month with a bulletin by default.
    formats : sequence of str
        Of `forecasting.bulletin.render.forms.FORMS`.

    Returns
    -------
    BulletinFiles
        What is reviewed is what will be issued: if its figures change, the next draft is to be
        reviewed anew.

    Raises
    ------
    UsageError
        If the name is empty.
    NotFoundError
        If there is no bulletin of the month.
    RefusedError
        If it is reviewed or issued already.
    StorageError
        If the store cannot be written; nothing is recorded.
    """
    name = _named(reviewer, "--reviewer", "审核人姓名")
    last, editions, title = _latest(session, series, month)
    _refuse_closed(session, series, last, editions, title)
    if last.state == "reviewed":
        raise RefusedError(f"{title}已由{last.signer}审核，内容没有变化。", "请签发。")
    edits = collect_edits(session, last, recompose(session, last))
    if edits.sections is not None:
        record = {**last.record, "written": written_record(edits.sections)}
        text = replace(last, record=record, fingerprint=fingerprint(record))
        last = add(session.store, text, last, {})
    edition = add(session.store, replace(last, state="reviewed", signer=name), last, {})
    return with_files(session, edition, formats, changed=True, edits=edits)


def issue_bulletin(
    session: Session,
    series: Series,
    stamp: Stamp,
    *,
    office: str | None = None,
    month: pd.Period | None = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> BulletinFiles:
    """Stamp the reviewed draft and freeze it (签发).

    Parameters
    ----------
    session : Session
        Workspace.
    series : Series
        Region and indicator.
    stamp : Stamp
        文号, 主送, 签发人, 成文日期.
    office : str, optional
        发文机关署名; that of the settings by default.
    month : pandas.Period, optional
        The newest month with a bulletin by default.
    formats : sequence of str
        What is returned; `DEFAULT_FORMATS` and these are frozen.

    Returns
    -------
    BulletinFiles

    Raises
    ------
    UsageError
        If a part of the stamp is empty, or its date earlier than the figures were known.
    NotFoundError
        If there is no bulletin of the month.
    RefusedError
        If the latest state is issued already or not reviewed, or the number is taken.
    StorageError
        If the store cannot be written; nothing is issued.
    """
    stamp = Stamp(
        _YEAR.sub(r"〔\1〕", _named(stamp.number, "--number", "发文字号")),
        _named(stamp.addressee.rstrip("：: 　"), "--to", "主送机关"),
        _named(stamp.signer, "--signer", "签发人姓名"),
        stamp.date,
    )
    last, editions, title = _latest(session, series, month)
    _refuse_closed(session, series, last, editions, title)
    if last.state != "reviewed":
        raise RefusedError(
            f"{title}还没有审核，不能签发。",
            f"请先运行 forecast bulletin review {series.options} --reviewer 审核人。",
        )
    edits = collect_edits(session, last, recompose(session, last))
    if edits.sections is not None:
        raise RefusedError(
            f"{title}审核后，文字又有改动，不能签发。",
            "请重新运行 forecast bulletin 收入改动，审核后再签发；改动没有丢失。",
        )
    if missing := missing_sections(session, last.record):
        raise RefusedError(
            f"{title}的{'、'.join(missing)}还没有写，不能签发。",
            f"请写在“{text_name(session, last)}”或 docx 的同名章节里，"
            "重新运行 forecast bulletin 并审核。",
        )
    signatory = " ".join(
        (session.settings["bulletin.office"] if office is None else office).split()
    )
    if not signatory:
        raise RefusedError(
            f"{title}没有发文机关，不能签发。",
            "请在 forecast.toml 的 [bulletin] 中设定 office，或用 --office 写明发文机关署名。",
        )
    signed_on = date.fromisoformat(stamp.date)
    if signed_on < last.as_of:
        raise UsageError(
            f"成文日期 {stamp.date} 早于数据的日期 {last.as_of}。", "请改正 --date，不要倒签日期。"
        )
    edition = replace(
        last,
        state="issued",
        record={
            **last.record,
            "office": signatory,
            "letterhead": session.settings["bulletin.letterhead"] or f"{signatory}文件",
        },
        number=stamp.number,
        addressee=stamp.addressee,
        signer=stamp.signer,
        issued_on=signed_on,
    )
    bulletin, template = recompose(session, edition), template_of(session)
    command = str(session.settings["bulletin.ofd_command"])
    content = {
        f: render(bulletin, f, template, command)
        for f in dict.fromkeys((*DEFAULT_FORMATS, *formats))
    }
    edition = add(session.store, edition, last, content)
    return with_files(session, edition, formats, changed=True, edits=edits)
