"""The main job: let the models compete on one series, choose, and assess the caps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from data.catalogue import Indicator, Region
from data.errors import NoModelError, ShortHistoryError
from data.targets import Target, in_force, value_at
from data.vintages import Vintages
from features.history import History
from features.surroundings import NOTHING, Surroundings, neighbours_identity
from forecasting import backtest as backtests
from forecasting.assess import Assessments, JointBreach, assess_all
from forecasting.backtest import Backtest
from forecasting.calibration import Calibration, learn
from forecasting.cap_events import CapEvents, cap_events
from forecasting.caps import Assessment
from forecasting.cells import (
    Cell,
    CellCache,
    Task,
    decode,
    decode_parameters,
    encode,
    encode_parameters,
    group,
)
from forecasting.choice import DEFAULTS, Choice, Entry, choose, leaderboard
from forecasting.combinations import NOT_NOW, combined, shared_shifts
from forecasting.further import Further, further
from forecasting.level_targets import LevelAssessment
from forecasting.origins import Origin, origin_days, rolling_origins
from forecasting.remembered import remembered
from forecasting.shock_proposals import Proposal, note, propose
from forecasting.totals import TotalAssessment
from forecasting.workers import Progress, run_tasks
from models import roster
from models.contract import Parameters
from models.paths import Failure, Outcome, SamplePaths

LONGEST_HORIZON = 60
SAVE_SECONDS = 1.0


@dataclass(frozen=True)
class Options:
    """What the caller may set.

    Attributes
    ----------
    models : tuple of str
        Roster names; floors always compete.
    horizon : int
        Fewest months ahead; extended to the end of every period in force.
    origins : int
        Past origins of the back-test.
    n_paths, seed : int
        Monte Carlo settings.
    jobs : int
        Worker processes; no result depends on it.
    gaps : {"refuse", "after"}
        What to do about missing months.
    reach : int
        Fewest months ahead at the current origin, where that is more than `horizon`.
    """

    models: tuple[str, ...]
    horizon: int = 12
    origins: int = 36
    n_paths: int = 1000
    seed: int = 1
    jobs: int = 1
    gaps: str = "refuse"
    reach: int = 0


@dataclass(frozen=True)
class Competition:
    """Outcome of the main job.

    Attributes
    ----------
    region, indicator : Region, Indicator
        What was forecast.
    history : History
        Data up to the current origin.
    backtest : Backtest
        Evidence at past origins.
    entries : list of Entry
        Leaderboard, best first.
    choice : Choice
        Champion and reason.
    forecasts : dict
        Forecast or failure of every model at the current origin.
    targets : list of Target
        Targets in force for the series.
    assessments : list of Assessment
        One per cap that can be assessed.
    tested_horizon : int
        Months ahead the back-test covers.
    cells_computed, cells_reused : int
        Work done and work found in the cache.
    options : Options
        As asked.
    notes : tuple of str
        What the calibration rests on, in Chinese.
    totals, levels : list
        Assessed targets on a period's total, and on figures to be reached.
    joint : JointBreach or None
        Several caps taken together.
    origins : tuple of Origin
        Past origins, oldest first.
    past_forecasts : dict
        By model what it forecast at them, before any calibration.
    on_file : tuple of Target
        Targets of the series, of any time.
    cap_events : CapEvents or None
        What past forecasts said about the caps.
    neighbours : str
        Hash of what was known of the other regions; empty where no model looks at them.
    proposals : tuple of Proposal
        Events that the series suggests and nobody declared.
    """

    region: Region
    indicator: Indicator
    history: History
    backtest: Backtest
    entries: list[Entry]
    choice: Choice
    forecasts: Mapping[str, Outcome]
    targets: list[Target]
    assessments: list[Assessment]
    tested_horizon: int
    cells_computed: int
    cells_reused: int
    options: Options
    notes: tuple[str, ...] = field(default=())
    totals: list[TotalAssessment] = field(default_factory=list)
    levels: list[LevelAssessment] = field(default_factory=list)
    joint: JointBreach | None = None
    origins: tuple[Origin, ...] = ()
    past_forecasts: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    on_file: tuple[Target, ...] = ()
    cap_events: CapEvents | None = None
    proposals: tuple[Proposal, ...] = ()
    neighbours: str = ""

    @cached_property
    def further(self) -> dict[str, Further]:
        """Further scores and tests by model, worked out when first asked for."""
        return further(self.backtest, self.origins, self.past_forecasts, self.cap_events)

    @property
    def hindcasts(self) -> Sequence[Outcome]:
        """What the chosen model forecast at past origins, before any calibration."""
        return self.past_forecasts.get(self.choice.model, ())

    @property
    def champion_paths(self) -> SamplePaths:
        """Paths every probability is a functional of."""
        found = self.forecasts[self.choice.model]
        assert isinstance(found, SamplePaths)
        return found

    @property
    def demo(self) -> bool:
        """Demonstration data anywhere in what is reported."""
        return self.history.demo or any(t.demo for t in self.targets)

    @property
    def unassessed(self) -> list[Target]:
        """Targets in force that cannot be assessed: no number, unconfirmed unit, other kinds."""
        done = [a.target for part in (self.assessments, self.totals, self.levels) for a in part]
        return [t for t in self.targets if t not in done]


def _run_cells(
    cells: Sequence[Cell], cache: CellCache | None, jobs: int, progress: Progress | None
) -> tuple[dict[str, Outcome], int]:
    """Outcomes by key and how many of them were computed now."""
    wanted = {cell.key: cell for cell in cells}
    found: dict[str, Outcome] = {}
    if cache is not None:
        for key, blob in cache.load(list(wanted)).items():
            outcome = decode(blob, wanted[key])
            if outcome is not None:
                found[key] = outcome
    missing = [cell for key, cell in wanted.items() if key not in found]

    waiting: dict[str, bytes] = {}
    saved = time.monotonic()

    def keep(outcomes: Mapping[str, Outcome], estimates: Mapping[str, Parameters]) -> None:
        nonlocal saved
        if cache is None:
            return
        for key, outcome in outcomes.items():
            if isinstance(outcome, SamplePaths) or not outcome.passing:
                waiting[key] = encode(outcome)
        waiting.update({key: encode_parameters(found) for key, found in estimates.items()})
        # Each save is a transaction; a run that is killed loses no more than this.
        if waiting and time.monotonic() - saved >= SAVE_SECONDS:
            cache.save(waiting)
            waiting.clear()
            saved = time.monotonic()

    try:
        computed = run_tasks(_tasks(missing, cache), jobs, progress, keep)
    finally:
        if cache is not None and waiting:
            cache.save(waiting)
    return found | computed, len(computed)


def _tasks(cells: Sequence[Cell], cache: CellCache | None) -> list[Task]:
    """Tasks for cells; what earlier months have estimated comes from the cache."""
    tasks = group(cells)
    if cache is None:
        return tasks
    kept = cache.load([key for task in tasks if (key := task.estimate_key)])
    known = {key: decode_parameters(blob) for key, blob in kept.items()}
    return [replace(task, known=known.get(task.estimate_key or "")) for task in tasks]


def _horizon(targets: Sequence[Target], history: History, least: int) -> int:
    ends = [t.last_month for t in targets if t.assessable]
    reach = max(((end - history.origin).n for end in ends), default=0)
    return min(max(least, reach), LONGEST_HORIZON)


def compete(
    vintages: Vintages,
    region: Region,
    indicator: Indicator,
    as_of: date,
    targets: Sequence[Target],
    options: Options,
    cache: CellCache | None = None,
    progress: Progress | None = None,
    around: Surroundings = NOTHING,
) -> Competition:
    """Back-test every model through `as_of`, choose the champion, forecast, assess the targets.

    Parameters
    ----------
    vintages : Vintages
        The series with its publication days.
    region, indicator : Region, Indicator
        Catalogue entries.
    as_of : datetime.date
        Nothing published later is looked at.
    targets : sequence of Target
        All targets on file; those in force are picked.
    options : Options
        Models, horizon, origins, seed.
    cache : CellCache, optional
        Keeps cells between runs.
    progress : callable, optional
        Called with cells done and cells to do.
    around : Surroundings, optional
        Indicators beside the target and the target of other regions, cut at each origin like the
        target.

    Returns
    -------
    Competition

    Raises
    ------
    DataError
        If the history cannot be built.
    ShortHistoryError
        If the history is shorter than every model needs.
    NoModelError
        If every model fails at the current origin.
    """
    others = around.others
    if cache is not None:
        others = remembered(others, origin_days(vintages, as_of, options.origins), cache)
    current, past = rolling_origins(
        vintages, region, indicator, as_of, options.origins, options.gaps, others
    )
    history = current.history
    competitors = [
        m
        for m in options.models
        if m not in roster.COMBINATIONS and roster.suited(m, indicator.code)
    ]
    _demand_enough(history, competitors)
    # The period assessed is the one that holds the first month still unknown.
    # Real figures are never held against demonstration caps.
    month = history.origin + 1
    mine = in_force(targets, region.code, indicator.code, month, as_of, demo=history.demo)
    horizon = _horizon(mine, history, max(options.horizon, options.reach))

    def cell(model: str, origin: Origin, months: int) -> Cell:
        return Cell(model, origin, months, options.n_paths, options.seed)

    plan = {
        m: [*(cell(m, o, options.horizon) for o in past), cell(m, current, horizon)]
        for m in competitors
    }
    outcomes, computed = _run_cells(
        [c for row in plan.values() for c in row], cache, options.jobs, progress
    )
    table: dict[str, list[Outcome]] = {m: [outcomes[c.key] for c in row] for m, row in plan.items()}
    fitted = backtests.assemble(
        past, current, {m: row[:-1] for m, row in table.items()}, options.horizon
    )
    everywhere = [*past, current]
    pooled = roster.POOLED in options.models
    neighbours = around.neighbours if pooled else ()
    shifts = shared_shifts(everywhere, neighbours, indicator, options.horizon, cache)
    lost = pooled and shifts[-1] is None and any(s is not None for s in shifts)
    unpooled = (NOT_NOW,) if lost else ()
    mixed = combined(options.models, everywhere, table, fitted, shifts, options.seed)
    table |= mixed
    now = {m: row[-1] for m, row in table.items()}
    before = {m: tuple(row[:-1]) for m, row in table.items()}
    backtest = fitted.joined(
        backtests.assemble(past, current, {m: before[m] for m in mixed}, options.horizon)
    )
    entries = leaderboard(backtest, now)
    choice = choose(backtest, entries, now)
    log = history.transform == "log"
    calibration = _calibration(backtest, choice.model, log)
    for model in _issued_calibrated(choice) & now.keys():
        raw = now[model]
        if isinstance(raw, SamplePaths):
            now[model] = _calibration(backtest, model, log).apply(raw, log)
    champion = now[choice.model]
    assert isinstance(champion, SamplePaths)
    on_file = tuple(t for t in targets if (t.region, t.indicator) == (region.code, indicator.code))
    at = {o.month: row for row, o in enumerate(past)}
    kept = [at[m] for m in backtest.months]
    tested = _tested_horizon(backtest)
    assessed = _assessed(mine, on_file, history, champion, tested)
    proposals = propose(history)
    return Competition(
        region=region,
        indicator=indicator,
        history=history,
        backtest=backtest,
        entries=entries,
        choice=choice,
        forecasts=now,
        targets=mine,
        assessments=assessed.caps,
        tested_horizon=tested,
        cells_computed=computed,
        cells_reused=len(outcomes) - computed,
        options=options,
        notes=(calibration.note, *unpooled, *roster.notes(), *note(proposals, history)),
        proposals=proposals,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        origins=tuple(past),
        past_forecasts=before,
        neighbours=neighbours_identity(neighbours, indicator, as_of) if pooled else "",
        on_file=on_file,
        cap_events=cap_events(
            backtest.months,
            [past[row].history.as_of for row in kept],
            backtest.outcomes,
            {m: [found[row] for row in kept] for m, found in before.items()},
            on_file,
            history,
        ),
    )


def _assessed(
    targets: Sequence[Target],
    on_file: Sequence[Target],
    history: History,
    paths: SamplePaths,
    tested: int,
) -> Assessments:
    return assess_all(
        targets,
        history,
        paths,
        tested,
        lambda target, month: value_at(target, on_file, month, history.as_of),
    )


def rechosen(result: Competition, model: str, reason: str) -> Competition:
    """The same competition with another of its models chosen, calibrated and assessed alike.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    model : str
        One that forecast at the current origin.
    reason : str
        Chinese sentence.

    Returns
    -------
    Competition

    Raises
    ------
    NoModelError
        If that model did not compete or gave no forecast.
    """
    paths = result.forecasts.get(model)
    if not isinstance(paths, SamplePaths):
        why = f"（{paths.reason}）" if isinstance(paths, Failure) else "（未参赛）"
        raise NoModelError(
            f"{roster.label(model) if model in roster.names() else model}此次没有得出预测{why}。",
            "请让它参赛（见 forecast run --models），或改用其他模型。",
        )
    history = result.history
    log = history.transform == "log"
    calibration = _calibration(result.backtest, model, log)
    if model not in _issued_calibrated(result.choice):
        paths = calibration.apply(paths, log)
    assessed = _assessed(result.targets, result.on_file, history, paths, result.tested_horizon)
    return replace(
        result,
        choice=replace(result.choice, model=model, reason=reason),
        forecasts={**result.forecasts, model: paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        notes=(calibration.note, *result.notes[1:]),
    )


def _issued_calibrated(choice: Choice) -> set[str]:
    """Models whose current forecast is calibrated: the chosen one and the defaults."""
    return {choice.model, *DEFAULTS}


def _tested_horizon(backtest: Backtest) -> int:
    """Months ahead at which some past forecast has met its outcome."""
    return int(np.isfinite(backtest.outcomes).any(axis=0).sum())


def _calibration(backtest: Backtest, model: str, log: bool) -> Calibration:
    """Calibration of one series' forecasts from the outcomes known now."""
    return learn(
        backtest.months,
        backtest.records[model].quantiles[:, None],
        backtest.outcomes[:, None],
        log,
    )


def _demand_enough(history: History, models: Sequence[str]) -> None:
    needs = {m: roster.tags(m).min_months for m in models}
    if not needs or len(history) >= min(needs.values()):
        return
    listed = "、".join(
        f"{roster.label(m)} {n} 个月" for m, n in sorted(needs.items(), key=lambda x: x[1])
    )
    raise ShortHistoryError(
        f"历史只有 {len(history)} 个月（{history.start} 至 {history.origin}），"
        "所选模型都无法运行。",
        f"各模型至少需要：{listed}。请导入更早的月份，或用 --models 选择需要较少历史的模型。",
    )
