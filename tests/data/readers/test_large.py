"""Large lists are read in pieces, and all pieces together give what the tables give."""

import random

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, RefusedError
from employment_forecast.data.readers import large, read_in_pieces
from employment_forecast.data.readers import reader as readers
from employment_forecast.data.readers.tables import NotPlain

REGIONS = [{"code": f"91{n:04d}", "name": f"样县{n}", "parent": "310000"} for n in range(12)]
CATALOGUE = load_catalogue(REGIONS)
HEAD = "地区,指标,月份,数值,单位,来源\n"


def lines(seed=1):
    """Every figure of twelve districts in two years, in no order."""
    rng = random.Random(seed)
    figures = [
        f'"样县{n}",{name},{year}-{month:02d},{value(rng)},{unit},"月报，{year}年"\n'
        for n in range(12)
        for year in (2024, 2025)
        for month in range(1, 13)
        for name, unit, value in (
            ("登记失业人数", "人", lambda rng: rng.randint(8000, 9000)),
            ("登记失业率", "%", lambda rng: f"{rng.uniform(3, 4):.2f}"),
        )
    ]
    rng.shuffle(figures)
    return figures


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(large, "PIECE", 100)


def pieces(tmp_path, text, encoding="utf-8", **options):
    path = tmp_path / "大表.csv"
    path.write_bytes(text.encode(encoding))
    return list(large.read_pieces(path, CATALOGUE, options))


def whole(text, encoding="utf-8", **options):
    return readers.read_tables(text.encode(encoding), "大表.csv", CATALOGUE, options)


def by_line(readings):
    return sorted(readings, key=lambda r: (r.place.row, r.place.column))


SOAK = pytest.mark.soak


@pytest.mark.parametrize("encoding", ["utf-8", pytest.param("utf-8-sig", marks=SOAK), "gb18030"])
@pytest.mark.parametrize(
    "options", [{}, {"region": "样县3"}, pytest.param({"indicator": "登记失业率"}, marks=SOAK)]
)
def test_pieces_hold_what_the_tables_give(tmp_path, small_pieces, encoding, options):
    text = HEAD + "".join(lines()) + "\n"
    read_pieces = pieces(tmp_path, text, encoding, **options)
    expected = whole(text, encoding, **options)
    assert len(read_pieces) > 1 or options
    assert [share for _, share in read_pieces] == sorted(share for _, share in read_pieces)
    assert read_pieces[-1][1] == 1.0
    assert by_line(r for f, _ in read_pieces for r in f.readings) == by_line(expected.readings)
    assert read_pieces[-1][0].notes == expected.notes
    for result, _ in read_pieces[:-1]:
        regions = {r.observation.region for r in result.readings}
        others = {
            r.observation.region for f, _ in read_pieces for r in f.readings if f is not result
        }
        assert not regions & others


def test_odd_figures_are_read_by_the_tables_in_their_place(tmp_path, small_pieces):
    odd = [
        "样县1,登记失业人数,2026-01,0.85万人,,快报\n", "样县2,登记失业人数,2026-01,…,人,快报\n",
        '样县3,登记失业人数,2026-01,"8,500",人,快报\n',
    ]  # fmt: skip
    text = HEAD + "".join(lines()[:100] + odd + lines()[100:])
    read_pieces = pieces(tmp_path, text)
    readings = by_line(r for f, _ in read_pieces for r in f.readings)
    assert readings == by_line(whole(text).readings)
    assert [r.observation.value for r in readings if "快报" in r.observation.source] == [8500, 8500]
    text = HEAD + "".join([*lines(), "样县1,登记失业人数,2026-01,约八千,人,快报\n"])
    (fault,) = (f for result, _ in pieces(tmp_path, text) for f in result.errors)
    assert (fault.check, fault.row) == ("unreadable_value", 578)


@pytest.mark.parametrize(
    ("line", "said"),
    [("不明县,登记失业人数,2026-01,1,人,\n", "地区不在目录中"),
     ("合计,登记失业人数,2026-01,1,人,\n", "第302行不能按长表读取"),
     (",登记失业人数,2026-01,1,人,\n", "第302行"),
     ("样县1,登记失业人数,2026年,1,人,\n", "只有年份"),
     ('样县1,登记失业人数,2026-01,1,人,"一\n二"\n', "第302行")],
)  # fmt: skip
def test_labels_that_only_tables_could_read_are_named(tmp_path, monkeypatch, line, said):
    text = HEAD + "".join([*lines()[:300], line, *lines()[300:]])
    with pytest.raises(NotPlain):  # small enough to be read as a whole
        pieces(tmp_path, text)
    monkeypatch.setattr(large, "WHOLE_BYTES", 1000)
    with pytest.raises(DataError, match=said):
        pieces(tmp_path, text)


def test_persons_anywhere_in_it_are_refused(tmp_path, small_pieces):
    text = HEAD + "".join([*lines(), "样县1,登记失业人数,2026-01,1,人,张三13812345678\n"])
    with pytest.raises(RefusedError):
        pieces(tmp_path, text)


def test_the_process_sends_piece_by_piece_and_goes_on(tmp_path, small_pieces):
    path = tmp_path / "大表.csv"
    path.write_text(HEAD + "".join(lines()), "utf-8")
    with read_in_pieces(path, CATALOGUE) as sent:
        assert sent is not None
        assert sum(len(f.readings) for f, _ in sent) == 576
    path.write_text("表\n" + HEAD + "".join(lines()), "utf-8")
    with read_in_pieces(path, CATALOGUE) as sent:
        assert sent is None
