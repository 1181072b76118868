"""The main job: let the models compete on one series, choose, and assess the caps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.records import Vintages
from employment_forecast.data.targets import Target, in_force_ahead
from employment_forecast.features.history import (
    NO_INPUTS,
    History,
    ModelInputs,
    neighbours_identity,
)
from employment_forecast.forecasting.assessment import (
    CapEvents,
    cap_events,
    share_above,
)
from employment_forecast.forecasting.backtest import (
    Backtest,
    BufferedCache,
    Cell,
    CellCache,
    Elsewhere,
    FigureCache,
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
from employment_forecast.forecasting.competition.choice import (
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
    slips_note,
    unsettled_note,
)
from employment_forecast.forecasting.competition.enough import (
    demand_enough,
    first_origin,
    origins_note,
)
from employment_forecast.forecasting.competition.evidence import path_scored
from employment_forecast.forecasting.competition.issuing import (
    assess_paths,
    calibrated_models,
    calibration_of,
    issue_paths,
    tested_months,
    with_progress,
)
from employment_forecast.forecasting.competition.result import Competition, Options
from employment_forecast.forecasting.nowcast import Nowcast
from employment_forecast.forecasting.shocks import note, propose
from employment_forecast.models import roster
from employment_forecast.models.contract import Parameters
from employment_forecast.models.paths import Outcome, SamplePaths

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
    cached: dict[str, Outcome] = {}
    estimated = redrawing.estimated
    if cache is not None:
        # Parameters are asked for with their cells, so that they are kept as long as these.
        keys = [task.estimate_key for task in group(cells)]
        stored = dict(cache.load([*wanted, *keys]))
        estimated.update({key: stored.pop(key) for key in keys if key in stored})
        for key, blob in stored.items():
            cell = wanted[key]
            shape = cell.n_paths, cell.horizon
            again = partial(redrawing.one, cell)
            outcome = decode(blob, cell.origin.month, shape, again, cell)
            if outcome is not None:
                cached[key] = outcome
    missing = [cell for key, cell in wanted.items() if key not in cached]

    def keep(outcomes: Mapping[str, Outcome], estimates: Mapping[str, Parameters]) -> None:
        if cache is None:
            return
        encoded = {
            key: encode(outcome, wanted[key].origin.history.transform == "log")
            for key, outcome in outcomes.items()
            if isinstance(outcome, SamplePaths) or not outcome.passing
        }
        fresh = {key: encode_parameters(each) for key, each in estimates.items()}
        estimated.update(fresh)
        cache.save(encoded | fresh)

    computed = run_tasks(tasks_for(missing, estimated), jobs, progress, keep, elsewhere)
    return cached | computed, len(computed)


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
    with nullcontext() if cache is None else BufferedCache(cache) as gathered:
        redrawing = Redrawing(gathered, options.jobs, progress)
        result = _competed(
            series,
            vintages,
            as_of,
            targets,
            options,
            gathered,
            progress,
            inputs,
            elsewhere,
            redrawing,
        )
        if gathered is not None:
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
    first = first_origin(competitors)
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
    demand_enough(history, competitors)
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

    figure_cache = FigureCache(cache, keys | made_of, recall)
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
    calibration = calibration_of(backtest, choice.model, history)
    proposals = propose(current.history)
    level = continued(history, proposals, horizon)
    moved: set[str] = set()
    nowcasts: dict[str, Nowcast] = {}
    for model in calibrated_models(choice) & now.keys():
        raw = now[model]
        if isinstance(raw, SamplePaths):
            learned = calibration
            if model != choice.model:
                learned = calibration_of(backtest, model, history)
            issued, follows = issue_paths(raw, learned, log, level)
            moved |= {model} if follows else set()
            now[model], nowcast = with_progress(
                issued, learned, inputs.part_months, history, past, before[model]
            )
            nowcasts |= {} if nowcast is None else {model: nowcast}
    disrupted = (unsettled_note(history, proposals),) if choice.model in moved else ()
    champion = now[choice.model]
    assert isinstance(champion, SamplePaths)
    on_file = tuple(t for t in targets if (t.region, t.indicator) == (region.code, indicator.code))
    at = {o.month: row for row, o in enumerate(past)}
    rows = [at[m] for m in backtest.months]
    at_origins = [*(past[row] for row in rows), current]
    tested = tested_months(backtest)
    assessed = assess_paths(targets_in_force, on_file, history, champion, tested)
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
            *origins_note(history, len(past), first, options.origins),
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
            backtest, at_origins, rows, table, on_file, history, figure_cache, choice.model
        ),
        figure_cache=figure_cache,
    )


def _cap_events(
    backtest: Backtest,
    origins: Sequence[Origin],
    rows: Sequence[int],
    table: Mapping[str, Sequence[Outcome]],
    on_file: Sequence[Target],
    history: History,
    figure_cache: FigureCache,
    chosen: str,
) -> CapEvents:
    """What past forecasts said about the caps; the current one is kept for the months to come."""
    numbers = [*rows, -1]
    unknown = np.full((1, backtest.horizon), np.nan)

    def shares(model: str, given: Sequence[Outcome], limits: Floats, precision: float) -> Floats:
        above = np.full(limits.shape, np.nan)
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
        for (_, number), row in figure_cache.figures(f"shares {precision}", wanted, make).items():
            above[asked[number]] = row
        return above

    events = cap_events(
        pd.PeriodIndex([*backtest.months, history.origin], freq="M"),
        [origin.history.as_of for origin in origins],
        np.concatenate([backtest.outcomes, unknown]),
        {m: [row[n] for n in numbers] for m, row in table.items()},
        on_file,
        history,
        shares,
    )
    # Worked out while the cache gathers what is to be kept.
    _ = [said[m] for said in events.probabilities.values() for m in said if path_scored(m, chosen)]
    return events.first(len(rows))
