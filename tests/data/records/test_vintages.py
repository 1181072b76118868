"""`as_of` against a slow, obvious reference, and what was first known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.clock import month_end
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.store import Store

FIRST = pd.Period("2024-01", "M")
LAG = 10  # days, registered_unemployed
START = date(2024, 1, 1)


@dataclass(frozen=True)
class Given:
    """One generated row: month offset, value, day offset or None for an estimated day."""

    month: int
    value: int
    day: int | None

    @property
    def known_on(self) -> date:
        if self.day is None:
            return month_end(FIRST + self.month) + timedelta(days=LAG)
        return START + timedelta(days=self.day)


@dataclass(frozen=True)
class Batch:
    demo: bool
    withdrawn: bool
    rows: list[Given]


rows = st.builds(
    Given, st.integers(0, 5), st.integers(0, 9), st.one_of(st.none(), st.integers(0, 220))
)
batches = st.builds(
    Batch,
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.lists(rows, min_size=1, max_size=8, unique_by=lambda r: (r.month, r.known_on)),
)


def reference(given_batches: list[Batch], day: date) -> dict[int, tuple[int, date, bool]]:
    """Month offset to (value, known on, estimated), by looking at every row in turn."""
    live = [(b.demo, r) for b in given_batches if not b.withdrawn for r in b.rows]
    if any(not demo for demo, _ in live):
        live = [(demo, r) for demo, r in live if not demo]
    known: dict[int, tuple[int, date, bool]] = {}
    for _, row in live:  # in the order in which they were stored
        if row.known_on > day:
            continue
        if row.month not in known or row.known_on >= known[row.month][1]:
            known[row.month] = (row.value, row.known_on, row.day is None)
    return known


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('vintages') / 'o.db'}")
    yield opened
    opened.close()


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(batches, min_size=1, max_size=4), st.integers(-5, 240))
def test_as_of_equals_the_slow_reference(shared, catalogue, given_batches, day):
    numbers = []
    for batch in given_batches:
        numbers.append(
            shared.append(
                [
                    Observation(
                        "310114",
                        "registered_unemployed",
                        FIRST + r.month,
                        float(r.value),
                        None if r.day is None else r.known_on,
                        "测试",
                    )
                    for r in batch.rows
                ],
                catalogue,
                command="test",
                demo=batch.demo,
            )
        )
        if batch.withdrawn:
            shared.withdraw(numbers[-1])
    try:
        on = START + timedelta(days=day)
        known = shared.as_of(on, "310114", "registered_unemployed")
        wanted = reference(given_batches, on)
        assert list(known.values.index) == [FIRST + m for m in sorted(wanted)]
        assert list(known.values) == [float(wanted[m][0]) for m in sorted(wanted)]
        assert known.published_on.tolist() == [wanted[m][1] for m in sorted(wanted)]
        assert known.estimated == any(e for _, _, e in wanted.values())
        assert known.values.index.freqstr == "M"
    finally:
        for batch, number in zip(given_batches, numbers, strict=False):
            if not batch.withdrawn:
                shared.withdraw(number)


def test_a_revision_is_seen_from_its_own_day_on(vintages_of):
    vintages = vintages_of(
        [
            ("2024-01", 100, date(2024, 2, 10)),
            ("2024-02", 110, date(2024, 3, 10)),
            ("2024-01", 105, date(2024, 3, 10)),
        ]
    )
    assert vintages.as_of(date(2024, 2, 9)).values.empty
    assert list(vintages.as_of(date(2024, 2, 10)).values) == [100]
    assert list(vintages.as_of(date(2024, 3, 9)).values) == [100]
    assert list(vintages.as_of(date(2024, 3, 10)).values) == [105, 110]
    assert vintages.first_published(pd.Period("2024-01", "M")) == date(2024, 2, 10)
    assert vintages.first_published(pd.Period("2024-03", "M")) is None
    assert [str(m) for m in vintages.months] == ["2024-01", "2024-02"]


def test_of_two_rows_of_one_day_the_later_stored_counts(vintages_of):
    vintages = vintages_of([("2024-01", 1, date(2024, 2, 1)), ("2024-01", 2, date(2024, 2, 1))])
    assert list(vintages.as_of(date(2024, 2, 1)).values) == [2]


def test_nothing_known_is_empty_and_typed(vintages_of):
    known = vintages_of([]).as_of(date(2024, 1, 1))
    assert known.values.empty
    assert isinstance(known.values.index, pd.PeriodIndex)
    assert known.values.dtype == float
    assert (known.estimated, known.demo, known.sources) == (False, False, ())
