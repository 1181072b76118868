"""What every command sets up before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os
from employment_forecast.cli.shell.environment import prepare
os.umask(0)
prepare()
open("x", "w").close()
print(oct(os.stat("x").st_mode & 0o777))
"""


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_others_can_change_nothing_whatever_the_umask(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert made.stdout == "0o664\n"
