"""Look over an installation: each check is a function that says what it found and how to mend it.

A check that cannot be made because an earlier part is broken says so instead of guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from employment_forecast.data.errors import ForecastError, SettingsError
from employment_forecast.data.workspace import Settings, Workspace, load_settings

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Catalogue
    from employment_forecast.data.store import Store

State = Literal["ok", "warn", "fail", "skipped"]


@dataclass(frozen=True)
class Diagnosis:
    """What a check found.

    Attributes
    ----------
    state : {"ok", "warn", "fail", "skipped"}
        In order; works but deserves attention; must be mended; could not be looked at.
    message : str
        What was found, in Chinese.
    remedy : str
        What to do; empty if nothing is to be done.
    """

    state: State
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Examined:
    """A check by name with its diagnosis."""

    code: str
    label: str
    diagnosis: Diagnosis


@dataclass
class Installation:
    """The installation under examination; parts are opened when a check first needs them.

    Parameters
    ----------
    workspace : Workspace
        Where data and settings are.
    today : datetime.date
        Day of the question.
    store_failed : bool
        The observation store was found to be unusable.
    """

    workspace: Workspace
    today: date
    store_failed: bool = False
    _opened: list[Store] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        """Settings; SettingsError if they cannot be used."""
        return load_settings(self.workspace)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Catalogue with the workspace's own entries."""
        from employment_forecast.data.catalogue import load_catalogue

        return load_catalogue(
            self.settings.regions, self.settings.indicators, str(self.workspace.settings_file)
        )

    @cached_property
    def store(self) -> Store:
        """Observation store as it is; the examination brings in no data."""
        from employment_forecast.data.store import Store

        if self.store_failed:
            raise StoreUnusable
        address = self.settings.store_url(self.workspace)
        self.store_failed = True
        opened = Store(address, expected=self.workspace.has_results)
        self._opened.append(opened)
        self.store_failed = False
        return opened

    def close(self) -> None:
        """Close what was opened."""
        for store in self._opened:
            store.close()


class StoreUnusable(Exception):
    """A check needs the store, and another one has already said what is wrong with it."""


Check = Callable[[Installation], Diagnosis]


def examine(installation: Installation, checks: Sequence[tuple[str, str, Check]]) -> list[Examined]:
    """Make every check.

    Parameters
    ----------
    installation : Installation
        The installation.
    checks : sequence of (code, label, check)
        Usually `experiments.health.checks.CHECKS`.

    Returns
    -------
    list of Examined
        In the order of the table. An error of ours becomes a failed check with its own remedy; any
        other error is a failed check too, so that one broken part never hides the others.
    """
    examined: list[Examined] = []
    try:
        for code, label, check in checks:
            try:
                diagnosis = check(installation)
            except SettingsError as error:
                known = any(e.code == "settings" and e.diagnosis.state == "fail" for e in examined)
                diagnosis = (
                    Diagnosis("skipped", "配置文件有误，没有检查。", "请先处理配置文件。")
                    if known
                    else Diagnosis("fail", error.message, error.hint)
                )
            except StoreUnusable:
                diagnosis = Diagnosis(
                    "skipped", "观测数据库不可用，没有检查。", "请先处理观测数据库。"
                )
            except ForecastError as error:
                diagnosis = Diagnosis("fail", error.message, error.hint)
            except Exception as error:  # noqa: BLE001  # a broken part must not hide the others
                diagnosis = Diagnosis(
                    "fail",
                    f"检查时出错（{type(error).__name__}：{error}）。",
                    "请设环境变量 FORECAST_DEBUG=1 重试，并把输出反馈给维护人员。",
                )
            examined.append(Examined(code, label, diagnosis))
    finally:
        installation.close()
    return examined


def worst(examined: Sequence[Examined]) -> State:
    """Worst state of all, `ok` for an empty list."""
    order: tuple[State, ...] = ("fail", "warn", "skipped", "ok")
    states = {each.diagnosis.state for each in examined}
    return next((state for state in order if state in states), "ok")
