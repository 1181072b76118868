"""The workspace: where settings, observations, cached cells and MLflow's files live."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from employment_forecast.data.errors import SettingsError

SETTINGS_FILE = "forecast.toml"
# Characters with a meaning of their own in database URLs.
_ODD = "%?"


@dataclass(frozen=True)
class Workspace:
    """Paths of one workspace.

    Attributes
    ----------
    root : pathlib.Path
        Absolute folder that holds everything.
    """

    root: Path

    @property
    def settings_file(self) -> Path:
        """Optional settings."""
        return self.root / SETTINGS_FILE

    @property
    def database(self) -> Path:
        """Default observation store."""
        return self.root / "observations.db"

    @property
    def mlruns(self) -> Path:
        """MLflow's home."""
        return self.root / "mlruns"

    @property
    def cells(self) -> Path:
        """Cache of back-test cells."""
        return self.root / "cache" / "cells.db"

    @property
    def has_results(self) -> bool:
        """Whether something was forecast, published or written here, which rests on a store."""
        folders = (self.mlruns / "artifacts", self.bulletins, self.root / "monthly" / "journal")
        if any(folder.is_dir() and any(folder.iterdir()) for folder in folders):
            return True
        return self.thresholds.is_dir() and any(self.thresholds.glob("*.json"))

    @property
    def scratch(self) -> Path:
        """Temporary files, a folder for each process."""
        return self.root / "cache" / "tmp"

    @property
    def restoring(self) -> Path:
        """Is there while a restore has not come to its end."""
        return self.root / ".restore"

    @property
    def thresholds(self) -> Path:
        """Published thresholds, for the early-warning systems of others."""
        return self.root / "thresholds"

    @property
    def bulletins(self) -> Path:
        """Monthly bulletins by region and month."""
        return self.root / "bulletins"

    def create(self) -> bool:
        """Make the folders that are missing.

        Returns
        -------
        bool
            True if the workspace was new, so that the caller can say where it is.

        Raises
        ------
        SettingsError
            If the folder cannot be written, or no database URL can name it.
        """
        odd = sorted(set(_ODD) & set(str(self.root)))
        if odd:
            raise SettingsError(
                f"工作区“{self.root}”的路径含有 {'、'.join(odd)}，数据库地址无法表示。",
                "请改名，或用环境变量 FORECAST_HOME 指定另一个工作区。",
            )
        fresh = not self.cells.parent.exists()
        try:
            self.mlruns.mkdir(parents=True, exist_ok=True)
            self.cells.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"无法在工作区“{self.root}”中建立文件夹（{error.strerror}）。",
                "请检查该文件夹的写权限，或用环境变量 FORECAST_HOME 指定另一个工作区。",
            ) from error
        return fresh


def find_workspace(start: Path | None = None) -> Workspace:
    """Find the workspace.

    `FORECAST_HOME` if set, else the nearest folder upwards with a `forecast.toml`, else the
    current directory.

    Parameters
    ----------
    start : pathlib.Path, optional
        Where the search begins; the current directory by default.

    Returns
    -------
    Workspace
        Not yet created on disk.
    """
    home = os.environ.get("FORECAST_HOME")
    if home:
        return Workspace(Path(home).expanduser().resolve())
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if os.path.isfile(folder / SETTINGS_FILE):  # unlike Path's, False where access is denied
            return Workspace(folder)
    return Workspace(here)
