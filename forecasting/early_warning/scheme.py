"""Warning levels as they are set: the defaults, and those of `[[warning_levels]]`.

No threshold here is official. The default cuts follow from a stated cost alone: with calibrated
probabilities the expected cost is least if one warns from 1 / (1 + c) on, where c says how many
false alarms one missed breach is worth. A bureau enters the numbers of its own plan (应急预案),
each with its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.errors import SettingsError, UnknownNameError
from employment_forecast.data.files.toml_tables import (
    TableSchema,
    check_table,
    filled,
    integer,
    line,
    number,
    one_of,
    tables,
    text,
)
from employment_forecast.data.workspace import Settings

NONE = "none"
NONE_NAME = "无预警"
Leads = Literal["ahead", "breach"]
# Mildest first.
CODES = ("blue", "yellow", "orange", "red")
EVENTS: Mapping[str, str] = {"closure": "关闭破产", "layoff": "裁员"}


@dataclass(frozen=True)
class Rule:
    """One local rule: on a published indicator, or on events among firms.

    Attributes
    ----------
    indicator : str
        Catalogue code; empty for a rule on events.
    at_least : float
        In the indicator's unit: the level applies when it is reached.
    months : int
        Consecutive published months at or above `at_least`.
    event : {"", "closure", "layoff"}
        Kind of event; empty for a rule on an indicator.
    people : float
        People affected by one event, or by `firms` and more events of a month together.
    firms : int
        1: a single event must affect that many; else at least so many events together.
    firm_size : float
        Only events at firms with at least so many people count.
    window : int
        Months, up to the newest, whose events are taken together over all firms; 1 for that of the
        month alone.
    source : str
        Document the number is from.
    name : str
        Chinese name of the indicator, from the catalogue.
    """

    indicator: str = ""
    at_least: float = 0.0
    months: int = 1
    event: str = ""
    people: float = 0.0
    firms: int = 1
    firm_size: float = 0.0
    window: int = 1
    source: str = ""
    name: str = ""


@dataclass(frozen=True)
class Level:
    """One warning level.

    Attributes
    ----------
    code : {"blue", "yellow", "orange", "red"}
        Mildest first.
    name, colour : str
        Chinese: Ⅲ级, 黄色.
    probability : float
        Cut: the level applies when the probability of breaking a cap reaches it.
    months : int
        Consecutive monthly assessments that must reach the cut.
    release : float
        Once issued, the level stays while the probability is at least this; not above the cut.
    rules : tuple of Rule
        Each calls for the level by itself.
    step : str
        Step of the local emergency plan (应急预案) it triggers.
    report_hours : float or None
        Deadline for the report.
    source : str
        Where the numbers are from.
    miss_cost : float or None
        False alarms that one missed breach is worth, where the cut follows from it.
    """

    code: str
    name: str
    colour: str
    probability: float
    months: int = 1
    release: float = 0.0
    rules: tuple[Rule, ...] = ()
    step: str = ""
    report_hours: float | None = None
    source: str = ""
    miss_cost: float | None = None

    @property
    def label(self) -> str:
        """Name and colour: Ⅲ级（黄色）."""
        return f"{self.name}（{self.colour}）"


@dataclass(frozen=True)
class Scheme:
    """Levels in force.

    Attributes
    ----------
    levels : tuple of Level
        Mildest first, probabilities ascending.
    source : str
        Where they are from, in Chinese.
    leads : {"ahead", "breach"}
        What the level and the lines of a broken cap speak of: what is still to come, or the breach.
    """

    levels: tuple[Level, ...]
    source: str
    leads: Leads = "ahead"

    @property
    def cuts(self) -> dict[str, float]:
        """Probability by level code, mildest first."""
        return {level.code: level.probability for level in self.levels}

    @property
    def window(self) -> int:
        """Months of events that some rule looks back on."""
        return max((rule.window for level in self.levels for rule in level.rules), default=1)

    def level(self, code: str) -> Level | None:
        """Level of a code; None for `none` and for codes of another scheme."""
        return next((level for level in self.levels if level.code == code), None)

    def name(self, code: str) -> str:
        """Chinese name of a level, 无预警 for `none`."""
        level = self.level(code)
        return NONE_NAME if level is None else level.label

    def rank(self, code: str) -> int:
        """0 for none, then 1 and up from the mildest."""
        codes = [level.code for level in self.levels]
        return codes.index(code) + 1 if code in codes else 0


DEFAULT_SOURCE = "程序默认值（按漏报与误报的代价比推算，不是官方标准）"
# Between a level's cut and its release, so that it does not flicker.
DEFAULT_GAP = 0.1
# Number of false alarms that one missed breach is worth; the severer the level, the fewer.
_DEFAULTS = (
    ("blue", "Ⅳ级", "蓝色", 9.0),
    ("yellow", "Ⅲ级", "黄色", 3.0),
    ("orange", "Ⅱ级", "橙色", 1.0),
    ("red", "Ⅰ级", "红色", 0.25),
)


def cut_by_cost(miss_cost: float) -> float:
    """Probability from which to warn if a missed breach costs so many false alarms."""
    return 1 / (1 + miss_cost)


def default_scheme(colours: int) -> Scheme:
    """Levels of the program's own: yellow to red, or blue to red.

    Parameters
    ----------
    colours : {3, 4}
        Number of levels.
    """
    levels = tuple(
        Level(
            code,
            name,
            colour,
            cut_by_cost(cost),
            miss_cost=cost,
            release=max(cut_by_cost(cost) - DEFAULT_GAP, cut_by_cost(cost) / 2),
            source=DEFAULT_SOURCE,
        )
        for code, name, colour, cost in _DEFAULTS[-colours:]
    )
    return Scheme(levels, DEFAULT_SOURCE)


def load_scheme(settings: Settings, where: str = "forecast.toml") -> Scheme:
    """Levels of the workspace; the program's own where none are set."""
    leads: Leads = settings["warnings.breached"]
    if not settings.warning_levels:
        return replace(default_scheme(int(settings["warnings.colours"])), leads=leads)
    place = f"{where} 的 [[warning_levels]] "
    catalogue = load_catalogue(settings.regions, settings.indicators, where, settings.groups)
    levels = [_level(raw, place, catalogue) for raw in settings.warning_levels]
    codes = [level.code for level in levels]
    if len(set(codes)) < len(codes):
        raise SettingsError(f"{place}里有重复的等级。", "每个 code 只写一段。")
    if len({level.name for level in levels}) < len(levels):
        raise SettingsError(f"{place}里有两级同名。", "请给各级不同的 name。")
    levels.sort(key=lambda level: CODES.index(level.code))
    for milder, severer in pairwise(levels):
        if severer.probability <= milder.probability:
            raise SettingsError(
                f"{place}里{severer.label}的概率 {severer.probability:.3g} 不高于"
                f"{milder.label}的 {milder.probability:.3g}。",
                "等级越重，概率应越高。",
            )
    sources = dict.fromkeys(level.source for level in levels if level.source)
    return Scheme(tuple(levels), "；".join(sources) or f"{where}（未注明依据）", leads)


_LEVEL = TableSchema(
    {
        "code": one_of(*CODES),
        "name": line("加引号的名称，写在一行，如 Ⅲ级"),
        "colour": line("加引号的颜色，写在一行，如 黄色"),
        "probability": number(0.001, 0.999, "0 与 1 之间的概率"),
        "miss_cost": number(0.001, 999, "正数：漏报一次相当于误报几次"),
        "months": integer(1, 24),
        "release": number(0, 0.999, "0 与 1 之间的概率，不高于该级的概率"),
        "rules": tables(),
        "step": text(),
        "report_hours": number(0.1, 10_000, "正数（小时）"),
        "source": text(),
    },
    required=("code", "name", "colour"),
)
_RULE = TableSchema(
    {
        "indicator": filled("加引号的指标代码"),
        "at_least": number(0, 1e12, "非负数"),
        "months": integer(1, 24),
        "event": one_of(*EVENTS),
        "people": number(1, 1e9, "正数（人）"),
        "firms": integer(1, 10_000, "正整数（家）"),
        "firm_size": number(0, 1e9, "非负数（人）"),
        "window": integer(1, 12, "1—12 的整数（月）：把近几个月各家企业的合在一起"),
        "source": text(),
    }
)


# Keys that say something of one kind of rule alone.
_OF_INDICATOR = ("at_least", "months")
_OF_EVENT = ("people", "firms", "firm_size", "window")


def _level(raw: Mapping[str, Any], where: str, catalogue: Catalogue) -> Level:
    where = f"{where}等级“{raw.get('code', '?')}”"
    check_table(raw, _LEVEL, where)
    if ("probability" in raw) == ("miss_cost" in raw):
        raise SettingsError(
            f"{where}里 probability 和 miss_cost 须恰有其一。",
            "写突破概率的界限，或写漏报一次相当于误报几次（界限为 1/(1+代价)）。",
        )
    cost = raw.get("miss_cost")
    cut = float(raw["probability"]) if cost is None else cut_by_cost(float(cost))
    release = float(raw.get("release", max(cut - DEFAULT_GAP, cut / 2)))
    if release > cut:
        raise SettingsError(
            f"{where}里 release（{release:.3g}）高于该级的概率（{cut:.3g}）。",
            "解除线不应高于发布线。",
        )
    rules = tuple(_rule(item, where, catalogue) for item in raw.get("rules", ()))
    return Level(
        code=raw["code"],
        name=raw["name"],
        colour=raw["colour"],
        probability=cut,
        months=raw.get("months", 1),
        release=release,
        rules=rules,
        step=raw.get("step", ""),
        report_hours=raw.get("report_hours"),
        source=raw.get("source", ""),
        miss_cost=None if cost is None else float(cost),
    )


def _rule(raw: Mapping[str, Any], where: str, catalogue: Catalogue) -> Rule:
    where = f"{where}的 rules "
    check_table(raw, _RULE, where)
    if ("indicator" in raw) == ("event" in raw):
        raise SettingsError(
            f"{where}里 indicator 和 event 须恰有其一。",
            "按指标的规则写 indicator 和 at_least；按事件的规则写 event 和 people。",
        )
    mine, kind = (_OF_INDICATOR, "indicator") if "indicator" in raw else (_OF_EVENT, "event")
    idle = [key for key in raw if key not in (*mine, kind, "source")]
    if idle:
        raise SettingsError(
            f"{where}里“{'、'.join(idle)}”对 {kind} 的规则没有作用。",
            f"这种规则可用的键：{'、'.join((kind, *mine, 'source'))}。",
        )
    needed = "at_least" if "indicator" in raw else "people"
    if needed not in raw:
        raise SettingsError(f"{where}里缺少必填的键“{needed}”。", "请补上后重试。")
    if "event" in raw:
        return Rule(**raw)
    try:
        indicator = catalogue.indicator(raw["indicator"])
    except UnknownNameError as error:
        raise SettingsError(f"{where}里：{error.message}", error.hint) from error
    low, high, at = indicator.smallest, indicator.largest, float(raw["at_least"])
    if at == 0 or (high and not low <= at <= high):
        raise SettingsError(
            f"{where}里 at_least = {at:.12g} 不像是{indicator.name}（{indicator.unit}）的界限。",
            "百分数写 4.5，不写 0.045；0 总是达到，不是界限。" if high else "请核对数值和单位。",
        )
    return Rule(**{**raw, "indicator": indicator.code, "name": indicator.name})
