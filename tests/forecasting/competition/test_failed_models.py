"""What a bulletin says of models that gave no forecast."""

from __future__ import annotations

import pytest

from employment_forecast.forecasting.bulletin.record.notes import failed_models
from employment_forecast.forecasting.competition.combinations import NOTHING_TO_POOL
from employment_forecast.models.families.stock_flow import NO_FLOWS


def row(model: str, failure: str, **more: str) -> dict[str, str]:
    return {"model": model, "label": f"模型{model}", "failure": failure, **more}


def test_models_that_failed_now_are_told_and_no_others():
    failed = failed_models(
        [
            row("ets", "", failed_now="False"),
            row("prophet", "估计不收敛", failed_now="True"),
            row("uc", "36 个起点中有 1 个未得出预测（首个：估计不收敛）", failed_now="False"),
        ]
    )
    assert failed == {"prophet": {"label": "模型prophet", "failure": "估计不收敛"}}


@pytest.mark.parametrize("reason", [NOTHING_TO_POOL, NO_FLOWS])
def test_what_is_not_made_for_a_series_is_no_failure(reason):
    assert failed_models([row("x", reason, failed_now="True")]) == {}


def test_tables_of_an_earlier_release_tell_all():
    assert list(failed_models([row("uc", "估计不收敛"), row("ets", "")])) == ["uc"]
