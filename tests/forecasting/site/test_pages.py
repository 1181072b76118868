"""The pages: whole without a network, and in a browser the engine's own figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.feed import check
from employment_forecast.forecasting.assessment import assess_all, cap_id
from employment_forecast.forecasting.bulletin.render.trees import html_text
from employment_forecast.forecasting.early_warning import (
    breach_curve,
    default_scheme,
    scheme_document,
    warning_lines,
)
from employment_forecast.forecasting.early_warning.feed import line_rows
from employment_forecast.forecasting.scenario import GivenAssumptions, compare_scenario
from employment_forecast.forecasting.scenario.impact import Layoff, Scenario
from employment_forecast.forecasting.site import (
    RegionPage,
    Tile,
    draw_map,
    hands_on,
    index_page,
    read_map,
    region_page,
    shared_files,
    tile_from,
)

SCHEME = default_scheme(3)
HOSTILE = '</script><script src="https://example.org/x.js"></script><img src=x onerror=alert(1)>'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SYNTAX_AFTER_2019 = re.compile(r"\?\.[a-zA-Z_(\[]|\?\?|\|\|=|&&=")


@pytest.fixture(scope="module")
def scene(competition, cap_of, catalogue):
    targets = [cap_of(10_400.0), cap_of(10_900.0, tier="district", basis="period_end")]
    result = competition(targets=targets, n_paths=200, demo=True)
    history, paths, indicator = result.history, result.champion_paths, result.indicator
    caps = result.assessments
    feed = {
        "caps": [
            {
                "id": cap_id(a.target), "title": f"控制数{a.target.value:.0f}",
                "tier": a.target.tier, "basis": a.target.basis, "period": a.target.period,
                "value": a.target.value,
            }
            for a in caps
        ],
        "lines": [
            row
            for a in caps
            for row in line_rows(
                a.target, history, paths, indicator, SCHEME, 12, lambda t, m: t.value
            )
        ],
        "scheme": scheme_document(SCHEME),
        "precision": 1.0,
    }  # fmt: skip
    content = hands_on(indicator, history, paths, caps, feed, result.options.seed)
    return result, targets, feed, content


class Addresses(HTMLParser):
    """Tags, attributes and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]


def tile(**fields) -> Tile:
    given = {
        "code": "registered_unemployed.310114", "title": "嘉定区登记失业人数", "whole": "上海市",
        "level": "orange", "level_name": "Ⅱ级（橙色）", "level_before": "",
        "lines": ("2026-10：13,612人",), "changed": ("增加92人",), "demo": True,
    }  # fmt: skip
    return Tile(**{**given, **fields})


def test_nothing_outside_the_folder_is_asked_for(scene):
    content = scene[3]
    hostile = tile(title=HOSTILE, lines=(HOSTILE,), changed=(HOSTILE,), level_name=HOSTILE)
    pages = [
        index_page([hostile], "2026-11-29", [HOSTILE]),
        region_page(RegionPage(hostile, "2026-11-29", None, content, notes=(HOSTILE,))),
    ]
    for page in pages:
        text = page.decode("utf-8")
        page_parts = Addresses()
        page_parts.feed(text)
        assert page_parts.addresses
        assert not [a for a in page_parts.addresses if "//" in a or a.startswith("/")]
        assert not {"img", "iframe", "object"} & page_parts.tags
        assert not {"style", "onerror", "onclick"} & page_parts.attributes
        assert "script-src 'self'" in text
        assert "演示数据" in text


def test_a_tile_survives_its_file():
    assert tile_from(json.loads(json.dumps(vars(tile())))) == tile()


def many() -> list[Tile]:
    """Three wholes of 40 parts; every tenth part is red and was not the month before."""
    return [
        tile(
            code=f"registered_unemployed.9{n:03d}", title=f"第{n}街道登记失业人数", demo=False,
            whole="甲乙丙"[n // 40] + "区",
            **({"level": "red", "level_name": "Ⅰ级（红色）", "level_before": "Ⅱ级（橙色）"}
               if n % 10 == 0 else {}),
        )
        for n in range(120)
    ]  # fmt: skip


def test_many_regions_are_folded_by_what_they_lie_in():
    text = index_page(many(), "2026-11-29", [f"第{n}处有误" for n in range(40)]).decode("utf-8")
    assert text.count('<details class="group">') == 3
    assert text.count('class="tile ') == 120
    for said in ("共 120 个：", "Ⅰ级（红色） 12<", "<strong>乙区</strong>，40 个：", "另有 10 条"):
        assert said in text
    # Of the changes only those of a level are listed; every tile has its own.
    news = text[text.index('id="news"') :]
    assert news.count("<li>") == news.count("预警等级由Ⅱ级（橙色）变为Ⅰ级（红色）；增加92人") == 12
    assert text.count("增加92人") == 120 + 12
    few = index_page(many()[:60], "2026-11-29").decode("utf-8")
    assert "<details" not in few
    assert "<script" not in few


SQUARE = [[[121.0, 31.0], [121.4, 31.0], [121.4, 31.3], [121.0, 31.3], [121.0, 31.0]]]


def feature(name: str, rings=SQUARE, kind: str = "Polygon") -> dict:
    geometry = {"type": kind, "coordinates": rings}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def geojson(*features: dict) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def test_a_map_is_drawn_with_its_number_and_in_the_colour_of_the_level():
    outlines = read_map(geojson(feature("嘉定区"), feature("别处")))
    region = (("310114", "嘉定区"), HOSTILE, "orange", "region/x.html")
    figure = html_text(draw_map(outlines, [region], "沪S(2026)001号"))
    assert "审图号：沪S(2026)001号" in figure
    assert figure.count("<path") == 1
    assert "level-orange" in figure
    assert "<script" not in figure
    # 0.4 degrees at 31.15 N are 0.342 of latitude's: the taller side fills the width.
    assert re.search(r'viewBox="0 0 900\.0 788\.\d"', figure)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "FeatureCollection"),
        (geojson(), "没有图形"),
        (geojson(feature("甲", kind="Point")), "Point"),
        (geojson(feature("甲", [[[500000.0, 3.0]]])), "经纬度"),
        (geojson(feature("甲", [[["x"]]])), "格式"),
    ],
)
def test_a_map_that_cannot_be_drawn_says_why(text, said):
    with pytest.raises(SettingsError, match=said):
        read_map(text)


def test_an_empty_site_says_what_to_do():
    assert "forecast data import" in index_page([], "2026-11-29").decode("utf-8")


def test_shared_files_are_understood_by_old_browsers():
    files = shared_files()
    for own in ("site.js", "overview.js"):
        assert not SYNTAX_AFTER_2019.search(files[f"assets/{own}"].decode("utf-8"))
    assert b"MIT License" in files["assets/uPlot.LICENSE.txt"]
    assert sum(map(len, files.values())) < 100_000


def test_the_curve_is_monotone_and_meets_the_line(scene):
    result = scene[0]
    for item in result.assessments:
        values, chances = breach_curve(result.champion_paths, result.history, item.target)
        assert (np.diff(values) > 0).all()
        assert (np.diff(chances) >= -1e-12).all()
        first = result.champion_paths.months[0]
        for line in warning_lines(result.champion_paths, result.history, item.target, SCHEME.cuts):
            if line.month == first and line.state == "line" and line.value <= values[-1]:
                assert np.interp(line.value, values, chances) >= line.probability - 0.02


def probe(folder: Path, content: dict, script: str) -> dict:
    """Run a script beside a region's page in a real browser and read what it found."""
    for name, file in shared_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(file)
    (folder / "data").mkdir()
    (folder / "region").mkdir()
    data = json.dumps(content, ensure_ascii=False)
    code = tile().code
    (folder / "data" / f"{code}.js").write_text(f"window.forecastData={data};", "utf-8")
    page = region_page(RegionPage(tile(), "2026-11-29", None, content)).decode("utf-8")
    watch = (
        "window.faults=[];window.addEventListener('error',function(e){faults.push(e.message);});"
        "document.addEventListener('securitypolicyviolation',function(e){"
        "faults.push(e.violatedDirective+' '+e.blockedURI);});"
    )
    (folder / "region" / "watch.js").write_text(watch, "utf-8")
    ask = (
        "(function(){var found;try{found=(function(){" + script + "})();}catch(e){found={fault:"
        "String(e)};}var box=document.createElement('pre');box.id='found';box.textContent="
        "JSON.stringify({found:found,faults:window.faults});document.body.appendChild(box);})();"
    )
    (folder / "region" / "ask.js").write_text(ask, "utf-8")
    page = page.replace("<head>", '<head><script src="watch.js"></script>', 1)
    page = page.replace("</body>", '<script src="ask.js"></script></body>', 1)
    file = folder / "region" / f"{code}.html"
    file.write_text(page, "utf-8")
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", "--dump-dom",
         file.as_uri()],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    dom = done.stdout.decode("utf-8")
    text = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert text is not None, dom[-2000:]
    answer = json.loads(text[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert answer["faults"] == []
    assert "fault" not in answer["found"]
    return answer["found"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_browser_counts_as_the_engine_does(scene, tmp_path):
    result, targets, feed, content = scene
    first = str(result.champion_paths.months[0])
    people, change, start = 700.0, -0.2, 2
    figures = [float(v) for v in np.quantile(result.champion_paths.values[:, 0], (0.1, 0.5, 0.99))]
    script = f"""
      var e = window.forecastEngine, d = window.forecastData, rows = e.unpack(d);
      function held(earlier) {{
        var changed = Object.assign({{}}, d.caps[0], {{
          published: [10500], months: ["2025-01"], earlier: earlier, first: "2025-01" }});
        return e.chances(d, rows, changed, 10400).broken;
      }}
      var supposed = e.scenario(d, rows, {start}, {people}, {change});
      return {{
        held: [held({{}}), held({{ "2025-01": 10500 }})],
        caps: d.caps.map(function (c) {{ return e.chances(d, rows, c, c.value); }}),
        moved: d.caps.map(function (c) {{ return e.chances(d, rows, c, c.value + 150); }}),
        scenario: d.caps.map(function (c) {{ return e.chances(d, supposed, c, c.value); }}),
        medians: e.quantiles(supposed, [0.5]).map(function (q) {{ return q[0]; }}),
        levels: {json.dumps(figures)}.map(function (v) {{ return e.level(d, "{first}", v).code; }})
      }};"""
    answers = probe(tmp_path, content, script)
    # 10,500 is above today's 10,400, and was not above what applied then.
    assert answers["held"] == [True, False]
    for item, own in zip(result.assessments, answers["caps"], strict=True):
        if item.p_any is not None:
            assert own["any"] == pytest.approx(item.p_any, abs=1e-12)
        assert own["end"] == pytest.approx(item.p_end, abs=1e-12)

    def assessed(value: float, at: int):
        moved = [*targets]
        moved[at] = type(targets[at])(**{**vars_of(targets[at]), "value": value})
        return assess_all(
            moved, result.history, result.champion_paths, 12, lambda t, m: t.value
        ).caps[at]

    for at, own in enumerate(answers["moved"]):
        expected = assessed(targets[at].value + 150, at)
        assert own["end"] == pytest.approx(expected.p_end, abs=1e-12)
    scenario = Scenario((Layoff(result.champion_paths.months[start], people),), change)
    compared = compare_scenario(result, scenario, GivenAssumptions(), targets, SCHEME)
    for item, own in zip(compared.changed.assessments, answers["scenario"], strict=True):
        # A path within a hundredth of a person of the cap may fall on either side.
        assert own["end"] == pytest.approx(item.p_end, abs=2 / 200)
    medians = np.median(compared.changed.champion_paths.values, axis=0)
    assert answers["medians"] == pytest.approx(list(medians), rel=1e-4)
    for figure, code in zip(figures, answers["levels"], strict=True):
        assert code == check(feed, figure, first).level


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_what_is_typed_and_dragged_is_answered(scene, tmp_path):
    content = scene[3]
    value = content["caps"][0]["value"]
    script = f"""
      function type(id, v) {{
        var box = document.getElementById(id);
        box.value = v;
        box.dispatchEvent(new Event("input"));
      }}
      function text(id) {{ return document.getElementById(id).textContent; }}
      var at = text("p-any-0");
      type("cap-0", {value + 400});
      var higher = text("p-any-0");
      type("coming", {value + 1});
      var above = text("coming-result");
      type("coming", "12");
      var absurd = text("coming-result");
      document.getElementById("chart").dispatchEvent(
        new KeyboardEvent("keydown", {{ key: "ArrowRight", bubbles: true }}));
      var read = text("reading");
      document.getElementById("reset").click();
      return {{ at: at, higher: higher, above: above, absurd: absurd, read: read,
        back: text("p-any-0"), chart: document.querySelectorAll("#chart canvas").length }};"""
    answers = probe(tmp_path, content, script)
    assert answers["chart"] == 1
    assert answers["back"] == answers["at"]
    assert float(answers["higher"].strip("<>%")) < float(answers["at"].strip("<>%"))
    assert "按已发布的预警线" in answers["above"]
    assert "核对" in answers["absurd"]
    assert content["ahead"][0] in answers["read"]
    assert "中位数" in answers["read"]


def vars_of(target) -> dict:
    return {name: getattr(target, name) for name in target.__dataclass_fields__}
