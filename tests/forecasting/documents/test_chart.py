"""The fan chart: same bytes each time, every Chinese glyph there, all caps drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.ft2font import FT2Font

from employment_forecast.data.catalogue.figures import DEMO_MARK
from employment_forecast.data.targets.target import BASES, TIER_NAMES
from employment_forecast.forecasting.documents.chart import fan_chart
from employment_forecast.forecasting.fonts import SANS, SERIF, register


def drawn(monkeypatch, result) -> tuple[bytes, dict[str, tuple[float, float, float]], list[str]]:
    """Picture, cap lines (label to height, left and right end) and texts of a chart."""
    lines: dict[str, tuple[float, float, float]] = {}
    texts: list[str] = []
    hlines, text = Axes.hlines, Axes.text

    def note(self, y, xmin, xmax, **options):
        lines[options["label"]] = (y, xmin, xmax)
        return hlines(self, y, xmin, xmax, **options)

    def note_text(self, x, y, s, **options):
        texts.append(s)
        return text(self, x, y, s, **options)

    monkeypatch.setattr(Axes, "hlines", note)
    monkeypatch.setattr(Axes, "text", note_text)
    picture = fan_chart(result)
    monkeypatch.undo()
    return picture, lines, texts


def size(picture: bytes) -> tuple[int, int]:
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def test_a_picture_of_the_stated_size_the_same_each_time(competition, cap_of):
    result = competition(targets=[cap_of()])
    picture = fan_chart(result)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert size(picture) == (1500, 825)
    assert fan_chart(result) == picture
    assert b"Software" not in picture


def test_many_sources_leave_the_picture_its_room(competition):
    result = competition()
    sources = tuple(f"街道{i}月失业登记情况月报表（报送稿）.xls" for i in range(120))
    crowded = replace(result, history=replace(result.history, sources=sources))
    # A layout without room for the axes would be a warning, which is an error here.
    assert size(fan_chart(crowded)) == (1500, 825)


@pytest.mark.soak
def test_settings_of_the_process_do_not_change_it_and_are_left_alone(competition):
    result = competition()
    picture = fan_chart(result)
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.unicode_minus": True, "lines.linewidth": 9}):
        fan_chart(result)
    assert fan_chart(result) == picture
    assert dict(matplotlib.rcParams) == before


def test_every_name_has_its_glyphs(catalogue):
    import importlib.resources as resources

    words = [n for r in catalogue.regions for n in r.names]
    words += [f"{i.name}{i.unit}" for i in catalogue.indicators]
    words += [*BASES.values(), *TIER_NAMES.values(), DEMO_MARK]
    words += ["已公布区间预测中位数控制数来源模型数据截至年（）%、；:·—0123456789,.-"]
    for name in (SANS, SERIF):
        file = resources.files("pylopdf_fonts_zh_cn").joinpath(name)
        known = FT2Font(str(file)).get_charmap()
        missing = {c for w in words for c in w if ord(c) not in known}
        assert not missing, name


def test_the_font_is_registered_under_its_own_name():
    assert register() == register(SANS)
    assert register(SERIF) != register(SANS)
    assert "Noto" in register()


@pytest.mark.parametrize("demo", [True, False])
def test_demonstration_data_are_marked_across_the_picture(competition, monkeypatch, demo):
    _, _, texts = drawn(monkeypatch, competition(demo=demo))
    assert (DEMO_MARK in texts) == demo


def test_caps_are_drawn_over_their_period(competition, cap_of, monkeypatch):
    targets = [
        cap_of(10_400.0),
        cap_of(10_400.0, basis="period_average"),
        cap_of(10_200.0, tier="district", period="2025-03"),
    ]
    _, lines, _ = drawn(monkeypatch, competition(targets=targets))
    by_height = {y: (label, low, high) for label, (y, low, high) in lines.items()}
    label, low, high = by_height[10_400.0]
    assert "10,400" in label
    assert "各月、全年平均" in label
    assert label.startswith(TIER_NAMES["municipal"])
    assert low == pytest.approx(2025 - 1 / 24)
    assert high == pytest.approx(2025 + 11 / 12 + 1 / 24)


def test_a_changed_cap_is_drawn_at_the_number_that_applied_when(
    competition, cap_of, wandering, monkeypatch
):
    first, second = date(2024, 12, 1), date(2025, 3, 10)
    targets = [cap_of(10_400.0, announced_on=first), cap_of(10_200.0, announced_on=second)]
    _, lines, _ = drawn(monkeypatch, competition(wandering(51), targets=targets))
    ((label, now), (_, before)) = lines.items()
    assert "控制数 10,200（此前 10,400）" in label
    assert now == pytest.approx((10_200.0, 2025 + 2 / 12 - 1 / 24, 2025 + 11 / 12 + 1 / 24))
    assert before == pytest.approx((10_400.0, 2025 - 1 / 24, 2025 + 1 / 12 + 1 / 24))


def test_the_cap_of_a_single_month_is_a_line_and_not_a_point(competition, cap_of, monkeypatch):
    _, lines, _ = drawn(monkeypatch, competition(targets=[cap_of(10_200.0, period="2025-01")]))
    ((_, low, high),) = lines.values()
    assert high - low == pytest.approx(1 / 12)


def test_more_caps_than_colours(competition, cap_of, monkeypatch):
    heights = [10_000.0 + 100 * i for i in range(4)]
    targets = [
        cap_of(h, tier=tier, basis=basis, announced_on=date(2025, 1, 3))
        for h, (tier, basis) in zip(
            [*heights, 10_450.0],
            [("national", "any_month"), ("municipal", "any_month"), ("district", "any_month"),
             ("own", "any_month"), ("own", "period_end")],
            strict=True,
        )
    ]  # fmt: skip
    _, lines, _ = drawn(monkeypatch, competition(targets=targets))
    assert sorted(y for y, _, _ in lines.values()) == [*heights, 10_450.0]


def test_a_long_list_of_sources_does_not_widen_the_picture(competition):
    from dataclasses import replace

    result = competition()
    sources = tuple(f"第{i}号统计公报及其附表的说明" for i in range(20))
    wordy = replace(result, history=replace(result.history, sources=sources))
    assert size(fan_chart(wordy)) == (1500, 825)


@pytest.mark.parametrize("scale", [0.05, 3.0, 5_000_000.0])
def test_small_and_large_figures(competition, wandering, scale):
    """Warnings are errors: no missing glyph, no layout that cannot be met."""
    rate = scale < 100
    values = wandering(48, level=scale * 1000) / 1000
    result = competition(
        np.round(values, 2) if rate else np.round(values),
        indicator="registered_unemployment_rate" if rate else "registered_unemployed",
    )
    assert size(fan_chart(result)) == (1500, 825)
