"""Errors a user can act on, and the exit codes they end with.

Every error carries one paragraph in Chinese that says what is wrong and what to do next, a stable
English code for machines, and the exit status of the process. The table `EXIT_CODES` is the one
place where exit codes are defined; the documentation is checked against it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_UNKNOWN_NAME = 3
EXIT_BAD_DATA = 4
EXIT_SETTINGS = 5
EXIT_STORAGE = 6
EXIT_NO_MODEL = 7
EXIT_NOT_FOUND = 8
EXIT_REFUSED = 9
EXIT_BUSY = 10
EXIT_UNRECORDED = 11
EXIT_PARTIAL = 12
EXIT_NO_THRESHOLDS = 13
EXIT_INTERRUPTED = 130

EXIT_CODES: dict[int, str] = {
    EXIT_OK: "成功",
    EXIT_UNEXPECTED: "程序内部错误（请附日志反馈）",
    EXIT_USAGE: "命令用法错误（选项或参数不对）",
    EXIT_UNKNOWN_NAME: "未知的地区、指标或模型",
    EXIT_BAD_DATA: "数据问题（历史太短、缺月、重复、超出取值范围、全为常数等）",
    EXIT_SETTINGS: "工作区或 forecast.toml 配置问题",
    EXIT_STORAGE: "数据库、MLflow 或输出文件无法读写",
    EXIT_NO_MODEL: "没有任何模型得出预测",
    EXIT_NOT_FOUND: "所指的运行、模型版本或批次不存在",
    EXIT_REFUSED: "检查未通过，未予执行（如晋级被拒）",
    EXIT_BUSY: "另一进程正在占用，稍后重试",
    EXIT_UNRECORDED: "预测已完成，但未能记入 MLflow（已暂存本机，见 forecast sync）",
    EXIT_PARTIAL: "部分完成：月度作业或几个地区的预测中，有地区、文件或通知未完成",
    EXIT_NO_THRESHOLDS: "没有可用的预警线（未发布、已过期、更新失败或没有控制数）",
    EXIT_INTERRUPTED: "用户中断（Ctrl-C）",
}

# What `forecast thresholds check` ends with when it could answer: the level that a figure reaches.
# Apart from the codes above, so that a script can tell a warning from a fault.
LEVEL_EXIT_CODES: dict[str, int] = {"none": 0, "blue": 20, "yellow": 21, "orange": 22, "red": 23}


class ForecastError(Exception):
    """An error with a remedy.

    Parameters
    ----------
    message : str
        What is wrong, in Chinese, naming the thing at fault.
    hint : str
        What to do next, in Chinese.
    """

    code = "error"
    exit_code = EXIT_UNEXPECTED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[ForecastError], tuple[str, str]]:
        """Cross a process border with both texts."""
        return type(self), (self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}{self.hint}"


class UsageError(ForecastError):
    """An option has a value that cannot be used."""

    code = "usage"
    exit_code = EXIT_USAGE


class UnknownNameError(ForecastError):
    """A region, indicator or model that no catalogue knows."""

    code = "unknown_name"
    exit_code = EXIT_UNKNOWN_NAME


class DataError(ForecastError):
    """Observations that cannot be used as they are."""

    code = "bad_data"
    exit_code = EXIT_BAD_DATA


class ShortHistoryError(DataError):
    """Fewer months than any model needs."""

    code = "short_history"


class SettingsError(ForecastError):
    """A workspace or settings file that cannot be used."""

    code = "settings"
    exit_code = EXIT_SETTINGS


class StorageError(ForecastError):
    """The observation store or the tracking server does not answer."""

    code = "storage"
    exit_code = EXIT_STORAGE


class UnexpectedError(ForecastError):
    """A fault of the program itself."""

    code = "unexpected"


# Neither room nor a right to write: a fault of the machine, whichever library meets it first.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EROFS, getattr(errno, "EDQUOT", -1)})

# How the system's own messages say it where a library or a thread finds no memory.
_NO_MEMORY = ("can't start new thread", "Cannot allocate memory", "failed to map segment")


def as_forecast_error(error: BaseException) -> ForecastError:
    """Any error as its reader is told it: also where a library wraps a full disk or no memory."""
    if isinstance(error, ForecastError):
        return error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return StorageError(
                f"磁盘写不下或不可写（{cause.strerror}）。",
                "请腾出磁盘空间、核对写权限后重试；此前已写入的数据不受影响。",
            )
        if isinstance(cause, MemoryError) or any(words in str(cause) for words in _NO_MEMORY):
            return StorageError("内存不足。", "请关闭别的程序，或减少 run.jobs 后重试。")
        cause = cause.__cause__ or cause.__context__
    return UnexpectedError(
        f"程序内部错误（{type(error).__name__}：{error}）。",
        "请设环境变量 FORECAST_DEBUG=1 重试，并把输出反馈给维护人员。",
    )


class UnrecordedError(StorageError):
    """The work is done and its result kept on this machine, but MLflow does not have it."""

    code = "unrecorded"
    exit_code = EXIT_UNRECORDED


class NoModelError(ForecastError):
    """Every competitor failed."""

    code = "no_model"
    exit_code = EXIT_NO_MODEL


class NotFoundError(ForecastError):
    """A run, version or batch that is not there."""

    code = "not_found"
    exit_code = EXIT_NOT_FOUND


class RefusedError(ForecastError):
    """A check refused the change."""

    code = "refused"
    exit_code = EXIT_REFUSED


class NoThresholdsError(ForecastError):
    """No warning line that could be relied on: none published, out of date, failed, no cap."""

    code = "no_thresholds"
    exit_code = EXIT_NO_THRESHOLDS


class StaleThresholdsError(NoThresholdsError):
    """Warning lines whose time is over."""

    code = "stale_thresholds"


class FailedThresholdsError(NoThresholdsError):
    """The last attempt to publish warning lines failed."""

    code = "failed_thresholds"


class BusyError(ForecastError):
    """Another process holds what is needed."""

    code = "busy"
    exit_code = EXIT_BUSY


_LONGEST_WORD = 100  # comparing takes the square of the length


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Known words most like a mistyped one.

    Parameters
    ----------
    word : str
        What was typed.
    known : iterable of str
        What could have been meant.
    count : int
        Most suggestions to give.

    Returns
    -------
    list of str
        Best first; words that contain or are contained in `word` come before mere look-alikes.
    """
    pool = list(dict.fromkeys(known))
    folded = word[:_LONGEST_WORD].casefold()
    # 失业登记率 is 登记失业率 turned round.
    turned = [k for k in pool if sorted(k.casefold()) == sorted(folded)]
    inside = [k for k in pool if folded and (folded in k.casefold() or k.casefold() in folded)]
    alike = get_close_matches(folded, [k.casefold() for k in pool], n=count, cutoff=0.5)
    by_fold = {k.casefold(): k for k in pool}
    return list(dict.fromkeys([*turned, *inside, *(by_fold[a] for a in alike)]))[:count]


def suggestion(word: str, known: Iterable[str]) -> str:
    """One Chinese sentence naming the nearest known words, or an empty string."""
    close = nearest(word, known)
    return f"最接近的有：{'、'.join(close)}。" if close else ""


def series_options(region: str, indicator: str, default: str) -> str:
    """Options that name a series in an advised command; its default indicator is left out.

    Where it gives way to another, as demonstration data do, the command itself says so.
    """
    return f"--region {region}" + ("" if indicator == default else f" --indicator {indicator}")
