"""The bulletin as OFD (GB/T 33190), by a converter that the bureau names."""

from __future__ import annotations

import io
import lzma
import posixpath
import shlex
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path

from lxml import etree

from employment_forecast.data.errors import StorageError
from employment_forecast.forecasting.bulletin.render.pdf import print_pdf, run_alone

SECONDS = 180
SOURCES = ("{docx}", "{pdf}")
RESULT = "{ofd}"
_HINT = "请检查 forecast.toml 的 bulletin.ofd_command，并在命令行试运行；或改用 --format docx,pdf。"
# Damaged, encrypted or packed in another way: zipfile tells each by an error of its own.
_UNREADABLE = (
    KeyError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, etree.XMLSyntaxError,
)  # fmt: skip


def convert_ofd(docx: bytes, command: str) -> bytes:
    """Have a docx converted.

    Parameters
    ----------
    docx : bytes
        As `render_docx` wrote it.
    command : str
        A command line without a shell. `{docx}` or `{pdf}` stands for the file to read, `{ofd}` for
        the one to write; a PDF is printed by LibreOffice first.

    Returns
    -------
    bytes
        OFD, read back: a package whose `OFD.xml` leads to a document.

    Raises
    ------
    StorageError
        If no converter is set, or it fails, takes longer than `SECONDS` or writes no OFD.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise StorageError("OFD 转换命令的引号不成对。", _HINT) from error
    asked = [mark for mark in SOURCES if any(mark in word for word in words)]
    if len(asked) != 1 or not any(RESULT in word for word in words):
        raise StorageError(
            "没有设定 OFD 转换程序，或命令行没有写明来源和结果。",
            "请在 forecast.toml 的 [bulletin] 中设定 ofd_command，"
            "以 {docx} 或 {pdf} 表示来源文件、{ofd} 表示结果文件。",
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"bulletin.{asked[0].strip('{}')}"
        source.write_bytes(docx if asked[0] == "{docx}" else print_pdf(docx))
        made = Path(folder) / "bulletin.ofd"
        call = [w.replace(asked[0], str(source)).replace(RESULT, str(made)) for w in words]
        name = f"OFD 转换程序“{Path(words[0]).name}”"
        try:
            code = run_alone(call, SECONDS)
        except subprocess.TimeoutExpired as error:
            raise StorageError(f"{name}在 {SECONDS} 秒内没有完成。", _HINT) from error
        except OSError as error:
            raise StorageError(f"{name}不能启动（{error.strerror}）。", _HINT) from error
        if code or not made.is_file():
            raise StorageError(f"{name}没有生成文件（退出码 {code}）。", _HINT)
        content = made.read_bytes()
    if not is_ofd(content):
        raise StorageError(f"{name}写出的文件不是 OFD。", _HINT)
    return content


def is_ofd(content: bytes) -> bool:
    """Whether this is a package whose `OFD.xml` names a document that it holds."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = set(package.namelist())
            root = etree.fromstring(package.read("OFD.xml"), parser)
    except _UNREADABLE:
        return False
    named = [(e.text or "").strip().lstrip("/") for e in root.iter("{*}DocRoot")]
    return etree.QName(root).localname == "OFD" and any(
        posixpath.normpath(name) in members for name in named
    )
