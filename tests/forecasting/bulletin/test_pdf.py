"""PDF by way of LibreOffice, with programs that stand in for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.forecasting.bulletin.render import pdf
from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.text.blocks import Bulletin, Paragraph

BULLETIN = Bulletin(
    title=(("月报",),), marks=(), number=(), signer=(), addressee=(),
    blocks=(Paragraph(("正文",)),), annexes=(), office=(), date=(), made_on="2026-11-23",
    facts=(), demo=False,
)  # fmt: skip
DOCX = render_docx(BULLETIN)
PRINTS = """\
import pathlib, sys
folder, source = sys.argv[sys.argv.index("--outdir") + 1], sys.argv[-1]
assert any(a.startswith("-env:UserInstallation=file:///") for a in sys.argv)
assert pathlib.Path(source).read_bytes().startswith(b"PK")
(pathlib.Path(folder) / "bulletin.pdf").write_bytes(b"%PDF-1.7")
"""


def stand_in(folder: Path, script: str) -> str:
    (folder / "office.py").write_text(script, "utf-8")
    tool = folder / "soffice"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder / "office.py"}" "$@"\n', "utf-8")
    tool.chmod(0o755)
    return str(tool)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_what_is_printed_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "program", lambda: stand_in(tmp_path, PRINTS))
    assert pdf.print_pdf(DOCX) == b"%PDF-1.7"
    for script in ("raise SystemExit(3)", "pass"):
        tool = stand_in(tmp_path, script)
        monkeypatch.setattr(pdf, "program", lambda tool=tool: tool)
        with pytest.raises(StorageError, match="没有生成 PDF"):
            pdf.print_pdf(DOCX)
    monkeypatch.setattr(pdf, "SECONDS", 0.2)
    monkeypatch.setattr(pdf, "program", lambda: stand_in(tmp_path, "import time; time.sleep(30)"))
    with pytest.raises(StorageError, match="秒内没有生成"):
        pdf.print_pdf(DOCX)


def test_without_libreoffice_a_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "program", lambda: None)
    with pytest.raises(StorageError, match="没有 LibreOffice") as caught:
        pdf.print_pdf(DOCX)
    assert "--format docx" in caught.value.hint
