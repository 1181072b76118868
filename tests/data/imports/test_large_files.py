"""A large list enters the store in pieces, all of it or nothing, as a whole file does."""

from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.imports import ImportOptions, import_files, importing
from employment_forecast.data.readers import large
from employment_forecast.data.store import Store
from employment_forecast.data.store.schema import batches, observations

TODAY = date(2026, 11, 23)
REGIONS = [
    {"code": "910000", "name": "样市", "level": "city", "parent": "310000", "parts_complete": True},
    *({"code": f"91{n:04d}", "name": f"样县{n}", "parent": "910000"} for n in range(1, 7)),
]
CATALOGUE = load_catalogue(REGIONS)
NAMES = [*(f"样县{n}" for n in range(1, 7)), "样市"]


def table(change=None):
    """Six districts and their city, one figure a line, months first."""
    lines = []
    for month in range(1, 13):
        counts = [900 + 10 * n + month for n in range(1, 7)]
        for name, count in zip(NAMES, [*counts, sum(counts)], strict=True):
            lines.append(f"{name},登记失业人数,2025-{month:02d},{count}")
    if change:
        lines[change[0]] = change[1]
    return "地区,指标,月份,数值\n" + "\n".join(lines) + "\n"


@pytest.fixture(params=["whole", "pieces"])
def taken(request, tmp_path, monkeypatch):
    """Imports a table, as a whole or piece by piece."""
    if request.param == "pieces":
        monkeypatch.setattr(large, "LARGE_BYTES", 100)
        monkeypatch.setattr(large, "PIECE", 20)
    store = Store(f"sqlite:///{tmp_path}/store.db")

    def run(text, **options):
        file = tmp_path / "长表.csv"
        file.write_text(text, "utf-8")
        given = ImportOptions(**options)
        return import_files(store, CATALOGUE, [file], given, today=TODAY, command="试")

    run.store, run.in_pieces = store, request.param == "pieces"
    if run.in_pieces:
        # The reader's own process knows nothing of what is patched here.
        monkeypatch.setattr(importing, "read_in_pieces", here)
    yield run
    store.close()


@contextmanager
def here(path, catalogue, **options):
    yield large.read_pieces(path, catalogue, options)


def stored(store):
    with store.reading() as connection:
        columns = (observations.c.region, observations.c.month, observations.c.value)
        rows = connection.execute(select(*columns)).all()
        return sorted(map(tuple, rows)), connection.execute(select(batches.c.id)).all()


def test_the_store_holds_every_figure_in_one_batch(taken):
    report = taken(table())
    assert (report.added, report.revised, report.unchanged, report.warnings) == (84, 0, 0, ())
    rows, commands = stored(taken.store)
    assert len(rows) == 84
    assert len(commands) == 1
    assert rows[0] == ("910000", 202501, 6 * 900 + 210 + 6)
    again = taken(table())
    assert (again.batch, again.unchanged) == (None, 84)


def test_a_trial_counts_and_leaves_nothing(taken):
    report = taken(table(), dry_run=True)
    assert (report.batch, report.added) == (None, 84)
    assert stored(taken.store) == ([], [])


@pytest.mark.parametrize(
    ("at", "line", "said"),
    [(81, "样县5,登记失业人数,2025-12,96200", "超过样市"),
     (83, "样市,登记失业人数,2025-12,5000", "超过样市"),
     (82, "样县6,登记失业人数,2027-12,972", "还没有到"),
     (82, "样县6,登记失业人数,2025-12,-5", "为负数"),
     (82, "样县6,登记失业人数,2025-11,1", "数值却不同"),
     (82, "样县6,登记失业人数,2025-12,多", "不是数值")],
)  # fmt: skip
def test_one_fault_anywhere_keeps_everything_out(taken, at, line, said):
    with pytest.raises(DataError, match=said):
        taken(table((at, line)))
    assert stored(taken.store) == ([], [])


def test_revisions_are_told_from_what_earlier_pieces_brought(taken):
    taken(table())
    changed = table((0, "样县1,登记失业人数,2025-01,912"))
    with pytest.raises(DataError, match="已有 911"):
        taken(changed)
    taken.store.close()
