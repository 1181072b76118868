"""Kill an import while its write is open, a hundred times: the store holds all or nothing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from support.campaigns import tries

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.store.inventory import batch_records
from employment_forecast.data.store.store import Store

KILLS = tries(50)
MONTHS = 60

# The failpoint sits inside the transaction: after some rows, after all rows, or at the commit.
CHILD = """
import os, signal, sys
from datetime import date
from pathlib import Path
from employment_forecast.data.imports import importing
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.store.store import Store

url, file, share = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
real = importing.add_observations

def failing(connection, batch, rows, catalogue):
    real(connection, batch, rows[: int(len(rows) * min(share, 1.0))], catalogue)
    if share <= 1.0:
        print("open", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    from sqlalchemy import event
    @event.listens_for(connection.engine, "commit")
    def at_commit(_):
        print("open", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

importing.add_observations = failing
today = date(2026, 11, 20)
import_files(Store(url), load_catalogue(), [file], ImportOptions(), today=today, command="t")
"""


@pytest.mark.soak
def test_a_killed_import_leaves_all_or_nothing(tmp_path: Path) -> None:
    lines = ["地区,月份,登记失业人数(人)"]
    for i in range(MONTHS):
        year, month = divmod(2021 * 12 + 10 + i, 12)
        lines.append(f"嘉定区,{year}-{month + 1:02d},{11000 + 37 * (i % 9)}")
    file = tmp_path / "月报.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    url = f"sqlite:///{tmp_path / 'o.db'}"
    Store(url).close()
    dice = random.Random(20261120)
    opened = 0
    for _ in range(KILLS):
        share = dice.choice([0.0, dice.random(), 1.0, 2.0])
        child = subprocess.run(
            [sys.executable, "-c", CHILD, url, str(file), str(share)],
            capture_output=True,
            check=False,
        )
        assert child.returncode == -signal.SIGKILL, child.stderr.decode()
        opened += child.stdout == b"open\n"
        store = Store(url)
        assert batch_records(store) == []
        assert store.as_of(date(2026, 11, 20), "310114", "registered_unemployed").values.empty
        store.close()
    assert opened == KILLS
    store = Store(url)
    report = import_files(
        store, load_catalogue(), [file], ImportOptions(), today=date(2026, 11, 20), command="t"
    )
    assert report.added == MONTHS
    store.close()
