"""Feed files: sealed, replaced whole, and never broken by a kill."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.campaigns import tries

from employment_forecast.data.errors import (
    FailedThresholdsError,
    ForecastError,
    NoThresholdsError,
    StaleThresholdsError,
    StorageError,
    UsageError,
)
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed.reading import check, demand_usable, find, rounded, state_on
from employment_forecast.data.feed.signing import sign_file, signature

LEVELS = [
    {"code": code, "name": name, "colour": name[3:5], "probability": p, "months": 1, "step": "",
     "report_hours": None, "source": "测试"}
    for code, name, p in (
        ("yellow", "Ⅲ级（黄色）", 0.25), ("orange", "Ⅱ级（橙色）", 0.5),
        ("red", "Ⅰ级（红色）", 0.8),
    )
]  # fmt: skip


def line(level: str, value: float | None, state: str = "line", month: str = "2026-11") -> Any:
    return {"cap": "c", "month": month, "level": level, "value": value, "state": state,
            "probability": 0.5, "standard_error": 1.0, "untested": False, "n": 1000}  # fmt: skip


def document(number: int = 0, **given: Any) -> dict[str, Any]:
    facts = {
        "schema_version": feed_files.SCHEMA_VERSION,
        "region": {"code": "310114", "name": "嘉定区", "aliases": ["嘉定"],
                   "default_indicator": "x"},
        "indicator": "x", "indicator_name": "指标", "unit": "%", "precision": 0.1,
        "state": "current", "state_reason": "", "demo": False, "as_of": "2026-11-20",
        "created_at": f"2026-11-20T08:00:{number % 60:02d}+08:00", "valid_until": "2026-12-15",
        "scheme": {"levels": LEVELS, "source": "测试"},
        "lines": [line("yellow", 5.4), line("orange", 5.5), line("red", None, "unreachable")],
        "level_reason": "没有评估", "number": number, "period": "2026", "data_month": "2026-10",
        "latest": 5.3, "data_fingerprint": "f", "pseudo_real_time": False, "caps": [],
        "floors": [], "levels_assessed": [], "joint": None, "flow_lines": [], "level": None,
        "probabilities": [], "sample_warnings": None, "notes": [], "last_good": None,
        "champion": {"registered_name": "x.310114", "version": "1", "model": "drift",
                     "model_label": "漂移"},
    }  # fmt: skip
    return {**facts, **given}


def test_seal_holds_and_notices_every_change(tmp_path: Path) -> None:
    content = feed_files.encode(document())
    assert feed_files.decode(content, "x")["number"] == 0
    dice = random.Random(1)
    for _ in range(200):
        at = dice.randrange(len(content))
        broken = bytearray(content)
        broken[at] ^= 1 << dice.randrange(8)
        with pytest.raises(StorageError):
            feed_files.decode(bytes(broken), "x")
    for cut in (0, 10, len(content) // 2, len(content) - 1):
        with pytest.raises(StorageError):
            feed_files.decode(content[:cut], "x")


def test_a_text_that_looks_like_a_seal_does_not_fool_it() -> None:
    fake = '"checksum": "' + "0" * 64 + '"'
    content = feed_files.encode(document(state_reason=fake))
    assert feed_files.decode(content, "x")["state_reason"] == fake


def test_another_major_version_is_refused() -> None:
    with pytest.raises(StorageError, match="格式版本"):
        feed_files.decode(feed_files.encode(document(schema_version="2.0")), "x")


def test_earlier_documents_are_kept_and_found_by_day(tmp_path: Path) -> None:
    for day in (18, 19, 20):
        made = document(day, created_at=f"2026-11-{day}T08:00:00+08:00")
        assert feed_files.write(tmp_path, made) is True
    assert feed_files.write(tmp_path, made) is False
    assert len(list((tmp_path / "history").glob("*.json"))) == 2
    then = feed_files.published_by(tmp_path, "x", "310114", date(2026, 11, 19))
    assert then is not None
    assert then["number"] == 19
    assert feed_files.published_by(tmp_path, "x", "310114", date(2026, 11, 17)) is None
    assert find(tmp_path, "嘉定", None, date(2026, 11, 18))["number"] == 18
    assert find(tmp_path, "310114", "指标", None)["number"] == 20
    with pytest.raises(NoThresholdsError):
        find(tmp_path, "徐汇", None, None)
    with pytest.raises(NoThresholdsError):
        find(tmp_path, "嘉定", None, date(2026, 1, 1))


def test_earlier_documents_keep_the_signature_they_were_published_with(tmp_path: Path) -> None:
    file, key = tmp_path / "x.310114.json", Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    for number in range(3):  # the first is published before there is a key
        feed_files.write(tmp_path, document(number, created_at=f"2026-11-2{number}T08:00:00+08:00"))
        sign_file(file, key if number else None)
    unsigned, signed = sorted((tmp_path / "history").glob("*.json"))
    assert not Path(f"{unsigned}.sig").exists()
    assert Path(f"{signed}.sig").read_bytes() == signature(signed.read_bytes(), key)
    then = feed_files.published_by(tmp_path, "x", "310114", date(2026, 11, 21))
    assert then is not None
    assert then["number"] == 1


def test_checksum_file_agrees(tmp_path: Path) -> None:
    feed_files.write(tmp_path, document())
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "x.310114.json.sha256"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("value", "level"),
    [(5.3, "none"), (5.34, "none"), (5.35, "yellow"), (5.44, "yellow"), (5.45, "orange"),
     (99.0, "orange")],
)  # fmt: skip
def test_check_compares_the_published_form(value: float, level: str) -> None:
    assert check(document(), value, None).level == level


def test_a_broken_file_of_another_region_hides_nothing(tmp_path: Path) -> None:
    feed_files.write(tmp_path, document())
    (tmp_path / "x.000000.json").write_text("{", "utf-8")
    assert find(tmp_path, "嘉定", None, None)["number"] == 0
    with pytest.raises(StorageError):
        find(tmp_path, "徐汇", None, None)


def of_demo(number: int = 0, **given: Any) -> dict[str, Any]:
    return document(number, demo=True, state="demo", state_reason="演示数据", **given)


def of_count(**given: Any) -> dict[str, Any]:
    """As published since the counts are the region's default."""
    region = {**document()["region"], "default_indicator": "count"}
    facts = {"indicator": "count", "indicator_name": "人数", "region": region, "number": 1}
    return document(**{**facts, **given})


def test_a_document_of_demonstration_data_gives_way_where_no_indicator_is_named(
    tmp_path: Path,
) -> None:
    feed_files.write(tmp_path, of_demo())
    assert find(tmp_path, "嘉定", None, None)["number"] == 0
    feed_files.write(tmp_path, of_count(created_at="2026-11-25T08:00:00+08:00"))
    # What is newer but demonstration data stays behind.
    feed_files.write(tmp_path, of_demo(2, created_at="2026-11-26T08:00:00+08:00"))
    assert find(tmp_path, "嘉定", None, None)["number"] == 1
    assert find(tmp_path, "嘉定", "x", None)["number"] == 2
    assert find(tmp_path, "嘉定", "人数", None)["number"] == 1
    assert find(tmp_path, "嘉定", None, date(2026, 11, 24))["number"] == 0
    assert find(tmp_path, "嘉定", None, date(2026, 11, 25))["number"] == 1


def test_of_two_defaults_with_real_figures_the_newer_is_meant(tmp_path: Path) -> None:
    feed_files.write(tmp_path, of_count(created_at="2026-11-25T08:00:00+08:00"))
    feed_files.write(tmp_path, document(created_at="2026-11-26T08:00:00+08:00"))
    assert find(tmp_path, "嘉定", None, None)["number"] == 0


def test_a_document_that_went_stale_since_does_not_say_what_is_meant(tmp_path: Path) -> None:
    feed_files.write(
        tmp_path,
        of_count(state="stale", state_reason="有修订", created_at="2026-11-27T08:00:00+08:00"),
    )
    feed_files.write(tmp_path, document(created_at="2026-11-26T08:00:00+08:00"))
    assert find(tmp_path, "嘉定", None, None)["number"] == 0


def test_a_stale_document_is_meant_until_something_newer_is_published(tmp_path: Path) -> None:
    feed_files.write(tmp_path, of_demo(created_at="2026-11-20T08:00:00+08:00"))
    feed_files.write(
        tmp_path,
        of_count(state="stale", state_reason="有修订", created_at="2026-11-26T08:00:00+08:00"),
    )
    assert find(tmp_path, "嘉定", None, None)["number"] == 1
    # The figures were withdrawn, and the demonstration is published as the default again.
    feed_files.write(tmp_path, of_demo(2, created_at="2026-11-27T08:00:00+08:00"))
    assert find(tmp_path, "嘉定", None, None)["number"] == 2


def test_nothing_stands_in_for_a_default_that_was_never_published(tmp_path: Path) -> None:
    feed_files.write(tmp_path, of_demo())
    feed_files.write(tmp_path, of_count(number=9, indicator="y", indicator_name="旁的"))
    with pytest.raises(NoThresholdsError, match="没有发布过“嘉定”的预警线"):
        find(tmp_path, "嘉定", None, None)
    with pytest.raises(NoThresholdsError, match="没有发布过“嘉定”的“人数”的预警线"):
        find(tmp_path, "嘉定", "人数", None)


def test_no_demonstration_stands_in_for_a_broken_document(tmp_path: Path) -> None:
    feed_files.write(tmp_path, of_demo())
    (tmp_path / "count.310114.json").write_text("{", "utf-8")
    with pytest.raises(StorageError, match=r"count\.310114"):
        find(tmp_path, "嘉定", None, None)
    assert find(tmp_path, "嘉定", "x", None)["number"] == 0
    feed_files.write(tmp_path, document())
    assert find(tmp_path, "嘉定", None, None)["number"] == 0


def test_check_of_months_and_states() -> None:
    lines = [line("yellow", None, "already"), line("yellow", 9.0, month="2026-12")]
    assert check(document(lines=lines), 0.0, None).level == "yellow"
    assert check(document(lines=lines), 0.0, "2026-12").level == "none"
    with pytest.raises(UsageError, match="2026-11 至 2026-12"):
        check(document(lines=lines), 0.0, "2027-01")
    with pytest.raises(NoThresholdsError):
        check(document(lines=[]), 0.0, None)


def test_what_is_out_of_date_is_refused() -> None:
    assert state_on(document(), date(2026, 12, 15))[0] == "current"
    assert state_on(document(), date(2026, 12, 16))[0] == "stale"
    demand_usable(document(state="demo"), date(2026, 12, 15))
    with pytest.raises(StaleThresholdsError):
        demand_usable(document(), date(2026, 12, 16))
    failed = document(state="failed", state_reason="坏了", valid_until=None)
    with pytest.raises(FailedThresholdsError, match="坏了") as caught:
        demand_usable(failed, date(2026, 11, 1))
    assert "run --region 嘉定区 --promote" in caught.value.hint
    with pytest.raises(FailedThresholdsError) as caught:
        demand_usable({**failed, "indicator": "y"}, date(2026, 11, 1))
    assert "run --region 嘉定区 --indicator y --promote" in caught.value.hint
    assert "export --region 嘉定区 --indicator y。" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "precision", "expected"), [(5.55, 0.1, 5.6), (12.5, 1.0, 13.0), (0.125, 0.01, 0.13)]
)
def test_halves_go_up(value: float, precision: float, expected: float) -> None:
    assert rounded(value, precision) == expected


# Dies at one of the system calls of a write: after the bytes are in a temporary file, just before
# or just after a file takes its place.
CHILD = """
import json, os, signal, sys
from pathlib import Path
from employment_forecast.data.feed import files as feed_files

folder, content, point, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
fsync, replace, seen = os.fsync, os.replace, [0]

def die(kind):
    if kind != point:
        return
    seen[0] += 1
    if seen[0] == count:
        print("open", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

def dying_fsync(handle):
    die("fsync")
    fsync(handle)

def dying_replace(*names):
    die("before")
    replace(*names)
    die("after")

os.fsync, os.replace = dying_fsync, dying_replace
feed_files.write(folder, json.loads(content))
"""


def kill_while_writing(folder: Path, kills: int) -> None:
    feed_files.write(folder, document(0))
    file = folder / "x.310114.json"
    dice = random.Random(20261120)
    hit = number = 0
    while hit < kills:
        number += 1
        before = feed_files.read(file)
        point, count = dice.choice(("fsync", "before", "after")), dice.choice((1, 2, 3))
        new = document(number, created_at=f"2026-11-20T09:{number // 60:02d}:{number % 60:02d}")
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder), json.dumps(new), point, str(count)],
            capture_output=True,
            check=False,
        )
        after = feed_files.read(file)
        if child.returncode == 0:
            # The one before was kept already: there was no third write to die in.
            assert (point, count) in {(p, 3) for p in ("fsync", "before", "after")}
            assert after is not None
            assert after["number"] == number
            continue
        assert (child.returncode, child.stdout) == (-signal.SIGKILL, b"open\n"), child.stderr
        hit += 1
        assert after is not None
        assert before is not None
        assert after["number"] in (before["number"], number)
        for kept in (folder / "history").glob("*.json"):
            assert feed_files.read(kept) is not None
    feed_files.write(folder, document(2000))
    assert feed_files.read(file)["number"] == 2000
    assert not [f for f in folder.iterdir() if f.name.startswith(".x")]


@pytest.mark.soak
def test_killed_writers_leave_whole_documents(tmp_path: Path) -> None:
    kill_while_writing(tmp_path, 10)


@pytest.mark.soak
def test_many_killed_writers_leave_whole_documents(tmp_path: Path) -> None:
    kill_while_writing(tmp_path, tries(100))


ODD = (None, True, -1, 0, 1e308, "", "x", "\x00", [], {}, [None], {"a": []}, "2026-13", 10**400)


def nonsense(dice: random.Random) -> dict[str, Any]:
    """A document in which one value is another, or gone."""
    whole = document()
    node: Any = whole
    while True:
        key = dice.choice(sorted(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or not node[key] or dice.random() < 0.3:
            break
        node = node[key]
    if isinstance(node, dict) and dice.random() < 0.3:
        del node[key]
    else:
        node[key] = dice.choice(ODD)
    return whole


def read_nonsense(folder: Path, count: int) -> int:
    """Publish nonsense under a seal that holds, and read it; how often it was refused."""
    refused = 0
    for seed in range(count):
        content = feed_files.encode(nonsense(random.Random(seed)))
        (folder / "x.310114.json").write_bytes(content)
        try:
            published = find(folder, "嘉定", None, None)
            state_on(published, date(2026, 12, 1))
            demand_usable(published, date(2026, 12, 1))
            check(published, 5.4, None)
        except ForecastError:
            refused += 1
    return refused


def test_nonsense_under_a_seal_that_holds_is_refused(tmp_path: Path) -> None:
    assert read_nonsense(tmp_path, 40) > 15


@pytest.mark.soak
def test_three_hundred_feeds_of_nonsense(tmp_path: Path) -> None:
    count = tries(300)
    print(f"feeds: {count} tried, {read_nonsense(tmp_path, count)} refused, none unexpected")
