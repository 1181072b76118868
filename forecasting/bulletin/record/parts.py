"""The parts of a region in a bulletin: contributions, without small numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from employment_forecast.features.parts import LAGS, PartRow, PartsView, parts_document
from employment_forecast.forecasting.bulletin.record.people import LEAST_PEOPLE

OTHERS = "其余地区"


def _few(row: PartRow) -> bool:
    """Whether a number of one or two people stands in a row or follows from it."""
    changes = [c for c in row.changes.values() if c is not None]
    numbers = (row.value, *(row.value - c.change for c in changes))
    return any(0 < abs(value) < LEAST_PEOPLE for value in numbers)


# Months ahead whose breadth is told.
AHEAD = (1, 3, 6, 12)


def parts_record(
    view: PartsView | None, source: str, breadth: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any] | None:
    """Parts as a bulletin may show them.

    Parameters
    ----------
    view : PartsView or None
        Of the bulletin's month.
    source : str
        Where the record has it from, in Chinese.
    breadth : sequence of dict
        Share of the parts in trouble in the months ahead, as the version in force has it.

    Returns
    -------
    dict or None
        As `parts_document`. Parts from which a number of one or two people would follow are told
        together, with the smallest of the others where there would be no other way to hide them.
    """
    document = parts_document(view)
    if view is None or document is None:
        return None
    rows = sorted((*view.parts, *([view.rest] if view.rest else [])), key=lambda r: r.value)
    hidden = [row for row in rows if _few(row)]
    shown = [row for row in rows if row not in hidden]
    while hidden and shown and (len(hidden) < 2 or _few(_together(hidden))):
        hidden.append(shown.pop(0))
    codes = {None if r.region is None else r.region.code for r in shown}
    listed = [row for row in document["parts"] if row["code"] in codes]
    if hidden and not _few(_together(hidden)):
        both = PartsView(view.month, view.indicator, view.whole, (_together(hidden),), None, ())
        written = parts_document(both)
        assert written is not None
        listed += [{**written["parts"][0], "name": OTHERS}]
    notes = [note for note in document["notes"] if not hidden]
    unit = {"unit": view.indicator.unit, "decimals": view.indicator.decimals}
    ahead = [dict(breadth[step - 1]) for step in AHEAD if step <= len(breadth)]
    return {**document, **unit, "parts": listed, "notes": notes, "ahead": ahead, "source": source}


def _together(rows: Sequence[PartRow]) -> PartRow:
    """Several parts as one."""
    changes = {}
    for name in LAGS:
        each = [row.changes[name] for row in rows]
        known = [c for c in each if c is not None]
        points = [c.points for c in known if c.points is not None]
        first = known[0] if known else None
        changes[name] = None if first is None or len(known) < len(each) else type(first)(
            sum(c.change for c in known), sum(points) if len(points) == len(each) else None
        )  # fmt: skip
    shares = [row.share for row in rows if row.share is not None]
    return PartRow(None, sum(row.value for row in rows), sum(shares) if shares else None, changes)
