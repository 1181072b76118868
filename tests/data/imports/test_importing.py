from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, RefusedError
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.store import samples as sample_store
from employment_forecast.data.store.inventory import batch_records
from employment_forecast.data.store.store import Store

TODAY = date(2026, 11, 20)
CATALOGUE = load_catalogue()
JIADING, COUNT = "310114", "registered_unemployed"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'observations.db'}")
    yield opened
    opened.close()


def table(folder: Path, rows: dict[str, str], name: str = "月报.csv") -> Path:
    file = folder / name
    lines = ["地区,月份,登记失业人数(人)", *(f"嘉定区,{m},{v}" for m, v in rows.items())]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def bring(store: Store, *files: Path, **said: object):
    options = ImportOptions(**said)  # type: ignore[arg-type]
    return import_files(store, CATALOGUE, files, options, today=TODAY, command="test")


def values(store: Store, day: date = TODAY) -> dict[str, float]:
    known = store.as_of(day, JIADING, COUNT)
    return {str(m): v for m, v in known.values.items()}


def test_new_months_are_in_with_an_estimated_day(store: Store, tmp_path: Path) -> None:
    report = bring(store, table(tmp_path, {"2026年9月": '"12,001"', "2026-10": "12100"}))
    assert (report.added, report.revised, report.unchanged) == (2, 0, 0)
    assert values(store) == {"2026-09": 12001, "2026-10": 12100}
    assert values(store, date(2026, 11, 9)) == {"2026-09": 12001}
    assert store.as_of(TODAY, JIADING, COUNT).estimated


def test_published_day_is_taken_as_said(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, {"2026-10": "12100"}), published_on=date(2026, 11, 5))
    assert values(store, date(2026, 11, 4)) == {}
    assert values(store, date(2026, 11, 5)) == {"2026-10": 12100}
    assert not store.as_of(TODAY, JIADING, COUNT).estimated


def test_early_figure_is_not_hidden_by_its_estimate(store: Store, tmp_path: Path) -> None:
    options = ImportOptions()
    file = table(tmp_path, {"2026-10": "12100"})
    day = date(2026, 11, 3)
    import_files(store, CATALOGUE, [file], options, today=day, command="test")
    assert values(store, day) == {"2026-10": 12100}


def test_same_file_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    file = table(tmp_path, {"2026-10": "12100"})
    bring(store, file)
    again = bring(store, file)
    assert (again.batch, again.unchanged) == (None, 1)
    assert len(batch_records(store)) == 1


def test_revision_is_refused_then_kept_as_a_new_vintage(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, {"2026-09": "12000"}))
    changed = table(tmp_path, {"2026-09": "12050"}, "更正.csv")
    with pytest.raises(DataError, match=r"更正\.csv.*C2.*12000.*12050.*--revise") as caught:
        bring(store, changed)
    assert caught.value.exit_code == 4
    assert values(store) == {"2026-09": 12000}
    report = bring(store, changed, revise=True)
    assert (report.added, report.revised) == (0, 1)
    assert values(store) == {"2026-09": 12050}
    assert values(store, date(2026, 11, 19)) == {"2026-09": 12000}


def test_withdrawn_import_leaves_no_trace_but_its_record(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, {"2026-09": "12000"}))
    report = bring(store, table(tmp_path, {"2026-09": "12050"}), revise=True)
    assert report.batch is not None
    store.withdraw(report.batch)
    assert values(store) == {"2026-09": 12000}
    assert [b.withdrawn_at is not None for b in batch_records(store)] == [False, True]


def test_all_files_or_nothing(store: Store, tmp_path: Path) -> None:
    good = table(tmp_path, {"2026-09": "12000"}, "好.csv")
    bad = table(tmp_path, {"2026-10": "-5"}, "坏.csv")
    with pytest.raises(DataError, match=r"坏\.csv"):
        bring(store, good, bad)
    assert values(store) == {}
    assert batch_records(store) == []


def test_same_figure_in_two_files_is_one(store: Store, tmp_path: Path) -> None:
    one = table(tmp_path, {"2026-09": "12000"}, "甲.csv")
    two = table(tmp_path, {"2026-09": "12000", "2026-10": "12100"}, "乙.csv")
    report = bring(store, one, two)
    assert (report.added, report.unchanged) == (2, 1)
    assert values(store) == {"2026-09": 12000, "2026-10": 12100}


def test_dry_run_checks_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    file = table(tmp_path, {"2026-09": "12000"})
    report = bring(store, file, dry_run=True)
    assert (report.batch, report.added) == (None, 1)
    assert batch_records(store) == []


def test_personal_lines_are_refused_and_not_repeated(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_text("姓名,身份证号,月份\n张三,11010519491231002X,2026-10\n", "utf-8")
    with pytest.raises(RefusedError) as caught:
        bring(store, file)
    assert "11010519491231002X" not in str(caught.value)
    assert "张三" not in str(caught.value)
    assert batch_records(store) == []


def test_unrecognised_file_says_what_to_do(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "天气.csv"
    file.write_text("日期,气温\n2026-10,21\n", "utf-8")
    with pytest.raises(DataError, match="天气"):
        bring(store, file)


def test_real_rows_displace_demonstration_rows(filled: Store, tmp_path: Path) -> None:
    assert filled.as_of(TODAY, JIADING, COUNT).demo
    report = bring(filled, table(tmp_path, {"2026-09": "999", "2026-10": "1001"}))
    assert report.revised == 0
    known = filled.as_of(TODAY, JIADING, COUNT)
    assert not known.demo
    assert list(known.values) == [999, 1001]


def test_firm_panel_round_trip(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "企业.csv"
    file.write_text(
        "地区,企业编码,月份,建档期就业人数,新招人数,减员人数,调查期末就业人数,行业,规模,街镇\n"
        "嘉定区,A001,2026-10,100,5,8,97,制造业,中型,安亭镇\n"
        "嘉定区,A002,2026-10,40,0,12,28,建筑业,小型,南翔镇\n",
        "utf-8",
    )
    report = bring(store, file)
    assert report.firms == 2
    panel = sample_store.firm_panel(store, JIADING, TODAY)
    assert panel["firm"].tolist() == ["A001", "A002"]
    assert (panel["base"] + panel["hires"] - panel["separations"] == panel["end"]).all()
    assert panel["month"].iloc[0] == pd.Period("2026-10", "M")
    assert sample_store.firm_panel(store, JIADING, date(2026, 11, 9)).empty


def test_changed_group_figure_is_a_revision_known_from_today(store: Store, tmp_path: Path) -> None:
    def file(value: int) -> Path:
        path = tmp_path / f"群体{value}.csv"
        head = "地区,月份,登记失业人数(人),其中:就业困难人员登记失业人数(人)"
        path.write_text(f"{head}\n嘉定区,2026-08,12000,{value}\n", "utf-8")
        return path

    def known(day: date) -> list[float]:
        return list(sample_store.group_vintages(store, JIADING, COUNT, people).as_of(day).values)

    bring(store, file(800))
    (people,) = sample_store.groups_of(store, JIADING, COUNT)
    again = bring(store, file(800))
    assert (again.batch, again.groups) == (None, 0)
    with pytest.raises(DataError, match="--revise"):
        bring(store, file(900))
    assert bring(store, file(900), revise=True).groups == 1
    assert known(date(2026, 11, 19)) == [800]
    assert known(TODAY) == [900]


def test_revision_dated_before_what_it_revises_is_refused(store: Store, tmp_path: Path) -> None:
    bring(store, table(tmp_path, {"2026-09": "12000"}))
    changed = table(tmp_path, {"2026-09": "12050"}, "更正.csv")
    with pytest.raises(DataError, match="早于现有数值的发布日"):
        bring(store, changed, revise=True, published_on=date(2026, 10, 1))
    assert values(store) == {"2026-09": 12000}


def test_changed_firm_report_is_a_revision(store: Store, tmp_path: Path) -> None:
    def file(hires: int) -> Path:
        path = tmp_path / f"企业{hires}.csv"
        head = "地区,企业编码,月份,建档期就业人数,新招人数,减员人数,调查期末就业人数"
        path.write_text(f"{head}\n嘉定区,A001,2026-08,100,{hires},8,{92 + hires}\n", "utf-8")
        return path

    assert bring(store, file(5)).firms == 1
    assert bring(store, file(5)).batch is None
    with pytest.raises(DataError, match=r"A001.*--revise"):
        bring(store, file(6))
    assert bring(store, file(6), revise=True).firms == 1
    assert sample_store.firm_panel(store, JIADING, date(2026, 11, 19))["hires"].tolist() == [5]
    assert sample_store.firm_panel(store, JIADING, TODAY)["hires"].tolist() == [6]


def test_group_series_round_trip(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "群体.csv"
    file.write_text(
        "地区,月份,登记失业人数(人),其中:就业困难人员登记失业人数(人)\n嘉定区,2026-10,12000,800\n",
        "utf-8",
    )
    report = bring(store, file)
    assert (report.added, report.groups) == (1, 1)
    (people,) = sample_store.groups_of(store, JIADING, COUNT)
    known = sample_store.group_vintages(store, JIADING, COUNT, people).as_of(TODAY)
    assert list(known.values) == [800]
