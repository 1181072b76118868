"""Quantiles of sample paths are numpy's, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from employment_forecast.models.paths import LEVELS, SamplePaths

ORIGIN = pd.Period("2020-01", "M")


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(2, 60), st.integers(1, 3)),
        elements=st.floats(-1e9, 1e9, width=32),
    )
)
def test_quantiles_are_numpys(values):
    quantiles = SamplePaths(values, ORIGIN).quantiles()
    assert (quantiles == np.quantile(values, LEVELS, axis=0).T).all()


@pytest.mark.parametrize("n", [41, 250, 1000])
def test_quantiles_of_many_paths(n):
    values = np.exp(np.random.default_rng(n).normal(9, 1, (n, 12)))
    quantiles = SamplePaths(values, ORIGIN).quantiles()
    assert quantiles.shape == (12, 9)
    assert (quantiles == np.quantile(values, LEVELS, axis=0).T).all()
