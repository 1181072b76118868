from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.cycle.notify import notify

Mailbox = list[bytes]


class _Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one message needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b""
                while (row := self.rfile.readline()) != b".\r\n":
                    body += row
                self.server.mailbox.append(body)
                self.wfile.write(b"250 ok\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def server() -> Iterator[tuple[int, Mailbox]]:
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as made:
        mailbox: Mailbox = []
        made.mailbox = mailbox
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made.server_address[1], mailbox
        made.shutdown()
        thread.join()


def settings(**given: Any) -> Settings:
    values = {**Settings().values, **{k.replace("__", "."): v for k, v in given.items()}}
    return Settings(values)


def test_nothing_set_up_nothing_done(tmp_path: Path) -> None:
    assert notify(settings(), "题", "文", tmp_path / "x", trouble=False) == []


def test_the_command_gets_the_summary(tmp_path: Path) -> None:
    script = tmp_path / "hook.py"
    out = tmp_path / "out.txt"
    script.write_text(
        "import os, sys\n"
        "body = sys.stdin.buffer.read().decode('utf-8')\n"
        "names = ('FORECAST_SUBJECT', 'FORECAST_SUMMARY', 'FORECAST_TROUBLE')\n"
        "said = [os.environ[k] for k in names]\n"
        f"open({str(out)!r}, 'w', encoding='utf-8').write('|'.join([*said, body]))\n",
        "utf-8",
    )
    given = settings(notify__command=f"{sys.executable} {script}")
    assert notify(given, "题", "正文", tmp_path / "s.txt", trouble=True) == []
    assert out.read_text("utf-8") == f"题|{tmp_path / 's.txt'}|1|正文"


@pytest.mark.parametrize(
    ("command", "said"),
    [("no-such-program-here", "没有执行成功"), (f"{sys.executable} -c 'exit(3)'", "退出码 3"),
     ("'open", "没有执行成功")],
)  # fmt: skip
def test_a_failing_command_is_told(tmp_path: Path, command: str, said: str) -> None:
    (problem,) = notify(
        settings(notify__command=command), "题", "文", tmp_path / "x", trouble=False
    )
    assert said in problem


def test_mail_arrives(tmp_path: Path, server: tuple[int, Mailbox]) -> None:
    port, mailbox = server
    given = settings(
        smtp__host="127.0.0.1",
        smtp__port=port,
        smtp__security="none",
        smtp__sender="a@example.org",
        smtp__to=["b@example.org", "c@example.org"],
    )
    assert notify(given, "月度作业", "嘉定区：完成\n", tmp_path / "x", trouble=False) == []
    message = message_from_bytes(mailbox[0], policy=policy.default)
    assert message["Subject"] == "月度作业"
    assert message["To"] == "b@example.org, c@example.org"
    assert message.get_content().splitlines() == ["嘉定区：完成"]


def test_mail_that_cannot_go_is_told(tmp_path: Path) -> None:
    given = settings(smtp__host="127.0.0.1", smtp__port=1, smtp__sender="a@x", smtp__to=["b@x"])
    (problem,) = notify(given, "题", "文", tmp_path / "x", trouble=False)
    assert problem.startswith("邮件没有发出（127.0.0.1:1，")
    (missing,) = notify(settings(smtp__host="x"), "题", "文", tmp_path / "x", trouble=False)
    assert "缺少发件人或收件人" in missing


def test_the_password_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORECAST_SMTP_PASSWORD", raising=False)
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr("smtplib.SMTP.login", lambda _, user, word: sent.append((user, word)))
    monkeypatch.setattr("smtplib.SMTP.send_message", lambda *_: {})
    monkeypatch.setattr("smtplib.SMTP.connect", lambda *_: (220, b"ok"))
    monkeypatch.setattr("smtplib.SMTP.quit", lambda *_: (221, b"ok"))

    def mail(**more: Any) -> list[str]:
        given = settings(
            smtp__host="127.0.0.1",
            smtp__security="none",
            smtp__sender="a@x",
            smtp__to=["b@x"],
            smtp__user="u",
            **more,
        )
        return notify(given, "题", "文", tmp_path / "x", trouble=False)

    (nothing,) = mail()
    assert "没有口令" in nothing
    (unreadable,) = mail(smtp__password_file=str(tmp_path / "没有"))
    assert "无法读取" in unreadable
    (tmp_path / "乱码").write_bytes(b"\xf7ab")
    (garbled,) = mail(smtp__password_file=str(tmp_path / "乱码"))
    assert "不是文本" in garbled
    assert "f7" not in garbled
    assert sent == []
    secret = tmp_path / "口令"
    secret.write_text("甲乙丙\n第二行\n", "utf-8")
    mail(smtp__password_file=str(secret))
    monkeypatch.setenv("FORECAST_SMTP_PASSWORD", "丁")
    mail(smtp__password_file=str(secret))
    assert sent == [("u", "甲乙丙"), ("u", "丁")]


def test_mail_goes_unencrypted_only_where_that_is_written(
    tmp_path: Path, server: tuple[int, Mailbox]
) -> None:
    port, mailbox = server
    common = {"smtp__sender": "a@x", "smtp__to": ["b@x"], "smtp__port": port}
    (refused,) = notify(
        settings(smtp__host="127.0.0.1", **common), "题", "文", tmp_path / "x", trouble=False
    )
    assert 'smtp.security = "none"' in refused
    (plain_password,) = notify(
        settings(smtp__host="mail.example.org", smtp__security="none", smtp__user="u", **common),
        "题",
        "文",
        tmp_path / "x",
        trouble=False,
    )
    assert "口令明文" in plain_password
    assert mailbox == []


def test_neither_message_nor_hook_learns_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORECAST_SMTP_PASSWORD", "hunter2")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:hunter2@mlflow:5000")
    script, out = tmp_path / "hook.py", tmp_path / "out"
    script.write_text(
        f"import os; open({str(out)!r}, 'w').write(repr(dict(os.environ)))\n", "utf-8"
    )
    command = f"{sys.executable} {script} --token hunter2"
    assert notify(settings(notify__command=command), "题", "文", tmp_path, trouble=False) == []
    assert "hunter2" not in out.read_text("utf-8")
    for failing in ("/nonexistent/send --token hunter2", "false hunter2", "x 'hunter2"):
        (said,) = notify(
            settings(notify__command=failing), "题", "文", tmp_path / "x", trouble=False
        )
        assert "hunter2" not in said
