from __future__ import annotations

from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.experiments.cycle import log as cycle_logs
from employment_forecast.experiments.cycle.log import cycle_log


def test_cron_gets_no_line_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "logs" / "monthly.log"
    with cycle_log(file, quiet=True) as log:
        log.info("开始")
        log.error("出错")
    assert capsys.readouterr().err == ""
    with cycle_log(file, quiet=False) as log:
        log.info("又一次")
    assert capsys.readouterr().err == "又一次\n"
    lines = file.read_text("utf-8").splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == ["INFO 开始", "ERROR 出错", "INFO 又一次"]


def test_the_log_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycle_logs, "BYTES", 2000)
    monkeypatch.setattr(cycle_logs, "KEPT", 3)
    file = tmp_path / "monthly.log"
    for number in range(60):
        with cycle_log(file, quiet=True) as log:
            log.info("第 %d 次作业%s", number, "。" * 40)
    kept = sorted(f.name for f in tmp_path.iterdir())
    assert kept == ["monthly.log", "monthly.log.1", "monthly.log.2", "monthly.log.3"]
    assert all(f.stat().st_size <= 2000 for f in tmp_path.iterdir())
    assert "第 59 次" in file.read_text("utf-8")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with (
        pytest.raises(StorageError, match="无法写入日志"),
        cycle_log(tmp_path / "logs" / "monthly.log", quiet=True),
    ):
        pass
