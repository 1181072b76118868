from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.experiments.archive import content
from employment_forecast.forecasting.assessment.caps import Assessment
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.forecasting.documents.markdown import summary


def assessment(result: Competition, **changes: object) -> Assessment:
    """The competition's assessment with other figures, or about another target."""
    first = result.assessments[0]
    about = {k: changes.pop(k) for k in list(changes) if hasattr(first.target, k)}
    return replace(first, target=replace(first.target, **about), **changes)


def metrics(result: Competition, *items: Assessment) -> dict[str, float | None]:
    given = replace(result, assessments=list(items))
    return dict(content.parent_figures(given, 1.0).metrics)


def test_caps_of_two_tiers_stand_side_by_side(competition: Competition) -> None:
    logged = metrics(
        competition,
        assessment(competition, p_any=0.2, p_end=0.1, headroom=300.0),
        assessment(competition, tier="district", p_any=0.4, p_end=0.3, headroom=100.0),
    )
    assert logged["p_any/municipal"] == 0.2
    assert logged["p_end/municipal"] == 0.1
    assert logged["headroom/municipal"] == 300.0
    assert logged["p_any/district"] == 0.4
    assert "p_any_remaining/municipal" not in logged


def test_a_second_cap_of_one_tier_is_told_apart_by_its_period(competition: Competition) -> None:
    logged = metrics(
        competition,
        assessment(competition, p_any=0.2),
        assessment(competition, period="2021-2026", p_any=0.5),
    )
    assert logged["p_any/municipal"] == 0.2
    assert logged["p_any/municipal.2021-2026.any_month"] == 0.5


def test_a_breached_cap_tells_what_remains(competition: Competition) -> None:
    breached = assessment(competition, already_breached=True, p_any=1.0, p_any_remaining=0.25)
    logged = metrics(competition, breached)
    assert logged["p_any/municipal"] == 1.0
    assert logged["p_any_remaining/municipal"] == 0.25
    assert "已突破" in summary(replace(competition, assessments=[breached]))


def test_an_average_cap_has_only_its_own_probability(competition: Competition) -> None:
    item = assessment(
        competition,
        tier="national",
        basis="period_average",
        p_any=None,
        p_any_remaining=None,
        p_end=None,
        p_average=0.07,
        first_breach_month=pd.NaT,
    )
    logged = metrics(competition, item)
    assert logged["p_average/national"] == 0.07
    assert not [name for name in logged if name.startswith(("p_any", "p_end"))]
    assert "7.0%" in summary(replace(competition, assessments=[item]))


def test_without_caps_the_summary_says_so(competition: Competition) -> None:
    bare = replace(competition, assessments=[], targets=[])
    assert "没有可对照的控制数" in summary(bare)


def test_real_data_is_not_called_demonstration(competition: Competition) -> None:
    real = replace(
        competition,
        history=replace(competition.history, demo=False),
        targets=[replace(t, demo=False) for t in competition.targets],
    )
    assert "演示" not in content.run_name(real)
    assert content.version_tags(real)["data_kind"] == "正式数据"
    assert not summary(real).startswith("> **演示数据**")
    assert content.DEMO in content.version_tags(competition).values()


def test_a_child_lists_the_settings_of_its_model(competition: Competition) -> None:
    entry = competition.entries[0]
    params = content.child_figures(competition, entry).params
    assert params["model"] == entry.model
    assert params["model_version"].isdigit()
    combination = replace(entry, model="combination")
    members = content.child_figures(competition, combination).params["settings.members"]
    assert "uc" in members.split(",")


def test_a_note_fits_into_a_tag(competition: Competition) -> None:
    assert len(summary(competition)) < 5000


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("registered_name", "registered_unemployed.310114"),
        ("title", "嘉定区登记失业人数"),
    ],
)
def test_names_of_a_series(series: Series, attribute: str, expected: str) -> None:
    assert getattr(series, attribute) == expected


def test_packed_table_is_the_table_with_seven_digits_of_quantiles(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "model": ["ets", 'a "b", c', "中文"],
            "h": [1, 2, 3],
            "q50": [11_823_456.78, float("nan"), 0.123456789],
            "value": [1 / 3, float("inf"), -12345678.9],
        }
    )
    packed = content.packed_table(table)
    assert packed == content.packed_table(table)
    file = tmp_path / "table.parquet"
    file.write_bytes(packed)
    read = content.unpacked_table(file)
    np.testing.assert_array_equal(read["q50"], [11_823_460.0, np.nan, 0.1234568])
    pd.testing.assert_frame_equal(read.drop(columns="q50"), table.drop(columns="q50"))
    assert content.packed_table(table[:0])
    # Earlier releases wrote these digits: versions with the same forecasts stay the same.
    shown = np.random.default_rng(0).normal(13_000, 900, 500)
    file.write_bytes(content.packed_table(pd.DataFrame({"q50": shown})))
    digits = [float(f"{value:.7g}") for value in shown]
    assert content.unpacked_table(file)["q50"].tolist() == digits
