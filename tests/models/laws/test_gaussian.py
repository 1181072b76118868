"""Draws from Gaussian and Student laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm
from scipy.stats import t as student
from support.campaigns import examples

from employment_forecast.models.laws.gaussian import (
    Law,
    chi_square_shares,
    factorise,
    moving_factor,
    stratified_normals,
    stratified_uniforms,
)


@given(st.integers(2, 60), st.integers(1, 5), st.integers(0, 2**32))
@settings(max_examples=examples(40), deadline=None)
def test_every_stratum_has_one_draw(n, columns, seed):
    drawn = stratified_uniforms(n, columns, np.random.default_rng(seed))
    assert drawn.shape == (n, columns)
    assert ((drawn > 0) & (drawn < 1)).all()
    strata = np.sort(np.ceil(drawn * n - 1e-6), axis=0)
    assert (strata == np.arange(1, n + 1)[:, None]).all()


def test_stratified_normals_are_normal_and_unrelated():
    drawn = stratified_normals(5000, 3, np.random.default_rng(1))
    quantiles = np.quantile(drawn, [0.025, 0.5, 0.9], axis=0)
    assert quantiles[:, 0] == pytest.approx(norm.ppf([0.025, 0.5, 0.9]), abs=0.005)
    assert quantiles[:, 2] == pytest.approx(quantiles[:, 0], abs=0.005)
    assert np.corrcoef(drawn.T) == pytest.approx(np.eye(3), abs=4 / np.sqrt(5000))


def test_means_have_far_less_noise_than_plain_draws():
    def noise(draw):
        return np.std([draw(np.random.default_rng(s)).sum(axis=1).mean() for s in range(60)])

    stratified = noise(lambda rng: stratified_normals(500, 4, rng))
    assert stratified < 0.1 * noise(lambda rng: rng.normal(size=(500, 4)))


@given(st.integers(1, 600), st.sampled_from([5, 199, 200, 1000]), st.integers(0, 2**32))
@settings(max_examples=examples(60), deadline=None)
def test_shares_are_the_quantiles_of_chi_square(degrees, n, seed):
    uniforms = stratified_uniforms(n, 1, np.random.default_rng(seed))
    expected = chi2.ppf(uniforms, degrees) / degrees
    np.testing.assert_allclose(chi_square_shares(degrees, uniforms), expected, rtol=1e-9)


def test_moving_factor_by_hand():
    factor = moving_factor(np.array([1.0, 0.5, 0.2]), 2.0, 3)
    assert factor == pytest.approx(np.array([[2, 0, 0], [1, 2, 0], [0.4, 1, 2]]))


def test_gaussian_draws_have_the_covariance():
    covariance = np.array([[1.0, 0.6, 0.1], [0.6, 2.0, -0.5], [0.1, -0.5, 1.5]])
    law = Law(np.array([1.0, 2.0, 3.0]), factorise(covariance))
    drawn = law.draw(40000, np.random.default_rng(2))
    assert drawn.mean(axis=0) == pytest.approx([1, 2, 3], abs=0.01)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=4 * 2 * np.sqrt(2 / 40000))
    assert law.covariance == pytest.approx(covariance)


def test_student_draws_have_students_quantiles():
    law = Law(np.zeros(2), np.array([[1.0, 0.0], [0.8, 0.6]]), degrees=30.0)
    drawn = law.draw(40000, np.random.default_rng(3))
    levels = [0.01, 0.1, 0.5, 0.9, 0.99]
    for column in drawn.T:
        quantiles = np.quantile(column, levels)
        assert quantiles == pytest.approx(student.ppf(levels, 30), abs=0.06)
    # One divisor per path: large moves come together even where the factor does not tie them.
    apart = Law(np.zeros(2), np.eye(2), degrees=6.0).draw(40000, np.random.default_rng(4))
    assert np.corrcoef(np.abs(apart.T))[0, 1] > 0.05


def test_few_degrees_widen_but_not_without_bound():
    wide = Law(np.zeros(1), np.eye(1), degrees=3.0).draw(20000, np.random.default_rng(5))
    plain = Law(np.zeros(1), np.eye(1)).draw(20000, np.random.default_rng(5))
    assert np.quantile(wide, 0.975) > 1.3 * np.quantile(plain, 0.975)
    # The square root of the largest divisor, 1 / 0.2, times a normal beyond any of 20,000 strata.
    assert np.abs(wide).max() < np.sqrt(5) * 6
