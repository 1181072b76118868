"""Optional settings in `forecast.toml`: one table of keys serves validation and the template."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.files.toml_tables import (
    Constraint,
    TableSchema,
    check_table,
    integer,
    number,
    one_of,
    read_toml,
    table,
    tables,
    text,
    texts,
)
from employment_forecast.data.files.visible import visible
from employment_forecast.data.workspace.folders import Workspace


@dataclass(frozen=True)
class Key:
    """One setting: where it lives, what it means, what it may be."""

    section: str
    name: str
    default: Any
    constraint: Constraint
    meaning: str
    example: str | None = None

    @property
    def path(self) -> str:
        """Dotted name."""
        return f"{self.section}.{self.name}"


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value == visible(value) and "," not in value


def _is_url(value: Any) -> bool:
    if not isinstance(value, str) or value != visible(value):
        return False
    try:
        urlsplit(value).port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return False
    return True


_URL = Constraint(_is_url, "一个加引号的地址，端口是 1—65535 的数字", secret=True)
_ADDRESS = Constraint(_is_address, "一个加引号的邮箱地址，写在一行")
_ADDRESSES = Constraint(
    lambda v: isinstance(v, list) and all(_is_address(i) and "@" in i for i in v),
    '邮箱地址列表，如 ["a@example.org"]，每个地址写在一行',
)
_HOST = Constraint(
    lambda v: isinstance(v, str) and re.fullmatch(r"[\w.:\-]*", v) is not None,
    "加引号的主机名或地址",
)

KEYS: tuple[Key, ...] = (
    Key("store", "url", "", _URL,
        "观测数据库（SQLAlchemy 地址）；留空则用工作区内的 observations.db",
        "postgresql+psycopg://用户:口令@主机/库名"),
    Key("mlflow", "tracking_uri", "", _URL,
        "MLflow 跟踪地址；留空则用工作区内的 mlruns/mlflow.db",
        "http://10.0.0.8:5000"),
    Key("mlflow", "model_runs", "off", one_of("off", "on"),
        "on 为每个参赛模型另记一个子运行；off 时各模型的得分在该次运行的指标和得分表里"),
    Key("run", "horizon", 12, integer(1, 60),
        "至少预测的月数（会自动延长到控制期末）"),
    Key("run", "origins", 36, integer(0, 240), "回测的预测起点个数"),
    Key("run", "paths", 1000, integer(200, 20000), "每次预测的模拟路径条数"),
    Key("run", "seed", 1, integer(0, 2**31 - 1, "非负整数"), "随机种子"),
    Key("run", "jobs", 0, integer(0, 256), "工作进程数；0 表示按处理器核数"),
    Key("run", "models", [], texts('模型名列表，如 ["theta", "ets"]'), "参赛模型；留空表示全部"),
    Key("targets", "around_points", 0.1, number(0, 5, "0—5 的数"),
        "“5.5%左右”这类以百分数表示的目标，偏离多少个百分点以内不算突破（或未完成）"),
    Key("targets", "around_percent", 1.0, number(0, 20, "0—20 的数"),
        "“1.2万人左右”这类以数量表示的目标，偏离百分之几以内不算突破（或未完成）"),
    Key("compute", "engine", "local", one_of("local", "dask"),
        "回测在哪里计算：local 本机；dask 由 scheduler 所指的集群分担，连不上时在本机计算"),
    Key("compute", "scheduler", "", text("加引号的地址"),
        "集群调度程序的地址", "tls://forecast-1:8786"),
    Key("compute", "certificates", "", text("加引号的文件夹名"),
        "本机的集群证书所在的文件夹（ca.pem、cert.pem、key.pem）", "/etc/forecast/cluster"),
    Key("history", "gaps", "fill", one_of("fill", "refuse", "after"),
        "缺月时：fill 由模型补估（连续不超过 6 个月、合计不超过五分之一），并在报告中注明；"
        "refuse 拒绝并报告；after 只用最后一个缺口之后的数据"),
    Key("import", "revisions", "refuse", one_of("refuse", "accept"),
        "已有月份的值不同时：refuse 拒绝（可用 --revise）；accept 作为修订保存，原值保留"),
    Key("monthly", "regions", [], texts('地区列表，如 ["嘉定", "徐汇"]'),
        "月度作业的地区；留空表示所有已导入数据的地区（都没有导入时为演示地区与全国）"),
    Key("monthly", "indicators", [], texts('指标列表，如 ["登记失业人数", "城镇登记失业率"]'),
        "月度作业的指标，每个有数据的地区各做一份；留空表示各地区的默认指标"),
    Key("monthly", "inbox", "", text("加引号的文件夹名"), "监视文件夹；留空则用工作区内的 inbox",
        "/srv/就业数据"),
    Key("monthly", "settle_seconds", 10, integer(0, 3600),
        "监视文件夹中的文件多少秒没有变化才导入；由慢速网络盘复制时可加大"),
    Key("monthly", "timeout_minutes", 30, integer(1, 1440),
        "每个地区最长用时（分钟），超过则跳过并报告"),
    Key("bulletin", "office", "", text(), "月报的发文机关署名",
        "嘉定区人力资源和社会保障局"),
    Key("bulletin", "letterhead", "", text(), "月报的发文机关标志；留空则为署名加“文件”二字",
        "嘉定区人力资源和社会保障局文件"),
    Key("bulletin", "sections", ["原因分析", "存在问题", "下一步措施", "会商意见"], texts(),
        "月报中由人撰写的章节，依次排列"),
    Key("bulletin", "template", "", text(),
        "本单位的月报 docx 模板（相对于工作区）；留空用程序自带的样式", "月报模板.docx"),
    Key("bulletin", "ofd_command", "", text("加引号的命令行"),
        "把月报转成 OFD 的命令行：{docx} 或 {pdf} 表示来源文件，{ofd} 表示结果；留空则没有 OFD",
        "/opt/ofd/convert {pdf} {ofd}"),
    Key("bulletin", "required", [], texts(), "签发前必须写好的章节，如 [\"原因分析\"]"),
    Key("site", "map", "", text("加引号的文件名"),
        "看板的地图，本单位自备的 GeoJSON 文件；留空则不画地图"),
    Key("site", "map_number", "", text(), "地图的审图号，有地图时必填"),
    Key("notify", "command", "", text("加引号的命令行", secret=True),
        "月度作业结束后执行的命令，小结由标准输入传入",
        "mail -s 月度作业 someone@example.org"),
    Key("notify", "when", "news", one_of("news", "always"),
        "何时通知：news 有进展、有文件或需处理时，逾期未到的每周一再提醒；always 每次作业都通知"),
    Key("smtp", "host", "", _HOST, "发送小结的邮件服务器；留空则不发邮件",
        "mail.example.org"),
    Key("smtp", "port", 25, integer(1, 65535), "邮件服务器端口"),
    Key("smtp", "security", "starttls", one_of("none", "starttls", "ssl"),
        "连接方式；none 不加密，须写明才用，且不能带登录名（本机的服务器除外）"),
    Key("smtp", "user", "", text(secret=True),
        "登录名；口令放在环境变量 FORECAST_SMTP_PASSWORD 或 password_file 所指的文件中"),
    Key("smtp", "password_file", "", text("加引号的文件名", secret=True),
        "存放口令的文件（第一行），只让运行本程序的用户可读；定时作业用它最方便"),
    Key("smtp", "sender", "", _ADDRESS, "发件人"),
    Key("smtp", "to", [], _ADDRESSES, "收件人"),
    Key("warnings", "colours", 3, integer(3, 4, "3 或 4"),
        "没有写 [[warning_levels]] 时的等级数：3 为黄橙红，4 为蓝黄橙红（程序默认，非官方标准）"),
    Key("warnings", "breached", "ahead", one_of("ahead", "breach"),
        "控制数已突破时，预警等级和警戒线所指：ahead 最新月及今后各月；breach 已突破这一事实"),
    Key("warnings", "memory_months", 3, integer(1, 24),
        "上次发布的等级隔了多少个月以内才作为“上期等级”维持；更早的视同没有"),
    Key("warnings", "fewest_events", 10, integer(3, 1000),
        "回测中突破与未突破各不足此数时，不据以选界限"),
    Key("thresholds", "signing_key", "", text("加引号的文件名", secret=True),
        "为发布的预警线文件签名的私钥（ssh-keygen 生成的 ed25519 密钥，不设口令）；留空则不签名"),
    Key("monitor", "rollback", "off", one_of("off", "on"),
        "监测报警时：off 只报告；on 自动退回到前任版本（前任须是另一个模型）"),
    Key("cache", "megabytes", 2048, integer(0, 1_000_000, "非负整数（MB）"),
        "回测缓存上限；0 表示不缓存"),
)  # fmt: skip

# Settings of earlier releases: accepted, so that their files open, and without effect.
_RETIRED = {"warnings.line_event": one_of("end", "any")}
_TABLE_LISTS = ("regions", "indicators", "groups", "warning_levels")
_SCHEMA = TableSchema(
    {key.path: replace(key.constraint, meaning=key.meaning) for key in KEYS}
    | _RETIRED
    | {key.section: table(f"表，请写成 [{key.section}]") for key in KEYS}
    | {name: tables(f"若干个表，请写成 [[{name}]]") for name in _TABLE_LISTS}
)


@dataclass(frozen=True)
class Settings:
    """Validated settings.

    Attributes
    ----------
    values : mapping
        Dotted key to value, defaults filled in.
    regions, indicators, groups : tuple of dict
        Catalogue entries the workspace adds.
    warning_levels : tuple of dict
        Warning levels the workspace sets; see `forecasting.early_warning.scheme`.
    """

    values: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType({k.path: k.default for k in KEYS})
    )
    regions: tuple[dict[str, Any], ...] = ()
    indicators: tuple[dict[str, Any], ...] = ()
    groups: tuple[dict[str, Any], ...] = ()
    warning_levels: tuple[dict[str, Any], ...] = ()

    def __getitem__(self, path: str) -> Any:
        return self.values[path]

    def store_url(self, workspace: Workspace) -> str:
        """Where observations are kept."""
        return self["store.url"] or f"sqlite:///{workspace.database}"

    def tracking_uri(self, workspace: Workspace) -> str:
        """Where MLflow records runs."""
        return self["mlflow.tracking_uri"] or f"sqlite:///{workspace.mlruns / 'mlflow.db'}"

    @property
    def jobs(self) -> int:
        """Worker processes to use."""
        return int(self["run.jobs"]) or os.cpu_count() or 1


def parse_settings(content: str, file: Path) -> Settings:
    """Validate the text of a settings file."""
    where = f"配置文件“{file}”"
    raw = read_toml(content, where)
    known = check_table(_dotted(raw), _SCHEMA, where)
    values = {key.path: known.get(key.path, key.default) for key in KEYS}
    return Settings(
        MappingProxyType({k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}),
        **{name: known.get(name, ()) for name in _TABLE_LISTS},
    )


# A process asks often; checking thousands of regions of one file takes a tenth of a second.
_parsed = lru_cache(maxsize=2)(parse_settings)


def _dotted(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Keys under their dotted names; what is no filled table stays as it is."""
    values: dict[str, Any] = {}
    for section, content in raw.items():
        if isinstance(content, dict) and content and section not in _TABLE_LISTS:
            values |= {f"{section}.{name}": value for name, value in content.items()}
        else:
            values[section] = content
    return values


def load_settings(workspace: Workspace) -> Settings:
    """Read the workspace's settings; defaults where there is no file.

    Raises
    ------
    SettingsError
        As in `parse_settings`, or if the file cannot be read.
    """
    file = workspace.settings_file
    if not file.is_file():
        return Settings()
    try:
        content = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"配置文件“{file}”的编码不是 UTF-8。", "请在编辑器中另存为 UTF-8 编码。"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"配置文件“{file}”无法读取（{error.strerror}）。", "请检查文件权限。"
        ) from error
    return _parsed(content, file)


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def template() -> str:
    """A settings file in which every key is commented out and explained."""
    lines = ["# 就业失业预测引擎配置。删去行首的 # 使该项生效；未写的项用默认值。"]
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        lines.append(f"# {key.meaning}（{key.constraint.wanted}）")
        lines.append(f"# {key.name} = {_toml(key.example or key.default)}")
    lines += [
        "",
        "# 本单位另加的地区（可到街镇），逐个写一段：",
        "# [[regions]]",
        '# code = "310114101"',
        '# name = "某街道"',
        '# aliases = ["某街"]',
        '# parent = "310114"',
        '# level = "street"',
        '# default_indicator = "registered_unemployed"',
        "",
        "# 本单位另加的群体、行业或职业，逐个写一段；同一 partition 的互不重叠，合起来是全部：",
        "# [[groups]]",
        '# code = "manufacturing"',
        '# name = "制造业"',
        '# partition = "industry"',
        "",
        "# 本单位的预警等级，逐级写一段，由轻到重（blue、yellow、orange、red）；数值请注明依据：",
        "# [[warning_levels]]",
        '# code = "yellow"',
        '# name = "Ⅲ级"',
        '# colour = "黄色"',
        "# probability = 0.25    # 突破概率达到此数；或写 miss_cost = 3（漏报一次相当于误报几次）",
        "# months = 1            # 连续几个月达到",
        "# release = 0.15        # 降到此数以下才解除",
        '# step = "应急预案中对应的措施"',
        "# report_hours = 12     # 报告时限（小时）",
        '# source = "文件名称和文号"',
        "# 以下任一条成立即达到该级；事件为 closure（关闭破产）或 layoff（裁员）：",
        '# rules = [{ indicator = "registered_unemployment_rate", at_least = 4.5, months = 2 }]',
        "",
    ]
    return "\n".join(lines)
