"""One model with and without the festival in one back-test."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.experiments.benchmark.festival_comparison import (
    LABELS,
    compare_festival,
    comparison_document,
)
from employment_forecast.features.calendar.regressors import optional_regressors

LATE = date(2026, 11, 20)


@pytest.fixture
def moved(vintages_of, monthly, jiading, unemployed):
    """Comparison on a quiet stock with a festival effect of some strength."""

    def make(strength, n=130, **options):
        rng = np.random.default_rng(5)
        first = pd.Period("2015-01", "M")
        table = optional_regressors(first, n, "stock").to_numpy()
        z = 9 + np.cumsum(rng.normal(0, 0.005, n)) + strength * table @ [-0.5, 0.6, 1.0]
        rows = monthly(str(first), np.exp(z).round(1))
        return compare_festival(
            vintages_of(rows), jiading, unemployed, LATE, origins=12, n_paths=60, **options
        )

    return make


@pytest.mark.soak
def test_where_there_is_an_effect_knowing_it_pays(moved):
    seen = []
    comparison = moved(0.3, progress=lambda done, total: seen.append((done, total)))
    none, default, chosen, automatic = comparison.variants
    assert [v.policy for v in comparison.variants] == list(LABELS)
    assert default.wis < 0.7 * none.wis
    assert default.wis_affected < 0.5 * none.wis_affected
    assert default.difference == pytest.approx(default.wis - none.wis, abs=1e-9)
    assert default.standard_error is None  # twelve origins of twelve months
    assert (none.entered, default.entered, automatic.entered) == (0, 12, 12)
    assert chosen.entered == 12
    assert seen[-1] == (12, 12)
    assert (comparison.origins, comparison.horizon) == (12, 12)
    assert comparison.cells == sum(min(12, 12 - i) for i in range(12))


@pytest.mark.soak
def test_where_there_is_none_the_criterion_keeps_it_out(moved, jiading, unemployed):
    comparison = moved(0.0)
    none, _, _, automatic = comparison.variants
    assert automatic.entered == 0
    assert automatic.wis == none.wis
    content = comparison_document(comparison, jiading, unemployed)
    assert content["cells"] == comparison.cells
    assert content["variants"][3]["difference"] == 0


def test_a_short_series_is_refused(moved):
    with pytest.raises(ShortHistoryError, match="61 个月"):
        moved(0.3, n=60)
