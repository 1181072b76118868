"""What stands around a series in the store: indicators beside it, other regions with the same."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import PartVintages, Vintages
from employment_forecast.data.store import Store, part_vintages
from employment_forecast.features.history.build import from_known
from employment_forecast.features.history.covariates import CovariateSource
from employment_forecast.features.history.history import History
from employment_forecast.features.history.stored_covariates import stored_covariate_sources

# A region and all that was published of its series.
Neighbour = tuple[Region, Vintages]

# So many tell the common movement as well as any more; reading thousands would take longer than
# the models do.
MOST_NEIGHBOURS = 50
# A neighbour whose figures come out later than the target's still counts up to its last month.
LATEST_MONTHS = 2
_ASKED_AT_ONCE = 64


@dataclass(frozen=True)
class ModelInputs:
    """What may help to forecast a series.

    Attributes
    ----------
    others : sequence of (Indicator, KnownSource)
        Indicators of the same region.
    neighbours : sequence of (Region, Vintages)
        The same indicator of other regions.
    part_months : PartVintages or None
        Figures of months in progress; None where there are none.
    """

    others: Sequence[CovariateSource] = ()
    neighbours: Sequence[Neighbour] = ()
    part_months: PartVintages | None = None


NO_INPUTS = ModelInputs()


def stored_inputs(
    store: Store,
    catalogue: Catalogue,
    region: Region,
    target: Indicator,
    vintages: Vintages,
    read: Callable[[str, str], Vintages] | None = None,
) -> ModelInputs:
    """Everything the store holds around a series.

    Parameters
    ----------
    store : Store
        Observations, groups and firms.
    catalogue : Catalogue
        Its indicators and regions are looked for.
    region, target : Region, Indicator
        Catalogue entries.
    vintages : Vintages
        The series itself; neighbours are of its kind, real or demonstration data (演示数据).
    read : callable, optional
        Reads the vintages of a neighbour; the store by default.
    """
    others = stored_covariate_sources(store, catalogue, region, target)
    if vintages.rows.empty:
        return ModelInputs(others)
    demo = bool(vintages.rows["demo"].all())
    parts: PartVintages | None = part_vintages(store, region.code, target.code)
    if parts is None or parts.rows.empty or bool(parts.rows["demo"].all()) != demo:
        parts = None
    neighbours = stored_neighbours(store, catalogue, region, target, demo=demo, read=read)
    return ModelInputs(others, neighbours, parts)


def stored_neighbours(
    store: Store,
    catalogue: Catalogue,
    region: Region,
    target: Indicator,
    *,
    demo: bool,
    read: Callable[[str, str], Vintages] | None = None,
) -> list[Neighbour]:
    """The same indicator of other regions, those of the same city and province first.

    Regions that contain the region or lie within it are no others, and of two that contain each
    other the nearer is taken: people count once. At most `MOST_NEIGHBOURS`.
    """
    neighbours: list[Neighbour] = []
    parents = {r.code: r.parent for r in catalogue.regions}
    taken: set[str] = set()
    candidates = nearest_first(region, catalogue.regions)
    for start in range(0, len(candidates), _ASKED_AT_ONCE):
        part = candidates[start : start + _ASKED_AT_ONCE]
        stored = store.holding(target.code, [r.code for r in part])
        for other in part:
            if len(neighbours) == MOST_NEIGHBOURS:
                return neighbours
            above = _ancestors(other.code, parents)
            nested = above & taken or any(other.code in _ancestors(t, parents) for t in taken)
            if other.code not in stored or nested:
                continue
            vintages = (read or store.vintages)(other.code, target.code)
            if bool(vintages.rows["demo"].all()) == demo:
                neighbours.append((other, vintages))
                taken.add(other.code)
    return neighbours


def nearest_first(region: Region, regions: Iterable[Region]) -> list[Region]:
    """Regions beside one, the longer the common beginning of their codes the earlier."""
    parents = {r.code: r.parent for r in regions}
    above = _ancestors(region.code, parents)
    beside = [
        r
        for r in regions
        if r.code != region.code
        and r.code not in above
        and region.code not in _ancestors(r.code, parents)
    ]
    return sorted(beside, key=lambda r: (-_shared(r.code, region.code), r.code))


def _ancestors(code: str, parents: dict[str, str | None]) -> set[str]:
    codes: set[str] = set()
    above = parents.get(code)
    while above is not None and above not in codes:
        codes.add(above)
        above = parents.get(above)
    return codes


def _shared(code: str, second: str) -> int:
    """How many levels two codes have in common: province, city, district (GB/T 2260)."""
    return sum(code.startswith(second[:end]) for end in range(2, len(second) + 1, 2))


def neighbours_identity(neighbours: Sequence[Neighbour], indicator: Indicator, day: date) -> str:
    """Hash of what was known of the neighbours at the end of a day, and of how it is read.

    A neighbour of which nothing had been published leaves no trace.
    """
    digest = hashlib.sha256(repr(indicator).encode())
    for region, vintages in neighbours:
        known = vintages.known_hash(day)
        if known is not None:
            digest.update(region.code.encode() + known)
    return digest.hexdigest()


# Regions that share neighbours look at the same ones on the same days.
_MOST_KEPT = 128
_kept: OrderedDict[int, tuple[Vintages, dict[date, History | None]]] = OrderedDict()


def _history_on(
    vintages: Vintages, region: Region, indicator: Indicator, day: date
) -> History | None:
    """A neighbour's history as known on a day; None where it cannot be read."""
    # The object itself is kept too, so that its number is not given to another.
    _, by_day = _kept.setdefault(id(vintages), (vintages, {}))
    _kept.move_to_end(id(vintages))
    if len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    if day not in by_day:
        known = vintages.as_of(day)
        try:
            by_day[day] = None if known.values.empty else from_known(known, region, indicator, day)
        except DataError:
            by_day[day] = None
    return by_day[day]


def histories_beside(
    neighbours: Sequence[Neighbour], history: History, indicator: Indicator
) -> list[History]:
    """Histories of the neighbours as they were known on the day of a history.

    Parameters
    ----------
    neighbours : sequence of (Region, Vintages)
        Any order.
    history : History
        Nothing published after its day is looked at, no month after its origin.
    indicator : Indicator
        Catalogue entry.

    Returns
    -------
    list of History
        On the same scale for models and of the same kind, real or demonstration; none ends more
        than two months before the origin. What cannot be read is left out.
    """
    histories = []
    for region, vintages in neighbours:
        beside = _history_on(vintages, region, indicator, history.as_of)
        if beside is None or beside.demo != history.demo:
            continue
        cut = beside.until(history.origin)
        late = 0 if cut is None else (history.origin - cut.origin).n
        if cut is not None and late <= LATEST_MONTHS and cut.transform == history.transform:
            histories.append(cut)
    return histories
