"""Tables fit the terminal, and what must be read as one piece is not broken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from employment_forecast.cli.shell.grids import fitted, least_width

TEXTS = st.lists(st.text("嘉定区登记失业ab1-2 ", max_size=20), min_size=1, max_size=4)


@given(st.lists(TEXTS, min_size=1, max_size=8), st.integers(16, 120))
def test_widths_fit_the_room_and_waste_none(columns, room):
    widths = fitted(columns, room)
    natural = [max(map(cell_len, texts)) for texts in columns]
    assert sum(widths) <= max(room, 2 * len(columns))
    assert all(w <= n for w, n in zip(widths, natural, strict=True))
    assert sum(widths) >= min(room, sum(natural))


def test_long_words_give_way_before_dates_and_numbers():
    columns = [["2026-10-31（估计）"], ["registered_unemployed"], ["某文件的一个很长很长的名称"]]
    assert fitted(columns, 60) == [18, 21, 21]
    assert fitted(columns, 40) == [10, 21, 9]


def test_least_widths():
    assert least_width(["2026-10-31（估计）"]) == 10
    assert least_width(["12,345人不低于"]) == 8
    assert least_width(["市"]) == 2
