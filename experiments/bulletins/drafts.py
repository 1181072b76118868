"""Make, keep and correct the bulletin of a region and month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError, NoThresholdsError
from employment_forecast.data.files import write_atomically
from employment_forecast.data.store import (
    OPEN,
    STATE_NAMES,
    BulletinState,
    add,
    issued_files,
    states,
)
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import (
    current_states,
    file_name,
    folder,
    stem,
    template_of,
    write_files,
)
from employment_forecast.experiments.bulletins.hand_edits import edited, remember, save_copy
from employment_forecast.experiments.bulletins.manuscript import (
    Edits,
    collect_edits,
    section_titles,
    sections_of,
    write_text_file,
    written_record,
)
from employment_forecast.experiments.bulletins.record import (
    Question,
    day_record,
    latest_month,
    usual_day,
)
from employment_forecast.experiments.publication import feed_document
from employment_forecast.experiments.publication.champion import assess_champion
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.forecasting.bulletin.render.forms import PRINTED
from employment_forecast.forecasting.bulletin.render.rendering import printed, render
from employment_forecast.forecasting.bulletin.text import (
    ASIDE_OF_VERSION,
    Bulletin,
    Correction,
    Stamp,
    changed_facts,
    compose_brief,
)
from employment_forecast.forecasting.bulletin.text.compose import compose

DEFAULT_FORMATS = ("html", "docx", "md", "json")


@dataclass(frozen=True)
class BulletinFiles:
    """A bulletin as it stands.

    Attributes
    ----------
    record : mapping
        Everything it cites.
    files : dict
        Content by file name.
    month : str
        YYYY-MM.
    correction : int
        0, or n of 更正第n号.
    changed : bool
        Whether it says anything that was not recorded before.
    edition : BulletinState
        Its state in the store.
    notices : tuple of str
        What became of edits that the program cannot take over.
    """

    record: Mapping[str, Any]
    files: dict[str, bytes]
    month: str
    correction: int
    changed: bool
    edition: BulletinState
    notices: tuple[str, ...] = ()


def fingerprint(record: Mapping[str, Any]) -> str:
    """Hash of what a record says, apart from what changes with the day it is asked on."""
    said = {k: v for k, v in record.items() if k not in ("as_of", "program", "office")}
    series = said["notes"]["series"]
    said["notes"] = {
        **said["notes"],
        "series": {
            c: {k: v for k, v in row.items() if k != "overdue"} for c, row in series.items()
        },
    }
    written = said.pop("written", None) or {"sections": ()}
    texts = {s["title"]: s["paragraphs"] for s in written["sections"] if s["paragraphs"]}
    if texts:
        said["written"] = texts
    said["outlook"] = _said_of_version(said["outlook"])
    said["review"] = {**said["review"], "forecast": _said_of_version(said["review"]["forecast"])}
    if said["warning"] is not None:
        aging = ("state", "state_reason")
        said["warning"] = {k: v for k, v in said["warning"].items() if k not in aging}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _version_told(record: Mapping[str, Any]) -> Any:
    return (record["outlook"] or {}).get("version")


def _said_of_version(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if part is None else {k: v for k, v in part.items() if k not in ASIDE_OF_VERSION}


def default_day(session: Session, series: Series, month: pd.Period | None) -> date:
    """Day of knowledge where nobody names one.

    Parameters
    ----------
    session : Session
        Publication days.
    series : Series
        Region and indicator.
    month : pandas.Period, optional
        Month of the bulletin; the newest by default.

    Returns
    -------
    datetime.date
        Today; for an earlier month the eve of the next one's publication, when its bulletin was
        due.
    """
    today = clock.today()
    if month is None:
        return today
    eve = usual_day(session.store, series.region, series.indicator, month)
    return today if eve is None else min(eve, today)


def make_bulletin(
    session: Session,
    tracker: Tracker,
    series: Series,
    day: date,
    *,
    month: pd.Period | None = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
    record: Mapping[str, Any] | None = None,
) -> BulletinFiles:
    """Write the bulletin of a month as known on a day, and keep it.

    Parameters
    ----------
    session : Session
        Workspace.
    tracker : Tracker
        Registered versions.
    series : Series
        Region and indicator.
    day : datetime.date
        Nothing that became known later is looked at.
    month : pandas.Period, optional
        The newest known month by default.
    formats : sequence of str
        Of `forecasting.bulletin.render.forms.FORMS`.
    record : mapping, optional
        Of the newest month on the day (`record.day_record`), if the caller has it already.

    Returns
    -------
    BulletinFiles
        What says the same as the latest state in the store is that state: a draft as it was
        written, an issued bulletin byte for byte. What differs becomes a draft that is to be
        reviewed (anew); after an issued one, the draft of a numbered correction. Real figures
        correct no demonstration bulletin: they begin with a first one.

    Raises
    ------
    NotFoundError
        If the month is later than the newest one known.
    DataError
        If nothing of the region was known.
    StorageError
        If a store or MLflow fails.
    """
    newest = latest_month(session.store, series.region, series.indicator, day)
    if month is not None and month > newest:
        asked_for = f"{series.region.name}{month.year}年{month.month}月"
        raise NotFoundError(
            f"截至 {day} 没有{asked_for}的数据，不能编制月报。",
            f"最新的是{newest.year}年{newest.month}月；请先导入数据，或换一个月份。",
        )
    asked = newest if month is None else month
    question = Question(series.region, series.indicator, asked, day)
    if record is None:
        record = day_record(session, tracker, question, _feed(session, tracker, question))
    before = states(session.store, series.region.code, series.indicator.code, asked)
    last = before[-1] if before else None
    edits = Edits() if last is None else collect_edits(session, last, recompose(session, last))
    record = {**record, "written": _written(session, record, last, edits)}
    mark = fingerprint(record)
    demo = bool(record["demo"])
    issued = [k for k in before if k.state == "issued" and k.demo == demo]
    changes: list[dict[str, str]] = []
    # An earlier release took fingerprints of more: the record is what is held against the record.
    if issued and fingerprint(issued[-1].record) != mark:
        old = issued[-1].record
        changes = changed_facts(compose(old), compose(record), old, record)
    # A new release may keep more in its records; without another figure nothing is corrected.
    if issued and not changes:
        if last is not None and last.state in OPEN:
            gone = replace(last, state="withdrawn", as_of=day, changes=(), signer="")
            add(session.store, gone, last, {})
        return with_files(session, issued[-1], formats, changed=False, edits=edits)
    if (
        last is not None
        and last.state in OPEN
        and fingerprint(last.record) == mark
        and (
            # What nobody has read yet names the version that is in force.
            last.state != "draft" or _version_told(last.record) == _version_told(record)
        )
    ):
        return with_files(session, last, formats, changed=False, edits=edits)
    edition = BulletinState(
        region=series.region.code,
        indicator=series.indicator.code,
        month=asked,
        state="draft",
        correction=len(issued),
        as_of=day,
        record=record,
        fingerprint=mark,
        demo=demo,
        changes=changes,
    )
    edition = add(session.store, edition, last, {})
    return with_files(session, edition, formats, changed=True, edits=edits)


def _written(
    session: Session, record: Mapping[str, Any], last: BulletinState | None, edits: Edits
) -> dict[str, Any]:
    """Hand-written sections of the next draft, with the figures that changed since they were."""
    titles = section_titles(session)
    if last is None:
        return written_record(sections_of({}, titles))
    if edits.sections is not None:
        return written_record(edits.sections)
    sections = sections_of(last.record, titles)
    if not any(sections.values()):
        return written_record(sections)
    old, now = dict(last.record), dict(record)
    now["written"] = old.get("written")
    changes = changed_facts(compose(old), compose(now), old, now)
    earlier = (old.get("written") or {}).get("changes") or []
    return written_record(sections, changes or earlier)


def _stamp(edition: BulletinState) -> Stamp | None:
    if edition.issued_on is None:
        return None
    return Stamp(edition.number, edition.addressee, edition.signer, edition.issued_on.isoformat())


def recompose(session: Session, edition: BulletinState) -> Bulletin:
    """A state of a bulletin, composed anew from its record."""
    correction = None
    if edition.correction:
        earlier = states(session.store, edition.region, edition.indicator, edition.month)
        corrected = [
            k
            for k in earlier
            if k.state == "issued" and k.demo == edition.demo and k.correction < edition.correction
        ]
        correction = Correction(edition.correction, corrected[-1].number, edition.changes)
    return compose(
        edition.record, _stamp(edition), correction, reviewed=edition.state == "reviewed"
    )


def with_files(
    session: Session,
    edition: BulletinState,
    formats: Sequence[str],
    *,
    changed: bool,
    edits: Edits | None = None,
) -> BulletinFiles:
    """A state of a bulletin with its files; of what is issued, the bytes that were frozen."""
    frozen = issued_files(session.store, edition) if edition.state == "issued" else {}
    command = str(session.settings["bulletin.ofd_command"])
    # A later release may write otherwise: what was signed is printed.
    for form in PRINTED:
        if form in formats and form not in frozen and "docx" in frozen:
            frozen[form] = printed(frozen["docx"], form, command)
    missing = [form for form in formats if form not in frozen]
    bulletin = recompose(session, edition) if missing else None
    template = template_of(session) if missing else None
    editions = states(session.store, edition.region, edition.indicator, edition.month)
    files = {}
    for form in formats:
        content = (
            frozen[form]
            if bulletin is None or form in frozen
            else render(bulletin, form, template, command)
        )
        files[file_name(session, edition, form, editions)] = content
    notices = () if edits is None else tuple(edits.notices)
    return BulletinFiles(
        edition.record, files, str(edition.month), edition.correction, changed, edition, notices
    )


def write_bulletin(
    session: Session, made: BulletinFiles, destination: Path | None = None
) -> list[Path]:
    """Write the files of a bulletin.

    Where they go by default, `experiments.bulletins.files.bulletin_lock` has to be held since the
    bulletin was made.

    Parameters
    ----------
    session : Session
        Workspace.
    made : BulletinFiles
        From this module or `experiments.bulletins.signing`.
    destination : pathlib.Path, optional
        Folder; `bulletins/<region>/<month>` of the workspace by default.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    if destination is None:
        write_files(session, made.edition, made.files, changed=made.changed)
        if made.edition.state in OPEN:
            write_text_file(session, made.edition)
        _write_brief(session, made.edition)
        return [folder(session, made.edition) / name for name in made.files]
    for name, content in made.files.items():
        write_atomically(destination / name, content)
    # The draft in the usual folder must not outlive what was issued elsewhere.
    write_files(session, made.edition, {}, changed=made.changed and made.edition.state == "issued")
    return [destination / name for name in made.files]


def _write_brief(session: Session, edition: BulletinState) -> None:
    """Write the covering note (快报) beside the bulletin."""
    brief = compose_brief(edition.record, _stamp(edition))
    file = folder(session, edition) / f"{stem(session, edition).replace('月报', '快报')}.docx"
    content = render(brief, "docx")
    by_hand = edited(file)
    if by_hand == content:
        return
    if by_hand is not None:
        save_copy(file, by_hand)
    write_atomically(file, content)
    remember(file.parent, {file.name: content})


def headline(session: Session, made: BulletinFiles) -> str:
    """One line for people: what it is, and whether it is new."""
    edition = made.edition
    region = session.catalogue.region(edition.region).name
    correction = f"更正第{edition.correction}号" if edition.correction else ""
    title = f"{region}{edition.month.year}年{edition.month.month}月月报{correction}"
    if edition.state == "issued":
        frozen = f"（{edition.number}，{edition.issued_on}）"
        return f"{title}已签发{frozen}" if made.changed else f"{title}已签发{frozen}，内容没有变化"
    if edition.state == "reviewed":
        return f"{title}已由{edition.signer}审核，待签发{'' if made.changed else '，内容没有变化'}"
    if not made.changed:
        return f"{title}草稿没有变化"
    changes = f"，{len(edition.changes)} 处变动" if edition.correction else ""
    return f"{title}草稿已生成{changes}"


def summary(made: BulletinFiles, files: Sequence[Path]) -> dict[str, Any]:
    """What was made as a JSON-able object."""
    return {
        **_row(made.edition),
        "changed": made.changed,
        "changes": list(made.edition.changes),
        "notices": list(made.notices),
        "files": [
            {"path": str(path), "sha256": hashlib.sha256(made.files[path.name]).hexdigest()}
            for path in files
        ],
    }


def _row(edition: BulletinState) -> dict[str, Any]:
    return {
        "region": edition.region,
        "indicator": edition.indicator,
        "month": str(edition.month),
        "state": edition.state,
        "state_name": STATE_NAMES[edition.state],
        "correction": edition.correction,
        "changes": len(edition.changes),
        "number": edition.number,
        "addressee": edition.addressee,
        "signer": edition.signer if edition.state == "issued" else "",
        "issued_on": None if edition.issued_on is None else edition.issued_on.isoformat(),
        "as_of": edition.as_of.isoformat(),
        "demo": edition.demo,
    }


def listing(session: Session, region: str | None, month: pd.Period | None) -> list[dict[str, Any]]:
    """Bulletins as JSON-able rows: what was issued, and drafts that nothing has followed.

    Parameters
    ----------
    session : Session
        Workspace.
    region : str or None
        Catalogue code; all by default.
    month : pandas.Period or None
        Only of this month.
    """
    editions = states(session.store, region, None, month, records=False)
    reviewed: dict[tuple[Any, ...], list[BulletinState]] = {}
    for each in editions:
        if each.state == "reviewed":
            reviewed.setdefault(_edition_key(each), []).append(each)
    return [
        {
            "region_name": session.catalogue.region(edition.region).name,
            "indicator_name": session.catalogue.indicator(edition.indicator).name,
            "correction_name": f"第{edition.correction}号" if edition.correction else "",
            **_row(edition),
            "reviewer": _reviewer(edition, reviewed.get(_edition_key(edition), ())),
        }
        for edition in current_states(editions)
    ]


def _edition_key(state: BulletinState) -> tuple[Any, ...]:
    return state.region, state.indicator, state.month, state.demo, state.correction


def _reviewer(edition: BulletinState, reviewed: Sequence[BulletinState]) -> str:
    """审核人 of a state, of its reviewed states; empty for what nobody has reviewed."""
    names = [k.signer for k in reviewed if k.id <= edition.id]
    return names[-1] if names and edition.state != "draft" else ""


def _feed(session: Session, tracker: Tracker, question: Question) -> dict[str, Any] | None:
    """The thresholds of the day; None where there were none."""
    past = question.as_of < clock.today()
    try:
        now = assess_champion(session, tracker, question.series, question.as_of, past=past)
    except NoThresholdsError:
        return None
    return feed_document(session, now)
