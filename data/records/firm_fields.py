"""Fields of a sample firm's monthly report, with the titles that offices give them."""

from __future__ import annotations

# Columns of the monthly panel of monitored firms (失业动态监测): field -> names.
FIRM_FIELDS: dict[str, tuple[str, ...]] = {
    "firm": (
        *(
            "企业编码",
            "企业编号",
            "企业代码",
            "单位编码",
            "单位编号",
            "单位代码",
            "样本编号",
            "样本编码",
        ),
        *("样本企业编码", "样本企业编号", "监测企业编号", "监测企业编码", "统一社会信用代码"),
        *("组织机构代码", "监测点编号", "firm"),
    ),
    "firm_name": ("企业名称", "单位名称", "企业", "监测企业", "监测企业名称", "样本企业名称"),
    "base": (
        *(
            "建档期就业人数",
            "建档期人数",
            "建档期",
            "建档期就业",
            "建档期在岗人数",
            "建档期用工人数",
        ),
        "base",
    ),
    "hires": (
        *(
            "新招",
            "新招人数",
            "新招用",
            "新招用人数",
            "新招人员",
            "本期新招",
            "新增人数",
            "招用人数",
        ),
        *("新招就业人数", "hires"),
    ),
    "separations": (
        *("减员", "减员人数", "减员合计", "减员总数", "减少人数", "本期减员", "减员就业人数"),
        "separations",
    ),
    "end": (
        *("调查期末就业人数", "调查期就业人数", "调查期末", "调查期末人数", "期末就业人数"),
        *("期末在岗人数", "期末用工人数", "end"),
    ),
    "dispatched": (
        "劳务派遣",
        "劳务派遣人数",
        "派遣人数",
        "劳务派遣用工",
        "劳务派遣人员",
        "dispatched",
    ),
    "hidden": ("隐性失业", "隐性失业人数", "隐性失业人员", "hidden"),
    "industry": ("行业", "所属行业", "行业门类", "行业名称", "行业代码", "行业类别", "industry"),
    "sector": ("产业", "三次产业", "所属产业", "产业类型", "sector"),
    "ownership": ("企业性质", "单位性质", "登记注册类型", "经济类型", "所有制", "ownership"),
    "size": ("规模", "企业规模", "规模类型", "单位规模", "size"),
    "street": ("所在街镇", "所属街镇", "所在街道", "所在镇", "所在乡镇", "所属街道", "street"),
    "main_cause": ("减员主要原因", "主要减员原因", "主要原因", "main_cause"),
    "type:employer": (
        "用人单位解除",
        "用人单位解除合同",
        "单位解除",
        "企业解除",
        "用人单位提出解除",
    ),
    "type:employee": (
        "劳动者解除",
        "劳动者解除合同",
        "劳动者主动解除",
        "个人解除",
        "主动辞职",
        "辞职",
    ),
    "type:contract_end": ("合同终止", "劳动合同终止", "合同到期", "合同期满", "终止合同"),
    "type:retirement": ("退休", "自然减员", "离退休", "退休及死亡"),
    "type:other": ("其他减员", "其他类型", "减员其他"),
    "cause:closure": ("关闭破产", "破产关闭", "关闭", "破产"),
    "cause:suspension": ("停业整顿", "停产整顿", "停产停业"),
    "cause:relocation": ("外迁", "搬迁", "企业外迁"),
    "cause:restructuring": ("改制重组", "改制", "重组"),
    "cause:hardship": ("生产经营困难", "经营困难", "生产经营发生严重困难"),
    "cause:conversion": ("转产", "企业转产"),
    "cause:technology": (
        *("技术革新或经营方式调整", "技术革新", "重大技术革新", "经营方式调整"),
        "技术革新或经营方式调整后仍需裁减",
    ),
    "cause:other": ("其他原因", "原因其他"),
}


# Titles of the types and causes of 减员: `type:employer` is 用人单位解除.
SEPARATION_TITLES = {f: names[0] for f, names in FIRM_FIELDS.items() if ":" in f}
