"""Mutated files never end in a traceback other than our own errors, and never hang.

The small campaign runs with every test run; the large one, of thousands, is marked `soak`.
"""

import io
import random
import time
import zipfile
from collections import Counter
from datetime import date

import pytest
from support.campaigns import tries
from support.paths import FIXTURES

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import ForecastError
from employment_forecast.data.imports.checks import Batch, run_checks
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers.formats.opening import open_sheets

FOLDER = FIXTURES
CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 23)
LONGEST_SECONDS = 10.0
# What offices' files are made of, thrown in where it does not belong.
SHREDS = [
    *(
        "合计",
        "其中：",
        "#",
        "2021年",
        "3月",
        "1—3月累计",
        "单位：万人",
        "…",
        "/",
        "—",
        "68,151",
        "-30,981",
    ),
    *(
        "0.5（百分点）",
        "嘉定区",
        "登记失业人数",
        "同比",
        "１２",
        "\u3000",
        "\ufeff",
        "\x00",
        "\t",
        '"',
        ",",
    ),
    *(
        "=1+1",
        "#REF!",
        "1e309",
        "9" * 400,
        "NaN",
        "\U0001f600",
        "<td colspan=999>",
        "</table>",
        "&#x0;",
    ),
    *("姓名", "A1:XFD1048576", 't="s"', "<v>", "-1", "2021.1", "\r\n", "企业编码", "建档期"),
]


def seeds():
    return [p for p in sorted(FOLDER.iterdir()) if p.suffix in (".csv", ".xls", ".xlsx")]


def mutate_bytes(rng, data):
    """Flip, cut, repeat or insert bytes; three quarters of the time only a few."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(changed) + 1)
        kind = rng.randrange(4)
        if kind == 0 and changed:
            changed[min(at, len(changed) - 1)] = rng.randrange(256)
        elif kind == 1:
            del changed[at : at + rng.choice((1, 4, 64))]
        elif kind == 2:
            piece = changed[at : at + rng.choice((1, 16, 256))]
            changed[at:at] = piece * rng.choice((1, 3, 50))
        else:
            changed[at:at] = rng.randbytes(rng.choice((1, 4)))
    return bytes(changed)


def mutate_text(rng, text):
    """Exchange, move or insert whole pieces, so that the file still decodes."""
    pieces = list(text)
    for _ in range(rng.choice((1, 2, 4, 16))):
        at = rng.randrange(len(pieces) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            pieces[at:at] = rng.choice(SHREDS)
        elif kind == 1:
            pieces[at : at + rng.choice((1, 3, 30))] = rng.choice(SHREDS)
        elif kind == 2:
            other = rng.randrange(len(pieces) + 1)
            pieces[at:at] = pieces[other : other + rng.choice((1, 20, 200))]
        else:
            del pieces[at : at + rng.choice((1, 3, 30))]
    return "".join(pieces)


def mutate_archive(rng, data):
    """Change the text inside the parts of a workbook and pack it again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        content = [n for n in names if "sheet" in n or "Strings" in n] or names
        target = rng.choice(content if rng.random() < 0.8 else names)
        for name in names:
            part = old.read(name)
            if name == target:
                text = part.decode("utf-8", "replace")
                values = [i for i, c in enumerate(text) if c == ">"]
                if values and rng.random() < 0.8:  # between tags, so that it stays XML
                    for _ in range(rng.choice((1, 2, 5))):
                        at = rng.choice(values) + 1
                        end = text.find("<", at)
                        if end > at:
                            piece = rng.choice(SHREDS).replace("<", "").replace("&", "")
                            text = text[:at] + piece.replace("\x00", "") + text[end:]
                            values = [i for i, c in enumerate(text) if c == ">"]
                    part = text.encode("utf-8", "replace")
                else:
                    part = mutate_bytes(rng, part)
            if rng.random() < 0.98:
                new.writestr(name, part)
    return out.getvalue()


def mutated(rng, path):
    data = path.read_bytes()
    if rng.random() < 0.25:
        return mutate_bytes(rng, data)
    if path.suffix == ".xlsx":
        return mutate_archive(rng, data)
    if data.startswith(b"\xd0\xcf"):  # legacy workbook: change cell contents, not the container
        body = bytearray(data)
        for _ in range(rng.choice((1, 3, 10))):
            body[rng.randrange(512, len(body))] = rng.randrange(256)
        return bytes(body)
    for encoding in ("utf-16", "utf-8", "gb18030"):
        if encoding == "utf-16" and not data.startswith(b"\xff\xfe"):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return mutate_text(rng, text).encode(encoding, "replace")
    return mutate_bytes(rng, data)


def campaign(count, seed):
    """Read so many mutated files; gives counts by outcome and the longest time."""
    rng = random.Random(seed)
    outcomes = Counter()
    longest = 0.0
    files = seeds()
    for number in range(count):
        path = files[number % len(files)]
        data = mutated(rng, path)
        began = time.process_time()
        try:
            open_sheets(data)
            outcomes["decoded"] += 1
        except ForecastError:
            outcomes["undecoded"] += 1
        try:
            result = read_bytes(data, path.name, CATALOGUE, region="嘉定")
            checked = run_checks(Batch.of([result], CATALOGUE, TODAY))
            findings = [f for r in checked for f in r.findings]
            errors = [*result.errors, *(f for f in findings if f.severity == "error")]
            outcomes["refused" if errors else "taken"] += 1
            assert all(str(f) for f in (*result.findings, *findings))
        except ForecastError as error:
            outcomes["refused whole" if error.message and error.hint else "mute"] += 1
        except Exception as error:
            pytest.fail(f"{path.name}, seed {seed}, file {number}: {error!r}")
        longest = max(longest, time.process_time() - began)
    return outcomes, longest


def test_a_hundred_mutated_files():
    outcomes, longest = campaign(100, seed=1)
    assert outcomes["decoded"] >= 50
    assert sum(outcomes.values()) == 200
    assert outcomes["mute"] == 0
    assert longest < LONGEST_SECONDS


@pytest.mark.soak
def test_thousands_of_mutated_files(capsys):
    count = tries(3500)
    outcomes, longest = campaign(count, seed=2)
    with capsys.disabled():
        print(f"\noffice files: {count} tried, {dict(outcomes)}, longest {longest:.2f} s")
    assert outcomes["decoded"] >= count // 2
    assert outcomes["mute"] == 0
    assert longest < LONGEST_SECONDS
