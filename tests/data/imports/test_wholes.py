"""Sheets of streets with a 合计: the district's own figure, and what does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.store.store import Store

TODAY, COUNT = date(2026, 11, 20), "registered_unemployed"
NAMES = ("东街道", "西街道", "南镇")
STREETS = [
    {"code": f"31011490{n}", "name": name, "parent": "310114", "level": "street"}
    for n, name in enumerate(NAMES, 1)
]
CATALOGUE = load_catalogue(STREETS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'observations.db'}", catalogue=CATALOGUE)
    yield opened
    opened.close()


def sheet(folder: Path, *lines: str, name: str = "街镇登记失业人数.csv") -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def bring(store: Store, *files: Path, **said: object):
    options = ImportOptions(**said)  # type: ignore[arg-type]
    return import_files(store, CATALOGUE, files, options, today=TODAY, command="test")


def own(store: Store, region: str = "310114") -> dict[str, float]:
    known = store.recorded([region], COUNT)[region].as_of(TODAY)
    return {str(m): v for m, v in known.values.items()}


def test_a_total_column_over_all_streets_is_the_district(store: Store, tmp_path: Path) -> None:
    file = sheet(
        tmp_path,
        "登记失业人数（人）",
        "月份,东街道,西街道,南镇,合计",
        "2026-09,10,20,30,60",
        "2026-10,11,21,31,63",
    )
    report = bring(store, file)
    assert report.added == 8
    assert own(store) == {"2026-09": 60, "2026-10": 63}
    assert any("合计作为嘉定区自己的数导入" in note for note in report.notes)


def test_a_total_row_under_the_name_of_the_district(store: Store, tmp_path: Path) -> None:
    file = sheet(
        tmp_path, "嘉定区2026年10月登记失业人数（人）", "街镇,登记失业人数",
        "东街道,10", "西街道,20", "南镇,30", "小计,60", "合计,60",
    )  # fmt: skip
    bring(store, file)
    assert own(store) == {"2026-10": 60}


def test_a_total_under_the_name_of_another_region_is_left_out(store: Store, tmp_path: Path) -> None:
    file = sheet(
        tmp_path, "徐汇区2026年10月登记失业人数（人）", "街镇,登记失业人数",
        "东街道,10", "西街道,20", "南镇,30", "合计,60",
    )  # fmt: skip
    bring(store, file)
    assert own(store) == own(store, "310104") == {}


def test_a_total_over_some_streets_is_nobodys_figure(store: Store, tmp_path: Path) -> None:
    file = sheet(tmp_path, "登记失业人数（人）", "月份,东街道,西街道,合计", "2026-10,10,20,30")
    report = bring(store, file)
    assert own(store) == {}
    assert any("只用于核对，没有导入" in note for note in report.notes)


def test_parts_and_total_that_disagree_are_told_cell_by_cell(store: Store, tmp_path: Path) -> None:
    file = sheet(
        tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇,合计",
        "2026-08,10,20,30,60", "2026-09,10,20,30,61", "2026-10,11,21,31,64",
    )  # fmt: skip
    with pytest.raises(DataError) as caught:
        bring(store, file)
    assert "E4" in caught.value.message
    assert "E5" in caught.value.message
    assert "合计 61 与各分项之和 60 不符" in caught.value.message
    assert own(store) == {}


def test_the_rate_in_the_total_row_is_the_districts(store: Store, tmp_path: Path) -> None:
    file = sheet(
        tmp_path, "2026年10月", "街镇,登记失业人数（人）,登记失业率（%）",
        "东街道,10,2.0", "西街道,20,4.0", "南镇,30,3.0", "合计,60,3.1",
    )  # fmt: skip
    bring(store, file)
    known = store.as_of(TODAY, "310114", "registered_unemployment_rate")
    assert known.values.to_list() == [3.1]


def test_streets_are_held_against_the_district_on_file(store: Store, tmp_path: Path) -> None:
    bring(store, sheet(tmp_path, "地区,月份,登记失业人数(人)", "嘉定区,2026-10,60", name="区.csv"))
    over = sheet(tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇", "2026-10,10,20,31")
    with pytest.raises(DataError, match="各地区之和 61 超过嘉定区的 60"):
        bring(store, over)
    under = sheet(tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇", "2026-10,10,20,29")
    report = bring(store, under)
    assert [w.check for w in report.warnings if w.check == "region_parts"] == ["region_parts"]
    assert own(store) == {"2026-10": 60}


def test_a_street_is_held_against_the_city_over_its_district(store: Store, tmp_path: Path) -> None:
    bring(store, sheet(tmp_path, "地区,月份,登记失业人数(人)", "上海市,2026-10,50", name="市.csv"))
    file = sheet(tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇", "2026-10,10,20,31")
    with pytest.raises(DataError, match="各地区之和 61 超过上海市的 50"):
        bring(store, file)


def test_rounding_is_no_contradiction(store: Store, tmp_path: Path) -> None:
    bring(
        store, sheet(tmp_path, "地区,月份,登记失业人数(万人)", "嘉定区,2026-10,0.6", name="区.csv")
    )
    file = sheet(
        tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇", "2026-10,1010,2020,3031"
    )
    assert not [w for w in bring(store, file).warnings if w.check == "region_parts"]
    sums = store.as_of(TODAY, "310114", COUNT)
    assert sums.values.to_list() == [6000]


def test_own_figures_do_not_revise_sums(store: Store, tmp_path: Path) -> None:
    """A sum is nobody's publication: the first own figure of a month is new, whatever it was."""
    bring(
        store, sheet(tmp_path, "登记失业人数（人）", "月份,东街道,西街道,南镇", "2026-10,10,20,30")
    )
    later = sheet(tmp_path, "地区,月份,登记失业人数(人)", "嘉定区,2026-10,62", name="区.csv")
    report = bring(store, later)
    assert (report.added, report.revised) == (1, 0)
    assert store.as_of(TODAY, "310114", COUNT).values.to_list() == [62]


def test_industries_that_make_up_everybody(tmp_path: Path) -> None:
    industries = [
        {"code": "manufacturing", "name": "制造业", "partition": "industry"},
        {"code": "services", "name": "服务业", "partition": "industry"},
    ]
    catalogue = load_catalogue(STREETS, extra_groups=industries)
    store = Store(f"sqlite:///{tmp_path / 'industries.db'}", catalogue=catalogue)
    head = "月份,登记失业人数,其中：制造业,其中：服务业"

    def bring_industries(*lines: str) -> None:
        file = sheet(tmp_path, "嘉定区（人）", head, *lines)
        import_files(store, catalogue, [file], ImportOptions(), today=TODAY, command="test")

    with pytest.raises(DataError, match="制造业、服务业之和 61 超过总数 60") as refused:
        bring_industries("2026-10,60,20,41")
    assert "partition" in str(refused.value)
    bring_industries("2026-10,60,20,40")
    known = store.as_of(TODAY, "310114", f"{COUNT}.services")
    assert known.values.to_list() == [40]
    assert store.holding(f"{COUNT}.services", ["310114", "310104"]) == {"310114"}
    store.close()
