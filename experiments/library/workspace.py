"""A workspace opened from a program or a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pandas as pd

from employment_forecast.data import catalogue, clock
from employment_forecast.data.workspace import Session, Workspace, find_workspace, load_settings
from employment_forecast.experiments.job import open_job, run_options
from employment_forecast.experiments.library.notebook import html
from employment_forecast.experiments.library.series import Series

if TYPE_CHECKING:
    from employment_forecast.data.imports import ImportReport


@dataclass(frozen=True)
class OpenWorkspace:
    """The observations, targets and settings of an office.

    Attributes
    ----------
    session : Session
        Store, catalogue, settings and cache, opened when first used.
    """

    session: Session

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.session.workspace.root

    def series(self, region: str, indicator: str | None = None) -> Series:
        """A series with everything that its forecast rests on.

        Parameters
        ----------
        region, indicator : str
            Code, name or alias; the region's default indicator if none is given.

        Raises
        ------
        UnknownNameError
            With the nearest names.
        """
        known = self.session.catalogue
        where = known.region(region)
        entry = known.indicator(indicator) if indicator else self.session.default_indicator(where)
        name = catalogue.Series(where, entry)
        job = open_job(self.session, name, clock.today(), run_options(self.session.settings))
        return Series(
            name=name,
            vintages=job.vintages,
            inputs=job.inputs,
            targets=tuple(job.targets),
            settings=self.session.settings,
            cache=job.cache,
        )

    def import_files(
        self, *files: str | Path, revise: bool = False, dry_run: bool = False
    ) -> ImportReport:
        """Read office files into the store, all of them or none; as `forecast data import`."""
        # The readers of office files take half a second to import.
        from employment_forecast.data.imports import ImportOptions, import_files

        report = import_files(
            self.session.store,
            self.session.catalogue,
            [Path(file).absolute() for file in files],
            ImportOptions(revise=revise, dry_run=dry_run),
            today=clock.today(),
            command="OpenWorkspace.import_files",
        )
        if report.batch is not None and any(self.session.workspace.thresholds.glob("*.json")):
            from employment_forecast.experiments.publication import outdate

            outdate(self.session)
        return report

    def to_frame(self) -> pd.DataFrame:
        """Every series of the store: columns `region`, `indicator` (codes) and `demo`."""
        return pd.DataFrame(self.session.store.series(), columns=["region", "indicator", "demo"])

    def close(self) -> None:
        """Close the store."""
        self.session.store.close()

    def __enter__(self) -> OpenWorkspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return html(f"工作区：{self.root}", self.to_frame())


def open_workspace(folder: str | Path | None = None) -> OpenWorkspace:
    """Open a workspace, and make what is missing of it.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        Its folder; by default the one that the command would take: `FORECAST_HOME`, else the
        nearest folder upwards with a `forecast.toml`, else the current one.

    Returns
    -------
    OpenWorkspace
        Also a context manager that closes it.
    """
    workspace = (
        find_workspace() if folder is None else Workspace(Path(folder).expanduser().resolve())
    )
    settings = load_settings(workspace)
    workspace.create()
    return OpenWorkspace(Session(workspace, settings))
