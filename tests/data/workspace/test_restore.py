"""A restore is all or nothing, takes no address of the outside with it, and is bounded."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Table
from support.campaigns import tries

from employment_forecast.data.bundled.loader import sync
from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.errors import (
    ForecastError,
    RefusedError,
    SettingsError,
    StorageError,
)
from employment_forecast.data.records import Observation
from employment_forecast.data.store import Store
from employment_forecast.data.workspace import (
    Workspace,
    demand_restored,
    load_settings,
    restore_backup,
    write_backup,
)
from employment_forecast.data.workspace import backup as backup_module
from employment_forecast.data.workspace.connections import connections, without_connections
from employment_forecast.data.workspace.restore import is_filled
from employment_forecast.data.workspace.settings import parse_settings

SETTINGS = """# 本局配置
[store]
url = "sqlite:////srv/正式.db"  # 口令在此
[run]
horizon = 18
[smtp]
host = "mail.example.org"
to = [
  "a@example.org",
  "b@example.org",
]
[notify]
when = "always"
command = "mail -s x a@example.org"
"""
FILES = ("thresholds/a.json", "bulletins/310114/2026-10/月报.md", "monthly/journal/j.json")

# Restores in a child that is killed at the n-th change of the file system, again and again.
KILLER = """
import json, os, signal, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore", DeprecationWarning)  # the libraries' threads only compute
from employment_forecast.data.errors import ForecastError
from employment_forecast.data.records import Observation
from employment_forecast.data.store import Store
from employment_forecast.data.workspace import Workspace, demand_restored, restore_backup
from employment_forecast.data.workspace.restore import is_filled
from employment_forecast.data.workspace.settings import parse_settings
import employment_forecast.data.workspace.connections

folder, file, points, files = Path(sys.argv[1]), Path(sys.argv[2]), *map(json.loads, sys.argv[3:])
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}

def restore(workspace, stop_at):
    seen = 0
    def hook(event, _):
        nonlocal seen
        if event in CHANGES or (event == "open" and _[1] and "r" not in str(_[1])):
            seen += 1
            if seen == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    restore_backup(workspace, None, file)
    return seen

def state(workspace):
    there = [(workspace.root / name).is_file() for name in files]
    store = Store(f"sqlite:///{workspace.database}")
    rows = is_filled(store)
    store.close()
    return "whole" if all(there) and rows else "nothing" if not any(there) and not rows else "half"

for point in points:
    workspace = Workspace(folder / str(point))
    workspace.create()
    pid = os.fork()
    if not pid:
        restore(workspace, point)
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    try:
        demand_restored(workspace)
        refused = False
    except ForecastError:
        refused = True
    after_kill = state(workspace)
    if after_kill == "nothing":
        restore_backup(workspace, None, file)
    left = [p.name for p in workspace.root.iterdir() if p.name.startswith(".")]
    print(json.dumps([point, killed, refused, after_kill, state(workspace), left]), flush=True)
"""


def made(root: Path, fill: Callable[[Store, Catalogue], object]) -> Path:
    """A backup of a workspace with settings, published files, MLflow files and rows."""
    workspace = Workspace(root / "ws")
    workspace.create()
    store = Store(f"sqlite:///{workspace.database}")
    fill(store, load_catalogue())
    workspace.settings_file.write_text(SETTINGS, "utf-8")
    for name in (*FILES, "mlruns/artifacts/x/表.csv"):
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / name).write_text(name, "utf-8")
    write_backup(workspace, store, root / "备份.zip")
    store.close()
    return root / "备份.zip"


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a few rows: bringing in those that come with the program would take most of the time."""
    rows = [
        Observation("310114", "registered_unemployed", month, 13600.0, date(2026, 11, 20), "月报")
        for month in pd.period_range("2024-01", "2026-10", freq="M")
    ]
    return made(
        tmp_path_factory.mktemp("old"),
        lambda store, catalogue: store.append(rows, catalogue, command="test"),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With all that comes with the program: firms, groups and series."""
    return made(tmp_path_factory.mktemp("whole"), sync)


def fresh(folder: Path) -> Workspace:
    workspace = Workspace(folder)
    workspace.create()
    return workspace


def killed_at(points: list[int], backup: Path, folder: Path) -> list[list[Any]]:
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(folder), str(backup), json.dumps(points),
         json.dumps(FILES)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def demand_all_or_nothing(results: list[list[Any]]) -> None:
    for point, killed, refused, state, afterwards, left in results:
        assert state in ("whole", "nothing"), point
        assert not (state == "whole" and refused), point
        assert (afterwards, left) == ("whole", []), point
        assert killed or state == "whole"


@pytest.mark.soak  # killed at every step
def test_a_restore_that_is_killed_is_completed_or_taken_back(backup: Path, tmp_path: Path) -> None:
    results = killed_at([2, 6, 10, 14, 17, 20, 23, 26, 29, 32, 35, 500], backup, tmp_path)
    demand_all_or_nothing(results)
    assert sum(killed for _, killed, *_ in results) > 6
    assert not results[-1][1]


@pytest.mark.soak
def test_a_restore_killed_at_every_step(whole: Path, tmp_path: Path) -> None:
    results = killed_at(list(range(1, 60)), whole, tmp_path)
    demand_all_or_nothing(results)
    print(f"restore: {sum(r[1] for r in results)} kills, none half, nothing left")


def test_rows_written_while_a_backup_is_made_are_wholly_in_it_or_not_at_all(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = fresh(tmp_path / "ws")
    url = f"sqlite:///{workspace.database}"
    store, other = Store(url), Store(url)
    row = Observation(
        "310114", "registered_unemployed", pd.Period("2026-10", "M"), 13612.0, date(2026, 11, 20),
        "月报",
    )  # fmt: skip
    written: list[int] = []
    plain = backup_module._table_csv

    def interrupted(connection: Connection, table: Table) -> Iterator[bytes]:
        yield from plain(connection, table)
        if not written:
            written.append(other.append([row], catalogue, command="test"))

    monkeypatch.setattr(backup_module, "_table_csv", interrupted)
    counts = write_backup(workspace, store, tmp_path / "备份.zip")
    assert other.series() != []
    assert counts["observations"] == counts["batches"] == 0
    store.close()
    other.close()
    copy = fresh(tmp_path / "copy")
    restore_backup(copy, None, tmp_path / "备份.zip")
    restored = Store(f"sqlite:///{copy.database}")
    assert restored.series() == []
    restored.close()


def test_a_copy_does_not_follow_the_addresses_of_the_original(backup: Path, tmp_path: Path) -> None:
    workspace = fresh(tmp_path / "copy")
    tied = restore_backup(workspace, None, backup)
    assert tied == ["store.url", "notify.command", "smtp.host", "smtp.to"]
    settings = load_settings(workspace)
    assert settings["run.horizon"] == 18
    assert settings["notify.when"] == "always"
    assert settings.store_url(workspace) == f"sqlite:///{workspace.database}"
    assert (settings["smtp.host"], settings["smtp.to"], settings["notify.command"]) == ("", [], "")
    assert "# 本局配置" in workspace.settings_file.read_text("utf-8")
    assert workspace.settings_file.stat().st_mode & 0o777 == 0o600


def test_on_request_the_rows_go_where_the_restored_settings_say(
    backup: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    changed = resealed(
        backup, tmp_path / "b.zip",
        lambda files: {**files, "forecast.toml": f'[store]\nurl = "sqlite:///{elsewhere}"\n'.encode()},
    )  # fmt: skip
    workspace = fresh(tmp_path / "copy")
    assert restore_backup(workspace, None, changed, keep_connections=True) == ["store.url"]
    assert not workspace.database.exists()
    store = Store(load_settings(workspace).store_url(workspace))
    assert is_filled(store)
    store.close()
    # What is filled already is not written to, whoever asks.
    with pytest.raises(RefusedError, match="已有数据"):
        restore_backup(fresh(tmp_path / "second"), None, changed, keep_connections=True)


def test_programs_and_clusters_of_the_original_are_not_taken_over() -> None:
    file = Path("forecast.toml")
    text = (
        '[bulletin]\noffice = "某局"\nofd_command = "/srv/x {pdf} {ofd}"\n'
        '[compute]\nengine = "dask"\nscheduler = "tls://a:8786"\ncertificates = "/etc/x"\n'
    )
    settings = parse_settings(without_connections(text, file), file)
    assert connections(settings) == []
    assert (settings["bulletin.office"], settings["bulletin.ofd_command"]) == ("某局", "")


@pytest.mark.parametrize(
    "text",
    [
        'smtp = { host = "a", to = ["b"] }\n',
        'smtp.host = "a"\n',
        '[smtp]\n"host" = "a"\n',
    ],
)
def test_addresses_written_in_unusual_ways_are_never_taken_over(text: str, tmp_path: Path) -> None:
    file = tmp_path / "forecast.toml"
    with suppress(SettingsError):  # refused, with the way out in the hint
        stripped = without_connections(text, file)
        assert connections(parse_settings(stripped, file)) == []


def resealed(
    backup: Path, target: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]
) -> Path:
    """A backup of changed content whose checksums hold."""
    with zipfile.ZipFile(backup) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    files = change(files)
    manifest["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return target


def test_a_backup_made_to_fill_the_disk_is_refused(backup: Path, tmp_path: Path) -> None:
    bomb = resealed(
        backup,
        tmp_path / "b.zip",
        lambda files: {**files, "mlruns/artifacts/x": bytes(120_000_000)},
    )
    workspace = fresh(tmp_path / "ws")
    with pytest.raises(StorageError, match="远大于"):
        restore_backup(workspace, None, bomb)
    assert not any(p.name.startswith(".") for p in workspace.root.iterdir())


ROW = b"id,batch_id,region,indicator,month,value,published_on,published_estimated,source_id\n"


@pytest.mark.parametrize(
    "row",
    [
        b"9" * 30 + b",1,310114,registered_unemployed,202601,9,2026-02-01,1,1\n",
        b"1,1,310114,registered_unemployed,202613,9,2026-02-01,1,1\n",
        b"1,1,310114,registered_unemployed," + b"9" * 20 + b",9,2026-02-01,1,1\n",
        b"1,1,310114,registered_unemployed,202601,inf,2026-02-01,1,1\n",
        b"1,1,310114,registered_unemployed,202601,nan,2026-02-01,1,1\n",
    ],
)
def test_rows_that_cannot_be_are_damage(row: bytes, backup: Path, tmp_path: Path) -> None:
    odd = resealed(
        backup, tmp_path / "b.zip", lambda files: {**files, "store/observations.csv": ROW + row}
    )
    workspace = fresh(tmp_path / "ws")
    with pytest.raises(StorageError, match="不是完整的备份"):
        restore_backup(workspace, None, odd)
    assert not any((workspace.root / name).exists() for name in FILES)


def test_members_that_are_none_of_ours_are_refused(backup: Path, tmp_path: Path) -> None:
    names = (
        "../x",
        "/x",
        "mlruns/../../x",
        "cache/cells.db",
        "store/users.csv",
        "mlruns\\x",
        "a\nb",
    )
    for number, name in enumerate(names):
        odd = resealed(
            backup, tmp_path / f"{number}.zip", lambda files, name=name: {**files, name: b"x"}
        )
        with pytest.raises(StorageError, match="不是完整的备份"):
            restore_backup(fresh(tmp_path / str(number)), None, odd)


def mutated(backup: Path, target: Path, random: Random) -> Path:
    """A backup with one thing wrong: bytes of the file, or content that is sealed again."""
    raw = bytearray(backup.read_bytes())
    kind = random.randrange(4)
    if kind == 0:
        for _ in range(random.randint(1, 20)):
            raw[random.randrange(len(raw))] = random.randrange(256)
        target.write_bytes(raw)
        return target
    if kind == 1:
        target.write_bytes(raw[: random.randrange(len(raw))])
        return target

    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        name = random.choice(sorted(files))
        data = bytearray(files[name])
        place = random.randrange(len(data) + 1)
        if kind == 2:
            data[place : place + random.randint(0, 8)] = random.randbytes(random.randint(1, 8))
        else:
            words = (b"\x00", b'"', b",,,", b"\r", b"\xff\xfe", b"9" * 400, b"nan", b"\\N", b"[[")
            data[place:place] = random.choice(words)
        return {**files, name: bytes(data)}

    return resealed(backup, target, change)


def survive(backup: Path, folder: Path, count: int) -> int:
    """Restore mutated backups; how many were refused. None may end otherwise than documented."""
    refused = 0
    for seed in range(count):
        file = mutated(backup, folder / f"{seed}.zip", Random(seed))
        workspace = fresh(folder / str(seed))
        error: ForecastError | None = None
        try:
            restore_backup(workspace, None, file)
        except ForecastError as raised:
            error = raised
        if error is not None:
            assert error.exit_code in (5, 6), (seed, error)
            assert not any((workspace.root / name).exists() for name in FILES), seed
            refused += 1
        file.unlink()
        demand_restored(workspace)
    return refused


def test_mutated_backups_are_refused_or_restored(backup: Path, tmp_path: Path) -> None:
    assert survive(backup, tmp_path, 24) > 10


@pytest.mark.soak
def test_three_hundred_mutated_backups(whole: Path, tmp_path: Path) -> None:
    count = tries(300)
    refused = survive(whole, tmp_path, count)
    print(f"mutated backups: {count} tried, {refused} refused, none unexpected")
