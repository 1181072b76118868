"""What is left of a bulletin without its cited figures holds no figure, in any form or state.

Allowed by rule: the page number of a docx, the title of a window, which repeats the heading, and in
a chart the months, values and bands that the record has under `outlook`, compared one by one.
"""

from __future__ import annotations

import copy
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from docx import Document

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings
from employment_forecast.experiments.bulletins.drafts import make_bulletin
from employment_forecast.experiments.promotion.lifecycle import promote_if_passed
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.tracking.tracker import open_tracker
from employment_forecast.forecasting.bulletin.render.rendering import render
from employment_forecast.forecasting.bulletin.text.blocks import Chart
from employment_forecast.forecasting.bulletin.text.compose import Correction, Stamp, compose
from employment_forecast.forecasting.bulletin.text.facts import Cited, plain, resolve
from employment_forecast.forecasting.bulletin.text.figures import show
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.result import Options

DAY = date(2026, 11, 20)
STAMP = Stamp("嘉人社〔2026〕12号", "区人民政府", "张三", "2026-11-23")
CORRECTION = Correction(
    2,
    "嘉人社〔2026〕11号",
    [
        {
            "id": "a.b:size",
            "source": "甲",
            "before": "1",
            "after": "20",
            "label": "甲（人）",
            "section": "总体情况",
        },
        {"id": "c", "source": "甲", "before": "3", "after": "", "label": "", "section": "走势预测"},
    ],
)
HOSTILE = '</script><script>alert(1)</script>"&$x_{1}|`\x0b'
VOID = ("meta", "br")
# No half-width mark beside a Chinese character, nothing that betrays a missing value.
ODD = re.compile(
    r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]|\([^)]*[\u4e00-\u9fff]|nan|None|inf\b|（）|\(\)"
    r"|[，。；：、]{2}|。）|（，|-0\.0+(?!\d)|(?<![\d.])-0(?![.\d])|\+0(?![.\da-f])|\d—|%%|人人|--"
)


IN_FORCE = ("嘉定", "全国")
ALL = ("嘉定", "全国", "徐汇", "江夏")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("嘉定", "徐汇"), id="two"),
        pytest.param(ALL, id="four", marks=pytest.mark.soak),
    ],
)
def records(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, template: Workspace
) -> Iterator[dict[str, Any]]:
    """Records of regions with a forecast in force and without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_TODAY", str(DAY))
        workspace = Workspace(tmp_path_factory.mktemp("figures"))
        shutil.copytree(template.root, workspace.root, dirs_exist_ok=True)
        session = Session(workspace, Settings())
        uri = session.settings.tracking_uri(workspace)
        options = Options(models=("drift", "seasonal_naive"), origins=10, n_paths=200)
        by_region = {}
        for name in request.param:
            place = session.catalogue.region(name)
            series = Series(place, session.catalogue.default_indicator(place))
            if name in IN_FORCE:
                code, what = place.code, series.indicator
                with recorded(uri, workspace, Series(place, what)) as run:
                    result = compete(series, session.store.vintages(code, what.code), DAY,
                                     session.targets(), options)  # fmt: skip
                    run.register(result, b"")
                    promote_if_passed(run.run.tracker, series, result, run.run)
            with open_tracker(uri, workspace) as tracker:
                made = make_bulletin(session, tracker, series, DAY, formats=())
            by_region[name] = json.loads(json.dumps(made.record))
        yield by_region
        session.store.close()


class Loose(HTMLParser):
    """Text that is neither a cited figure nor within a chart, and the spoken months of charts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.loose: list[str] = []
        self.spoken: list[str] = []
        self.tags: list[str] = []
        self.title = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.stack.append(dict(attrs).get("class") or tag)

    def handle_endtag(self, tag: str) -> None:
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "tip":
            self.spoken.append(data)
        if self.stack and self.stack[-1] == "title":
            self.title = data
        elif not {"data", "script", "style", "chart", "key"} & set(self.stack):
            self.loose.append(data)


def spoken(record: dict[str, Any]) -> list[str]:
    """What a chart says of each month, written from the record."""
    outlook = record["outlook"]
    unit, past, ahead = outlook["unit"], outlook["decimals"], outlook["digits"]
    texts = []
    for month, value in outlook["past"].items():
        texts += [f"{show(month, 'month')} {show(value, 'plain', past)}{unit}（已公布）"]
    for month, row in outlook["months"].items():
        q = {k: show(v, "plain", ahead) for k, v in row.items() if k.startswith("q")}
        texts += [f"{show(month, 'month')} 中位数{q['q50']}{unit}",
                  f"80%区间{q['q10']}—{q['q90']}，95%区间{q['q025']}—{q['q975']}"]  # fmt: skip
    return texts


STATES = {
    "draft": (None, None), "issued": (STAMP, None), "correction": (STAMP, CORRECTION),
}  # fmt: skip
# A correction has everything that is issued, and more.
EACH_STATE = [pytest.param(s, marks=pytest.mark.soak if s == "issued" else ()) for s in STATES]


@pytest.mark.parametrize("state", EACH_STATE)
def test_no_figure_is_left_over(records: dict[str, Any], state: str) -> None:
    stamp, correction = STATES[state]
    for name, record in records.items():
        bulletin = compose(record, stamp, correction)
        page = Loose(render(bulletin, "html").decode("utf-8"))
        loose = "\n".join(page.loose)
        assert page.title == "".join(plain(line) for line in bulletin.title)
        assert not re.search(r"[0-9０-９]", loose), (name, loose)
        for chart in (b for b in bulletin.blocks if isinstance(b, Chart)):
            # Caps on the chart are written as in the text.
            digits = record["outlook"]["decimals"]
            for label, spans in chart.fan.caps:
                value = spans[-1][0]
                assert label.partition("（")[0].endswith(show(value, "plain", digits))
                assert value in {c["value"] for c in record["outlook"]["caps"].values()}
        if "months" in record["outlook"]:
            assert [s for s in page.spoken if s] == spoken(record)
        with zipfile.ZipFile(io.BytesIO(render(bulletin, "docx"))) as archive:
            body = archive.read("word/document.xml").decode("utf-8")
        outside = re.sub(r"<w:bookmarkStart .*?<w:bookmarkEnd [^>]*/>", "", body, flags=re.DOTALL)
        assert not re.search(r"\d", "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)<", outside)))
        for fact in bulletin.facts:
            assert fact.text == show(fact.value, fact.form, fact.digits)
            head = fact.pointer.split("/")[1]
            if head not in ("intervals", "scale", "annexes", "stamp", "correction"):
                assert resolve(record, fact.pointer) == fact.value
        facts = set(json.loads(render(bulletin, "json"))["facts"])
        # What a chart shows is told in an attribute, to those who cannot see it.
        told = {c.fact for b in bulletin.blocks if isinstance(b, Chart)
                for c in b.alternative if isinstance(c, Cited)}  # fmt: skip
        html = render(bulletin, "html").decode("utf-8")
        assert set(re.findall(r'data-fact="([^"]+)"', html)) | told == facts


@pytest.mark.parametrize("state", EACH_STATE)
def test_the_text_is_plain_official_chinese(records: dict[str, Any], state: str) -> None:
    for name, record in records.items():
        text = render(compose(record, *STATES[state]), "md").decode("utf-8")
        for line in text.replace("---:", "").replace("---", "").splitlines():
            match = ODD.search(re.sub(r"(\d)—(\d)", r"\1\2", line.replace("—月", "")))
            assert match is None, (name, match, line)


def hostile(value: Any) -> Any:
    """A record in which every name that comes from outside is hostile."""
    if isinstance(value, dict):
        return {
            k: HOSTILE
            if k in ("firm", "industry", "source", "label", "reason", "failure", "office")
            and isinstance(v, str)
            else hostile(v)
            for k, v in value.items()
        }
    return [hostile(v) for v in value] if isinstance(value, list) else value


def test_hostile_names_are_text_everywhere(records: dict[str, Any]) -> None:
    record = hostile(copy.deepcopy(records["嘉定"]))
    bulletin = compose(record, Stamp(HOSTILE, HOSTILE, HOSTILE, "2026-11-23"))
    page = Loose(render(bulletin, "html").decode("utf-8"))
    assert page.tags.count("script") == 1  # the facts
    assert set(page.tags) <= set(
        Loose(render(compose(records["嘉定"], STAMP), "html").decode()).tags
    )
    shown = Document(io.BytesIO(render(bulletin, "docx")))
    cells = [c.text for t in shown.tables for row in t.rows for c in row.cells]
    assert any("<script>alert(1)</script>" in text for text in cells)
    told = render(bulletin, "md").decode("utf-8")
    assert "<script" not in told.replace("\\<", "")
    assert HOSTILE.replace("\x0b", " ").strip() in json.dumps(
        json.loads(render(bulletin, "json")), ensure_ascii=False
    ).replace('\\"', '"')
