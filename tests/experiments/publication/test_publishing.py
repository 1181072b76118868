"""The feed: from the champion and no other, valid against its schema in every state."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import jsonschema
import numpy as np
import pytest
from openpyxl import load_workbook

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NoThresholdsError
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed import schema_text
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.warnings import IssuedWarning, issue, issued, outcomes
from employment_forecast.data.targets.target import Target
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.publication import champion as champions
from employment_forecast.experiments.publication.champion import assess_champion, valid_until
from employment_forecast.experiments.publication.feed import (
    build_feed,
    feed_document,
    publish_feed,
    republish,
)
from employment_forecast.experiments.publication.issued_warnings import (
    issue_warnings,
    settle_outcomes,
)
from employment_forecast.experiments.publication.publishing import (
    failed_feed,
    failure,
    mark_failed,
    publish,
)
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry.registry import promote, rollback
from employment_forecast.experiments.registry.versions import Version, file_of_run
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Competition, Options
from employment_forecast.forecasting.documents.feed_table import as_file

DAY = date(2026, 11, 20)
FLOORS = ("random_walk", "drift", "seasonal_naive")


@pytest.fixture(scope="module")
def checker() -> jsonschema.Draft202012Validator:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@pytest.fixture
def session(workspace: Workspace) -> Iterator[Session]:
    opened = Session(workspace, Settings())
    # A workspace has a store before it has versions.
    assert opened.store.series()
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def demo(template: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Competition:
    """The floors compete on the demonstration data of 嘉定."""
    place = tmp_path_factory.mktemp("demo") / "工作区"
    shutil.copytree(template.root, place)
    opened = Session(Workspace(place), Settings())
    try:
        return run(opened, DAY)
    finally:
        opened.store.close()


def run(session: Session, day: date, models: tuple[str, ...] = FLOORS) -> Competition:
    region = session.catalogue.region("嘉定")
    indicator = session.catalogue.indicator("registered_unemployed")
    vintages = session.store.vintages(region.code, indicator.code)
    options = Options(models=models, origins=6, n_paths=300)
    return compete(Series(region, indicator), vintages, day, session.targets(), options)


@pytest.fixture
def series(demo: Competition) -> Series:
    return Series(demo.region, demo.indicator)


@pytest.fixture(scope="module")
def promoted(
    demo: Competition, template: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Version]:
    """A workspace with a champion."""
    place = Workspace(tmp_path_factory.mktemp("promoted") / "工作区")
    shutil.copytree(template.root, place.root)
    uri = f"sqlite:///{place.mlruns / 'mlflow.db'}"
    with recorded(uri, place, demo.series) as recording:
        version = recording.register(demo, None, {})
    with open_tracker(uri, place) as tracker:
        promote(tracker, demo.series, version.version, "测试")
    return place, version


@pytest.fixture
def workspace(request: pytest.FixtureRequest, workspace: Workspace) -> Workspace:
    """As elsewhere; with the champion where a test asks for one."""
    if "in_force" in request.fixturenames:
        place, _ = request.getfixturevalue("promoted")
        shutil.copytree(place.root, workspace.root, dirs_exist_ok=True)
    return workspace


@pytest.fixture
def in_force(promoted: tuple[Workspace, Version], workspace: Workspace) -> Version:
    """Version of the champion in the workspace."""
    return promoted[1]


def cap(value: float, **given: Any) -> Target:
    facts: dict[str, Any] = {
        "region": "310114", "indicator": "registered_unemployed", "tier": "municipal",
        "direction": "cap", "basis": "any_month", "qualifier": "以内", "period": "2026",
        "value": value, "unit": "人", "announced_on": date(2026, 3, 1),
        "announced_estimated": False, "source": "测试", "demo": True,
    }  # fmt: skip
    return Target(**{**facts, **given})


def only(monkeypatch: pytest.MonkeyPatch, *targets: Target) -> None:
    monkeypatch.setattr(Session, "targets", lambda *_: list(targets))


def test_document_is_valid_and_names_the_champion(
    session: Session, tracker: Tracker, series: Series, in_force: Version, checker: Any
) -> None:
    document = build_feed(session, tracker, series, DAY)
    checker.validate(json.loads(feed_files.encode(document)))
    assert document["champion"]["version"] == in_force.version
    assert (document["state"], document["demo"]) == ("demo", True)
    assert document["data_month"] == "2026-10"
    assert {line["month"] for line in document["lines"]} == {"2026-11", "2026-12"}
    assert {row["month"] for row in document["flow_lines"]} == {"2026-11"}
    assert document["level"]["code"] in ("none", "yellow", "orange", "red")
    for chance in document["probabilities"]:
        assert 0 <= chance["p_above"] <= chance["p_broken_by"] <= 1


def test_without_a_champion_there_are_no_thresholds(
    session: Session, tracker: Tracker, series: Series
) -> None:
    with pytest.raises(NoThresholdsError, match="没有现役模型版本"):
        build_feed(session, tracker, series, DAY)


@pytest.mark.soak
def test_a_candidate_gives_no_thresholds(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition,
    record: Callable[..., tuple[str, Version]],
) -> None:  # fmt: skip
    _, candidate = record(demo)
    assert candidate.version != in_force.version
    assert build_feed(session, tracker, series, DAY)["champion"]["version"] == in_force.version


LESS_COMMON = [pytest.param(kind, marks=pytest.mark.soak) for kind in ("end", "average", "without")]


@pytest.mark.parametrize("kind", ["breached", "none", *LESS_COMMON])
def test_every_kind_of_cap_gives_a_valid_document(
    kind: str, session: Session, tracker: Tracker, series: Series, in_force: Version,
    checker: Any, monkeypatch: pytest.MonkeyPatch, demo: Competition,
) -> None:  # fmt: skip
    latest = float(demo.history.values[-1])
    kinds = {
        "none": [cap(latest * 3)],
        "breached": [cap(latest * 0.5)],
        "end": [cap(latest, basis="period_end")],
        "average": [cap(latest, basis="period_average")],
        "without": [],
    }
    only(monkeypatch, *kinds[kind])
    document = build_feed(session, tracker, series, DAY)
    checker.validate(json.loads(feed_files.encode(document)))
    states = {line["state"] for line in document["lines"]}
    if kind == "breached":
        # A broken cap goes on having lines for what is still to come.
        assert "line" in states
        breach = document["caps"][0]["breach"]
        assert breach["newest_above"]
        assert breach["largest_excess"] > 0
        assert document["caps"][0]["breach_words"].startswith("已突破")
        assert document["level"]["code"] == "red"
    if kind == "none":
        assert "line" in states
        assert document["level"]["code"] == "none"
    if kind == "without":
        assert document["lines"] == []
        assert document["level"] is None
        assert document["level_reason"]


def test_stale_when_time_is_over_newer_data_or_revisions(
    session: Session, tracker: Tracker, series: Series, in_force: Version, checker: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    until = valid_until(series.indicator, build_period("2026-10"))
    late = build_feed(session, tracker, series, date.fromordinal(until.toordinal() + 1))
    assert late["state"] == "stale"
    assert late["demo"] is True
    checker.validate(json.loads(feed_files.encode(late)))
    assert build_feed(session, tracker, series, until)["state"] == "demo"

    now = assess_champion(session, tracker, series, DAY)
    newer = replace(now, newest=now.history.origin + 1)
    assert "2026-11" in feed_document(session, newer)["state_reason"]
    moved = replace(now, revised=(now.history.origin,))
    assert feed_document(session, moved)["state"] == "stale"


def build_period(text: str) -> Any:
    import pandas as pd

    return pd.Period(text, freq="M")


def test_a_revision_after_the_champion_is_seen(
    session: Session, tracker: Tracker, series: Series, in_force: Version
) -> None:
    assert assess_champion(session, tracker, series, DAY).revised == ()
    # Real data displace the demonstration series: the months of both differ in every value.
    rows = [
        Observation("310114", "registered_unemployed", build_period(m), v, DAY, "测试")
        for m, v in (("2026-09", 11.0), ("2026-10", 12.0))
    ]
    session.store.append(rows, session.catalogue, command="test")
    assert len(assess_champion(session, tracker, series, DAY).revised) == 2


def test_failure_shows_and_names_the_last_good_document(
    session: Session, tracker: Tracker, series: Series, in_force: Version, checker: Any
) -> None:
    assert mark_failed(session.workspace, series, "坏了") is False
    good = publish_feed(session, tracker, series, DAY)
    # What was the default then is not asked again: the store may be what failed.
    publish(session.workspace, {**good, "region": {**good["region"], "default_indicator": "x"}})
    assert mark_failed(session.workspace, series, "坏了") is True
    file = session.workspace.thresholds / "registered_unemployed.310114.json"
    failed = feed_files.read(file)
    assert failed is not None
    checker.validate(failed)
    assert (failed["state"], failed["lines"], failed["demo"]) == ("failed", [], True)
    assert failed["last_good"]["data_month"] == good["data_month"]
    kept = session.workspace.thresholds / failed["last_good"]["file"]
    assert feed_files.read(kept)["champion"] == good["champion"]
    mark_failed(session.workspace, series, "又坏了")
    again = feed_files.read(file)
    assert again["last_good"] == failed["last_good"]
    assert again["region"]["default_indicator"] == failed["region"]["default_indicator"] == "x"
    checker.validate(json.loads(feed_files.encode(failed_feed(series, "从未成功"))))
    # What is saved elsewhere says the same as what is published.
    assert as_file(again, "json") == file.read_bytes()
    assert failure(session.workspace, series, "又坏了")["last_good"] == failed["last_good"]


@pytest.mark.parametrize("state", ["failed", "no caps"])
def test_a_table_without_lines_says_why(
    session: Session, tracker: Tracker, series: Series, in_force: Version, monkeypatch: Any,
    state: str,
) -> None:  # fmt: skip
    only(monkeypatch)
    document = (
        failed_feed(series, "坏了")
        if state == "failed"
        else build_feed(session, tracker, series, DAY)
    )
    (row,) = csv.DictReader(io.StringIO(as_file(document, "csv").decode("utf-8-sig")))
    assert row["state"] == document["state"]
    assert row["note"] == ("坏了" if state == "failed" else "没有可评估的控制数")
    assert row["value"] == row["month"] == ""
    sheet = load_workbook(io.BytesIO(as_file(document, "xlsx"))).active
    cells = dict(zip(*sheet.iter_rows(values_only=True), strict=True))
    assert (cells["state"], cells["note"]) == (row["state"], row["note"])
    assert cells["value"] is None


def test_thresholds_follow_promotion_and_roll_back(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition,
    record: Callable[..., tuple[str, Version]],
) -> None:  # fmt: skip
    assert republish(session, tracker, series, DAY) is False
    publish_feed(session, tracker, series, DAY)
    _, second = record(demo)
    promote(tracker, series, second.version, "测试")
    assert republish(session, tracker, series, DAY) is True
    file = session.workspace.thresholds / "registered_unemployed.310114.json"
    assert feed_files.read(file)["champion"]["version"] == second.version
    rollback(tracker, series, "测试")
    republish(session, tracker, series, DAY)
    assert feed_files.read(file)["champion"]["version"] == in_force.version


@pytest.mark.soak
def test_publishing_the_same_again_changes_nothing(
    session: Session, tracker: Tracker, series: Series, in_force: Version
) -> None:
    document = build_feed(session, tracker, series, DAY)
    assert publish(session.workspace, document) is True
    file = session.workspace.thresholds / "registered_unemployed.310114.json"
    before = file.read_bytes()
    assert publish(session.workspace, build_feed(session, tracker, series, DAY)) is False
    assert file.read_bytes() == before


def test_warnings_are_issued_once_and_judged_later(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    top = float(np.max(demo.history.values[-10:]))
    only(monkeypatch, cap(top + 5000))
    now = assess_champion(session, tracker, series, DAY)
    first = issue_warnings(session, now)
    again = issue_warnings(session, assess_champion(session, tracker, series, DAY))
    assert [fresh for _, fresh in first] == [True] * len(first)
    assert not any(fresh for _, fresh in again)
    (warning,) = issued(session.store, "310114", "registered_unemployed")
    assert (warning.level, warning.version) == ("none", in_force.version)
    assert settle_outcomes(session, DAY) == 0
    later = [
        Observation(
            "310114", "registered_unemployed", build_period(m), float(v), date(2027, 1, 20), "测试"
        )
        for m, v in zip(
            [*map(str, demo.history.months[-24:]), "2026-11", "2026-12"],
            [*demo.history.values[-24:], top + 6000, top],
            strict=True,
        )
    ]
    session.store.append(later, session.catalogue, command="test", demo=True)
    assert settle_outcomes(session, date(2027, 1, 20)) == 1
    assert settle_outcomes(session, date(2027, 1, 20)) == 0
    (outcome,) = outcomes(session.store)[warning.id]
    assert (outcome.verdict, str(outcome.breach_month), outcome.lead_months) == (
        "miss",
        "2026-11",
        1,
    )


def real_figures(session: Session, demo: Competition, last: int) -> None:
    """The bureau's own figures take the place of the demonstration, the last `last` 9000 higher."""
    values = demo.history.values.copy()
    values[-last:] += 9000.0
    rows = [
        Observation("310114", "registered_unemployed", m, float(v), date(2026, 11, 10), "测试")
        for m, v in zip(demo.history.months, values, strict=True)
    ]
    session.store.append(rows, session.catalogue, command="test")


def test_warnings_on_demonstration_figures_are_not_judged_by_real_ones(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    only(monkeypatch, cap(float(np.max(demo.history.values[-10:])) + 5000))
    issue_warnings(session, assess_champion(session, tracker, series, DAY))
    real_figures(session, demo, 1)
    rows = [
        Observation(
            "310114", "registered_unemployed", build_period(m), 30_000.0, date(2027, 1, 20), "测试"
        )
        for m in ("2026-11", "2026-12")
    ]
    session.store.append(rows, session.catalogue, command="test")
    assert settle_outcomes(session, date(2027, 1, 20)) == 0


@pytest.mark.soak
def test_real_figures_inherit_nothing_from_the_demonstration(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition,
    record: Callable[..., tuple[str, Version]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now = assess_champion(session, tracker, series, DAY)
    only(monkeypatch, cap(100_000.0, demo=False))
    rules = [{"event": "layoff", "people": 1, "source": "测试"}]
    rate = {"indicator": "registered_unemployment_rate", "at_least": 1.0, "source": "测试"}
    levels = (
        {"code": "yellow", "name": "Ⅲ级", "colour": "黄色", "probability": 0.99, "rules": rules},
        {
            "code": "red",
            "name": "Ⅰ级",
            "colour": "红色",
            "probability": 0.999,
            "release": 0.0,
            "rules": [rate],
        },
    )
    strict = replace(session.settings, warning_levels=levels)
    before = IssuedWarning(
        region="310114", indicator="registered_unemployed", month=demo.history.origin - 1,
        as_of=DAY, level="red", level_name="Ⅰ级（红色）", evidence={}, registered_name="",
        version="", model="", fingerprint="", demo=True,
    )  # fmt: skip
    issue(session.store, before)
    own = Session(session.workspace, strict)
    real_figures(own, demo, 1)
    _, version = record(run(own, DAY))
    promote(tracker, series, version.version, "测试")
    real = assess_champion(own, tracker, series, DAY)
    own.store.close()
    assert now.sample is not None
    assert (now.demo, real.demo) == (True, False)
    assert real.sample is None
    assert (real.decision.level, real.decision.reasons) == ("none", ())


def test_withdrawn_months_make_the_lines_stale(
    session: Session, tracker: Tracker, series: Series, in_force: Version,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now = assess_champion(session, tracker, series, DAY)
    document = feed_document(session, replace(now, newest=now.history.origin - 1))
    assert document["state"] == "stale"
    assert "已撤回" in document["state_reason"]


def test_a_silence_without_a_cap_says_so(
    session: Session, tracker: Tracker, series: Series, in_force: Version,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    only(monkeypatch)
    (warning, _), *_ = issue_warnings(session, assess_champion(session, tracker, series, DAY))
    assert warning.level == "none"
    assert warning.evidence["reasons"] == ["没有可评估的控制数，未作评估"]


def test_sample_warning_names_firms_by_code_only(
    session: Session, tracker: Tracker, series: Series, in_force: Version
) -> None:
    now = assess_champion(session, tracker, series, DAY)
    assert now.sample is not None
    assert not now.sample.firms.empty
    issue_warnings(session, now)
    (warning,) = issued(session.store, kind="sample")
    assert {f["firm"] for f in warning.evidence["firms"]} == set(now.sample.firms["firm"])
    document = feed_document(session, now)
    assert set(document["sample_warnings"]["firms"][0]) == {"firm", "kinds"}


def test_an_event_declared_after_the_champion_makes_the_feed_stale(
    session: Session, tracker: Tracker, series: Series, in_force: Version
) -> None:
    now = assess_champion(session, tracker, series, DAY)
    assert now.events_changed is False
    document = feed_document(session, replace(now, events_changed=True))
    assert (document["state"], "申报的事件" in document["state_reason"]) == ("stale", True)


@pytest.mark.parametrize(("month", "kept"), [("2026-03", True), ("2026-04", False)])
def test_a_level_of_long_ago_is_no_previous_level(month: str, kept: bool) -> None:
    """`warnings.memory_months` is 3: from December on it stands until March."""
    old = IssuedWarning("310114", "x", build_period("2025-12"), DAY, "red", "Ⅰ级（红色）",
                        {"since": "2025-10"}, "", "", "", "", True)  # fmt: skip
    previous = champions._previous([old], build_period(month), 3)
    assert (previous is not None) == kept


def test_persistence_goes_on_over_the_turn_of_the_year() -> None:
    def warned(month: str, value: float, chance: float) -> IssuedWarning:
        cap_id = f"municipal.any_month.{month[:4]}.{value:.12g}"
        caps = [{"id": cap_id, "tier": "municipal", "basis": "any_month", "period": month[:4]}]
        plan = {"id": "p", "tier": "municipal", "basis": "any_month", "period": "2021-2025"}
        evidence = {"caps": [*caps, plan], "probabilities": {cap_id: chance, "p": 0.99}}
        return IssuedWarning(
            "310114", "x", build_period(month), DAY, "none", "", evidence, "", "", "", "", True
        )

    earlier = [warned("2025-11", 100.0, 0.3), warned("2025-12", 100.0, 0.4)]
    chances = champions._probabilities_before(earlier, cap(120.0, period="2026"))
    assert chances == {build_period("2025-11"): 0.3, build_period("2025-12"): 0.4}


@pytest.mark.soak
def test_mlflow_and_the_feed_tell_the_same(
    session: Session, tracker: Tracker, series: Series, in_force: Version, demo: Competition
) -> None:
    """The same champion and the same assessments: run, its tables, registered version, feed."""
    document = build_feed(session, tracker, series, DAY)
    run_of = tracker.call("读取运行", lambda c: c.get_run(in_force.run_id))
    champion = document["champion"]
    for said in (run_of.data.params, in_force.tags):
        assert (said["model"], said["model_label"]) == (champion["model"], champion["model_label"])
    assert run_of.data.params["data_month"] == document["data_month"]
    caps = json.loads(file_of_run(tracker, in_force, "caps.json").read_text("utf-8"))
    assert [
        {k: v for k, v in cap.items() if k in row}
        for cap, row in zip(document["caps"], caps, strict=True)
    ] == caps
    told = {k: round(v, 3) for k, v in run_of.data.metrics.items() if "/" in k}
    expected = {}
    for cap in document["caps"]:
        for name in ("p_any", "p_end", "p_average", "headroom"):
            key = f"{name}/{cap['tier']}"
            key = f"{key}.{cap['period']}.{cap['basis']}" if key in expected else key
            if cap[name] is not None:
                expected[key] = cap[name]
    if document["joint"] is not None:
        expected["p_any/at_least_one_cap"] = document["joint"]["p_at_least_one"]
    assert expected
    assert {k: v for k, v in told.items() if k.startswith(("p_", "headroom"))} == expected
