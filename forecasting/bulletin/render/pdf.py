"""The bulletin as PDF, printed from the docx by LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from employment_forecast.data.errors import StorageError
from employment_forecast.data.workspace import harmless_environment
from employment_forecast.forecasting.bulletin.render.docx_style import FALLBACKS

PROGRAMS = ("soffice", "libreoffice")
SECONDS = 180
# Where a font of official documents is not installed, its next of kin and not any.
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">{usual}</include>
{aliases}
</fontconfig>
"""
_HINT = "请安装 LibreOffice，或改用 --format docx,html，再由文字处理软件或浏览器打印为 PDF。"


def program() -> str | None:
    """LibreOffice on this machine; None if there is none."""
    programs = [path for name in PROGRAMS if (path := shutil.which(name))]
    if not programs and sys.platform == "darwin":
        usual = Path("/Applications/LibreOffice.app/Contents/MacOS/soffice")
        programs = [str(usual)] if usual.exists() else []
    return programs[0] if programs else None


def _fonts(folder: Path) -> Mapping[str, str]:
    """Environment in which fontconfig knows what stands in for the fonts of the standard."""
    aliases = "\n".join(
        f'  <alias binding="same"><family>{escape(name)}</family><accept>'
        + "".join(f"<family>{escape(other)}</family>" for other in others.split(","))
        + "</accept></alias>"
        for name, others in FALLBACKS.items()
    )
    usual = os.environ.get("FONTCONFIG_FILE") or "/etc/fonts/fonts.conf"
    settings = folder / "fonts.conf"
    settings.write_text(_FONTS.format(usual=escape(usual), aliases=aliases), "utf-8")
    return {**harmless_environment(), "FONTCONFIG_FILE": str(settings)}


def run_alone(call: Sequence[str], seconds: float, env: Mapping[str, str] | None = None) -> int:
    """Exit code of a program that asks nobody; who takes too long ends with all that it started."""
    nothing = subprocess.DEVNULL
    env = harmless_environment() if env is None else env
    with subprocess.Popen(
        call, stdin=nothing, stdout=nothing, stderr=nothing, env=env, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds)
        except BaseException:
            if sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            raise


def print_pdf(docx: bytes) -> bytes:
    """Print a docx.

    Parameters
    ----------
    docx : bytes
        As `render_docx` wrote it.

    Returns
    -------
    bytes
        PDF. LibreOffice puts the moment of printing into it, so the bytes differ from time to time.

    Raises
    ------
    StorageError
        If LibreOffice is not there, takes longer than `SECONDS`, or prints nothing.
    """
    tool = program()
    if tool is None:
        raise StorageError("本机没有 LibreOffice，不能生成 PDF。", _HINT)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "bulletin.docx"
        source.write_bytes(docx)
        # A profile of its own: one that a user has open would make the call do nothing.
        profile = (Path(folder) / "profile").as_uri()
        call = [
            tool, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--convert-to",
            "pdf", "--outdir", folder, str(source),
        ]  # fmt: skip
        try:
            code = run_alone(call, SECONDS, _fonts(Path(folder)))
        except subprocess.TimeoutExpired as error:
            raise StorageError(f"LibreOffice 在 {SECONDS} 秒内没有生成 PDF。", _HINT) from error
        except OSError as error:
            raise StorageError(f"LibreOffice 不能启动（{error.strerror}）。", _HINT) from error
        printed = Path(folder) / "bulletin.pdf"
        if code or not printed.exists():
            raise StorageError(f"LibreOffice 没有生成 PDF（退出码 {code}）。", _HINT)
        return printed.read_bytes()
