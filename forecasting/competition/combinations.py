"""The combinations at every origin: robust, weighted by earlier scores, moved by a shared shift.

They are made of the members' paths and cost next to nothing; what each needs beyond them, weights
or what the regions share, rests only on what was known at the origin. Quantiles of the weighted one
are the weighted means of the members': learned weights change at all origins twice a year, and no
path has to be drawn again for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue import Indicator
from employment_forecast.features.history import (
    History,
    Neighbour,
    histories_beside,
    neighbours_identity,
)
from employment_forecast.forecasting.backtest import (
    ESTIMATION_MONTHS,
    Backtest,
    CellCache,
    Origin,
    UndrawnPaths,
    cell_seed,
    code_version,
    content_key,
    decode,
    encode,
    seal_json,
    unseal_json,
)
from employment_forecast.forecasting.competition.disruptions import cleaned
from employment_forecast.forecasting.competition.pooled import PooledEvidence
from employment_forecast.models import roster
from employment_forecast.models.combining import (
    FEWEST_MONTHS,
    MEMBERS,
    SHRUNKEN,
    combine,
    combine_weighted,
    inverse_score_weights,
    pooled_shifts,
    season_share,
    shifted,
)
from employment_forecast.models.paths import Failure, Outcome, SamplePaths
from employment_forecast.models.roster import COMBINATION, COMBINATIONS, POOLED, WEIGHTED

Floats = npt.NDArray[np.float64]

# A result that rests on other regions is not worked out anew for less.
UNMOVED = 0.001
MANY_ORIGINS = 24
NO_MEMBER = "组合的成员模型都未得出预测"
NOTHING_TO_POOL = "库中同一指标可以合并的地区不足 5 个（每个至少 61 个月）"
TOO_SHORT_TO_POOL = "本地区历史不足 61 个月，或数值很少变动，无法与其他地区合并"
NOT_NOW = "此次无法与其他地区合并，“稳健组合（多地区修正）”未作修正"


def label_of(model: str, current: Mapping[str, Outcome]) -> str:
    """Chinese name of a model; a combination without all of its members says so."""
    label = roster.label(model)
    if model not in COMBINATIONS:
        return label
    present = sum(isinstance(current.get(m), SamplePaths) for m in MEMBERS)
    if present in (0, len(MEMBERS)):
        return label
    return f"{label}（只含 {len(MEMBERS)} 个成员中的 {present} 个）"


def members_note(
    current: Mapping[str, Outcome], past: Mapping[str, Sequence[Outcome]]
) -> tuple[str, ...]:
    """Which members a combination lacks and why, now and at past origins."""
    if not any(isinstance(current.get(m), SamplePaths) for m in COMBINATIONS):
        return ()
    absent = []
    for member in MEMBERS:
        outcome = current.get(member)
        if not isinstance(outcome, SamplePaths):
            why = outcome.reason if isinstance(outcome, Failure) else "未参赛"
            absent.append(f"{roster.label(member)}（{why}）")
    asked = [past[m] for m in MEMBERS if m in past]
    rows = list(zip(*asked, strict=True))
    short = sum(any(isinstance(o, Failure) for o in row) for row in rows)
    parts = [f"组合缺成员：{'、'.join(absent)}"] if absent else []
    parts += [f"回测的 {len(rows)} 个起点中有 {short} 个组合成员不全"] if short else []
    return ("；".join(parts),) if parts else ()


def combined(
    wanted: Sequence[str],
    origins: Sequence[Origin],
    outcomes: Mapping[str, Sequence[Outcome]],
    backtest: Backtest,
    shifts: Sequence[Floats | None],
    seed: int,
    cache: CellCache | None = None,
    cells: Mapping[str, Sequence[str]] | None = None,
) -> tuple[dict[str, list[Outcome]], dict[str, list[str]]]:
    """Forecasts of the combinations of one series, and the content hash of each.

    Parameters
    ----------
    wanted : sequence of str
        Roster names; those of combinations count.
    origins : sequence of Origin
        The current one last.
    outcomes : mapping
        Of the members at each origin.
    backtest : Backtest
        Of the members.
    shifts : sequence
        What the regions share, at each origin.
    seed : int
        The run's.
    cache : CellCache, optional
        Keeps results between runs.
    cells : mapping, optional
        Content hashes of `outcomes`; without them nothing is kept.
    """
    members = [m for m in MEMBERS if m in outcomes]
    asked = [name for name in COMBINATIONS if name in wanted]
    if not members or not asked:
        return {}, {}
    made: dict[str, list[Outcome]] = {name: [] for name in asked}
    keys: dict[str, list[str]] = {name: [] for name in asked}
    fresh: dict[str, bytes] = {}
    evidence = _settled(PooledEvidence.of(backtest, members))
    mixes: list[_Mix] = []
    for i, origin in enumerate(origins):
        history = origin.history
        given = {m: o for m in members if isinstance(o := outcomes[m][i], SamplePaths)}
        rated = given and WEIGHTED in asked
        weights = learned_weights(evidence.as_known(history), members) if rated else {}
        mixes.append(mix := _Mix(given, weights, shifts[i], history, seed))
        parts = {} if cells is None else {m: cells[m][i] for m in given}
        for name in asked:
            text = mix.identity(name, parts)
            keys[name].append(content_key("combined", name, text) if given else "")
    asked_for = [key for name in asked if name != WEIGHTED for key in keys[name] if key]
    stored = {} if cache is None or cells is None else cache.load(asked_for)
    for i, mix in enumerate(mixes):
        first = next(iter(mix.given.values()), None)
        for name in asked:
            if first is None:
                made[name].append(Failure(NO_MEMBER))
                continue
            key = keys[name][i]
            outcome: Outcome | None = mix.averaged() if name == WEIGHTED else None
            if key in stored:
                shape, again = (first.n_paths, first.horizon), partial(mix.paths, name)
                outcome = decode(stored[key], first.origin, shape, again, mix.given.values())
            if outcome is None:
                outcome = mix.paths(name)
                fresh[key] = encode(outcome, mix.history.transform == "log")
            made[name].append(outcome)
    if cache is not None and cells is not None and fresh:
        cache.save(fresh)
    if POOLED in made and all(shift is None for shift in shifts):
        short = len(origins[-1].history) < FEWEST_MONTHS
        why = Failure(TOO_SHORT_TO_POOL if short else NOTHING_TO_POOL)
        made[POOLED] = [why] * len(origins)
    return made, keys


def _settled(evidence: PooledEvidence) -> PooledEvidence:
    """Scores from a month of estimation on, where there are many.

    A back-test loses its first origin each month: weights that rest on all it holds would change
    with it at every origin, and what was made with them would be made anew.
    """
    since = next((i for i, m in enumerate(evidence.months) if m.month in ESTIMATION_MONTHS), 0)
    return evidence if len(evidence.months) < MANY_ORIGINS else evidence.since(since)


@dataclass(frozen=True)
class _Mix:
    """The combinations at one origin, made when the first of them is asked for."""

    given: Mapping[str, SamplePaths]
    weights: Mapping[str, float]
    shift: Floats | None
    history: History
    seed: int

    def identity(self, name: str, cells: Mapping[str, str]) -> str:
        """What one of them is made of, from the content hashes of the members' forecasts."""
        own = {
            WEIGHTED: dict(self.weights),
            POOLED: None if self.shift is None else self.shift.tolist(),
        }
        return json.dumps([dict(cells), own.get(name), self.seed])

    @cached_property
    def _share(self) -> float:
        return season_share(self.history)

    @cached_property
    def _counts(self) -> Floats:
        learned = np.array([self.weights.get(m, 1.0) for m in self.given])
        return learned * _group_weights(list(self.given), self._share)

    @cached_property
    def _robust(self) -> SamplePaths:
        return combine(self.given, self._share, cell_seed(self.seed, COMBINATION, self.history))

    def _moved(self) -> SamplePaths:
        if self.shift is None:
            return self._robust
        moved = shifted(self._robust, self.shift, self.history.transform)
        if self.history.transform == "none" and self._robust.values.min() >= 0:
            # What cannot be negative in the paths is not made so by a shift.
            moved = replace(moved, values=np.maximum(moved.values, 0.0))
        return moved

    def averaged(self) -> SamplePaths:
        """The weighted one: its quantiles from those of the members, its paths when asked for."""
        first = next(iter(self.given.values()))
        share = (self._counts / self._counts.sum())[:, None, None]
        points = (share * np.stack([m.quantiles() for m in self.given.values()])).sum(axis=0)
        log = self.history.transform == "log"
        draw = partial(self.paths, WEIGHTED)
        made_of = self.given.values()
        return UndrawnPaths.of(points, log, first.n_paths, first.origin, draw, made_of)

    def paths(self, name: str) -> SamplePaths:
        """One of them."""
        if name == WEIGHTED:
            return combine_weighted(list(self.given.values()), self._counts, self._robust)
        return self._moved() if name == POOLED else self._robust


def combinations_at(
    given: Mapping[str, SamplePaths],
    weights: Mapping[str, float],
    shift: Floats | None,
    history: History,
    seed: int,
) -> dict[str, SamplePaths]:
    """Every combination of the members' forecasts at one origin.

    Parameters
    ----------
    given : mapping
        Paths of the members that forecast; at least one.
    weights : mapping
        Of members; one that is absent here counts like the mean of the others.
    shift : numpy.ndarray or None
        Shape (horizon,), on the model scale; None where nothing could be pooled, which is where
        the shifted combination is the robust one itself.
    history : History
        Of the origin.
    seed : int
        The run's.

    Returns
    -------
    dict
        By roster name.
    """
    mix = _Mix(given, weights, shift, history, seed)
    return {name: mix.paths(name) for name in (COMBINATION, WEIGHTED, POOLED)}


def _group_weights(members: Sequence[str], share: float) -> Floats:
    """What each member counts for before scores: the groups of `combine`, equal within each."""
    shrunken = np.array([m in SHRUNKEN for m in members])
    if shrunken.all() or not shrunken.any():
        return np.ones(len(members))
    parts = (1 - share) / shrunken.sum(), share / (~shrunken).sum()
    return np.asarray(np.where(shrunken, *parts), dtype=float)


def learned_weights(evidence: PooledEvidence, members: Sequence[str]) -> dict[str, float]:
    """Weights of the members with mean 1, from the scores known at an origin.

    Parameters
    ----------
    evidence : PooledEvidence
        Known at the origin.
    members : sequence of str
        Those that failed too often to be compared are left out.
    """
    scored = evidence.comparable(members)
    if not scored:
        return {}
    weights = inverse_score_weights(evidence.origin_scores(scored))
    return dict(zip(scored, (weights * len(scored)).tolist(), strict=True))


# A cycle keeps the newest shift with its result, which the competition has just worked out.
_MOST_RECENT = 64
_recent: dict[str, Floats | None] = {}


def shared_shifts(
    origins: Sequence[Origin],
    neighbours: Sequence[Neighbour],
    indicator: Indicator,
    horizon: int,
    cache: CellCache | None = None,
) -> list[Floats | None]:
    """What the regions share, as a shift of one region's forecast at each origin."""
    if not neighbours:
        return [None] * len(origins)
    keys = [_key(origin.history, neighbours, indicator, horizon) for origin in origins]
    stored = dict(cache.load(keys)) if cache is not None else {}
    fresh: dict[str, bytes] = {}
    shifts = []
    for origin, key in zip(origins, keys, strict=True):
        shift, known = _decoded(stored[key]) if key in stored else (None, False)
        if not known:
            if key not in _recent:
                beside = histories_beside(neighbours, origin.history, indicator)
                _recent[key] = pooled_shifts([origin.history, *beside], horizon)[0]
            shift = _recent[key]
            fresh[key] = _encoded(shift)
        shifts.append(shift)
    while len(_recent) > _MOST_RECENT:
        _recent.pop(next(iter(_recent)))
    if cache is not None and fresh:
        cache.save(fresh)
    return shifts


def current_shift(
    history: History, neighbours: Sequence[Neighbour], indicator: Indicator, horizon: int
) -> Floats | None:
    """What the regions share, as a shift of the forecast from a history as it stands."""
    return shared_shifts([cleaned(Origin(history, history))], neighbours, indicator, horizon)[0]


def unmoved(before: Sequence[float], now: Floats | None, history: History) -> bool:
    """Whether news of other regions moves no month of the forecast by more than a thousandth.

    Parameters
    ----------
    before : sequence of float
        Shift on the model scale that a forecast was made with; empty if it rests on no others.
    now : numpy.ndarray or None
        The same with what is known now.
    history : History
        Of the forecast; of a figure that is not on logarithms half of the last printed digit counts
        instead of a thousandth.
    """
    if now is None or len(before) != len(now):
        return False
    most = UNMOVED if history.transform == "log" else history.precision / 2
    return bool(np.abs(now - np.asarray(before)).max() < most)


def _key(
    history: History, neighbours: Sequence[Neighbour], indicator: Indicator, horizon: int
) -> str:
    inputs = neighbours_identity(neighbours, indicator, history.as_of)
    text = f"shift|{code_version()}|{history.fingerprint}|{inputs}|{horizon}"
    return hashlib.sha256(text.encode()).hexdigest()


def _encoded(shift: Floats | None) -> bytes:
    """A checksum and JSON: the shortest digits of a double give the same number back."""
    return seal_json(None if shift is None else shift.tolist())


def _decoded(blob: bytes) -> tuple[Floats | None, bool]:
    """Inverse of `_encoded`, and whether the bytes are whole."""
    try:
        values = unseal_json(blob)
    except ValueError:
        return None, False
    return None if values is None else np.asarray(values, dtype=float), True
