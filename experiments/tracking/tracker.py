"""The one door to MLflow: explicit clients and run ids, no fluent state, every fault in Chinese."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from employment_forecast.data.errors import ForecastError, NotFoundError, StorageError
from employment_forecast.data.files import ProcessMarker
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.tracking.database import (
    check,
    one_writer,
    prepare,
    schema_fault,
    shown,
)
from employment_forecast.experiments.tracking.quiet import silence

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

Result = TypeVar("Result")

# Waits between attempts while a server or database is busy: six seconds in all.
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0)


class Tracker:
    """MLflow for one workspace.

    Making one costs nothing; MLflow is imported and its database opened at the first call. Leaving
    it as a context says that this process has nothing running any more.

    Parameters
    ----------
    uri : str
        Tracking URI: SQLite, another database or a server.
    home : pathlib.Path
        `mlruns/` of the workspace; artifacts go to `artifacts/` in it unless a server keeps them.
    steady : bool
        Answers of `ask` are remembered until the registry is changed here, or `forget`: for one
        who holds it for a moment only.
    """

    def __init__(self, uri: str, home: Path, *, steady: bool = False) -> None:
        self.uri = uri
        self._steady = steady
        self._answers: dict[Hashable, Any] = {}
        self.home = home.resolve()
        self.process = uuid.uuid4().hex
        self._client: MlflowClient | None = None
        self._opening = threading.Lock()
        self._sign: ProcessMarker | None = None
        self._unfinished: set[str] = set()

    @property
    def workspace(self) -> Workspace:
        """The workspace it belongs to."""
        return Workspace(self.home.parent)

    @property
    def artifacts(self) -> Path:
        """Folder for artifacts where no server keeps them."""
        return self.home / "artifacts"

    @property
    def signs(self) -> Path:
        """Folder where processes with open runs show that they live."""
        return self.home / "running"

    @property
    def served(self) -> bool:
        """Whether a tracking server stands between us and the database."""
        return self.uri.startswith(("http://", "https://"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # With a run that could not be ended the sign stays, and a later command ends it.
        if self._sign is not None and not self._unfinished:
            self._sign.end()
            self._sign = None

    def check(self) -> None:
        """Find out what is wrong with the database, without importing MLflow.

        Raises
        ------
        StorageError
            If its folder cannot be written, or it is not a database. A server is not asked.
        """
        with one_writer(self.uri):
            check(self.uri, self.artifacts)

    def open(self) -> MlflowClient:
        """Client of this workspace, opened at the first call.

        Raises
        ------
        StorageError
            If the database or server cannot be reached.
        """
        with self._opening:
            if self._client is None:
                silence()
                self._client = self._faults_in_chinese("打开", self._connect)
            return self._client

    def _connect(self) -> MlflowClient:
        from mlflow.tracking import MlflowClient

        class Client(MlflowClient):  # type: ignore[misc, unused-ignore]
            """MLflow's, for names that are ours."""

            def _raise_if_prompt(self, name: str) -> None:
                # MLflow reads the whole model before each tag, to find out that it is no prompt.
                pass

        with one_writer(self.uri):
            prepare(self.uri, self.artifacts)
            client = Client(tracking_uri=self.uri, registry_uri=self.uri)
        if self.served:
            client.search_experiments(max_results=1)
        return client

    def call(
        self,
        purpose: str,
        action: Callable[[MlflowClient], Result],
        *,
        about: Literal["registry", "run", "nothing"] = "registry",
    ) -> Result:
        """Do something with MLflow, again while it is busy.

        Parameters
        ----------
        purpose : str
            Chinese verb phrase for the message of a fault.
        action : callable
            One step that can be repeated after a failure; it must not use `call` itself.
        about : {"registry", "run", "nothing"}
            What it may change: what `ask` has been told changes with the registry only.

        Returns
        -------
        object
            What `action` returns.

        Raises
        ------
        NotFoundError
            If MLflow has no such run, model or version.
        StorageError
            If MLflow or its storage fails.
        """
        client = self.open()
        if about == "registry":
            self.forget()

        def attempt() -> Result:
            with one_writer(self.uri):
                return action(client)

        return self._faults_in_chinese(purpose, attempt)

    def ask(
        self, purpose: str, question: Hashable, action: Callable[[MlflowClient], Result]
    ) -> Result:
        """As `call`, for an action that changes nothing: a question about the registry.

        Parameters
        ----------
        purpose, action
            As for `call`.
        question : hashable
            What is asked: the same question has the same answer while nothing is done.
        """
        if question in self._answers:
            remembered: Result = self._answers[question]
            return remembered
        answer = self.call(purpose, action, about="nothing")
        self.tell(question, answer)
        return answer

    def told(self, question: Hashable) -> Any:
        """What is remembered as the answer to a question, None if nothing is."""
        return self._answers.get(question)

    def tell(self, question: Hashable, answer: object) -> None:
        """Remember an answer that follows from what has just been done here."""
        if self._steady:
            self._answers = {**self._answers, question: answer}

    def forget(self) -> None:
        """Ask anew from now on."""
        self._answers = {}

    def _faults_in_chinese(self, purpose: str, attempt: Callable[[], Result]) -> Result:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        pauses = iter(PAUSES)
        while True:
            try:
                return attempt()
            except MlflowException as error:
                pause = next(pauses, None) if _passing(error) else None
                if pause is None:
                    raise self._fault(purpose, error) from error
                time.sleep(pause)
            except (SQLAlchemyError, OSError) as error:
                raise self._storage_fault(purpose, str(error)) from error

    def _fault(self, purpose: str, error: MlflowException) -> ForecastError:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return NotFoundError(
                f"MLflow {purpose}时没有找到所指的对象（{_first_line(error.message)}）。",
                "它可能已在 MLflow 界面中删除；请重新运行 forecast run。",
            )
        if "out-of-date database schema" in error.message:
            return schema_fault(self.uri, error.message)
        return self._storage_fault(purpose, error.message)

    def _storage_fault(self, purpose: str, detail: str) -> StorageError:
        hint = (
            "请确认 MLflow 服务已启动、网络可达，或在 forecast.toml 中改用本机地址。"
            if self.served
            else "请检查磁盘空间、文件权限以及 mlflow.tracking_uri 的设置。"
        )
        # A library's account of sockets and retries helps nobody who reads this.
        silent = self.served and "failed with exception" in detail
        said = "服务器没有应答" if silent else shown(_first_line(detail))
        return StorageError(f"MLflow（{shown(self.uri)}）{purpose}失败：{said}。", hint)

    def experiment(self, name: str, folder: str, tags: Mapping[str, str]) -> str:
        """Id of an experiment, made when missing and restored when deleted.

        Parameters
        ----------
        name : str
            Shown in the UI, and what it is found by.
        folder : str
            Below `artifacts`.
        tags : mapping
            For a new experiment.
        """
        self.open()
        from mlflow.exceptions import MlflowException

        location = None if self.served else str(self.artifacts / folder)

        def find_or_make(client: MlflowClient) -> str:
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                try:
                    return str(client.create_experiment(name, location, dict(tags)))
                except MlflowException as error:
                    if error.error_code != "RESOURCE_ALREADY_EXISTS":
                        raise
                    # Another machine made it in between.
                    experiment = client.get_experiment_by_name(name)
                    if experiment is None:
                        raise
            if experiment.lifecycle_stage == "deleted":
                client.restore_experiment(experiment.experiment_id)
            return str(experiment.experiment_id)

        return self.call("登记实验", find_or_make, about="run")

    def show_life(self, content: bytes = b"") -> None:
        """Make sure that other processes can see this one is at work.

        Parameters
        ----------
        content : bytes
            What they should know if it dies; only the first call counts.
        """
        if self._sign is None:
            self._sign = ProcessMarker(self.signs, self.process, content)

    def started(self, run_id: str) -> None:
        """Note a run as this process's to end."""
        self._unfinished.add(run_id)

    def ended(self, run_id: str) -> None:
        """Note a run as ended."""
        self._unfinished.discard(run_id)


def _passing(error: MlflowException) -> bool:
    """Whether a fault is likely to go away by itself."""
    return error.error_code == "TEMPORARILY_UNAVAILABLE" or "database is locked" in error.message


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:200] if text.strip() else "未说明原因"


def open_tracker(uri: str, workspace: Workspace, *, steady: bool = False) -> Tracker:
    """MLflow of a workspace; nothing is opened before the first call.

    Parameters
    ----------
    uri : str
        Tracking URI, from `Settings.tracking_uri`.
    workspace : Workspace
        Its `mlruns/` keeps what no server keeps.
    steady : bool
        Whether answers are remembered for a while, see `Tracker`.
    """
    return Tracker(uri, workspace.mlruns, steady=steady)


def pages(fetch: Callable[..., Any]) -> list[Any]:
    """Everything an MLflow search finds.

    Parameters
    ----------
    fetch : callable
        Takes `page_token` and returns one page.
    """
    page = fetch(page_token=None)
    items = list(page)
    while page.token:
        page = fetch(page_token=page.token)
        items += page
    return items
