"""OFD by way of a converter of the bureau's, with a program that stands in for it."""

from __future__ import annotations

import io
import os
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


def test_a_converter_learns_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_SMTP_PASSWORD", "hunter2")
    script = (
        CONVERTS + f"\nimport os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(os.environ))\n"
    )
    convert_ofd(b"the docx", command(tmp_path, script))
    assert "hunter2" not in (tmp_path / "seen").read_text("utf-8")


def test_a_converter_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for script, said in (
        ("raise SystemExit(3)", "没有生成文件（退出码 3）"),
        ("pass", "没有生成文件（退出码 0）"),
        ("import sys; open(sys.argv[2], 'wb').write(b'%PDF')", "不是 OFD"),
        (CONVERTS.replace('"Doc_0/Document.xml", f', '"Doc_1/Document.xml", f'), "不是 OFD"),
        ("import os, sys; os.mkdir(sys.argv[2])", "没有生成文件（退出码 0）"),
        ("import sys; sys.stdin.read(); sys.exit(4)", "没有生成文件（退出码 4）"),
    ):
        with pytest.raises(StorageError, match=said):
            convert_ofd(b"", command(tmp_path, script))
    with pytest.raises(StorageError, match="不能启动"):
        convert_ofd(b"", "/nowhere/converter {docx} {ofd}")


def test_a_converter_that_hangs_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ofd, "SECONDS", 2.0)
    held = tmp_path / "held"
    os.mkfifo(held)
    # Both hold the pipe open for writing until they are gone.
    script = (
        "import subprocess, sys, time\n"
        f"pipe = open({str(held)!r}, 'wb')\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], stdout=pipe)\n"
        "time.sleep(300)\n"
    )
    reading = os.open(held, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(StorageError, match="秒内没有完成"):
        convert_ofd(b"", command(tmp_path, script))
    os.set_blocking(reading, True)
    assert os.read(reading, 1) == b""
    os.close(reading)


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
    for written in ("./d.xml", "\n  d.xml\n", "/x/../d.xml"):
        assert is_ofd(package(OFD_xml=named.replace("/d.xml<", f"{written}<"), d_xml="<D/>"))
    assert not is_ofd(package(OFD_xml=named))
    assert not is_ofd(package(OFD_xml="<OFD"))
    assert not is_ofd(package(OFD_xml=named.replace("OFD>", "PDF>"), d_xml="<Document/>"))
    assert not is_ofd(package(d_xml="<Document/>"))


def test_a_package_that_cannot_be_read_is_none() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("OFD.xml", "<OFD><DocBody><DocRoot>OFD.xml</DocRoot></DocBody></OFD>" * 3)
    content = stream.getvalue()
    entry, body = content.index(b"PK\x01\x02"), 30 + len("OFD.xml")

    def changed(at: dict[int, int]) -> bytes:
        return bytes(at.get(n, byte) for n, byte in enumerate(content))

    assert not is_ofd(changed({body: 0xFF}))  # damaged
    assert not is_ofd(changed({6: 1, entry + 8: 1}))  # encrypted
    for method in (9, 12, 14):  # Deflate64; bytes that are neither bzip2 nor LZMA
        assert not is_ofd(changed({8: method, entry + 10: method}))
