"""Claims are read once a day and week, and figures of other settings are not taken up again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.experiments.benchmark.claims import read_claims
from employment_forecast.experiments.benchmark.nowcast import measure


@pytest.fixture
def file(tmp_path):
    """Claims of four weeks; rows to add."""

    def make(*more):
        rows = [(f"2024-02-{4 + 7 * week:02d}", 1, "2024-03-01", 100 + week) for week in range(3)]
        rows += [("2024-02-25", 1, "2024-03-08", 103), *more]
        columns = ["week_end", "area", "published_on", "continued_claims"]
        pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "claims.csv", index=False)
        return tmp_path / "claims.csv"

    return make


def test_a_blank_figure_changes_none(file):
    (claims,) = read_claims(file(("2024-02-25", 1, "2024-03-08", np.nan)))
    assert claims.final.tolist() == [101.5]


def test_two_figures_of_a_day_and_week_are_refused(file):
    with pytest.raises(DataError, match="地区 1 截至 2024-02-25 的一周在 2024-03-08"):
        list(read_claims(file(("2024-02-25", 1, "2024-03-08", 999))))


def test_rows_of_other_settings_are_not_taken_up_again(file, tmp_path, capsys, monkeypatch):
    def rows(claims, members):
        figures = ("seasonal", "ratio", "nowcast")
        yield {"area": claims.area, "month": "2024-02", "day": 1, **dict.fromkeys(figures, 1.0)}

    monkeypatch.setattr(measure, "measure", rows)
    out = tmp_path / "out"
    asked = ["--claims", str(file()), "--out", str(out)]
    assert measure.main(asked) == measure.main(asked) == 0
    assert capsys.readouterr().err == ""
    assert measure.main([*asked, "--members", "ets"]) == 1
    assert "与本次不同：成员。" in capsys.readouterr().err
    monkeypatch.setattr(measure, "engine_version", lambda: "another")
    file(("2024-02-25", 1, "2024-03-15", 104))
    assert measure.main(asked) == 1
    assert "与本次不同：申领数据、程序版本。" in capsys.readouterr().err
    # Figures of a folder without settings may be of any.
    (out / "settings.json").unlink()
    assert measure.main(asked) == 1
    assert (out / "01.csv").is_file()
