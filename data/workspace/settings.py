"""Optional settings in `forecast.toml`: one table of keys serves validation and the template."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from employment_forecast.data.errors import SettingsError, nearest
from employment_forecast.data.workspace.folders import Workspace

Check = Callable[[Any], bool]


def _integer(low: int, high: int) -> Check:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return fits


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _one_of(*choices: str) -> Check:
    return lambda value: value in choices


@dataclass(frozen=True)
class Key:
    """One setting: where it lives, what it means, what it may be."""

    section: str
    name: str
    default: Any
    check: Check
    wanted: str
    meaning: str
    example: str | None = None

    @property
    def path(self) -> str:
        """Dotted name."""
        return f"{self.section}.{self.name}"


KEYS: tuple[Key, ...] = (
    Key("store", "url", "", _text, "文字",
        "观测数据库（SQLAlchemy 地址）；留空则用工作区内的 observations.db",
        "postgresql+psycopg://用户：口令@主机/库名"),
    Key("mlflow", "tracking_uri", "", _text, "文字",
        "MLflow 跟踪地址；留空则用工作区内的 mlruns/mlflow.db",
        "http://10.0.0.8:5000"),
    Key("run", "horizon", 12, _integer(1, 60), "1—60 的整数",
        "至少预测的月数（会自动延长到控制期末）"),
    Key("run", "origins", 36, _integer(0, 240), "0—240 的整数", "回测的预测起点个数"),
    Key("run", "paths", 1000, _integer(200, 20000), "200—20000 的整数", "每次预测的模拟路径条数"),
    Key("run", "seed", 1, _integer(0, 2**31 - 1), "非负整数", "随机种子"),
    Key("run", "jobs", 0, _integer(0, 256), "0—256 的整数", "工作进程数；0 表示按处理器核数"),
    Key("run", "models", [], _names, "模型名列表", "参赛模型；留空表示全部"),
    Key("history", "gaps", "refuse", _one_of("refuse", "after"), '"refuse" 或 "after"',
        "缺月时：refuse 拒绝并报告；after 只用最后一个缺口之后的数据"),
    Key("import", "revisions", "refuse", _one_of("refuse", "accept"), '"refuse" 或 "accept"',
        "已有月份的值不同时：refuse 拒绝（可用 --revise）；accept 作为修订保存，原值保留"),
    Key("monthly", "regions", [], _names, "地区列表",
        "月度作业的地区；留空表示所有已导入数据的地区（都没有导入时为演示地区与全国）"),
    Key("monthly", "inbox", "", _text, "文件夹", "监视文件夹；留空则用工作区内的 inbox",
        "/srv/就业数据"),
    Key("monthly", "settle_seconds", 10, _integer(0, 3600), "0—3600 的整数",
        "监视文件夹中的文件多少秒没有变化才导入；由慢速网络盘复制时可加大"),
    Key("monthly", "timeout_minutes", 30, _integer(1, 1440), "1—1440 的整数",
        "每个地区最长用时（分钟），超过则跳过并报告"),
    Key("bulletin", "office", "", _text, "文字", "月报的发文机关署名",
        "嘉定区人力资源和社会保障局"),
    Key("notify", "command", "", _text, "命令行",
        "月度作业结束后执行的命令，小结由标准输入传入",
        "mail -s 月度作业 someone@example.org"),
    Key("notify", "when", "news", _one_of("news", "always"), '"news" 或 "always"',
        "何时通知：news 有进展、有文件或需处理时，逾期未到的每周一再提醒；always 每次作业都通知"),
    Key("smtp", "host", "", _text, "文字", "发送小结的邮件服务器；留空则不发邮件",
        "mail.example.org"),
    Key("smtp", "port", 25, _integer(1, 65535), "1—65535 的整数", "邮件服务器端口"),
    Key("smtp", "security", "none", _one_of("none", "starttls", "ssl"),
        '"none"、"starttls" 或 "ssl"', "连接方式"),
    Key("smtp", "user", "", _text, "文字",
        "登录名；口令放在环境变量 FORECAST_SMTP_PASSWORD 或 password_file 所指的文件中"),
    Key("smtp", "password_file", "", _text, "文件",
        "存放口令的文件（第一行），只让运行本程序的用户可读；定时作业用它最方便"),
    Key("smtp", "sender", "", _text, "邮箱地址", "发件人"),
    Key("smtp", "to", [], _names, "邮箱地址列表", "收件人"),
    Key("warnings", "colours", 3, _integer(3, 4), "3 或 4",
        "没有写 [[warning_levels]] 时的等级数：3 为黄橙红，4 为蓝黄橙红（程序默认，非官方标准）"),
    Key("warnings", "line_event", "end", _one_of("end", "any"), '"end" 或 "any"',
        "各月考核的控制数，警戒线所指：end 期末月突破；any 自该月至期末有任一月突破"),
    Key("warnings", "fewest_events", 10, _integer(3, 1000), "3—1000 的整数",
        "回测中突破与未突破各不足此数时，不据以选界限"),
    Key("monitor", "rollback", "off", _one_of("off", "on"), '"off" 或 "on"',
        "监测报警时：off 只报告；on 自动退回到前任版本（前任须是另一个模型）"),
    Key("cache", "megabytes", 512, _integer(0, 1_000_000), "非负整数（MB）",
        "回测缓存上限；0 表示不缓存"),
)  # fmt: skip

_BY_PATH = {key.path: key for key in KEYS}
_TABLE_LISTS = ("regions", "indicators", "warning_levels")


@dataclass(frozen=True)
class Settings:
    """Validated settings.

    Attributes
    ----------
    values : mapping
        Dotted key to value, defaults filled in.
    regions, indicators : tuple of dict
        Catalogue entries the workspace adds.
    warning_levels : tuple of dict
        Warning levels the workspace sets; see `forecasting.early_warning.scheme`.
    """

    values: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType({k.path: k.default for k in KEYS})
    )
    regions: tuple[dict[str, Any], ...] = ()
    indicators: tuple[dict[str, Any], ...] = ()
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


def _refuse_unknown(path: str, known: list[str], file: Path) -> SettingsError:
    close = nearest(path, known)
    hint = f"最接近的键是 {'、'.join(close)}。" if close else f"可用的键：{'、'.join(known)}。"
    return SettingsError(f"配置文件“{file}”里有未知的键 {path}。", hint)


def parse_settings(text: str, file: Path) -> Settings:
    """Validate the text of a settings file."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"配置文件“{file}”不是有效的 TOML（{error}）。",
            "请改正所示的行；不需要的键可整行删去。",
        ) from error
    sections = sorted({k.section for k in KEYS} | set(_TABLE_LISTS))
    values = {k.path: k.default for k in KEYS}
    for section, content in raw.items():
        if section not in sections:
            raise _refuse_unknown(section, [*sections, *_BY_PATH], file)
        is_list = section in _TABLE_LISTS
        tables = content if is_list else [content]
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            form = f"[[{section}]]" if is_list else f"[{section}]"
            raise SettingsError(f"配置文件“{file}”里 {section} 的写法不对。", f"请写成 {form}。")
        if is_list:
            continue
        for name, value in content.items():
            key = _BY_PATH.get(f"{section}.{name}")
            if key is None:
                raise _refuse_unknown(f"{section}.{name}", list(_BY_PATH), file)
            if not key.check(value):
                raise SettingsError(
                    f"配置文件“{file}”里 {key.path} 的值 {value!r} 不可用。",
                    f"应为{key.wanted}：{key.meaning}。",
                )
            values[key.path] = value
    return Settings(
        MappingProxyType(values), **{name: tuple(raw.get(name, ())) for name in _TABLE_LISTS}
    )


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
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"配置文件“{file}”无法读取（{error}）。", "请检查文件权限，并以 UTF-8 编码保存。"
        ) from error
    return parse_settings(text, file)


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
        lines.append(f"# {key.meaning}（{key.wanted}）")
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
