"""The main job: let the models compete on one series, choose, and assess the caps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NoModelError, ShortHistoryError
from employment_forecast.data.records import PartVintages, Vintages
from employment_forecast.data.targets import Target, in_force_ahead, limit_at
from employment_forecast.features.history import (
    NO_INPUTS,
    History,
    ModelInputs,
    neighbours_identity,
)
from employment_forecast.forecasting.assessment import (
    Assessments,
    CapEvents,
    assess_all,
    cap_events,
    share_above,
)
from employment_forecast.forecasting.backtest import (
    Backtest,
    Cell,
    CellCache,
    Elsewhere,
    Gathered,
    Kept,
    Lenders,
    Origin,
    Progress,
    Redrawing,
    cached_covariates,
    decode,
    encode,
    encode_parameters,
    group,
    origin_days,
    rolling_origins,
    run_tasks,
    tasks_for,
)
from employment_forecast.forecasting.backtest import backtest as backtests
from employment_forecast.forecasting.competition.calibration import (
    Calibration,
    learn,
    never_moved,
)
from employment_forecast.forecasting.competition.choice import (
    DEFAULTS,
    Choice,
    choose,
    leaderboard,
)
from employment_forecast.forecasting.competition.combinations import (
    NOT_NOW,
    combined,
    label_of,
    members_note,
    shared_shifts,
)
from employment_forecast.forecasting.competition.disruptions import (
    cleaned,
    continued,
    shared_between,
    slips_note,
    unsettled,
    unsettled_note,
)
from employment_forecast.forecasting.competition.evidence import path_scored
from employment_forecast.forecasting.competition.result import Coherence, Competition, Options
from employment_forecast.forecasting.nowcast import Nowcast, conditioned
from employment_forecast.forecasting.shocks import note, propose
from employment_forecast.models import roster
from employment_forecast.models.contract import Parameters
from employment_forecast.models.paths import Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]

LONGEST_HORIZON = 60


def _run_cells(
    cells: Sequence[Cell],
    cache: CellCache | None,
    jobs: int,
    progress: Progress | None,
    elsewhere: Elsewhere | None,
    redrawing: Redrawing,
) -> tuple[dict[str, Outcome], int]:
    """Outcomes by key and how many of them were computed now."""
    wanted = {cell.key: cell for cell in cells}
    found: dict[str, Outcome] = {}
    estimated = redrawing.estimated
    if cache is not None:
        # Parameters are asked for with their cells, so that they are kept as long as these.
        keys = [key for task in group(cells) if (key := task.estimate_key)]
        stored = dict(cache.load([*wanted, *keys]))
        estimated.update({key: stored.pop(key) for key in keys if key in stored})
        for key, blob in stored.items():
            cell = wanted[key]
            shape = cell.n_paths, cell.horizon
            again = partial(redrawing.one, cell)
            outcome = decode(blob, cell.origin.month, shape, again, cell)
            if outcome is not None:
                found[key] = outcome
    missing = [cell for key, cell in wanted.items() if key not in found]

    def keep(outcomes: Mapping[str, Outcome], estimates: Mapping[str, Parameters]) -> None:
        if cache is None:
            return
        kept = {
            key: encode(outcome, wanted[key].origin.history.transform == "log")
            for key, outcome in outcomes.items()
            if isinstance(outcome, SamplePaths) or not outcome.passing
        }
        fresh = {key: encode_parameters(each) for key, each in estimates.items()}
        estimated.update(fresh)
        cache.save(kept | fresh)

    computed = run_tasks(tasks_for(missing, estimated), jobs, progress, keep, elsewhere)
    return found | computed, len(computed)


def _horizon(targets: Sequence[Target], history: History, least: int) -> int:
    ends = [t.last_month for t in targets if t.assessable]
    reach = max(((end - history.origin).n for end in ends), default=0)
    return min(max(least, reach), LONGEST_HORIZON)


def compete(
    series: Series,
    vintages: Vintages,
    as_of: date,
    targets: Sequence[Target],
    options: Options,
    cache: CellCache | None = None,
    progress: Progress | None = None,
    inputs: ModelInputs = NO_INPUTS,
    elsewhere: Elsewhere | None = None,
) -> Competition:
    """Back-test every model through `as_of`, choose the champion, forecast, assess the targets.

    Parameters
    ----------
    series : Series
        What is forecast.
    vintages : Vintages
        Its values with their publication days.
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
    inputs : ModelInputs, optional
        Indicators beside the target and the target of other regions, cut at each origin like the
        target.
    elsewhere : callable, optional
        Computes cells on other machines; no result depends on it.

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
    with nullcontext() if cache is None else Gathered(cache) as kept:
        redrawing = Redrawing(kept, options.jobs, progress)
        result = _competed(
            series, vintages, as_of, targets, options, kept, progress, inputs, elsewhere, redrawing
        )
        if kept is not None:
            # While the cache gathers, and somebody is told how far it has come.
            _ = result.evidence_by_model
        redrawing.progress = None
        return result


def _competed(
    series: Series,
    vintages: Vintages,
    as_of: date,
    targets: Sequence[Target],
    options: Options,
    cache: CellCache | None,
    progress: Progress | None,
    inputs: ModelInputs,
    elsewhere: Elsewhere | None,
    redrawing: Redrawing,
) -> Competition:
    region, indicator = series.region, series.indicator
    others = inputs.others
    competitors = [
        m
        for m in options.models
        if m not in roster.COMBINATIONS and roster.suited(m, indicator.code)
    ]
    first = _first_origin(competitors)
    if cache is not None:
        others = cached_covariates(others, origin_days(vintages, as_of, options.origins), cache)
    current, past = rolling_origins(
        series, vintages, as_of, options.origins, options.gaps, others, inputs.neighbours,
        Lenders(inputs.neighbours, indicator, cache).lend,
    )  # fmt: skip
    history = current.history
    if history.unchanging:
        competitors = [roster.UNCHANGING]
    current, past = cleaned(current), [cleaned(origin) for origin in past]
    if len(history) >= first:
        past = [origin for origin in past if len(origin.history) >= first]
    _demand_enough(history, competitors)
    # The period assessed is the one that holds the first month still unknown, and later ones that
    # have a target of their own.
    # Real figures are never held against demonstration caps.
    least = max(options.horizon, options.reach)
    targets_in_force = in_force_ahead(
        targets, region.code, indicator.code, history.origin, least, as_of, demo=history.demo
    )
    horizon = _horizon(targets_in_force, history, least)

    def cell(model: str, origin: Origin, months: int) -> Cell:
        return Cell(model, origin, months, options.n_paths, options.seed)

    plan = {
        m: [*(cell(m, o, options.horizon) for o in past), cell(m, current, horizon)]
        for m in competitors
    }
    outcomes, computed = _run_cells(
        [c for row in plan.values() for c in row],
        cache, options.jobs, progress, elsewhere, redrawing,
    )  # fmt: skip
    table: dict[str, list[Outcome]] = {m: [outcomes[c.key] for c in row] for m, row in plan.items()}
    fitted = backtests.assemble(
        past, current, {m: row[:-1] for m, row in table.items()}, options.horizon
    )
    everywhere = [*past, current]
    pooled = roster.POOLED in options.models
    neighbours = inputs.neighbours if pooled else ()
    shifts = shared_shifts(everywhere, neighbours, indicator, options.horizon, cache)
    lost = pooled and shifts[-1] is None and any(s is not None for s in shifts)
    unpooled = (NOT_NOW,) if lost else ()
    keys = {m: [c.key for c in row] for m, row in plan.items()}
    mixed, made_of = combined(
        options.models, everywhere, table, fitted, shifts, options.seed, cache, keys
    )

    def recall(forecasts: Sequence[tuple[str, int]]) -> None:
        redrawing.all(table[model][number] for model, number in forecasts)

    kept = Kept(cache, keys | made_of, recall)
    table |= mixed
    now = {m: row[-1] for m, row in table.items()}
    before = {m: tuple(row[:-1]) for m, row in table.items()}
    backtest = fitted.joined(
        backtests.assemble(past, current, {m: before[m] for m in mixed}, options.horizon)
    )
    label = partial(label_of, current=now)
    entries = leaderboard(backtest, now, label)
    choice = choose(backtest, entries, now, label)
    log = history.transform == "log"
    calibration = _calibration(backtest, choice.model, history)
    proposals = propose(current.history)
    level = continued(history, proposals, horizon)
    moved: set[str] = set()
    nowcasts: dict[str, Nowcast] = {}
    for model in _issued_calibrated(choice) & now.keys():
        raw = now[model]
        if isinstance(raw, SamplePaths):
            learned = _calibration(backtest, model, history)
            issued, follows = _issue(raw, learned, log, level)
            moved |= {model} if follows else set()
            now[model], found = _in_progress(
                issued, learned, inputs.part_months, history, past, before[model]
            )
            nowcasts |= {} if found is None else {model: found}
    disrupted = (unsettled_note(history, proposals),) if choice.model in moved else ()
    champion = now[choice.model]
    assert isinstance(champion, SamplePaths)
    on_file = tuple(t for t in targets if (t.region, t.indicator) == (region.code, indicator.code))
    at = {o.month: row for row, o in enumerate(past)}
    rows = [at[m] for m in backtest.months]
    at_origins = [*(past[row] for row in rows), current]
    tested = _tested_horizon(backtest)
    assessed = _assessed(targets_in_force, on_file, history, champion, tested)
    return Competition(
        series=series,
        history=history,
        backtest=backtest,
        entries=entries,
        choice=choice,
        forecasts=now,
        targets=targets_in_force,
        assessments=assessed.caps,
        tested_horizon=tested,
        cells_computed=computed,
        cells_reused=len(outcomes) - computed,
        options=options,
        notes=(
            calibration.note,
            *disrupted,
            *slips_note(history),
            *_origins_note(history, len(past), first, options.origins),
            *members_note(now, before),
            *unpooled,
            *roster.notes(),
            *note(proposals, history),
        ),
        proposals=proposals,
        disrupted=disrupted,
        moved=frozenset(moved),
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        origins=tuple(past),
        past_forecasts=before,
        neighbours=neighbours_identity(neighbours, indicator, as_of) if pooled else "",
        part_months=inputs.part_months,
        nowcasts=nowcasts,
        on_file=on_file,
        cap_events=_cap_events(
            backtest, at_origins, rows, table, on_file, history, kept, choice.model
        ),
        kept=kept,
    )


def _cap_events(
    backtest: Backtest,
    origins: Sequence[Origin],
    rows: Sequence[int],
    table: Mapping[str, Sequence[Outcome]],
    on_file: Sequence[Target],
    history: History,
    kept: Kept,
    chosen: str,
) -> CapEvents:
    """What past forecasts said about the caps; the current one is kept for the months to come."""
    numbers = [*rows, -1]
    unknown = np.full((1, backtest.horizon), np.nan)

    def shares(model: str, given: Sequence[Outcome], limits: Floats, precision: float) -> Floats:
        found = np.full(limits.shape, np.nan)
        asked = {
            number: at
            for at, number in enumerate(numbers)
            if isinstance(given[at], SamplePaths) and np.isfinite(limits[at]).any()
        }

        def make(each: tuple[str, int]) -> Floats:
            at = asked[each[1]]
            paths = given[at]
            assert isinstance(paths, SamplePaths)
            return share_above(paths, limits[at], precision)

        wanted = {(model, n): limits[at].tobytes() for n, at in asked.items()}
        for (_, number), row in kept.figures(f"shares {precision}", wanted, make).items():
            found[asked[number]] = row
        return found

    events = cap_events(
        pd.PeriodIndex([*backtest.months, history.origin], freq="M"),
        [origin.history.as_of for origin in origins],
        np.concatenate([backtest.outcomes, unknown]),
        {m: [found[n] for n in numbers] for m, found in table.items()},
        on_file,
        history,
        shares,
    )
    # Worked out while the cache gathers what is to be kept.
    _ = [said[m] for said in events.probabilities.values() for m in said if path_scored(m, chosen)]
    return events.first(len(rows))


def _in_progress(
    paths: SamplePaths,
    calibration: Calibration,
    parts: PartVintages | None,
    history: History,
    origins: Sequence[Origin],
    hindcasts: Sequence[Outcome],
) -> tuple[SamplePaths, Nowcast | None]:
    """Calibrated paths given what is known of the months in progress."""
    if parts is None:
        return paths, None
    return conditioned(
        paths, history, parts, history.as_of, origins, hindcasts, calibration.factors
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
        lambda target, month: limit_at(target, on_file, month, history.as_of),
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
    if result.coherence is not None:
        # Another model's paths are its own, and the former champion's are so again.
        own = {**result.forecasts, result.choice.model: result.coherence.base}
        result = replace(result, forecasts=own, coherence=None)
    paths = result.forecasts.get(model)
    if not isinstance(paths, SamplePaths):
        why = f"（{paths.reason}）" if isinstance(paths, Failure) else "（未参赛）"
        raise NoModelError(
            f"{roster.label(model) if model in roster.names() else model}此次没有得出预测{why}。",
            "请让它参赛（见 forecast run --models），或改用其他模型。",
        )
    history = result.history
    log = history.transform == "log"
    calibration = _calibration(result.backtest, model, history)
    nowcasts, follows = result.nowcasts, model in result.moved
    if model not in _issued_calibrated(result.choice):
        level = continued(history, result.proposals, paths.horizon)
        issued, follows = _issue(paths, calibration, log, level)
        paths, found = _in_progress(
            issued,
            calibration,
            result.part_months,
            history,
            result.origins,
            result.past_forecasts[model],
        )
        nowcasts = nowcasts if found is None else {**nowcasts, model: found}
    disrupted = (unsettled_note(history, result.proposals),) if follows else ()
    assessed = _assessed(result.targets, result.on_file, history, paths, result.tested_horizon)
    return replace(
        result,
        choice=replace(result.choice, model=model, reason=reason),
        forecasts={**result.forecasts, model: paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        disrupted=disrupted,
        moved=result.moved | ({model} if follows else set()),
        notes=(
            calibration.note,
            *disrupted,
            *result.notes[1 + len(result.disrupted) :],
        ),
        nowcasts=nowcasts,
    )


def reconciled(result: Competition, paths: SamplePaths, coherence: Coherence) -> Competition:
    """The same competition with the champion's paths made to add up, and assessed again.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    paths : SamplePaths
        The reconciled ones.
    coherence : Coherence
        Where they come from.
    """
    assessed = _assessed(
        result.targets, result.on_file, result.history, paths, result.tested_horizon
    )
    return replace(
        result,
        forecasts={**result.forecasts, result.choice.model: paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        coherence=coherence,
    )


def _issue(
    raw: SamplePaths, calibration: Calibration, log: bool, level: Floats | None
) -> tuple[SamplePaths, bool]:
    """Paths as they are issued, and whether they are shared with a new level at the end."""
    paths = calibration.apply(raw, log)
    if level is not None and unsettled(paths, level):
        return shared_between(paths, level), True
    return paths, False


def _issued_calibrated(choice: Choice) -> set[str]:
    """Models whose current forecast is calibrated: the chosen one and the defaults."""
    return {choice.model, *DEFAULTS}


def _tested_horizon(backtest: Backtest) -> int:
    """Months ahead at which some past forecast has met its outcome."""
    return int(np.isfinite(backtest.outcomes).any(axis=0).sum())


def _calibration(backtest: Backtest, model: str, history: History) -> Calibration:
    """Calibration of one series' forecasts from the outcomes known now."""
    if history.unchanging:
        return never_moved(backtest.horizon)
    return learn(
        backtest.months,
        backtest.records[model].quantiles[:, None],
        backtest.outcomes[:, None],
        history.transform == "log",
    )


def _first_origin(models: Sequence[str]) -> int:
    """Months of history of the first origin: as many as the least demanding real model needs.

    Before it only simple floors could compete, and what they score says nothing of the models.
    """
    needs = [roster.tags(m).min_months for m in models if not roster.tags(m).floor]
    return min(needs, default=0)


def _origins_note(history: History, used: int, first: int, asked: int) -> tuple[str, ...]:
    """How the origins follow from the length of the history, where it is short."""
    if used >= asked:
        return ()
    if len(history) < first:
        return (f"历史只有 {len(history)} 个月，不足 {first} 个月，只有简单基准能参加回测",)
    still = _unmoved_months(history)
    if max(first, 2) <= still < len(history) <= still + asked:
        return (
            f"到 {history.start + (still - 1)} 为止一直没有变动，那时的起点说明不了此后，不能比较："
            f"逐月回测共 {used} 个起点（变动更早时为 {asked} 个）",
        )
    return (
        f"历史共 {len(history)} 个月：自有 {first} 个月可用之时起逐月回测，共 {used} 个起点"
        f"（历史够长时为 {asked} 个）；需要更长历史的模型只在其够用的起点参加",
    )


def _unmoved_months(history: History) -> int:
    """Months from the start in which the series had one value."""
    known = history.series
    other = known.index[known.to_numpy() != known.iloc[0]]
    return (other[0] - history.start).n if len(other) else len(history)


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
