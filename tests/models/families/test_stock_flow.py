"""The stock follows from its flows: identity, late and early flows, joint law, use."""

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.contract import ModelFailure, Scaled, ScaledCovariate
from employment_forecast.models.families.stock_flow import (
    EXITED,
    INFLOW,
    REEMPLOYED,
    StockFlow,
    register,
)
from employment_forecast.models.paths import Failure, SamplePaths

N = 60


def _world(n, seed=1, shift=0, size=0.03):
    """Stock made by flows; from month `shift` on a fifth more people enter."""
    rng = np.random.default_rng(seed)
    month = 2 * np.pi * np.arange(n) / 12
    inflow = 1000 * np.exp(0.1 * np.sin(month) + rng.normal(0, size, n))
    inflow[shift or n :] *= 1.2
    leaving = 0.1 * np.exp(0.05 * np.cos(month) + rng.normal(0, size, n))
    stock = np.empty(n)
    before = 10_000.0
    for t in range(n):
        before = stock[t] = before * (1 - leaving[t]) + inflow[t]
    left = np.r_[10_000.0, stock[:-1]] * leaving
    return stock, {INFLOW: inflow, REEMPLOYED: 0.7 * left, EXITED: 0.3 * left}


@pytest.fixture
def scaled(make_scaled):
    def make(stock, flows, log=True) -> Scaled:
        plain = make_scaled(np.log(stock) if log else stock)
        beside = tuple(ScaledCovariate(code, np.log(v), log=True) for code, v in flows.items())
        return Scaled(plain.z, plain.months, plain.known, beside, logs=log)

    return make


@pytest.mark.parametrize(
    "known", [{INFLOW}, {REEMPLOYED, EXITED}, {INFLOW, REEMPLOYED}, {INFLOW, REEMPLOYED, EXITED}]
)
@pytest.mark.parametrize("log", [True, False])
def test_identity_gives_what_is_not_reported(scaled, known, log):
    stock, flows = _world(N)
    counts = register(scaled(stock, {k: v for k, v in flows.items() if k in known}, log))
    assert (counts.first, counts.inflow_end, counts.leaving_end) == (1, N, N)
    np.testing.assert_allclose(counts.inflow, flows[INFLOW][1:], rtol=1e-8)
    left = flows[REEMPLOYED] + flows[EXITED]
    np.testing.assert_allclose(counts.leaving, left[1:] / stock[:-1], rtol=1e-8)


def test_months_before_a_gap_are_left_out(scaled):
    stock, flows = _world(N)
    flows[INFLOW] = flows[INFLOW].copy()
    flows[INFLOW][10] = np.nan
    del flows[REEMPLOYED]
    assert register(scaled(stock, flows)).first == 11
    flows[INFLOW][30] = np.nan
    with pytest.raises(ModelFailure, match="连续的月份只有 29 个"):
        register(scaled(stock, flows))


def test_flows_that_come_late_or_early(scaled):
    stock, flows = _world(N)
    late = register(scaled(stock, {k: v[: N - 2] for k, v in flows.items()}))
    assert (late.inflow_end, late.leaving_end) == (N - 2, N - 2)
    early = register(scaled(stock[: N - 1], flows))
    assert (early.inflow_end, early.leaving_end) == (N, N - 1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda flows: {}, "没有新登记失业、再就业与退出登记的流量"),
        (lambda flows: {EXITED: flows[EXITED]}, "没有新登记失业、再就业与退出登记的流量"),
        (lambda flows: {**flows, INFLOW: flows[INFLOW] * 1.5}, "流量与期末数的变动不符"),
        (lambda flows: {INFLOW: flows[INFLOW][:20]}, "连续的月份只有 19 个"),
    ],
)
def test_null_result_with_its_reason(scaled, spoil, reason):
    stock, flows = _world(N)
    with pytest.raises(ModelFailure, match=reason):
        register(scaled(stock, spoil(flows)))


def test_without_flows_it_is_a_null_result(make_history):
    stock, _ = _world(N)
    outcome = StockFlow().forecast(make_history(stock), 12, 100, 1)
    assert isinstance(outcome, Failure)
    assert "没有新登记失业" in outcome.reason


def test_only_for_the_register():
    assert roster.suited("stock_flow", "registered_unemployed")
    assert not roster.suited("stock_flow", "surveyed_unemployment_rate")
    assert roster.suited("ets", "surveyed_unemployment_rate")


PLAIN = {
    "weight": 0.3,
    "drift": 0.0,
    "seasonal": [0.0] * 12,
    "effects": [0.0, 0.0, 0.0],
    "degrees": 1e6,
}


def _reference(stock, inflow, leaving, correlation, horizon, n, seed):
    """Month by month, path by path, with plain draws."""
    rng = np.random.default_rng(seed)
    out = np.empty((n, horizon))
    for path in range(n):
        entering, going, level = np.log(inflow), np.log(leaving), stock
        for step in range(horizon):
            a, b = rng.normal(size=2)
            b = correlation * a + np.sqrt(1 - correlation**2) * b
            level = level * (1 - np.exp(going + 0.1 * b)) + np.exp(entering + 0.2 * a)
            entering, going = entering + 0.3 * 0.2 * a, going + 0.3 * 0.1 * b
            out[path, step] = level
    return out


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_joint_law_is_that_of_the_recursion(scaled, correlation):
    stock = np.full(N, 10_000.0)
    flows = {INFLOW: np.full(N, 1000.0)}
    parameters = {
        "inflow": {**PLAIN, "sigma": 0.2},
        "leaving": {**PLAIN, "sigma": 0.1},
        "correlation": correlation,
    }
    n = 20_000
    drawn = np.exp(
        StockFlow()._paths(scaled(stock, flows), parameters, 12, n, np.random.default_rng(1))
    )
    expected = _reference(10_000.0, 1000.0, 0.1, correlation, 12, 4_000, 2)
    spread = expected.std(axis=0)
    error = np.sqrt(1 / 4_000 + 1 / n)
    assert (np.abs(drawn.mean(axis=0) - expected.mean(axis=0)) < 4 * spread * error).all()
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.06)
    level = 10_000 + 2 * spread[5]
    chances = [(paths.max(axis=1) > level).mean() for paths in (drawn, expected)]
    assert abs(chances[0] - chances[1]) < 4 * 0.5 * error
    # Independent months would have no such memory.
    assert np.corrcoef(drawn[:, 3], drawn[:, 8])[0, 1] > 0.5


def test_inflow_known_beyond_the_stock_is_used(scaled):
    stock, flows = _world(N)
    jump = {INFLOW: np.r_[flows[INFLOW][: N - 1], 3 * flows[INFLOW][N - 1]]}
    model = StockFlow()
    data = scaled(stock[: N - 1], flows)
    parameters = model._fit(data)
    before, after = (
        np.exp(model._paths(d, parameters, 3, 500, np.random.default_rng(1))).mean(axis=0)
        for d in (data, scaled(stock[: N - 1], jump))
    )
    assert after[0] - before[0] == pytest.approx(2 * flows[INFLOW][N - 1], rel=0.01)


def test_it_sees_where_the_flows_lead(scaled):
    """Half a year after more people began to enter, the stock is still on its way."""
    gains = []
    for seed in range(4):
        stock, flows = _world(132, seed, shift=114, size=0.02)
        data = scaled(stock[:120], {k: v[:120] for k, v in flows.items()})
        errors = {}
        for name in ("stock_flow", "ets"):
            model = roster.create(name)
            paths = model._paths(data, model._fit(data), 12, 200, np.random.default_rng(seed))
            errors[name] = np.abs(np.median(np.exp(paths), axis=0) / stock[120:] - 1).mean()
        gains.append(errors["stock_flow"] / errors["ets"])
    assert np.mean(gains) < 0.8


def test_paths_through_the_public_door(make_stock, example):
    history = example("seasonal", "stock_flow")
    outcome = StockFlow().forecast(history, 12, 400, 3)
    assert isinstance(outcome, SamplePaths)
    assert outcome.mean()[0] == pytest.approx(history.values[-1], rel=0.15)
