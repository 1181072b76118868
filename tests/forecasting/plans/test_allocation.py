"""Sharing out a cap on reconciled paths."""

from dataclasses import replace

import numpy as np
import pytest
from support.trees import CAP, DISTRICT, STREETS, SUMS, competitions, street_values

from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.forecasting.competition import reconcile_tree
from employment_forecast.forecasting.plans.allocation import allocate, allocation_document


@pytest.fixture(scope="module")
def tree():
    return reconcile_tree(SUMS, competitions(street_values(60), origins=10))


TARGET = replace(CAP, value=14000.0)


def test_every_rule_adds_up_and_equal_risk_is_equal(tree):
    before = dict(zip(STREETS, (9000.0, 4000.0, 1000.0), strict=True))
    allocation = allocate(TARGET, tree, {}, before)
    assert set(allocation.proposals) == {"equal-risk", "proportional", "last-year"}
    for proposal in allocation.proposals.values():
        assert sum(share.cap for share in proposal.parts.values()) == 14000
    risks = [share.p_break for share in allocation.proposals["equal-risk"].parts.values()]
    assert max(risks) - min(risks) <= 2 / 200
    caps = [share.cap for share in allocation.proposals["last-year"].parts.values()]
    assert caps == [9000, 4000, 1000]
    worst = max(risks)
    assert allocation.proposals["equal-risk"].p_some >= worst
    # Where no part breaks its own, the whole does not break the sum.
    assert allocation.p_break <= allocation.proposals["equal-risk"].p_some


def test_what_is_kept_stays_and_the_others_share_the_rest(tree):
    allocation = allocate(TARGET, tree, {"310104003": 500}, {})
    shares = allocation.proposals["equal-risk"].parts
    assert (shares["310104003"].cap, shares["310104003"].kept) == (500, True)
    assert shares["310104001"].cap + shares["310104002"].cap == 13500
    assert "last-year" not in allocation.proposals


def test_more_than_there_is_cannot_be_kept(tree):
    with pytest.raises(UsageError, match="与 --value 14,000 不符"):
        allocate(TARGET, tree, {"310104003": 14001}, {})
    with pytest.raises(UsageError, match="不符"):
        allocate(TARGET, tree, dict.fromkeys(STREETS, 1), {})


def test_a_period_beyond_the_paths_is_refused(tree):
    with pytest.raises(DataError, match="超出预测期"):
        allocate(replace(TARGET, period="2029"), tree, {}, {})


def test_the_document_says_it_is_a_proposal(tree):
    names = {code: each.region.name for code, each in tree.results.items()}
    content = allocation_document(allocate(TARGET, tree, {}, {}), names)
    assert content["proposal"] is True
    assert content["region"] == DISTRICT
    assert [part["name"] for part in content["rules"][0]["parts"]] == list(STREETS.values())
    assert all((part["per_person"] or 0) <= 0 for part in content["rules"][0]["parts"])
    assert np.isclose(content["p_break"], allocate(TARGET, tree, {}, {}).p_break)
