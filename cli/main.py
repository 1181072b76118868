"""The `forecast` command. Nothing heavy is imported until a command needs it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli import environment, failures, punctuation
from cli.lazy import Commands, LazyGroup

click.Context.formatter_class = punctuation.Formatter

COMMANDS: Commands = {
    "init": ("cli.init", "init", "建立工作区，写出带注释的 forecast.toml。"),
    "run": ("cli.run", "run", "对一个地区回测、选模型、预测，并对照控制数评估。"),
    "features": (
        "cli.features",
        "features",
        "显示模型所见：目标、春节与日历变量、先行指标及其滞后。",
    ),
    "backtest": ("cli.backtest", "backtest", "回测各模型，给出排名与可靠性。"),
    "scenario": (
        "cli.scenario",
        "scenario",
        "情景推演：裁员、新增就业变动对失业人数和突破概率的影响。",
    ),
    "thresholds": ("cli.thresholds_group", "thresholds", "发布与查对预警线（失业警戒线）。"),
    "bulletin": (
        "cli.bulletin",
        "bulletin",
        "生成就业失业形势分析与失业预警月报，审核、签发、更正。",
    ),
    "warnings": ("cli.warnings_group", "warnings", "预警的发布记录与回测评价。"),
    "shocks": ("cli.shocks", "shocks", "申报、列出、撤回疫情等特殊事件，查看程序的建议。"),
    "promote": (
        "cli.promote",
        "promote",
        "检查候选模型版本，通过则晋级为现役版本（champion）。",
    ),
    "rollback": ("cli.promote", "rollback", "把现役版本退回到前任版本。"),
    "predict": ("cli.predict", "predict", "给出现役模型版本的预测、突破概率或警戒线。"),
    "monitor": ("cli.monitor", "monitor", "核对现役预测与已公布的结果，检查是否走样。"),
    "explain": ("cli.monitor", "explain", "说明预测比上一期为何变动。"),
    "sync": ("cli.sync", "sync", "把暂存在本机的运行结果补记入 MLflow。"),
    "ui": ("cli.ui", "ui", "在本机启动 MLflow 界面，比较各次运行与模型版本。"),
    "data": ("cli.data_group", "data", "导入、查看、导出、撤回数据。"),
    "caps": ("cli.caps", "caps", "登记、列出控制数与目标。"),
    "plan": ("cli.plan", "plan", "查看规划中的就业目标。"),
    "regions": ("cli.catalogue", "regions", "列出已登记的地区。"),
    "indicators": ("cli.catalogue", "indicators", "列出已登记的指标。"),
    "models": ("cli.models_group", "models", "查看参赛模型与已登记的模型版本。"),
    "monthly": ("cli.monthly", "monthly", "月度作业：导入、预测、阈值、预警、月报，逐个地区。"),
    "cron": ("cli.cron", "cron", "显示定时运行月度作业的 crontab 行与 systemd 单元。"),
    "doctor": ("cli.doctor", "doctor", "检查环境、数据库、MLflow、时钟、字体与数据时效。"),
    "prune": ("cli.prune", "prune", "清理旧的模型版本与运行，控制磁盘占用。"),
    "backup": ("cli.backup", "backup", "把整个工作区备份为一个文件。"),
    "restore": ("cli.backup", "restore", "从备份文件恢复到空的工作区。"),
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


def _ours() -> None:
    """Refuse to run when another package of the same name shadows ours."""
    import data

    expected = Path(__file__).resolve().parent.parent / "data"
    found = Path(str(data.__file__)).resolve().parent
    if found != expected:
        failures.fatal(
            f"载入的 data 包是“{found}”，不是本程序的。",
            "请在本程序自己的虚拟环境中运行，并取消 PYTHONPATH 设置。",
        )


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    environment.prepare()
    _ours()
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(failures.run_and_translate(cli, given))


if __name__ == "__main__":
    main()
