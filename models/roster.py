"""The roster: every competitor by its registry name.

The families import their libraries only when they estimate or draw, so that names, labels and tags
cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec

from employment_forecast.data.errors import UnknownNameError, suggestion
from employment_forecast.models.combining import combination
from employment_forecast.models.contract import Competitor, Tags
from employment_forecast.models.families import (
    PACKAGE,
    Airline,
    AutoArima,
    AutoCes,
    AutoEts,
    Autoregressive,
    AutoTheta,
    Boosting,
    DampedTrend,
    Drift,
    LocalLevel,
    LongAutoregressive,
    ProphetModel,
    RandomWalk,
    Ridge,
    SeasonalNaive,
    ShrunkenSeason,
    StockFlow,
    StraightTrend,
    Theta,
    UntransformedRidge,
    UntransformedSarima,
    UntransformedShrunkenSeason,
    UntransformedSmoothing,
)
from employment_forecast.models.plugins import Absent, Plugin, admitted, discover

COMBINATION = "combination"
POOLED, WEIGHTED = "combination_pooled", "combination_weighted"
# Made of the members' paths, not fitted. The last is the default where nothing is shared.
_COMBINATION_LABELS = {
    WEIGHTED: "按往期得分加权的组合",
    POOLED: "稳健组合（多地区修正）",
    COMBINATION: "稳健组合",
}
COMBINATIONS = tuple(_COMBINATION_LABELS)
# The one that has a rule for a series that has never changed.
UNCHANGING = RandomWalk.name
# Half-width, full-width and enumeration comma, blanks.
SEPARATORS = re.compile("[,\uff0c\u3001\\s]+")

_FAMILIES: tuple[type[Competitor], ...] = (
    RandomWalk,
    Drift,
    SeasonalNaive,
    DampedTrend,
    StraightTrend,
    Theta,
    Airline,
    Autoregressive,
    LongAutoregressive,
    LocalLevel,
    Ridge,
    UntransformedSmoothing,
    UntransformedSarima,
    UntransformedRidge,
    ShrunkenSeason,
    UntransformedShrunkenSeason,
    StockFlow,
    ProphetModel,
    Boosting,
)


# They join where their package is installed.
_OPTIONAL: tuple[type[Competitor], ...] = (AutoArima, AutoEts, AutoCes, AutoTheta)
_HOW = f"未安装 {PACKAGE}，可用 pip install 'employment-forecast[{PACKAGE}]' 安装"


@cache
def _found() -> tuple[tuple[Plugin, ...], tuple[Absent, ...]]:
    """Models of other packages; looked for when a name is first asked for."""
    ours = (*_FAMILIES, *_OPTIONAL)
    plugins, absent = discover(
        {*(f.name for f in ours), *COMBINATIONS},
        {*(f.label for f in ours), *_COMBINATION_LABELS.values()},
    )
    if find_spec(PACKAGE) is None:
        return plugins, (*(Absent(f.name, PACKAGE, _HOW) for f in _OPTIONAL), *absent)
    version = metadata.version(PACKAGE)
    extra = tuple(Plugin(f, f"{PACKAGE} {version}", version) for f in _OPTIONAL)
    return (*extra, *plugins), absent


# Registered by the running program, by name.
_REGISTERED: dict[str, Plugin] = {}


def register(family: type[Competitor]) -> type[Competitor]:
    """Let a class of the running program compete, in this process only.

    Parameters
    ----------
    family : type of Competitor
        Its name and label must be free; a class registered before under the name is replaced.

    Returns
    -------
    type of Competitor
        The same, so that this can be used as a decorator.

    Raises
    ------
    DataError
        If it cannot compete, with the reason.
    """
    _REGISTERED.pop(getattr(family, "name", ""), None)
    _families.cache_clear()
    used = names()
    plugin = admitted(family, used, [label(name) for name in used], "本程序内登记")
    _REGISTERED[family.name] = plugin
    _families.cache_clear()
    return family


def registered() -> frozenset[str]:
    """Names of the models that this process registered; worker processes do not know them."""
    return frozenset(_REGISTERED)


def _plugins() -> tuple[Plugin, ...]:
    return (*_found()[0], *_REGISTERED.values())


@cache
def _families() -> dict[str, type[Competitor]]:
    """Every class that can compete here, by its name."""
    return {f.name: f for f in (*_FAMILIES, *(p.family for p in _plugins()))}


def names() -> tuple[str, ...]:
    """Registry names of all competitors: ours, those of other packages, the combinations."""
    return (*_families(), *COMBINATIONS)


def absent() -> tuple[Absent, ...]:
    """Models that are announced and cannot compete, with the reason."""
    return _found()[1]


def notes() -> tuple[str, ...]:
    """Sentences about broken models of other packages, for reports."""
    return tuple(
        f"模型 {a.name}（{a.package}）未参赛：{a.reason}" for a in absent() if a.package != PACKAGE
    )


def package(name: str) -> str:
    """Distribution and version that brings a model; empty for ours."""
    return next((p.package for p in _plugins() if p.family.name == name), "")


def identity(name: str) -> str:
    """What the numbers of another package's model depend on; empty for ours, see `code_version`."""
    return next((p.identity for p in _plugins() if p.family.name == name), "")


def floors() -> tuple[str, ...]:
    """Names of the simple floors, which always compete."""
    return tuple(f.name for f in _FAMILIES if f.tags.floor)


def create(name: str) -> Competitor:
    """Make a competitor.

    Parameters
    ----------
    name : str
        Registry name; not a combination, which is made of other models' paths.

    Returns
    -------
    Competitor

    Raises
    ------
    UnknownNameError
        If no model has this name.
    """
    if name in COMBINATIONS:
        raise ValueError("a combination is not fitted; see forecasting.competition.combinations")
    _demand_known(name)
    return _families()[name]()


def suited(name: str, indicator: str) -> bool:
    """Whether a model is made for an indicator."""
    made_for = tags(name).targets
    return not made_for or indicator in made_for


def label(name: str) -> str:
    """Chinese name of a model."""
    _demand_known(name)
    return _COMBINATION_LABELS.get(name) or _family(name).label


def tags(name: str) -> Tags:
    """Declared abilities of a model; a combination runs once one of its members does."""
    _demand_known(name)
    if name not in COMBINATIONS:
        return _family(name).tags
    members = [_family(m).tags for m in combination.MEMBERS]
    return Tags(
        min_months=min(t.min_months for t in members),
        filters=all(t.filters for t in members),
        cost=0.0,
    )


def resolve(wanted: str | Sequence[str] | None = None) -> tuple[str, ...]:
    """Turn a user's choice into the models that compete.

    Parameters
    ----------
    wanted : str, sequence of str or None
        Names, in a text separated by commas (half or full width); None or nothing means all that
        need not be named.

    Returns
    -------
    tuple of str
        In the roster's order. The floors are always in; a combination brings the robust one
        and, unless some of them are named, its members.

    Raises
    ------
    UnknownNameError
        If a name is not in the roster.
    """
    asked = SEPARATORS.split(wanted) if isinstance(wanted, str) else wanted or ()
    chosen = {name.strip() for name in asked if name.strip()}
    if not chosen:
        return tuple(name for name in names() if not tags(name).opt_in)
    for name in sorted(chosen):
        _demand_known(name)
    if chosen.intersection(COMBINATIONS):
        # What the others fall back to.
        chosen.add(COMBINATION)
        if not chosen.intersection(combination.MEMBERS):
            chosen.update(combination.MEMBERS)
    chosen.update(floors())
    return tuple(name for name in names() if name in chosen)


def _family(name: str) -> type[Competitor]:
    return _families()[name]


def _demand_known(name: str) -> None:
    if name in names():
        return
    for each in absent():
        if each.name == name:
            raise UnknownNameError(
                f"模型“{name}”不能参赛：{each.reason}。", "用 forecast models 查看全部模型。"
            )
    raise UnknownNameError(
        f"没有名为“{name}”的模型。{suggestion(name, names())}",
        "用 forecast models 查看全部模型。",
    )
