"""Words that offices use for columns, forms and totals, apart from regions and indicators."""

from __future__ import annotations

import re
from typing import Literal

Dimension = Literal[
    "region",
    "indicator",
    "group",
    "month",
    "year",
    "unit",
    "value",
    "published_on",
    "source",
    "demo",
    "unpublished",
    "ignore",
    "any",
]
Form = Literal["monthly", "cumulative"]

DIMENSIONS: dict[Dimension, tuple[str, ...]] = {
    "region": (
        *(
            "地区",
            "地区名称",
            "地区代码",
            "地区编码",
            "区划代码",
            "区域",
            "区县",
            "区(县)",
            "县区",
            "县(市、区)",
            "市区",
        ),
        *(
            "区县名称",
            "县市区",
            "行政区",
            "行政区划",
            "行政区划代码",
            "行政区划编码",
            "行政区代码",
            "区县代码",
            "城市",
            "地市",
            "省份",
            "省市",
        ),
        *("街镇", "街道", "街道(镇)", "街道(乡镇)", "镇街", "乡镇", "乡镇(街道)", "街镇名称"),
        *("区域名称", "region", "region_code", "area"),
    ),
    "indicator": ("指标", "指标名称", "统计指标", "指标代码", "主要指标", "indicator", "measure"),
    "group": ("群体", "人群", "人员类别", "人群类别", "重点群体", "group"),
    "month": (
        *("月份", "月", "时间", "日期", "年月", "统计月份", "统计年月", "期间", "统计期", "报告期"),
        *("时期", "数据期", "数据月份", "统计时间", "所属期", "所属月份", "调查月份", "调查期别"),
        *("报告月份", "年份月份", "month", "period", "date"),
    ),
    "year": ("年份", "年度", "年", "year"),
    "unit": ("计量单位", "单位", "数量单位", "unit"),
    "value": (
        "数值",
        "数据",
        "值",
        "数据值",
        "指标值",
        "统计值",
        "观测值",
        "绝对量",
        "绝对值",
        "value",
    ),
    "published_on": ("发布日期", "公布日期", "发布时间", "公布时间", "发布日", "published_on"),
    "source": ("来源", "数据来源", "资料来源", "出处", "source"),
    "demo": ("演示", "是否演示", "演示数据", "demo"),
    "unpublished": (
        *("是否预测", "是否预计", "是否预测值", "是否预计数", "是否预测数", "预测标志", "预计标志"),
        *("是否计划", "是否目标", "is_forecast", "forecast_flag"),
    ),
    "ignore": (
        "序号",
        "编号",
        "备注",
        "说明",
        "行次",
        "栏次",
        "代码",
        "注",
        "no",
        "no.",
        "id",
        "行号",
    ),
    "any": ("项目", "名称", "类别", "分类", "类型", "科目", "内容", "栏目"),
}

# Heads of the days in a table of part-month figures (月中数); the first is the template's.
FIRST_DAYS = ("起始日期", "开始日期", "统计起始日")
LAST_DAYS = ("截至日期", "截止日期", "截至日", "截止日", "统计截止日", "统计日期", "周末日期")

# A plain word for a quantity; says nothing about the form.
NEUTRAL = (
    *(
        "人数",
        "数量",
        "实绩",
        "完成数",
        "实际",
        "实际数",
        "实际值",
        "实有数",
        "实有人数",
        "期末",
        "月末",
        "期末数",
    ),
    *("月末数", "本月末", "期末人数", "季末", "本期末", "完成", "实际完成", "末", "累计实有"),
)
FORMS: dict[Form, tuple[str, ...]] = {
    "monthly": (
        *(
            "当月",
            "本月",
            "本期",
            "当期",
            "当月数",
            "本月数",
            "本期数",
            "当期数",
            "当月值",
            "本月值",
        ),
        *("当月新增", "本月新增", "本月完成", "当月完成", "月度数", "单月"),
    ),
    "cumulative": (
        *("累计", "本年累计", "累计数", "累计值", "本年累计数", "累计完成", "年初累计", "年累计"),
        *("年初至今", "本年累计完成", "1月起累计", "1月至本月累计", "1-本月累计", "当年累计"),
        *("自年初累计", "年初以来累计", "本月止累计", "至本月累计", "本月累计", "1月起累计数"),
    ),
}
TOTALS = (
    *(
        "合计",
        "总计",
        "共计",
        "总数",
        "总和",
        "全市",
        "全区",
        "全县",
        "全省",
        "全市合计",
        "全区合计",
    ),
    *(
        "全省合计",
        "全县合计",
        "全市总计",
        "全区总计",
        "总体",
        "全部",
        "全体",
        "total",
        "合计数",
        "总合计",
    ),
)
SUBTOTALS = ("小计", "分计", "subtotal")

DERIVED = re.compile(
    "同比|环比|比上|比去|较上|较去|增减|增长|增幅|增速|升降|升幅|降幅|增加|减少|下降|上升|变动|变化"
    "|占比|比重|占|完成率|完成进度|完成比例|进度"
    "|目标(?!群体|人群|对象)|计划(?!生育|单列)|任务|排名|位次|名次|上年|去年|上月|上期|同期"
    "|平均|预测|预计|预估|暂估|预期|规划(?!区|局|处|科|院)|\\(预\\)"
    "|(?<=[\\d年月季度数值])\\([ef]\\)|±|\\+/-"
)
# A head that only gives a block of columns or rows a name.
HEADING = re.compile(
    "按.+分(?:组|类)?:?|.*(?:情况|统计|统计表|月报|月报表|一览表|情况表|主要指标):?"
)

# Under a merged head 减员… the bare word 其他 belongs to whichever list the head names.
FIRM_HEADS = {"type": ("减员类型", "减员方式", "按类型"), "cause": ("减员原因", "按原因")}
