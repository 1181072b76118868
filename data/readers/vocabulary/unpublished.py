"""What says that a figure was not published: expected, forecast, planned or aimed at."""

from __future__ import annotations

import re
from functools import lru_cache

from employment_forecast.data.readers.vocabulary.folding import fold

_FORESEEN = "预计|预测|预估|暂估"
_AIMED_AT = "预期|计划|规划|目标|任务"
# (F) behind 女 is female.
_SUFFIXES = (
    r"\(预\)|(?<=[\d年月季度数值])\([ef]\)"
    r"|(?<![a-z])(?:forecast|planned|target|budget)(?![a-z])"
)
# As a column head or a row label; shares and progress compare with such figures.
_LABEL = re.compile(f"{_FORESEEN}|{_AIMED_AT}|{_SUFFIXES}")
_COMPARES = re.compile("完成|进度|率|比|差|排名")
# The same words where they say nothing of the figures.
_HARMLESS = re.compile(
    r"预计(?!数|值|表|人数)[^,;。()]{0,14}(?:发布|公布|更新|报送|上报)"
    "|(?:用于|便于|供|拟作)[^,;。()]{0,8}预测"
    "|目标(?:群体|人群|对象)|规划(?:区|局|处|科|院)|计划(?:生育|单列)"
)
# As a remark about one row.
_REMARK = re.compile(
    rf"(?:本月|当月|本期|全年|均|该|此|数据|数|值|为|系|是|属于?)*(?:{_FORESEEN}|{_AIMED_AT})"
    r"(?:数据|人数|数字|数|值|性|中)*(?:[,;。(:].*)?|(?:预|e|f|forecast|planned|target|budget)"
    rf"|.*(?:(?:{_FORESEEN}|计划|目标)(?:数|值)|(?:为|系)(?:{_FORESEEN})|\((?:{_FORESEEN}|计划|预)\)).*"
)
# What only compares with such figures, and what has replaced one since.
_COMPARED = re.compile(
    "(?:非|不是|不含|没有|达到?|完成|超过?|[高低好差优多少大小]于|比|较|与|占|符合|接近|等于|不及)"
    rf"[^,;。:()]{{0,6}}(?:{_FORESEEN}|{_AIMED_AT})"
    rf"|(?:{_FORESEEN}|{_AIMED_AT})(?:数|值|人数)?(?:的|完成)?[\d.]+%"
    "|预测(?:预警)?(?:系统|平台|模型|软件|中心)"
)
_REPLACED = re.compile("已经?(?:更正|修正|调整|替换|更新|改)[为成](?:实际|正式|已?公布|实绩)")
# As the title of a table; of what is only planned it has to say that the table holds the plan.
_TITLE = re.compile(
    rf"{_FORESEEN}|(?:{_AIMED_AT})(?:数|值|人数|指标|分解|安排|目标|任务|分配)*(?:情况|汇总|一览|统计)?"
    r"(?:表|[):,]|$)"
    "|样表|样例|范例|(?:模拟|测试|演示)(?:数据|用表)|示例(?:表|数据|[:)]|$)"
)
_NO_TITLE = re.compile(
    "(?:监测|预警).{0,2}预测|预测(?:预警|系统|模型|平台|监测|中心|用|所需|输入|依据|基础|数据源)|供预测"
    "|实际|实绩|完成情况"
)
# As a remark that a figure is not the right one.
_DOUBTED = re.compile("有误|作废|更正为|应为|为准|[缺漏]报|不全|不含[^,;。]{0,10}[镇街乡区园]")
_LONGEST = 200


def is_unpublished(label: str) -> bool:
    """True for a column head or row label such as 12月（预计） or 年度目标."""
    text = _HARMLESS.sub("", fold(label[:_LONGEST]))
    return bool(_LABEL.search(text)) and not _COMPARES.search(text)


@lru_cache(maxsize=8192)
def remark_on_publication(text: str) -> str:
    """`unpublished` if a remark says so of its row, `mentioned` for a word of it in passing."""
    folded = fold(text[:_LONGEST])
    if not _LABEL.search(folded) and folded not in ("预", "e", "f"):
        return ""
    bare = _COMPARED.sub("", _HARMLESS.sub("", folded))
    said = _REMARK.fullmatch(bare) and not _REPLACED.search(bare)
    return "unpublished" if said else "mentioned"


def is_unpublished_title(text: str) -> bool:
    """True for the title of a table of figures that nobody published: 2026年目标任务分解表."""
    folded = _HARMLESS.sub("", fold(text[:_LONGEST]))
    return bool(_TITLE.search(folded)) and not _NO_TITLE.search(folded)


def is_doubted(remark: str) -> bool:
    """True for a remark that says that a figure is wrong or replaced: 数据有误，更正为12210."""
    return bool(_DOUBTED.search(fold(remark[:_LONGEST])))
