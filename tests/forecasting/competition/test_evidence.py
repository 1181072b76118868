"""Further scores and tests: by hand, against the plain functions, and where nothing can be said."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from employment_forecast.forecasting.competition.evidence import IN_SET, ModelEvidence
from employment_forecast.forecasting.documents.run import evidence_document
from employment_forecast.forecasting.scoring.further_scores import (
    crps,
    energy_score,
    variogram_score,
)
from employment_forecast.forecasting.scoring.significance import diebold_mariano
from employment_forecast.models.paths import SamplePaths

MODELS = ("random_walk", "drift", "seasonal_naive")


@pytest.fixture(scope="module")
def result(competition, cap_of):
    return competition(targets=[cap_of()], origins=24, horizon=6)


@pytest.fixture(scope="module")
def slow(result):
    """Every origin of which all is known on its own, with the plain scores."""
    backtest = result.backtest
    months = {o.month: i for i, o in enumerate(result.origins)}

    def cells(model):
        for row, month in enumerate(backtest.months):
            if np.isnan(backtest.outcomes[row]).any():
                continue
            paths = result.past_forecasts[model][months[month]]
            assert isinstance(paths, SamplePaths)
            yield paths.values[:, :6], backtest.outcomes[row], backtest.scales[row]

    return cells


@pytest.mark.parametrize("model", MODELS)
def test_scores_are_means_of_single_cells(result, slow, model):
    evidence = result.evidence_by_model[model]
    single, energy, variogram, errors = [], [], [], []
    for draws, outcome, scale in slow(model):
        for step in range(6):
            single.append(float(crps(draws[:, step], outcome[step])) / scale)
            middle = np.median(draws[:, step])
            errors.append(200 * abs(outcome[step] - middle) / (abs(middle) + abs(outcome[step])))
        energy.append(energy_score(draws, outcome) / scale)
        variogram.append(variogram_score(draws, outcome) / scale)
    assert evidence.crps == pytest.approx(np.mean(single))
    assert evidence.smape == pytest.approx(np.mean(errors))
    assert evidence.energy == pytest.approx(np.mean(energy))
    assert evidence.variogram == pytest.approx(np.mean(variogram))
    assert len(evidence.pit) == 10
    assert sum(evidence.pit) == pytest.approx(1.0)


def test_tests_are_on_the_first_months_of_each_origin(result):
    """As many months as leave ten origins that do not overlap: of 24 origins, two."""
    losses = {
        m: np.nanmean(result.backtest.scaled_interval_scores(m)[:, :2], axis=1) for m in MODELS
    }
    best = min(MODELS, key=lambda m: losses[m].mean())
    assert result.evidence_by_model[best].reference is None
    for model in set(MODELS) - {best}:
        evidence = result.evidence_by_model[model]
        test = diebold_mariano(losses[model] - losses[best], 2)
        assert evidence.reference == best
        assert evidence.tested_months == 2
        assert evidence.dm_statistic == pytest.approx(test.statistic)
        assert evidence.dm_p == pytest.approx(test.p_value)
    assert max(result.evidence_by_model[m].set_p for m in MODELS) == 1.0
    for model in MODELS:
        evidence = result.evidence_by_model[model]
        assert evidence.in_confidence_set == (evidence.set_p >= IN_SET)


def test_cap_score_looks_above_the_cap_alone(competition, cap_of):
    known = {"period": "2024", "announced_on": date(2023, 1, 8)}
    caps = {v: cap_of(v, **known) for v in (1.0, 10_000.0, 1e9)}
    evidence = {
        v: competition(targets=[c], origins=24, horizon=6).evidence_by_model
        for v, c in caps.items()
    }
    for model in MODELS:
        everything, above, nothing = (evidence[v][model].cap_crps for v in caps)
        assert everything > above > 0
        assert nothing == 0


def test_few_origins_give_scores_and_no_tests(competition):
    evidence = competition(origins=4, horizon=6).evidence_by_model
    assert evidence.keys() == set(MODELS)
    for each in evidence.values():
        assert each.crps is not None
        assert (each.dm_p, each.set_p, each.in_confidence_set, each.reference) == (None,) * 4


def test_no_origins_say_nothing(competition):
    result = competition(origins=0)
    assert result.evidence_by_model == {}
    assert evidence_document(result) == {}


def test_document_is_plain(result):
    text = json.dumps(evidence_document(result), allow_nan=False)
    assert json.loads(text)["drift"].keys() == ModelEvidence().__dict__.keys()
