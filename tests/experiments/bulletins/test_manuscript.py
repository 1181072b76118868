"""What people write into a bulletin survives: word by word, through docx, drafts and signing."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from support.paths import FIXTURES

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import DataError, RefusedError
from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.data.workspace import Session, Workspace
from employment_forecast.data.workspace.settings import parse_settings
from employment_forecast.experiments.bulletins.drafts import make_bulletin, write_bulletin
from employment_forecast.experiments.bulletins.manuscript import (
    read_docx,
    read_text,
    text_file,
    written_record,
)
from employment_forecast.experiments.bulletins.signing import issue_bulletin, review_bulletin
from employment_forecast.experiments.tracking import Tracker, open_tracker
from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.pdf import program
from employment_forecast.forecasting.bulletin.text import Stamp
from employment_forecast.forecasting.bulletin.text.blocks import Bulletin, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.compose import compose
from employment_forecast.forecasting.bulletin.text.facts import plain
from employment_forecast.forecasting.bulletin.text.sections.written import OUTRUN

DAY = date(2026, 11, 20)
NAME = "徐汇区2026年10月就业失业月报"
STAMP = Stamp("嘉人社〔2026〕1号", "区人民政府", "张三", "2026-11-23")
WRITTEN = [
    "一是企业减员增多，1—10月（合计）同比增加18.2%；",
    "二是  两个空格、“引号”和(半角括号)原样保留。",
]
SETTINGS = """[bulletin]
office = "嘉定区人力资源和社会保障局"
required = ["原因分析"]
"""


@pytest.fixture
def session(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("FORECAST_TODAY", str(DAY))
    opened = Session(workspace, parse_settings(SETTINGS, Path("forecast.toml")))
    yield opened
    opened.store.close()


@pytest.fixture
def series(session: Session) -> Series:
    region = session.catalogue.region("徐汇")
    return Series(region, session.catalogue.default_indicator(region))


@pytest.fixture
def tracker(session: Session) -> Iterator[Tracker]:
    with open_tracker(session.settings.tracking_uri(session.workspace), session.workspace) as made:
        yield made


@pytest.fixture
def folder(session: Session) -> Path:
    return session.workspace.bulletins / "310104" / "2026-10"


def draft(session: Session, tracker: Tracker, series: Series) -> tuple[str, ...]:
    made = make_bulletin(session, tracker, series, DAY, formats=("docx", "md"))
    write_bulletin(session, made)
    return made.notices


def write_into(file: Path, paragraphs: list[str]) -> None:
    """Type paragraphs below the heading 原因分析, as a person does."""
    document = Document(str(file))
    at = next(i for i, p in enumerate(document.paragraphs) if p.text.endswith("、原因分析"))
    document.paragraphs[at + 1].text = paragraphs[-1]
    for text in paragraphs[:-1]:
        document.paragraphs[at + 1].insert_paragraph_before(text)
    document.save(str(file))


def said(file: Path) -> list[str]:
    return [p.text for p in Document(str(file)).paragraphs]


@pytest.mark.parametrize(
    "through", ["python-docx", pytest.param("LibreOffice", marks=pytest.mark.soak)]
)
def test_text_typed_into_the_docx_survives_until_it_is_signed(
    session: Session, tracker: Tracker, series: Series, folder: Path, through: str, tmp_path: Path
) -> None:
    draft(session, tracker, series)
    file = folder / f"{NAME}.docx"
    write_bulletin(session, review_bulletin(session, series, "李四"))
    with pytest.raises(RefusedError, match="原因分析还没有写"):
        issue_bulletin(session, series, STAMP)
    write_into(file, WRITTEN)
    if through == "LibreOffice":
        saved_by_libreoffice(file, tmp_path)
    # Signing would freeze what nobody has reviewed.
    with pytest.raises(RefusedError, match="审核后，文字又有改动"):
        issue_bulletin(session, series, STAMP)
    assert draft(session, tracker, series) == ()
    assert set(WRITTEN) <= set(said(file))
    assert said(file).count("附件1") == 1
    assert draft(session, tracker, series) == ()
    write_bulletin(session, review_bulletin(session, series, "李四"))
    write_bulletin(session, issue_bulletin(session, series, STAMP))
    assert set(WRITTEN) <= set(said(file))
    assert "（待填写）" not in said(file)
    assert not any(p.endswith("、存在问题") for p in said(file))
    assert said(file)[0] == "嘉定区人力资源和社会保障局文件"


def saved_by_libreoffice(file: Path, folder: Path) -> None:
    tool = program()
    if tool is None:
        pytest.skip("LibreOffice is not installed")
    subprocess.run(
        [tool, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
         "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(folder), str(file)],
        check=True, capture_output=True,
    )  # fmt: skip
    shutil.copy(folder / file.name, file)


@pytest.mark.soak
def test_an_edit_of_a_machine_written_part_is_saved_and_reported(
    session: Session, tracker: Tracker, series: Series, folder: Path
) -> None:
    draft(session, tracker, series)
    file = folder / f"{NAME}.docx"
    document = Document(str(file))
    paragraph = next(p for p in document.paragraphs if p.text.startswith("总的看"))
    paragraph.text = "总的看，形势平稳。"
    document.save(str(file))
    edited = file.read_bytes()
    (notice,) = draft(session, tracker, series)
    (copy,) = folder.glob("*手工改动*.docx")
    assert copy.name in notice
    assert copy.read_bytes() == edited
    assert "总的看，形势平稳。" not in said(file)
    (folder / f"{NAME}.md").write_text("改过的 Markdown", "utf-8")
    assert len(draft(session, tracker, series)) == 1
    (copy,) = folder.glob("*手工改动*.md")
    assert copy.read_text("utf-8") == "改过的 Markdown"


@pytest.mark.soak
def test_two_different_texts_are_both_there_afterwards(
    session: Session, tracker: Tracker, series: Series, folder: Path
) -> None:
    draft(session, tracker, series)
    text = folder / "徐汇区2026年10月月报文字稿.txt"
    text.write_bytes(text_file({"原因分析": ["文字稿里写的"]}))
    write_into(folder / f"{NAME}.docx", ["docx 里写的"])
    (notice,) = draft(session, tracker, series)
    assert "不一致" in notice
    assert "docx 里写的" in said(folder / f"{NAME}.docx")
    assert read_text(text, ("原因分析", "存在问题", "下一步措施", "会商意见"))["原因分析"] == [
        "docx 里写的"
    ]
    (copy,) = folder.glob("*手工改动*.txt")
    assert "文字稿里写的" in copy.read_text("utf-8-sig")


@pytest.mark.soak
def test_an_issued_file_that_was_edited_is_put_back_and_the_edit_is_saved(
    session: Session, tracker: Tracker, series: Series, folder: Path
) -> None:
    draft(session, tracker, series)
    (folder / "徐汇区2026年10月月报文字稿.txt").write_bytes(text_file({"原因分析": WRITTEN}))
    write_bulletin(session, review_bulletin(session, series, "李四"))
    write_bulletin(session, issue_bulletin(session, series, STAMP))
    file = folder / f"{NAME}.docx"
    issued = file.read_bytes()
    write_into(file, ["签发后加的"])
    draft(session, tracker, series)
    assert file.read_bytes() == issued
    (copy,) = folder.glob("*手工改动*.docx")
    assert "签发后加的" in [p.text for p in Document(io.BytesIO(copy.read_bytes())).paragraphs]


def test_only_the_line_on_changed_figures_is_the_programs_own() -> None:
    note = Paragraph((f"{OUTRUN}，请核对：某数由甲变为乙。本行不进入签发件。）",), note=True)
    bulletin = Bulletin(
        title=(("月报",),), marks=(), number=(), signer=(), addressee=(),
        blocks=(Heading(("一、原因分析",)), note, Paragraph(("原有的话。",))), annexes=(),
        office=(), date=(), made_on="2026-11-23", facts=(), demo=False,
    )  # fmt: skip
    made = Document(io.BytesIO(render_docx(bulletin)))
    sections, rest = read_docx(render_docx(bulletin), bulletin, ["原因分析"])
    assert sections == {"原因分析": ["原有的话。"]}
    # Written in its place, whatever the style of the line, is a text of the section.
    next(p for p in made.paragraphs if p.text.startswith(OUTRUN)).text = "补充的话。"
    stream = io.BytesIO()
    made.save(stream)
    sections, now = read_docx(stream.getvalue(), bulletin, ["原因分析"])
    assert sections == {"原因分析": ["补充的话。", "原有的话。"]}
    assert set(rest) - set(now) == {plain(note.text)}


@pytest.mark.soak
@pytest.mark.parametrize(
    "stamp",
    [pytest.param(None, id="draft", marks=pytest.mark.soak), pytest.param(STAMP, id="issued")],
)
def test_what_follows_the_last_section_is_not_taken_for_its_text(stamp: Stamp | None) -> None:
    file = FIXTURES / "records" / "bulletin-2026-11-23.json"
    record = brought_up_to_date(json.loads(file.read_text("utf-8")))
    own = {"原因分析": ["一、不是标题。"], "会商意见": ["附件：见会议纪要。", "同意。"]}
    record["written"] = written_record(own)
    bulletin = compose(record, stamp)
    sections, rest = read_docx(render_docx(bulletin), bulletin, tuple(own))
    assert sections == own
    assert {"附件1", "附件2", "主要指标、各月预测和概率用语"} <= set(rest)
    # A draft of an earlier release counted sections otherwise, and ended with one of the program's.
    document = Document(io.BytesIO(render_docx(bulletin)))
    for paragraph in document.paragraphs:
        if paragraph.text.endswith("、会商意见"):
            paragraph.text = "十一、会商意见"
        if paragraph.text == "同意。":
            paragraph.insert_paragraph_before("同意。")
            paragraph.text = "十二、检验和数据说明"
    stream = io.BytesIO()
    document.save(stream)
    assert read_docx(stream.getvalue(), bulletin, tuple(own))[0] == own


def test_a_text_below_no_section_is_named_and_not_swallowed(tmp_path: Path) -> None:
    file = tmp_path / "文字稿.txt"
    file.write_bytes("【原因分祈】\n丢不得\n".encode("gb18030"))
    with pytest.raises(DataError) as error:
        read_text(file, ("原因分析",))
    assert "第 1 行" in error.value.message
    assert "【原因分析】" in str(error.value.hint)


def test_issuing_without_an_office_is_refused(
    session: Session, tracker: Tracker, series: Series, folder: Path
) -> None:
    draft(session, tracker, series)
    (folder / "徐汇区2026年10月月报文字稿.txt").write_bytes(text_file({"原因分析": WRITTEN}))
    write_bulletin(session, review_bulletin(session, series, "李四"))
    with pytest.raises(RefusedError, match="没有发文机关"):
        issue_bulletin(session, series, STAMP, office=" ")


def test_the_covering_note_says_what_the_bulletin_says_on_half_a_page(
    session: Session, tracker: Tracker, series: Series, folder: Path
) -> None:
    draft(session, tracker, series)
    (folder / "徐汇区2026年10月月报文字稿.txt").write_bytes(
        text_file({"下一步措施": ["组织两场专场招聘。"]})
    )
    draft(session, tracker, series)
    texts = [t for t in said(folder / "徐汇区2026年10月就业失业快报.docx") if t]
    assert texts[0] == "徐汇区2026年10月就业失业快报"
    assert texts[-1] == "下一步措施：组织两场专场招聘。"
    assert sum(map(len, texts)) < 11 * 28  # half of a page of 22 lines of 28 characters
    bulletin = "".join(said(folder / f"{NAME}.docx"))
    figures = re.findall(r"\d+人", "".join(texts))
    assert figures
    assert all(figure in bulletin for figure in figures)
