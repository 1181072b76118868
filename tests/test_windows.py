"""No import of ours needs what only POSIX has: all modules are loaded as if on Windows."""

from __future__ import annotations

import subprocess
import sys

from support.paths import ROOT

# First everything is loaded as usual, libraries with it; then ours alone once more, told that this
# is Windows, with the modules of POSIX out of their reach.
PROGRAM = """
import builtins, importlib, multiprocessing.connection, pkgutil, sys, types
import employment_forecast as package

names = [m.name for m in pkgutil.walk_packages(package.__path__, "employment_forecast.")
         if m.name.split(".")[1] not in ("tests", "docs", "conftest")
         and not m.name.endswith("__main__") and ".migrations." not in m.name]
for name in names:
    importlib.import_module(name)
for name in [n for n in sys.modules if n.split(".")[0] == "employment_forecast"]:
    del sys.modules[name]

POSIX = "fcntl resource pwd grp termios tty pty posix crypt spwd syslog readline".split()
plain, asked = builtins.__import__, set()

def guarded(name, globals=None, locals=None, fromlist=(), level=0):
    asking = str((globals or {}).get("__name__", ""))
    if asking.startswith("employment_forecast") and not level and name.split(".")[0] in POSIX:
        raise ImportError(f"{asking} imports {name}")
    if name == "msvcrt":
        asked.add(asking)
    return plain(name, globals, locals, fromlist, level)

builtins.__import__ = guarded
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
multiprocessing.connection.PipeConnection = object  # there on Windows only
sys.platform = "win32"
for name in names:
    importlib.import_module(name)
assert asked == {"employment_forecast.data.files.locks"}, asked
print(len(names))
"""


def test_every_module_loads_without_what_only_posix_has():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 400
