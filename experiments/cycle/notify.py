"""Tell somebody how the cycle went: a command of the bureau's, or an e-mail."""

from __future__ import annotations

import os
import shlex
import smtplib
import ssl
import subprocess
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from employment_forecast.data import clock
from employment_forecast.data.errors import ForecastError
from employment_forecast.data.files import visible
from employment_forecast.data.workspace import MAIL_PASSWORD, Settings, harmless_environment

COMMAND_SECONDS = 60
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
SMTP_SECONDS = 30


class NotificationError(ForecastError):
    """The summary could not be handed over; the cycle itself is not affected."""

    code = "notification"


def notify(settings: Settings, subject: str, body: str, file: Path, *, trouble: bool) -> list[str]:
    """Hand the summary over by every way that is set up."""
    failed = []
    if settings["notify.command"]:
        try:
            _run(settings["notify.command"], subject, body, file, trouble=trouble)
        except NotificationError as error:
            failed.append(str(error))
    if settings["smtp.host"]:
        try:
            _send(settings, subject, body)
        except NotificationError as error:
            failed.append(str(error))
    return failed


def _run(command: str, subject: str, body: str, file: Path, *, trouble: bool) -> None:
    given = {
        "FORECAST_SUBJECT": subject,
        "FORECAST_SUMMARY": str(file),
        "FORECAST_TROUBLE": "1" if trouble else "0",
    }
    try:
        ended = subprocess.run(
            shlex.split(command),
            input=body.encode("utf-8"),
            env={**harmless_environment(), **given},
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        # Neither the command nor what Python says of it: it may hold a password.
        cause = "超时" if isinstance(error, subprocess.TimeoutExpired) else _reason(error)
        raise NotificationError(
            f"通知命令“{_program(command)}”没有执行成功（{cause}）。",
            "请检查 forecast.toml 的 notify.command。",
        ) from None
    if ended.returncode != 0:
        raise NotificationError(
            f"通知命令“{_program(command)}”以退出码 {ended.returncode} 结束。",
            "请检查 forecast.toml 的 notify.command，并在命令行试运行。",
        )


def _program(command: str) -> str:
    """Name of a command without its arguments."""
    words = command.split()
    return visible(Path(words[0]).name if words else "")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or "命令行的写法不对，如引号不成对")


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "服务器不接受登录名或口令"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"服务器答复 {error.smtp_code}"
    return getattr(error, "strerror", None) or type(error).__name__


def _message(settings: Settings, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = settings["smtp.sender"]
    message["To"] = ", ".join(settings["smtp.to"])
    message["Date"] = format_datetime(clock.now())
    message.set_content(body)
    return message


def _password(settings: Settings) -> str:
    """From the environment, else the first line of a file: cron and systemd hand over little."""
    given = os.environ.get(MAIL_PASSWORD)
    if given:
        return given
    name: str = settings["smtp.password_file"]
    if not name:
        raise NotificationError(
            "邮件没有发出：设了登录名，却没有口令"
            f"（{MAIL_PASSWORD} 与 smtp.password_file 都未设置）。",
            "请把口令写入一个只有运行用户可读的文件，并在 forecast.toml 填写 smtp.password_file。",
        )
    try:
        lines = Path(name).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotificationError(
            # What Python says of bytes that are no text quotes them.
            f"邮件没有发出：口令文件“{name}”无法读取（{getattr(error, 'strerror', '不是文本')}）。",
            "请检查 smtp.password_file 与文件权限。",
        ) from None
    return lines[0].strip() if lines else ""


def _send(settings: Settings, subject: str, body: str) -> None:
    if not settings["smtp.sender"] or not settings["smtp.to"]:
        raise NotificationError(
            "邮件没有发出：缺少发件人或收件人。", "请在 forecast.toml 填写 smtp.sender 和 smtp.to。"
        )
    host, port, kind = settings["smtp.host"], settings["smtp.port"], settings["smtp.security"]
    if kind == "none" and settings["smtp.user"] and host not in _THIS_MACHINE:
        raise NotificationError(
            "邮件没有发出：不加密的连接会把口令明文送出。",
            '请把 smtp.security 改为 "starttls" 或 "ssl"；不需登录的服务器请留空 smtp.user。',
        )
    password = _password(settings) if settings["smtp.user"] else ""
    context = ssl.create_default_context()
    try:
        server = (
            smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=context)
            if kind == "ssl"
            else smtplib.SMTP(host, port, timeout=SMTP_SECONDS)
        )
        with server:
            if kind == "starttls":
                server.starttls(context=context)
            if settings["smtp.user"]:
                server.login(settings["smtp.user"], password)
            server.send_message(_message(settings, subject, body))
    except smtplib.SMTPNotSupportedError as error:
        raise NotificationError(
            f"邮件没有发出：服务器 {host}:{port} 不支持所要求的方式（加密或登录）。",
            '请向邮件管理员核实；确需不加密发送的，写明 smtp.security = "none"。',
        ) from error
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise NotificationError(
            f"邮件没有发出（{host}:{port}，{_said(error)}）。",
            f"请检查 forecast.toml 的 smtp 各项与环境变量 {MAIL_PASSWORD}。",
        ) from error
