"""The optional models: what is taken from statsforecast, and laws against slow references."""

import importlib.util

import numpy as np
import pytest

from employment_forecast.data.errors import UnknownNameError
from employment_forecast.models import roster
from employment_forecast.models.families import statsforecast_models as nixtla
from employment_forecast.models.families.smoothing import filter_history, innovations_law
from employment_forecast.models.families.statsforecast_models import (
    AutoArima,
    AutoCes,
    AutoEts,
    AutoTheta,
    complex_form,
)

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("statsforecast") is None, reason="statsforecast 未安装"
)
NAMES = ("auto_arima", "auto_ets", "auto_ces", "auto_theta")


@pytest.fixture
def given(monkeypatch):
    """Stand in for statsforecast: every fit gives these facts."""

    def give(**facts):
        monkeypatch.setattr(nixtla, "_fitted", lambda family, y, **options: facts)

    return give


def _simulated_ces(kind, z, gains, horizon, shocks):
    """Recursions as printed, month by month, from states of zero; z may be longer than a season."""
    a0, a1, b0, b1 = (gains.get(k, 0.0) for k in ("alpha_0", "alpha_1", "beta_0", "beta_1"))
    level = [np.zeros(2) for _ in range(12)]
    season = [np.zeros(2) for _ in range(12)]
    out = []
    for month in range(len(z) + horizon):
        old = level[-12] if kind == "S" else level[-1]
        said = old[0] + (season[-12][0] if kind in "PF" else 0.0)
        if month < len(z):
            error = z[month] - said
        else:
            error = shocks[month - len(z)]
            out.append(said + error)
        level.append(
            np.array(
                [
                    old[0] - (1 - a1) * old[1] + (a0 - a1) * error,
                    old[0] + (1 - a0) * old[1] + (a0 + a1) * error,
                ]
            )
        )
        past = season[-12]
        if kind == "P":
            season.append(np.array([past[0] + b0 * error, 0.0]))
        else:
            season.append(
                np.array(
                    [
                        past[0] - (1 - b1) * past[1] + (b0 - b1) * error,
                        past[0] + (1 - b0) * past[1] + (b0 + b1) * error,
                    ]
                )
            )
    return np.array(out)


@pytest.mark.parametrize("kind", ["N", "S", "P", "F"])
def test_complex_smoothing_is_the_printed_recursion(kind):
    gains = {"alpha_0": 1.4, "alpha_1": 0.95}
    gains |= {"beta_0": 0.3} if kind in "PF" else {}
    gains |= {"beta_1": 0.9} if kind == "F" else {}
    rng = np.random.default_rng(3)
    # Data that the recursions from zero states can make: least squares then finds zero states.
    noise = rng.normal(size=60)
    z = _simulated_ces(kind, np.empty(0), gains, 60, noise)
    form = complex_form(kind, **gains)
    design, transition, gain = form
    state = np.zeros(len(design))
    for value in z:
        error = value - design @ state
        state = transition @ state + gain * error
    shocks = rng.normal(size=14)
    expected = _simulated_ces(kind, z, gains, 14, shocks)
    values = []
    for shock in shocks:
        values.append(design @ state + shock)
        state = transition @ state + gain * shock
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)
    # The law's factor is the response of that recursion to each innovation.
    law = innovations_law(z, form, 1.0, None, 14)
    base = _simulated_ces(kind, z, gains, 14, np.zeros(14))
    for step in (0, 1, 12):
        moved = _simulated_ces(kind, z, gains, 14, np.eye(14)[step])
        np.testing.assert_allclose(law.factor[:, step], moved - base, atol=1e-9)


def test_arima_takes_orders_drift_and_scale(given, make_scaled, seasonal_z):
    size = np.std(np.diff(seasonal_z))
    given(
        arma=(1, 0, 0, 0, 12, 0, 1),
        coef={"ar1": np.float64(0.6), "drift": np.float64(0.5)},
        sigma2=np.float64(2.0),
    )
    data = make_scaled(seasonal_z)
    fitted = AutoArima()._estimate(data)
    assert fitted["order"] == [1, 0, 0]
    assert fitted["seasonal"] == [0, 1, 0]
    assert fitted["coefficients"] == [0.6]
    assert fitted["variance"] == pytest.approx(2 * size**2)
    assert fitted["drift"] == pytest.approx(0.5 * size)
    assert fitted["degrees"] == 138 - 12 - 2
    law = AutoArima()._law(data, fitted, 3)
    # By hand: the yearly change less 12 drifts goes back to its mean by 0.6 a month.
    change = seasonal_z[-1] - seasonal_z[-13] - 12 * fitted["drift"]
    expected = [
        seasonal_z[-12 + h] + 12 * fitted["drift"] + change * 0.6 ** (h + 1) for h in range(3)
    ]
    np.testing.assert_allclose(law.mean, expected, rtol=1e-7)
    sigma = np.sqrt(fitted["variance"])
    np.testing.assert_allclose(
        law.factor, sigma * np.array([[1, 0, 0], [0.6, 1, 0], [0.36, 0.6, 1]]), rtol=1e-5, atol=1e-9
    )


def test_arima_line_is_anchored_in_the_calendar(given, make_scaled, seasonal_z):
    given(arma=(0, 0, 0, 0, 12, 0, 0), coef={"intercept": 1.0, "drift": 0.2}, sigma2=1.0)
    fitted = AutoArima()._estimate(make_scaled(seasonal_z, "2014-01"))
    whole = AutoArima()._law(make_scaled(seasonal_z, "2014-01"), fitted, 2)
    cut = AutoArima()._law(make_scaled(seasonal_z[8:], "2014-09"), fitted, 2)
    np.testing.assert_allclose(cut.mean, whole.mean)


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ("AAAD", {"trend": True, "season": True, "slope": 0.05, "seasonal": 0.1, "damping": 0.9}),
        ("AAAN", {"trend": True, "season": True, "slope": 0.05, "seasonal": 0.1, "damping": 1.0}),
        ("ANNN", {"trend": False, "season": False, "slope": 0.0, "seasonal": 0.0, "damping": 0.0}),
    ],
)
def test_ets_takes_components(given, make_scaled, seasonal_z, components, expected):
    given(components=components, par=np.array([0.4, 0.05, 0.1, 0.9, 7.0]))
    fitted = AutoEts()._estimate(make_scaled(seasonal_z))
    assert fitted.items() >= {**expected, "level": 0.4}.items()
    law = AutoEts()._law(make_scaled(seasonal_z), fitted, 24)
    assert law.factor[0, 0] == fitted["sigma"]
    if components == "ANNN":
        assert np.ptp(law.mean) < 1e-12
        assert fitted["degrees"] == 136
        np.testing.assert_allclose(law.factor[1:, 0] / fitted["sigma"], 0.4)


def test_theta_drift_is_the_share_of_the_slope(given, make_scaled):
    given(par={"alpha": 0.5, "theta": 4.0, "initial_smoothed": 0.0}, modeltype="OTM")
    noise = np.random.default_rng(2).normal(size=120)
    z = 0.1 * np.arange(120) + noise
    fitted = AutoTheta()._estimate(make_scaled(z))
    assert fitted["drift"] == pytest.approx(0.75 * 0.1, rel=0.1)
    assert fitted["weight"] == 0.5
    law = AutoTheta()._law(make_scaled(z), {**fitted, "seasonal": [0.0] * 12}, 6)
    np.testing.assert_allclose(np.diff(law.mean), fitted["drift"])


def test_complex_smoothing_counts_what_it_estimates(given, make_scaled, seasonal_z):
    given(seasontype="P", par={"alpha_0": 1.5, "alpha_1": 1.0, "beta_0": 0.1, "beta_1": np.nan})
    fitted = AutoCes()._estimate(make_scaled(seasonal_z))
    assert fitted["gains"].keys() == {"alpha_0", "alpha_1", "beta_0"}
    assert fitted["degrees"] == 138 - 3 - 13
    errors = filter_history(
        seasonal_z - seasonal_z[0], *complex_form("P", **fitted["gains"])
    ).errors
    assert fitted["sigma"] == pytest.approx(np.sqrt((errors**2).sum() / 122))


@pytest.mark.skipif(
    importlib.util.find_spec("statsforecast") is not None, reason="statsforecast 已安装"
)
def test_without_the_package_they_are_absent_with_the_way_to_get_them():
    absent = {a.name: a.reason for a in roster.absent()}
    assert set(NAMES) <= set(absent)
    assert not set(NAMES) & set(roster.names())
    with pytest.raises(UnknownNameError, match="pip install 'employment-forecast"):
        roster.resolve("auto_arima")


@needs_package
@pytest.mark.parametrize(
    ("name", "family", "options", "tolerance"),
    [
        ("auto_arima", "AutoARIMA", {}, 1e-3),
        # Ours starts from the best first states, theirs from searched ones.
        ("auto_ets", "AutoETS", {"model": "AZZ"}, 2e-2),
        ("auto_ces", "AutoCES", {}, 1e-2),
        ("auto_theta", "AutoTheta", {"decomposition_type": "additive"}, 3e-2),
    ],
)
def test_central_forecast_is_the_packages_own(
    name, family, options, tolerance, make_scaled, seasonal_z
):
    from statsforecast import models as theirs

    data = make_scaled(seasonal_z)
    model = roster.create(name)
    law = model._law(data, model._estimate(data), 12)
    other = getattr(theirs, family)(season_length=12, **options).fit(seasonal_z).predict(12)
    np.testing.assert_allclose(law.mean, other["mean"], atol=tolerance)
