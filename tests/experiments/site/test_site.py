"""The site of a workspace: a page for every region, renewed one by one; faults are told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.versions import Version
from employment_forecast.experiments.site import (
    mark_page,
    renew_site,
    write_overview,
    write_site,
)
from employment_forecast.experiments.site.publishing import site_series
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition

DAY = date(2026, 11, 20)
CODE = "registered_unemployed.310114"


def others_of(session: Session) -> list[Series]:
    return [s for s in site_series(session) if s.code != CODE]


def page_of(folder: Path, code: str = CODE) -> str:
    return (folder / "region" / f"{code}.html").read_text("utf-8")


@pytest.mark.soak  # all regions; of one it is tested below
def test_every_region_has_a_page_and_the_champion_makes_it_answer(
    session: Session,
    tracker: Tracker,
    result: Competition,
    record: Callable[..., tuple[str, Version]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("FORECAST_TODAY", str(DAY))
    assert renew_site(session, tracker, [result.series]) == []
    assert not (session.workspace.root / "site").exists()
    folder, trouble = write_site(session, tracker, DAY)
    assert trouble == []
    codes = [s.code for s in site_series(session)]
    assert codes[0] == "surveyed_unemployment_rate.100000"
    assert len(codes) == 6
    index = (folder / "index.html").read_text("utf-8")
    assert [code for code in codes if f"region/{code}.html" not in index] == []
    before = page_of(folder)
    assert "没有现役模型" in before
    assert "hands-on" not in before

    _, version = record(result)
    promote(tracker, result.series, version.version, "测试")
    others = page_of(folder, codes[0])
    assert renew_site(session, tracker, [result.series]) == []
    after = page_of(folder)
    assert 'id="hands-on"' in after
    assert page_of(folder, codes[0]) == others
    script = (folder / "data" / f"{CODE}.js").read_text("utf-8")
    content = json.loads(script.removeprefix("window.forecastData=").rstrip(";\n"))
    assert len(content["paths"]) == content["n_paths"] * len(content["ahead"])
    assert [c["p_any"] for c in content["caps"]] == [a.p_any for a in result.assessments]
    assert len(after.encode()) + len(script.encode()) < 1_500_000
    # In a cycle each region leaves its tile, and the overview is written once.
    overview = (folder / "index.html").read_bytes()
    mark_page(session, result.series, "数据有误")
    write_site(session, tracker, DAY, only=[others_of(session)[0]], overview=False)
    assert (folder / "index.html").read_bytes() == overview
    (line,) = write_overview(session, DAY)
    assert line.endswith("数据有误")
    assert line in (folder / "index.html").read_text("utf-8")
    again, _ = write_site(session, tracker, DAY, tmp_path / "别处")
    assert "../../bulletins" not in page_of(again)
    # An earlier release kept all tiles in one file, and the last region was not there yet.
    kept = {file.stem: json.loads(file.read_text("utf-8")) for file in again.glob("tiles/*.json")}
    rows = [kept[code] for code in codes[2:-1]]
    (again / "tiles.json").write_text(
        json.dumps({"tiles": rows, "absent": {codes[0]: "缺月", codes[1]: "缺月"}}), "utf-8"
    )
    shutil.rmtree(again / "tiles")
    second = [s for s in site_series(session) if s.code == codes[1]]
    write_site(session, tracker, DAY, again, only=second)
    former = (again / "index.html").read_text("utf-8")
    assert [c for c in codes if f"region/{c}.html" not in former] == [codes[0], codes[-1]]
    assert former.count("缺月") == former.count("页面尚未更新") == 1


def test_the_champion_makes_the_page_of_a_region_answer(
    session: Session,
    tracker: Tracker,
    result: Competition,
    record: Callable[..., tuple[str, Version]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORECAST_TODAY", str(DAY))
    folder, trouble = write_site(session, tracker, DAY, only=[result.series])
    assert trouble == []
    before = page_of(folder)
    assert "没有现役模型" in before
    assert "hands-on" not in before
    _, version = record(result)
    promote(tracker, result.series, version.version, "测试")
    assert renew_site(session, tracker, [result.series]) == []
    assert 'id="hands-on"' in page_of(folder)
    script = (folder / "data" / f"{CODE}.js").read_text("utf-8")
    content = json.loads(script.removeprefix("window.forecastData=").rstrip(";\n"))
    assert len(content["paths"]) == content["n_paths"] * len(content["ahead"])
    assert [c["p_any"] for c in content["caps"]] == [a.p_any for a in result.assessments]


def test_a_map_without_its_number_is_told_on_the_page_and_stops_nothing(
    workspace: Workspace, tracker: Tracker
) -> None:
    opened = Session(workspace, Settings({**Settings().values, "site.map": "map.geojson"}))
    try:
        jiading = [s for s in site_series(opened) if s.code == CODE]
        folder, trouble = write_site(opened, tracker, DAY, only=jiading)
    finally:
        opened.store.close()
    assert ["审图号" in line for line in trouble] == [True]
    assert "审图号" in (folder / "index.html").read_text("utf-8")
    assert page_of(folder)
