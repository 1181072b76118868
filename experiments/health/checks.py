"""The checks of `forecast doctor`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import date, timedelta
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from employment_forecast.data import clock
from employment_forecast.data.files import demand_writable
from employment_forecast.experiments.health.growth import growth
from employment_forecast.experiments.health.report import Check, Diagnosis, Installation
from employment_forecast.experiments.tracking import check as check_database
from employment_forecast.experiments.tracking import shown, sqlite_file

if TYPE_CHECKING:
    import pandas as pd

DISTRIBUTION = "employment-forecast"
OLDEST, NEWEST = (3, 11), (3, 13)
# With expat 2.6.0, which reads large tokens in linear time (CVE-2023-52425).
SAFE_PYTHON = {(3, 11): (3, 11, 9), (3, 12): (3, 12, 3), (3, 13): (3, 13, 0)}
SAFE_EXPAT = (2, 6, 0)
SAFE_XML = (2, 11, 7)
# Fonts of official documents (GB/T 9704-2012) with the names they go by elsewhere.
OFFICIAL_FONTS = {
    "方正小标宋简体": ("FZXiaoBiaoSong-B05S", "小标宋"),
    "仿宋_GB2312": ("FangSong_GB2312", "仿宋", "FangSong", "STFangsong", "华文仿宋"),
    "楷体_GB2312": ("KaiTi_GB2312", "楷体", "KaiTi", "STKaiti", "华文楷体"),
    "黑体": ("SimHei", "STHeiti", "华文黑体"),
}
MEGABYTE = 1024 * 1024
LITTLE_DISK, NO_DISK = 2048, 200
_TRIAL = 4 * MEGABYTE
LITTLE_MEMORY = 1024
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)")
_EXPERIMENTS = 200
_LOST_DAYS = 2
_SECRET_FILES = ("smtp.password_file", "thresholds.signing_key")
_ADDRESSES = ("store.url", "mlflow.tracking_uri")
_DISCONTINUED_MONTHS = 14  # a year, and what publication takes


def environment(_: Installation) -> Diagnosis:
    """Python release, own virtual environment, and no package missing."""
    here = sys.version_info[:2]
    version = ".".join(map(str, sys.version_info[:3]))
    if not OLDEST <= here <= NEWEST:
        return Diagnosis(
            "fail", f"Python {version} 不在支持范围内。", "请改用 Python 3.11 至 3.13 重新安装。"
        )
    missing = _missing_packages()
    if missing:
        return Diagnosis(
            "fail",
            f"缺少程序包：{'、'.join(missing)}。",
            "请在本程序的虚拟环境中重新安装（make run，或离线安装包的 install.sh）。",
        )
    if old := _outdated():
        return Diagnosis(
            "warn",
            f"Python {version}；{'、'.join(old)}。",
            "请升级到 Python 3.11.9、3.12.3、3.13.0 或更新的修订版；系统自带的请装齐安全更新。",
        )
    if sys.prefix == sys.base_prefix:
        return Diagnosis(
            "warn",
            f"Python {version}，但不在虚拟环境中。",
            "请安装到本程序自己的虚拟环境，以免与其他程序的包冲突。",
        )
    return Diagnosis("ok", f"Python {version}，所需程序包齐全。")


def _outdated() -> list[str]:
    """Interpreter and parsers below the releases without known faults in reading hostile files."""
    from pyexpat import version_info as expat

    from lxml.etree import LIBXML_VERSION

    old = []
    if sys.version_info[:3] < SAFE_PYTHON.get(sys.version_info[:2], (0,)):
        old.append(f"低于 {'.'.join(map(str, SAFE_PYTHON[sys.version_info[:2]]))}")
    for name, here, least in (("expat", expat, SAFE_EXPAT), ("libxml2", LIBXML_VERSION, SAFE_XML)):
        if here < least:
            shown_here, shown_least = (".".join(map(str, v)) for v in (here, least))
            old.append(f"{name} {shown_here} 低于 {shown_least}")
    return old


def _missing_packages() -> list[str]:
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return [DISTRIBUTION]
    absent = []
    for line in required:
        requirement = _REQUIREMENT.match(line)
        if requirement is None or "extra ==" in line:
            continue
        try:
            metadata.version(requirement["name"])
        except metadata.PackageNotFoundError:
            absent.append(requirement["name"])
    return absent


def machine(_: Installation) -> Diagnosis:
    """Cores and free memory."""
    cores = os.cpu_count() or 1
    free = _free_memory()
    if free is None:
        return Diagnosis("ok", f"处理器 {cores} 核。")
    if free < LITTLE_MEMORY:
        return Diagnosis(
            "warn",
            f"处理器 {cores} 核，可用内存只有 {free} MB。",
            "请关闭其他程序，或在 forecast.toml 设 run.jobs = 1。",
        )
    return Diagnosis("ok", f"处理器 {cores} 核，可用内存 {free:,} MB。")


def _free_memory() -> int | None:
    """Available memory in megabytes, None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    except (OSError, ValueError):
        return None
    return None


def fonts(_: Installation) -> Diagnosis:
    """The font of charts, and the fonts that official documents ask for."""
    from employment_forecast.forecasting.fonts import FONT_PACKAGE, SANS, SERIF

    folder = resources.files(FONT_PACKAGE)
    gone = [name for name in (SANS, SERIF) if not folder.joinpath(name).is_file()]
    if gone:
        return Diagnosis(
            "fail",
            f"图表用的中文字体缺失（{'、'.join(gone)}）。",
            f"请重新安装程序包 {FONT_PACKAGE}。",
        )
    families = _font_families()
    absent = [
        name
        for name, alike in OFFICIAL_FONTS.items()
        if families is not None and not families & {name, *alike}
    ]
    if absent and _office_program():
        return Diagnosis(
            "warn",
            f"图表用的中文字体随程序附带；本机没有公文字体{'、'.join(absent)}，"
            "在本机生成的 PDF 用相近字体代替，docx 不受影响。",
            "需要在本机生成正式 PDF 时，请安装这些字体；或在装有字体的电脑上打开 docx 另存。",
        )
    return Diagnosis("ok", "图表用的中文字体随程序附带。")


def _font_families() -> frozenset[str] | None:
    """Families that fontconfig knows; None where it is not there to be asked."""
    program = shutil.which("fc-list")
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, ":lang=zh", "family"], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = answer.stdout.decode("utf-8", "replace").replace("\n", ",")
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _office_program() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


def office(_: Installation) -> Diagnosis:
    """LibreOffice, which turns bulletins into PDF."""
    program = _office_program()
    if program:
        return Diagnosis("ok", f"可用 LibreOffice 生成 PDF（{program}）。")
    return Diagnosis(
        "warn",
        "没有找到 LibreOffice，月报不能直接生成 PDF。",
        "需要 PDF 时请安装 LibreOffice Writer，或用办公软件打开 docx 另存为 PDF。",
    )


def settings(installation: Installation) -> Diagnosis:
    """`forecast.toml`."""
    file = installation.workspace.settings_file
    values = installation.settings
    if not file.is_file():
        return Diagnosis("ok", f"没有 {file.name}，全部用默认设置。")
    return Diagnosis("ok", f"{file.name} 可用（另加地区 {len(values.regions)} 个）。")


def secrets(installation: Installation) -> Diagnosis:
    """Files with passwords and keys can be read by nobody else."""
    values, workspace = installation.settings, installation.workspace
    files = [Path(values[key]).expanduser() for key in _SECRET_FILES if values[key]]
    if values["compute.certificates"]:
        files.append(Path(values["compute.certificates"]).expanduser() / "key.pem")
    if any("@" in values[key] for key in _ADDRESSES) or values["notify.command"]:
        files.append(workspace.settings_file)
    files = [workspace.root / file for file in files]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        return Diagnosis(
            "fail", f"配置中所指的文件不存在：{'、'.join(missing)}。", "请核对 forecast.toml。"
        )
    exposed = [str(file) for file in files if os.name == "posix" and file.stat().st_mode & 0o077]
    if exposed:
        return Diagnosis(
            "fail",
            f"含口令或密钥的文件可被其他用户读取：{'、'.join(exposed)}。",
            f"请执行 chmod 600 {' '.join(map(shlex.quote, exposed))}，并更换已泄露的口令。",
        )
    return Diagnosis("ok", f"含口令或密钥的文件 {len(files)} 个，只有本用户可读。")


def restoring(installation: Installation) -> Diagnosis:
    """No restore was cut off."""
    from employment_forecast.data.workspace import demand_restored

    demand_restored(installation.workspace)
    return Diagnosis("ok", "没有中断的恢复。")


def disk(installation: Installation) -> Diagnosis:
    """Write access and free space of the workspace."""
    root = installation.workspace.root
    demand_writable(root)
    try:
        with tempfile.TemporaryFile(dir=root) as file:
            file.write(bytes(_TRIAL))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # A quota shows in no figure of free space.
        return Diagnosis(
            "fail",
            f"工作区 {root} 写不进 {_TRIAL // MEGABYTE} MB 数据（{error.strerror}）。",
            "请清理磁盘或提高配额；可用 forecast prune 清理旧的模型版本。",
        )
    free = shutil.disk_usage(root).free // MEGABYTE
    text = f"工作区 {root} 可写，剩余空间 {free:,} MB。"
    grown = growth(installation.workspace)
    year = 0.0
    if grown is not None:
        each, year = grown.bytes_per_month / MEGABYTE, grown.year / MEGABYTE
        text += f"每地区每月约 {each:.1f} MB，{grown.regions} 个地区一年约 {year:,.0f} MB。"
    if free < NO_DISK:
        return Diagnosis("fail", text, "请清理磁盘；可用 forecast prune 清理旧的模型版本。")
    if free < max(LITTLE_DISK, year):
        return Diagnosis(
            "warn", text, "空间不够用一年，请留意；可用 forecast prune 清理旧的模型版本。"
        )
    return Diagnosis("ok", text)


def store(installation: Installation) -> Diagnosis:
    """The observation store opens, has the right schema and is not damaged."""
    file = sqlite_file(installation.settings.store_url(installation.workspace))
    damage = None if file is None else _damage(file)
    if damage is not None:
        installation.store_failed = True
        return damage
    count = len(list(installation.store.series()))
    if count == 0:
        return Diagnosis(
            "warn", "观测数据库可用，但还没有数据。", "请运行 forecast init 或导入数据。"
        )
    return Diagnosis("ok", f"观测数据库可用，有 {count} 个序列。")


def _damage(file: Path) -> Diagnosis | None:
    """What keeps a SQLite file from being used; None if nothing does, or it is not there yet."""
    if not file.exists():
        return None
    if not file.is_file() or not os.access(file, os.R_OK | os.W_OK):
        return Diagnosis(
            "fail",
            f"观测数据库“{file}”不能读写。",
            "请检查它是不是一个文件、属主和读写权限，运行本程序的用户要能读写。",
        )
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict == "ok":
        return None
    return Diagnosis(
        "fail",
        f"观测数据库 {file.name} 已损坏（{verdict}）。",
        "请把它移到别处保留，再用 forecast restore 从最近的备份恢复到空的工作区。",
    )


def tracking(installation: Installation) -> Diagnosis:
    """MLflow answers, and keeps its files in this workspace and not where that was copied from."""
    from employment_forecast.experiments.tracking import open_tracker

    uri = installation.settings.tracking_uri(installation.workspace)
    file = sqlite_file(uri)
    check_database(uri, installation.workspace.mlruns / "artifacts")
    if file is not None and not file.exists():
        return Diagnosis("ok", "MLflow 数据库尚未建立，首次 forecast run 时自动建立。")
    with open_tracker(uri, installation.workspace) as tracker:
        known = tracker.call("检查连接", lambda c: c.search_experiments(max_results=_EXPERIMENTS))
        # Experiment 0 is MLflow's own; nothing is kept in it.
        kept = (e.artifact_location for e in known if e.experiment_id != "0")
        elsewhere = next((p for p in kept if not _is_inside(p, tracker.home)), None)
    if elsewhere is not None:
        return Diagnosis(
            "warn",
            f"工作区像是直接复制来的：MLflow 仍把文件记在“{elsewhere}”，不在这个工作区里。",
            "新的运行会写到原处。请在原工作区运行 forecast backup，"
            "再用 forecast restore 恢复到新的工作区。",
        )
    return Diagnosis("ok", f"MLflow 可用（{shown(uri)}）。")


def _is_inside(location: str, home: Path) -> bool:
    """Whether files of an experiment lie in a folder; those that a server keeps count as inside."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file") or home.drive:
        return True
    return Path(unquote(parts.path)).resolve().is_relative_to(home)


def system_clock(installation: Installation) -> Diagnosis:
    """The clock is not behind what has been published already, nor fixed by hand."""
    if os.environ.get("FORECAST_TODAY"):
        return Diagnosis(
            "warn",
            f"环境变量 FORECAST_TODAY 把今天固定为 {installation.today}。",
            "正式使用时请取消该变量。",
        )
    from employment_forecast.data.store import last_entry

    newest = last_entry(installation.store)
    if newest is not None and newest > installation.today + timedelta(days=_LOST_DAYS):
        return Diagnosis(
            "fail",
            f"系统日期 {installation.today} 早于最近一次入库 {newest}。",
            "请校正系统时钟；否则新数据会被当作尚未公布。",
        )
    return Diagnosis("ok", f"系统日期 {installation.today}，时区按北京时间。")


def freshness(installation: Installation) -> Diagnosis:
    """Months that should have been published by now."""
    from employment_forecast.data.store.inventory import inventory

    states = inventory(installation.store, installation.catalogue, installation.today)
    # Demonstration series stand still; only figures somebody reports can be late.
    real = [s for s in states if not s.demo]
    late = [s for s in real if s.overdue is not None]
    if not real:
        kind = "只有演示数据" if states else "还没有数据"
        return Diagnosis("ok", f"目前{kind}，没有应按期导入的序列。")
    # What has been silent for more than a year is not late: it is no longer published.
    gone = [s for s in late if _silent_months(s.last, installation.today) > _DISCONTINUED_MONTHS]
    late = [s for s in late if s not in gone]
    past = f"另有 {len(gone)} 个序列停更一年以上，不计。" if gone else ""
    if late:
        listed = "、".join(f"{s.region.name}{s.indicator.name} {s.overdue}" for s in late[:5])
        more = f" 等 {len(late)} 个序列" if len(late) > 5 else ""
        return Diagnosis(
            "warn",
            f"数据逾期：{listed}{more}。{past}",
            "请用 forecast data import 导入所缺月份；随程序附带的全国数据也随新版本更新。",
        )
    return Diagnosis("ok", f"{len(real) - len(gone)} 个真实序列都没有逾期。{past}")


def _silent_months(last: pd.Period, today: date) -> int:
    return 12 * (today.year - last.year) + today.month - last.month


def telemetry(installation: Installation) -> Diagnosis:
    """Nothing leaves the machine unless a server was configured."""
    uri = installation.settings.tracking_uri(installation.workspace)
    address = installation.settings["store.url"]
    outside = [u for u in (uri, address) if u and sqlite_file(u) is None]
    if os.environ.get("MLFLOW_DISABLE_TELEMETRY") != "true":
        return Diagnosis(
            "fail", "MLflow 的遥测没有关闭。", "请用 forecast 命令启动，不要直接导入。"
        )
    if outside:
        return Diagnosis(
            "ok", f"只连接所配置的服务器：{'、'.join(map(shown, outside))}；遥测已关闭。"
        )
    return Diagnosis("ok", "不连接任何网络；遥测已关闭。")


def cell_cache(installation: Installation) -> Diagnosis:
    """The cache of back-test cells holds what the series in use need."""
    from employment_forecast.data.workspace import FileCellCache

    megabytes = int(installation.settings["cache.megabytes"])
    if not megabytes:
        return Diagnosis(
            "warn", "回测缓存已关闭，每次都从头计算。", "请在 [cache] 中设 megabytes。"
        )
    if not installation.workspace.cells.exists():
        return Diagnosis("ok", "回测缓存尚未建立。")
    short = FileCellCache(installation.workspace.cells, megabytes).shortage()
    if short is not None:
        return Diagnosis("warn", f"{short.text}。", short.remedy)
    return Diagnosis("ok", f"回测缓存够用（上限 {megabytes} MB）。")


CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("environment", "运行环境", environment),
    ("machine", "处理器与内存", machine),
    ("settings", "配置文件", settings),
    ("secrets", "口令与密钥", secrets),
    ("disk", "磁盘", disk),
    ("restore", "恢复", restoring),
    ("store", "观测数据库", store),
    ("tracking", "MLflow", tracking),
    ("cache", "回测缓存", cell_cache),
    ("clock", "系统时钟", system_clock),
    ("freshness", "数据时效", freshness),
    ("fonts", "字体", fonts),
    ("office", "PDF 生成", office),
    ("network", "网络与遥测", telemetry),
)


def this_installation() -> Installation:
    """The installation at hand, today."""
    from employment_forecast.data.workspace import find_workspace

    workspace = find_workspace()
    workspace.create()
    return Installation(workspace, clock.today())
