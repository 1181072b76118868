"""The site in the browsers that the system has: whole, quiet, readable, the engine's figures.

Pictures of every page are left where FORECAST_PICTURES says, to be looked at.
"""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.browsers import Browser, Chromium, Firefox

from employment_forecast.data.workspace.session import Session
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.versions import Version
from employment_forecast.experiments.site import write_site
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.forecasting.site import Tile, index_page

pytestmark = pytest.mark.soak
DAY = date(2026, 11, 20)
CODE = "registered_unemployed.310114"
PROGRAMS: dict[type[Chromium] | type[Firefox], str | None] = {
    Chromium: shutil.which("chromium") or shutil.which("chromium-browser"),
    Firefox: shutil.which("firefox-esr") or shutil.which("firefox"),
}
SERIOUS = """axe.run({resultTypes: ["violations"]}).then(r => r.violations
  .filter(v => v.impact === "serious" || v.impact === "critical")
  .map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")))"""
CHANCES = """(function () { var e = forecastEngine, d = forecastData, rows = e.unpack(d);
  return d.caps.map(function (c) { var found = e.chances(d, rows, c, c.value);
    return [c.p_any, found.any, c.p_end, found.end]; }); })()"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing; it has no icon, which browsers ask a server for."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site(
    session: Session,
    tracker: Tracker,
    result: Competition,
    record: Callable[..., tuple[str, Version]],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Six regions, one of them with a champion; beside it an overview of many."""
    monkeypatch.setenv("FORECAST_TODAY", str(DAY))
    promote(tracker, result.series, record(result)[1].version, "测试")
    folder, _ = write_site(session, tracker, DAY)
    many = [
        Tile(CODE, f"第{n}街道登记失业人数", f"第{n // 16}区", "orange" if n % 9 else "red", "某级",
             "" if n % 9 else "无预警", ("2026-10：1,612人",), ("增加92人",), True)
        for n in range(1600)
    ]  # fmt: skip
    (folder / "many.html").write_bytes(index_page(many, str(DAY), ["某区数据有误"]))
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def axe() -> str:
    spec = find_spec("axe_core_python")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("axe-core-python is not installed")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    browsers: list[Browser] = []

    def call(kind: type[Chromium] | type[Firefox], dark: bool = False, scripts: bool = True) -> Any:
        program = PROGRAMS[kind]
        if program is None:
            pytest.skip(f"{kind.__name__} is not installed")
        browsers.append(
            kind(program, tmp_path / f"profile{len(browsers)}", dark=dark, scripts=scripts)
        )
        return browsers[-1]

    yield call
    for browser in browsers:
        browser.close()


def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("FORECAST_PICTURES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


PAGES = (
    "index.html", "many.html", f"region/{CODE}.html",
    "region/surveyed_unemployment_rate.100000.html",
)  # fmt: skip


@pytest.mark.parametrize("kind", PROGRAMS, ids=lambda kind: kind.__name__)
def test_pages_are_whole_quiet_and_readable(
    kind: type[Chromium] | type[Firefox],
    address: str,
    axe: str,
    opened: Callable[..., Browser],
    tmp_path: Path,
) -> None:
    folder = pictures(tmp_path)
    for dark in (False, True):
        browser = opened(kind, dark)
        for page in PAGES:
            name = f"{kind.__name__}-{page.split('/')[-1]}{'-dark' if dark else ''}"
            for width in (390, 1280):
                browser.show(address + page, width)
                wide = browser.value("document.documentElement.scrollWidth")
                assert wide <= width, (page, width, wide)
                browser.picture(folder / f"{name}-{width}.png")
            browser.value(f"(function () {{ {axe}; }})()")
            assert browser.value(SERIOUS) == [], (page, dark)
            if not dark:
                browser.printed(folder / f"{name}.pdf")
        # data: is what axe measures letters with; it leaves nothing.
        inside = (address, "about:blank", "data:")
        assert [a for a in browser.requests if not a.startswith(inside)] == []
        assert browser.complaints == []


@pytest.mark.parametrize("kind", PROGRAMS, ids=lambda kind: kind.__name__)
def test_the_engine_s_figures_are_counted_in_the_browser(
    kind: type[Chromium] | type[Firefox], address: str, opened: Callable[..., Browser]
) -> None:
    browser = opened(kind)
    browser.show(f"{address}region/{CODE}.html", 1280)
    for any_, any_here, end, end_here in browser.value(CHANCES):
        assert any_ is None or any_here == pytest.approx(any_, abs=1e-12)
        assert end is None or end_here == pytest.approx(end, abs=1e-12)
    browser.show(f"{address}many.html", 390)
    shown = browser.value("""(function () {
      function ask(id, value, event) { var box = document.getElementById(id); box.value = value;
        box.dispatchEvent(new Event(event)); return document.getElementById("found").textContent; }
      function open() { return document.querySelectorAll("details.group[open]").length; }
      return [ask("name", "第7区", "input"), open(), ask("level", "red", "change"), open(),
        ask("name", "第1599街道", "input"), open(), ask("level", "", "change"), open(),
        ask("name", "", "input"), open()]; })()""")
    assert shown == ["找到 16 个。", 1, "找到 2 个。", 1, "找到 0 个。", 0, "找到 1 个。", 1, "", 0]


@pytest.mark.parametrize("kind", PROGRAMS, ids=lambda kind: kind.__name__)
def test_without_scripts_figures_and_pictures_stay(
    kind: type[Chromium] | type[Firefox],
    address: str,
    opened: Callable[..., Browser],
    tmp_path: Path,
) -> None:
    browser = opened(kind, scripts=False)
    for page in PAGES:
        browser.show(address + page, 1280)
        browser.picture(pictures(tmp_path) / f"{kind.__name__}-{page.split('/')[-1]}-still.png")
    assert browser.complaints == []
