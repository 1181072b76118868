"""The `forecast` command. Nothing heavy is imported until a command needs it."""

from __future__ import annotations

import sys

import click

from employment_forecast.cli.shell import environment, failures, punctuation
from employment_forecast.cli.shell.lazy import Commands, Group, LazyGroup

click.Context.formatter_class = punctuation.Formatter

COMMANDS: Commands = {
    "init": ("operations.init", "init", "建立工作区，写出带注释的 forecast.toml。"),
    "quickstart": (
        "operations.quickstart",
        "quickstart",
        "回答几个问题，得到第一份自己的预测。",
    ),
    "run": ("forecasts.run", "run", "对一个地区回测、选模型、预测，并对照控制数评估。"),
    "features": (
        "forecasts.features",
        "features",
        "显示模型所见：目标、春节与日历变量、先行指标及其滞后。",
    ),
    "backtest": ("forecasts.backtest", "backtest", "回测各模型，给出排名与可靠性。"),
    "scenario": (
        "forecasts.scenario",
        "scenario",
        "情景推演：裁员、新增就业变动对失业人数和突破概率的影响。",
    ),
    "thresholds": Group(
        "发布与查对预警线（失业警戒线）。",
        {
            "export": (
                "early_warning.thresholds_export",
                "export",
                "发布预警线与预警等级，可另存为 JSON、CSV、XLSX。",
            ),
            "show": (
                "early_warning.thresholds_show",
                "show_thresholds",
                "显示已发布的预警线与预警等级。",
            ),
            "check": (
                "early_warning.thresholds_show",
                "check",
                "对照预警线判断一个新数，退出码表示等级。",
            ),
            "schema": ("early_warning.thresholds_show", "schema", "显示预警线文件的 JSON Schema。"),
        },
    ),
    "bulletin": Group(
        "生成就业失业形势分析与失业预警月报，审核、签发、更正。",
        {
            "review": ("bulletins.issue", "review", "审核月报草稿，记下审核人。"),
            "issue": ("bulletins.issue", "issue", "签发月报：加文号、主送、签发人和日期并封存。"),
            "list": ("bulletins.issue", "list_bulletins", "列出月报的草稿、签发件和更正。"),
        },
        own=("bulletins.bulletin", "bulletin"),
    ),
    "warnings": Group(
        "预警的发布记录与回测评价。",
        {
            "issue": ("early_warning.issue", "issue", "发布当前预警等级，留存依据。"),
            "history": ("early_warning.issue", "history", "列出发布过的预警及其结果。"),
            "sample": (
                "early_warning.issue",
                "sample",
                "监测企业异常退工与裁员预警（只列单位代码）。",
            ),
            "evaluate": (
                "early_warning.evaluate",
                "evaluate",
                "回测预警：命中、漏报、误报、提前量与界限。",
            ),
        },
    ),
    "shocks": Group(
        "申报、列出、撤回疫情等特殊事件，查看程序的建议。",
        {
            "declare": ("inputs.shocks", "declare", "申报一个事件。"),
            "list": ("inputs.shocks", "list_shocks", "列出已申报的事件，含已撤回的。"),
            "withdraw": ("inputs.shocks", "withdraw", "撤回一个事件。"),
            "propose": ("inputs.shocks", "propose", "检验各月，提出可能的事件。"),
        },
        about="使一两个极端月份不长期扭曲季节规律。事件自申报日起为预测所知，此前各预测起点的回测看不到它。"
        "撤回只影响撤回日以后。",
    ),
    "promote": (
        "champions.promote",
        "promote",
        "检查候选模型版本，通过则晋级为现役版本（champion）。",
    ),
    "rollback": ("champions.promote", "rollback", "把现役版本退回到前任版本。"),
    "nowcast": ("forecasts.nowcast", "nowcast", "月中估计：已知月中数时当月的分布，及其依据。"),
    "predict": ("forecasts.predict", "predict", "给出现役模型版本的预测、突破概率或警戒线。"),
    "monitor": ("champions.monitor", "monitor", "核对现役预测与已公布的结果，检查是否走样。"),
    "explain": ("champions.monitor", "explain", "说明预测比上一期为何变动。"),
    "sync": ("operations.sync", "sync", "把暂存在本机的运行结果补记入 MLflow。"),
    "ui": ("operations.ui", "ui", "在本机启动 MLflow 界面，比较各次运行与模型版本。"),
    "data": Group(
        "导入、查看、导出、撤回数据。",
        {
            "import": (
                "inputs.imports",
                "import_files",
                "导入办公文件（CSV、XLSX、XLS、网页表格）。",
            ),
            "template": ("inputs.imports", "template", "写出可直接填报的 XLSX 模板。"),
            "status": ("inputs.show", "status", "各地区各指标的起止月、缺月、修订与是否逾期。"),
            "show": ("inputs.show", "show", "显示一个序列。"),
            "export": ("inputs.show", "export", "导出一个序列（CSV 或 XLSX）。"),
            "revisions": ("inputs.show", "revisions", "显示已公布的值如何被修订。"),
            "batches": ("inputs.show", "batches", "列出各次导入（批次）。"),
            "withdraw": ("inputs.show", "withdraw", "撤回一个批次。"),
        },
    ),
    "caps": Group(
        "登记、列出控制数与目标。",
        {
            "set": ("inputs.caps", "set_cap", "登记一个控制数。"),
            "list": ("inputs.caps", "list_caps", "列出已登记的控制数与目标。"),
            "withdraw": ("inputs.caps", "withdraw_cap", "撤回一个登记错的控制数，留存记录。"),
            "import": ("inputs.caps", "import_caps", "从 CSV 文件登记多个控制数。"),
            "allocate": (
                "inputs.allocate",
                "allocate",
                "把本地区的控制数分解到各下级（提议）。",
            ),
        },
        about="改动只追加、不覆盖：七月调整的控制数自公布之日起适用。",
    ),
    "plan": Group(
        "查看规划中的就业目标。",
        {
            "show": ("inputs.plan", "show_plan", "列出一个地区规划中的各项目标。"),
            "progress": (
                "inputs.plan_progress",
                "progress_of_plans",
                "规划各项目标的进度：期末、中期、年度。",
            ),
        },
    ),
    "regions": Group(
        "列出、登记地区。",
        {
            "list": ("inputs.catalogue", "list_regions", "列出已登记的地区。"),
            "add": ("inputs.catalogue", "add_regions", "按行政区划表登记省、市、区县。"),
        },
        own=("inputs.catalogue", "regions"),
    ),
    "indicators": ("inputs.catalogue", "indicators", "列出已登记的指标。"),
    "models": Group(
        "查看参赛模型与已登记的模型版本。",
        {
            "roster": ("champions.show", "roster", "列出参赛模型。"),
            "list": ("champions.show", "list_versions", "列出已登记的模型版本。"),
            "compare": ("champions.show", "compare", "在共同的回测起点上比较几个模型版本。"),
            "show": (
                "champions.show",
                "show_version",
                "显示一个模型版本：数据、得分、晋级检查与记录。",
            ),
            "verify": ("champions.verify", "verify", "用记录的数据重算一个模型版本并逐项核对。"),
            "report": ("champions.verify", "report", "写出模型评审材料。"),
        },
        own=("champions.show", "models"),
    ),
    "monthly": (
        "operations.monthly",
        "monthly",
        "月度作业：导入、预测、阈值、预警、月报，逐个地区。",
    ),
    "site": ("operations.site", "site", "写出各地区看板（静态网页，不需要网络）。"),
    "cron": ("operations.cron", "cron", "显示定时运行月度作业的 crontab 行与 systemd 单元。"),
    "cluster": Group(
        "集群：由多台机器分担计算。",
        {
            "scheduler": ("operations.cluster", "scheduler", "启动集群的调度程序。"),
            "worker": ("operations.cluster", "worker", "启动工作进程，加入集群。"),
            "check": ("operations.cluster", "check", "检查设置所指的集群能否使用。"),
            "certificates": ("operations.cluster", "certificates", "制作集群各机的证书。"),
        },
    ),
    "doctor": ("operations.doctor", "doctor", "检查环境、数据库、MLflow、时钟、字体与数据时效。"),
    "prune": ("operations.prune", "prune", "清理旧的模型版本与运行，控制磁盘占用。"),
    "backup": ("operations.backup", "backup", "把整个工作区备份为一个文件。"),
    "restore": ("operations.backup", "restore", "从备份文件恢复到空的工作区。"),
    "help": ("operations.search", "search", "按词查找命令，如 forecast help 撤回。"),
    "manual": ("operations.manual", "manual", "打开手册（离线）。"),
    "completion": Group(
        "命令补全：按 Tab 键补全命令和选项。",
        {
            "install": ("operations.completion", "install", "为当前用户装上命令补全。"),
            "show": ("operations.completion", "show", "显示命令补全脚本。"),
        },
    ),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="退出码：" + "；".join(f"{code} {text}" for code, text in failures.exit_codes().items()),
)
@click.version_option(
    package_name="employment-forecast",
    prog_name="forecast",
    message="%(prog)s %(version)s",
    help="显示版本号后退出。",
)
def cli() -> None:
    """就业失业预测与失业预警引擎。

    工作区：环境变量 FORECAST_HOME，否则为向上最近的含 forecast.toml 的文件夹，否则为当前目录。
    """


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    environment.prepare()
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(failures.run_and_translate(cli, given))


if __name__ == "__main__":
    main()
