"""A PostgreSQL server that falls in the middle of an import: all of a file is there, or nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.campaigns import tries

from employment_forecast.data.errors import EXIT_OK, EXIT_STORAGE

MONTHS, STREETS, FALLS = 120, 12, tries(8)


def rows(value: int) -> list[str]:
    """The months of the streets, all of one value."""
    return [
        f"街道{street},{2015 + m // 12}-{m % 12 + 1:02d},{value + street}"
        for street in range(STREETS)
        for m in range(MONTHS)
    ]


@pytest.mark.soak
def test_a_server_lost_in_the_middle_of_an_import(own_postgres: Any, tmp_path: Path) -> None:
    home, file = tmp_path / "工作区", tmp_path / "月报.csv"
    home.mkdir()
    regions = "".join(
        f'[[regions]]\ncode = "S{s}"\nname = "街道{s}"\nlevel = "street"\n' for s in range(STREETS)
    )
    (home / "forecast.toml").write_text(
        f'[store]\nurl = "{own_postgres.url}"\n[import]\nrevisions = "accept"\n{regions}', "utf-8"
    )
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    variables = {**kept, "FORECAST_HOME": str(home), "FORECAST_TODAY": "2026-11-20"}
    program = [sys.executable, "-m", "employment_forecast.cli.main"]

    def forecast(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*program, *words], env=variables, capture_output=True, text=True)

    def import_(value: int) -> list[str]:
        file.write_text("\n".join(["地区,月份,登记失业人数（人）", *rows(value)]) + "\n", "utf-8")
        return [*program, "data", "import", str(file), "--json"]

    began = time.monotonic()
    assert subprocess.run(import_(9000), env=variables, capture_output=True).returncode == EXIT_OK
    usual, dice, codes = time.monotonic() - began, random.Random(1), []
    stored = 9000
    for fall in range(FALLS):
        value = 9100 + 100 * fall
        process = subprocess.Popen(
            import_(value), env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        time.sleep(dice.uniform(0.2, 1.0) * usual)
        own_postgres.stop()
        said = process.communicate()[1].decode()
        own_postgres.start()
        assert process.returncode in (EXIT_OK, EXIT_STORAGE), said
        assert "Traceback" not in said
        values = set()
        for street in (0, STREETS - 1):
            shown = forecast("data", "show", "--region", f"S{street}", "--json")
            assert shown.returncode == EXIT_OK, shown.stderr
            content = json.loads(shown.stdout)["observations"]
            values |= {int(o["value"]) - street for o in content}
        assert values in ({stored}, {value}), (fall, values)
        assert process.returncode != EXIT_OK or values == {value}
        (stored,) = values
        codes.append(process.returncode)
    print(f"PostgreSQL lost in an import: {FALLS} falls, ended with {codes}, no half file")
    assert EXIT_STORAGE in codes
