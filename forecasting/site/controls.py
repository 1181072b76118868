"""What a reader can move on a region's page: a cap, the coming figure, layoffs, new jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

from employment_forecast.data.targets import BASES
from employment_forecast.forecasting.bulletin.render.trees import Child, element
from employment_forecast.forecasting.site.elements import DEMO, paragraphs


def key() -> list[Element]:
    """What the lines and bands of the chart are."""
    return [
        element("li", None, [element("i", {"class": css}), words])
        for css, words in (
            ("k-past", "已公布"),
            ("k-median", "预测中位数"),
            ("k-inner", "80%区间"),
            ("k-outer", "95%区间"),
        )
    ]


def _control(name: str, label: str, attributes: Mapping[str, str], after: str = "") -> Element:
    words: list[Child] = [label]
    if after:
        words += [" ", element("output", {"id": after, "for": name})]
    children = [
        element("label", {"for": name}, words),
        element("input", {"id": name, **attributes}),
    ]
    return element("div", {"class": "control"}, children)


def _cap_controls(content: Mapping[str, Any]) -> list[Child]:
    precision = f"{content['precision']:g}"
    children: list[Child] = []
    for at, cap in enumerate(content["caps"]):
        spread = [row[-1] for row in content["quantiles"]] + [
            row[0] for row in content["quantiles"]
        ]
        low = min(*spread, cap["value"], *content["values"][-12:])
        high = max(*spread, cap["value"], *content["values"][-12:])
        room = 0.1 * (high - low) or abs(high) * 0.1 or 1.0
        ends = {
            "min": f"{max(low - room, 0.0):.{content['decimals']}f}",
            "max": f"{high + room:.{content['decimals']}f}",
            "step": precision,
            "value": f"{cap['value']:.12g}",
            "type": "range",
        }
        lead = ""
        if cap["like"] == at:
            title = f"{cap['title']}，拖动试看其他数值："
            children.append(_control(f"cap-{at}", title, ends, f"cap-value-{at}"))
        else:
            lead = f"{BASES[cap['basis']]}："
        children += [
            element(
                "p",
                {"aria-live": "polite"},
                [
                    f"{lead}期内任一月突破的概率 ",
                    element("strong", {"id": f"p-any-{at}"}),
                    "；"
                    + (
                        "全年平均突破的概率 "
                        if cap["basis"] == "period_average"
                        else "期末突破的概率 "
                    ),
                    element("strong", {"id": f"p-end-{at}"}),
                    element(
                        "span",
                        {"id": f"broken-{at}", "hidden": "hidden"},
                        ["（按这个数值，期内已有公布的月份突破）"],
                    ),
                ],
            ),
        ]
    return children


def _scenario_controls(content: Mapping[str, Any]) -> list[Child]:
    given = content["scenario"]
    if "reason" in given:
        return paragraphs([f"情景推演：{given['reason']}"], "note")
    latest = content["values"][-1] * given["persons_per_unit"]
    most = max(round(0.3 * latest, -2), 100)
    options = [
        element("option", {"value": str(at)}, [month]) for at, month in enumerate(content["ahead"])
    ]
    return [
        element("h3", None, ["如果发生裁员，或新增就业变动"]),
        element(
            "div",
            {"class": "control"},
            [
                element("label", {"for": "layoff-month"}, ["裁员月份"]),
                element("select", {"id": "layoff-month"}, options),
            ],
        ),
        _control(
            "people",
            "裁员人数：",
            {"type": "range", "min": "0", "max": f"{most:.0f}", "step": "50", "value": "0"},
            "people-value",
        ),
        _control(
            "jobs",
            "新增就业变动：",
            {"type": "range", "min": "-50", "max": "50", "step": "5", "value": "0"},
            "jobs-value",
        ),
        *paragraphs(["与 forecast scenario 的默认假定相同；情景不是预测，不进入警戒线。"], "note"),
        element(
            "p",
            {"id": "supposed", "class": "warn", "hidden": "hidden"},
            ["图和概率现为假定情景之下的结果。"],
        ),
    ]


def controls(content: Mapping[str, Any], title: str) -> Element:
    """The part of the page that computes; hidden where scripts are off."""
    coming = content["ahead"][0]
    caps = [
        element("li", None, [element("i", {"class": f"k-cap{at % 4}"}), cap["title"]])
        for at, cap in enumerate(content["caps"])
    ]
    caps += [
        element("li", None, [element("i", {"class": f"k-line-{level['code']}"}), words])
        for level in content["scheme"]
        if (words := f"{level['name']}警戒线")
    ]
    demo = paragraphs([DEMO], "demo") if content["demo"] else []
    chart = {
        "id": "chart",
        "tabindex": "0",
        "role": "img",
        "aria-label": f"{title}：已公布的数值、预测区间和控制数；左右方向键逐月读数",
    }
    return element(
        "section",
        {"id": "hands-on", "class": "controls", "aria-labelledby": "hands-on-head"},
        [
            element("h2", {"id": "hands-on-head"}, ["动手看"]),
            *demo,
            element("div", chart),
            element("p", {"id": "reading", "aria-live": "polite"}),
            element("ul", {"class": "key", "aria-hidden": "true"}, [*key(), *caps]),
            *_cap_controls(content),
            _control(
                "coming",
                f"{coming} 如果是（{content['unit']}）：",
                {"type": "number", "min": "0", "step": f"{content['precision']:g}"},
            ),
            element("p", {"id": "coming-result", "aria-live": "polite"}),
            *_scenario_controls(content),
            element(
                "p", None, [element("button", {"id": "reset", "type": "button"}, ["恢复原状"])]
            ),
        ],
    )
