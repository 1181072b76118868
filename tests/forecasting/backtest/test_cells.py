"""A cell is its content; its result survives storage unharmed or is computed anew."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from employment_forecast.forecasting.backtest import cells, identity
from employment_forecast.forecasting.backtest.cells import (
    Cell,
    Task,
    cell_seed,
    compute,
    decode,
    decode_parameters,
    encode,
    encode_parameters,
    group,
)
from employment_forecast.forecasting.backtest.codec import seal
from employment_forecast.forecasting.backtest.identity import code_version
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.models import roster
from employment_forecast.models.contract import Tags
from employment_forecast.models.paths import Failure, SamplePaths


@pytest.fixture
def cell(history_of, wandering):
    """A small cell; keyword arguments replace its fields."""
    history = history_of(wandering(48))
    base = Cell("random_walk", Origin(history, history), horizon=3, n_paths=4, seed=1)

    def make(**fields) -> Cell:
        return replace(base, **fields)

    return make


def test_a_key_is_stable_and_short(cell):
    assert cell().key == cell().key
    assert len(cell().key) == 64


def test_a_key_changes_with_every_part_of_the_content(cell, history_of, wandering, monkeypatch):
    history = history_of(wandering(48))
    other = history_of(wandering(48), kind="rate")
    longer = history_of(wandering(49))
    revised = history_of([*wandering(48)[:-1], 1.0])
    keys = [
        cell().key,
        cell(model="drift").key,
        cell(horizon=4).key,
        cell(n_paths=5).key,
        cell(seed=2).key,
        cell(origin=Origin(longer, history)).key,
        cell(origin=Origin(history, history.last(40))).key,
        cell(origin=Origin(revised, history)).key,
        cell(origin=Origin(other, history)).key,
    ]
    monkeypatch.setattr(cells, "code_version", lambda: "another")
    keys.append(cell().key)
    assert len(set(keys)) == len(keys)


def test_a_key_ignores_what_no_model_sees(cell, history_of, wandering):
    renamed = history_of(wandering(48), sources=("别处",), notes=("备注",), demo=True)
    assert cell(origin=Origin(renamed, renamed)).key == cell().key


def test_the_code_version_follows_the_code(monkeypatch):
    before = code_version()
    assert len(before) == 16
    code_version.cache_clear()
    monkeypatch.setattr(identity.metadata, "version", lambda name: "0")
    assert code_version() != before
    monkeypatch.undo()
    code_version.cache_clear()
    assert code_version() == before


def test_seeds_differ_between_models_origins_and_runs(history_of, wandering):
    histories = [history_of(wandering(n)) for n in (30, 31, 32)]
    histories.append(replace(histories[0], region="310104"))
    seeds = {cell_seed(s, m, h) for s in (1, 2) for m in ("theta", "ets") for h in histories}
    assert len(seeds) == 2 * 2 * 4
    again = cell_seed(1, "theta", histories[0])
    assert again == cell_seed(1, "theta", replace(histories[0], values=histories[0].values + 1))
    assert 0 <= again < 2**64


single = arrays(
    np.float32, (4, 5), elements=st.floats(0, 2.0**30, width=32, allow_subnormal=False)
).map(lambda a: a.astype(np.float64))


def recalled(blob, paths=None, shape=(4, 3)):
    """What is made of a stored result; its paths are `paths`."""
    return decode(blob, pd.Period("2024-01", "M"), shape, lambda: paths)


@given(values=single, log=st.booleans())
def test_what_is_asked_of_past_paths_survives_storage_bit_by_bit(values, log):
    paths = SamplePaths(values, pd.Period("2024-01", "M"))
    back = recalled(encode(paths, log), paths, (4, 5))
    assert isinstance(back, SamplePaths)
    assert "values" not in vars(back)
    assert (back.n_paths, back.horizon, back.origin) == (4, 5, paths.origin)
    assert back.quantiles().tobytes() == paths.quantiles().tobytes()
    assert back.near(log).tobytes() == paths.near(log).tobytes()
    assert back.table().equals(paths.table())
    assert back.values.tobytes() == values.tobytes()
    assert back.near(not log).tobytes() == paths.near(not log).tobytes()
    other = replace(back, values=values + 1)
    assert (
        other.quantiles().tobytes() == SamplePaths(values + 1, paths.origin).quantiles().tobytes()
    )


def test_a_failure_survives_storage():
    failure = Failure("历史太短\n(第二行)")
    assert recalled(encode(failure, True)) == failure


@pytest.mark.parametrize("outcome", ["paths", "failure"])
def test_any_damage_is_noticed(outcome):
    paths = SamplePaths(np.arange(12.0).reshape(4, 3), pd.Period("2024-01", "M"))
    blob = encode(paths if outcome == "paths" else Failure("不收敛"), False)
    assert recalled(blob) is not None
    for i in range(len(blob)):
        damaged = bytearray(blob)
        damaged[i] ^= 0x10
        assert recalled(bytes(damaged)) is None
        assert recalled(blob[:i]) is None
    assert recalled(blob + b"\x00") is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}\n", b"[]\n", b"3\n", b'{"shape": [2, 2]}\n' + bytes(16)]
)
def test_whole_but_foreign_content_is_refused(content):
    assert recalled(seal(content)) is None


def test_tasks_share_an_estimation_and_the_dearest_come_first(cell, history_of, wandering):
    early, late = history_of(wandering(48)), history_of(wandering(54))
    histories = [history_of(wandering(n)) for n in (54, 55, 56)]
    wanted = [
        cell(model=m, origin=Origin(h, e))
        for m in ("random_walk", "sarima")
        for e in (early, late)
        for h in histories
    ]
    tasks = group(wanted)
    assert sorted(c.key for t in tasks for c in t.cells) == sorted(c.key for c in wanted)
    assert len(tasks) == 4
    for task in tasks:
        assert len({(c.model, c.origin.estimation.fingerprint) for c in task.cells}) == 1
    assert all(a.cost >= b.cost for a, b in pairwise(tasks))
    assert tasks[0].cells[0].model == "sarima"
    assert group([]) == []


class Counting:
    """A competitor that notes what it was asked."""

    def __init__(self, filters: bool, fails: bool = False) -> None:
        self.tags = Tags(min_months=1, filters=filters)
        self.fails = fails
        self.estimated: list[int] = []
        self.seeds: list[int] = []

    def estimate(self, history):
        self.estimated.append(len(history))
        return Failure("不收敛") if self.fails else {"level": float(len(history))}

    def draw(self, history, parameters, horizon, n_paths, seed):
        self.seeds.append(seed)
        return SamplePaths(np.full((n_paths, horizon), parameters["level"]), history.origin)


@pytest.fixture
def task(cell, history_of, wandering):
    estimation = history_of(wandering(40))
    return Task(tuple(cell(origin=Origin(history_of(wandering(n)), estimation)) for n in (41, 42)))


def test_a_model_that_filters_is_estimated_once(task, monkeypatch):
    model = Counting(filters=True)
    monkeypatch.setattr(roster, "create", lambda name: model)
    first, second = compute(task).outcomes
    assert model.estimated == [40]
    assert first.values[0, 0] == second.values[0, 0] == 40
    assert [p.origin for p in (first, second)] == [c.origin.month for c in task.cells]
    assert len(set(model.seeds)) == 2


def test_a_model_that_does_not_is_estimated_at_every_origin(task, monkeypatch):
    model = Counting(filters=False)
    tasks = group(replace(c, model="prophet") for c in task.cells)
    monkeypatch.setattr(roster, "create", lambda name: model)
    results = [compute(each) for each in tasks]
    assert [r.outcomes[0].values[0, 0] for r in results] == model.estimated == [41, 42]
    assert [r.estimate for r in results] == [{"level": 41.0}, {"level": 42.0}]
    assert len({each.estimate_key for each in tasks}) == 2


def test_known_parameters_spare_the_estimation(task, monkeypatch):
    model = Counting(filters=True)
    monkeypatch.setattr(roster, "create", lambda name: model)
    assert compute(task).estimate == {"level": 40.0}
    known = compute(replace(task, known={"level": 7.0}))
    assert model.estimated == [40]
    assert known.estimate is None
    assert {p.values[0, 0] for p in known.outcomes} == {7}


def test_estimates_are_kept_by_model_and_estimation_history(task, cell, history_of, wandering):
    other = Task((cell(origin=Origin(history_of(wandering(42)), history_of(wandering(41)))),))
    longer = Task(tuple(replace(c, horizon=c.horizon + 1, seed=c.seed + 1) for c in task.cells))
    assert task.estimate_key == longer.estimate_key != other.estimate_key
    another = Task(tuple(replace(c, model="sarima") for c in task.cells))
    assert another.estimate_key != task.estimate_key


def test_parameters_survive_to_the_bit_and_damage_is_seen():
    parameters = {"a": [0.1, 1e-300, 2 / 3], "b": {"c": None}}
    blob = encode_parameters(parameters)
    assert decode_parameters(blob) == parameters
    assert decode_parameters(blob[:-1] + b"]") is None


def test_a_failed_estimation_fails_its_cells_and_nothing_else(task, monkeypatch):
    monkeypatch.setattr(roster, "create", lambda name: Counting(filters=True, fails=True))
    assert compute(task).outcomes == [Failure("不收敛")] * 2


def test_a_result_depends_on_its_cell_and_not_on_its_company(cell, history_of, wandering):
    estimation = history_of(wandering(48))
    several = [cell(origin=Origin(history_of(wandering(n)), estimation)) for n in (48, 49, 50)]
    together = compute(Task(tuple(several))).outcomes
    alone = [compute(Task((c,))).outcomes[0] for c in reversed(several)][::-1]
    for ours, theirs in zip(together, alone, strict=True):
        assert isinstance(ours, SamplePaths)
        assert ours.values.tobytes() == theirs.values.tobytes()
