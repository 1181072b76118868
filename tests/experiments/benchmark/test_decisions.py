"""Small versions of the simulated error rates of choice, gate and tests."""

from __future__ import annotations

import numpy as np
import pytest

from employment_forecast.experiments.benchmark.decisions import chain, choice, gate, significance
from employment_forecast.experiments.benchmark.decisions.laws import (
    LAWS,
    Model,
    errors,
    expected,
    scores,
    worse,
)

LAW = LAWS[:1]


def test_the_best_forecasts_errors_have_variance_one_and_overlap():
    relative = errors(LAWS[0], np.random.default_rng(1), 400, 36)
    np.testing.assert_allclose(relative.std(axis=(0, 1)), 1.0, rtol=0.05)
    near, far = (np.corrcoef(relative[:, 0, 11], relative[:, lag, 11])[0, 1] for lag in (1, 12))
    assert near == pytest.approx(11 / 12, abs=0.04)
    assert far == pytest.approx(0.0, abs=0.15)


def test_a_model_is_as_much_worse_as_it_says():
    one = Model(0.4)
    other = worse(one, 0.15)
    assert expected(other) == pytest.approx(1.15 * expected(one))
    cells = scores(LAWS[0], (one, other), np.random.default_rng(2), 600, 36, corner=False)
    assert cells[1].mean() / cells[0].mean() == pytest.approx(1.15, abs=0.03)


def test_equal_models_rarely_replace_the_leader():
    (rate,) = choice.replacements("", [choice.PLAIN] * 16, 60, 11, LAW)
    assert rate.share() <= 0.15
    assert rate.share(after=False) > 0.5


@pytest.mark.soak
def test_an_equal_candidate_is_rarely_refused_and_a_narrow_one_rarely_passes():
    (equal,) = gate.single("", gate.CANDIDATE, gate.CANDIDATE, 60, 21, True, LAW)
    narrow = Model(gate.CANDIDATE.fault, width=0.6)
    (passed,) = gate.single("", narrow, narrow, 60, 21, False, LAW)
    assert equal.share() <= 0.2
    assert passed.share() <= 0.2


def test_printed_tests_rarely_tell_equals_apart():
    rejected, dropped = significance.sizes(40, laws=LAW)
    assert rejected.share() <= 0.15
    assert dropped.share() <= 0.2


@pytest.mark.soak
def test_a_year_of_choice_and_gate_leaves_equal_models_alone_and_brings_the_leader_back():
    plain = Model(0.4)
    floors = [worse(plain, 0.4)] * chain.FLOORS
    equal = chain.years("", [plain] * 5 + floors, 0, any, 8, 61, LAW)
    assert equal[0].share() <= 0.3
    twice = [plain, worse(plain, 1.0), *[plain] * 3, *floors]
    back = chain.years("", twice, 1, lambda course: course[-1] == 0, 8, 61, LAW)
    assert back[0].share() >= 0.7
