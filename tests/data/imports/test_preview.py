"""What a file was understood to hold is told series by series, with the words it used."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports import ImportOptions, preview, preview_rows, read_files

CATALOGUE = load_catalogue()


def read(folder: Path, text: str, **options: object):
    file = folder / "报表.csv"
    file.write_text(text, "utf-8")
    return preview(read_files(CATALOGUE, [file], ImportOptions(**options)))


def test_heads_and_values_by_series(tmp_path):
    previews = read(
        tmp_path,
        "地区,月份,期末实有登记失业人数,城镇新增就业累计\n"
        "嘉定区,2026-01,12300,1500\n"
        "嘉定区,2026-02,12100,2900\n"
        "徐汇区,2026-02,9100,\n",
    )
    told = [(s.label, s.region, s.indicator, s.months, s.smallest, s.largest) for s in previews]
    assert told == [
        ("期末实有登记失业人数", "310114", "registered_unemployed", 2, 12100.0, 12300.0),
        ("城镇新增就业累计", "310114", "new_jobs", 2, 1500.0, 2900.0),
        ("期末实有登记失业人数", "310104", "registered_unemployed", 1, 9100.0, 9100.0),
    ]
    assert (previews[0].first, previews[0].last) == (pd.Period("2026-01"), pd.Period("2026-02"))


def test_the_title_or_nothing_where_an_option_names_the_indicator(tmp_path):
    (titled,) = read(tmp_path, "嘉定区登记失业人数\n月份,人数\n2026-01,12300\n2026-02,12400\n")
    assert titled.label == "嘉定区登记失业人数"
    (given,) = read(
        tmp_path,
        "月份,人数\n2026-01,12300\n2026-02,12400\n",
        region="嘉定",
        indicator="登记失业人数",
    )
    assert given.label == ""
    (row,) = preview_rows([given], CATALOGUE)
    assert row == {
        "label": "（选项指定）",
        "indicator": "登记失业人数",
        "region": "嘉定区",
        "months": "2026-01—2026-02，2个",
        "range": "12,300—12,400人",
    }


def test_groups_and_months_in_progress_are_named(tmp_path):
    (group,) = read(tmp_path, "嘉定区登记失业人数\n月份,高校毕业生\n2026-01,800\n2026-02,810\n")
    assert preview_rows([group], CATALOGUE)[0]["indicator"] == "登记失业人数（高校毕业生）"
    (part,) = read(tmp_path, "地区,截至日期,登记失业人数\n嘉定区,2026-11-15,11900\n")
    assert part.partial
    assert preview_rows([part], CATALOGUE)[0]["label"] == "月中数"
