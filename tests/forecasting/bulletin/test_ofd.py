"""OFD by way of a converter of the bureau's, with a program that stands in for it."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.forecasting.bulletin.render import ofd
from employment_forecast.forecasting.bulletin.render.ofd import convert_ofd, is_ofd

# What GB/T 33190 asks of a package: OFD.xml names the document, which lies where it says.
CONVERTS = """\
import sys, zipfile
source, made = sys.argv[1:]
text = open(source, "rb").read()
ns = 'xmlns:ofd="http://www.ofdspec.org/2016"'
with zipfile.ZipFile(made, "w") as package:
    package.writestr("OFD.xml", f'<ofd:OFD {ns} Version="1.0" DocType="OFD"><ofd:DocBody>'
                     "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>")
    package.writestr("Doc_0/Document.xml", f"<ofd:Document {ns}/>")
    package.writestr("Doc_0/source", text)
"""


def command(folder: Path, script: str, source: str = "{docx}") -> str:
    file = folder / "converter.py"
    file.write_text(script, "utf-8")
    return f"'{sys.executable}' '{file}' {source} {{ofd}}"


def test_what_is_converted_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = convert_ofd(b"the docx", command(tmp_path, CONVERTS))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert package.read("Doc_0/source") == b"the docx"
    monkeypatch.setattr(ofd, "print_pdf", lambda docx: b"%PDF of " + docx)
    made = convert_ofd(b"the docx", command(tmp_path, CONVERTS, "{pdf}"))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert package.read("Doc_0/source") == b"%PDF of the docx"


def test_a_converter_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for script, said in (
        ("raise SystemExit(3)", "没有生成文件（退出码 3）"),
        ("pass", "没有生成文件（退出码 0）"),
        ("import sys; open(sys.argv[2], 'wb').write(b'%PDF')", "不是 OFD"),
        (CONVERTS.replace('"Doc_0/Document.xml", f', '"Doc_1/Document.xml", f'), "不是 OFD"),
    ):
        with pytest.raises(StorageError, match=said):
            convert_ofd(b"", command(tmp_path, script))
    with pytest.raises(StorageError, match="不能启动"):
        convert_ofd(b"", "/nowhere/converter {docx} {ofd}")
    monkeypatch.setattr(ofd, "SECONDS", 0.2)
    with pytest.raises(StorageError, match="秒内没有完成"):
        convert_ofd(b"", command(tmp_path, "import time; time.sleep(30)"))


@pytest.mark.parametrize(
    "typed", ["", "convert {docx}", "convert {ofd}", "convert {docx} {pdf} {ofd}", "convert '{ofd}"]
)
def test_a_command_line_must_say_what_to_read_and_write(typed: str) -> None:
    with pytest.raises(StorageError) as caught:
        convert_ofd(b"", typed)
    assert "ofd_command" in caught.value.hint


def test_only_packages_with_a_document_are_ofd() -> None:
    def package(**held: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as made:
            for name, text in held.items():
                made.writestr(name.replace("_", "."), text)
        return stream.getvalue()

    named = "<OFD><DocBody><DocRoot>/d.xml</DocRoot></DocBody></OFD>"
    assert is_ofd(package(OFD_xml=named, d_xml="<Document/>"))
    assert not is_ofd(package(OFD_xml=named))
    assert not is_ofd(package(OFD_xml="<OFD"))
    assert not is_ofd(package(OFD_xml=named.replace("OFD>", "PDF>"), d_xml="<Document/>"))
    assert not is_ofd(package(d_xml="<Document/>"))
